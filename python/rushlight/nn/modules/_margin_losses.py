"""Loss layers with a margin."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules._losses import _Loss, _WeightedLoss
from rushlight.nn.modules.distance import PairwiseDistance

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class _Margin(_Loss):
    def __init__(
        self, margin=0.0, size_average=None, reduce=None, reduction="mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class HingeEmbeddingLoss(_Margin):
    """Distances themselves where the target is 1, ``max(0, margin - x)`` where -1.

    Args:
        margin: how far apart unlike pairs should be. Default: 1.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> loss = rushlight.nn.HingeEmbeddingLoss(reduction="none")
        >>> loss(rushlight.tensor([0.5, 0.25]), rushlight.tensor([1, -1]))
        tensor([0.5000, 0.7500])
    """

    def __init__(
        self, margin=1.0, size_average=None, reduce=None, reduction="mean"
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input, target):
        return F.hinge_embedding_loss(
            input, target, margin=self.margin, reduction=self.reduction
        )


class CosineEmbeddingLoss(_Margin):
    """``1 - cos`` of like pairs (target 1), ``max(0, cos - margin)`` of others (-1).

    Args:
        margin: the cosine from which unlike pairs count. Default: 0.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Inputs ``(N, D)`` or ``(D,)``, target ``(N,)`` or ``()``.

    Example:
        >>> import rushlight
        >>> x, y = rushlight.tensor([1.0, 0.0]), rushlight.tensor([0.0, 1.0])
        >>> rushlight.nn.CosineEmbeddingLoss()(x, y, rushlight.tensor(1))
        tensor(1.)
    """

    def forward(self, input1, input2, target):
        return F.cosine_embedding_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class MarginRankingLoss(_Margin):
    """``max(0, -target * (x1 - x2) + margin)``: the target says which ranks higher.

    Args:
        margin: how much higher. Default: 0.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> one = rushlight.ones(1)
        >>> rushlight.nn.MarginRankingLoss()(one, 3 * one, one)
        tensor(2.)
    """

    def forward(self, input1, input2, target):
        return F.margin_ranking_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class SoftMarginLoss(_Loss):
    """``log(1 + exp(-target * x))`` for targets 1 and -1.

    Args:
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.SoftMarginLoss()(rushlight.zeros(1), rushlight.ones(1))
        tensor(0.6931)
    """

    def forward(self, input, target):
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of every class that is right against every one that is not.

    Args:
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Scores ``(N, C)`` or ``(C,)``; targets the same, the classes that are right and
        then -1. Output 0-d, or with ``"none"`` ``(N,)``.

    Example:
        >>> import rushlight
        >>> scores = rushlight.tensor([0.5, 0.0])
        >>> rushlight.nn.MultiLabelMarginLoss()(scores, rushlight.tensor([0, -1]))
        tensor(0.2500)
    """

    def forward(self, input, target):
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over the classes of a cross entropy with a sigmoid.

    Args:
        weight: one factor a class, shape ``(C,)``. Default: none.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Scores and targets ``(N, C)``. Output 0-d, or with ``"none"`` ``(N,)``.

    Example:
        >>> import rushlight
        >>> x = rushlight.zeros(1, 2)
        >>> rushlight.nn.MultiLabelSoftMarginLoss()(x, x)
        tensor(0.6931)
    """

    def forward(self, input, target):
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class MultiMarginLoss(_WeightedLoss):
    """Hinge loss of the target's score against every other class' score.

    Args:
        p: the power of each term, 1 or 2. Default: 1.
        margin: how much higher the target should score. Default: 1.
        weight: one factor a class, shape ``(C,)``. Default: none.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Scores ``(N, C)`` or ``(C,)``, targets ``(N,)`` or ``()``.

    Raises:
        ValueError: for another ``p`` or a weight that is not 1-d.

    Example:
        >>> import rushlight
        >>> scores = rushlight.tensor([0.5, 0.0])
        >>> rushlight.nn.MultiMarginLoss()(scores, rushlight.tensor(0))
        tensor(0.2500)
    """

    def __init__(
        self,
        p=1,
        margin=1.0,
        weight=None,
        size_average=None,
        reduce=None,
        reduction="mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                "MultiMarginLoss: expected weight to be None or 1D tensor, got "
                f"{weight.dim()}D instead"
            )
        self.p = p
        self.margin = margin

    def forward(self, input, target):
        return F.multi_margin_loss(
            input,
            target,
            p=self.p,
            margin=self.margin,
            weight=self.weight,
            reduction=self.reduction,
        )


def _check_margin(loss, margin):
    if margin <= 0:
        raise ValueError(
            f"{type(loss).__name__}: expected margin to be greater than 0, got "
            f"{margin} instead"
        )


class TripletMarginLoss(_Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``.

    Balntas et al. 2016.

    Args:
        margin: how much farther the negatives should be. Default: 1.
        p: the norm's order. Default: 2.
        eps: added to each difference. Default: 1e-6.
        swap: use the positive in the anchor's place where it is nearer to the negative.
            Default: ``False``.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Inputs ``(N, D)`` or ``(D,)``. Output 0-d, or with ``"none"`` ``(N,)``.

    Raises:
        ValueError: ``margin`` is not positive.

    Example:
        >>> import rushlight
        >>> x = rushlight.zeros(1, 2)
        >>> rushlight.nn.TripletMarginLoss()(x, x, x)
        tensor(1.)
    """

    def __init__(
        self,
        margin=1.0,
        p=2.0,
        eps=1e-6,
        swap=False,
        size_average=None,
        reduce=None,
        reduction="mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        _check_margin(self, margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """:class:`TripletMarginLoss` with a distance of one's own.

    Args:
        distance_function: a function of two tensors. Default: ``PairwiseDistance()``.
        margin: how much farther the negatives should be. Default: 1.
        swap: use the positive in the anchor's place where it is nearer to the negative.
            Default: ``False``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Raises:
        ValueError: ``margin`` is not positive.

    Example:
        >>> import rushlight
        >>> loss = rushlight.nn.TripletMarginWithDistanceLoss(
        ...     distance_function=lambda x, y: (x - y).abs().amax(-1)
        ... )
        >>> x = rushlight.zeros(1, 2)
        >>> loss(x, x, x)
        tensor(1.)
    """

    def __init__(
        self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
    ) -> None:
        super().__init__(reduction=reduction)
        _check_margin(self, margin)
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin = margin
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
