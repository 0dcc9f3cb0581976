"""Print the errors of the float32 transcendental functions, over all of their inputs.

    python tools/ulp_sweep.py                        # every 1021st float, a minute
    python tools/ulp_sweep.py --full --only exp,sin  # all 2^32 floats
    python tools/ulp_sweep.py --full --torch --markdown table.md

The installed ``rushlight`` is compared with NumPy's and SciPy's float64 functions, in
units in the last place of the exact result, for the kernels of every instruction set
that this machine runs. The first set is measured whole; another one whose results have
the same bits everywhere (by a fingerprint of each block) has the same errors and is
not measured again. ``--torch`` counts the inputs where PyTorch's result differs in
being NaN, in being infinite or in the sign of a zero, and finds PyTorch's own errors.

Fails where an elementary function is off by more than 2 ULP, or where NaN or the sign
of a zero differ from the reference.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from ulp_references import (
    BINARY,
    ELEMENTARY,
    SPECIAL,
    WITHIN,
    find_op,
    reference,
)
from ulp_table import supported_levels

BOUND = 2.0
FIRST_CALL = "import rushlight; rushlight.ones(1) + 1"
ALL = 1 << 32
BLOCK = 1 << 14  # floats handled at once: what NumPy allocates stays in the cache
SAMPLED = 64  # of that many blocks of a whole sweep, one counts for the mean error
TASK = 1 << 22  # floats between two reports to the parent


def built_levels() -> list[str]:
    """Of the levels that this machine runs, those that the build has kernels for."""

    def runs(level):
        command = [sys.executable, "-c", FIRST_CALL]
        env = {**os.environ, "RUSHLIGHT_CPU": level}
        return subprocess.run(command, env=env, capture_output=True).returncode == 0

    return [level for level in supported_levels() if runs(level)]


@dataclasses.dataclass
class Errors:
    """What was found over some inputs; ``+`` joins it with others'."""

    count: int = 0
    worst: float = 0.0
    at: tuple = ()
    total: float = 0.0
    summed: int = 0  # the number of errors in the total
    wrong: int = 0  # not the nearest float
    nan: int = 0
    zero: int = 0

    def __add__(self, other):
        first = max(self, other, key=lambda e: e.worst)
        return Errors(
            self.count + other.count,
            first.worst,
            first.at,
            self.total + other.total,
            self.summed + other.summed,
            self.wrong + other.wrong,
            self.nan + other.nan,
            self.zero + other.zero,
        )


@dataclasses.dataclass(frozen=True)
class Part:
    """One stretch of a function's inputs, and what to do with it."""

    name: str
    start: int
    count: int
    stride: int
    measure: bool
    torch: bool


def inputs(part, first, n):
    """The operands of ``n`` calls from number ``first`` on, float32 arrays."""
    if part.name in BINARY:
        random = np.random.default_rng((first, n))
        return tuple(random_floats(random, n) for _ in range(2))
    first, end = first * part.stride, (first + n) * part.stride
    bits = np.arange(first, end, part.stride, dtype=np.int64).astype(np.uint32)
    return (bits.view(np.float32),)


def random_floats(random, n):
    """A quarter of any bit pattern, the rest of sizes around 1; specials among them."""
    bits = random.integers(0, ALL, n, dtype=np.uint64).astype(np.uint32)
    near = np.exp2(random.uniform(-12, 12, n)) * random.choice([-1.0, 1.0], n)
    x = np.where(random.random(n) < 0.25, bits.view(np.float32), near)
    return x.astype(np.float32)


def measure_errors(got, want, operands):
    """The :class:`Errors` of float32 results against float64 ones."""
    nan_got, nan_want = np.isnan(got), np.isnan(want)
    nan = nan_got | nan_want
    nearest = want.astype(np.float32)
    wrong = np.count_nonzero((nearest != got) & ~nan)
    zero = np.count_nonzero((want == 0) & (np.signbit(want) != np.signbit(got)) & ~nan)
    # Infinity stands for the first value that does not fit.
    size = np.clip(want, -(2.0**128), 2.0**128)
    unit = (size.view(np.int64) & 0x7FF0000000000000).view(np.float64) * 2.0**-23
    np.clip(unit, 2.0**-149, 2.0**104, out=unit)
    error = np.clip(got.astype(np.float64), -(2.0**128), 2.0**128)
    error -= size
    np.abs(error, out=error)
    error /= unit
    error[nan] = 0
    i = int(error.argmax())
    return Errors(
        len(got),
        float(error[i]),
        tuple(float(x[i]) for x in operands),
        float(error.sum()),
        len(got),
        int(wrong),
        int(np.count_nonzero(nan_got != nan_want)),
        int(zero),
    )


