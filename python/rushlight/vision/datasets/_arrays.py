"""Pickles of NumPy arrays, read without running what they name.

The files of CIFAR are pickles of dicts that hold an array of bytes. The closed machine
of ``rushlight.load`` reads them, with stand-ins for the three names of NumPy's that
such a pickle calls.
"""

from __future__ import annotations

import math
from typing import Any

from rushlight._serialization.machine import PickleMachine

_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")


class _ArrayType:
    """Stands for ``numpy.ndarray`` where a pickle names it as an argument."""


class _ByteType:
    """Stands for a dtype; only ``uint8`` is made."""

    def __init__(self, name: Any = None, align: Any = None, copy: Any = None) -> None:
        if name not in ("u1", "|u1", "uint8"):
            raise ValueError(f"an array of {name!r} is no array of bytes")

    def __setstate__(self, state: Any) -> None:
        """The byte order, fields and alignment: of no consequence for bytes."""


class _Array:
    """What ``_reconstruct`` makes: empty until its state is set."""

    array: Any = None

    def __init__(self, kind: Any, shape: Any, dtype: Any) -> None:
        if kind is not _ArrayType:
            raise ValueError("an object other than an array is made")

    def __setstate__(self, state: Any) -> None:
        import numpy as np

        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("an array's state is not as NumPy writes it")
        _, shape, dtype, columns_first, data = state
        if isinstance(data, str):  # Python 2's bytes
            data = data.encode("latin1")
        if (
            not isinstance(shape, tuple)
            or not all(type(size) is int and size >= 0 for size in shape)
            or not isinstance(dtype, _ByteType)
            or not isinstance(data, bytes)
            or len(data) != math.prod(shape)
        ):
            raise ValueError("an array's shape, type and bytes do not agree")
        array = np.frombuffer(data, np.uint8)
        self.array = (
            array.reshape(shape[::-1]).T if columns_first else array.reshape(shape)
        )


_NAMES = {
    **{f"{module}._reconstruct": _Array for module in _MODULES},
    "numpy.ndarray": _ArrayType,
    "numpy.dtype": _ByteType,
}


def _no_storage(persistent_id: Any) -> Any:
    raise ValueError("a persistent id is used")


def load_arrays(path: str) -> dict[str, Any]:
    """The dict in a file: its values plain objects, or arrays of bytes.

    Raises:
        pickle.UnpicklingError: the file is damaged, or holds anything else; nothing of
            it has run.
    """
    with open(path, "rb") as file:
        data = file.read()
    machine = PickleMachine(data, path, _no_storage, _NAMES, encoding="latin1")
    found = machine.run()
    if not isinstance(found, dict):
        raise machine.refuse(f"expected a dict, found a {type(found).__name__}")
    return {
        key: value.array if isinstance(value, _Array) else value
        for key, value in found.items()
    }
