"""Checks the kernel objects of a build folder: `tools/check_symbols.py BUILD`.

A kernel file is compiled once per instruction set. A weak symbol in such an object may
be picked by the linker for the whole library and then fault on an older machine, and
what comes from std:: would mostly be one. See Note [No weak symbols in kernels].
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def faults(path: Path) -> list[str]:
    lines = subprocess.run(
        ["nm", "-C", path], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    found = []
    for line in lines:
        kind, _, name = line[17:].partition(" ")
        # W: a weak function. Weak objects (V, u) hold no instructions, and a reference
        # without a definition (w, v) cannot be chosen for anyone.
        if kind == "W":
            found.append(f"weak function: {name}")
        elif name.startswith("std::") or (kind != "U" and " std::" in name):
            found.append(f"std:: symbol: {name}")
    return found


def main() -> int:
    build = Path(sys.argv[1])
    objects = sorted(build.glob("**/rushlight_kernels_*.dir/**/*.o"))
    if not objects:
        print(f"check_symbols: no kernel objects below {build}")
        return 1
    bad = 0
    for path in objects:
        for fault in faults(path):
            print(f"{path.relative_to(build)}: {fault}")
            bad += 1
    print(f"check_symbols: {len(objects)} objects, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
