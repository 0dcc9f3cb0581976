"""Exceptions of rushlight's own."""

from __future__ import annotations


class OutOfMemoryError(RuntimeError, MemoryError):
    """An allocation failed; every tensor is as it was before."""

    __module__ = "rushlight"
