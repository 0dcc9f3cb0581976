"""Rows of a table looked up by index, alone or in bags.

Functions that begin with an underscore serve the namesakes in ``rushlight`` too, which
check less.
"""

from __future__ import annotations

import warnings

import rushlight
from rushlight import _ops
from rushlight.nn._functional._support import check_tensors, widen

_MODES = {"sum": 0, "mean": 1, "max": 2}


class _GradientTimes(rushlight.autograd.Function):
    """The identity, whose gradient is multiplied by ``factor(indices)``."""

    @staticmethod
    def forward(ctx, input, indices, factor):
        ctx.save_for_backward(indices)
        ctx.factor = factor
        return input.view(input.shape)

    @staticmethod
    def backward(ctx, g):
        (indices,) = ctx.saved_tensors
        return g * ctx.factor(indices).unsqueeze(1).to(g.dtype), None, None


def _check_indices(op, name, indices):
    check_tensors(op, indices)
    if indices.dtype not in (rushlight.int64, rushlight.int32):
        raise RuntimeError(
            f"{op}(): Expected argument '{name}' to be int64 or int32; but got "
            f"{indices.dtype} instead"
        )


def _check_sparse(op, weight, sparse):
    if sparse and weight.requires_grad and rushlight.is_grad_enabled():
        raise NotImplementedError(
            f"{op}(): there are no sparse gradients; use sparse=False"
        )


def _frequencies(indices, rows):
    counts = rushlight.zeros(rows, dtype=rushlight.int64, device=indices.device)
    counts.index_add_(0, indices, rushlight.ones_like(indices))
    return counts.index_select(0, indices)


def _rows(weight, indices, padding_idx, scale_grad_by_freq):
    """``weight[indices]`` for 1-d indices; the padding row gets no gradient."""
    rows = weight.index_select(0, indices)
    if not rows.requires_grad:
        return rows
    if scale_grad_by_freq:
        count, dtype = weight.shape[0], weight.dtype
        rows = _GradientTimes.apply(
            rows, indices, lambda i: _frequencies(i, count).to(dtype).reciprocal()
        )
    if padding_idx is not None and padding_idx >= 0:
        rows = _GradientTimes.apply(rows, indices, lambda i: i != padding_idx)
    return rows


def _embedding(weight, indices, padding_idx, scale_grad_by_freq, sparse):
    op = "embedding"
    check_tensors(op, weight, indices)
    if weight.dim() != 2:
        raise RuntimeError(
            f"{op}(): 'weight' must be 2-D, got shape {tuple(weight.shape)}"
        )
    _check_indices(op, "indices", indices)
    _check_sparse(op, weight, sparse)
    flat = indices if indices.dim() == 1 else indices.reshape(-1)
    if flat.dtype is not rushlight.int64:
        flat = flat.to(rushlight.int64)
    try:
        rows = _rows(weight, flat, padding_idx, scale_grad_by_freq)
    except IndexError:
        _check_range(op, flat, weight.shape[0], IndexError)
        raise
    return rows if flat is indices else rows.reshape(*indices.shape, weight.shape[1])


def _check_range(op, flat, count, error):
    bad = (flat < 0) | (flat >= count)
    if bool(bad.any()):
        index = int(flat[bad][0])
        raise error(f"{op}(): index {index} is out of range for {count} rows")


def _renorm_rows(op, weight, indices, max_norm, norm_type):
    """Shortens the rows looked up to ``max_norm``, in place."""
    _check_indices(op, "indices", indices)
    flat = indices.reshape(-1).to(rushlight.int64)
    _check_range(op, flat, weight.shape[0], IndexError)
    with rushlight.no_grad():
        flat = flat.unique()
        rows = widen(weight.detach().index_select(0, flat))
        norms = rushlight.norm(rows, norm_type, -1, keepdim=True)
        # The small term is PyTorch's.
        factors = max_norm / (norms + 1e-7)
        rows = _ops.where(norms > max_norm, rows * factors, rows)
        weight.index_copy_(0, flat, rows.to(weight.dtype))


