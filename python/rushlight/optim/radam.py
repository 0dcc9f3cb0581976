"""RAdam."""

from __future__ import annotations

from rushlight.optim._rules import RuleOptimizer, mean_square, with_decay
from rushlight.optim.optimizer import check_betas, check_lr, check_number, scalar_of

__all__ = ["RAdam"]


class RAdam(RuleOptimizer):
    """Rectified Adam (Liu et al. 2020, algorithm 2).

    While too few steps are made to know the variance of the gradient, the step is that
    of momentum alone.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-3.
        betas: decay of the running mean of the gradient and of its square.
            Default: ``(0.9, 0.999)``.
        eps: added to the denominator. Default: 1e-8.
        weight_decay: factor of an L2 penalty. Default: 0.
        decoupled_weight_decay: decay the parameters themselves, as AdamW does.
            Default: ``False``.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        maximize: go up instead of down. Default: ``False``.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.RAdam([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.8
    """

    _rule = "radam"
    _state_names = ("exp_avg", "exp_avg_sq")
    _new_defaults = {**RuleOptimizer._new_defaults, "decoupled_weight_decay": False}

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
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
            group["decoupled_weight_decay"],
        )

    def _formula(self, group, entry, param, grad, *states):
        mean, square = states
        beta1, beta2 = group["betas"]
        lr, decay, step = scalar_of(group["lr"]), group["weight_decay"], entry["step"]
        step = step.item()
        if group["decoupled_weight_decay"]:
            param = param * (1 - lr * decay)
        else:
            grad = with_decay(grad, param, decay)
        mean = mean + (grad - mean) * (1 - beta1)
        square = mean_square(square, grad, beta2)
        move = mean / (1 - beta1**step) * lr
        decayed = beta2**step
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * decayed / (1 - decayed)
        if length > 5:
            rectify = (
                (length - 4) * (length - 2) * longest
                / ((longest - 4) * (longest - 2) * length)
            ) ** 0.5  # fmt: skip
            move = move * (
                (1 - decayed) ** 0.5 * rectify / (square.sqrt() + group["eps"])
            )
        return param - move, mean, square
