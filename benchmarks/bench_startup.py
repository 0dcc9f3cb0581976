"""Starting up: every call is a Python process of its own."""

from __future__ import annotations

import subprocess
import sys
import time

from _rows import Library, Row, Target

TITLE = "start-up"

IMPORT = (
    "import time; start = time.perf_counter(); import {name}; "
    "print(time.perf_counter() - start)"
)
FIRST_OP = "import {name} as xp; xp.zeros(10) + xp.zeros(10)"


def import_alone(lib: Library, calls: int) -> float:
    """Seconds the import statement takes, without starting the interpreter."""
    command = [sys.executable, "-c", IMPORT.format(name=lib.name)]
    return sum(
        float(
            subprocess.run(command, check=True, capture_output=True, text=True).stdout
        )
        for _ in range(calls)
    )


def whole_process(lib: Library, calls: int) -> float:
    """Seconds from starting the interpreter to its end, with one op in between."""
    command = [sys.executable, "-c", FIRST_OP.format(name=lib.name)]
    start = time.perf_counter()
    for _ in range(calls):
        subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def nothing(_: Library) -> dict:
    return {}


ROWS = [
    Row("import", nothing, "import", target=Target.IMPORT, measure=import_alone),
    Row(
        "process: import, one op, exit",
        nothing,
        "import; zeros(10) + zeros(10)",
        target=Target.IMPORT,
        measure=whole_process,
    ),
]
