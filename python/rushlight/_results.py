"""Results of functions that are written in Python: named tuples, and ``out=``."""

from __future__ import annotations

from collections import namedtuple

from rushlight import _core, _ops


def named(name, fields):
    """A named tuple type whose repr is one field a line, as PyTorch's."""
    base = namedtuple(name, fields)

    def __repr__(self):
        lines = ",\n".join(f"{k}={v!r}" for k, v in zip(base._fields, self))
        return f"rushlight.return_types.{name}(\n{lines})"

    members = {"__repr__": __repr__, "__slots__": ()}
    made = type(name, (base,), members | {"__module__": "rushlight.return_types"})
    _core._result_types[name] = made
    return made


def give(op, result, out):
    """``result``, moved into ``out`` where given: a tensor, or a tuple for a tuple."""
    if out is None:
        return result
    results = result if isinstance(result, tuple) else (result,)
    if _core.is_grad_enabled() and any(r.requires_grad for r in results):
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
    make = getattr(type(result), "_make", type(result))
    return make(out)
