"""Prints `library;licence` of the installed scipy-openblas32 package, without loading it."""

import sys
from importlib import metadata


def main() -> int:
    try:
        files = metadata.files("scipy-openblas32") or []
    except metadata.PackageNotFoundError:
        return 1
    libraries = [f for f in files if f.name.startswith("libscipy_openblas")]
    licenses = [f for f in files if f.name.upper().startswith("LICENSE")]
    if not libraries or not licenses:
        return 1
    print(f"{libraries[0].locate()};{licenses[0].locate()}")
    return 0


sys.exit(main())