class Wrong:
    """The results that are not the nearest, put by to be measured together.

    The others are off by half an ULP at most, and are nine in ten of all.
    """

    def __init__(self):
        self.count, self.found = 0, []

    def add(self, got, want, operands):
        self.count += len(got)
        nearest = want.astype(np.float32).view(np.uint32)
        where = np.flatnonzero(nearest != got.view(np.uint32))
        if len(where):
            self.found.append([x[where] for x in (got, want, *operands)])

    def measure(self):
        """Their :func:`measure_errors`, without a sum."""
        if not self.found:
            return Errors(self.count)
        got, want, *operands = map(np.concatenate, zip(*self.found))
        errors = measure_errors(got, want, operands)
        return dataclasses.replace(errors, count=self.count, total=0.0, summed=0)


def fingerprint(got, weights):
    """A number that depends on every bit of float32 results; NaN are all alike."""
    nan = np.isnan(got)
    if nan.any():
        got = np.where(nan, np.float32(0), got)
    return int(np.bitwise_xor.reduce(got.view(np.uint32) * weights[: len(got)]))


def differences(got, other):
    """How many of two float32 arrays' elements differ as NaN, infinities, zeros."""
    nan, other_nan = np.isnan(got), np.isnan(other)
    infinite = (np.isinf(got) | np.isinf(other)) & (got != other) & ~nan & ~other_nan
    zero = (got == 0) & (other == 0) & (np.signbit(got) != np.signbit(other))
    return np.array([np.count_nonzero(x) for x in (nan != other_nan, infinite, zero)])


def run_part(part):
    """Number the part's inputs, and find its errors, its fingerprint, the agreement."""
    import rushlight

    rushlight.set_num_threads(1)
    op, exact = find_op(rushlight, part.name), reference(part.name)
    other = None
    if part.torch:
        import torch

        torch.set_num_threads(1)
        other = find_op(torch, part.name)
    weights = np.random.default_rng(1).integers(0, 1 << 31, BLOCK, dtype=np.uint32) | 1
    errors, others, apart, prints = Errors(), Errors(), np.zeros(3, int), []
    wrong = Wrong()
    with np.errstate(all="ignore"):
        for first in range(part.start, part.start + part.count, BLOCK):
            n = min(BLOCK, part.start + part.count - first)
            operands = inputs(part, first, n)
            got = op(*map(rushlight.from_numpy, operands)).numpy()
            prints.append(fingerprint(got, weights))
            if not part.measure:
                continue
            if part.name in WITHIN:
                near = np.abs(operands[0]) <= WITHIN[part.name]
                got, operands = got[near], (operands[0][near],)
                if not len(got):
                    continue
            want = exact(*(x.astype(np.float64) for x in operands))
            whole = part.stride > 1 or first // BLOCK % SAMPLED == 0
            if whole:
                errors += measure_errors(got, want, operands)
            else:
                wrong.add(got, want, operands)
            if other is not None:
                theirs = other(*map(torch.from_numpy, operands)).numpy()
                others += measure_errors(theirs, want, operands)
                apart += differences(got, theirs)
        errors += wrong.measure()
    return part, errors, hash(tuple(prints)), others, apart


