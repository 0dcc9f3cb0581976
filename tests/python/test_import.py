"""What an import brings along: no thread, no NumPy, no other package, no CUDA."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(source: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_imports_the_standard_library_alone():
    names = run(
        "import sys; before = set(sys.modules); import rushlight; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    ).split()
    others = {name for name in names if name not in sys.stdlib_module_names}
    # Cython's shared helpers appear as modules of their own.
    assert {name for name in others if "cython" not in name} == {"rushlight"}


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.parametrize("then", ["pass", "rushlight.ones(10) + 1"])
def test_starts_no_thread(then):
    assert run(
        f"import os, rushlight; {then}; print(len(os.listdir('/proc/self/task')))"
    ) == ("1")


def test_numpy_is_imported_when_first_needed():
    assert run(
        "import sys, rushlight; x = rushlight.ones(2); print('numpy' in sys.modules); "
        "x.numpy(); print('numpy' in sys.modules)"
    ).split() == ["False", "True"]


def test_cuda_says_why_it_is_not_there():
    printed = run(
        "import rushlight\n"
        "if rushlight.cuda.is_available():\n"
        "    print('available')\n"
        "else:\n"
        "    try:\n"
        "        rushlight.ones(1).to('cuda')\n"
        "    except RuntimeError as error:\n"
        "        print(error)\n"
    )
    assert printed == "available" or "CUDA" in printed
