"""One-number arguments spread over the spatial dims."""

from __future__ import annotations


def spread(value, count, op, name):
    """Return ``value`` as a list of ``count`` ints.

    Raises:
        TypeError: ``value`` is neither an int nor a sequence of ints.
        RuntimeError: the sequence has another length than 1 or ``count``.
    """
    if isinstance(value, int):
        return [value] * count
    try:
        values = [int(v) for v in value]
    except TypeError:
        raise TypeError(
            f"{op}(): argument '{name}' must be an int or a tuple of {count} ints, got "
            f"{type(value).__name__}"
        ) from None
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise RuntimeError(
            f"{op}(): expected {name} to be a single integer value or a list of "
            f"{count} values to match the convolution dimensions, but got "
            f"{name}={values}"
        )
    return values
