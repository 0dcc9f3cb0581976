"""Random tensors and the state of the generator.

On the CPU the stream is PyTorch's: the same seed and calls give the same numbers.
"""

from __future__ import annotations

import functools

from rushlight import _core, _ops
from rushlight._core import Tensor
from rushlight._functions import _like, _place, factory_out
from rushlight._ops import Generator, default_generator
from rushlight._results import give

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
    seed = int(seed)
    _ops._cuda_seed_all(seed & 0xFFFFFFFFFFFFFFFF)
    return default_generator.manual_seed(seed)


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
    """A context after which the default generator is as it was before.

    Args:
        devices (sequence, optional): CUDA devices, of which there must be none.
        enabled (bool): False makes it do nothing.
    """

    def __init__(self, devices=None, enabled=True, device_type="cuda"):
        if enabled and devices:
            raise NotImplementedError(
                f"fork_rng(): only the CPU has a generator, got devices {devices}"
            )
        self.enabled = enabled

    def __enter__(self):
        self._state = get_rng_state()

    def __exit__(self, *exc):
        if self.enabled:
            set_rng_state(self._state)


def _filled(op, fill, size, default, options):
    """A new tensor (or ``out``) filled by ``fill``; options are those of a factory."""
    out, dtype = options.pop("out", None), options.pop("dtype", None)
    device = options.pop("device", None)
    requires_grad = options.pop("requires_grad", False)
    pin_memory = options.pop("pin_memory", False)
    _core.check_layout(op, options.pop("layout", None), pin_memory)
    named = options.pop("size", None)
    options.pop("names", None)
    if options:
        raise TypeError(
            f"{op}() got an unexpected keyword argument {next(iter(options))!r}"
        )
    if out is not None:
        shape = _core.empty(*size, size=named).shape
        return fill(factory_out(op, shape, dtype, out))
    dtype = default if dtype is None else dtype
    result = fill(_core.empty(*size, size=named, dtype=dtype, device=device))
    return _place(result, None, None, requires_grad, pin_memory)


def rand(*size, generator=None, **options):
    """Uniform numbers in [0, 1).

    Args:
        size (int...): the shape, as ints or one sequence.
        generator (Generator, optional): default the global one.
        options: out, dtype (default ``get_default_dtype()``), layout, device,
            pin_memory, requires_grad.

    Returns:
        Tensor: of shape ``size``.
    """
    return _filled(
        "rand", lambda t: _ops.uniform_(t, generator=generator), size, None, options
    )


def randn(*size, generator=None, **options):
    """Normal numbers of mean 0 and standard deviation 1; arguments as :func:`rand`.

    Shape:
        The given size.
    """
    return _filled(
        "randn", lambda t: _ops.normal_(t, generator=generator), size, None, options
    )


def randint(low=0, high=None, size=None, *, generator=None, **options):
    """Whole numbers in [low, high).

    Args:
        low (int): the smallest value; the bound when ``high`` is not given.
        high (int): one above the largest value.
        size (tuple): the shape.
        generator (Generator, optional): default the global one.
        options: as of :func:`rand`; the dtype's default is int64.

    Raises:
        RuntimeError: when low >= high or a bound does not fit the dtype.
    """
    if size is None:
        low, high, size = (0, low, high) if _is_size(high) else (low, high, None)
    if high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint(): argument 'size' is missing")

    def fill(t):
        return _ops.random_range_(t, int(low), int(high), generator=generator)

    return _filled("randint", fill, (tuple(size),), _core._dtypes[5], options)


def _is_size(value):
    return value is not None and not hasattr(value, "__index__")


def randperm(n, *, generator=None, **options):
    """A permutation of 0, ..., n - 1; int64 unless ``dtype`` is given.

    Args:
        n (int): the length.
        generator (Generator, optional): default the global one.
        options: as of :func:`rand`.

    Shape:
        (n,).
    """
    if n < 0:
        raise RuntimeError(f"randperm(): n must be non-negative, got {n}")

    def fill(t):
        return t.copy_(_ops.randperm(n, t.dtype, generator))

    return _filled("randperm", fill, (n,), _core._dtypes[5], options)


def _filled_like(op, fill, input, options):
    dtype, device = options.pop("dtype", None), options.pop("device", None)
    requires_grad = options.pop("requires_grad", False)
    pin_memory = options.pop("pin_memory", False)
    _core.check_layout(op, options.pop("layout", None), pin_memory)
    form = options.pop("memory_format", None)
    if options:
        raise TypeError(
            f"{op}() got an unexpected keyword argument {next(iter(options))!r}"
        )
    result = fill(_like(input, dtype, op, form))
    return _place(result, None, device, requires_grad, pin_memory)


