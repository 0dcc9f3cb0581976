"""Families of functions that are imported at first use, so that ``import rushlight`` stays short.

A module named here defines public functions; those that are Tensor methods too stand in
its ``METHODS``. ``rushlight.<name>`` and ``Tensor.<name>`` find them by these tables, which
name every function and method so that nothing is imported to list them.
"""

from __future__ import annotations

import importlib

from rushlight import _core

# Public namespaces: rushlight.<name>, imported when first asked for.
NAMESPACES: tuple[str, ...] = ("storage",)

# module -> public functions and constants of rushlight.
FUNCTIONS: dict[str, str] = {
    "rushlight._dlpack": "asarray from_dlpack to_dlpack",
    "rushlight.storage": (
        "BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage "
        "ComplexFloatStorage DoubleStorage FloatStorage HalfStorage IntStorage "
        "LongStorage ShortStorage Storage StorageBase TypedStorage UntypedStorage "
        "is_storage"
    ),
}

# module -> Tensor methods (names in the module's METHODS).
METHODS: dict[str, str] = {
    "rushlight._dlpack": "__dlpack__ __dlpack_device__",
    "rushlight._memory_methods": (
        "apply_ const_data_ptr dim_order is_pinned is_shared map2_ map_ module_load "
        "pin_memory record_stream resize resize_as share_memory_ to_dense to_sparse "
        "to_sparse_csr"
    ),
    "rushlight.storage": "_typed_storage storage storage_type untyped_storage",
}


class _LazyMethod:
    """Stands on Tensor in a method's place until that is first asked for."""

    def __init__(self, name, module):
        self.name, self.module = name, module

    def __get__(self, instance, owner=None):
        methods = importlib.import_module(self.module).METHODS
        _core._attach(self.name, methods[self.name])
        return getattr(owner if instance is None else instance, self.name)


def attach():
    """Gives Tensor the methods of METHODS."""
    for module, names in METHODS.items():
        for name in names.split():
            _core._attach(name, _LazyMethod(name, module))


def module_getattr(package, table, namespaces):
    """``__getattr__`` and ``__dir__`` of a package over a table like FUNCTIONS."""
    where = {name: module for module, names in table.items() for name in names.split()}

    def __getattr__(name):
        if name in where:
            value = getattr(importlib.import_module(where[name]), name)
        elif name in namespaces:
            value = importlib.import_module(f"{package['__name__']}.{name}")
        else:
            raise AttributeError(
                f"module {package['__name__']!r} has no attribute {name!r}"
            )
        package[name] = value
        return value

    def __dir__():
        return sorted({*package, *where, *namespaces})

    return __getattr__, __dir__
