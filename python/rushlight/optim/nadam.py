"""NAdam."""

from __future__ import annotations

import rushlight
from rushlight.optim._rules import RuleOptimizer, mean_square, with_decay
from rushlight.optim.optimizer import (
    check_betas,
    check_lr,
    check_number,
    new_count,
    scalar_of,
)

__all__ = ["NAdam"]


class NAdam(RuleOptimizer):
    """Adam with Nesterov's momentum (Dozat 2016, algorithm 8).

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 2e-3.
        betas: decay of the running mean of the gradient and of its square.
            Default: ``(0.9, 0.999)``.
        eps: added to the denominator. Default: 1e-8.
        weight_decay: factor of an L2 penalty. Default: 0.
        momentum_decay: how fast the momentum comes up to ``betas[0]``. Default: 4e-3.
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
        >>> optimizer = rushlight.optim.NAdam([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.8944
    """

    _rule = "nadam"
    _state_names = ("exp_avg", "exp_avg_sq")
    _count_names = ("step", "mu_product")
    _new_defaults = {**RuleOptimizer._new_defaults, "decoupled_weight_decay": False}

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=4e-3,
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
        check_number("momentum_decay value", momentum_decay, momentum_decay >= 0.0)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group) -> dict:
        return {
            "step": new_count(0),
            "mu_product": new_count(1),
            "exp_avg": rushlight.zeros_like(param, requires_grad=False),
            "exp_avg_sq": rushlight.zeros_like(param, requires_grad=False),
        }

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
            group["momentum_decay"],
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
        mu, mu_next = (
            beta1 * (1 - 0.5 * 0.96 ** (at * group["momentum_decay"]))
            for at in (step, step + 1)
        )
        with rushlight.no_grad():
            product = entry["mu_product"].mul_(mu).clone()
        mean = mean + (grad - mean) * (1 - beta1)
        square = mean_square(square, grad, beta2)
        root = (square / (1 - beta2**step)).sqrt() + group["eps"]
        param = param - grad / root * (lr * (1 - mu) / (1 - product))
        param = param - mean / root * (lr * mu_next / (1 - product * mu_next))
        return param, mean, square
