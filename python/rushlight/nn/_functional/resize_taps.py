"""Where each output of a resampled dim comes from: indices and weights."""

from __future__ import annotations

import math

import rushlight


def nearest(n, count, scale, exact):
    """The nearest input of each of ``count`` outputs, or None where nothing changes.

    The positions are computed in single precision whatever the input's dtype, as PyTorch
    computes them.
    """
    if n == count and not exact:
        return None
    steps = rushlight.arange(count)
    if count == 2 * n and not exact:
        return steps >> 1
    steps = steps.to(rushlight.float32)
    if exact:
        steps = steps + 0.5
    if scale:
        ratio = rushlight.tensor(1.0 / scale, dtype=rushlight.float32)
    else:
        ratio = rushlight.tensor(float(n)) / rushlight.tensor(float(count))
    return (steps * ratio).floor().to(rushlight.int64).clamp(max=n - 1)


def filtered(kind, n, count, scale, align_corners, antialias):
    """The taps of a linear, cubic or Lanczos filter.

    Args:
        kind: ``"linear"``, ``"cubic"`` or ``"lanczos"``.
        n: the input's size.
        count: the output's.
        scale: the factor asked for, or None.
        align_corners: as of ``interpolate``.
        antialias: as of ``interpolate``.

    Returns:
        (int64 indices, float64 weights), each of shape (taps, count), or None where every
        output is its input.
    """
    step = _step(n, count, scale, align_corners)
    if antialias:
        return _wide(kind, n, count, step)
    if n == count and (kind == "linear" or step == 1):
        return None
    if kind == "linear":
        return _linear(n, count, step, align_corners)
    return _cubic(n, count, step, align_corners)


def _step(n, count, scale, align_corners):
    """The distance in the input of neighbours in the output."""
    if align_corners:
        return (n - 1) / (count - 1) if count > 1 else 0.0
    return 1.0 / scale if scale else n / count


def _positions(count, step, align_corners):
    steps = rushlight.arange(count, dtype=rushlight.float64)
    return steps * step if align_corners else (steps + 0.5) * step - 0.5


def _linear(n, count, step, align_corners):
    at = _positions(count, step, align_corners).clamp(min=0)
    low = at.to(rushlight.int64).clamp(max=n - 1)
    high = (low + 1).clamp(max=n - 1)
    part = (at - low).clamp(0, 1)
    return rushlight.stack((low, high)), rushlight.stack((1 - part, part))


def _cubic(n, count, step, align_corners):
    at = _positions(count, step, align_corners)
    low = at.floor()
    part = at - low
    low = low.to(rushlight.int64)
    places = [(low + i).clamp(0, n - 1) for i in range(-1, 3)]
    weights = cubic_weights(part)
    return rushlight.stack(places), rushlight.stack(weights)


def cubic_weights(part, a=-0.75):
    """The weights of the four neighbours at -1, 0, 1 and 2 of a position ``part``
    behind the second (R. Keys, Cubic convolution interpolation, 1981)."""
    return [
        _far(part + 1, a),
        _near(part, a),
        _near(1 - part, a),
        _far(2 - part, a),
    ]


def _near(x, a):
    return ((a + 2) * x - (a + 3)) * x * x + 1


def _far(x, a):
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


def _triangle(x):
    return (1 - x.abs()).clamp(min=0)


def _bicubic(x):
    x = x.abs()
    outer = rushlight.where(x < 2, _far(x, -0.5), rushlight.zeros_like(x))
    return rushlight.where(x < 1, _near(x, -0.5), outer)


def _lanczos(x):
    window = rushlight.where(x.abs() < 3, x.sinc() * (x / 3).sinc(), 0 * x)
    return window


# kind -> the filter, and how far it reaches in whole elements.
_FILTERS = {"linear": (_triangle, 1), "cubic": (_bicubic, 2), "lanczos": (_lanczos, 3)}


def _wide(kind, n, count, step):
    """Taps of a filter stretched over the inputs that an output stands for."""
    shape, reach = _FILTERS[kind]
    stretch = max(step, 1.0)
    support = reach * stretch
    steps = rushlight.arange(count, dtype=rushlight.float64)
    center = (steps + 0.5) * step
    first = (center - support + 0.5).to(rushlight.int64).clamp(min=0)
    last = (center + support + 0.5).to(rushlight.int64).clamp(max=n)
    taps = min(math.ceil(support) * 2 + 1, n)
    offsets = rushlight.arange(taps).unsqueeze(-1)
    places = first + offsets
    weights = shape((places - center + 0.5) / stretch)
    weights = rushlight.where(places < last, weights, rushlight.zeros_like(weights))
    weights = weights / weights.sum(0)
    return places.clamp(max=n - 1), weights


def whole(places, weights):
    """Taps in whole numbers.

    Returns:
        (indices, int32 weights, b): the weights are the given ones times 2 ** b, as large
        as 16 bits hold.
    """
    # Inputs at the edge that stand for several taps have one weight.
    weights = list(weights)
    for i in range(len(weights) - 1, 0, -1):
        same = places[i] == places[i - 1]
        moved = rushlight.where(same, weights[i], rushlight.zeros_like(weights[i]))
        weights[i - 1] = weights[i - 1] + moved
        weights[i] = weights[i] - moved
    weights = rushlight.stack(weights)
    largest, bits = float(weights.max()), 0
    while bits < 22 and int(0.5 + largest * 2 ** (bits + 1)) < 2**15:
        bits += 1
    scaled = weights * 2**bits
    scaled = rushlight.where(scaled < 0, scaled - 0.5, scaled + 0.5)
    return places, scaled.trunc().to(rushlight.int32), bits