def parts_of(name, options, *, measure):
    stride = 1 if options.full and name in ELEMENTARY else options.stride
    if name in BINARY:
        stride, count = 1, options.pairs
    else:
        count = -(-ALL // stride)
    size = TASK if name in ELEMENTARY + BINARY else TASK // 16
    for start in range(0, count, size):
        n = min(size, count - start)
        yield Part(name, start, n, stride, measure, options.torch and measure)


def with_progress(results, level, total):
    """Passes on what :func:`run_part` returned, and shows how far it has come."""
    from tqdm import tqdm

    bar = tqdm(total=total, desc=level, unit="float", unit_scale=True, mininterval=2)
    with bar:
        for result in results:
            bar.set_postfix_str(result[0].name, refresh=False)
            bar.update(result[0].count)
            yield result


def sweep(names, level, options, *, measure):
    """Each name's ``(errors, fingerprint, PyTorch's errors, disagreements)``."""
    parts = [p for name in names for p in parts_of(name, options, measure=measure)]
    os.environ["RUSHLIGHT_CPU"] = level  # read by the children, as they import
    context = multiprocessing.get_context("spawn")
    found = {name: {} for name in names}
    with context.Pool(options.processes) as pool:
        done = pool.imap_unordered(run_part, parts)
        if options.progress or sys.stderr.isatty():
            done = with_progress(done, level, sum(p.count for p in parts))
        for part, *results in done:
            found[part.name][part.start] = results
    table = {}
    for name, pieces in found.items():
        ordered = [pieces[start] for start in sorted(pieces)]
        errors, prints, others, apart = zip(*ordered)
        table[name] = (
            sum(errors, Errors()),
            hash(prints),
            sum(others, Errors()),
            sum(apart),
        )
    return table


def tabulate(names, levels, options):
    """The rows of the table, and how many break a promise."""
    first, *rest = levels
    tables = {first: sweep(names, first, options, measure=True)}
    for level in rest:
        prints = sweep(names, level, options, measure=False)
        apart = [n for n in names if prints[n][1] != tables[first][n][1]]
        tables[level] = {n: tables[first][n] for n in names if n not in apart}
        if apart:
            tables[level] |= sweep(apart, level, options, measure=True)
    heads = ["function", "inputs", *(f"{x} max" for x in levels), "at", "mean"]
    heads += ["not nearest", "NaN, -0 wrong"]
    if options.torch:
        heads += ["PyTorch's max", "NaN, inf, -0 unlike PyTorch"]
    rows, failures = [], 0
    for name in names:
        errors = [tables[level][name][0] for level in levels]
        worst = max(errors, key=lambda e: e.worst)
        special = f"{max(e.nan for e in errors)}, {max(e.zero for e in errors)}"
        bad = name not in SPECIAL and (worst.worst > BOUND or special != "0, 0")
        failures += bad
        row = [name, f"{errors[0].count:,}", *(f"{e.worst:.3f}" for e in errors)]
        row += [", ".join(f"{x:.9g}" for x in worst.at)]
        row += [f"{worst.total / worst.summed:.3f}"]
        row += [f"{100 * worst.wrong / worst.count:.2f}%", special]
        if options.torch:
            *_, theirs, apart = tables[first][name]
            row += [f"{theirs.worst:.3f}", ", ".join(map(str, apart))]
        rows.append(row)
    return heads, rows, failures


def markdown(heads, rows):
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--full", action="store_true", help="all 2^32 floats, for the elementary ones"
    )
    parser.add_argument("--stride", type=int, default=1021, help="of the bit patterns")
    parser.add_argument("--pairs", type=int, default=1 << 22, help="of two operands")
    parser.add_argument("--only", help="names, with commas")
    parser.add_argument("--isa", nargs="*", help="levels, by default all that run here")
    parser.add_argument("--torch", action="store_true", help="compare with PyTorch too")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--progress", action="store_true", help="even into a file")
    parser.add_argument("--markdown", metavar="FILE", help="writes the table there")
    options = parser.parse_args()
    known = [*ELEMENTARY, *BINARY, *SPECIAL]
    names = options.only.split(",") if options.only else known
    if unknown := set(names) - set(known):
        parser.error(f"unknown functions: {', '.join(sorted(unknown))}")
    levels = options.isa or built_levels()[::-1]
    heads, rows, failures = tabulate(names, levels, options)
    text = markdown(heads, rows)
    print(text, end="")
    if options.markdown:
        Path(options.markdown).write_text(text)
    print(f"{failures} broken" if failures else "all within bounds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
