"""Losses between probabilities or logits and targets of the same shape.

Functions that begin with an underscore take a reduction's code in place of its name.
"""

from __future__ import annotations

import warnings

import rushlight
from rushlight import _ops
from rushlight.nn import _reduction
from rushlight.nn._functional._support import (
    check_floats,
    check_tensors,
    in_single,
    pair_has_kernel,
)
from rushlight.nn._functional.regression_losses import reduced
from rushlight.nn._functional.smooth_units import _logsigmoid


class _CrossEntropyOfProbabilities(rushlight.autograd.Function):
    # Logarithms are cut at -100, their slopes are not, but the denominator is at 1e-12.
    @staticmethod
    def forward(ctx, input, target):
        ctx.save_for_backward(input, target)
        log_one = input.log().clamp(min=-100)
        log_zero = (-input).log1p().clamp(min=-100)
        return (target - 1) * log_zero - target * log_one

    @staticmethod
    def backward(ctx, g):
        input, target = ctx.saved_tensors
        spread = (1 - input) * input
        for_input = g * (input - target) / spread.clamp(min=1e-12)
        for_target = None
        if ctx.needs_input_grad[1]:
            for_target = g * ((1 - input).log() - input.log())
        return for_input, for_target


@in_single
def _binary_cross_entropy(input, target, weight, code):
    losses = _CrossEntropyOfProbabilities.apply(input, target)
    return reduced(losses if weight is None else losses * weight, code)


def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Cross entropy between the probability of "yes" and targets in [0, 1].

    Args:
        input: probabilities, of any shape and a floating point dtype.
        target: of the same shape.
        weight: factors, of a shape that broadcasts, or ``None``.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        ValueError: the shapes differ, or the reduction does not exist.
        RuntimeError: an input is no probability, or the dtypes differ.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.binary_cross_entropy(rushlight.tensor([0.5]), rushlight.ones(1))
        tensor(0.6931)
    """
    check_tensors("binary_cross_entropy", input, target, weight)
    code = _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    check_floats("binary_cross_entropy", input)
    if target.dtype is not input.dtype:
        raise RuntimeError(
            f"binary_cross_entropy(): Expected target dtype {input.dtype} but got "
            f"{target.dtype}"
        )
    if weight is None and pair_has_kernel(input, target) and not target.requires_grad:
        return _ops.pair_loss(input, target, "binary_cross_entropy", code)
    if weight is not None:
        weight = weight.expand(rushlight.broadcast_shapes(target.shape, weight.shape))
    for name, values in (("input", input), ("target", target)):
        if not bool(((values >= 0) & (values <= 1)).all()):
            raise RuntimeError(
                f"binary_cross_entropy(): all elements of {name} should be between 0 "
                "and 1"
            )
    return _binary_cross_entropy(input, target, weight, code)


def _with_logits(input, target, weight, pos_weight, code):
    if (
        weight is None
        and pos_weight is None
        and pair_has_kernel(input, target)
        and not target.requires_grad
    ):
        return _ops.pair_loss(input, target, "binary_cross_entropy_with_logits", code)
    return _with_logits_formula(input, target, weight, pos_weight, code)


@in_single
def _with_logits_formula(input, target, weight, pos_weight, code):
    # log(1 - sigmoid(x)) is log(sigmoid(x)) - x.
    log_sigmoid = _logsigmoid(input)
    if pos_weight is not None:
        log_sigmoid = ((pos_weight - 1) * target + 1) * log_sigmoid
    losses = (1 - target) * input - log_sigmoid
    return reduced(losses if weight is None else losses * weight, code)


def binary_cross_entropy_with_logits(
    input,
    target,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
    pos_weight=None,
):
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, without overflow.

    Args:
        input: logits, of any shape and a floating point dtype.
        target: of the same shape, in [0, 1].
        weight: factors, of a shape that broadcasts, or ``None``.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        pos_weight: factors of the targets' "yes" part, of a shape that broadcasts, or
            ``None``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        ValueError: the shapes differ, or the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.binary_cross_entropy_with_logits(rushlight.zeros(1), rushlight.ones(1))
        tensor(0.6931)
    """
    check_tensors("binary_cross_entropy_with_logits", input, target, weight, pos_weight)
    code = _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size "
            f"({input.shape})"
        )
    return _with_logits(input, target, weight, pos_weight, code)


@in_single
def _kl_div(input, target, code, log_target):
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = rushlight.xlogy(target, target) - target * input
    return reduced(losses, code)


def kl_div(
    input,
    target,
    size_average=None,
    reduce=None,
    reduction="mean",
    log_target=False,
):
    """Kullback-Leibler divergence of a distribution from a target, term by term.

    Args:
        input: log probabilities, of any shape.
        target: probabilities, or their logarithms; of a shape that broadcasts.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"batchmean"`` (the sum over the first dim's size, which is the
            divergence), ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        log_target: ``target`` holds logarithms. Default: ``False``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> half = rushlight.tensor([[0.5, 0.5]])
        >>> F.kl_div(half.log(), rushlight.tensor([[1.0, 0.0]]), reduction="batchmean")
        tensor(0.6931)
    """
    check_tensors("kl_div", input, target)
    if size_average is not None or reduce is not None:
        code = _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))
    elif reduction == "batchmean":
        code = _reduction.get_enum("sum")
    else:
        if reduction == "mean":
            warnings.warn(
                "kl_div(): reduction 'mean' divides the total by the number of "
                "elements; the Kullback-Leibler divergence is what 'batchmean' "
                "returns, which divides by the batch size alone",
                stacklevel=2,
            )
        code = _reduction.get_enum(reduction)
    result = _kl_div(input, target, code, log_target)
    if reduction == "batchmean" and input.dim():
        result = result / input.shape[0]
    return result


@in_single
def _soft_margin(input, target, code):
    return reduced((-target * input).exp().log1p(), code)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """``log(1 + exp(-target * input))`` for targets 1 and -1.

    Args:
        input: scores, of any shape and a floating point dtype.
        target: 1 or -1, of a shape that broadcasts.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.soft_margin_loss(rushlight.zeros(2), rushlight.tensor([1.0, -1.0]))
        tensor(0.6931)
    """
    check_floats("soft_margin_loss", input)
    check_tensors("soft_margin_loss", input, target)
    code = _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))
    return _soft_margin(input, target, code)


@in_single
def _multilabel_soft_margin(input, target, weight, code):
    losses = target * _logsigmoid(input) + (1 - target) * _logsigmoid(-input)
    losses = -losses if weight is None else -losses * weight
    return reduced(losses.sum(-1) / input.shape[-1], code)


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """:func:`binary_cross_entropy_with_logits`, the mean over the classes of each row.

    Args:
        input: logits, shape ``(*, C)``.
        target: 0 or 1, of the same shape.
        weight: factors, of a shape that broadcasts, or ``None``.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of shape ``(*,)``.

    Raises:
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.multilabel_soft_margin_loss(rushlight.zeros(1, 2), rushlight.ones(1, 2))
        tensor(0.6931)
    """
    check_floats("multilabel_soft_margin_loss", input)
    check_tensors("multilabel_soft_margin_loss", input, target, weight)
    code = _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))
    return _multilabel_soft_margin(input, target, weight, code)
