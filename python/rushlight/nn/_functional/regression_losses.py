"""Losses between numbers: squares, absolute values, Gaussian and Poisson likelihoods.

Functions that begin with an underscore take a reduction's code in place of its name.
"""

from __future__ import annotations

import math
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


def reduced(losses, code):
    """The losses, their mean or their sum."""
    if code == 1:
        return _ops.mean(losses)
    return _ops.sum(losses) if code == 2 else losses


def _broadcast(input, target):
    check_tensors("loss", input, target)
    if target.shape == input.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size "
        f"({input.shape}). This will likely lead to incorrect results due to "
        "broadcasting. Please ensure they have the same size.",
        stacklevel=3,
    )
    return rushlight.broadcast_tensors(input, target)


def _weighted(losses, weight, input, reduction, *, by_weights):
    """Losses times weights; the mean divides by the weights' sum or by their number."""
    if weight.shape != input.shape:
        raise ValueError(
            "Weights and input must have the same size, got "
            f"{tuple(weight.shape)} and {tuple(input.shape)}."
        )
    losses = losses * weight
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.sum() / weight.sum() if by_weights else losses.mean()
    raise ValueError(
        f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'."
    )


@in_single
def _mse_formula(input, target, code):
    difference = input - target
    return reduced(difference * difference, code)


def _mse(input, target, code):
    if pair_has_kernel(input, target):
        return _ops.pair_loss(input, target, "mse", code)
    return _mse_formula(input, target, code)


def mse_loss(
    input, target, size_average=None, reduce=None, reduction="mean", weight=None
):
    """Squared difference of two tensors.

    Args:
        input: a floating point tensor.
        target: a tensor of the same shape.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        weight: one factor an element, of ``input``'s shape, or ``None``. The mean then
            divides by the weights' sum.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        RuntimeError: the shapes cannot be broadcast.
        ValueError: the reduction does not exist, or the weight's shape differs.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.mse_loss(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor(5.)
    """
    pair = _broadcast(input, target)
    reduction = _reduction.resolve(size_average, reduce, reduction)
    if weight is not None:
        losses = _mse(*pair, 0)
        return _weighted(losses, weight, input, reduction, by_weights=True)
    return _mse(*pair, _reduction.get_enum(reduction))


@in_single
def _l1_formula(input, target, code):
    return reduced((input - target).abs(), code)


def _l1(input, target, code):
    if pair_has_kernel(input, target):
        return _ops.pair_loss(input, target, "l1", code)
    return _l1_formula(input, target, code)


def l1_loss(
    input, target, size_average=None, reduce=None, reduction="mean", weight=None
):
    """Absolute difference of two tensors.

    Args:
        input: a floating point or complex tensor.
        target: a tensor of the same shape.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        weight: one factor an element, of ``input``'s shape, or ``None``. The mean then
            divides by the weights' sum.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        RuntimeError: the shapes cannot be broadcast.
        ValueError: the reduction does not exist, or the weight's shape differs.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.l1_loss(rushlight.zeros(2), rushlight.tensor([1.0, -3.0]))
        tensor(2.)
    """
    pair = _broadcast(input, target)
    reduction = _reduction.resolve(size_average, reduce, reduction)
    if weight is not None:
        losses = _l1(*pair, 0)
        return _weighted(losses, weight, input, reduction, by_weights=True)
    return _l1(*pair, _reduction.get_enum(reduction))


@in_single
def _smooth_l1_formula(input, target, code, beta):
    difference = input - target
    size = difference.abs()
    inner = 0.5 * difference * difference / beta
    return reduced(_ops.where(size < beta, inner, size - 0.5 * beta), code)


def _smooth_l1(input, target, code, beta):
    if pair_has_kernel(input, target):
        return _ops.pair_loss(input, target, "smooth_l1", code, beta)
    return _smooth_l1_formula(input, target, code, beta)


def smooth_l1_loss(
    input, target, size_average=None, reduce=None, reduction="mean", beta=1.0
):
    """Squared difference near 0, absolute difference beyond (Girshick 2015, eq. 3).

    Args:
        input: a floating point tensor.
        target: a tensor of the same shape.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        beta: the difference from which on the loss is straight, at least 0.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        RuntimeError: the shapes cannot be broadcast, or beta is negative.
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.smooth_l1_loss(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor(1.5000)
    """
    pair = _broadcast(input, target)
    code = _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))
    if beta == 0.0:
        return _l1(*pair, code)
    check_floats("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError(
            f"smooth_l1_loss does not support negative values for beta, got {beta}"
        )
    return _smooth_l1(*pair, code, beta)


