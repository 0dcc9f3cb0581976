"""Rprop."""

from __future__ import annotations

import rushlight
from rushlight.optim._rules import RuleOptimizer
from rushlight.optim.optimizer import check_lr, new_count

__all__ = ["Rprop"]


class Rprop(RuleOptimizer):
    """Resilient backpropagation (Riedmiller and Braun 1993).

    Every element has a step size of its own that grows while the gradient keeps its
    sign; only the sign of the gradient counts. After a change of sign the step shrinks
    and the element stands still once.

    Args:
        params: parameters or parameter groups.
        lr: the step size at the start. Default: 1e-2.
        etas: the factors that shrink and grow a step. Default: ``(0.5, 1.2)``.
        step_sizes: the smallest and the largest step. Default: ``(1e-6, 50)``.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        maximize: go up instead of down. Default: ``False``.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.

    Raises:
        ValueError: ``lr`` is negative, or ``etas`` are not on both sides of 1.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.Rprop([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.9
    """

    _rule = "rprop"
    _state_names = ("prev", "step_size")

    def __init__(
        self,
        params,
        lr=1e-2,
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group) -> dict:
        rate: float | complex = float(group["lr"])
        if param.is_complex():
            rate = complex(rate, rate)
        return {
            "step": new_count(0),
            "prev": rushlight.zeros_like(param, requires_grad=False),
            "step_size": rushlight.full_like(param, rate, requires_grad=False),
        }

    def _options(self, group) -> tuple:
        return (group["lr"], 0, group["maximize"], *group["etas"], *group["step_sizes"])

    def _formula(self, group, entry, param, grad, *states):
        before, size = states
        shrink, grow = group["etas"]
        turn = (grad * before).detach()
        change = rushlight.ones_like(turn)
        change = change.masked_fill(turn > 0, grow).masked_fill(turn < 0, shrink)
        size = (size * change).clamp(*group["step_sizes"])
        grad = grad.masked_fill(turn < 0, 0)
        return param - grad.sign() * size, grad, size
