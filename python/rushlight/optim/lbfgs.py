"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rushlight
from rushlight.optim._line_search import strong_wolfe
from rushlight.optim._rules import as_real
from rushlight.optim.optimizer import Optimizer, check_lr, scalar_of

__all__ = ["LBFGS"]

# What a step leaves for the next, in the order of the state.
_KEPT = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad")


class LBFGS(Optimizer):
    """Limited-memory BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5).

    A step needs a closure and calls it several times. There is one parameter group; the
    state, which is that of all parameters together, stands under the first of them.

    Args:
        params: the parameters.
        lr: the step length, or the first one the line search tries. Default: 1.
        max_iter: iterations a step. Default: 20.
        max_eval: calls of the closure a step. Default: ``max_iter * 5 // 4``.
        tolerance_grad: stop where no gradient is larger. Default: 1e-7.
        tolerance_change: stop where loss or parameters change by less. Default: 1e-9.
        history_size: how many updates approximate the Hessian. Default: 100.
        line_search_fn: ``"strong_wolfe"``, or ``None`` for steps of fixed length.

    Raises:
        ValueError: ``lr`` is negative, or there are several parameter groups.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([3.0, -2.0]))
        >>> optimizer = rushlight.optim.LBFGS([weight], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((weight - 1) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        13.0
        >>> [round(value, 4) for value in weight.tolist()]
        [1.0, 1.0]
    """

    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        history_size=100,
        line_search_fn=None,
    ) -> None:
        check_lr(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(
                "LBFGS doesn't support per-parameter options (parameter groups)"
            )
        self._params = self.param_groups[0]["params"]

    def __setstate__(self, state) -> None:
        super().__setstate__(state)
        self._params = self.param_groups[0]["params"]

    @rushlight.no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Do up to ``max_iter`` iterations.

        Args:
            closure: recomputes the loss and its gradients, and returns the loss.

        Returns:
            The loss before the first iteration.
        """
        if len(self.param_groups) != 1:
            raise AssertionError(
                f"LBFGS: expected one parameter group, got {len(self.param_groups)}"
            )
        group = self.param_groups[0]
        tolerance = group["tolerance_grad"]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss = self._closure_loss(closure)
        loss = float(first_loss)
        calls = 1
        state["func_evals"] += 1
        grad = self._flat_grad()
        if grad.abs().max() <= tolerance:
            return first_loss

        # Another name than the state's own: a failing closure leaves that as it was.
        kept = {name: state.get(name) for name in _KEPT}
        before = state.get("prev_loss")
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            first = state["n_iter"] == 1
            if first:
                kept.update(d=grad.neg(), old_dirs=[], old_stps=[], ro=[], H_diag=1)
            else:
                self._remember(kept, grad, group["history_size"])
                memory = state.setdefault("al", [None] * group["history_size"])
                kept["d"] = _direction(kept, grad, memory)
            if kept["prev_flat_grad"] is None:
                kept["prev_flat_grad"] = grad.clone()
            else:
                kept["prev_flat_grad"].copy_(grad)
            before = loss

            lr = scalar_of(group["lr"])
            kept["t"] = min(1.0, 1.0 / grad.abs().sum()) * lr if first else lr
            slope = grad.dot(kept["d"])
            if slope > -group["tolerance_change"]:
                break
            last = iteration == group["max_iter"]
            if group["line_search_fn"] is not None:
                loss, grad, kept["t"], extra = self._search(
                    closure, kept, loss, grad, slope, group["max_eval"] - calls
                )
                self._move(kept["t"], kept["d"])
            else:
                self._move(kept["t"], kept["d"])
                extra = 0
                # After the last move nothing needs the loss.
                if not last:
                    loss = float(self._closure_loss(closure))
                    grad = self._flat_grad()
                    extra = 1
            calls += extra
            state["func_evals"] += extra
            if (
                last
                or calls >= group["max_eval"]
                or grad.abs().max() <= tolerance
                or kept["d"].mul(kept["t"]).abs().max() <= group["tolerance_change"]
                or abs(loss - before) < group["tolerance_change"]
            ):
                break

        state.update(kept)
        state["prev_loss"] = before
        return first_loss

    def _remember(self, kept, grad, history_size) -> None:
        """Take the last move and its change of gradient into the memory."""
        change = grad.sub(kept["prev_flat_grad"])
        move = kept["d"].mul(kept["t"])
        curvature = change.dot(move)
        if curvature <= 1e-10:
            return
        if len(kept["old_dirs"]) == history_size:
            for name in ("old_dirs", "old_stps", "ro"):
                kept[name].pop(0)
        kept["old_dirs"].append(change)
        kept["old_stps"].append(move)
        kept["ro"].append(1.0 / curvature)
        kept["H_diag"] = curvature / change.dot(change)

    def _search(self, closure, kept, loss, grad, slope, max_calls):
        if self.param_groups[0]["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        start = [param.clone() for param in self._params]

        def evaluate(t):
            self._move(t, kept["d"])
            value = float(self._closure_loss(closure))
            flat = self._flat_grad()
            for param, old in zip(self._params, start, strict=True):
                param.copy_(old)
            return value, flat

        return strong_wolfe(
            evaluate, kept["t"], kept["d"], loss, grad, slope, max_calls
        )

    def _flat_grad(self):
        """Return all gradients in one row; complex numbers are two."""
        rows = []
        for param in self._params:
            grad = param.grad
            if grad is None:
                grad = rushlight.zeros_like(param, requires_grad=False)
            rows.append(as_real(grad).reshape(-1))
        return rushlight.cat(rows)

    def _move(self, t, direction) -> None:
        """Add ``t * direction`` to the parameters."""
        at = 0
        for param in self._params:
            real = as_real(param)
            count = real.numel()
            real.add_(direction[at : at + count].view_as(real), alpha=t)
            at += count


def _direction(kept, grad, memory):
    """Return the inverse Hessian's approximation times the negative gradient."""
    changes, moves, ro = kept["old_dirs"], kept["old_stps"], kept["ro"]
    direction = grad.neg()
    for i in reversed(range(len(changes))):
        memory[i] = moves[i].dot(direction) * ro[i]
        direction.add_(changes[i], alpha=-memory[i])
    direction = direction * kept["H_diag"]
    for i, change in enumerate(changes):
        share = change.dot(direction) * ro[i]
        direction.add_(moves[i], alpha=memory[i] - share)
    return direction
