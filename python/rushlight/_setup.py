"""Attaches methods to the compiled Tensor, once, at import."""

from __future__ import annotations

import importlib

from rushlight import (
    _core,
    _exceptions,
    _exports,
    _functions,
    _indexing,
    _interop,
    _lazy,
    _ops,
    _overriding,
    _public,
    _rearrange,
    _reductions,
    _tensor_methods,
    _type_info,
)


def _later(module, name):
    def call(*args):
        return getattr(importlib.import_module(module), name)(*args)

    return call


def attach():
    """Gives Tensor every method of _exports and _tensor_methods."""
    put = _core._attach
    for name in _exports.UNARY:
        put(name, getattr(_ops, name))
        put(name + "_", getattr(_ops, name + "_"))
    for name in _exports.PREDICATES:
        put(name, getattr(_ops, name))
    for name in _exports.BINARY:
        put(name, getattr(_ops, name))
        put(name + "_", getattr(_ops, name + "_"))
    for name in _exports.BINARY_FUNCTIONS + _exports.FUNCTIONS + _exports.METHODS:
        put(name, getattr(_ops, name))
    for alias, name in _exports.ALIASES.items():
        put(alias, getattr(_ops, name))
        put(alias + "_", getattr(_ops, name + "_"))
    methods = _tensor_methods.METHODS | _reductions.METHODS | _rearrange.METHODS
    for name, value in methods.items():
        if not hasattr(value, "__code__") or name in _public.THIN:
            put(name, value, as_is=True)
            continue
        if value.__name__.startswith("_") and not name.startswith("_"):
            value.__name__ = name  # overrides are told the public name
        put(name, value, _public.spellings(value))
    _lazy.attach()
    put("__torch_function__", classmethod(_overriding.torch_function))
    put("__init_subclass__", classmethod(_overriding.init_subclass))
    _core._bind_late("ask_overrides", _overriding.ask_overrides)
    _core._bind_late("NoOverride", _overriding.NoOverride)
    _core._bind_late("tensor", _core.tensor)
    _core._bind_late("getitem", _indexing.getitem)
    _core._bind_late("setitem", _indexing.setitem)
    _core._bind_late("legacy_new", _type_info.legacy_new)
    _core._bind_late("tensor_str", _tensor_methods.tensor_str)
    _core._bind_late("from_array", _interop.from_array)
    _core._bind_late("dtype_from_numpy", _interop.dtype_from_numpy)
    for name in ("is_in_format", "contiguous_in", "clone_in", "empty_in"):
        _core._bind_late(name, _later("rushlight._memory_format", name))
    _core._bind_late("cuda_is_available", _later("rushlight.cuda", "is_available"))
    _core._bind_late("factory_out", _functions.factory_out)
    for module in (_core, _ops):
        module._set_out_of_memory_error(_exceptions.OutOfMemoryError)
    _core._use_fast_calls()
