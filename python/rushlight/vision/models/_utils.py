"""What several families of models share."""

from __future__ import annotations


def make_divisible(value, divisor, min_value=None) -> int:
    """The nearest multiple of ``divisor``, at least ``min_value`` and 0.9 of the value.

    Channel counts of MobileNet and EfficientNet (Sandler 2018, reference code).
    """
    smallest = divisor if min_value is None else min_value
    rounded = max(smallest, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
