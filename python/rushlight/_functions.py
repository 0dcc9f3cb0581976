"""Functions whose Python signature is richer than the compiled op's."""

from __future__ import annotations

import builtins
import math
import warnings

from rushlight import _core, _ops
from rushlight._core import Tensor
from rushlight._results import give


def _place(result, dtype=None, device=None, requires_grad=False, pin_memory=False):
    if device is not None:
        result = result.to(device=device)
    if pin_memory:
        result = result.pin_memory()
    if requires_grad:
        result.requires_grad_()
    return result


def factory_out(op, size, dtype, out):
    """``out`` in the given shape, to be filled by a factory function.

    Raises:
        RuntimeError: when a dtype is given and ``out`` has another.
        TypeError: when ``out`` is no tensor.
    """
    if not isinstance(out, Tensor):
        raise TypeError(
            f"{op}(): argument 'out' must be Tensor, not {type(out).__name__}"
        )
    if dtype is not None and dtype != out.dtype:
        raise RuntimeError(
            f"{op}(): dtype {dtype} does not match dtype of out parameter ({out.dtype})"
        )
    if out.shape != tuple(size):
        # As in PyTorch, arange alone says so.
        if op == "arange" and out.numel():
            warnings.warn(
                f"arange(): the number of elements in the out tensor of shape "
                f"{tuple(out.shape)} is {out.numel()}, which does not match the "
                f"computed number of elements {size[0]}; it is resized",
                stacklevel=3,
            )
        out.resize_(size)
    return out


def _made(op, result, dtype, device, requires_grad, out, pin_memory):
    if out is None:
        return _place(result, None, device, requires_grad, pin_memory)
    return factory_out(op, result.shape, dtype, out).copy_(result)


