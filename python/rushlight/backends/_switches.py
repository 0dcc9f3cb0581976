"""Modules whose attributes are switches: a value of another type is refused."""

from __future__ import annotations

import sys
import types


class SwitchModule(types.ModuleType):
    """A module with ``SWITCHES``, a dict of the types of what may be set."""

    def __setattr__(self, name, value):
        kind = self.SWITCHES.get(name)
        if kind is not None and not isinstance(value, kind):
            raise RuntimeError(
                f"{self.__name__}.{name} must be {kind.__name__}, got "
                f"{type(value).__name__}"
            )
        super().__setattr__(name, value)


def make_switches(name: str) -> None:
    """Makes a module one with switches."""
    sys.modules[name].__class__ = SwitchModule
