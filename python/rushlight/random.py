"""Random tensors and the state of the generator.

On the CPU the stream is PyTorch's: the same seed and calls give the same numbers.
"""

from __future__ import annotations

from rushlight import _core, _ops
from rushlight._core import Tensor
from rushlight._functions import _like, _place
from rushlight._ops import Generator, default_generator

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
    "set_rng_state",
]


def manual_seed(seed):
    """Seeds the default generator and returns it.

    Args:
        seed (int): taken modulo 2**64.

    Example::

        >>> _ = rushlight.manual_seed(0)
        >>> rushlight.rand(2)
        tensor([0.4963, 0.7682])
    """
    return default_generator.manual_seed(int(seed))


def seed():
    """Seeds the default generator from the operating system; returns the seed."""
    return default_generator.seed()


def initial_seed():
    """The seed the default generator was last given."""
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's state: a uint8 tensor in PyTorch's layout."""
    return default_generator.get_state()


def set_rng_state(new_state):
    """Restores what :func:`get_rng_state` returned."""
    default_generator.set_state(new_state)


class fork_rng:
    """A context after which the default generator is as it was before."""

    def __init__(self, devices=None, enabled=True):
        self.enabled = enabled

    def __enter__(self):
        self._state = get_rng_state()

    def __exit__(self, *exc):
        if self.enabled:
            set_rng_state(self._state)


def _new(size, dtype, device, requires_grad, fill):
    return _place(fill(_core.empty(*size, dtype=dtype)), None, device, requires_grad)


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False, out=None):
    """Uniform numbers in [0, 1).

    Args:
        size (int...): the shape, as ints or one sequence.
        generator (Generator, optional): default the global one.
        dtype (dtype, optional): default ``get_default_dtype()``.

    Returns:
        Tensor: of shape ``size``.
    """
    if out is not None:
        return out.resize_(*size).uniform_(generator=generator)
    return _new(
        size,
        dtype,
        device,
        requires_grad,
        lambda t: _ops.uniform_(t, generator=generator),
    )


def randn(
    *size, generator=None, dtype=None, device=None, requires_grad=False, out=None
):
    """Normal numbers of mean 0 and standard deviation 1; arguments as :func:`rand`."""
    if out is not None:
        return out.resize_(*size).normal_(generator=generator)
    return _new(
        size,
        dtype,
        device,
        requires_grad,
        lambda t: _ops.normal_(t, generator=generator),
    )


def randint(
    low=0,
    high=None,
    size=None,
    *,
    generator=None,
    dtype=None,
    device=None,
    requires_grad=False,
):
    """Whole numbers in [low, high).

    Args:
        low (int): the smallest value; the bound when ``high`` is not given.
        high (int): one above the largest value.
        size (tuple): the shape.
        dtype (dtype, optional): default int64.

    Raises:
        RuntimeError: when low >= high or a bound does not fit the dtype.
    """
    if size is None:
        low, high, size = 0, low, high
    if high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint(): argument 'size' is missing")
    dtype = _core._dtypes[5] if dtype is None else dtype
    return _new(
        (tuple(size),),
        dtype,
        device,
        requires_grad,
        lambda t: _ops.random_range_(t, int(low), int(high), generator=generator),
    )


def randperm(n, *, generator=None, dtype=None, device=None, requires_grad=False):
    """A permutation of 0, ..., n - 1; int64 unless ``dtype`` is given."""
    dtype = _core._dtypes[5] if dtype is None else dtype
    return _place(_ops.randperm(n, dtype, generator), None, device, requires_grad)


def rand_like(input, *, dtype=None, device=None, requires_grad=False, generator=None):
    """Uniform numbers in [0, 1) of ``input``'s shape and dtype."""
    result = _ops.uniform_(_like(input, dtype, "random"), generator=generator)
    return _place(result, None, device, requires_grad)


def randn_like(input, *, dtype=None, device=None, requires_grad=False, generator=None):
    """Standard normal numbers of ``input``'s shape and dtype."""
    result = _ops.normal_(_like(input, dtype, "random"), generator=generator)
    return _place(result, None, device, requires_grad)


def randint_like(
    input, low, high=None, *, dtype=None, device=None, requires_grad=False
):
    """Whole numbers in [low, high) of ``input``'s shape and dtype."""
    if high is None:
        low, high = 0, low
    result = _ops.random_range_(_like(input, dtype, "random"), int(low), int(high))
    return _place(result, None, device, requires_grad)


def normal(mean=0.0, std=1.0, size=None, *, generator=None, dtype=None):
    """Normal numbers of the given means and deviations, numbers or tensors."""
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if size is None:
            raise TypeError("normal(): argument 'size' is needed for numbers")
        return _ops.normal_(
            _core.empty(size, dtype=dtype), float(mean), float(std), generator=generator
        )
    if not isinstance(std, Tensor):
        noise = _ops.normal_(
            _like(mean, None, "normal"), 0.0, float(std), generator=generator
        )
        return noise + mean
    shape = std.shape if not isinstance(mean, Tensor) else (mean + std).shape
    noise = _ops.normal_(_core.empty(shape, dtype=std.dtype), generator=generator)
    return noise * std + mean


def bernoulli(input, p=None, *, generator=None, out=None):
    """Ones with the probabilities in ``input`` (or ``p``), else zeros.

    Args:
        input (Tensor): floating, of any shape.
        p (float, optional): one probability for all.
        generator (Generator, optional): instead of the default one.

    Raises:
        RuntimeError: when a probability is outside [0, 1].
    """
    result = _like(input, None, "bernoulli") if out is None else out
    if result.shape != input.shape:
        result.resize_(input.shape)
    if p is not None:
        return _ops.bernoulli_number_(result, float(p), generator=generator)
    if out is None:
        return _ops.bernoulli_tensor_(result, input, generator=generator)
    return _ops.bernoulli_tensor_(result, input.detach(), generator=generator)


def _bernoulli_(self, p=0.5, *, generator=None):
    """Fills with ones of probability ``p`` (a number or tensor), else zeros."""
    if isinstance(p, Tensor):
        return _ops.bernoulli_tensor_(self, p.detach(), generator=generator)
    return _ops.bernoulli_number_(self, float(p), generator=generator)


def _random_(self, *args, generator=None, **kwargs):
    """Fills with whole numbers: ``random_()``, ``random_(to)``, ``random_(from, to)``."""
    low = kwargs.pop("from", None)
    high = kwargs.pop("to", None)
    if kwargs:
        raise TypeError(
            f"random_() got an unexpected keyword argument {next(iter(kwargs))!r}"
        )
    if len(args) == 1:
        low, high = (low, args[0]) if low is not None else (0, args[0])
    elif len(args) == 2:
        low, high = args
    elif high is not None and low is None:
        low = 0
    return _ops.random_range_(self, low, high, generator=generator)
