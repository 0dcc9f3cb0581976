"""Peak memory of training ResNet-18: Rushlight against PyTorch.

Each library trains in a process of its own. What counts is the growth of the resident
memory over what it is after the import and a first small step, when code and threads
are there already:

    python benchmarks/memory.py
    python benchmarks/memory.py --batch 64 --size 96 --csv memory.csv
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from _resnet import resnet18

MIB = 1 << 20
LIBRARIES = ("rushlight", "torch")
COLUMNS = ("library", "imported", "model", "forward", "peak", "at rest")


def status(field: str) -> int:
    """A line of this process's memory report, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}: this benchmark needs Linux")


def forget_peak() -> None:
    """Lets the high-water mark start again from what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


def train_step(library: Any, model: Any, optimizer: Any, x: Any, y: Any) -> float:
    loss = library.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def measure(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Trains in this process; resident MiB at some points, all but one as growth."""
    library = importlib.import_module(name)
    library.set_num_threads(options.threads)
    library.manual_seed(0)
    sgd = library.optim.SGD
    # A first step of a tiny model loads what is loaded at first use.
    tiny = resnet18(library, width=2)
    x, y = library.zeros(2, 3, 32, 32), library.zeros(2, dtype=library.int64)
    train_step(library, tiny, sgd(tiny.parameters(), lr=0.1, momentum=0.9), x, y)
    del tiny, x, y
    start = status("VmRSS")
    result = {"imported": start / MIB}

    def grown(field: str) -> float:
        return (status(field) - start) / MIB

    forget_peak()
    model = resnet18(library)
    optimizer = sgd(model.parameters(), lr=0.01, momentum=0.9)
    x = library.randn(options.batch, 3, options.size, options.size)
    y = library.randint(0, 10, (options.batch,))
    result["model"] = grown("VmRSS")
    with library.no_grad():
        model(x).sum().item()
    result["forward"] = grown("VmHWM")
    forget_peak()
    for _ in range(options.steps):
        result["loss"] = train_step(library, model, optimizer, x, y)
    result["peak"] = grown("VmHWM")
    result["at rest"] = grown("VmRSS")
    return result


def in_own_process(name: str, options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, "--worker", name]
    for option in ("batch", "size", "steps", "threads"):
        command += [f"--{option}", str(getattr(options, option))]
    threads = str(options.threads)
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(variables, threads)}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=False, env=environment
    )
    if done.returncode:
        raise SystemExit(f"memory.py: the process of {name} failed: {done.returncode}")
    return json.loads(done.stdout)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=32, help="default: 32")
    parser.add_argument("--size", type=int, default=64, help="pixels (default: 64)")
    parser.add_argument("--steps", type=int, default=3, help="default: 3")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write a table")
    parser.add_argument("--worker", choices=LIBRARIES, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if options.worker:
        print(json.dumps(measure(options.worker, options)))
        return 0
    print(
        f"ResNet-18, SGD with momentum, batch {options.batch} of 3x{options.size}x"
        f"{options.size}, {options.steps} steps, {options.threads} thread(s)\n"
        "Resident MiB: after the import; then what was added by the model, at the peak "
        "of a forward without gradients, at the peak of training, and after it.\n"
    )
    results = {name: in_own_process(name, options) for name in LIBRARIES}
    print("".join(f"{column:>11}" for column in COLUMNS))
    rows = []
    for name, result in results.items():
        row = [name, *(round(result[column], 1) for column in COLUMNS[1:])]
        rows.append(row)
        print("".join(f"{value:>11}" for value in row))
    ours, theirs = (results[name]["peak"] for name in LIBRARIES)
    mark = "LOSES" if ours > theirs else "wins"
    print(f"\npeak of training: {ours / theirs:.2f} times PyTorch's: {mark}")
    if options.csv is not None:
        with options.csv.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
