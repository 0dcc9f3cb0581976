"""Families of functions that are imported at first use, so that ``import rushlight`` stays short.

A module named here defines public functions; those that are Tensor methods too stand in
its ``METHODS``. ``rushlight.<name>`` and ``Tensor.<name>`` find them by these tables, which
name every function and method so that nothing is imported to list them.
"""

from __future__ import annotations

import importlib

from rushlight import _core

# Public namespaces: rushlight.<name>, imported when first asked for.
NAMESPACES: tuple[str, ...] = ()

# module -> public functions and constants of rushlight.
FUNCTIONS: dict[str, str] = {
    "rushlight._shapes": (
        "atleast_1d atleast_2d atleast_3d block_diag cartesian_prod channel_shuffle "
        "column_stack combinations constant_pad_nd dsplit hsplit meshgrid "
        "pixel_shuffle pixel_unshuffle ravel rot90 split_with_sizes tensor_split "
        "tril_indices triu_indices vander vsplit"
    ),
    "rushlight._diagonals": (
        "as_strided_scatter diag diag_embed diagflat diagonal_scatter select_scatter "
        "slice_scatter"
    ),
}

# module -> Tensor methods (names in the module's METHODS).
METHODS: dict[str, str] = {
    "rushlight._shapes": (
        "dsplit hsplit ravel rot90 split_with_sizes sum_to_size tensor_split vsplit"
    ),
    "rushlight._diagonals": (
        "as_strided_scatter diag diag_embed diagflat diagonal_scatter fill_diagonal_ "
        "select_scatter slice_scatter"
    ),
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
