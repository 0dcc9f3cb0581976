"""Adam."""

from __future__ import annotations

import rushlight
from rushlight.optim.optimizer import (
    Optimizer,
    check_modes,
    check_number,
    params_with_grads,
)

__all__ = ["Adam"]


class Adam(Optimizer):
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
        capturable: accepted for PyTorch's sake.
        differentiable: only ``False``.
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
        if isinstance(lr, rushlight.Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        check_number("learning rate", lr, lr >= 0.0)
        check_number("epsilon value", eps, eps >= 0.0)
        for at, beta in enumerate(betas):
            check_number(f"beta parameter at index {at}", beta, 0.0 <= beta < 1.0)
        check_number("weight_decay value", weight_decay, weight_decay >= 0.0)
        if isinstance(betas[0], float) != isinstance(betas[1], float):
            raise ValueError("betas must be either both floats or both Tensors")
        check_modes(type(self).__name__, foreach, differentiable, fused)
        defaults = {
            "lr": lr,
            "betas": tuple(float(beta) for beta in betas),
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

    def __setstate__(self, state) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("amsgrad", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("capturable", False)
            group.setdefault("differentiable", False)
            group.setdefault("decoupled_weight_decay", False)
            group.setdefault("fused", None)
            for param in group["params"]:
                entry = self.state.get(param)
                # Older files hold the step count as a number.
                if entry and not isinstance(entry["step"], rushlight.Tensor):
                    entry["step"] = _step_count(float(entry["step"]))

    def step(self, closure=None):
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
            amsgrad = group["amsgrad"]
            states = [state[param] for param in params]
            for param, entry in zip(params, states, strict=True):
                if not entry:
                    _init_state(param, entry, amsgrad)
            beta1, beta2 = group["betas"]
            rushlight._ops._fused_adam_(
                params,
                grads,
                [entry["exp_avg"] for entry in states],
                [entry["exp_avg_sq"] for entry in states],
                [entry["max_exp_avg_sq"] for entry in states] if amsgrad else [],
                [entry["step"] for entry in states],
                float(group["lr"]),
                beta1,
                beta2,
                float(group["weight_decay"]),
                float(group["eps"]),
                amsgrad,
                group["maximize"],
                group["decoupled_weight_decay"],
            )
        return loss


def _step_count(value):
    # PyTorch keeps the count as float32 unless the default dtype is float64.
    wide = rushlight.get_default_dtype() == rushlight.float64
    dtype = rushlight.float64 if wide else rushlight.float32
    return rushlight.tensor(value, dtype=dtype)


def _init_state(param, entry, amsgrad) -> None:
    names = ["exp_avg", "exp_avg_sq"]
    if amsgrad:
        names.append("max_exp_avg_sq")
    fresh = {"step": _step_count(0.0)}
    for name in names:
        fresh[name] = rushlight.zeros_like(param, requires_grad=False)
    # All or nothing: an entry half made by a failed allocation would break the next.
    entry.update(fresh)
