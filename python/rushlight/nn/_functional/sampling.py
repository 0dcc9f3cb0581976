"""Sampling at given positions: ``grid_sample`` and the grids of affine maps."""

from __future__ import annotations

import itertools
import math
import warnings

import rushlight
from rushlight._results import give
from rushlight.nn._functional.padding import pad
from rushlight.nn._functional.resize_taps import cubic_weights

_MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
_PADDINGS = {"zeros": 0, "border": 1, "reflection": 2}
_REDUCED = (rushlight.float16, rushlight.bfloat16)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """Sample images or volumes at positions, as a spatial transformer does.

    Args:
        input: shape ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        grid: positions ``(x, y)`` or ``(x, y, z)`` in [-1, 1], of shape
            ``(N, H_out, W_out, 2)`` or ``(N, D_out, H_out, W_out, 3)``.
        mode: ``"bilinear"``, ``"nearest"`` or, for images, ``"bicubic"``.
        padding_mode: what lies outside: ``"zeros"``, ``"border"`` (the nearest edge) or
            ``"reflection"``.
        align_corners: whether -1 and 1 are the centers of the corner pixels instead of
            their outer corners. Default: ``False``, with a warning.

    Returns:
        A tensor of shape ``(N, C, H_out, W_out)`` or ``(N, C, D_out, H_out, W_out)``.

    Raises:
        ValueError: an unknown mode.
        RuntimeError: the shapes or dtypes do not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> x = rushlight.tensor([[[[1.0, 3.0]]]])
        >>> F.grid_sample(x, rushlight.zeros(1, 1, 1, 2), align_corners=False)
        tensor([[[[2.]]]])
    """
    if mode not in _MODES:
        raise ValueError(
            "grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "grid_sample(): expected padding_mode to be 'zeros', 'border' or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        _warn_of_corners("grid_sample")
        align_corners = False
    return grid_sampler(
        input, grid, _MODES[mode], _PADDINGS[padding_mode], align_corners
    )


def _warn_of_corners(name):
    warnings.warn(
        f"{name}(): align_corners is False by default since version 1.3.0 of PyTorch; "
        "pass align_corners=True for what it was before.",
        stacklevel=3,
    )


def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """:func:`torch.nn.functional.grid_sample` with numbers for the modes.

    Args:
        input: shape ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        grid: positions as of ``grid_sample``.
        interpolation_mode: 0 bilinear, 1 nearest, 2 bicubic.
        padding_mode: 0 zeros, 1 border, 2 reflection.
        align_corners: as of ``grid_sample``.

    Returns:
        The samples.

    Raises:
        RuntimeError: the shapes or dtypes do not fit.
    """
    if input.dim() not in (4, 5) or input.dim() != grid.dim():
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of "
            f"dimensions, but got input with sizes {list(input.shape)} and grid with "
            f"sizes {list(grid.shape)}"
        )
    return _sample(
        "grid_sampler", input, grid, interpolation_mode, padding_mode, align_corners
    )


def grid_sampler_2d(
    input, grid, interpolation_mode, padding_mode, align_corners, *, out=None
):
    """:func:`grid_sampler` of images.

    Shape:
        Input (N, C, H, W), grid (N, H_out, W_out, 2), output (N, C, H_out, W_out).

    Example:
        >>> import rushlight
        >>> x = rushlight.tensor([[[[1.0, 3.0]]]])
        >>> rushlight.grid_sampler_2d(x, rushlight.zeros(1, 1, 1, 2), 0, 0, False)
        tensor([[[[2.]]]])
    """
    return give(
        "grid_sampler_2d",
        _of_dims(2, input, grid, interpolation_mode, padding_mode, align_corners),
        out,
    )


def grid_sampler_3d(
    input, grid, interpolation_mode, padding_mode, align_corners, *, out=None
):
    """:func:`grid_sampler` of volumes.

    Shape:
        Input (N, C, D, H, W), grid (N, D_out, H_out, W_out, 3), output (N, C, D_out,
        H_out, W_out).
    """
    return give(
        "grid_sampler_3d",
        _of_dims(3, input, grid, interpolation_mode, padding_mode, align_corners),
        out,
    )


