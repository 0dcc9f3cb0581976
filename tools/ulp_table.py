"""Print the largest errors of the elementary functions for every instruction set.

Builds ``tests/cpp/ulp_check.cpp`` once per x86-64 level that this machine runs, checks
each function on a strided subset of all float32 values (``--full``: on all 2^32) and on
random float64 values, and prints a table in units in the last place. Fails where a
bound (2 ULP for float32, 4 for float64), a special value or the equality of vector and
scalar results is broken.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "-std=c++20",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    f"-I{ROOT / 'cpp' / 'include'}",
]
BOUNDS = {"float": 2.0, "double": 4.0}
NEEDED = {
    "v2": {"sse4_1", "sse4_2"},
    "v3": {"avx2", "fma", "f16c"},
    "v4": {"avx512f", "avx512bw", "avx512dq", "avx512vl"},
}


def supported_levels() -> list[str]:
    """The levels whose CPU flags /proc/cpuinfo lists."""
    text = Path("/proc/cpuinfo").read_text()
    line = next((x for x in text.splitlines() if x.startswith("flags")), "")
    flags = set(line.partition(":")[2].split())
    return [level for level, needed in NEEDED.items() if needed <= flags]


def build(compiler: str, level: str, folder: Path) -> Path:
    program = folder / f"ulp_check_{level}"
    source = ROOT / "tests" / "cpp" / "ulp_check.cpp"
    level_flags = [f"-march=x86-64-{level}", f"-DRL_ISA={level}"]
    subprocess.run([compiler, *FLAGS, *level_flags, source, "-o", program], check=True)
    return program


def measure(
    program: Path, stride: int, only: str | None
) -> dict[tuple[str, str], list[str]]:
    command = [str(program), "--stride", str(stride)]
    if only:
        command += ["--only", only]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in output.splitlines())
    return {(kind, name): rest for kind, name, *rest in rows}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="all 2^32 floats (hours)")
    parser.add_argument(
        "--stride", type=int, default=1021, help="step through the bit patterns"
    )
    parser.add_argument("--only", help="one function")
    parser.add_argument("--isa", nargs="*", help="levels, by default all that run here")
    arguments = parser.parse_args()
    stride = 1 if arguments.full else arguments.stride
    levels = arguments.isa or supported_levels()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        compiler = os.environ.get("CXX", "g++")
        programs = pool.map(lambda level: build(compiler, level, Path(folder)), levels)
        tables = list(
            pool.map(lambda p: measure(p, stride, arguments.only), list(programs))
        )

    failures = 0
    print(f"{'':16}" + "".join(f"{level:>8}" for level in levels) + "   worst at")
    for kind, name in tables[0]:
        cells, notes, worst = "", "", (0.0, "")
        for level, table in zip(levels, tables):
            error, x, _y, special, split = table[kind, name]
            cells += f"{float(error):8.3f}"
            worst = max(worst, (float(error), x))
            if float(error) > BOUNDS[kind]:
                notes += f" {level}: over the bound"
            if special != "0":
                notes += f" {level}: {special} wrong special values"
            if split != "0":
                notes += f" {level}: {split} lanes differ from the scalar"
        failures += bool(notes)
        print(f"{kind:7}{name:9}{cells}   {worst[1]}{notes}")
    print(f"{failures} failed" if failures else "all within bounds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
