"""Rushlight's equals of PyTorch's functions, and of the lambdas of the records.

A public function is found by its path (``torch._C._linalg.linalg_norm`` is
``torch.linalg.norm``); a function of PyTorch's test suite runs as it is, its code in
globals where ``torch`` is Rushlight.
"""

from __future__ import annotations

import builtins
import functools
import types

import torch

import rushlight as rl
from opdb.snapshot import Missing, find, translate

_NAMESPACES = (
    "",
    "nn.functional",
    "linalg",
    "fft",
    "special",
    "signal.windows",
    "nn.init",
)


@functools.cache
def _paths():
    """id of a public function of PyTorch -> its path."""
    paths = {}
    for namespace in _NAMESPACES:
        module = functools.reduce(getattr, filter(None, namespace.split(".")), torch)
        for name in dir(module):
            value = getattr(module, name)
            if callable(value) and not isinstance(value, type):
                paths.setdefault(id(value), f"{namespace}.{name}".lstrip("."))
    return paths


def _wrapper_set_seed(op, *args, **kwargs):
    """torch.testing._utils.wrapper_set_seed for Rushlight."""
    state = rl.get_rng_state()
    rl.manual_seed(42)
    try:
        return op(*args, **kwargs)
    finally:
        rl.set_rng_state(state)


def translate_function(f, name=None):
    """Rushlight's equal of a function of PyTorch or of its test suite.

    Args:
        f: a function, method descriptor or partial.
        name: the path to prefer when PyTorch has ``f`` under it.

    Raises:
        Missing: when Rushlight has none, or not yet.
    """
    if isinstance(f, functools.partial):
        args = [translate(a) for a in f.args]
        kwargs = {k: translate(v) for k, v in f.keywords.items()}
        return functools.partial(translate_function(f.func), *args, **kwargs)
    if name is not None and _is_at(f, name):
        return find(name)
    if id(f) in _paths():
        return find(_paths()[id(f)])
    owner = getattr(f, "__objclass__", None)
    if owner is not None and (owner is torch._C.TensorBase or owner is torch.Tensor):
        return find(f"Tensor.{f.__name__}")
    module = getattr(f, "__module__", None) or ""
    if isinstance(f, types.FunctionType):
        if module == "torch._tensor":
            return find(f"Tensor.{f.__name__}")
        if module == "torch.testing._utils" and f.__name__ == "wrapper_set_seed":
            return _wrapper_set_seed
        if module.startswith("torch.testing."):
            return _rewrite(f)
        if not module.startswith("torch."):
            return f
    elif module in ("_operator", "builtins", "math"):
        return f
    raise Missing(f"{module}.{getattr(f, '__name__', f)}".removeprefix("torch."))


def _is_at(f, name):
    value = torch
    for part in name.split("."):
        value = getattr(value, part, None)
    return value is not None and value is f


def _rewrite(f):
    names = set(_names(f.__code__))
    scope = {"__builtins__": builtins, "__name__": f.__module__}
    for name in names & f.__globals__.keys():
        scope[name] = _global(f.__globals__[name])
    cells = tuple(types.CellType(_global(c.cell_contents)) for c in f.__closure__ or ())
    result = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, cells)
    result.__kwdefaults__ = f.__kwdefaults__
    return result


def _names(code):
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _global(value):
    if value is torch:
        return rl
    if isinstance(value, types.ModuleType) and value.__name__.startswith("torch."):
        return find(value.__name__.removeprefix("torch."))
    if isinstance(value, types.FunctionType):
        return translate_function(value)
    return translate(value)


def forms(op):
    """The ways a record says its op is called: (name, PyTorch's callable, kind).

    The kinds are ``function``, ``inplace`` (writes its first argument) and ``out``.
    """
    yield "function", op.op, "function"
    if op.method_variant is not None and op.method_variant is not op.op:
        yield "method", op.method_variant, "function"
    if op.operator_variant is not None:
        yield "operator", op.operator_variant, "function"
    if op.inplace_variant is not None:
        yield "in-place", op.inplace_variant, "inplace"
    if op.inplace_operator_variant is not None:
        yield "in-place operator", op.inplace_operator_variant, "inplace"
    if op.supports_out:
        yield "out=", op.op, "out"
    for alias in op.aliases:
        yield f"alias {alias.name}", alias.op, "function"
        if alias.method_variant is not None:
            yield f"alias {alias.name} method", alias.method_variant, "function"
        if alias.inplace_variant is not None:
            yield f"alias {alias.name}_", alias.inplace_variant, "inplace"
