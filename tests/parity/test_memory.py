"""Training a network takes no more memory than PyTorch's: benchmarks/memory.py."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="parity tests compare with PyTorch")

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "memory.py"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_of_training_a_resnet(tmp_path):
    table = tmp_path / "memory.csv"
    subprocess.run([sys.executable, SCRIPT, "--csv", table], check=True)
    with table.open() as file:
        rows = {row["library"]: row for row in csv.DictReader(file)}
    ours, theirs = (float(rows[name]["peak"]) for name in ("rushlight", "torch"))
    # The parameters, their gradients and momenta alone are 128 MiB.
    assert 128 < ours <= theirs
