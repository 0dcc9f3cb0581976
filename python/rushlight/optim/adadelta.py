"""Adadelta."""

from __future__ import annotations

from rushlight.optim._rules import RuleOptimizer, mean_square, with_decay
from rushlight.optim.optimizer import check_lr, check_number, scalar_of

__all__ = ["Adadelta"]


class Adadelta(RuleOptimizer):
    """Adadelta (Zeiler 2012): steps in the units of the parameter.

    With gradient ``g``, already plus ``weight_decay * p``: ``v = rho * v + (1 - rho) *
    g ** 2``, ``d = sqrt(u + eps) / sqrt(v + eps) * g``, ``u = rho * u + (1 - rho) *
    d ** 2``, ``p -= lr * d``.

    Args:
        params: parameters or parameter groups.
        lr: factor of the step. Default: 1.
        rho: decay of the running means of squares. Default: 0.9.
        eps: added under the roots. Default: 1e-6.
        weight_decay: factor of an L2 penalty. Default: 0.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.
        maximize: go up instead of down. Default: ``False``.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.Adadelta([weight])
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.9968
    """

    _rule = "adadelta"
    _state_names = ("square_avg", "acc_delta")

    def __init__(
        self,
        params,
        lr=1.0,
        rho=0.9,
        eps=1e-6,
        weight_decay=0,
        foreach=None,
        *,
        capturable=False,
        maximize=False,
        differentiable=False,
    ) -> None:
        check_lr(lr)
        check_number("rho value", rho, 0.0 <= rho <= 1.0)
        check_number("epsilon value", eps, eps >= 0.0)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _options(self, group) -> tuple:
        return (
            group["lr"],
            group["weight_decay"],
            group["maximize"],
            group["rho"],
            group["eps"],
        )

    def _formula(self, group, entry, param, grad, *states):
        square, travelled = states
        rho, eps = group["rho"], group["eps"]
        grad = with_decay(grad, param, group["weight_decay"])
        square = mean_square(square, grad, rho)
        delta = (travelled + eps).sqrt() / (square + eps).sqrt() * grad
        param = param - delta * scalar_of(group["lr"])
        return param, square, mean_square(travelled, delta, rho)