def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """Rows of a table by their indices.

    Args:
        input (Tensor): int64 or int32 indices, of any shape.
        weight (Tensor): the table, shape ``(V, D)``.
        padding_idx (int, optional): a row without a gradient; may count from the end.
        max_norm (float, optional): rows that are looked up and longer are shortened to
            this norm, in ``weight`` itself.
        norm_type (float): the order of that norm. Default: 2.
        scale_grad_by_freq (bool): divide a row's gradient by how often it is looked up.
        sparse (bool): not available where a gradient is recorded.

    Returns:
        Tensor: shape ``(*input.shape, D)``.

    Raises:
        IndexError: when an index is no row.
        AssertionError: when padding_idx is no row.
        RuntimeError: when the indices are no ints or the table is not 2-d.

    Example::

        >>> table = rushlight.tensor([[1., 2.], [3., 4.]])
        >>> rushlight.nn.functional.embedding(rushlight.tensor([1, 0]), table)
        tensor([[3., 4.],
                [1., 2.]])
    """
    check_tensors("embedding", input, weight)
    if padding_idx is None:
        padding_idx = -1
    else:
        count = weight.shape[0]
        if not -count <= padding_idx < max(count, 1):
            raise AssertionError(
                f"embedding(): Padding_idx must be within num_embeddings, got "
                f"{padding_idx} for {count} rows"
            )
        padding_idx %= max(count, 1)
    if max_norm is not None:
        _renorm_rows("embedding", weight, input, max_norm, norm_type)
    return _embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def _check_bags(op, weight, indices, offsets, mode, psw, last, padding_idx):
    check_tensors(op, weight, indices, offsets, psw)
    _check_indices(op, "indices", indices)
    _check_indices(op, "offsets", offsets)
    if mode not in (0, 1, 2):
        raise RuntimeError(f"{op}(): `mode` must be sum, mean, or max.")
    if weight.dim() != 2 or indices.dim() != 1 or offsets.dim() != 1:
        raise RuntimeError(
            f"{op}(): expected a 2-d weight, 1-d indices and 1-d offsets, got shapes "
            f"{tuple(weight.shape)}, {tuple(indices.shape)} and {tuple(offsets.shape)}"
        )
    count = weight.shape[0]
    if last and offsets.numel() < 1:
        raise RuntimeError(
            f"{op}(): include_last_offset: number of offset should be at least 1"
        )
    if offsets.numel():
        first, final = int(offsets[0]), int(offsets[-1])
        if first != 0:
            raise RuntimeError(
                f"{op}(): offsets[0] has to be 0, where the first bag begins, but is "
                f"{first}"
            )
        if final > indices.numel():
            raise RuntimeError(
                f"{op}(): offsets[-1] can not be greater than input's length "
                f"{indices.numel()} but got offsets[-1] of {final}"
            )
        if bool((offsets[1:] < offsets[:-1]).any()):
            raise RuntimeError(f"{op}(): offsets must not decrease")
    if padding_idx is not None and not -count <= padding_idx < count:
        raise RuntimeError(
            f"{op}(): padding_idx must be within the number of embeddings, {-count} "
            f"through {count - 1}, but got {padding_idx}"
        )
    if psw is None:
        return
    if mode != 0:
        raise RuntimeError(f"{op}(): per_sample_weights only supported with mode='sum'")
    if psw.dtype is not weight.dtype or psw.shape != indices.shape:
        raise RuntimeError(
            f"{op}(): expected per_sample_weights of weight's dtype {weight.dtype} and "
            f"the indices' shape {tuple(indices.shape)}, got {psw.dtype} and "
            f"{tuple(psw.shape)}"
        )


def _embedding_bag(
    weight, indices, offsets, scale_grad_by_freq, mode, sparse, psw, last, padding_idx
):
    """(bags, bag of each index, size of each bag, row of each maximum)."""
    op = "embedding_bag"
    _check_bags(op, weight, indices, offsets, mode, psw, last, padding_idx)
    _check_sparse(op, weight, sparse)
    wanted = indices.dtype
    indices, offsets = (x.to(rushlight.int64) for x in (indices, offsets))
    _check_range(op, indices, weight.shape[0], RuntimeError)
    bags = offsets.numel() - bool(last)
    # Starts of bags up to a place, less one, are the bag it is in.
    starts = offsets.new_zeros(indices.numel() + 1)
    starts.index_add_(0, offsets[:bags], rushlight.ones_like(offsets[:bags]))
    bag = starts[:-1].cumsum(0) - 1
    if last and bags:
        # What lies behind the last offset is in no bag.
        inside = int(offsets[-1])
        bag, indices = bag[:inside], indices[:inside]
        psw = None if psw is None else psw[:inside]
    where = bag
    if padding_idx is not None:
        padding_idx %= weight.shape[0]
        kept = indices != padding_idx
        bag, indices = bag[kept], indices[kept]
        psw = None if psw is None else psw[kept]
    if not bags:
        bag, indices = bag[:0], indices[:0]
        psw = None if psw is None else psw[:0]
    rows = _rows(weight, indices, None, scale_grad_by_freq)
    counts = rushlight.zeros(bags, dtype=rushlight.int64, device=bag.device)
    counts.index_add_(0, bag, rushlight.ones_like(bag))
    if mode == 2:
        result, maxima = _bag_maxima(rows, indices, bag, counts)
    else:
        result = _bag_sums(rows, bag, psw, counts, mode)
        maxima = counts
    sizes = counts
    if mode == 0:
        # As in PyTorch, sums say nothing about the bags.
        sizes = offsets.new_zeros(offsets.numel())
        maxima = sizes.clone()
    return result, *(x.to(wanted) for x in (where, sizes, maxima))


def _bag_sums(rows, bag, psw, counts, mode):
    wide = widen(rows)
    if psw is not None:
        wide = wide * widen(psw).unsqueeze(1)
    zeros = rushlight.zeros(
        counts.numel(), rows.shape[1], dtype=wide.dtype, device=wide.device
    )
    result = zeros.index_add(0, bag, wide)
    if mode == 1:
        result = result / counts.clamp(min=1).to(wide.dtype).unsqueeze(1)
    return result.to(rows.dtype)


