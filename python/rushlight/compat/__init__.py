"""PyTorch programs as they stand: ``import torch`` gives Rushlight.

``rushlight.compat.install()`` at the top of a program, or
``python -m rushlight run script.py`` on the command line, makes ``torch``,
``torch.nn``, ``torch.utils.data`` and every other module that Rushlight has, and
``torchvision`` where ``rushlight.vision`` is there, importable under PyTorch's name.
The classes and functions are Rushlight's own: ``torch.nn.Linear is
rushlight.nn.Linear``. What Rushlight does not have raises an error that says so.
"""

from __future__ import annotations

import sys

from rushlight.compat import _children, _finder
from rushlight.compat._modules import Alias, MissingName

__all__ = ["MissingName", "install", "installed", "uninstall"]


def installed() -> bool:
    """Whether ``torch`` is Rushlight in this process.

    Example::

        >>> rushlight.compat.installed()
        False
    """
    return _finder.FINDER in sys.meta_path


def install() -> None:
    """Makes ``import torch`` give Rushlight, here and in processes started from here.

    Worker processes that ``multiprocessing`` spawns get it too. A second call changes
    nothing.

    Raises:
        ImportError: when PyTorch or torchvision itself has been imported; its objects
            are about already and do not mix with Rushlight's.

    Example::

        >>> rushlight.compat.install()
        >>> import torch
        >>> torch.nn.Linear is rushlight.nn.Linear
        True
        >>> rushlight.compat.uninstall()
    """
    if installed():
        return
    for name in _finder.ROOTS:
        module = sys.modules.get(name)
        if module is not None and not isinstance(module, Alias):
            where = getattr(module, "__file__", None) or "an unknown place"
            raise ImportError(
                f"rushlight.compat.install(): {name} itself is imported already, from "
                f"{where}; install before anything imports {name}",
                name=name,
            )
    sys.meta_path.insert(0, _finder.FINDER)
    _children.watch()


def uninstall() -> None:
    """Ends :func:`install`: ``import torch`` looks for PyTorch again.

    Modules and names that a program has imported stay what they are. Does nothing where
    nothing is installed.
    """
    if not installed():
        return
    sys.meta_path.remove(_finder.FINDER)
    for name in [n for n, m in sys.modules.items() if isinstance(m, Alias)]:
        del sys.modules[name]
    _children.unwatch()
