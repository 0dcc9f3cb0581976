"""One-number arguments spread over the spatial dims."""

from __future__ import annotations

import operator


def spread(value, count, op, name):
    """Return ``value`` as a list of ``count`` ints.

    Raises:
        TypeError: ``value`` is neither an int nor a sequence of ints.
        RuntimeError: the sequence has another length than 1 or ``count``.
    """
    if isinstance(value, int):
        return [value] * count
    try:
        values = [operator.index(v) for v in value]
    except TypeError:
        raise TypeError(
            f"{op}(): argument '{name}' must be an int or a tuple of {count} ints, got "
            f"{type(value).__name__} {value!r}"
        ) from None
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise RuntimeError(
            f"{op}(): expected {name} to be a single integer value or a list of "
            f"{count} values to match the spatial dimensions, but got {name}={values}"
        )
    return values


def check_rank(op, input, spatial):
    """Raise RuntimeError unless ``input`` is (N, C, *spatial) or (C, *spatial)."""
    if input.dim() not in (spatial + 1, spatial + 2):
        raise RuntimeError(
            f"{op}(): Expected {spatial + 1}D (unbatched) or {spatial + 2}D (batched) "
            f"input to {op}, but got input of size: {list(input.shape)}"
        )
