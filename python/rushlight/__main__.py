"""``python -m rushlight``: prints what a C++ build needs to find the library.

``python -m rushlight run script.py`` runs a PyTorch program with Rushlight as torch.
"""

from __future__ import annotations

import argparse
import sys

from rushlight._paths import get_cmake_dir, get_include, get_lib_dir
from rushlight._version import __version__


def main() -> None:
    if sys.argv[1:2] == ["run"]:
        from rushlight.compat import _run

        return _run.main(sys.argv[2:])
    parser = argparse.ArgumentParser(
        prog="python -m rushlight",
        description="Prints what a C++ build needs to find the library.",
        epilog="'python -m rushlight run script.py' runs a PyTorch program.",
    )
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
