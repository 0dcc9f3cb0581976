"""The type stubs: up to date, true to the live modules, of use to a type checker."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rushlight

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(rushlight.__file__).parent

needs_mypy = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a Python command on the imported rushlight; its output where it fails."""
    folder = tmp_path_factory.mktemp("mypy")
    env = dict(os.environ, MYPY_CACHE_DIR=str(folder / "cache"))
    env["PYTHONPATH"] = str(ROOT / "tools")
    if PACKAGE.parent.name != "site-packages":  # where mypy looks by itself
        env["MYPYPATH"] = str(PACKAGE.parent)
        env["PYTHONPATH"] += os.pathsep + str(PACKAGE.parent)

    def run(*command):
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            capture_output=True,
            text=True,
            env=env,
            cwd=folder,
            check=False,
            timeout=600,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr

    return run


def test_are_what_the_tool_writes(run):
    assert run(ROOT / "tools" / "make_stubs.py", "--check") == ""


def test_every_public_function_is_typed(run):
    """In a stub or where it stands."""
    code = "import make_stubs; print(*make_stubs.uncovered()); exit(1)"
    assert run("-c", code).strip() == ""


def test_are_installed():
    assert (PACKAGE / "py.typed").is_file()
    assert (PACKAGE / "__init__.pyi").is_file()


@needs_mypy
@pytest.mark.slow
def test_agree_with_the_live_modules(run):
    allowed = ROOT / "tools" / "stubtest_allowlist.txt"
    command = ["-m", "mypy.stubtest", "rushlight", "--concise", "--allowlist", allowed]
    command.append("--ignore-disjoint-bases")  # a hint of newer checkers alone
    config = ["--mypy-config-file", ROOT / "pyproject.toml"]
    assert run(*command, *config) == ""


@needs_mypy
@pytest.mark.slow
def test_type_a_user_s_code(run):
    options = ["--strict", "--warn-unused-ignores", "--config-file", os.devnull]
    usage = Path(__file__).with_name("typed_usage.py")
    assert run("-m", "mypy", *options, usage) == ""


@needs_mypy
@pytest.mark.slow
def test_a_wrong_stub_is_found(run, tmp_path):
    """The checks above can fail."""
    source = (ROOT / "tests" / "python" / "typed_usage.py").read_text()
    wrong = tmp_path / "wrong.py"
    wrong.write_text(source.replace("(x + 1, Tensor)", "(x + 1, int)"))
    options = ["--strict", "--config-file", os.devnull]
    assert "[assert-type]" in run("-m", "mypy", *options, wrong)