def _of_dims(spatial, input, grid, mode, padding, align_corners):
    op, dims = f"grid_sampler_{spatial}d", spatial + 2
    if input.dim() != dims or grid.dim() != dims:
        raise RuntimeError(
            f"{op}(): expected {dims}D input and grid, but got input with sizes "
            f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    return _sample(op, input, grid, mode, padding, align_corners)


def _check(op, input, grid, mode, padding):
    spatial = input.dim() - 2
    if input.device != grid.device or input.dtype is not grid.dtype:
        raise RuntimeError(
            f"{op}(): expected input and grid to be on same device and of the same "
            f"dtype, but got {input.dtype} on {input.device} and {grid.dtype} "
            f"on {grid.device}"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"{op}(): expected grid and input to have same batch size, but got input "
            f"with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != spatial:
        raise RuntimeError(
            f"{op}(): expected grid to have size {spatial} in last dimension, but got "
            f"grid with sizes {list(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            f"{op}(): expected input to have non-empty spatial dimensions, but input "
            f"has sizes {list(input.shape)}"
        )
    if mode == 2 and spatial == 3:
        raise RuntimeError(f"{op}(): bicubic interpolation only supports 4D input")
    if mode not in (0, 1, 2) or padding not in (0, 1, 2):
        raise RuntimeError(
            f"{op}(): modes are 0, 1 and 2, got interpolation_mode={mode} and "
            f"padding_mode={padding}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f"{op}(): not implemented for '{input.dtype}'")


def _sample(op, input, grid, mode, padding, align_corners):
    _check(op, input, grid, mode, padding)
    spatial = input.dim() - 2
    x = input.float() if input.dtype in _REDUCED else input
    places = grid.float() if grid.dtype in _REDUCED else grid
    n, c = x.shape[:2]
    sizes = x.shape[2:]
    # One position for each dim, the first dim first, of shape (N, points).
    count = math.prod(grid.shape[1:-1])
    points = places.reshape(n, count, spatial).unbind(-1)[::-1]
    at = [
        _pixels(p, size, align_corners) for p, size in zip(points, sizes, strict=True)
    ]
    source = _Source(x)
    if mode == 2:
        result = _cubic(source, at, padding, align_corners)
    else:
        at = [
            _placed(p, size, padding, align_corners, spatial == 3)
            for p, size in zip(at, sizes, strict=True)
        ]
        if mode == 1:
            result = source.take([_nearest(p) for p in at])
        else:
            result = _linear(source, at)
    return result.view(n, c, *grid.shape[1:-1]).to(input.dtype)


class _Source:
    """Images or volumes, read at integer positions; outside of them are zeros."""

    def __init__(self, x):
        self.sizes = x.shape[2:]
        # The last column is what all positions outside point at.
        self.outside = math.prod(self.sizes)
        self.flat = pad(x.flatten(2), (0, 1))

    def take(self, at, weight=None):
        """(N, C, points) at one tensor (N, points) of whole numbers for each dim, times
        a weight of that shape."""
        index, inside = None, None
        for p, size in zip(at, self.sizes, strict=True):
            here = (p >= 0) & (p <= size - 1)
            inside = here if inside is None else inside & here
            index = p if index is None else index * size + p
        # A NaN has no index.
        index = rushlight.where(inside, index, rushlight.zeros_like(index))
        index = index.to(rushlight.int64).masked_fill(~inside, self.outside)
        index = index.unsqueeze(1).expand(-1, self.flat.shape[1], -1)
        found = self.flat.gather(2, index)
        if weight is None:
            return found
        if len(self.sizes) == 3:
            # What lies outside of a volume counts as nothing even where its weight is
            # NaN; of an image it counts as a zero.
            weight = rushlight.where(inside, weight, rushlight.zeros_like(weight))
        return found * weight.unsqueeze(1)


def _nearest(p):
    return p.detach().round()


def _linear(source, at):
    low = [p.detach().floor() for p in at]
    part = [p - f for p, f in zip(at, low, strict=True)]
    total = None
    for corner in itertools.product((0, 1), repeat=len(at)):
        weight = None
        for up, p in zip(corner, part, strict=True):
            w = p if up else 1 - p
            weight = w if weight is None else weight * w
        places = [f + up for f, up in zip(low, corner, strict=True)]
        value = source.take(places, weight)
        total = value if total is None else total + value
    return total


def _cubic(source, at, padding, align_corners):
    low = [p.detach().floor() for p in at]
    weights = [cubic_weights(p - f) for p, f in zip(at, low, strict=True)]
    places = [
        [_placed(f + i, size, padding, align_corners) for i in range(-1, 3)]
        for f, size in zip(low, source.sizes, strict=True)
    ]
    total = None
    for y, wy in zip(places[0], weights[0], strict=True):
        row = None
        for x, wx in zip(places[1], weights[1], strict=True):
            value = source.take([y, x], wx)
            row = value if row is None else row + value
        row = row * wy.unsqueeze(1)
        total = row if total is None else total + row
    return total


def _pixels(p, size, align_corners):
    """Positions in [-1, 1] as positions in pixels."""
    if align_corners:
        return (p + 1) / 2 * (size - 1)
    return ((p + 1) * size - 1) / 2


def _placed(p, size, padding, align_corners, nan_is_last=False):
    """Positions brought inside by the padding mode."""
    if padding == 0:
        return p
    if padding == 2:
        p = _reflected(p, size, align_corners)
    # At the edge itself the slope is that of the outside: zero.
    inside = (p > 0) & (p < size - 1)
    fixed = p.detach()
    edge = rushlight.where(
        ~(fixed <= 0) if nan_is_last else fixed > 0,
        rushlight.full((), size - 1, dtype=p.dtype, device=p.device),
        rushlight.zeros((), dtype=p.dtype, device=p.device),
    )
    return rushlight.where(inside, p, edge)


def _reflected(p, size, align_corners):
    low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
    span = high - low
    if span == 0:
        return rushlight.zeros_like(p)
    away = p - low
    away = rushlight.where(away < 0, -away, away)
    flips = (away.detach() / span).floor()
    rest = away.fmod(span)
    even = flips.remainder(2) == 0
    return rushlight.where(even, rest + low, span - rest + low)


def affine_grid(theta, size, align_corners=None):
    """Make the grid of positions that affine maps take an output's pixels to.

    Args:
        theta: maps of shape ``(N, 2, 3)`` for images, ``(N, 3, 4)`` for volumes.
        size: of the output, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners: as of :func:`grid_sample`. Default: ``False``, with a warning.

    Returns:
        A tensor of shape ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``.

    Raises:
        ValueError: ``theta`` is not of floats or not of that shape; an empty size.
        NotImplementedError: a size of another length.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> theta = rushlight.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> F.affine_grid(theta, (1, 1, 1, 2), align_corners=False)
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    if align_corners is None:
        _warn_of_corners("affine_grid")
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(
            "affine_grid(): Expected theta to have floating point type, but got "
            f"{theta.dtype}"
        )
    spatial = len(size) - 2
    if spatial not in (2, 3):
        raise NotImplementedError(
            "affine_grid(): only 4D and 5D sizes are supported, for 2D and 3D affine "
            f"transforms, got size {tuple(size)}"
        )
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (spatial, spatial + 1):
        raise ValueError(
            f"affine_grid(): Expected a batch of {spatial}D affine matrices of shape "
            f"Nx{spatial}x{spatial + 1} for size {tuple(size)}, got {list(theta.shape)}"
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "affine_grid(): since version 1.3.0 of PyTorch a dim of one element has "
            "its position at 0 with align_corners=True, which is seldom wanted.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(
            f"affine_grid(): Expected non-zero, positive output size. Got {tuple(size)}"
        )
    return affine_grid_generator(theta, size, align_corners)


def affine_grid_generator(theta, size, align_corners, *, out=None):
    """:func:`torch.nn.functional.affine_grid` without its checks of ``theta``.

    Args:
        theta: shape ``(N, 2, 3)`` or ``(N, 3, 4)``.
        size: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners: whether -1 and 1 are the centers of the corner pixels.
        out: a tensor to write the result into.

    Returns:
        A tensor of shape ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``.

    Raises:
        RuntimeError: a size of another length, or maps that do not fit it.
    """
    spatial = len(size) - 2
    if spatial not in (2, 3):
        raise RuntimeError(
            "affine_grid_generator(): needs 4d (spatial) or 5d (volumetric) sizes, got "
            f"{tuple(size)}"
        )
    if theta.dim() != 3 or tuple(theta.shape) != (size[0], spatial, spatial + 1):
        raise RuntimeError(
            f"affine_grid_generator(): expected theta of shape "
            f"{(size[0], spatial, spatial + 1)} for size {tuple(size)}, got "
            f"{tuple(theta.shape)}"
        )
    axes = []
    for i in reversed(range(spatial)):
        n = size[2 + i]
        steps = rushlight.linspace(-1, 1, n, dtype=theta.dtype, device=theta.device)
        if n <= 1:
            steps = rushlight.zeros_like(steps)
        elif not align_corners:
            steps = steps * (n - 1) / n
        axes.append(steps.view(-1, *[1] * (spatial - 1 - i)).expand(*size[2:]))
    axes.append(rushlight.ones_like(axes[0]))
    base = rushlight.stack(axes, -1).view(1, -1, spatial + 1).expand(size[0], -1, -1)
    grid = base.bmm(theta.transpose(1, 2)).view(size[0], *size[2:], spatial)
    return give("affine_grid_generator", grid, out)
