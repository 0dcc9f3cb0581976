"""Batches in page-locked memory, which a GPU copies from while the CPU goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rushlight.utils.data._collate import _rebuild_mapping, _rebuild_sequence


def pin(data):
    """Return a batch with its tensors in page-locked memory.

    Args:
        data: a batch; what has a ``pin_memory`` method is asked to do it itself.
    """
    if hasattr(data, "pin_memory"):
        return data.pin_memory()
    if isinstance(data, Mapping):
        return _rebuild_mapping(data, {key: pin(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(pin, data))
    if isinstance(data, tuple):
        return [pin(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _rebuild_sequence(data, [pin(item) for item in data])
    return data
