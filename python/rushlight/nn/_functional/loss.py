"""Losses."""

from __future__ import annotations

import rushlight
from rushlight.nn import _reduction


def nll_loss(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
):
    """Negative log likelihood of the target classes.

    Args:
        input: log probabilities, shape ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: int64 class indices, shape ``()``, ``(N,)`` or ``(N, d1, ...)``.
        weight: one factor a class, shape ``(C,)``, or ``None``.
        size_average: deprecated, see ``reduction``.
        ignore_index: targets that do not count. Default: -100.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the target's shape.

    Raises:
        RuntimeError: the shapes or dtypes do not fit.
        IndexError: a target is no class.
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.nll_loss(rushlight.tensor([[-1.0, -2.0]]), rushlight.tensor([1]))
        tensor(2.)
    """
    reduction = _reduction.resolve(size_average, reduce, reduction)
    return _nll(input, target, weight, _reduction.get_enum(reduction), ignore_index)


def _nll(input, target, weight, reduction, ignore_index):
    if input.ndim != 1:
        return rushlight._ops.nll_loss(input, target, weight, reduction, ignore_index)
    if target.ndim != 0:
        raise ValueError(
            "nll_loss(): expected a 0-d target for a 1-d input, got input of shape "
            f"{tuple(input.shape)} and target of shape {tuple(target.shape)}"
        )
    loss = rushlight._ops.nll_loss(
        input.unsqueeze(0), target.unsqueeze(0), weight, reduction, ignore_index
    )
    return loss.squeeze(0) if reduction == 0 else loss


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """Cross entropy between logits and target classes or class probabilities.

    Args:
        input: logits, shape ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: int64 class indices, shape ``()``, ``(N,)`` or ``(N, d1, ...)``; or
            probabilities of ``input``'s shape and a floating point dtype.
        weight: one factor a class, shape ``(C,)``, or ``None``.
        size_average: deprecated, see ``reduction``.
        ignore_index: class indices that do not count. Default: -100.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.
        label_smoothing: how much of the target is spread over all classes, in
            ``[0, 1]`` (Szegedy et al. 2016, section 7). Default: 0.

    Returns:
        A 0-d tensor, or with ``"none"`` one of shape ``()``, ``(N,)`` or
        ``(N, d1, ...)``.

    Raises:
        RuntimeError: the shapes or dtypes do not fit, or ``ignore_index`` is a class
            while the targets are probabilities.
        IndexError: a target is no class.
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.cross_entropy(rushlight.zeros(1, 2), rushlight.tensor([0]))
        tensor(0.6931)
    """
    reduction = _reduction.resolve(size_average, reduce, reduction)
    code = _reduction.get_enum(reduction)
    class_dim = 0 if input.ndim == 1 else 1
    if input.ndim == 0:
        raise RuntimeError(
            "cross_entropy(): expected logits with 1 or more dims, got 0"
        )
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(
            "cross_entropy(): label_smoothing must be between 0.0 and 1.0. Got: "
            f"{label_smoothing}"
        )
    if target.is_floating_point():
        if target.shape != input.shape:
            raise RuntimeError(
                "cross_entropy(): expected floating point target with class "
                f"probabilities of the input's shape {tuple(input.shape)}, got "
                f"{tuple(target.shape)}; class indices must be int64"
            )
        if ignore_index >= 0:
            raise RuntimeError(
                "cross_entropy(): ignore_index is not supported for floating point "
                f"target, got ignore_index={ignore_index}: no class index is there to "
                "be ignored"
            )
        return _soft_cross_entropy(
            input, target, weight, code, label_smoothing, class_dim
        )
    log_probs = rushlight._ops.log_softmax(input, class_dim)
    loss = _nll(log_probs, target, weight, code, ignore_index)
    if label_smoothing == 0.0:
        return loss
    smooth = _smooth_part(log_probs, target, weight, code, ignore_index, class_dim)
    share = label_smoothing / input.shape[class_dim]
    return (1 - label_smoothing) * loss + smooth * share


def _per_class(weight, ndim, class_dim):
    shape = [1] * ndim
    shape[class_dim] = -1
    return weight.reshape(shape)


def _soft_cross_entropy(input, target, weight, code, label_smoothing, class_dim):
    classes = input.shape[class_dim]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise RuntimeError(
            "cross_entropy(): weight tensor should be defined either for all "
            f"{classes} classes or no classes but got weight tensor of shape: "
            f"{tuple(weight.shape)}"
        )
    if label_smoothing > 0.0:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    products = rushlight._ops.log_softmax(input, class_dim) * target
    if weight is not None:
        products = products * _per_class(weight, input.ndim, class_dim)
    if code == 0:
        return -products.sum(class_dim)
    loss = -products.sum()
    if code == 1:
        examples = input.numel() / classes if classes else 0
        return loss / examples if examples else loss * float("nan")
    return loss


def _smooth_part(log_probs, target, weight, code, ignore_index, class_dim):
    if weight is None:
        losses = -log_probs.sum(class_dim)
    else:
        factors = _per_class(weight, log_probs.ndim, class_dim)
        losses = -(log_probs * factors).sum(class_dim)
    ignored = target == ignore_index
    losses = losses.masked_fill(ignored, 0.0)
    if code == 0:
        return losses
    if code == 2:
        return losses.sum()
    kept = ~ignored
    if weight is None:
        return losses.masked_select(kept).mean()
    return losses.sum() / weight.index_select(0, target.masked_select(kept)).sum()
