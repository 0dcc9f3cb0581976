"""Resampling on regular grids: ``interpolate`` and the older names of it."""

from __future__ import annotations

import warnings

import rushlight
from rushlight.nn._functional import resize_taps
from rushlight.nn._functional.averaging import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)

_REDUCED = (rushlight.float16, rushlight.bfloat16)
# mode -> the number of dims of the input it takes.
_DIMS = {"linear": 3, "bilinear": 4, "trilinear": 5, "bicubic": 4, "lanczos": 4}
_FREE = ("nearest", "nearest-exact", "area")


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """Bring the spatial dims of a tensor to another size.

    Args:
        input: shape ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        size: the output's spatial size, an int or one a dim.
        scale_factor: the output's size as a multiple of the input's, a number or one a
            dim, instead of ``size``.
        mode: ``"nearest"``, ``"nearest-exact"`` (as images libraries round), ``"area"``
            (means), or by the number of spatial dims ``"linear"``, ``"bilinear"`` and
            ``"bicubic"``, ``"trilinear"``; ``"lanczos"`` for two, ``antialias`` alone.
        align_corners: whether the corner elements' centers, instead of their outer
            corners, coincide; for the modes named linear or cubic.
            Default: ``False``.
        recompute_scale_factor: use the ratio of the sizes instead of ``scale_factor``.
        antialias: widen the filter when the output is smaller; for ``"bilinear"``,
            ``"bicubic"`` and ``"lanczos"``. Default: ``False``.

    Returns:
        A tensor of the new size, of the input's dtype.

    Raises:
        ValueError: both or none of ``size`` and ``scale_factor``, or of another length
            than the spatial dims; an option that the mode does not have.
        NotImplementedError: the mode does not take such an input.
        RuntimeError: an empty size.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> x = rushlight.tensor([[[1.0, 2.0]]])
        >>> F.interpolate(x, scale_factor=2, mode="linear")
        tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])
    """
    if mode in _FREE:
        if align_corners is not None:
            raise ValueError(
                "interpolate(): align_corners option can only be set with the "
                "interpolating modes: linear | bilinear | bicubic | trilinear, got "
                f"mode={mode!r}"
            )
    elif align_corners is None:
        align_corners = False
    if recompute_scale_factor and size is not None:
        raise ValueError(
            "interpolate(): recompute_scale_factor is not meaningful with an explicit "
            "size."
        )
    size, scales = _size_and_scales(
        input, size, scale_factor, mode == "area" or recompute_scale_factor
    )
    if antialias and not (
        mode in ("bilinear", "bicubic", "lanczos") and input.dim() == 4
    ):
        raise ValueError(
            "interpolate(): antialias is restricted to the bilinear, bicubic and "
            f"lanczos modes and a 4-D input, got mode={mode!r} and {input.dim()} dims"
        )
    dims = input.dim()
    if not (mode in _FREE and 3 <= dims <= 5) and _DIMS.get(mode) != dims:
        known = ", ".join((*_FREE, *_DIMS))
        needs = f"a {_DIMS[mode]}D input" if mode in _DIMS else f"to be one of {known}"
        raise NotImplementedError(
            f"interpolate(): got {dims}D input, but mode {mode!r} needs {needs}; "
            "inputs have 3, 4 or 5 dims"
        )
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError(
            "interpolate(): lanczos mode requires antialias=True and "
            "align_corners=False"
        )
    if mode == "area":
        pools = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
        return pools[dims - 3](input, size)
    _check_sizes(input, size)
    if mode in _FREE:
        return _nearest(input, size, scales, mode == "nearest-exact")
    kind = (
        "cubic" if mode == "bicubic" else "lanczos" if mode == "lanczos" else "linear"
    )
    return _filtered(input, size, scales, kind, align_corners, antialias)


def _size_and_scales(input, size, scale_factor, recompute):
    spatial = input.dim() - 2
    if size is not None and scale_factor is not None:
        raise ValueError(
            "interpolate(): only one of size or scale_factor should be defined"
        )
    if size is None and scale_factor is None:
        raise ValueError("interpolate(): either size or scale_factor should be defined")
    given = size if size is not None else scale_factor
    if isinstance(given, (tuple, list)):
        if len(given) != spatial:
            name = "size" if size is not None else "scale_factor"
            raise ValueError(
                "interpolate(): Input and output must have the same number of spatial "
                f"dimensions, but got input with spatial dimensions of "
                f"{list(input.shape[2:])} and {name}={given}"
            )
        given = list(given)
    else:
        given = [given] * spatial
    if size is not None:
        if not all(isinstance(n, int) for n in given):
            raise TypeError(
                "interpolate(): expected size to be one of int or a tuple of ints, but "
                f"got size with types {[type(n).__name__ for n in given]}"
            )
        return given, [None] * spatial
    sizes = [int(n * s) for n, s in zip(input.shape[2:], given, strict=True)]
    return sizes, [None] * spatial if recompute else [float(s) for s in given]


def _check_sizes(input, size):
    if 0 in input.shape[1:] or min(size) < 1:
        raise RuntimeError(
            "interpolate(): Input and output sizes should be greater than 0, but got "
            f"input {list(input.shape)} and output {size}"
        )


def _nearest(x, size, scales, exact):
    for i, (n, scale) in enumerate(zip(size, scales, strict=True)):
        taps = resize_taps.nearest(x.shape[2 + i], n, scale, exact)
        if taps is not None:
            x = resize_taps.resample(x, 2 + i, taps)
    return x


def _filtered(x, size, scales, kind, align_corners, antialias):
    if x.dtype is rushlight.uint8:
        return _filtered_bytes(x, size, scales, kind, align_corners, antialias)
    if not x.is_floating_point():
        raise NotImplementedError(
            f"interpolate(): not implemented for '{x.dtype}'; convert the input first"
        )
    y = x.float() if x.dtype in _REDUCED else x
    for i in reversed(range(len(size))):
        taps = resize_taps.filtered(
            kind, x.shape[2 + i], size[i], scales[i], align_corners, antialias
        )
        if taps is not None:
            y = resize_taps.resample(y, 2 + i, taps)
    return y.to(x.dtype)


def _filtered_bytes(x, size, scales, kind, align_corners, antialias):
    """In whole numbers: weights of 16 bits, each dim rounded to bytes."""
    y = x
    for i in reversed(range(len(size))):
        taps = resize_taps.filtered(
            kind, x.shape[2 + i], size[i], scales[i], align_corners, antialias
        )
        if taps is not None:
            y = resize_taps.resample_bytes(y, 2 + i, taps)
    return y


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """Deprecated name of :func:`interpolate`."""
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` "
        "instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """Deprecated: :func:`interpolate` with ``mode="nearest"``."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use "
        "`nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input, size=None, scale_factor=None):
    """Deprecated: :func:`interpolate` with ``mode="bilinear", align_corners=True``."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use "
        "`nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
