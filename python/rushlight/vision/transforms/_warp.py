"""Affine, perspective and elastic maps of tensor images: a grid, then its samples."""

from __future__ import annotations

import math

import rushlight
from rushlight.nn import functional as nnf

_MODES = ("nearest", "bilinear")


def affine_matrix(center, angle, translate, scale, shear, inverted=True):
    """The first two rows of a rotation, shear, scale and shift, row after row.

    The map is ``T C R(angle) S(shear) scale C^-1``, with ``C`` the shift to ``center``
    and ``T`` by ``translate``. ``inverted``: from places in the result to the input.
    """
    turn, across, down = (math.radians(x) for x in (angle, *shear))
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(turn - down) / math.cos(down)
    b = -a * math.tan(across) - math.sin(turn)
    c = math.sin(turn - down) / math.cos(down)
    d = -c * math.tan(across) + math.cos(turn)
    if inverted:
        a, b, c, d = d / scale, -b / scale, -c / scale, a / scale
        x, y = -cx - tx, -cy - ty
        return [a, b, a * x + b * y + cx, c, d, c * x + d * y + cy]
    a, b, c, d = a * scale, b * scale, c * scale, d * scale
    return [a, b, cx + tx - a * cx - b * cy, c, d, cy + ty - c * cx - d * cy]


def expanded_size(matrix, width, height) -> tuple[int, int]:
    """Width and height of the box around a turned image.

    In float32 and cut to 1e-4, so that a corner that is off by a rounding error adds no
    row.
    """
    x, y = 0.5 * width, 0.5 * height
    points = rushlight.tensor([[-x, -y, 1.0], [-x, y, 1.0], [x, y, 1.0], [x, -y, 1.0]])
    turned = points @ rushlight.tensor(matrix).view(2, 3).T
    shift = rushlight.tensor([x, y])
    cut = [
        ((edge + shift) / 1e-4).trunc_() * 1e-4
        for edge in (turned.amin(0), turned.amax(0))
    ]
    size = cut[1].ceil_() - cut[0].floor_()
    return int(size[0]), int(size[1])


def perspective_coefficients(startpoints, endpoints) -> list[float]:
    """``a`` to ``h`` of ``x' = (a x + b y + c) / (g x + h y + 1)`` and ``y'`` likewise.

    The map takes the end points back to the start points.
    """
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints "
            f"and {len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    left = rushlight.tensor(rows, dtype=rushlight.float64)
    right = rushlight.tensor(startpoints, dtype=rushlight.float64).view(8, 1)
    solution = rushlight.linalg.lstsq(left, right, driver="gels").solution
    return solution.flatten().to(rushlight.float32).tolist()


def _steps(count, first, like):
    """``first``, ``first + 1``, ...: pixel centres."""
    last = first + count - 1
    return rushlight.linspace(first, last, count, dtype=like.dtype, device=like.device)


def _linear(weights, x, y):
    """``w0 x + w1 y + w2`` of a row ``x`` and a column ``y``."""
    return (x * weights[0] + y * weights[1]).add_(weights[2])


def affine_grid(matrix, size, out_size, like):
    """Where ``grid_sample`` looks, ``(1, H, W, 2)``, for a map around the centre."""
    height, width = size
    out_height, out_width = out_size
    x = _steps(out_width, 0.5 - out_width * 0.5, like)
    y = _steps(out_height, 0.5 - out_height * 0.5, like).unsqueeze_(-1)
    theta = rushlight.tensor(matrix, dtype=like.dtype, device=like.device).view(2, 3)
    across = _linear(theta[0] / (0.5 * width), x, y)
    down = _linear(theta[1] / (0.5 * height), x, y)
    return rushlight.stack([across, down], -1).unsqueeze_(0)


def perspective_grid(coefficients, size, like):
    """Where ``grid_sample`` looks, ``(1, H, W, 2)``, for a perspective map."""
    height, width = size
    x = _steps(width, 0.5, like)
    y = _steps(height, 0.5, like).unsqueeze_(-1)
    rows = rushlight.tensor(
        [*coefficients, 1.0], dtype=like.dtype, device=like.device
    ).view(3, 3)
    distance = _linear(rows[2], x, y)
    across = _linear(rows[0] / (0.5 * width), x, y).div_(distance).sub_(1.0)
    down = _linear(rows[1] / (0.5 * height), x, y).div_(distance).sub_(1.0)
    return rushlight.stack([across, down], -1).unsqueeze_(0)


def identity_grid(size, like):
    """Where ``grid_sample`` looks to give the image itself, ``(1, H, W, 2)``."""
    height, width = size
    across, down = (
        rushlight.linspace(
            (1 - n) / n, (n - 1) / n, n, dtype=like.dtype, device=like.device
        )
        for n in (width, height)
    )
    shape = (height, width)
    both = [across.expand(shape), down.unsqueeze(-1).expand(shape)]
    return rushlight.stack(both, -1).unsqueeze_(0)


def real_like(image):
    """An empty tensor of the dtype and device that an image's grid has."""
    dtype = image.dtype if image.is_floating_point() else rushlight.float32
    return rushlight.empty(0, dtype=dtype, device=image.device)


def check_warp(image, mode, fill) -> None:
    """Raises ValueError for a mode that tensors do not have, or a fill that misfits."""
    if isinstance(fill, (tuple, list)):
        channels = 1 if image.ndim == 2 else image.shape[-3]
        if len(fill) > 1 and len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' cannot broadcast to match the number "
                f"of channels of the image ({len(fill)} != {channels})"
            )
    if mode not in _MODES:
        raise ValueError(
            f"Interpolation mode '{mode}' is unsupported with Tensor input; there are "
            "nearest and bilinear"
        )


def sample(image, grid, mode, fill):
    """An image's values at a grid's places; ``fill`` is what lies outside."""
    channels, height, width = image.shape[-3:]
    shape = (*image.shape[:-3], channels, *grid.shape[1:3])
    if image.numel() == 0:
        return image.reshape(shape)
    planes = image.reshape(-1, channels, height, width).to(grid.dtype)
    count = planes.shape[0]
    if isinstance(fill, (int, float)):
        fill = [float(fill)]
    if fill is not None and mode == "nearest" and not any(fill):
        fill = None  # zeros lie outside anyway
    if fill is not None:
        # How much of each sample comes from inside, as one more channel.
        planes = rushlight.cat([planes, planes.new_ones(count, 1, height, width)], 1)
    result = nnf.grid_sample(
        planes,
        grid.expand(count, *grid.shape[1:]),
        mode=mode,
        padding_mode="zeros",
        align_corners=False,
    )
    if fill is not None:
        result, inside = result[:, :-1], result[:, -1:]
        around = result.new_tensor([float(value) for value in fill]).view(1, -1, 1, 1)
        if mode == "nearest":
            result = rushlight.where(inside < 0.5, around, result)
        else:
            result = result * inside + (1.0 - inside) * around
    if not image.is_floating_point():
        result = result.round_()
    return result.to(image.dtype).view(shape)
