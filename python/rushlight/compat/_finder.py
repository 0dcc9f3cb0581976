"""Finds Rushlight's modules under PyTorch's names for the import system."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util

from rushlight.compat._modules import ELSEWHERE, ROOTS, Alias, nearest, target_of


class _Loader:
    def create_module(self, spec):
        target = importlib.import_module(target_of(spec.name))
        return Alias(spec.name, target)

    def exec_module(self, module):
        """The alias is whole already: see Note [Aliases]."""


class Finder:
    """Says where ``torch`` and ``torchvision`` and what is in them come from."""

    def find_spec(self, fullname, path=None, target=None):
        ours = target_of(fullname)
        if ours is None:
            return None
        if not _exists(ours):
            raise ModuleNotFoundError(_missing(fullname, ours), name=ours)
        return importlib.machinery.ModuleSpec(
            fullname, _Loader(), origin=ours, is_package=True
        )


def _exists(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _missing(fullname, ours):
    if fullname in ROOTS:
        return f"Rushlight has nothing for {fullname}: there is no {ours} in it"
    import pkgutil

    parent, _, name = fullname.rpartition(".")
    package = importlib.import_module(target_of(parent))
    names = [
        info.name for info in pkgutil.iter_modules(package.__dict__.get("__path__", []))
    ]
    names += [n.rpartition(".")[2] for n in ELSEWHERE if n.rpartition(".")[0] == parent]
    return (
        f"Rushlight does not have {fullname}{nearest(name, {*names, *dir(package)})} "
        f"({parent} is {package.__name__} here, see rushlight.compat)"
    )


FINDER = Finder()
