"""Loss layers."""

from __future__ import annotations

import warnings

from rushlight.nn import functional as F
from rushlight.nn.modules._losses import _Loss, _WeightedLoss
from rushlight.nn.modules._margin_losses import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


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


class NLLLoss2d(NLLLoss):
    """The old name of :class:`NLLLoss`, deprecated.

    Args:
        weight: one factor a class, shape ``(C,)``. Default: none.
        size_average: deprecated, see ``reduction``.
        ignore_index: targets that do not count. Default: -100.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``. Default: ``"mean"``.
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
    ) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead, which "
            "takes the same arguments.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class L1Loss(_Loss):
    """Absolute difference of two tensors.

    Args:
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.L1Loss()(rushlight.zeros(2), rushlight.tensor([1.0, -3.0]))
        tensor(2.)
    """

    def forward(self, input, target):
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """Squared difference below ``beta``, absolute difference above.

    With ``d = |input - target|`` an element is ``d**2 / (2 * beta)`` where
    ``d < beta``, else ``d - beta / 2`` (Girshick 2015).

    Args:
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        beta: where the parts meet. Default: 1.

    Example:
        >>> import rushlight
        >>> loss = rushlight.nn.SmoothL1Loss(reduction="none")
        >>> loss(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor([0.5000, 2.5000])
    """

    def __init__(
        self, size_average=None, reduce=None, reduction="mean", beta=1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """:class:`SmoothL1Loss` times ``delta`` (Huber 1964).

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        delta: where the parts meet. Default: 1.

    Raises:
        TypeError: ``delta`` is no number.

    Example:
        >>> import rushlight
        >>> loss = rushlight.nn.HuberLoss(reduction="none", delta=2.0)
        >>> loss(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor([0.5000, 4.0000])
    """

    def __init__(self, reduction="mean", delta=1.0) -> None:
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input, target):
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class PoissonNLLLoss(_Loss):
    """Negative log likelihood of counts under Poisson distributions.

    Args:
        log_input: the input is the rate's logarithm. Default: ``True``.
        full: add Stirling's approximation of the constant term. Default: ``False``.
        size_average: deprecated, see ``reduction``.
        eps: added to a rate before its logarithm is taken. Default: 1e-8.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.PoissonNLLLoss()(rushlight.zeros(1), rushlight.ones(1))
        tensor(1.)
    """

    def __init__(
        self,
        log_input=True,
        full=False,
        size_average=None,
        eps=1e-8,
        reduce=None,
        reduction="mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input, target):
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    """Negative log likelihood under normal distributions of given variances.

    Args:
        full: add the constant term. Default: ``False``.
        eps: the least variance. Default: 1e-6.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Shape:
        Input and target ``(N, *)``; variance the same, or with a last dim that is 1 or
        left out.

    Example:
        >>> import rushlight
        >>> one = rushlight.ones(1)
        >>> rushlight.nn.GaussianNLLLoss()(one, one - 1, one)
        tensor(0.5000)
    """

    def __init__(self, *, full=False, eps=1e-6, reduction="mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input, target, var):
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """Kullback-Leibler divergence of the target from the input.

    Args:
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"`` (over all elements), ``"batchmean"`` (the divergence),
            ``"sum"`` or ``"none"``. Default: ``"mean"``.
        log_target: the target is a logarithm too. Default: ``False``.

    Shape:
        Log probabilities and probabilities of one shape.

    Example:
        >>> import rushlight
        >>> half = rushlight.tensor([[0.5, 0.5]])
        >>> rushlight.nn.KLDivLoss(reduction="batchmean")(half.log(), half)
        tensor(0.)
    """

    def __init__(
        self, size_average=None, reduce=None, reduction="mean", log_target=False
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        return F.kl_div(
            input, target, reduction=self.reduction, log_target=self.log_target
        )


class BCELoss(_WeightedLoss):
    """Cross entropy between probabilities and targets in ``[0, 1]``.

    Args:
        weight: a factor an element, of a shape that broadcasts. Default: none.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.BCELoss()(rushlight.tensor([0.5]), rushlight.ones(1))
        tensor(0.6931)
    """

    def forward(self, input, target):
        return F.binary_cross_entropy(
            input, target, weight=self.weight, reduction=self.reduction
        )


class BCEWithLogitsLoss(_Loss):
    """:class:`BCELoss` of ``sigmoid(input)``, without its overflow.

    Args:
        weight: a factor an element, of a shape that broadcasts. Default: none.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        pos_weight: a factor of the positive targets, of a shape that broadcasts.
            Default: none.

    Example:
        >>> import rushlight
        >>> rushlight.nn.BCEWithLogitsLoss()(rushlight.zeros(1), rushlight.ones(1))
        tensor(0.6931)
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        reduce=None,
        reduction="mean",
        pos_weight=None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input, target):
        return F.binary_cross_entropy_with_logits(
            input,
            target,
            self.weight,
            pos_weight=self.pos_weight,
            reduction=self.reduction,
        )


class CTCLoss(_Loss):
    """Loss of label sequences without an alignment (Graves et al. 2006).

    Args:
        blank: the class of the blank. Default: 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        zero_infinity: count labels that do not fit into the input as 0 instead of
            infinity. Default: ``False``.

    Shape:
        Log probabilities ``(T, N, C)`` or ``(T, C)``, targets ``(N, S)`` or all in one
        ``(sum(target_lengths),)``, input and target lengths ``(N,)`` or ``()``.

    Example:
        >>> import rushlight
        >>> even = rushlight.zeros(1, 1, 2).log_softmax(-1)
        >>> length = rushlight.tensor([1])
        >>> rushlight.nn.CTCLoss()(even, rushlight.tensor([[1]]), length, length)
        tensor(0.6931)
    """

    def __init__(self, blank=0, reduction="mean", zero_infinity=False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
