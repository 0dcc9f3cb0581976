"""``python -m rushlight``: prints what a C++ build needs to find the library."""

from __future__ import annotations

import argparse

from rushlight._paths import get_cmake_dir, get_include, get_lib_dir
from rushlight._version import __version__


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rushlight", description=__doc__)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--version", action="version", version=__version__)
    group.add_argument("--includedir", action="store_true", help="the headers' folder")
    group.add_argument("--libdir", action="store_true", help="librushlight's folder")
    group.add_argument(
        "--cmakedir", action="store_true", help="value for Rushlight_DIR"
    )
    options = parser.parse_args()
    if options.includedir:
        print(get_include())
    elif options.libdir:
        print(get_lib_dir())
    else:
        print(get_cmake_dir())


if __name__ == "__main__":
    main()
