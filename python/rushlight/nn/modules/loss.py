"""Loss layers."""

from __future__ import annotations

from rushlight.nn import _reduction
from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class _Loss(Module):
    def __init__(self, size_average=None, reduce=None, reduction="mean") -> None:
        super().__init__()
        self.reduction = _reduction.resolve(size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    def __init__(
        self, weight=None, size_average=None, reduce=None, reduction="mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """Cross entropy between logits and target classes or class probabilities.

    Args:
        weight: one factor a class, shape ``(C,)``. Default: none.
        size_average: deprecated, see ``reduction``.
        ignore_index: class indices that do not count. Default: -100.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``. Default: ``"mean"``.
        label_smoothing: how much of the target is spread over all classes. Default: 0.

    Shape:
        Input ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``. Target without the ``C`` and
        int64, or probabilities of the input's shape. Output 0-d; with ``"none"`` the
        target's shape without ``C``.

    Example:
        >>> import rushlight
        >>> loss = rushlight.nn.CrossEntropyLoss()
        >>> loss(rushlight.zeros(1, 2), rushlight.tensor([0]))
        tensor(0.6931)
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input, target):
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """Negative log likelihood of the target classes.

    Args:
        weight: one factor a class, shape ``(C,)``. Default: none.
        size_average: deprecated, see ``reduction``.
        ignore_index: targets that do not count. Default: -100.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Input log probabilities ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``, target
        int64 without the ``C``. Output 0-d; with ``"none"`` the target's shape.

    Example:
        >>> import rushlight
        >>> loss = rushlight.nn.NLLLoss()
        >>> loss(rushlight.tensor([[-1.0, -2.0]]), rushlight.tensor([1]))
        tensor(2.)
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class MSELoss(_Loss):
    """Squared difference of two tensors.

    Args:
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.MSELoss()(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor(5.)
    """

    def forward(self, input, target):
        return F.mse_loss(input, target, reduction=self.reduction)
