"""AdamW."""

from __future__ import annotations

from rushlight.optim.adam import Adam

__all__ = ["AdamW"]


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

    Args:
        params: parameters or parameter groups.
        lr: the learning rate. Default: 1e-3.
        betas: decay of the running mean of the gradient and of its square.
            Default: ``(0.9, 0.999)``.
        eps: added to the denominator. Default: 1e-8.
        weight_decay: the parameters shrink by ``lr * weight_decay`` a step.
            Default: 1e-2.
        amsgrad: divide by the largest running mean so far. Default: ``False``.
        maximize: go up instead of down. Default: ``False``.
        foreach: accepted for PyTorch's sake: every step is one fused call.
        capturable: accepted for PyTorch's sake; a step raises where a parameter is
            on the CPU.
        differentiable: make the step of tensor operations that autograd records.
            Default: ``False``.
        fused: accepted for PyTorch's sake: every step is one fused call.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.tensor([1.0]))
        >>> optimizer = rushlight.optim.AdamW([weight], lr=0.1, weight_decay=0.5)
        >>> weight.grad = rushlight.tensor([2.0])
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.85
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state) -> None:
        super().__setstate__(state)
        # A state saved by Adam says otherwise; AdamW always decouples.
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
