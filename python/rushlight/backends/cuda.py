"""Switches of NVIDIA's libraries; :mod:`rushlight.cuda` has the devices."""

from __future__ import annotations

import rushlight

__all__ = ["is_built", "matmul"]


def is_built() -> bool:
    """Whether the library for NVIDIA's GPUs can be loaded here.

    Example::

        >>> rushlight.backends.cuda.is_built() or not rushlight.cuda.is_available()
        True
    """
    return rushlight.cuda.is_available()


class _Matmul:
    """``allow_tf32``: the other name of :func:`set_float32_matmul_precision`."""

    __slots__ = ()

    @property
    def allow_tf32(self):
        return rushlight.get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, value):
        if not isinstance(value, bool):
            raise RuntimeError(
                f"backends.cuda.matmul.allow_tf32 must be bool, got "
                f"{type(value).__name__}"
            )
        rushlight.set_float32_matmul_precision("high" if value else "highest")


matmul = _Matmul()
