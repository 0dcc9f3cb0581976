"""Adamax."""

from __future__ import annotations

import rushlight
from rushlight.optim._rules import RuleOptimizer, with_decay
from rushlight.optim.optimizer import check_betas, check_lr, check_number, scalar_of

__all__ = ["Adamax"]


class Adamax(RuleOptimizer):
    """Adamax (Kingma and Ba 2015, algorithm 2): Adam with the infinity norm.

    With gradient ``g``, already plus ``weight_decay * p``: ``m = beta1 * m + (1 -
    beta1) * g``, ``u = max(beta2 * u, abs(g) + eps)``, ``p -= lr / (1 - beta1 ** step)
    * m / u``.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 2e-3.
        betas: decay of the running mean of the gradient and of its norm.
            Default: ``(0.9, 0.999)``.
        eps: added to the gradient's size. Default: 1e-8.
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
        >>> optimizer = rushlight.optim.Adamax([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.9
    """

    _rule = "adamax"
    _state_names = ("exp_avg", "exp_inf")

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        capturable=False,
    ) -> None:
        check_lr(lr)
        check_number("epsilon value", eps, eps >= 0.0)
        check_betas(betas)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _options(self, group) -> tuple:
        beta1, beta2 = group["betas"]
        return (
            group["lr"],
            group["weight_decay"],
            group["maximize"],
            beta1,
            beta2,
            group["eps"],
        )

    def _formula(self, group, entry, param, grad, *states):
        mean, largest = states
        beta1, beta2 = group["betas"]
        grad = with_decay(grad, param, group["weight_decay"])
        mean = mean + (grad - mean) * (1 - beta1)
        largest = rushlight.maximum(largest * beta2, grad.abs() + group["eps"])
        rate = scalar_of(group["lr"]) / (1 - beta1 ** entry["step"].item())
        return param - mean / largest * rate, mean, largest
