"""Processes that ``multiprocessing`` starts afresh get ``torch`` too."""

from __future__ import annotations

from multiprocessing import spawn

_original = spawn.get_preparation_data


class _Installed:
    """An object whose unpickling in a child installs there."""

    def __reduce__(self):
        return (_install, ())


def _install():
    from rushlight.compat import install

    install()


def _preparation_data(name):
    # The child unpickles this before it imports the main module.
    return {"rushlight_compat": _Installed(), **_original(name)}


def watch():
    """From now on what a child is prepared with installs Rushlight there.

    The server of the ``forkserver`` method would import the main module by itself;
    it is told to leave that to its children.
    """
    spawn.get_preparation_data = _preparation_data
    from multiprocessing import forkserver

    if forkserver._forkserver._preload_modules == ["__main__"]:
        forkserver.set_forkserver_preload(["rushlight"])


def unwatch():
    """Ends :func:`watch`."""
    from multiprocessing import forkserver

    spawn.get_preparation_data = _original
    if forkserver._forkserver._preload_modules == ["rushlight"]:
        forkserver.set_forkserver_preload(["__main__"])
