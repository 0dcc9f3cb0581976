"""The installed package: paths, what an import loads, the private OpenBLAS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import rushlight


def run(code: str, **env: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
    ).stdout.strip()


def installed() -> bool:
    try:
        rushlight.get_cmake_dir()
    except FileNotFoundError:
        return False
    return True


needs_install = pytest.mark.skipif(
    not installed(), reason="runs on an installed package, this is a build folder"
)


@needs_install
def test_headers_and_cmake_package():
    assert Path(rushlight.get_include(), "rushlight", "core", "tensor.h").is_file()
    assert Path(rushlight.get_cmake_dir(), "RushlightConfig.cmake").is_file()


@needs_install
@pytest.mark.parametrize(
    "option, expected",
    [
        ("--version", lambda: rushlight.__version__),
        ("--includedir", rushlight.get_include),
        ("--cmakedir", rushlight.get_cmake_dir),
    ],
)
def test_command_line(option, expected):
    command = [sys.executable, "-m", "rushlight", option]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output.strip() == expected()


def test_a_missing_folder_names_the_remedy(monkeypatch):
    monkeypatch.setattr(rushlight, "__path__", ["/nonexistent"])
    with pytest.raises(FileNotFoundError, match="pip install"):
        rushlight.get_include()


def test_import_loads_neither_numpy_nor_blas_and_starts_no_thread():
    code = """
import os, sys
import rushlight
loaded = open("/proc/self/maps").read()
print("numpy" in sys.modules, "openblas" in loaded, len(os.listdir("/proc/self/task")))
"""
    assert run(code) == "False False 1"


def test_blas_is_private_and_starts_no_thread():
    code = """
import os
import rushlight
rushlight.set_num_threads(1)
a = rushlight.ones(300, 300)
assert (a @ a)[0, 0].item() == 300
assert (a[:40] @ a[:, :7])[0, 0].item() == 300
assert os.environ["OPENBLAS_NUM_THREADS"] == "8"
maps = open("/proc/self/maps").read()
print("librushlight_openblas" in maps, len(os.listdir("/proc/self/task")))
"""
    # What the user asks of other copies of OpenBLAS stays theirs.
    assert run(code, OPENBLAS_NUM_THREADS="8") == "True 1"


@pytest.mark.parametrize("isa", ["v2", "v3", "v4"])
def test_every_instruction_set_of_this_machine(isa):
    code = """
import rushlight
a = rushlight.arange(300 * 200, dtype=rushlight.float64).reshape(300, 200) % 7
print((a @ a.t()).sum().item() == (a.sum(0) ** 2).sum().item())
"""
    needed = {"v2": "sse4_2", "v3": "avx2", "v4": "avx512vl"}[isa]
    if needed not in Path("/proc/cpuinfo").read_text():
        pytest.skip(f"this processor has no x86-64-{isa}")
    try:
        assert run(code, RUSHLIGHT_CPU=isa) == "True"
    except subprocess.CalledProcessError as error:
        if "this build has no kernels" not in error.stderr:
            raise
        pytest.skip(f"this build has no kernels for x86-64-{isa}")
