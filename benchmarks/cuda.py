"""Times Rushlight's CUDA backend, or PyTorch's, and prints the rows side by side.

    python benchmarks/cuda.py --library rushlight --json ours.json
    python benchmarks/cuda.py --library torch --json theirs.json
    python benchmarks/cuda.py --table ours.json theirs.json

Each row is the median of repeated runs, each long enough for the clock and ended by one
synchronisation, after a warm-up. GB/s counts every byte read and written once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pathlib
import statistics
import time


def rows(lib):
    """``(name, call, bytes, flops)`` of each row; work that is 0 is not reported."""
    cuda = {"device": "cuda"}
    functional = lib.nn.functional
    n = 1 << 26
    a, b = lib.rand(n, **cuda), lib.rand(n, **cuda)
    square = lib.rand(8192, 8192, **cuda)
    half = square[:4096, :4096].contiguous().to(lib.bfloat16)
    single = lib.rand(4096, 4096, **cuda)
    logits = lib.rand(8192, 4096, **cuda)
    images, weight = lib.rand(64, 64, 56, 56, **cuda), lib.rand(64, 64, 3, 3, **cuda)
    few, index = lib.rand(10, **cuda), lib.randint(0, 8192, (1 << 16,), **cuda)
    out = lib.empty_like(a)
    mask = square > 0.5
    yield "a + b, 10 floats", lambda: few + few, 0, 0
    yield "a.sum(), 10 floats", lambda: few.sum(), 0, 0
    yield "a[1:3]", lambda: few[1:3], 0, 0
    yield "a + b, 256 MB each", lambda: a + b, 12 * n, 0
    yield "a + 1, 256 MB", lambda: a + 1, 8 * n, 0
    yield "exp(a), 256 MB", lambda: lib.exp(a), 8 * n, 0
    yield "a.copy_, 256 MB", lambda: out.copy_(a), 8 * n, 0
    yield "a + b.t(), 8192 x 8192", lambda: square + square.t(), 12 * n, 0
    yield "to bfloat16, 256 MB", lambda: a.to(lib.bfloat16), 6 * n, 0
    yield "a > b, 256 MB", lambda: a > b, 9 * n, 0
    yield "where, 256 MB", lambda: lib.where(mask, square, square), 9 * n, 0
    yield "sum, 256 MB", lambda: a.sum(), 4 * n, 0
    yield "sum dim 0, 8192 x 8192", lambda: square.sum(0), 4 * n, 0
    yield "sum dim 1, 8192 x 8192", lambda: square.sum(1), 4 * n, 0
    yield "argmax dim 1, 8192 x 8192", lambda: square.argmax(1), 4 * n, 0
    yield "var dim 1, 8192 x 8192", lambda: square.var(1), 4 * n, 0
    yield "softmax, 8192 x 4096", lambda: lib.softmax(logits, -1), 8 * 8192 * 4096, 0
    yield "cumsum dim 1, 8192 x 4096", lambda: logits.cumsum(1), 8 * 8192 * 4096, 0
    rows_bytes = 8 * (1 << 16) * 8192
    yield "index_select rows", lambda: square.index_select(0, index), rows_bytes, 0
    yield "masked_select, 256 MB", lambda: square.masked_select(mask), 0, 0
    yield "rand, 256 MB", lambda: lib.rand(n, **cuda), 4 * n, 0
    yield "randn, 256 MB", lambda: lib.randn(n, **cuda), 4 * n, 0
    yield "mm float32, 4096", lambda: single @ single, 0, 2 * 4096**3
    yield "mm bfloat16, 4096", lambda: half @ half, 0, 2 * 4096**3
    conv_flops = 2 * 64 * 64 * 64 * 9 * 56 * 56
    conv = lambda: functional.conv2d(images, weight, padding=1)  # noqa: E731
    yield "conv2d 64 x 64 x 56 x 56, 3 x 3", conv, 0, conv_flops
    yield "max_pool2d 2", lambda: functional.max_pool2d(images, 2), 0, 0


def seconds(lib, call, at_least=0.02, repeats=7):
    call()
    lib.cuda.synchronize()
    count = 1
    found = []
    while len(found) < repeats:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        lib.cuda.synchronize()
        elapsed = time.perf_counter() - begin
        if elapsed < at_least and not found:
            count = max(count + 1, int(count * at_least / max(elapsed, 1e-6)))
            continue
        found.append(elapsed / count)
    return statistics.median(found)


def measure(name):
    lib = importlib.import_module(name)
    if not lib.cuda.is_available():
        raise SystemExit(f"{name}: no CUDA device can be used")
    found = {"device": lib.cuda.get_device_name(), "library": name, "rows": {}}
    if name == "torch":
        lib.backends.cuda.matmul.allow_tf32 = False
        lib.backends.cudnn.allow_tf32 = False
        found["library"] += " " + lib.__version__
    with lib.no_grad():
        for row, call, moved, flops in rows(lib):
            try:
                taken = seconds(lib, call)
            except (NotImplementedError, RuntimeError) as error:
                found["rows"][row] = {"error": f"{type(error).__name__}: {error}"}
                continue
            found["rows"][row] = {
                "seconds": taken,
                "GB/s": moved / taken / 1e9,
                "TFLOP/s": flops / taken / 1e12,
            }
    return found


def work(row):
    for unit in ("GB/s", "TFLOP/s"):
        if row.get(unit):
            return f"{row[unit]:.0f} {unit}"
    return ""


def table(ours, theirs):
    lines = [
        f"{ours['device']}; {ours['library']} against {theirs['library']}",
        "| row | ours | theirs | ours/theirs | our work |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in ours["rows"].items():
        other = theirs["rows"].get(name, {})
        if "seconds" not in row or "seconds" not in other:
            lines.append(f"| {name} | {row.get('error', '')[:80]} | | | |")
            continue
        mine, its = row["seconds"] * 1e6, other["seconds"] * 1e6
        ratio = mine / its
        lines.append(
            f"| {name} | {mine:.1f} us | {its:.1f} us | {ratio:.2f} | {work(row)} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", choices=["rushlight", "torch"])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--table", nargs=2, type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.table:
        print(table(*(json.loads(path.read_text()) for path in arguments.table)))
        return
    text = json.dumps(measure(arguments.library or "rushlight"), indent=1)
    if arguments.json:
        arguments.json.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
