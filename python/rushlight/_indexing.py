"""``tensor[index]`` beyond what the compiled core does itself.

The core takes ints, slices, None and Ellipsis. Here an index is split in two: these and
bools make a view; the tensors, masks, lists and arrays that remain go to one ``index``
or ``index_put_`` call.
"""

from __future__ import annotations

import operator
import warnings

import rushlight
from rushlight import _ops
from rushlight._core import Tensor

_FULL = slice(None)
_MAX_SEQUENCE_AS_TUPLE = 32


def getitem(tensor, index):
    """``tensor[index]`` for any index that PyTorch takes.

    Args:
        tensor (Tensor): of any shape.
        index: an int, bool, slice, None, Ellipsis, int or bool tensor, NumPy array,
            list, range, or a tuple of these.

    Returns:
        Tensor: a view when the index has neither tensors nor sequences, else a copy.

    Raises:
        IndexError: for positions out of range, too many indices, shapes that do not
            broadcast or objects that are no index.

    Example::

        >>> x = rushlight.arange(6).reshape(2, 3)
        >>> x[[1, 0], [0, 2]]
        tensor([3, 2])
        >>> x[x > 3]
        tensor([4, 5])
    """
    if isinstance(index, Tensor) and (index.dim() > 0 or index.dtype is rushlight.bool):
        return _ops.index(tensor, (index,))
    view, indices = _split(tensor, index)
    if not indices:
        return view
    return _ops.index(view, indices)


def setitem(tensor, index, value):
    """``tensor[index] = value`` for any index that PyTorch takes.

    Args:
        tensor (Tensor): written in place.
        index: as for :func:`getitem`.
        value (Tensor or Number): broadcast to the indexed shape. A tensor has the
            same dtype; a list or array is converted.

    Raises:
        IndexError: as for :func:`getitem`; nothing is written then.
        RuntimeError: when shapes or dtypes do not fit.
    """
    if isinstance(index, Tensor) and (index.dim() > 0 or index.dtype is rushlight.bool):
        view, indices = tensor, (index,)
    else:
        view, indices = _split(tensor, index)
    if not indices:
        view[...] = value
        return
    is_number = not isinstance(value, Tensor)
    if is_number:
        is_number = isinstance(value, (bool, int, float, complex))
        if not is_number:
            value = rushlight.tensor(value, dtype=tensor.dtype, device=tensor.device)
    if _is_one_mask(view, indices) and (is_number or value.numel() == 1):
        mask = indices[0]
        mask = mask[(...,) + (None,) * (view.dim() - mask.dim())]
        _ops.masked_fill_(view, mask, value if is_number else value.reshape(()))
        return
    if is_number:
        if isinstance(value, complex) and not tensor.is_complex():
            raise RuntimeError(
                f"value cannot be converted to type {tensor.dtype} without overflow"
            )
        value = rushlight.tensor(value, dtype=tensor.dtype, device=tensor.device)
    # As in a plain assignment, leading dims of size 1 do not count.
    while value.dim() > 1 and value.shape[0] == 1:
        value = value[0]
    _ops.index_put_(view, indices, value)


def _is_one_mask(view, indices):
    mask = indices[0]
    if len(indices) > 1 or mask is None or mask.dtype is not rushlight.bool:
        return False
    n = mask.dim()
    return 0 < n <= view.dim() and tuple(view.shape[:n]) == tuple(mask.shape)


def _as_tuple(index):
    if isinstance(index, tuple):
        return index
    if isinstance(index, list) and 0 < len(index) < _MAX_SEQUENCE_AS_TUPLE:
        nested = any(
            i is None
            or i is Ellipsis
            or isinstance(i, (slice, Tensor, list, tuple, range))
            for i in index
        )
        if nested:
            warnings.warn(
                "Using a non-tuple sequence for multidimensional indexing is "
                "deprecated: use x[tuple(seq)], or x[rushlight.tensor(seq)] for an "
                "index of its shape.",
                UserWarning,
                stacklevel=4,
            )
            return tuple(index)
    return (index,)


def _is_array(item):
    return hasattr(item, "__array_interface__") or hasattr(item, "__array__")


def _as_index_tensor(item, device):
    """A tensor for a list, range, array or tensor; None for an int or bool."""
    if isinstance(item, Tensor):
        index = item
    elif isinstance(item, (list, tuple, range)):
        index = rushlight.tensor(list(item) if isinstance(item, range) else item)
        if index.numel() == 0 or index.is_floating_point():
            # As the old LongTensor(sequence): fractions are cut off.
            index = index.to(rushlight.int64)
    elif _is_array(item) and (
        getattr(item, "ndim", 0) > 0 or type(item).__name__ == "ndarray"
    ):
        index = rushlight.as_tensor(item)
        if index.dtype is not rushlight.bool and index.dtype is not rushlight.uint8:
            if index.is_complex():
                raise IndexError(
                    "tensors used as indices must be long, int, byte or bool tensors, "
                    f"got {index.dtype}"
                )
            index = index.to(rushlight.int64)
    elif isinstance(item, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(item).__name__}'")
    else:
        return None
    return index if index.device == device else index.to(device=device)


def _dims_used(item):
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    if isinstance(item, Tensor) and _is_mask(item):
        return item.dim()
    return 1


def _prepare(item, device):
    if item is None or item is Ellipsis or isinstance(item, (bool, slice)):
        return item
    tensor = _as_index_tensor(item, device)
    if tensor is None:
        try:
            position = operator.index(item)
            if not -(2**63) <= position < 2**63:
                raise ValueError("Overflow when unpacking long long")
            return position
        except TypeError:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long "
                f"or byte Variables are valid indices (got {type(item).__name__})"
            ) from None
    if (
        tensor.dim() > 0
        or tensor.dtype is rushlight.bool
        or tensor.dtype is rushlight.uint8
    ):
        return tensor
    if tensor.is_floating_point() or tensor.is_complex():
        raise IndexError(
            "tensors used as indices must be long, int, byte or bool tensors, got "
            f"{tensor.dtype}"
        )
    return int(tensor)


def _split(tensor, index):
    """The view that the basic parts make, and its dims' tensors (None: all of it)."""
    items = [_prepare(item, tensor.device) for item in _as_tuple(index)]
    if sum(item is Ellipsis for item in items) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    used = sum(_dims_used(item) for item in items)
    if used > tensor.dim():
        raise IndexError(f"too many indices for tensor of dimension {tensor.dim()}")
    basic = []
    indices = []
    found = False
    for item in items:
        if item is Ellipsis:
            missing = tensor.dim() - used
            basic += [_FULL] * missing
            indices += [None] * missing
        elif isinstance(item, bool):
            # A dim of size 1, of which all or nothing is taken.
            basic.append(None)
            chosen = [0] if item else []
            indices.append(
                rushlight.tensor(chosen, dtype=rushlight.int64, device=tensor.device)
            )
            found = True
        elif isinstance(item, Tensor):
            basic += [_FULL] * item.dim() if _is_mask(item) else [_FULL]
            if item.dim() == 0:
                basic.append(None)
                item = _ops.nonzero_tuple(item)[0]
            indices.append(item)
            found = True
        else:
            basic.append(item)
            if item is None or isinstance(item, slice):
                indices.append(None)
    view = tensor[tuple(basic)]
    return view, tuple(indices) if found else ()


def _is_mask(tensor):
    return tensor.dtype is rushlight.bool or tensor.dtype is rushlight.uint8
