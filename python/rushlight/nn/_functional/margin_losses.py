"""Losses that ask for a margin between scores, labels or distances.

Functions that begin with an underscore take a reduction's code in place of its name.
"""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.nn import _reduction
from rushlight.nn._functional._support import check_tensors, in_single
from rushlight.nn._functional.distance import pairwise_distance
from rushlight.nn._functional.regression_losses import reduced


def _code(size_average, reduce, reduction):
    return _reduction.get_enum(_reduction.resolve(size_average, reduce, reduction))


@in_single
def _margin_ranking(input1, input2, target, margin, code):
    losses = (-target * (input1 - input2) + margin).clamp(min=0)
    return reduced(losses, code)


def margin_ranking_loss(
    input1,
    input2,
    target,
    margin=0,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """``max(0, margin - target * (input1 - input2))``.

    Args:
        input1: scores, of any shape.
        input2: scores, of a shape that broadcasts.
        target: 1 where input1 should be larger, -1 where input2 should.
        margin: how much larger. Default: 0.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the inputs' shape.

    Raises:
        RuntimeError: the numbers of dims differ.
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> one = rushlight.ones(1)
        >>> F.margin_ranking_loss(rushlight.zeros(1), one, one)
        tensor(1.)
    """
    check_tensors("margin_ranking_loss", input1, input2, target)
    code = _code(size_average, reduce, reduction)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but "
            f"got sizes: input1: {input1.shape}, input2: {input2.shape}, target: "
            f"{target.shape}"
        )
    return _margin_ranking(input1, input2, target, margin, code)


@in_single
def _hinge_embedding(input, target, margin, code):
    zero = rushlight.zeros((), dtype=input.dtype, device=input.device)
    apart = _ops.where(target != 1, (margin - input).clamp(min=0), zero)
    near = _ops.where(target != -1, input, zero)
    return reduced(apart + near, code)


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """``input`` for target 1, ``max(0, margin - input)`` for target -1.

    Args:
        input: distances, of any shape and a floating point dtype.
        target: 1 for pairs that belong together, -1 for others.
        margin: the distance that others should have. Default: 1.
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
        >>> F.hinge_embedding_loss(rushlight.tensor([3.0]), rushlight.tensor([1.0]))
        tensor(3.)
    """
    check_tensors("hinge_embedding_loss", input, target)
    code = _code(size_average, reduce, reduction)
    return _hinge_embedding(input, target, margin, code)


@in_single
def _cosine_embedding(input1, input2, target, margin, code):
    dim = target.dim()
    products = (input1 * input2).sum(dim)
    squares1 = (input1 * input1).sum(dim) + 1e-12
    squares2 = (input2 * input2).sum(dim) + 1e-12
    cosine = products / (squares1 * squares2).sqrt()
    zero = rushlight.zeros((), dtype=cosine.dtype, device=cosine.device)
    together = _ops.where(target == 1, 1 - cosine, zero)
    apart = _ops.where(target == -1, (cosine - margin).clamp(min=0), zero)
    return reduced(together + apart, code)


def _checked_cosine_embedding(input1, input2, target, margin, code):
    op = "cosine_embedding_loss"
    check_tensors(op, input1, input2, target)
    if target.dim() > 1:
        raise RuntimeError(
            f"{op}(): 0D or 1D target tensor expected, multi-target not supported; got "
            f"{tuple(target.shape)}"
        )
    for name, x in (("input1", input1), ("input2", input2)):
        if x.dim() != target.dim() + 1:
            raise RuntimeError(
                f"{op}(): {target.dim()}D target tensor expects {target.dim() + 1}D "
                f"input tensors, but found {name} of shape {tuple(x.shape)}"
            )
    return _cosine_embedding(input1, input2, target, margin, code)


