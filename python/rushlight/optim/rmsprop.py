"""RMSprop."""

from __future__ import annotations

from rushlight.optim._rules import RuleOptimizer, mean_square, with_decay
from rushlight.optim.optimizer import check_lr, check_number, scalar_of

__all__ = ["RMSprop"]


class RMSprop(RuleOptimizer):
    """RMSprop (Hinton 2012, lecture 6e), with momentum and a centered form.

    With gradient ``g``, already plus ``weight_decay * p``: ``v = alpha * v + (1 -
    alpha) * g ** 2``, ``d = g / (sqrt(v) + eps)``, ``p -= lr * d``, or with momentum
    ``b = momentum * b + d``, ``p -= lr * b``. Centered (Graves 2013), the squared mean
    of the gradient is taken off ``v``.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-2.
        alpha: decay of the running mean of squares. Default: 0.99.
        eps: added to the denominator. Default: 1e-8.
        weight_decay: factor of an L2 penalty. Default: 0.
        momentum: how much of the last update is kept. Default: 0.
        centered: divide by the deviation, not by the square's mean. Default: ``False``.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        maximize: go up instead of down. Default: ``False``.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.RMSprop([weight], lr=0.05)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.5
    """

    _rule = "rmsprop"
    _state_names = ("square_avg", "momentum_buffer", "grad_avg")
    _new_defaults = {**RuleOptimizer._new_defaults, "momentum": 0, "centered": False}

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ) -> None:
        check_lr(lr)
        check_number("epsilon value", eps, eps >= 0.0)
        check_number("momentum value", momentum, momentum >= 0.0)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        check_number("alpha value", alpha, alpha >= 0.0)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _used_states(self, group) -> tuple:
        square, momentum, mean = self._state_names
        return (
            square,
            momentum if group["momentum"] > 0 else None,
            mean if group["centered"] else None,
        )

    def _options(self, group) -> tuple:
        return (
            group["lr"],
            group["weight_decay"],
            group["maximize"],
            group["alpha"],
            group["eps"],
            group["momentum"],
            group["centered"],
        )

    def _formula(self, group, entry, param, grad, *states):
        square, *others = states
        alpha, after = group["alpha"], []
        grad = with_decay(grad, param, group["weight_decay"])
        spread = square = mean_square(square, grad, alpha)
        if group["centered"]:
            mean = others[-1] + (grad - others[-1]) * (1 - alpha)
            spread = square - mean * mean
            after = [mean]
        move = grad / (spread.sqrt() + group["eps"])
        if group["momentum"] > 0:
            move = others[0] * group["momentum"] + move
            after = [move, *after]
        return (param - move * scalar_of(group["lr"]), square, *after)