def rand_like(input, *, generator=None, **options):
    """Uniform numbers in [0, 1) of ``input``'s shape and dtype.

    Args:
        input (Tensor): gives shape, dtype and order of memory.
        generator (Generator, optional): default the global one.
        options: dtype, layout, device, pin_memory, requires_grad, memory_format.
    """
    return _filled_like(
        "rand_like", lambda t: _ops.uniform_(t, generator=generator), input, options
    )


def randn_like(input, *, generator=None, **options):
    """Standard normal numbers; arguments as :func:`rand_like`.

    Shape:
        That of the input.
    """
    return _filled_like(
        "randn_like", lambda t: _ops.normal_(t, generator=generator), input, options
    )


def randint_like(input, low=0, high=None, *, generator=None, **options):
    """Whole numbers in [low, high) of ``input``'s shape; see :func:`rand_like`."""
    if high is None:
        low, high = 0, low

    def fill(t):
        return _ops.random_range_(t, int(low), int(high), generator=generator)

    return _filled_like("randint_like", fill, input, options)


def normal(mean=0.0, std=1.0, size=None, *, generator=None, **options):
    """Normal numbers of the given means and deviations, numbers or tensors.

    Args:
        mean (float or Tensor): floating or complex.
        std (float or Tensor): not negative; broadcast with ``mean``.
        size (tuple of int, optional): the shape, where both are numbers.
        generator (Generator, optional): default the global one.
        options: out; where both are numbers those of :func:`rand`.

    Raises:
        RuntimeError: for a negative or complex std, or shapes that do not fit.
    """
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if size is None:
            raise TypeError("normal(): argument 'size' is needed for numbers")

        def fill(t):
            return _ops.normal_(t, float(mean), float(std), generator=generator)

        return _filled("normal", fill, (size,), None, options)
    out = options.pop("out", None)
    if options or size is not None:
        raise TypeError("normal(): tensors take only generator and out besides")
    sources = [x for x in (mean, std) if isinstance(x, Tensor) and x.requires_grad]
    if not isinstance(std, Tensor):
        result = _normal_target(mean.shape, mean.dtype, out)
        _ops.normal_(result, 0.0, float(std), generator=generator)
        result.add_(mean.detach())
    else:
        if std.is_complex():
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if std.numel() and not float(std.detach().min()) >= 0:
            raise RuntimeError("normal expects all elements of std >= 0.0")
        if isinstance(mean, Tensor):
            shape = (mean.detach() + std.detach()).shape
            result = _normal_target(shape, mean.dtype, out)
            mean = mean.detach()
        else:
            result = _normal_target(std.shape, std.dtype, out)
        _ops.normal_(result, generator=generator).mul_(std.detach()).add_(mean)
    if sources and out is None and _core.is_grad_enabled():
        return _constant_of().apply(result, *sources)
    return result


def _normal_target(shape, dtype, out):
    # The numbers are drawn in out's own dtype and order.
    if isinstance(out, Tensor) and not (out.is_floating_point() or out.is_complex()):
        raise NotImplementedError(f'"normal" not implemented for {out.dtype}')
    result = _core.empty(shape, dtype=out.dtype if isinstance(out, Tensor) else dtype)
    return give("normal", result, out)


@functools.cache
def _constant_of():
    from rushlight.autograd.function import Function

    class ConstantOf(Function):
        """A result in the graph of tensors that it does not depend on smoothly."""

        @staticmethod
        def forward(ctx, result, *sources):
            ctx.save_for_backward(*sources)
            return result

        @staticmethod
        def backward(ctx, g):
            return (None, *(x.new_zeros(x.shape) for x in ctx.saved_tensors))

    return ConstantOf


def bernoulli(input, p=None, *, generator=None, out=None):
    """Ones with the probabilities in ``input`` (or ``p``), else zeros.

    Args:
        input (Tensor): probabilities, floating; with ``p`` only its shape and dtype
            count.
        p (float, optional): one probability for all.
        generator (Generator, optional): default the global one.
        out (Tensor, optional): of any dtype.

    Raises:
        RuntimeError: when a probability is outside [0, 1].
    """
    if out is not None:
        result = factory_out("bernoulli", input.shape, None, out)
    else:
        result = _core.empty(input.shape, dtype=input.dtype)
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
    """Fills with whole numbers, of [0, to) or [from, to) where given."""
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
