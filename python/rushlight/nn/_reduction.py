"""How a loss combines its elements."""

from __future__ import annotations

_CODES = {"none": 0, "mean": 1, "sum": 2}


def get_enum(reduction) -> int:
    """Return the code the compiled losses take for a reduction's name.

    Raises:
        ValueError: the name is not ``"none"``, ``"mean"`` or ``"sum"``.
    """
    if reduction == "elementwise_mean":
        import warnings

        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' "
            "instead.",
            stacklevel=3,
        )
        reduction = "mean"
    try:
        return _CODES[reduction]
    except (KeyError, TypeError):
        raise ValueError(f"{reduction} is not a valid value for reduction") from None


def resolve(size_average, reduce, reduction):
    """Return the reduction, where the deprecated flags are given from those."""
    if size_average is None and reduce is None:
        return reduction
    import warnings

    if reduce is False:
        reduction = "none"
    else:
        reduction = "sum" if size_average is False else "mean"
    warnings.warn(
        "size_average and reduce args will be deprecated, please use "
        f"reduction='{reduction}' instead.",
        stacklevel=4,
    )
    return reduction
