"""Modules under PyTorch's names, and the errors for what they lack."""

from __future__ import annotations

import importlib
import types

import rushlight
from rushlight import _core

ROOTS = {"torch": "rushlight", "torchvision": "rushlight.vision"}
# Modules that have no counterpart at the same place in rushlight.
ELSEWHERE = {
    "torch.cuda.amp": "rushlight.compat.cuda_amp",
    "torch.version": "rushlight.compat.version",
    "torch.torch_version": "rushlight.compat.version",
    "torchvision.version": "rushlight.compat.vision_version",
}
_HOME = {target: name for name, target in ELSEWHERE.items()}

# Names of a module under PyTorch's name that are not the counterpart's.
_OWN: dict[str, dict[str, str]] = {
    "torch": {
        "__version__": "rushlight.compat.version",
        "version": "rushlight.compat.version",
    },
    "torch.cuda": {"amp": "rushlight.compat.cuda_amp"},
    "torchvision": {
        "__version__": "rushlight.compat.vision_version",
        "version": "rushlight.compat.vision_version",
    },
}


def target_of(name: str) -> str | None:
    """The Rushlight module that stands for a module of PyTorch's; None for others."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    root, dot, rest = name.partition(".")
    return ROOTS[root] + dot + rest if root in ROOTS else None


def name_of(target: str) -> str | None:
    """The name that a Rushlight module goes by; None for a module of somebody else."""
    if target in _HOME:
        return _HOME[target]
    for root, ours in (*reversed(ROOTS.items()),):
        if target == ours or target.startswith(ours + "."):
            return root + target[len(ours) :]
    return None


def nearest(name: str, names) -> str:
    """The end of an error text: the names that look like a missing one."""
    import difflib

    close = difflib.get_close_matches(name, [n for n in names if n[0] != "_"])
    return f"; the nearest it has: {', '.join(close)}" if close else ""


class MissingName(AttributeError):
    """A name of PyTorch's that Rushlight does not have.

    The nearest names are looked up when the text is wanted: ``hasattr`` stays fast.
    """

    def __init__(self, module, name):
        super().__init__(name=name)
        self.module = module

    def __str__(self):
        alias, target = self.module.__name__, self.module._target
        return (
            f"Rushlight does not have {alias}.{self.name}"
            f"{nearest(self.name, dir(target))} ({alias} is {target.__name__} here, "
            f"see rushlight.compat)"
        )


# Note [Aliases]
# torch.nn is a module object of its own, which hands on to rushlight.nn: so its errors
# are ours, and the import system, which writes into the modules that it loads, leaves
# rushlight's alone. Functions, classes and dtypes are kept in the alias at first use,
# as they are looked up in each line of a program; other values are asked for anew,
# since some are settings. What a program sets is set in rushlight's module.
class Alias(_core.LazyModule):
    """A module of Rushlight's under PyTorch's name."""

    def __init__(self, name, target):
        super().__init__(name, target.__doc__)
        vars(self)["_target"] = target
        vars(self)["__path__"] = []
        # LazyModule finds what is there at a module's speed and asks this for others.
        vars(self)["__getattr__"] = self._find

    def _find(self, name):
        target = vars(self)["_target"]
        own = _OWN.get(self.__name__, {}).get(name)
        if own is not None:
            value = importlib.import_module(own)
            value = getattr(value, name) if name[0] == "_" else value
        elif name == "__all__" and not hasattr(target, name):
            value = [n for n in dir(target) if n[0] != "_"]
        else:
            try:
                value = getattr(target, name)
            except AttributeError:
                raise MissingName(self, name) from None
        if isinstance(value, types.ModuleType):
            value = alias_of(value)
        if callable(value) or isinstance(value, (rushlight.dtype, types.ModuleType)):
            vars(self)[name] = value
        return value

    def __setattr__(self, name, value):
        # The import system sets what begins with underscores, and submodules.
        if name.startswith("__") or isinstance(value, Alias):
            vars(self)[name] = value
        else:
            vars(self).pop(name, None)
            setattr(self._target, name, value)

    def __delattr__(self, name):
        vars(self).pop(name, None)
        delattr(self._target, name)

    def __dir__(self):
        return sorted({*dir(self._target), *_OWN.get(self.__name__, {})})

    def __repr__(self):
        return f"<module {self.__name__!r} ({self._target.__name__})>"


def alias_of(module):
    """The alias of a Rushlight module; other modules as they are."""
    from rushlight.compat import installed

    name = name_of(module.__name__)
    if name is None:
        return module
    # After uninstall() the name would find PyTorch: hand out a fresh alias.
    return importlib.import_module(name) if installed() else Alias(name, module)
