"""The float32 transcendental functions are within 2 ULP, on a subset of all floats.

``python tools/ulp_sweep.py --full`` visits all 2^32; its table is in docs/accuracy.md.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight

TOOLS = Path(__file__).parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
import ulp_references  # noqa: E402
import ulp_sweep  # noqa: E402

sys.path.remove(str(TOOLS))
STRIDE = 65521  # a prime: every sign and exponent, and many mantissas
COUNT = -(-ulp_sweep.ALL // STRIDE)


@pytest.fixture(autouse=True)
def _same_number_of_threads():
    threads = rushlight.get_num_threads()
    yield
    rushlight.set_num_threads(threads)


@pytest.mark.parametrize("name", ulp_references.ELEMENTARY + ulp_references.BINARY)
def test_within_two_ulp(name):
    part = ulp_sweep.Part(name, 0, COUNT, STRIDE, measure=True, torch=False)
    _, errors, *_ = ulp_sweep.run_part(part)
    assert errors.count == COUNT
    assert 0 < errors.worst <= 2, errors
    assert (errors.nan, errors.zero) == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the levels are read from /proc")
def test_within_two_ulp_by_the_kernels_of_every_level():
    names = ",".join(ulp_references.ELEMENTARY)
    command = [sys.executable, str(TOOLS / "ulp_sweep.py"), "--only", names]
    run = subprocess.run(
        [*command, "--stride", "1048573", "--processes", "1"],
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for level in ulp_sweep.built_levels():
        assert f"{level} max" in run.stdout
    assert "all within bounds" in run.stdout


def test_a_wrong_result_is_found():
    want = np.array([1.0, -1e-45, 3e38, np.nan, 0.0, 2.0])
    got = want.astype(np.float32)
    errors = ulp_sweep.measure_errors(got, want, (got,))
    assert errors.worst <= 0.5
    assert (errors.wrong, errors.nan, errors.zero) == (0, 0, 0)
    got[0] = np.nextafter(got[0], np.float32(2))
    got[3:5] = 1.0, -0.0
    errors = ulp_sweep.measure_errors(got, want, (got,))
    assert errors.worst == 1
    assert errors.at == (float(got[0]),)
    assert (errors.wrong, errors.nan, errors.zero) == (1, 1, 1)
    wrong = ulp_sweep.Wrong()
    wrong.add(got, want, (got,))
    some = wrong.measure()
    assert some == dataclasses.replace(errors, total=0.0, summed=0)
    got[5] = np.inf
    assert ulp_sweep.measure_errors(got, want, (got,)).worst > 1e6


def test_disagreements_are_counted():
    nan, inf = np.nan, np.inf
    a = np.array([nan, nan, inf, inf, 0.0, -0.0, 1.0, -inf], np.float32)
    b = np.array([nan, 1.0, inf, 1.0, -0.0, -0.0, 2.0, inf], np.float32)
    assert ulp_sweep.differences(a, b).tolist() == [1, 2, 1]
