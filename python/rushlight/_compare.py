"""Whether tensors are equal, exactly or nearly."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._core import Tensor


def _tensors(op, input, other):
    for i, (name, x) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{op}(): argument '{name}' (position {i}) must be Tensor, not "
                f"{type(x).__name__}"
            )


def equal(input, other):
    """Whether two tensors have the same shape and elements.

    Returns:
        bool.

    Raises:
        RuntimeError: when the dtypes differ.

    Example::

        >>> rushlight.equal(rushlight.ones(2), rushlight.ones(2))
        True
    """
    _tensors("equal", input, other)
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"equal(): Expected object of data type {input.dtype} but got data type "
            f"{other.dtype} for argument 'other'"
        )
    if input.shape != other.shape:
        return False
    with rushlight.no_grad():
        return bool((input == other).all())


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """``|input - other| <= atol + rtol * |other|``, elementwise.

    Args:
        input (Tensor): of any shape.
        other (Tensor): broadcastable with ``input``, of the same dtype.
        rtol (float): relative tolerance.
        atol (float): absolute tolerance.
        equal_nan (bool): NaN counts as close to NaN.

    Returns:
        Tensor: bool, of the broadcast shape.

    Raises:
        RuntimeError: when dtypes differ or a tolerance is negative.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> rushlight.isclose(x, rushlight.tensor([1.0, 2.1]))
        tensor([ True, False])
    """
    _tensors("isclose", input, other)
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"isclose(): {input.dtype} did not match {other.dtype}; convert one of them"
        )
    if rtol < 0 or atol < 0:
        raise RuntimeError(
            "isclose(): rtol and atol must be greater than or equal to zero, but got "
            f"{rtol} and {atol}"
        )
    with rushlight.no_grad():
        close = input == other
        if rtol == 0 and atol == 0 and not equal_nan:
            return close
        inexact = input.is_floating_point() or input.is_complex()
        if equal_nan and inexact:
            close = close | (input.isnan() & other.isnan())
        if not inexact:
            input, other = input.double(), other.double()
        error = (input - other).abs()
        allowed = atol + rtol * other.abs()
        return close | (_ops.isfinite(error) & (error <= allowed))


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close; see :func:`isclose`.

    Example::

        >>> rushlight.allclose(rushlight.ones(2), rushlight.ones(2) + 1e-7)
        True
    """
    _tensors("allclose", input, other)
    return bool(isclose(input, other, rtol, atol, equal_nan).all())
