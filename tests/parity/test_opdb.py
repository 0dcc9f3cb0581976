"""PyTorch's own op records (op_db) against Rushlight: one test a record.

The records run in a process of their own, several at a time, on a few samples a dtype;
``python tests/parity/opdb_report.py`` runs all samples and prints the score.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")
pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

from opdb.scope import Gaps  # noqa: E402

REPORT = pathlib.Path(__file__).with_name("opdb_report.py")
SAMPLES = 4
GAPS = Gaps.read()


def _start(*options):
    command = [sys.executable, "-W", "ignore", str(REPORT), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _names():
    with _start("--list") as process:
        names = process.stdout.read().split()
    assert process.returncode == 0 and len(names) > 500
    return names


class Results:
    """The results of the chosen records, read as they come."""

    def __init__(self, names):
        # All samples where a gap is listed: it may show on one of them only.
        listed = [n for n in names if any(_specific(line) for line in GAPS.of_op(n))]
        self.process = _start(
            *(f"--only={n}" for n in names),
            f"--limit={SAMPLES}",
            f"--all-samples-of={' '.join(listed)}",
            f"--processes={max(2, os.cpu_count() or 2)}",
            "--stream",
        )
        self.found = {}

    def of(self, name):
        while name not in self.found:
            line = self.process.stdout.readline()
            assert line, f"the run of the records ended before {name}"
            done, variants, _ = json.loads(line)
            self.found[done] = variants
        return self.found[name]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def _specific(line):
    return "*" not in line[0]


@pytest.fixture(scope="module")
def results(request):
    names = [
        item.callspec.params["name"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    running = Results(names)
    yield running
    running.close()


@pytest.mark.parametrize("name", _names())
def test_op_record(name, results):
    """Every variant that is no listed gap passes, and every listed gap still fails."""
    variants = results.of(name)
    failed = {d: r for d, r in variants.items() if r[0] not in ("pass", "empty")}
    missing = [d for d, r in failed.items() if r[0] == "missing"]
    problems, used = [], set()
    for dtype, (status, failures) in failed.items():
        lines = GAPS.of(name, dtype)
        used.update(lines)
        excused = lines if status in ("fail", "no dtype") else []
        if not excused and dtype not in missing:
            problems += [f"{dtype}: {status}", *(f"    {f}" for f in failures)]
    for line in GAPS.of_op(name):
        if _specific(line) and line not in used and not GAPS.is_open(line):
            problems.append(f"listed in opdb_gaps.txt, but passes: {' '.join(line)}")
    assert not problems, "\n".join([name, *problems])
    if missing:
        pytest.skip(f"missing: {variants[missing[0]][1][0]}")
