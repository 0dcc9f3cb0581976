"""Adam."""

from __future__ import annotations

import rushlight
from rushlight.optim._rules import RuleOptimizer, mean_square, with_decay
from rushlight.optim.optimizer import (
    check_betas,
    check_lr,
    check_modes,
    check_number,
    scalar_of,
)

__all__ = ["Adam"]


class Adam(RuleOptimizer):
    """Adam (Kingma and Ba 2015, algorithm 1), with AMSGrad and decoupled decay.

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-3.
        betas: decay of the running mean of the gradient and of its square.
            Default: ``(0.9, 0.999)``.
        eps: added to the denominator. Default: 1e-8.
        weight_decay: factor of an L2 penalty. Default: 0.
        amsgrad: divide by the largest running mean so far (Reddi et al. 2018).
            Default: ``False``.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        maximize: go up instead of down. Default: ``False``.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.
        fused: accepted for PyTorch's sake: every step is one fused call.
        decoupled_weight_decay: decay the parameters themselves, as AdamW does.
            Default: ``False``.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.Adam([weight], lr=0.1)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.9
    """

    _state_names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    _new_defaults = {
        "amsgrad": False,
        **RuleOptimizer._new_defaults,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ) -> None:
        if isinstance(lr, rushlight.Tensor) and foreach and not capturable:
            raise ValueError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        check_lr(lr)
        check_number("epsilon value", eps, eps >= 0.0)
        check_betas(betas)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        _check_tensor_betas(betas, foreach and not capturable)
        defaults = {
            "lr": lr,
            "betas": tuple(scalar_of(beta) for beta in betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_modes(foreach, differentiable, fused)

    def _used_states(self, group) -> tuple:
        return self._state_names if group["amsgrad"] else self._state_names[:2]

    def _fused_step(self, group, params, grads, entries) -> None:
        amsgrad = group["amsgrad"]
        beta1, beta2 = group["betas"]
        rushlight._ops._fused_adam_(
            params,
            grads,
            [entry["exp_avg"] for entry in entries],
            [entry["exp_avg_sq"] for entry in entries],
            [entry["max_exp_avg_sq"] for entry in entries] if amsgrad else [],
            [entry["step"] for entry in entries],
            float(group["lr"]),
            float(beta1),
            float(beta2),
            float(group["weight_decay"]),
            float(group["eps"]),
            amsgrad,
            group["maximize"],
            group["decoupled_weight_decay"],
        )

    def _formula(self, group, entry, param, grad, *states):
        mean, square, *largest = states
        beta1, beta2 = group["betas"]
        lr, decay, step = scalar_of(group["lr"]), group["weight_decay"], entry["step"]
        if group["decoupled_weight_decay"]:
            param = param * (1 - lr * decay)
        else:
            grad = with_decay(grad, param, decay)
        mean = mean + (grad - mean) * (1 - beta1)
        top = square = mean_square(square, grad, beta2)
        if largest:
            top = rushlight.maximum(largest[0], square)
            largest = [top]
        # The step count is in single precision, and so are these, as in PyTorch.
        scale = lr / (1 - beta1**step)
        root = top.sqrt() / ((1 - beta2**step).sqrt() * scale) + group["eps"] / scale
        param = param - mean / root
        return (param, mean, square, *largest)


def _check_tensor_betas(betas, only_floats) -> None:
    tensors = [isinstance(beta, rushlight.Tensor) for beta in betas]
    if not (all(tensors) or all(isinstance(beta, float) for beta in betas)):
        raise ValueError("betas must be either both floats or both Tensors")
    for at, beta in enumerate(betas):
        if tensors[at] and only_floats:
            raise ValueError(
                f"betas[{at}] as a Tensor is not supported for capturable=False and "
                "foreach=True"
            )
        if tensors[at] and beta.numel() != 1:
            raise ValueError(f"Tensor betas[{at}] must be 1-element")
