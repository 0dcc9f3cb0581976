"""PyTorch scripts print the same with PyTorch and with ``python -m rushlight run``."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

import rushlight

pytest.importorskip("torch", reason="parity tests compare with PyTorch")

SCRIPTS = pathlib.Path(__file__).parents[1] / "python" / "scripts"
PACKAGES = os.path.dirname(os.path.dirname(os.path.abspath(rushlight.__file__)))


@pytest.mark.parametrize("name", ["mlp", "loader", "save_load", "lstm"])
def test_same_output(name, tmp_path):
    printed = []
    for options in ([], ["-m", "rushlight", "run"]):
        arguments = [tmp_path] if name == "save_load" else []
        printed.append(
            subprocess.run(
                [sys.executable, *options, SCRIPTS / f"{name}.py", *arguments],
                capture_output=True,
                text=True,
                env=dict(os.environ, PYTHONPATH=PACKAGES),
                check=True,
                timeout=300,
            ).stdout
        )
    theirs, ours = printed
    assert len(theirs.splitlines()) > 4
    assert ours == theirs


WITH_TORCHVISION = """
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
import torchvision_oracle
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_torchvision_script(tmp_path):
    pytest.importorskip("PIL", reason="Pillow is not installed")
    pytest.importorskip("torchvision_oracle", reason="torchvision is not installed")
    here = pathlib.Path(__file__).parent
    script = SCRIPTS / "images.py"
    printed = []
    for start in (["-c", WITH_TORCHVISION, here, script], ["-m", "rushlight", "run"]):
        arguments = (
            [*start, tmp_path] if script in start else [*start, script, tmp_path]
        )
        printed.append(
            subprocess.run(
                [sys.executable, *arguments],
                capture_output=True,
                text=True,
                env=dict(os.environ, PYTHONPATH=PACKAGES),
                check=True,
                timeout=300,
            ).stdout.splitlines()
        )
    theirs, ours = printed
    assert len(theirs) == len(ours) == 5
    for one, other in zip(ours, theirs):
        if other.startswith("loss"):
            assert float(one[5:]) == pytest.approx(float(other[5:]), abs=0.002)
        else:
            assert one == other
