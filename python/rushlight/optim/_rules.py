"""The base of the optimizers whose step is a pointwise rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import rushlight
from rushlight.optim.optimizer import (
    Optimizer,
    check_group,
    counts_to_tensors,
    new_count,
    params_with_grads,
)


class RuleOptimizer(Optimizer):
    """Base of the optimizers whose step is one formula for every element.

    A step is one call of the core for all parameters of a group (Note [Update rules]
    in ``iter/optimizer_kernels.h``); with ``differentiable=True`` it is the same
    formula in tensor operations, which autograd records.

    A subclass says in ``_rule``, ``_state_names`` and ``_count_names`` what the core
    needs, in ``_new_defaults`` what groups in older files lack, and defines
    :meth:`_new_state`, :meth:`_options` and :meth:`_formula`.
    """

    _rule: ClassVar[str]
    _state_names: ClassVar[tuple[str, ...]]
    _count_names: ClassVar[tuple[str, ...]] = ("step",)
    _new_defaults: ClassVar[dict] = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __setstate__(self, state) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, default in self._new_defaults.items():
                group.setdefault(name, default)
        counts_to_tensors(self, self._count_names)

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
            if group.get("capturable") or group.get("fused"):
                check_group(group, params)
            entries = [state[param] for param in params]
            for param, entry in zip(params, entries, strict=True):
                if not entry:
                    # All or nothing: an entry half made by a failed allocation would
                    # break the next step.
                    entry.update(self._new_state(param, group))
            if group["differentiable"]:
                self._composite_step(group, params, grads, entries)
            else:
                self._fused_step(group, params, grads, entries)
        return loss

    def _fused_step(self, group, params, grads, entries) -> None:
        rushlight._ops._fused_update_(
            self._rule,
            params,
            grads,
            entries,
            self._used_states(group),
            self._count_names,
            self._options(group),
        )

    def _composite_step(self, group, params, grads, entries) -> None:
        for param, grad, entry in zip(params, grads, entries, strict=True):
            with rushlight.no_grad():
                entry["step"].add_(1)
            names = [name for name in self._used_states(group) if name is not None]
            with rushlight.enable_grad():
                composite_update(self._formula, group, param, grad, entry, names)

    def _used_states(self, group) -> tuple:
        """Return the names of the states, ``None`` for one the options do without."""
        return self._state_names

    def _new_state(self, param, group) -> dict:
        """Return the state of a parameter before its first step."""
        entry = {"step": new_count(0, group.get("fused"))}
        for name in self._used_states(group):
            if name is not None:
                entry[name] = rushlight.zeros_like(param, requires_grad=False)
        return entry

    def _options(self, group) -> tuple:
        """Return the options in the order of the rule's row."""
        raise NotImplementedError

    def _formula(self, group, entry, param, grad, *states):
        """Return the new parameter and the new states, by tensor operations.

        ``entry["step"]`` has gone up already; other counts are the formula's to update.
        """
        raise NotImplementedError


def composite_update(formula, group, param, grad, entry, names) -> None:
    """Write what a formula makes of a parameter and its named states into them."""
    # Clones: what autograd saves of the formula must not see the writes below.
    before = [param.clone(), grad, *(entry[name].clone() for name in names)]
    real = [as_real(x) for x in before]
    if group["maximize"]:
        real[1] = -real[1]
    param_after, *states_after = formula(group, entry, *real)
    for name, after in zip(names, states_after, strict=True):
        entry[name].copy_(back_from_real(after, param))
    param.copy_(back_from_real(param_after, param))


def as_real(x):
    """Return a complex tensor as real numbers in pairs."""
    return rushlight.view_as_real(x) if x.is_complex() else x


def back_from_real(x, like):
    """Undo :func:`as_real` where ``like`` is complex."""
    return rushlight.view_as_complex(x) if like.is_complex() else x


def with_decay(grad, param, weight_decay):
    """Return the gradient of the loss with an L2 penalty."""
    if isinstance(weight_decay, (int, float)) and weight_decay == 0:
        return grad
    return grad + param * weight_decay


def mean_square(before, grad, decay):
    """Return the running mean of the squared gradient."""
    return before * decay + grad * grad * (1 - decay)
