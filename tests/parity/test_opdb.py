"""PyTorch's own op records (op_db) against Rushlight: one test a record.

The records run in a process of their own, several at a time, on a few samples a dtype;
``python tests/parity/opdb_report.py`` runs all samples and prints the score.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")
pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

from opdb.running import Results, chosen_names, names_of, problems  # noqa: E402
from opdb.scope import Gaps  # noqa: E402

REPORT = pathlib.Path(__file__).with_name("opdb_report.py")
SAMPLES = 4
GAPS = Gaps.read()


@pytest.fixture(scope="module")
def results(request):
    running = Results(REPORT, chosen_names(request), SAMPLES, GAPS)
    yield running
    running.close()


ENDLESS = """
import multiprocessing, sys, time
sys.path.insert(0, {folder!r})
from opdb import pool

def check(record, dtype, limit, at):
    print(multiprocessing.current_process().pid, flush=True)
    time.sleep(600)

for _ in pool.run({{"a": 0, "b": 0}}, check, [("a", ["x"], 1), ("b", ["x"], 1)], 2):
    pass
"""


def test_workers_end_with_a_killed_report():
    code = ENDLESS.format(folder=str(REPORT.parent))
    command = [sys.executable, "-W", "ignore", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as report:
        workers = [int(report.stdout.readline()) for _ in range(2)]
        report.kill()
        # The pipe ends with the last process that can write to it.
        assert report.communicate(timeout=30)[0] == "", workers


@pytest.mark.parametrize("name", names_of(REPORT, 500))
def test_op_record(name, results):
    """Every variant that is no listed gap passes, and every listed gap still fails."""
    variants = results.of(name)
    missing = [f for status, f in variants.values() if status == "missing"]
    found = problems(name, variants, GAPS, ("fail", "no dtype"), ignored=("missing",))
    assert not found, "\n".join([name, *found])
    if missing:
        pytest.skip(f"missing: {missing[0][0]}")
