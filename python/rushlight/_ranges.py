"""Powers at equal distances of their exponents."""

from __future__ import annotations

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
    return _functions._made(op, result.to(kind), dtype, device, requires_grad, out)
