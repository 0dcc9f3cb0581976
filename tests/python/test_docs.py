"""Every public function explains itself, can be inspected, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import sys
import types

import pytest

import rushlight
from rushlight import _exports

NAMESPACES = (
    "rushlight",
    "rushlight.fft",
    "rushlight.linalg",
    "rushlight.nn.functional",
    "rushlight.random",
    "rushlight.special",
)
CLASSES = (
    "rushlight.Generator",
    "rushlight.Size",
    "rushlight.Tensor",
    "rushlight.finfo",
    "rushlight.iinfo",
)
# Modules whose docstrings have examples too.
MORE = (
    "rushlight.accelerator",
    "rushlight.autograd",
    "rushlight.autograd.anomaly_mode",
    "rushlight.autograd.forward_ad",
    "rushlight.autograd.function",
    "rushlight.autograd.profiler",
    "rushlight.backends.cuda",
    "rushlight.backends.cudnn",
    "rushlight.backends.mps",
    "rushlight.compat",
    "rushlight.compat.version",
    "rushlight.autograd.functional",
    "rushlight.autograd.graph",
    "rushlight.autograd.variable",
    "rushlight.nn",
    "rushlight.nn.init",
    "rushlight.nn.modules.lazy",
    "rushlight.nn.modules.module",
    "rushlight.nn.parallel",
    "rushlight.nn.parameter",
    "rushlight.nn.utils",
    "rushlight.nn.utils.parametrizations",
    "rushlight.nn.utils.parametrize",
    "rushlight.nn.utils.rnn",
    "rushlight.nn.utils.stateless",
    "rushlight.optim",
    "rushlight.optim.lr_scheduler",
    "rushlight.optim.swa_utils",
    "rushlight.overrides",
    "rushlight.profiler",
    "rushlight.return_types",
    "rushlight.serialization",
    "rushlight.storage",
    "rushlight.utils.benchmark",
    "rushlight.utils.checkpoint",
    "rushlight.utils.data",
    "rushlight.utils.hooks",
    "rushlight.utils.tensorboard",
    "rushlight.vision.transforms",
    "rushlight.vision.transforms.functional",
    "rushlight.vision.transforms.v2",
    "rushlight.vision.transforms.v2.functional",
    "rushlight.vision.tv_tensors",
)


def find(path):
    """The object of a dotted path."""
    module, _, name = path.rpartition(".")
    if path in CLASSES:
        return getattr(importlib.import_module(module), name)
    return importlib.import_module(path)


def public(path):
    """(dotted name, object) of the public callables of a module or class."""
    owner = find(path)
    for name in sorted(getattr(owner, "__all__", None) or dir(owner)):
        if name.startswith("_"):
            continue
        value = getattr(owner, name)
        if isinstance(value, (types.ModuleType, property)) or not callable(value):
            continue
        home = getattr(value, "__module__", None) or "rushlight"
        if home.startswith("rushlight") or path in CLASSES:
            yield f"{path}.{name}", value


FUNCTIONS = dict(
    pair
    for path in (*NAMESPACES, *CLASSES)
    for pair in public(path)
    if not (path == "rushlight.Size" and pair[0].endswith((".count", ".index")))
)
# Each element alone, and the whole shape kept: no shape to speak of.
ELEMENTWISE = frozenset(
    [*_exports.UNARY, *_exports.PREDICATES, *_exports.BINARY, *_exports.ALIASES]
)
SHAPED = re.compile(
    r"[sS]hape|\b\d-d\b|\(\*|\(\.\.\.|\bdims?\b|``dim|matri|vector|element|size|\(n\b|\(m\b"
)
# The function named there has the shapes; or the tensor itself is given back.
SHAPE_KEPT = re.compile(
    r"(See|Another name of) :func:|Deprecated|Removed; use|Raises|"
    r"(This|The same) tensor|The same data|Itself|A copy"
)
# Settings and questions, hooks, files.
SHAPELESS = re.compile(
    "^is_|^get_|^set_|^register_|threads|dtype|promote|seed|autocast|deterministic|"
    "^(can_cast|clone_state|compile|load|module_load|printoptions|record_stream|"
    "result_type|retain_grad|save|storage_type|to_dlpack|untyped_storage)$"
)


def without(test):
    """The functions that fail a test, by name."""
    return sorted(name for name, value in FUNCTIONS.items() if not test(value))


def test_functions_are_found():
    assert len(FUNCTIONS) > 900
    assert "rushlight.linalg.svd" in FUNCTIONS
    assert "rushlight.Tensor.sum" in FUNCTIONS


def test_have_a_summary():
    def summary(value):
        doc = inspect.getdoc(value) or ""
        return re.match(r"\S.*[.:)`]$", doc.split("\n\n")[0].replace("\n", " "))

    assert without(summary) == []


def test_have_a_signature():
    def signature(value):
        if inspect.isclass(value):
            return True
        try:
            return inspect.signature(value)
        except ValueError:
            return None

    assert without(signature) == []


def test_name_their_shapes():
    """In words, unless the text refers to a function that does, or there is none."""

    def shaped(value):
        name = getattr(value, "__name__", "")
        if inspect.isclass(value) or name.endswith("_") or name in ELEMENTWISE:
            return True
        doc = inspect.getdoc(value)
        return SHAPED.search(doc) or SHAPE_KEPT.match(doc) or SHAPELESS.search(name)

    assert without(shaped) == []


def documented():
    """(name, docstring) of everything that may have examples, each docstring once."""
    found = {}
    for path in (*NAMESPACES, *CLASSES, *MORE):
        owner = find(path)
        found.setdefault(owner.__doc__, path)
        for name, value in public(path):
            found.setdefault(value.__doc__, name)
            if inspect.isclass(value):
                for inner, method in vars(value).items():
                    doc = getattr(method, "__doc__", None)
                    found.setdefault(doc, f"{name}.{inner}")
    return sorted((name, doc) for doc, name in found.items() if doc and ">>>" in doc)


DOCUMENTED = documented()
NEED_INSTALLATION = ("rushlight.get_cmake_dir", "rushlight.get_include")


def is_installed():
    try:
        rushlight.get_include()
    except FileNotFoundError:
        return False
    return True


@pytest.mark.parametrize("name, doc", DOCUMENTED, ids=[name for name, _ in DOCUMENTED])
def test_examples_run(name, doc, tmp_path, monkeypatch):
    if name in NEED_INSTALLATION and not is_installed():
        pytest.skip("runs on an installed package, this is a build folder")
    if name == "rushlight.compat.install" and "torch" in sys.modules:
        pytest.skip("PyTorch itself is imported in this process")
    monkeypatch.chdir(tmp_path)
    rushlight.manual_seed(0)
    test = doctest.DocTestParser().get_doctest(
        inspect.cleandoc(doc), {"rushlight": rushlight}, name, None, 0
    )
    printed = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    runner.run(test, out=printed.append)
    assert runner.failures == 0, "".join(printed)
