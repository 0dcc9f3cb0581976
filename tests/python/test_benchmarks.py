"""Benchmark rows are well formed; the comparison judges and reports them rightly."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def modules():
    """The benchmark modules, which find each other by their folder."""
    before = set(sys.modules)
    sys.path.insert(0, str(FOLDER))
    import _readme
    import _report
    import _rows

    yield _rows, _report, _readme
    sys.path.remove(str(FOLDER))
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and name.startswith(
            ("_r", "bench_")
        ):
            del sys.modules[name]


def test_every_statement_compiles(modules):
    for title, rows in modules[0].load_families().values():
        assert title
        for row in rows:
            for library in ("rushlight", "numpy"):
                statement = row.statement(library)
                if statement is not None and row.measure is None:
                    compile(statement, row.name, "exec")


def test_rows_of_the_readme_exist(modules):
    rows, _, readme = modules
    names = {
        f"{k}/{row.name}"
        for k, (_, many) in rows.load_families().items()
        for row in many
    }
    assert set(readme.CHOSEN) <= names


@pytest.mark.parametrize(
    ("target", "times", "verdict"),
    [
        ("FASTEST", {"rushlight": 10, "numpy": 20, "torch": 11}, "won"),
        ("FASTEST", {"rushlight": 10, "numpy": 20, "torch": 9.8}, "even"),
        ("FASTEST", {"rushlight": 10, "numpy": 9, "torch": 30}, "lost"),
        ("FASTEST", {"rushlight": 10}, "alone"),
        ("FASTEST", {"numpy": 10}, "failed"),
        ("SMALL", {"rushlight": 10, "numpy": 21, "torch": 51}, "won"),
        ("SMALL", {"rushlight": 10, "numpy": 19, "torch": 51}, "missed"),
        ("SMALL", {"rushlight": 10, "numpy": 21, "torch": 49}, "missed"),
        ("GRAD", {"rushlight": 10, "torch": 49}, "missed"),
        ("GRAD", {"rushlight": 10, "torch": 51}, "won"),
        ("IMPORT", {"rushlight": 12, "numpy": 10, "torch": 99}, "even"),
        ("IMPORT", {"rushlight": 14, "numpy": 10, "torch": 99}, "lost"),
        ("BANDWIDTH", {"rushlight": 12, "numpy": 20, "copy": 10}, "won"),
        ("BANDWIDTH", {"rushlight": 15, "numpy": 20, "copy": 10}, "missed"),
    ],
)
def test_verdicts(modules, target, times, verdict):
    rows, report, _ = modules
    row = rows.Row("a row", dict, "a", target=rows.Target[target], moved_bytes=1)
    samples = {name: [ns, ns * 2, ns / 2] for name, ns in times.items()}
    assert report.Result("family", "title", row, samples).verdict() == verdict


@pytest.mark.parametrize(
    ("ns", "text"),
    [(43.2, "43 ns"), (999.4, "999 ns"), (1234, "1.23 us"), (56_780, "56.8 us"),
     (999_800, "1.00 ms"), (2.5e9, "2.50 s"), (None, "")],
)  # fmt: skip
def test_human_time(modules, ns, text):
    assert modules[1].human_time(ns).strip() == text


def test_compare_times_a_row_of_each_library(tmp_path):
    table, samples = tmp_path / "out.csv", tmp_path / "out.json"
    done = subprocess.run(
        [
            *(sys.executable, FOLDER / "compare.py", "--quick", "--threads", "1"),
            *("--only", "small/a + b", "--csv", table, "--json", samples),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 rows: " in done.stdout
    with table.open() as file:
        (row,) = csv.DictReader(file)
    assert row["row"] == "a + b"
    assert 1 < float(row["rushlight_ns"]) < 1e6
    assert 1 < float(row["numpy_ns"]) < 1e6
    (stored,) = json.loads(samples.read_text())["rows"]
    assert len(stored["samples_ns"]["rushlight"]) == 3


def test_compare_knows_no_such_row():
    done = subprocess.run(
        [sys.executable, FOLDER / "compare.py", "--only", "no such row"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "no row matches" in done.stderr
