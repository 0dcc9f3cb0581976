"""What the array API lets a library be asked: its version, dtypes and devices."""

from __future__ import annotations

import rushlight
from rushlight.array_api._dtypes import KINDS, NAMES, default_complex

VERSION = "2025.12"
VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", VERSION)


class Info:
    """Answers of :func:`__array_namespace_info__`."""

    def capabilities(self):
        """What is there of what the standard leaves open."""
        return {
            "boolean indexing": True,
            "data-dependent shapes": True,
            "max dimensions": 64,
        }

    def default_device(self):
        """Where arrays are made."""
        return rushlight.device("cpu")

    def devices(self):
        """Every device there is now: a tuple."""
        count = rushlight.cuda.device_count() if rushlight.cuda.is_available() else 0
        gpus = (rushlight.device("cuda", i) for i in range(count))
        return (rushlight.device("cpu"), *gpus)

    def default_dtypes(self, *, device=None):
        """The dtypes of arrays made of Python numbers, by kind."""
        return {
            "real floating": rushlight.get_default_dtype(),
            "complex floating": default_complex(),
            "integral": rushlight.int64,
            "indexing": rushlight.int64,
        }

    def dtypes(self, *, device=None, kind=None):
        """The standard's dtypes by name, of one or several kinds where given.

        Args:
            device (device, optional): all have the same.
            kind (str or tuple of str, optional): as in ``isdtype``.

        Raises:
            ValueError: for an unknown kind.
        """
        kinds = kind if isinstance(kind, tuple) else (kind,)
        for k in kinds:
            if k is not None and k not in KINDS:
                raise ValueError(f"dtypes(): unknown kind {k!r}; one of {list(KINDS)}")
        return {
            name: getattr(rushlight, name)
            for name in NAMES
            if kind is None or any(name in KINDS[k] for k in kinds)
        }


def __array_namespace_info__():
    """An object to ask for dtypes, devices and capabilities.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.__array_namespace_info__().default_device()
        device(type='cpu')
    """
    return Info()
