"""Loading data: Rushlight's loader against PyTorch's.

A row is a pass over a loader, after a first one. The libraries take turns, in processes
of their own: a turn is as many passes as fit 0.1 seconds, at least one. Its median
counts, without the first pass where there are more; the result is the median of the
turns. "After a pause" is one pass a turn, which begins with cold caches and sleeping
threads. The datasets are written once, for both libraries, and both get the same files
and seeds:

    python benchmarks/loading.py
    python benchmarks/loading.py --only jpeg --turns 9 --csv loading.csv
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

LIBRARIES = ("rushlight", "torch")
JPEGS = 512


class Tensors:
    """Images and labels as of MNIST's first 8,000, of which the files hold bytes."""

    rows = 8000

    def __init__(self, library: Any) -> None:
        self.images = library.rand(self.rows, 28, 28)
        self.labels = library.randint(0, 10, (self.rows,))


class Samples(Tensors):
    """The same, sample by sample."""

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.images[index], self.labels[index]


class Jpegs:
    """Files of 28 to 256 pixels, decoded, brought to 128 and to floats."""

    def __init__(self, library: Any, folder: str) -> None:
        import numpy
        from PIL import Image

        # Imported before the workers start, as at the head of a module.
        self.numpy, self.open = numpy, Image.open
        self.library = library
        self.files = sorted(Path(folder).glob("*.jpg"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        with self.open(self.files[index]) as image:
            pixels = self.numpy.array(image.convert("RGB").resize((128, 128)))
        tensor = self.library.from_numpy(pixels).permute(2, 0, 1)
        return tensor.to(self.library.float32).div(255), index % 10


class Large:
    """Batches of 38 MB that cost nothing to make."""

    def __init__(self, library: Any) -> None:
        self.batch = library.rand(64, 3, 224, 224)

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> Any:
        return self.batch.clone()


class Small:
    """Batches of one number."""

    def __init__(self, library: Any) -> None:
        self.library = library

    def __len__(self) -> int:
        return 2000

    def __getitem__(self, index: int) -> Any:
        return self.library.tensor(index)


def write_jpegs(folder: str) -> None:
    """Write the files: noise and gradients, which cost as much as photographs."""
    import numpy
    from PIL import Image

    random = numpy.random.default_rng(0)
    for at in range(JPEGS):
        height, width = random.integers(28, 257, 2)
        ramp = numpy.linspace(0, 200, width)[None, :, None]
        pixels = ramp + random.integers(0, 56, (height, width, 3))
        file = io.BytesIO()
        Image.fromarray(pixels.astype(numpy.uint8)).save(file, "jpeg", quality=85)
        Path(folder, f"{at:04}.jpg").write_bytes(file.getvalue())


def tensor_loader(library: Any, data: Any, folder: str, **options: Any) -> Any:
    rows = Tensors(library)
    dataset = data.TensorDataset(rows.images, rows.labels)
    return data.DataLoader(dataset, 64, shuffle=True, **options)


def byte_loader(library: Any, data: Any, folder: str, **options: Any) -> Any:
    rows = Tensors(library)
    images = (rows.images * 255).to(library.uint8)
    dataset = data.TensorDataset(images, rows.labels)
    return data.DataLoader(dataset, 64, shuffle=True, **options)


def sample_loader(library: Any, data: Any, folder: str, **options: Any) -> Any:
    return data.DataLoader(Samples(library), 64, shuffle=True, **options)


def jpeg_loader(library: Any, data: Any, folder: str, **options: Any) -> Any:
    return data.DataLoader(Jpegs(library, folder), 32, shuffle=True, **options)


def large_loader(library: Any, data: Any, folder: str, **options: Any) -> Any:
    return data.DataLoader(Large(library), None, **options)


def small_loader(library: Any, data: Any, folder: str, **options: Any) -> Any:
    return data.DataLoader(Small(library), None, **options)


PROCESSES = {"num_workers": 2, "persistent_workers": True}


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        make: makes the loader.
        options: its options.
        own: those of Rushlight's alone.
        promise: how many times PyTorch's time is asked of ours, or ``None``.
        seconds: the length of a turn.
    """

    make: Callable
    options: dict[str, Any] = {}
    own: dict[str, Any] = {}
    promise: float | None = None
    seconds: float = 0.1


ROWS = {
    "tensors of floats, here": Row(tensor_loader, promise=20.0),
    "tensors of floats, after a pause": Row(tensor_loader, seconds=0),
    "tensors of bytes, here": Row(byte_loader, promise=20.0),
    "tensors of bytes, after a pause": Row(byte_loader, seconds=0),
    "samples, here": Row(sample_loader),
    "samples, 2 processes": Row(sample_loader, PROCESSES),
    "jpeg, here": Row(jpeg_loader),
    "jpeg, 2 processes": Row(jpeg_loader, PROCESSES, promise=1.0),
    "jpeg, 2 new processes": Row(jpeg_loader, {"num_workers": 2}),
    "jpeg, 2 threads against processes": Row(
        jpeg_loader, PROCESSES, {"worker_method": "thread"}
    ),
    "batches of 38 MB, 2 processes": Row(large_loader, PROCESSES),
    "batches of a number, 2 processes": Row(small_loader, PROCESSES),
}


def serve(name: str, row: str, folder: str, threads: int) -> None:
    """Make passes for each line of the input, and print the median seconds."""
    library = importlib.import_module(name)
    data = importlib.import_module(f"{name}.utils.data")
    library.set_num_threads(threads)
    library.manual_seed(0)
    options = ROWS[row].options
    if name == "rushlight":
        options = {**options, **ROWS[row].own}
    loader = ROWS[row].make(library, data, folder, **options)
    for _ in sys.stdin:
        passes: list[float] = []
        while not passes or sum(passes) < ROWS[row].seconds:
            start = time.perf_counter()
            for _batch in loader:
                pass
            passes.append(time.perf_counter() - start)
        print(statistics.median(passes[1:] or passes), flush=True)


def measure(row: str, folder: str, options: argparse.Namespace) -> dict[str, float]:
    """Let both libraries take turns; the median seconds of each."""
    command = [sys.executable, __file__, "--folder", folder, "--row", row]
    command += ["--threads", str(options.threads)]
    processes = {
        name: subprocess.Popen(
            [*command, "--library", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in LIBRARIES
    }
    seconds: dict[str, list[float]] = {name: [] for name in LIBRARIES}
    for turn in range(options.turns + 1):
        for name, process in processes.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            taken = float(process.stdout.readline())
            if turn:
                seconds[name].append(taken)
    for process in processes.values():
        process.communicate()
    pick = min if options.best else statistics.median
    return {name: pick(times) for name, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows whose name has this")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--best", action="store_true", help="the least, not the median")
    parser.add_argument("--csv")
    parser.add_argument("--library", help=argparse.SUPPRESS)
    parser.add_argument("--row", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.library:
        serve(options.library, options.row, options.folder, options.threads)
        return
    table = []
    print(f"{'':36}{'rushlight':>12}{'torch':>12}{'times':>8}")
    with tempfile.TemporaryDirectory() as folder:
        write_jpegs(folder)
        for row in ROWS:
            if options.only not in row:
                continue
            seconds = measure(row, folder, options)
            ours, theirs = (seconds[name] for name in LIBRARIES)
            promise = ROWS[row].promise
            note = " LOSES" if ours > theirs else ""
            if promise is not None and theirs / ours < promise:
                note = f" MISSES {promise:g}"
            print(
                f"{row:36}{ours * 1e3:9.2f} ms{theirs * 1e3:9.2f} ms"
                f"{theirs / ours:8.2f}{note}",
                flush=True,
            )
            table.append((row, ours, theirs, theirs / ours))
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", *LIBRARIES, "times"])
            writer.writerows(table)


if __name__ == "__main__":
    main()
