"""The named tuples that functions return: ``rushlight.return_types.max`` is max's.

They are made where their functions are; this module finds them by name, as pickles do.

Example::

    >>> result = rushlight.max(rushlight.tensor([[1, 3, 2]]), 1)
    >>> isinstance(result, rushlight.return_types.max)
    True
    >>> result.indices
    tensor([1])
"""

from __future__ import annotations

import importlib

from rushlight import _core, _lazy


def _all():
    for module in (*_lazy.FUNCTIONS, "rushlight.linalg"):
        importlib.import_module(module)
    return _core._result_types


def __getattr__(name):
    try:
        return _all()[name]
    except KeyError:
        raise AttributeError(
            f"module 'rushlight.return_types' has no attribute {name!r}"
        ) from None


def __dir__():
    return sorted(_all())
