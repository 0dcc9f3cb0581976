"""Module classes of both libraries, at module level so that pickle finds them."""

from __future__ import annotations

import sys
import types


def _define(lib):
    nn = lib.nn

    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.register_buffer("seen", lib.zeros(2))
            self.register_buffer("cache", lib.ones(1), persistent=False)

    class Early(nn.Module):
        def __init__(self, what):
            if what == "parameter":
                self.p = nn.Parameter(lib.ones(1))
            elif what == "buffer":
                self.register_buffer("b", lib.ones(1))
            elif what == "module":
                self.m = nn.ReLU()
            else:
                self.register_parameter("p", None)

    class Extra(nn.Module):
        value = None

        def get_extra_state(self):
            return self.value

        def set_extra_state(self, state):
            self.value = state

    class TwoLines(nn.Module):
        def extra_repr(self):
            return "one\ntwo"

    class OneLineAndChild(nn.Module):
        def __init__(self):
            super().__init__()
            self.child = nn.ReLU()

        def extra_repr(self):
            return "one"

    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(lib.full((3,), 2.0))

        def forward(self, x, factor=1.0, fail=False):
            if fail:
                raise ValueError("told to fail")
            return x * self.w * factor

    class Pair(nn.Module):
        def forward(self, x, y):
            return x * y, x + y

    return [Counter, Early, Extra, TwoLines, OneLineAndChild, Scale, Pair]


def of(lib):
    """The classes for a library, as attributes of a namespace."""
    space = _SPACES.get(lib.__name__)
    if space is None:
        space = _SPACES[lib.__name__] = types.SimpleNamespace()
        for cls in _define(lib):
            setattr(space, cls.__name__, cls)
            name = f"{lib.__name__}_{cls.__name__}"
            cls.__qualname__ = name
            setattr(sys.modules[__name__], name, cls)
    return space


_SPACES: dict[str, types.SimpleNamespace] = {}
