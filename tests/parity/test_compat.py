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
