"""Factories that are needed rarely."""

from __future__ import annotations

import builtins
import warnings

import rushlight
from rushlight import _core, _functions, _ops
from rushlight._core import Tensor


def logspace(
    start,
    end,
    steps,
    base=10.0,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """``steps`` powers from ``base ** start`` to ``base ** end``, both included.

    Args:
        start (Number or 0-d Tensor): the first exponent.
        end (Number or 0-d Tensor): the last exponent.
        steps (int): how many.
        base (float): may be negative.
        dtype (dtype, optional): default the default dtype, or its complex one where an
            exponent is complex. Of an integer dtype exponents are cut to whole numbers,
            and powers too.

    Returns:
        Tensor: (steps,).

    Raises:
        RuntimeError: when ``steps`` is negative, or an exponent has dims.
        TypeError: when ``steps`` is no int.

    Example::

        >>> rushlight.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    op = "logspace"
    _core.check_layout(op, layout, pin_memory)
    if isinstance(steps, Tensor):
        steps = steps.item()
    if not isinstance(steps, int):
        raise TypeError(f"{op}(): steps must be int, not {type(steps).__name__}")
    kind = _functions.line_dtype(start, end, dtype, out)
    if kind is rushlight.bool:
        raise NotImplementedError(f"{op}(): not implemented for '{kind}'")
    if steps < 0:
        raise RuntimeError(f"{op}(): number of steps must be non-negative")
    start, end = (_functions._bound(op, x, kind) for x in (start, end))
    base = float(base)
    if kind.is_complex:
        line = _functions._complex_line(start, end, steps, rushlight.complex128)
        result = _ops.pow(complex(base), line)
    elif kind.is_floating_point:
        # A single power is of the exponent as it was given.
        exact = rushlight.float64 if steps == 1 else kind
        result = _ops.pow(base, _ops.linspace(start, end, steps, exact).double())
    else:
        # In single precision as in PyTorch, for what is cut off depends on it.
        step = (end - start) / max(steps - 1, 1)
        line = _ops.arange(0, steps, 1, rushlight.float32) * step + start
        result = _ops.pow(base, line.double())
    result = result.to(kind)
    return _functions._made(op, result, dtype, device, requires_grad, out, pin_memory)


def range(
    start=0,
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
    """``start, start + step, ...`` up to and with ``end``; rather use :func:`arange`.

    Shape:
        (floor((end - start) / step) + 1,).

    Raises:
        RuntimeError: when step is 0 or leads away from end.
    """
    warnings.warn(
        "range() is deprecated because it includes its end; use rushlight.arange, "
        "whose values are in [start, end).",
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    if not step:
        raise RuntimeError("range(): step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(
            "range(): upper bound and lower bound inconsistent with step sign"
        )
    kind = dtype
    if kind is None:
        kind = out.dtype if isinstance(out, Tensor) else _core.get_default_dtype()
    count = int((end - start) / step) + 1
    wide = kind if not kind.is_floating_point else rushlight.float64
    result = _ops.arange(0, count, 1, None).to(wide).mul_(step).add_(start).to(kind)
    _core.check_layout("range", layout, pin_memory)
    return _functions._made(
        "range", result, dtype, device, requires_grad, out, pin_memory
    )


def empty_permuted(
    size,
    physical_layout,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """Uninitialised and dense, with the dims in a given order in memory.

    Args:
        size (tuple of int): the shape.
        physical_layout (tuple of int): the dims from the outermost to the innermost.

    Example::

        >>> rushlight.empty_permuted((2, 3, 4), (0, 2, 1)).stride()
        (12, 1, 3)
    """
    size, order = tuple(size), tuple(physical_layout)
    if len(size) != len(order):
        raise RuntimeError(
            "empty_permuted(): Number of dimensions in size does not match the length "
            "of "
            f"the physical_layout: {len(size)} and {len(order)}"
        )
    for d in order:
        if not 0 <= d < len(size):
            raise RuntimeError(
                f"empty_permuted(): Dimension out of range (expected to be between 0 "
                f"and {len(size) - 1}, but got {d})"
            )
    if len(set(order)) != len(order):
        raise RuntimeError(f"empty_permuted(): Duplicate dim not allowed, got {order}")
    _core.check_layout("empty_permuted", layout, pin_memory)
    plain = _core.empty([size[d] for d in order], dtype=dtype, device=device)
    inverse = [order.index(d) for d in builtins.range(len(order))]
    result = plain.permute(inverse).detach() if inverse else plain
    return _functions._place(result, None, None, requires_grad, pin_memory)


def from_file(
    filename,
    shared=False,
    size=0,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """A 1-d tensor over a file mapped into memory.

    Args:
        filename (str): of the file.
        shared (bool): writing changes the file, which is made or lengthened as needed;
            else changes stay in this process.
        size (int): the number of elements.
        dtype (dtype, optional): default ``get_default_dtype()``.

    Raises:
        RuntimeError: when the file cannot be opened or is too short.
    """
    import mmap
    import os

    _core.check_layout("from_file", layout, False)
    if pin_memory:
        raise RuntimeError(
            "from_file(): the memory of a mapped file cannot be page-locked"
        )
    dtype = _core.get_default_dtype() if dtype is None else dtype
    if size == 0:
        return _core.empty(0, dtype=dtype)
    wanted = size * dtype.itemsize
    flags = os.O_RDWR | os.O_CREAT if shared else os.O_RDONLY
    try:
        handle = os.open(filename, flags, 0o600)
    except OSError as error:
        raise RuntimeError(
            f"from_file(): unable to open file <{filename}>: {error.strerror} "
            f"({error.errno})"
        ) from None
    try:
        present = os.fstat(handle).st_size
        if present < wanted:
            if not shared:
                raise RuntimeError(
                    f"from_file(): file <{filename}> size <{present}> is smaller than "
                    f"the required mapping size <{wanted}>"
                )
            os.ftruncate(handle, wanted)
        access = mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY
        memory = mmap.mmap(handle, wanted, access=access)
    finally:
        os.close(handle)
    result = _ops.frombuffer(memory, dtype=dtype, count=size, offset=0)
    if device is not None:
        result = result.to(device=device)
    return result.requires_grad_() if requires_grad else result
