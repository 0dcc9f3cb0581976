"""Initial values for parameters; every function fills its tensor and returns it.

The generator is consumed as PyTorch consumes it, so the same seed gives the same
weights.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import math
import warnings

import rushlight

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

_FIXED_GAINS = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


_skipping: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "rushlight.nn.init._skipping", default=False
)


@contextlib.contextmanager
def _suspended():
    """Let the functions below return their tensor as it is, and draw nothing."""
    token = _skipping.set(True)
    try:
        yield
    finally:
        _skipping.reset(token)


def _filler(function):
    """Run ``function`` without gradients, or not at all inside ``_suspended()``."""

    @functools.wraps(function)
    def fill(tensor, *args, **kwargs):
        if _skipping.get():
            return tensor
        with rushlight.no_grad():
            return function(tensor, *args, **kwargs)

    return fill


def calculate_gain(nonlinearity, param=None):
    """Return the factor that keeps the variance through a nonlinearity.

    Args:
        nonlinearity: its name in ``nn.functional``, such as ``"relu"``.
        param: the negative slope of ``"leaky_relu"``. Default: 0.01.

    Raises:
        ValueError: the name is unknown, or the slope no number.

    Example:
        >>> from rushlight import nn
        >>> nn.init.calculate_gain("tanh")
        1.6666666666666667
    """
    if nonlinearity in _FIXED_GAINS:
        return _FIXED_GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    if param is None:
        param = 0.01
    elif isinstance(param, bool) or not isinstance(param, (int, float)):
        raise ValueError(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + param**2))


@_filler
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Fill with draws from the uniform distribution on ``[a, b)``.

    Example:
        >>> import rushlight
        >>> bool((rushlight.nn.init.uniform_(rushlight.empty(9), 1, 2) >= 1).all())
        True
    """
    return tensor.uniform_(a, b, generator=generator)


@_filler
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Fill with draws from the normal distribution of ``mean`` and ``std``."""
    return tensor.normal_(mean, std, generator=generator)


@_filler
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Fill with draws from a normal distribution cut off outside ``[a, b]``.

    Args:
        tensor: the tensor to fill.
        mean: mean of the normal distribution. Default: 0.
        std: its standard deviation. Default: 1.
        a: the least value. Default: -2.
        b: the greatest value. Default: 2.
        generator: the generator to draw from. Default: the default generator.
    """

    def cdf(x):
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    inside = cdf((b - mean) / std) - cdf((a - mean) / std)
    # Redrawing what falls outside is cheap while most falls inside; far from the mean,
    # uniform candidates are accepted in proportion to the density instead.
    if inside > 0.3:
        return _redraw_normal(tensor, mean, std, a, b, generator)
    return _accept_uniform(tensor, mean, std, a, b, generator)


def _redraw_normal(tensor, mean, std, a, b, generator):
    low = rushlight.tensor(a, dtype=tensor.dtype).item()
    high = rushlight.tensor(b, dtype=tensor.dtype).item()
    values = tensor.normal_(mean, std, generator=generator)
    while True:
        outside = (values < low) | (values > high)
        if not bool(outside.any()):
            break
        fresh = rushlight.empty_like(values).normal_(mean, std, generator=generator)
        values = rushlight.where(outside, fresh, values)
    return tensor if values is tensor else tensor.copy_(values)


def _accept_uniform(tensor, mean, std, a, b, generator):
    mode = max(a, min(mean, b))
    log_peak = -0.5 * ((mode - mean) / std) ** 2

    def rejected(candidates):
        log_density = candidates.sub(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        draws = rushlight.empty_like(candidates).uniform_(generator=generator)
        return draws.log_() > log_density

    values = tensor.uniform_(a, b, generator=generator)
    pending = rejected(values)
    while bool(pending.any()):
        candidates = rushlight.empty_like(tensor).uniform_(a, b, generator=generator)
        values = rushlight.where(pending, candidates, values)
        pending = pending & rejected(candidates)
    return tensor if values is tensor else tensor.copy_(values)


@_filler
def constant_(tensor, val):
    """Fill with ``val``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.init.constant_(rushlight.empty(2), 0.5)
        tensor([0.5000, 0.5000])
    """
    return tensor.fill_(val)


def ones_(tensor):
    """Fill with ones."""
    return constant_(tensor, 1.0)


@_filler
def zeros_(tensor):
    """Fill with zeros."""
    return tensor.zero_()


@_filler
def eye_(tensor):
    """Fill a matrix with the identity.

    Raises:
        ValueError: the tensor is not 2-d.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    tensor.zero_()
    tensor.diagonal().fill_(1)
    return tensor


@_filler
def dirac_(tensor, groups=1):
    """Fill a convolution's weight so that it passes its input channels through.

    Args:
        tensor: shape ``(C_out, C_in, *kernel)`` with one to three kernel dims.
        groups: the number of channel groups; each passes its own through. Default: 1.

    Raises:
        ValueError: wrong number of dims, or ``C_out`` not a multiple of ``groups``.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    centre = tuple(size // 2 for size in kernel)
    per_group = outputs // groups
    tensor.zero_()
    for group in range(groups):
        for channel in range(min(per_group, inputs)):
            tensor[(group * per_group + channel, channel, *centre)] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor):
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 "
            "dimensions"
        )
    outputs, inputs, *kernel = tensor.shape
    field = math.prod(kernel)
    return inputs * field, outputs * field


