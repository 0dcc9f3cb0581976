"""Hostile arguments: a short run of tests/fuzz, and what its commands answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz" / "fuzz_calls.py"


def fuzz(*args, **env):
    return subprocess.run(
        [sys.executable, str(FUZZ), *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **env},
    )


def test_no_findings():
    done = fuzz("--calls", "2000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 findings" in done.stdout


def test_a_seed_draws_the_same_call():
    assert fuzz("--show", "17").stdout == fuzz("--show", "17").stdout != ""


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("x = tensor((2, 3)); x + 1", 0),
        ("x = tensor((2, 3)); x + rl.ones(5)", 3),
        ("__import__('os').abort()", -6),
        ("(lambda: undefined)()", 1),
    ],
)
def test_status_of_a_call(code, status):
    assert fuzz("--code", code).returncode == status