def cosine_embedding_loss(
    input1,
    input2,
    target,
    margin=0,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """``1 - cos`` for target 1, ``max(0, cos - margin)`` for target -1.

    Args:
        input1: shape ``(N, D)`` or ``(D,)``.
        input2: of the same shape.
        target: 1 for pairs that belong together, -1 for others; shape ``(N,)`` or
            ``()``.
        margin: the cosine from which on others cost. Default: 0.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the target's shape.

    Raises:
        RuntimeError: the shapes do not fit.
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> x = rushlight.eye(2)
        >>> F.cosine_embedding_loss(x, x, rushlight.tensor([1, -1]))
        tensor(0.5000)
    """
    code = _code(size_average, reduce, reduction)
    return _checked_cosine_embedding(input1, input2, target, margin, code)


def _rows(op, input, target, target_dim):
    """Input and target with a batch dim, and whether it was there."""
    check_tensors(op, input, target)
    if input.dim() not in (0, 1, 2) or (input.dim() == 2 and input.shape[1] == 0):
        raise RuntimeError(
            f"{op}(): Expected non-empty vector or matrix with optional 0-dim batch "
            f"size, but got: {list(input.shape)}"
        )
    if input.dim() < 2 and input.numel() == 0:
        raise RuntimeError(
            f"{op}(): Expected non-empty vector or matrix with optional 0-dim batch "
            f"size, but got: {list(input.shape)}"
        )
    if not input.is_floating_point() or input.dtype.itemsize == 2:
        raise NotImplementedError(f'"{op}" not implemented for {input.dtype}')
    if target.dtype is not rushlight.int64:
        raise RuntimeError(f"{op}(): expected an int64 target, got {target.dtype}")
    rows = input.shape[0] if input.dim() == 2 else 1
    classes = input.shape[-1] if input.dim() else 1
    wanted = (rows, classes)[:target_dim]
    fits = target.numel() == rows * (classes if target_dim == 2 else 1)
    if not fits or target.dim() > max(1, input.dim() - 2 + target_dim):
        raise RuntimeError(
            f"{op}(): inconsistent target size: {list(target.shape)} for input of "
            f"size: {list(input.shape)}"
        )
    return input.reshape(rows, classes), target.reshape(wanted), input.dim() == 2


def _multi_margin(input, target, p, margin, weight, code):
    op = "multi_margin_loss"
    if p not in (1, 2):
        raise ValueError(f"{op}(): only p == 1 and p == 2 supported, got {p}")
    rows, labels, batched = _rows(op, input, target, 1)
    classes = rows.shape[1]
    if weight is not None:
        check_tensors(op, weight)
        if tuple(weight.shape) != (classes,):
            raise RuntimeError(
                f"{op}(): inconsistent weight size: {list(weight.shape)} for input of "
                f"size: {list(input.shape)}"
            )
    if bool(((labels < 0) | (labels >= classes)).any()):
        raise RuntimeError(
            f"{op}(): target out of range, classes are 0 to {classes - 1}"
        )
    place = labels.unsqueeze(1)
    gaps = margin - rows.gather(1, place) + rows
    others = rushlight.arange(classes, device=place.device) != place
    gaps = _ops.where(others & (gaps > 0), gaps, rushlight.zeros_like(gaps))
    losses = gaps if p == 1 else gaps * gaps
    if weight is not None:
        losses = losses * weight.index_select(0, labels).unsqueeze(1)
    losses = losses.sum(1) / classes
    return reduced(losses if batched or code else losses.reshape(()), code)


def multi_margin_loss(
    input,
    target,
    p=1,
    margin=1.0,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """How far other classes' scores come closer than ``margin`` to the target's.

    Args:
        input: scores, shape ``(N, C)`` or ``(C,)``; float32 or float64.
        target: int64 classes, shape ``(N,)`` or ``()``.
        p: 1, or 2 for squares.
        margin: the distance wanted. Default: 1.
        weight: one factor a class, shape ``(C,)``, or ``None``.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the target's shape; the sum over the
        other classes, divided by C.

    Raises:
        RuntimeError: the shapes do not fit, or a target is no class.
        ValueError: p or the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.multi_margin_loss(rushlight.zeros(1, 2), rushlight.tensor([0]))
        tensor(0.5000)
    """
    code = _code(size_average, reduce, reduction)
    if weight is not None and weight.dim() != 1:
        raise ValueError(
            f"multi_margin_loss(): weight must be one-dimensional, got "
            f"{tuple(weight.shape)}"
        )
    return _multi_margin(input, target, p, margin, weight, code)


def multilabel_margin_loss(
    input, target, size_average=None, reduce=None, reduction="mean"
):
    """How far other labels' scores come closer than 1 to the target labels'.

    Args:
        input: scores, shape ``(N, C)`` or ``(C,)``; float32 or float64.
        target: int64 labels, of the same shape; those of a row end before its first -1.
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of shape ``(N,)`` or ``()``; the sum over
        all pairs of a target and another label, divided by C.

    Raises:
        RuntimeError: the shapes do not fit, or a target is no label.
        ValueError: the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.multilabel_margin_loss(rushlight.zeros(2), rushlight.tensor([1, -1]))
        tensor(0.5000)
    """
    code = _code(size_average, reduce, reduction)
    op = "multilabel_margin_loss"
    rows, labels, batched = _rows(op, input, target, 2)
    classes = rows.shape[1]
    if bool(((labels < -1) | (labels >= classes)).any()):
        raise RuntimeError(
            f"{op}(): target out of range, labels are 0 to {classes - 1}"
        )
    given = (labels >= 0).to(rushlight.int64).cumprod(1)
    labels = labels.clamp(min=0)
    counts = labels.new_zeros(labels.shape, dtype=rushlight.int64)
    others = counts.scatter_add(1, labels, given) == 0
    gaps = 1 - rows.gather(1, labels).unsqueeze(2) + rows.unsqueeze(1)
    counted = (given != 0).unsqueeze(2) & others.unsqueeze(1) & (gaps > 0)
    losses = _ops.where(counted, gaps, rushlight.zeros_like(gaps))
    losses = losses.sum((1, 2)) / classes
    return reduced(losses if batched or code else losses.reshape(()), code)


def _check_dims(op, anchor, positive, negative):
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            f"{op}(): The anchor, positive, and negative tensors are expected to have "
            f"the same number of dimensions, but got: anchor {anchor.dim()}D, positive "
            f"{positive.dim()}D, and negative {negative.dim()}D inputs"
        )


def _triplet(distance, anchor, positive, negative, margin, swap, code):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = _ops.minimum(far, distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), code)


