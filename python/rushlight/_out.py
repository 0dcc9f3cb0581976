"""``out=`` of functions that are composed in Python."""

from __future__ import annotations

import warnings

import rushlight
from rushlight import _core
from rushlight._type_info import can_cast


def write_out(op, result, out):
    """``result``, or ``out`` with the result in it, by the rules of the compiled ops.

    Raises:
        RuntimeError: when ``out`` cannot hold the dtype, or a gradient is recorded.
        TypeError: when ``out`` is no tensor.
    """
    if out is None:
        return result
    if not isinstance(out, _core.Tensor):
        raise TypeError(
            f"{op}(): argument 'out' must be Tensor, not {type(out).__name__}"
        )
    if rushlight.is_grad_enabled() and (result.requires_grad or out.requires_grad):
        raise RuntimeError(
            f"{op}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )
    if not can_cast(result.dtype, out.dtype):
        raise RuntimeError(
            f"{op}(): result type {result.dtype} can't be cast to the desired output "
            f"type {out.dtype}"
        )
    if out.shape != result.shape:
        if out.numel():
            warnings.warn(
                f"{op}(): an output with one or more elements was resized since its "
                f"shape {tuple(out.shape)} did not match the required output shape "
                f"{tuple(result.shape)}. This behavior is deprecated.",
                stacklevel=3,
            )
        out.resize_(result.shape)
    return out.copy_(result)
