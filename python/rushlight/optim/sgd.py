"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import rushlight
from rushlight.optim._rules import with_decay
from rushlight.optim.optimizer import (
    Optimizer,
    check_group,
    check_lr,
    check_modes,
    check_number,
    params_with_grads,
    scalar_of,
)

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Sutskever et al. 2013).

    With gradient ``g``, already plus ``weight_decay * p``: ``b = momentum * b +
    (1 - dampening) * g`` (at first ``b = g``), then ``p -= lr * b``, or with
    ``nesterov`` ``p -= lr * (g + momentum * b)``.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-3.
        momentum: how much of the last update is kept. Default: 0.
        dampening: how much less of the gradient enters the momentum. Default: 0.
        weight_decay: factor of an L2 penalty. Default: 0.
        nesterov: look ahead along the momentum. Default: ``False``.
        maximize: go up instead of down. Default: ``False``.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.
        fused: accepted for PyTorch's sake: every step is one fused call.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.SGD([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> weight.tolist()
        [0.800000011920929]
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ) -> None:
        check_lr(lr)
        check_number("momentum value", momentum, momentum >= 0.0)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_modes(foreach, differentiable, fused)

    def __setstate__(self, state) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("nesterov", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("differentiable", False)
            group.setdefault("fused", False)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters that have a gradient.

        Args:
            closure: recomputes the loss and its gradients, and returns the loss.

        Returns:
            What ``closure`` returned, or ``None``.
        """
        loss = None if closure is None else self._closure_loss(closure)
        state = self.state
        for group in self.param_groups:
            params, grads = params_with_grads(group)
            if not params:
                continue
            if group["fused"]:
                check_group(group, params)
            momentum = group["momentum"]
            if group["differentiable"]:
                with rushlight.enable_grad():
                    for param, grad in zip(params, grads, strict=True):
                        entry: dict[str, Any] = state[param] if momentum else {}
                        _composite_step(group, param, grad, entry)
                continue
            states: Sequence[dict[str, Any]]
            if momentum == 0:
                states, buffers = (), [None] * len(params)
            else:
                states = [state[param] for param in params]
                buffers = [entry.get("momentum_buffer") for entry in states]
            updated = rushlight._ops._fused_sgd_(
                params,
                grads,
                buffers,
                float(group["lr"]),
                float(momentum),
                float(group["dampening"]),
                float(group["weight_decay"]),
                group["nesterov"],
                group["maximize"],
            )
            for entry, old, new in zip(states, buffers, updated, strict=False):
                if old is None:
                    entry["momentum_buffer"] = new
        return loss


def _composite_step(group, param, grad, entry) -> None:
    # Linear in the tensors, so complex ones need no view as real.
    grad = -grad if group["maximize"] else grad
    grad = with_decay(grad, param, group["weight_decay"])
    momentum = group["momentum"]
    if momentum != 0:
        buffer = entry.get("momentum_buffer")
        if buffer is None:
            after = entry["momentum_buffer"] = grad.detach().clone()
        else:
            after = buffer * momentum + grad * (1 - group["dampening"])
            buffer.copy_(after)
        grad = grad + after * momentum if group["nesterov"] else after
    param.copy_(param - grad * scalar_of(group["lr"]))