def arange(
    start,
    end=None,
    step=1,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """The values ``start, start + step, ...`` below ``end``.

    Args:
        start (Number): the first value, or the end when ``end`` is not given.
        end (Number, optional): not included.
        step (Number): the distance between values.
        dtype (dtype, optional): default int64 for ints, else the default dtype.

    Returns:
        Tensor: 1-d, of ``ceil((end - start) / step)`` elements.

    Raises:
        RuntimeError: when step is 0 or leads away from end.

    Example::

        >>> rushlight.arange(3)
        tensor([0, 1, 2])
    """
    if end is None:
        start, end = 0, start
    values = [v.item() if isinstance(v, Tensor) else v for v in (start, end, step)]
    _core.check_layout("arange", layout, pin_memory)
    kind = out.dtype if dtype is None and isinstance(out, Tensor) else dtype
    if kind is None or kind.is_floating_point or kind.is_complex:
        result = _ops.arange(*values, kind)
    else:
        result = _whole_range(values, kind)
    return _made("arange", result, dtype, device, requires_grad, out, pin_memory)


def _whole_range(values, dtype):
    """arange of an integer dtype: whole steps between bounds that may not be."""
    start, _, step = whole = [int(v) for v in values]
    if dtype.itemsize == 8 or values == whole or not values[2]:
        if values[2] and not step:
            raise ValueError("arange(): step must be nonzero")
        return _ops.arange(*whole, dtype)
    # As in PyTorch, narrow integers are counted before the bounds are cut to whole
    # numbers.
    count = _ops.arange(*map(float, values), None).numel()
    return (_ops.arange(0, count, 1, None) * step + start).to(dtype)


def line_dtype(start, end, dtype, out):
    """The dtype of linspace and logspace."""
    if dtype is not None:
        return dtype
    if isinstance(out, Tensor):
        return out.dtype
    default = _core.get_default_dtype()
    for x in (start, end):
        if x.is_complex() if isinstance(x, Tensor) else isinstance(x, builtins.complex):
            return default.to_complex()
    return default


def _bound(op, value, dtype):
    if isinstance(value, Tensor):
        if value.dim():
            raise RuntimeError(
                f"{op}(): only supports 0-dimensional start and end tensors, but got a "
                f"tensor of shape {tuple(value.shape)}"
            )
        value = value.item()
    if not (dtype.is_floating_point or dtype.is_complex):
        return int(value)
    return value


def linspace(
    start,
    end,
    steps,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """``steps`` values from ``start`` to ``end``, both included.

    Shape:
        (steps,).

    Example::

        >>> rushlight.linspace(0, 1, 3)
        tensor([0.0000, 0.5000, 1.0000])
    """
    _core.check_layout("linspace", layout, pin_memory)
    kind = line_dtype(start, end, dtype, out)
    start, end = _bound("linspace", start, kind), _bound("linspace", end, kind)
    if kind.is_complex:
        result = _complex_line(start, end, steps, kind)
    else:
        result = _ops.linspace(start, end, steps, kind)
    return _made("linspace", result, dtype, device, requires_grad, out, pin_memory)


def _complex_line(start, end, steps, dtype):
    if steps < 0:
        raise RuntimeError("linspace(): number of steps must be non-negative")
    step = (end - start) / (steps - 1) if steps > 1 else 0
    # Counted from the nearer end, so that both ends are exact.
    place = _ops.arange(0, steps, 1, None)
    back = steps - 1 - place
    wide = _core._dtypes[-1]
    line = _ops.where(
        place < steps // 2 + (steps == 1),
        start + place.to(wide) * step,
        end - back.to(wide) * step,
    )
    return line.to(dtype)


def eye(
    n,
    m=None,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """A matrix of shape (n, m) with ones on the diagonal; ``m`` defaults to ``n``.

    Example::

        >>> rushlight.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    _core.check_layout("eye", layout, pin_memory)
    kind = out.dtype if dtype is None and isinstance(out, Tensor) else dtype
    result = _ops.eye(n, m, kind)
    return _made("eye", result, dtype, device, requires_grad, out, pin_memory)


def empty_strided(
    size,
    stride,
    *,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """An uninitialised tensor of the given strides (in elements)."""
    _core.check_layout("empty_strided", layout, pin_memory)
    result = _ops.empty_strided(tuple(size), tuple(stride), dtype)
    return _place(result, None, device, requires_grad, pin_memory)


def _tensor(op, input):
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{op}(): argument 'input' (position 1) must be Tensor, not "
            f"{type(input).__name__}"
        )
    return input


def _like(input, dtype, op, memory_format=None):
    input = _tensor(op, input).detach()
    if memory_format is not None and memory_format is not _core.preserve_format:
        dtype = input.dtype if dtype is None else dtype
        return _core.empty(
            input.shape, dtype=dtype, device=input.device, memory_format=memory_format
        )
    return _ops._empty_like(input, dtype)


def empty_like(
    input,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
    memory_format=None,
):
    """Uninitialised, with ``input``'s shape, and its dtype unless given."""
    _core.check_layout("empty_like", layout, pin_memory)
    result = _like(input, dtype, "empty_like", memory_format)
    return _place(result, None, device, requires_grad, pin_memory)


def zeros_like(
    input,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
    memory_format=None,
):
    """Zeros of ``input``'s shape, and its dtype unless given.

    Example::

        >>> rushlight.zeros_like(rushlight.arange(3))
        tensor([0, 0, 0])
    """
    _core.check_layout("zeros_like", layout, pin_memory)
    result = _like(input, dtype, "zeros_like", memory_format).zero_()
    return _place(result, None, device, requires_grad, pin_memory)


def ones_like(
    input,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
    memory_format=None,
):
    """Ones of ``input``'s shape, and its dtype unless given."""
    _core.check_layout("ones_like", layout, pin_memory)
    result = _like(input, dtype, "ones_like", memory_format).fill_(1)
    return _place(result, None, device, requires_grad, pin_memory)


def full_like(
    input,
    fill_value,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
    memory_format=None,
):
    """``fill_value`` in ``input``'s shape, and its dtype unless given."""
    _core.check_layout("full_like", layout, pin_memory)
    result = _like(input, dtype, "full_like", memory_format).fill_(fill_value)
    return _place(result, None, device, requires_grad, pin_memory)


def split(tensor, split_size_or_sections, dim=0):
    """Views of consecutive parts.

    Args:
        tensor (Tensor): of any shape but 0-d.
        split_size_or_sections (int or list of int): the size of each part (the last may
            be smaller) or all sizes.
        dim (int): the dim to split.

    Returns:
        tuple of Tensor.

    Example::

        >>> rushlight.split(rushlight.arange(5), 2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if isinstance(split_size_or_sections, int):
        return tuple(_ops.split_int(tensor, split_size_or_sections, dim))
    return tuple(_ops.split_sizes(tensor, tuple(split_size_or_sections), dim))


def chunk(input, chunks, dim=0):
    """At most ``chunks`` views of nearly equal size along ``dim``."""
    return tuple(_ops.chunk(input, chunks, dim))


def unbind(input, dim=0):
    """The slices along ``dim``, without that dim."""
    return tuple(_ops.unbind(input, dim))


def add(input, other, *, alpha=1, out=None):
    """``input + alpha * other``, broadcast and promoted.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.add(rushlight.ones(2), 1, alpha=3)
        tensor([4., 4.])
    """
    if alpha != 1:
        other = _scaled("add", input, other, alpha)
    return _ops.add(input, other, out=out)


def sub(input, other, *, alpha=1, out=None):
    """``input - alpha * other``, broadcast and promoted.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.
    """
    if alpha != 1:
        other = _scaled("sub", input, other, alpha)
    return _ops.sub(input, other, out=out)


def _scaled(op, input, other, alpha):
    result = result_type(input, other)
    if not (result.is_floating_point or result.is_complex) and isinstance(alpha, float):
        raise RuntimeError(
            f"{op}(): For integral input tensors, argument alpha must not be a "
            "floating point number."
        )
    return other * alpha


def _add_(self, other, *, alpha=1):
    """In-place :func:`add`."""
    return _ops.add_(self, _scaled("add_", self, other, alpha) if alpha != 1 else other)


def _sub_(self, other, *, alpha=1):
    """In-place :func:`sub`."""
    return _ops.sub_(self, _scaled("sub_", self, other, alpha) if alpha != 1 else other)


def div(input, other, *, rounding_mode=None, out=None):
    """``input / other``; ``rounding_mode`` None, 'trunc' or 'floor'.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.div(rushlight.tensor([7]), 2, rounding_mode="floor")
        tensor([3])
    """
    return _DIVISIONS[_rounding(rounding_mode)](input, other, out=out)


def _div_(self, other, *, rounding_mode=None):
    """In-place :func:`div`."""
    name = {"true": "div_", "trunc": "trunc_divide_", "floor": "floor_divide_"}
    return getattr(_ops, name[_rounding(rounding_mode)])(self, other)


def _rounding(mode):
    if mode not in (None, "trunc", "floor"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but "
            "found "
            f"'{mode}'"
        )
    return mode or "true"


_DIVISIONS = {
    "true": _ops.div,
    "trunc": _ops.trunc_divide,
    "floor": _ops.floor_divide,
}


def rsub(input, other, *, alpha=1):
    """``other - alpha * input``.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.
    """
    _tensor("rsub", input)
    return other - (input if alpha == 1 else input * alpha)


def clamp(input, min=None, max=None, *, out=None):
    """Values moved into [min, max]; either bound may be None or a tensor.

    Shape:
        Input of any shape, bounds that are tensors of shapes that broadcast with it;
        output of the broadcast shape.

    Example::

        >>> rushlight.clamp(rushlight.arange(4), 1, 2)
        tensor([1, 1, 2, 2])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: At least one of 'min' or 'max' must not be None")
    result = input
    if min is not None:
        result = _ops._maximum(result, min)
    if max is not None:
        result = _ops._minimum(result, max)
    return give("clamp", result, out)


def clamp_min(input, min, *, out=None):
    """:func:`clamp` from below.

    Shape:
        Input and min of shapes that broadcast, output of the broadcast shape.
    """
    return clamp(_tensor("clamp_min", input), min, out=out)


def clamp_max(input, max, *, out=None):
    """:func:`clamp` from above.

    Shape:
        Input and max of shapes that broadcast, output of the broadcast shape.
    """
    return clamp(_tensor("clamp_max", input), None, max, out=out)


def sgn(input, *, out=None):
    """The sign; for complex numbers ``input / abs(input)``.

    Shape:
        Input of any shape, output the same.
    """
    if not input.is_complex():
        return _ops.sign(input, out=out)
    size = input.abs()
    result = _core_where(size == 0, zeros_like(input), input / size)
    return give("sgn", result, out)


def _core_where(condition, a, b):
    return _ops.where(condition, a, b)


def conj(input):
    """The complex conjugate; a real tensor as it is.

    Shape:
        Input of any shape, output the same.
    """
    if not input.is_complex():
        return input
    parts = _ops.view_as_real(input)
    return _ops.view_as_complex(parts * _core.tensor([1, -1], dtype=parts.dtype))


def angle(input, *, out=None):
    """The argument in radians; for real numbers 0, or pi where negative.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.angle(rushlight.tensor([1j, -1 + 0j]))
        tensor([1.5708, 3.1416])
    """
    if input.is_complex():
        return give("angle", _ops.atan2(imag(input), real(input)), out)
    if not input.is_floating_point():
        input = input.to(_core.get_default_dtype())
    straight = _ops.where(input < 0, full_like(input, math.pi), zeros_like(input))
    return give("angle", _ops.where(input.isnan(), input, straight), out)


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A 0-d tensor of the default dtype, or the given one."""
    dtype = _core.get_default_dtype() if dtype is None else dtype
    return _core.tensor(s, dtype=dtype, device=device, requires_grad=requires_grad)


def complex(real, imag, *, out=None):
    """``real + 1j * imag`` of two tensors of the same real dtype.

    Shape:
        Real and imag of shapes that broadcast, output of the broadcast shape.

    Raises:
        RuntimeError: when the dtypes differ or are not floating-point.

    Example::

        >>> rushlight.complex(rushlight.tensor([1.0]), rushlight.tensor([2.0]))
        tensor([1.+2.j])
    """
    for i, part in enumerate((real, imag)):
        if not isinstance(part, Tensor):
            raise TypeError(
                f"complex(): argument {('real', 'imag')[i]!r} (position {i + 1}) must "
                f"be Tensor, not {type(part).__name__}"
            )
    if not real.is_floating_point() or real.dtype != imag.dtype:
        raise RuntimeError(
            "complex(): expected two floating-point tensors of one dtype, got "
            f"{real.dtype} and {imag.dtype}"
        )
    import rushlight

    result = _ops.view_as_complex(rushlight.stack(broadcast_tensors(real, imag), -1))
    if isinstance(out, Tensor) and out.dtype != result.dtype:
        raise RuntimeError(
            f"complex(): expected an out of dtype {result.dtype}, got {out.dtype}"
        )
    return give("complex", result, out)


def real(input):
    """The real part, a view; a real tensor as it is.

    Shape:
        Input of any shape, output the same.
    """
    return _ops.view_as_real(input)[..., 0] if input.is_complex() else input


def imag(input):
    """The imaginary part, a view.

    Shape:
        Input of any shape, output the same.
    """
    if not input.is_complex():
        raise RuntimeError(
            "imag is not implemented for tensors with non-complex dtypes."
        )
    return _ops.view_as_real(input)[..., 1]


def result_type(a, b):
    """The dtype of ``a + b``."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return _ops.result_type(a, b)
    return _core.tensor([a, b]).dtype


def is_tensor(obj):
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input):
    """Whether the dtype is a real floating-point one."""
    return input.is_floating_point()


def is_complex(input):
    """Whether the dtype is complex."""
    return input.is_complex()


def numel(input):
    """The number of elements."""
    return input.numel()


def is_nonzero(input):
    """Whether the one element is not zero.

    Raises:
        RuntimeError: unless the tensor has one element.
    """
    return bool(_tensor("is_nonzero", input))


def clone(input, *, memory_format=None):
    """A copy; gradients flow back to ``input``."""
    return input.clone(memory_format=memory_format)


def permute(input, dims):
    """The dims in another order; a view."""
    return _tensor("permute", input).permute(dims)


def transpose(input, dim0, dim1):
    """Two dims exchanged; a view."""
    return _tensor("transpose", input).transpose(dim0, dim1)


def t(input):
    """A 2-d tensor transposed; 0-d and 1-d as they are."""
    return _tensor("t", input).t()


def reshape(input, shape):
    """Another shape; a view where possible, else a copy."""
    return _tensor("reshape", input).reshape(shape)


def unsqueeze(input, dim):
    """A new dim of size 1 at ``dim``; a view."""
    return _tensor("unsqueeze", input).unsqueeze(dim)


def as_strided(input, size, stride, storage_offset=None):
    """Any layout over the tensor's storage; a view.

    Args:
        input (Tensor): of any shape.
        size (tuple of int): the shape of the view.
        stride (tuple of int): not negative, in elements.
        storage_offset (int, optional): of the first element; default ``input``'s own.

    Raises:
        RuntimeError: when the view would reach outside the storage.
    """
    offset = input.storage_offset()
    place = offset if storage_offset is None else storage_offset
    return _ops.as_strided(input, size, stride, place, input.stride(), offset)


def swapaxes(input, axis0, axis1):
    """Two dims exchanged; a view."""
    return transpose(input, axis0, axis1)


def movedim(input, source, destination):
    """Dims moved to other places, the rest in order; a view.

    Example::

        >>> rushlight.movedim(rushlight.zeros(2, 3, 4), 0, -1).shape
        rushlight.Size([3, 4, 2])
    """
    if isinstance(source, int) != isinstance(destination, int):
        raise TypeError(
            "movedim(): source and destination must both be an int or both a tuple of "
            f"ints, got {source!r} and {destination!r}"
        )
    return _ops.movedim(input, source, destination)


def select(input, dim, index):
    """One slice along ``dim``, without that dim; a view."""
    _tensor("select", input)
    if not -input.dim() <= dim < input.dim():
        raise IndexError(
            "select(): Dimension out of range (expected to be in range of "
            f"[{-max(input.dim(), 1)}, {max(input.dim(), 1) - 1}], but got {dim})"
        )
    return input[(slice(None),) * (dim % input.dim()) + (index,)]


def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes broadcast to.

    Raises:
        RuntimeError: when they do not.
    """
    result = []
    for shape in shapes:
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        result = [1] * (len(shape) - len(result)) + result
        for i in range(-1, -len(shape) - 1, -1):
            if shape[i] != 1 and result[i] != 1 and shape[i] != result[i]:
                raise RuntimeError(
                    "Shape mismatch: objects cannot be broadcast to a single shape: "
                    f"{shapes}"
                )
            if shape[i] != 1:
                result[i] = shape[i]
    return _core.Size(result)


def broadcast_to(input, size):
    """``input`` expanded to ``size``; a view."""
    return input.expand(size)


def broadcast_tensors(*tensors):
    """The tensors expanded to their common shape."""
    shape = broadcast_shapes(*[x.shape for x in tensors])
    return tuple(x.expand(shape) for x in tensors)


def round(input, *, decimals=0, out=None):
    """To the nearest whole number, halves to the even one; or to ``decimals`` digits.

    Args:
        input (Tensor): real.
        decimals (int): digits behind the point, before it where negative.

    Returns:
        Tensor: of the same dtype.

    Raises:
        RuntimeError: for decimals of an integer tensor.

    Example::

        >>> rushlight.round(rushlight.tensor([0.25, 2.5]), decimals=1)
        tensor([0.2000, 2.5000])
    """
    if decimals == 0:
        return _ops.round(input, out=out)
    if not input.is_floating_point():
        raise NotImplementedError(
            f'"round" not implemented for {input.dtype} with decimals={decimals}'
        )
    factor = 10.0 ** abs(decimals)
    if decimals > 0:
        result = _ops.div(_ops.round(_ops.mul(input, factor)), factor)
    else:
        result = _ops.mul(_ops.round(_ops.div(input, factor)), factor)
    return give("round", result, out)


def relu_(input):
    """In-place relu."""
    return _ops.relu_(input)
