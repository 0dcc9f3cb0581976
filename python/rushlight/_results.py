"""``out=`` for functions that are written in Python."""

from __future__ import annotations

from rushlight import _core, _ops


def give(op, result, out):
    """``result``, moved into ``out`` where that is given: a tensor, or a tuple for a tuple."""
    if out is None:
        return result
    results = result if isinstance(result, tuple) else (result,)
    if any(r.requires_grad for r in results):
        raise RuntimeError(
            f"{op}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )
    if not isinstance(result, tuple):
        return _ops.write_out(op, result, out)
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise TypeError(
            f"{op}(): argument 'out' must be a tuple of {len(result)} Tensors"
        )
    for target, value in zip(out, result, strict=True):
        if isinstance(target, _core.Tensor) and target.dtype is not value.dtype:
            raise RuntimeError(
                f"{op}(): Expected out tensor to have dtype {value.dtype}, but got "
                f"{target.dtype} instead"
            )
    for target, value in zip(out, result, strict=True):
        _ops.write_out(op, value, target)
    return type(result)(out)
