"""Where the C++ library, its headers and its CMake package are."""

from __future__ import annotations

import os
import sys

__all__ = ["get_cmake_dir", "get_include", "get_lib_dir"]


def _find(*parts: str) -> str:
    # An editable install has two folders: the sources and what CMake installed.
    folders = list(sys.modules["rushlight"].__path__)
    for folder in folders:
        path = os.path.join(folder, *parts)
        if os.path.isdir(path):
            return path
    raise FileNotFoundError(
        f"rushlight: no folder {'/'.join(parts)!r} in {folders};"
        " the C++ package comes with `pip install .`, not with a build folder"
    )


def get_include() -> str:
    """Returns the folder to give a compiler as ``-I``.

    Example:
        >>> import os, rushlight
        >>> os.path.exists(os.path.join(rushlight.get_include(), "rushlight"))
        True
    """
    return _find("include")


def get_lib_dir() -> str:
    """Returns the folder that holds ``librushlight.so``."""
    return _find("lib")


def get_cmake_dir() -> str:
    """Returns the folder of ``RushlightConfig.cmake``.

    Give it to CMake as ``-DRushlight_DIR=...`` for ``find_package(Rushlight CONFIG)``;
    the library's target is ``rushlight::core``.
    """
    return _find("lib", "cmake", "Rushlight")
