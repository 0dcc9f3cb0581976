"""Random numbers of the transforms, from the default generator in PyTorch's order."""

from __future__ import annotations

import math

import rushlight


def chance(p) -> bool:
    """Whether something of a probability happens."""
    return bool(rushlight.rand(1) < p)


def uniform(low, high) -> float:
    """A number of a range, drawn in float32."""
    return rushlight.empty(1).uniform_(float(low), float(high)).item()


def integer(low, high) -> int:
    """One of ``low``, ..., ``high - 1``."""
    return rushlight.randint(low, high, (1,)).item()


def _box(area, scale, ratio, log_ratio):
    """The sides of a box: a part of an area, and their ratio drawn by its logarithm."""
    target = area * uniform(*scale)
    aspect = rushlight.exp(rushlight.tensor(uniform(*log_ratio))).item()
    return round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))


def _log(ratio):
    return rushlight.log(rushlight.tensor([float(r) for r in ratio])).tolist()


def resized_crop(height, width, scale, ratio) -> tuple[int, int, int, int]:
    """top, left, height and width of a part of an image (Szegedy et al. 2015).

    After ten boxes that do not fit, the largest in the middle whose ratio is allowed.
    """
    log_ratio = _log(ratio)
    for _ in range(10):
        w, h = _box(height * width, scale, ratio, log_ratio)
        if 0 < w <= width and 0 < h <= height:
            top = integer(0, height - h + 1)
            return top, integer(0, width - w + 1), h, w
    w, h = width, height
    if width / height < min(ratio):
        h = round(width / min(ratio))
    elif width / height > max(ratio):
        w = round(height * max(ratio))
    return (height - h) // 2, (width - w) // 2, h, w


def erased_box(channels, height, width, scale, ratio, value=None):
    """top, left, height, width and the patch of a box to erase (Zhong et al. 2020).

    ``value`` is one number a channel, or one, or ``None`` for normal noise. ``None``
    when ten boxes did not fit.
    """
    log_ratio = _log(ratio)
    for _ in range(10):
        h, w = _box(height * width, scale, ratio, log_ratio)
        if h >= height or w >= width:
            continue
        if value is None:
            patch = rushlight.empty(channels, h, w).normal_()
        else:
            patch = rushlight.tensor(value)[:, None, None]
        top = integer(0, height - h + 1)
        return top, integer(0, width - w + 1), h, w, patch
    return None


def corners(width, height, distortion_scale):
    """The corners of an image, and where a perspective takes them."""
    across = int(distortion_scale * (width // 2))
    down = int(distortion_scale * (height // 2))

    def near(reach):
        return integer(0, reach + 1)

    def far(size, reach):
        return integer(size - reach - 1, size)

    end = [
        [near(across), near(down)],
        [far(width, across), near(down)],
        [far(width, across), far(height, down)],
        [near(across), far(height, down)],
    ]
    right, bottom = width - 1, height - 1
    return [[0, 0], [right, 0], [right, bottom], [0, bottom]], end


def affine(degrees, translate, scale, shear, width, height):
    """angle, translations in pixels, scale and shears; ``None`` draws nothing."""
    angle = uniform(*degrees)
    shift = (0, 0)
    if translate is not None:
        across, down = float(translate[0] * width), float(translate[1] * height)
        x = round(uniform(-across, across))
        shift = (x, round(uniform(-down, down)))
    factor = 1.0 if scale is None else uniform(*scale)
    shear_x = shear_y = 0.0
    if shear is not None:
        shear_x = uniform(shear[0], shear[1])
        if len(shear) == 4:
            shear_y = uniform(shear[2], shear[3])
    return angle, shift, factor, (shear_x, shear_y)


def displacement(alpha, sigma, height, width, blur) -> rushlight.Tensor:
    """``(1, H, W, 2)``: noise smoothed by ``blur``, as parts of half the sides."""
    parts = []
    for strength, deviation, side in zip(alpha, sigma, (width, height), strict=True):
        noise = rushlight.rand(1, 1, height, width).mul_(2).sub_(1)
        if deviation > 0.0:
            window = int(8 * deviation + 1) | 1
            noise = blur(noise, [window, window], list(sigma))
        parts.append(noise * strength / side)
    return rushlight.cat(parts, 1).permute(0, 2, 3, 1)


def _gamma(alpha) -> float:
    """A gamma variate by Marsaglia and Tsang 2000, each draw in float64."""

    def standard_uniform():
        return rushlight.rand((), dtype=rushlight.float64).item()

    def standard_normal():
        return rushlight.empty(1, dtype=rushlight.float64).normal_().item()

    scale = 1.0
    if alpha < 1.0:
        if alpha == 0.0:
            return 0.0
        scale = (1.0 - standard_uniform()) ** (1.0 / alpha)
        alpha += 1.0
    d = alpha - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = standard_normal()
        y = 1.0 + c * x
        if y <= 0.0:
            continue
        v = y * y * y
        u = 1.0 - standard_uniform()
        if u < 1.0 - 0.0331 * x**4:
            return scale * d * v
        if math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return scale * d * v


def dirichlet(alpha, rows=1) -> rushlight.Tensor:
    """``(rows, len(alpha))``: each row positive, of sum 1."""
    tiny = rushlight.finfo(rushlight.float64).tiny
    drawn = [[max(tiny, _gamma(a)) for a in alpha] for _ in range(rows)]
    parts = rushlight.tensor(drawn, dtype=rushlight.float64)
    parts = (parts / parts.sum(-1, keepdim=True)).to(rushlight.float32)
    info = rushlight.finfo(rushlight.float32)
    return parts.clamp_(info.tiny, 1.0 - info.eps / 2)
