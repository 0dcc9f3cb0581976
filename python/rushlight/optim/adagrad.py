"""Adagrad."""

from __future__ import annotations

import rushlight
from rushlight.optim._rules import RuleOptimizer, with_decay
from rushlight.optim.optimizer import (
    check_lr,
    check_modes,
    check_number,
    new_count,
    scalar_of,
)

__all__ = ["Adagrad"]


class Adagrad(RuleOptimizer):
    """Adagrad (Duchi et al. 2011): steps shrink with the sum of squared gradients.

    With gradient ``g``, already plus ``weight_decay * p``: ``s += g ** 2``, ``p -= lr /
    (1 + (step - 1) * lr_decay) * g / (sqrt(s) + eps)``.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-2.
        lr_decay: how fast the learning rate falls. Default: 0.
        weight_decay: factor of an L2 penalty. Default: 0.
        initial_accumulator_value: the sum of squares at the start. Default: 0.
        eps: added to the denominator. Default: 1e-10.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        maximize: go up instead of down. Default: ``False``.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.
        fused: accepted for PyTorch's sake: every step is one fused call.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.Adagrad([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.9
    """

    _rule = "adagrad"
    _state_names = ("sum",)
    _new_defaults = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "fused": None,
    }

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0,
        weight_decay=0,
        initial_accumulator_value=0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ) -> None:
        check_lr(lr)
        check_number("lr_decay value", lr_decay, lr_decay >= 0.0)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        check_number(
            "initial_accumulator_value value",
            initial_accumulator_value,
            initial_accumulator_value >= 0.0,
        )
        check_number("epsilon value", eps, eps >= 0.0)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_modes(foreach, differentiable, fused)
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param].update(self._new_state(param, group))

    def _new_state(self, param, group) -> dict:
        start = self.defaults["initial_accumulator_value"]
        if param.is_complex():
            start = complex(start, start)
        sums = rushlight.full_like(param, start, requires_grad=False)
        return {"step": new_count(0, group["fused"]), "sum": sums}

    def share_memory(self) -> None:
        """Move the sums of squares to memory that other processes share."""
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param]["sum"].share_memory_()

    def _options(self, group) -> tuple:
        return (
            group["lr"],
            group["weight_decay"],
            group["maximize"],
            group["lr_decay"],
            group["eps"],
        )

    def _formula(self, group, entry, param, grad, *states):
        (total,) = states
        grad = with_decay(grad, param, group["weight_decay"])
        total = total + grad * grad
        age = 1 + (entry["step"].item() - 1) * group["lr_decay"]
        rate = scalar_of(group["lr"]) / age
        return param - grad / (total.sqrt() + group["eps"]) * rate, total