def _calculate_correct_fan(tensor, mode):
    modes = ["fan_in", "fan_out"]
    mode = mode.lower()
    if mode not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode)]


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Fill by Glorot's uniform rule (Glorot and Bengio 2010, equation 16).

    Args:
        tensor: a tensor of two or more dims.
        gain: a factor on the range. Default: 1.
        generator: the generator to draw from. Default: the default generator.

    Raises:
        ValueError: the tensor has fewer than two dims.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Fill by Glorot's normal rule (Glorot and Bengio 2010, equation 12).

    Args:
        tensor: a tensor of two or more dims.
        gain: a factor on the standard deviation. Default: 1.
        generator: the generator to draw from. Default: the default generator.

    Raises:
        ValueError: the tensor has fewer than two dims.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return normal_(tensor, 0.0, std, generator)


def kaiming_uniform_(
    tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None
):
    """Fill by He's uniform rule (He et al. 2015, equation 14).

    Args:
        tensor: a tensor of two or more dims.
        a: the negative slope of ``"leaky_relu"``. Default: 0.
        mode: ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward.
        nonlinearity: the name of the function that follows. Default: ``"leaky_relu"``.
        generator: the generator to draw from. Default: the default generator.

    Raises:
        ValueError: an unknown mode or nonlinearity, or fewer than two dims.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None
):
    """Fill by He's normal rule (He et al. 2015, equation 14).

    Args:
        tensor: a tensor of two or more dims.
        a: the negative slope of ``"leaky_relu"``. Default: 0.
        mode: ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward.
        nonlinearity: the name of the function that follows. Default: ``"leaky_relu"``.
        generator: the generator to draw from. Default: the default generator.

    Raises:
        ValueError: an unknown mode or nonlinearity, or fewer than two dims.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0, std, generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


@_filler
def orthogonal_(tensor, gain=1, generator=None):
    """Fill with a (semi) orthogonal matrix (Saxe et al. 2013).

    Args:
        tensor: a tensor of two or more dims; those after the first count as one.
        gain: a factor on the matrix. Default: 1.
        generator: the generator to draw from. Default: the default generator.

    Raises:
        ValueError: the tensor has fewer than two dims.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    shape = (rows, tensor.numel() // rows)
    matrix = rushlight.empty(shape, dtype=tensor.dtype, device=tensor.device)
    matrix.normal_(0, 1, generator=generator)
    wide = shape[0] < shape[1]
    q, r = rushlight.linalg.qr(matrix.t() if wide else matrix)
    # The signs make the distribution uniform (Mezzadri 2007, section 5).
    q = q * r.diagonal().sign()
    tensor.copy_((q.t() if wide else q).reshape(tensor.shape))
    return tensor.mul_(gain)


def _deprecated(function):
    old_name = function.__name__[:-1]

    def init(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old_name}` is now deprecated in favor of "
            f"`nn.init.{function.__name__}`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    init.__name__ = init.__qualname__ = old_name
    init.__doc__ = f"Deprecated name of :func:`{function.__name__}`."
    return init


constant = _deprecated(constant_)
dirac = _deprecated(dirac_)
eye = _deprecated(eye_)
kaiming_normal = _deprecated(kaiming_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
normal = _deprecated(normal_)
orthogonal = _deprecated(orthogonal_)
uniform = _deprecated(uniform_)
xavier_normal = _deprecated(xavier_normal_)
xavier_uniform = _deprecated(xavier_uniform_)
