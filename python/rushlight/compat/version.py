"""``torch.version``: the PyTorch whose interface Rushlight follows."""

from __future__ import annotations

import re

import rushlight

__all__ = ["TorchVersion", "__version__", "cuda", "debug", "git_version", "hip", "xpu"]


class TorchVersion(str):
    """A version that compares by its numbers, with strings and tuples.

    Example::

        >>> from rushlight.compat.version import TorchVersion
        >>> TorchVersion("2.13.0") > "2.4", TorchVersion("2.13.0") >= (2, 13)
        (True, True)
    """

    @staticmethod
    def _numbers(value):
        if isinstance(value, str):
            release = re.match(r"\s*v?(\d+(?:\.\d+)*)", value)
            if release is None:
                return None
            value = release[1].split(".")
        try:
            numbers = [int(n) for n in value]
        except (TypeError, ValueError):
            return None
        while numbers and numbers[-1] == 0:
            numbers.pop()
        return numbers

    def _compare(self, other, name):
        ours, theirs = self._numbers(self), self._numbers(other)
        if theirs is None:
            if isinstance(other, str):
                return getattr(str, name)(self, other)
            return NotImplemented
        return getattr(ours, name)(theirs)

    def __lt__(self, other):
        return self._compare(other, "__lt__")

    def __le__(self, other):
        return self._compare(other, "__le__")

    def __gt__(self, other):
        return self._compare(other, "__gt__")

    def __ge__(self, other):
        return self._compare(other, "__ge__")

    # Equality is the text's, except with a shorter one or a tuple.
    def __eq__(self, other):
        if isinstance(other, str) and "+" in other:
            return str.__eq__(self, other)
        return self._compare(other, "__eq__")

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    __hash__ = str.__hash__


__version__ = TorchVersion(f"2.13.0+rushlight{rushlight.__version__}")
cuda = None
hip = None
xpu = None
debug = False
git_version = "Unknown"
