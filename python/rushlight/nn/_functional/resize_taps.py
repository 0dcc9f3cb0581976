"""Where each output of a resampled dim comes from: indices and weights."""

from __future__ import annotations

import functools
import math

import rushlight
from rushlight import _ops
from rushlight.autograd.function import Function

_COMPILED = (rushlight.float32, rushlight.float64)


class Taps:
    """A sparse matrix by which a dim of ``size`` elements is resampled.

    Output i is the sum of ``weights[t, i] * input[places[t, i]]``; without weights they
    are ones.
    """

    def __init__(self, places, weights, size):
        self.places = places
        self.weights = weights
        self.size = size
        self._cast: dict = {}

    def weights_as(self, dtype):
        """The weights in another dtype."""
        if dtype not in self._cast:
            self._cast[dtype] = self.weights.to(dtype)
        return self._cast[dtype]

    @functools.cached_property
    def whole(self):
        """See :func:`_whole`."""
        return _whole(self)

    @functools.cached_property
    def transposed(self):
        """The taps of the transposed matrix, so that a gradient is a resampling too."""
        taps, count = self.places.shape
        flat = self.places.reshape(-1)
        order = flat.argsort(stable=True)
        to = flat[order]
        uses = rushlight.bincount(flat, minlength=self.size)
        rank = rushlight.arange(taps * count) - (uses.cumsum(0) - uses)[to]
        shape = (int(uses.max()), self.size)
        places = rushlight.zeros(shape, dtype=rushlight.int64)
        places[rank, to] = order.remainder(count)
        weights = rushlight.zeros(shape, dtype=rushlight.float64)
        ones = rushlight.ones(taps * count, dtype=rushlight.float64)
        given = ones if self.weights is None else self.weights.reshape(-1)[order]
        weights[rank, to] = given
        result = Taps(places, weights, count)
        result.transposed = self
        return result


class _Resample(Function):
    @staticmethod
    def forward(ctx, x, dim, taps):
        ctx.how = dim, taps
        if taps.weights is None:
            return x.index_select(dim, taps.places[0].to(x.device))
        if x.device.type == "cpu" and x.dtype in _COMPILED:
            return _ops.resample(x, dim, taps.places, taps.weights_as(x.dtype))
        return _added_up(x, dim, taps)

    @staticmethod
    def backward(ctx, g):
        dim, taps = ctx.how
        return _Resample.apply(g, dim, taps.transposed), None, None


def _added_up(x, dim, taps):
    """Tap after tap, on any device and of any dtype."""
    total = None
    for where, weights in zip(taps.places, taps.weights, strict=True):
        part = x.index_select(dim, where.to(x.device))
        weights = weights.to(x.dtype).to(x.device)
        part.mul_(weights.view(-1, *[1] * (x.dim() - 1 - dim)))
        total = part if total is None else total.add_(part)
    return total


def resample_bytes(x, dim, taps):
    """uint8 with a dim resampled in whole numbers: weights of 16 bits, then rounded."""
    whole, bits = taps.whole
    if x.device.type == "cpu":
        return _ops.resample(x, dim, whole.places, whole.weights, bits)
    total = _added_up(x.to(rushlight.int32), dim, whole)
    total = (total + (1 << (bits - 1))) >> bits
    return total.clamp(0, 255).to(rushlight.uint8)


def resample(x, dim, taps):
    """``x`` with a dim resampled. Differentiable.

    Args:
        x: of floats.
        dim: not negative.
        taps: a Taps of the dim's size.
    """
    return _Resample.apply(x, dim, taps)


# The sizes of a model's layers come again with each batch.
@functools.lru_cache(maxsize=32)
def nearest(n, count, scale, exact):
    """Taps of the nearest input of each of ``count`` outputs, or None for no change.

    The positions are computed in single precision whatever the input's dtype, as
    PyTorch computes them.
    """
    if n == count and not exact:
        return None
    steps = rushlight.arange(count)
    if count == 2 * n and not exact:
        return Taps((steps >> 1).unsqueeze(0), None, n)
    steps = steps.to(rushlight.float32)
    if exact:
        steps = steps + 0.5
    if scale:
        ratio = rushlight.tensor(1.0 / scale, dtype=rushlight.float32)
    else:
        n_, count_ = (rushlight.tensor(v, dtype=rushlight.float32) for v in (n, count))
        ratio = n_ / count_
    places = (steps * ratio).floor().to(rushlight.int64).clamp(max=n - 1)
    return Taps(places.unsqueeze(0), None, n)


@functools.lru_cache(maxsize=32)
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
        Taps, or None where every output is its input.
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
    return Taps(rushlight.stack((low, high)), rushlight.stack((1 - part, part)), n)


def _cubic(n, count, step, align_corners):
    at = _positions(count, step, align_corners)
    low = at.floor()
    part = at - low
    low = low.to(rushlight.int64)
    places = [(low + i).clamp(0, n - 1) for i in range(-1, 3)]
    weights = cubic_weights(part)
    return Taps(rushlight.stack(places), rushlight.stack(weights), n)


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
    return Taps(places.clamp(max=n - 1), weights, n)


def _whole(taps):
    """Taps in whole numbers.

    Returns:
        (Taps, b): the weights are int32, the given ones times 2 ** b, as large as 16
        bits hold.
    """
    # Inputs at the edge that stand for several taps have one weight.
    places, weights = taps.places, list(taps.weights)
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
    return Taps(places, scaled.trunc().to(rushlight.int32), taps.size), bits