def _bag_maxima(rows, indices, bag, counts):
    """The largest of each column, the first of equals; 0 for an empty bag."""
    bags, width = counts.numel(), rows.shape[1]
    if not rows.shape[0]:
        empty = rushlight.zeros(bags, width, dtype=rows.dtype, device=rows.device)
        return empty + rows.sum(0), empty.to(rushlight.int64)
    starts = counts.cumsum(0) - counts
    offset = rushlight.arange(int(counts.max()), device=counts.device)
    places = (starts.unsqueeze(1) + offset).clamp(max=rows.shape[0] - 1)
    outside = offset >= counts.unsqueeze(1)
    table = rows.detach().index_select(0, places.reshape(-1))
    table = table.reshape(*places.shape, width)
    table = table.masked_fill(outside.unsqueeze(2), float("-inf"))
    best = places.gather(1, table.max(1)[1])
    full = (counts > 0).unsqueeze(1)
    values = rows.gather(0, best)
    zero = rushlight.zeros((), dtype=rows.dtype, device=rows.device)
    rows_of = indices.index_select(0, best.reshape(-1)).reshape(best.shape)
    return _ops.where(full, values, zero), rows_of * full.to(rushlight.int64)


def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """The mean, sum or maximum of rows of a table, bag by bag.

    Args:
        input (Tensor): int64 or int32 indices; a bag a row, shape ``(B, n)``, or all
            bags in one, shape ``(N,)``.
        weight (Tensor): the table, shape ``(V, D)``.
        offsets (Tensor): where the bags of a 1-d input begin, shape ``(B,)``; ``None``
            for a 2-d input.
        max_norm (float, optional): rows that are looked up and longer are shortened to
            this norm, in ``weight`` itself.
        norm_type (float): the order of that norm. Default: 2.
        scale_grad_by_freq (bool): divide a row's gradient by how often it is looked up.
        mode (str): ``"mean"``, ``"sum"`` or ``"max"``. Default: ``"mean"``.
        sparse (bool): not available where a gradient is recorded.
        per_sample_weights (Tensor, optional): factors of the rows, of the input's
            shape; only for ``"sum"``.
        include_last_offset (bool): the last offset is where the last bag ends.
        padding_idx (int, optional): a row that is left out.

    Returns:
        Tensor: shape ``(B, D)``; zeros for an empty bag.

    Raises:
        ValueError: when shapes, the mode or their combination do not fit.
        RuntimeError: when an index or offset is out of range, or no int.

    Example::

        >>> table = rushlight.tensor([[1., 2.], [3., 4.]])
        >>> rushlight.nn.functional.embedding_bag(rushlight.tensor([[0, 1]]), table)
        tensor([[2., 3.]])
    """
    op = "embedding_bag"
    check_tensors(op, input, weight, offsets, per_sample_weights)
    if weight.dtype is rushlight.int64 and input.is_floating_point():
        warnings.warn(
            "embedding_bag(weight, input, ...) is deprecated, the arguments' order is "
            "embedding_bag(input, weight, ...)",
            stacklevel=2,
        )
        weight, input = input, weight
    psw = per_sample_weights
    if psw is not None and psw.shape != input.shape:
        raise ValueError(
            f"{op}: per_sample_weights ({psw.shape}) must have the same shape as the "
            f"input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(
            f"{op}: weight has to be a 2D Tensor, but got Tensor of dimension "
            f"{weight.dim()}"
        )
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                f"{op}: if input is 2D, then offsets has to be None, for every row is "
                f"a bag; got {type(offsets).__name__}"
            )
        rows, width = input.shape
        offsets = rushlight.arange(rows, dtype=input.dtype, device=input.device)
        offsets = offsets * width
        include_last_offset = False
        input = input.reshape(-1)
        psw = None if psw is None else psw.reshape(-1)
    elif input.dim() == 1:
        if offsets is None or offsets.dim() != 1:
            got = None if offsets is None else tuple(offsets.shape)
            raise ValueError(f"{op}: offsets has to be a 1D Tensor but got {got}")
    else:
        raise ValueError(
            f"{op}: input has to be 1D or 2D Tensor, but got Tensor of dimension "
            f"{input.dim()}"
        )
    if mode not in _MODES:
        raise ValueError(f"{op}: mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max":
        for name, flag in (
            ("scale_grad_by_freq", scale_grad_by_freq),
            ("sparse", sparse),
        ):
            if flag:
                raise ValueError(f"{op}: max mode does not support {name}")
    if max_norm is not None:
        _renorm_rows(op, weight, input, max_norm, norm_type)
    if psw is not None and mode != "sum":
        raise NotImplementedError(
            f"{op}: per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}')"
        )
    return _embedding_bag(
        weight,
        input,
        offsets,
        scale_grad_by_freq,
        _MODES[mode],
        sparse,
        psw,
        include_last_offset,
        padding_idx,
    )[0]
