"""ASGD."""

from __future__ import annotations

import rushlight
from rushlight.optim._rules import RuleOptimizer, with_decay
from rushlight.optim.optimizer import check_lr, check_number, new_count

__all__ = ["ASGD"]


class ASGD(RuleOptimizer):
    """Averaged stochastic gradient descent (Polyak and Juditsky 1992).

    With gradient ``g``, already plus ``weight_decay * p``: ``p = (1 - lambd * eta) * p
    - eta * g``, ``ax += (p - ax) * mu``; then ``eta = lr / (1 + lambd * lr * step) **
    alpha`` and ``mu = 1 / max(1, step - t0)``. ``state[p]["ax"]`` is the average.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-2.
        lambd: how fast parameters and learning rate fall. Default: 1e-4.
        alpha: the power with which the learning rate falls. Default: 0.75.
        t0: the step from which on parameters are averaged. Default: 1e6.
        weight_decay: factor of an L2 penalty. Default: 0.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        maximize: go up instead of down. Default: ``False``.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.ASGD([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.8
    """

    _rule = "asgd"
    _state_names = ("ax",)
    _count_names = ("step", "eta", "mu")

    def __init__(
        self,
        params,
        lr=1e-2,
        lambd=1e-4,
        alpha=0.75,
        t0=1e6,
        weight_decay=0,
        foreach=None,
        maximize=False,
        differentiable=False,
        capturable=False,
    ) -> None:
        check_lr(lr)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group) -> dict:
        return {
            "step": new_count(0),
            "eta": new_count(group["lr"]),
            "mu": new_count(1),
            "ax": rushlight.zeros_like(param, requires_grad=False),
        }

    def _options(self, group) -> tuple:
        return (
            group["lr"],
            group["weight_decay"],
            group["maximize"],
            group["lambd"],
            group["t0"],
            group["alpha"],
        )

    def _formula(self, group, entry, param, grad, *states):
        (average,) = states
        lambd, eta, mu = group["lambd"], entry["eta"].item(), entry["mu"].item()
        grad = with_decay(grad, param, group["weight_decay"])
        param = param * (1 - lambd * eta) - grad * eta
        average = param if mu == 1 else average + (param - average) * mu
        step, rate = entry["step"].item(), float(group["lr"])
        with rushlight.no_grad():
            entry["eta"].fill_(rate / (1 + lambd * rate * step) ** group["alpha"])
            entry["mu"].fill_(1 / max(1, step - group["t0"]))
        return param, average
