"""Checks a wheel's size and content: `tools/check_wheel.py FILE.whl`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

BUDGET_MB = 15.0
REQUIRED = [
    "rushlight/include/rushlight/core/tensor.h",
    "rushlight/lib/cmake/Rushlight/RushlightConfig.cmake",
    "rushlight/lib/librushlight.so",
    "rushlight/lib/librushlight_openblas.so",
    "rushlight/lib/pkgconfig/rushlight.pc",
    "rushlight/licenses/OpenBLAS.txt",
]


def main() -> int:
    path = Path(sys.argv[1])
    size = path.stat().st_size / 1e6
    with zipfile.ZipFile(path) as wheel:
        entries = {info.filename: info for info in wheel.infolist()}
    largest = sorted(entries.values(), key=lambda e: -e.compress_size)[:6]
    for entry in largest:
        print(f"{entry.compress_size / 1e6:6.2f} MB  {entry.filename}")
    missing = [name for name in REQUIRED if name not in entries]
    print(f"check_wheel: {path.name}: {size:.2f} MB of {BUDGET_MB:.0f}")
    if missing:
        print(f"check_wheel: missing {missing}")
    return 1 if missing or size > BUDGET_MB else 0


if __name__ == "__main__":
    sys.exit(main())
