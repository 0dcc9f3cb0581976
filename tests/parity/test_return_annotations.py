"""The results that our stubs name are those that PyTorch's stubs name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

OURS = Path(rushlight.__file__).parent
THEIRS = Path(torch.__file__).parent / "_C"

# Where we say more, or mypy could not follow them.
DIFFERENT = {
    "Tensor._make_subclass",
    "Tensor.as_subclass",
    "Tensor.item",  # their Number leaves complex out
    "Tensor.new",
    "Tensor.split",  # tuples, and at run time theirs are too
    "Tensor.storage_offset",  # no symbolic ints here
    "Tensor.storage_type",
    "Tensor.tolist",  # a number for 0-d
    "_fused_sgd_",  # a list of the momentum buffers, new ones too
    "slogdet",  # linalg.slogdet's named tuple
    "Tensor.slogdet",
}


def results(path, cls=None):
    """Function -> the set of results of its overloads."""
    body = ast.parse(path.read_text()).body
    if cls is not None:
        found = [n for n in body if isinstance(n, ast.ClassDef) and n.name == cls]
        body = found[0].body
    by_name = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            text = ast.unparse(node.returns).replace("torch.", "")
            text = text.replace("numpy.ndarray", "ndarray")
            text = re.sub(
                r"\b_(int|bool|float|complex|dtype|device|type)\b", r"\1", text
            )
            by_name.setdefault(node.name, set()).add(text)
    return by_name


def differences(ours, theirs, prefix=""):
    both = {n for n in ours if n in theirs and not n.startswith("__")}
    assert len(both) > 300
    wrong = {n: (ours[n], theirs[n]) for n in both if ours[n] != theirs[n]}
    return {n: pair for n, pair in wrong.items() if prefix + n not in DIFFERENT}


def test_functions():
    ours = {}
    for name in ("_ops", "_core", "random", "__init__"):
        ours |= results(OURS / f"{name}.pyi")
    assert differences(ours, results(THEIRS / "_VariableFunctions.pyi")) == {}


def test_methods():
    ours = results(OURS / "_core.pyi", "Tensor")
    theirs = results(THEIRS / "__init__.pyi", "TensorBase")
    assert differences(ours, theirs, "Tensor.") == {}