def _triplet_margin(anchor, positive, negative, margin, p, eps, swap, code):
    check_tensors("triplet_margin_loss", anchor, positive, negative)
    _check_dims("triplet_margin_loss", anchor, positive, negative)

    def distance(x, y):
        return pairwise_distance(x, y, p, eps)

    return _triplet(distance, anchor, positive, negative, margin, swap, code)


def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """``max(0, margin + |anchor - positive| - |anchor - negative|)``.

    Args:
        anchor: shape ``(N, D)`` or ``(D,)``.
        positive: of the anchor's kind, of the same shape.
        negative: of another kind, of the same shape.
        margin: how much farther the negative should be, above 0. Default: 1.
        p: the order of the norm. Default: 2.
        eps: added to every difference. Default: 1e-6.
        swap: take the positive's distance from the negative where that is smaller
            (Balntas et al. 2016).
        size_average: deprecated, see ``reduction``.
        reduce: deprecated, see ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of shape ``(N,)`` or ``()``.

    Raises:
        RuntimeError: the numbers of dims differ.
        ValueError: the margin is not positive, or the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> zero = rushlight.zeros(1, 2)
        >>> F.triplet_margin_loss(zero, zero, zero)
        tensor(1.)
    """
    code = _code(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet_margin(anchor, positive, negative, margin, p, eps, swap, code)


def triplet_margin_with_distance_loss(
    anchor,
    positive,
    negative,
    *,
    distance_function=None,
    margin=1.0,
    swap=False,
    reduction="mean",
):
    """:func:`triplet_margin_loss` for any distance.

    Args:
        anchor: shape ``(N, *)``.
        positive: of the anchor's kind, of the same shape.
        negative: of another kind, of the same shape.
        distance_function: maps two tensors to distances; the Euclidean one by default.
        margin: how much farther the negative should be, above 0. Default: 1.
        swap: take the positive's distance from the negative where that is smaller.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Default: ``"mean"``.

    Returns:
        A 0-d tensor, or with ``"none"`` one of the distances' shape.

    Raises:
        RuntimeError: the numbers of dims differ.
        ValueError: the margin is not positive, or the reduction does not exist.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> x = rushlight.zeros(1, 2)
        >>> F.triplet_margin_with_distance_loss(
        ...     x, x, x, distance_function=lambda a, b: (a - b).abs().sum(-1)
        ... )
        tensor(1.)
    """
    op = "triplet_margin_with_distance_loss"
    code = _reduction.get_enum(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    check_tensors(op, anchor, positive, negative)
    _check_dims(op, anchor, positive, negative)
    distance = distance_function or pairwise_distance
    return _triplet(distance, anchor, positive, negative, margin, swap, code)
