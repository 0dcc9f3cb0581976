"""From a list of samples to a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import rushlight


def _is_numpy(value) -> bool:
    # By name: NumPy is only imported if the samples are NumPy's.
    kind = type(value)
    return kind.__module__ == "numpy" and kind.__name__ not in ("str_", "bytes_")


def _holds_text(array) -> bool:
    return getattr(array, "dtype", None) is not None and array.dtype.kind in "SUO"


def default_convert(data):
    """Turn NumPy arrays and scalars, also inside containers, into tensors.

    This is what a loader applies to single samples (``batch_size=None``).

    Args:
        data: a sample.

    Returns:
        The sample; other values are left as they are.

    Example:
        >>> from rushlight.utils.data import default_convert
        >>> default_convert([1, "a"])
        [1, 'a']
    """
    if isinstance(data, rushlight.Tensor):
        return data
    if _is_numpy(data):
        return data if _holds_text(data) else rushlight.as_tensor(data)
    if isinstance(data, Mapping):
        return _rebuild_mapping(data, {k: default_convert(data[k]) for k in data})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(item) for item in data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _rebuild_sequence(data, [default_convert(item) for item in data])
    return data


def default_collate(batch):
    """Stack samples of the same structure along a new first dim.

    Tensors, NumPy arrays and numbers become tensors (floats float64, ints int64, as
    PyTorch does it); text stays a list; dicts, tuples and lists are collated by
    element.

    Args:
        batch: a non-empty list of samples.

    Returns:
        A batch with the samples' structure; tuples become lists.

    Raises:
        RuntimeError: sequences of different lengths, or tensors of different shapes.
        TypeError: samples of another type.

    Example:
        >>> from rushlight.utils.data import default_collate
        >>> default_collate([(0, "a"), (1, "b")])
        [tensor([0, 1]), ('a', 'b')]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch, *, collate_fn_map=None):
    """Collate samples with functions of one's own for some types.

    Args:
        batch: a non-empty list of samples.
        collate_fn_map: from a type (or a tuple of types) to a function of the samples
            and ``collate_fn_map``. Default: none.

    Returns:
        A batch with the samples' structure.
    """
    sample = batch[0]
    for kinds, function in (collate_fn_map or {}).items():
        if isinstance(sample, kinds):
            return function(batch, collate_fn_map=collate_fn_map)
    if _is_numpy(sample) and collate_fn_map is not None:
        return _collate_numpy(batch, collate_fn_map)
    if isinstance(sample, Mapping):
        columns = {
            key: collate([row[key] for row in batch], collate_fn_map=collate_fn_map)
            for key in sample
        }
        return _rebuild_mapping(sample, columns)
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        columns = [
            collate(column, collate_fn_map=collate_fn_map)
            for column in zip(*batch, strict=True)
        ]
        return type(sample)(*columns)
    if isinstance(sample, Sequence) and not isinstance(sample, (str, bytes)):
        if any(len(row) != len(sample) for row in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [
            collate(column, collate_fn_map=collate_fn_map)
            for column in zip(*batch, strict=True)
        ]
        if isinstance(sample, tuple):
            return columns
        return _rebuild_sequence(sample, columns)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or "
        f"lists; found {type(sample)}"
    )


def _rebuild_mapping(like, entries):
    try:
        if isinstance(like, MutableMapping):
            # A copy keeps what the type holds besides its entries.
            clone = copy.copy(like)
            clone.update(entries)
            return clone
        return type(like)(entries)
    except TypeError:
        return entries


def _rebuild_sequence(like, items):
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            for at, item in enumerate(items):
                clone[at] = item
            return clone
        return type(like)(items)
    except TypeError:
        return items


def _collate_tensors(batch, *, collate_fn_map=None):
    return rushlight.stack(list(batch), 0)


def _collate_numpy(batch, collate_fn_map):
    sample = batch[0]
    if _holds_text(sample):
        raise TypeError(
            "default_collate: batch must contain tensors, numpy arrays, numbers, dicts "
            f"or lists; found {sample.dtype}"
        )
    if type(sample).__name__ == "ndarray":
        tensors = [rushlight.as_tensor(array) for array in batch]
        return collate(tensors, collate_fn_map=collate_fn_map)
    import numpy

    return rushlight.as_tensor(numpy.asarray(batch))


def _collate_floats(batch, *, collate_fn_map=None):
    return rushlight.tensor(list(batch), dtype=rushlight.float64)


def _collate_ints(batch, *, collate_fn_map=None):
    return rushlight.tensor(list(batch))


def _collate_text(batch, *, collate_fn_map=None):
    return batch


default_collate_fn_map = {
    rushlight.Tensor: _collate_tensors,
    float: _collate_floats,
    int: _collate_ints,
    str: _collate_text,
    bytes: _collate_text,
}