@in_single
def _huber_formula(input, target, code, delta):
    difference = input - target
    size = difference.abs()
    inner = 0.5 * difference * difference
    return reduced(_ops.where(size < delta, inner, delta * (size - 0.5 * delta)), code)


def _huber(input, target, code, delta):
    if pair_has_kernel(input, target):
        return _ops.pair_loss(input, target, "huber", code, delta)
    return _huber_formula(input, target, code, delta)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Half the squared difference near 0, a straight line beyond (Huber 1964).

    Args:
        input: a floating point tensor.
        target: a tensor of the same shape.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        delta: the difference from which on the loss is straight, above 0.
        weight: one factor an element, of ``input``'s shape, or ``None``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        RuntimeError: the shapes cannot be broadcast, or delta is not positive.
        ValueError: the reduction does not exist, or the weight's shape differs.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.huber_loss(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor(1.5000)
    """
    pair = _broadcast(input, target)
    check_floats("huber_loss", input, target)
    code = 0 if weight is not None else _reduction.get_enum(reduction)
    if not delta > 0:
        raise RuntimeError(
            f"huber_loss does not support non-positive values for delta, got {delta}"
        )
    losses = _huber(*pair, code, delta)
    if weight is None:
        return losses
    return _weighted(losses, weight, input, reduction, by_weights=False)


@in_single
def _poisson_nll(input, target, log_input, full, eps, code):
    if log_input:
        losses = input.exp() - target * input
    else:
        losses = input - target * (input + eps).log()
    if full:
        # Stirling's approximation of log(target!).
        log_factorial = (
            target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        )
        losses = losses + log_factorial.masked_fill(target <= 1, 0)
    return reduced(losses, code)


def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """Negative log likelihood of counts under Poisson distributions.

    Args:
        input: the expected counts, or their logarithms; of any shape.
        target: the counts, of the same shape.
        log_input: ``input`` holds logarithms. Default: ``True``.
        full: add Stirling's approximation of ``log(target!)`` above 1.
        size_average: deprecated, see ``reduction``.
        eps: added to an expected count before its logarithm is taken.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.poisson_nll_loss(rushlight.zeros(2), rushlight.tensor([1.0, 3.0]))
        tensor(1.)
    """
    check_tensors("poisson_nll_loss", input, target)
    reduction = _reduction.resolve(size_average, reduce, reduction)
    code = _reduction.get_enum(reduction)
    return _poisson_nll(input, target, log_input, full, eps, code)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """Negative log likelihood under normal distributions (Nix and Weigend 1994).

    Args:
        input: the means, shape ``(N, *)`` or ``(*)``.
        target: samples, of a shape that broadcasts with the means'.
        var: a variance for all, or one an element, or one for each slice along the
            last dim; not negative.
        full: add the constant ``log(2 * pi) / 2``.
        eps: the least variance that is taken.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the input's shape.

    Raises:
        ValueError: a variance is negative, its shape does not fit, or the reduction
            does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.gaussian_nll_loss(rushlight.zeros(1), rushlight.ones(1), 1.0)
        tensor(0.5000)
    """
    check_tensors("gaussian_nll_loss", input, target)
    if isinstance(var, float):
        if var < 0:
            raise ValueError("gaussian_nll_loss(): var has negative entry/entries")
        var = var * rushlight.ones_like(input)
    elif bool((var < 0).any()):
        raise ValueError("gaussian_nll_loss(): var has negative entry/entries")
    if var.shape != input.shape:
        differing = [y for x, y in zip(input.shape, var.shape) if x != y]
        if tuple(input.shape[:-1]) == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or sum(differing) != 1:
            raise ValueError(
                "gaussian_nll_loss(): var is of incorrect size: "
                f"{tuple(var.shape)} for an input of shape {tuple(input.shape)}"
            )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    var = var.clone()
    # The gradient goes through as if nothing were clamped.
    with rushlight.no_grad():
        var.clamp_(min=eps)
    return _gaussian_nll(input, target, var, full, _reduction.get_enum(reduction))


@in_single
def _gaussian_nll(input, target, var, full, code):
    difference = input - target
    losses = 0.5 * (var.log() + difference * difference / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, code)
