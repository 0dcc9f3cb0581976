"""Tensors of a device: on a GPU where there is one, else on the guarded device.

The guarded device (``tests/cpp/guarded_device.cpp``) runs the CPU's kernels on memory
that nothing else can read, so code that takes a device's pointer for the host's crashes
here as it would on a GPU.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import rushlight as rl

ROOT = pathlib.Path(__file__).parents[2]
DEVICE = ROOT / "tests" / "device"

# What a device has no kernel for, or the test's call makes on the CPU, and why. LAPACK
# (linalg_*) runs on the CPU alone.
MISSING = {
    "geqrf": "LAPACK runs on the CPU alone",
    "ormqr": "LAPACK runs on the CPU alone",
    "arange": "the call makes it on the CPU",
    "linspace": "the call makes it on the CPU",
    "eye": "the call makes it on the CPU",
    "to_device": "the call asks for the CPU",
    "to_list": "takes tensors of the CPU alone",
    "frombuffer": "its memory is the host's",
    "from_buffer_object": "its memory is the host's",
    "random_range_": "drawn",
    "bernoulli_number_": "drawn",
    "bernoulli_tensor_": "drawn",
    "binomial": "drawn on the CPU alone",
    "multinomial_rows": "drawn on the CPU alone",
    "poisson": "drawn on the CPU alone",
    "record to": "the record's sum is complex",
    "record view_as_complex": "the record's sum is complex",
    "record setitem_column": "the record makes a tensor on the CPU",
    "record write_view": "the record makes a tensor on the CPU",
}

# Which of several writes to one place stays is not defined on a GPU.
REPEATED = dict.fromkeys(("index_copy", "index_put", "scatter"), "repeated indices")


@functools.cache
def guarded_library(folder):
    """The path of the guarded device, built if need be; the reason if it cannot be."""
    package = pathlib.Path(rl.__file__).parent
    built = package.resolve().parents[1] / "tests" / "cpp" / "librushlight_guarded.so"
    for parent in package.parents[:2]:
        candidate = parent / "tests" / "cpp" / "librushlight_guarded.so"
        if candidate.exists():
            return candidate, ""
    if built.exists():
        return built, ""
    compiler = shutil.which("g++")
    library = next(iter(package.glob("**/librushlight.so")), None)
    if compiler is None or library is None:
        return None, "needs g++ and an installed package to build the guarded device"
    out = pathlib.Path(folder) / "librushlight_guarded.so"
    command = [
        compiler,
        "-std=c++20",
        "-O1",
        "-fPIC",
        "-shared",
        f"-I{rl.get_include()}",
        str(ROOT / "tests" / "cpp" / "guarded_device.cpp"),
        "-o",
        str(out),
        f"-L{library.parent}",
        "-lrushlight",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, ""


@pytest.fixture(scope="module")
def on_device(tmp_path_factory):
    """``run(*args)`` a script where ``"cuda"`` is a GPU or the guarded device."""
    environment = dict(os.environ)
    fork = not rl.cuda.is_available()
    if fork:
        library, reason = guarded_library(str(tmp_path_factory.mktemp("guarded")))
        if library is None:
            pytest.skip(reason)
        environment["RUSHLIGHT_CUDA_LIBRARY"] = str(library)

    def run(*args):
        done = subprocess.run(
            [sys.executable, *args],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    run.fork = ["--fork"] if fork else []
    return run


def test_every_op_and_gradient_equals_the_cpu_s(on_device, tmp_path):
    report = tmp_path / "report.json"
    script = str(DEVICE / "compare_ops.py")
    on_device(script, *on_device.fork, "--json", str(report))
    results = json.loads(report.read_text())
    known_here = dict(MISSING)
    if not on_device.fork:
        known_here.update(REPEATED)
    assert len(results) > 400
    bad = {
        name: outcome
        for name, outcome in results.items()
        if outcome[0] in ("crash", "differs", "error")
        and not name.startswith("linalg_")
        and not {name, name.split()[0]} & known_here.keys()
    }
    assert not bad
    crashed = [name for name, outcome in results.items() if outcome[0] == "crash"]
    assert not crashed


def test_pinned_memory(on_device):
    assert "as asked" in on_device(str(DEVICE / "pinned.py"))


def test_networks_train_as_on_the_cpu(on_device):
    assert "dropout network" in on_device(str(DEVICE / "train.py"))


def test_layers_and_optimizers_equal_the_cpu_s(on_device):
    report = on_device(str(DEVICE / "compare_layers.py"))
    assert "all agree" in report
    missing = [x.split()[1] for x in report.splitlines() if x.startswith("missing")]
    # The guarded device has no tables of kernels: see guarded_device.cpp.
    assert len(missing) <= (8 if on_device.fork else 0), report


def test_python_surface(on_device):
    code = """
import copy, pickle, io
import numpy as np
import rushlight as rl
t = rl.arange(6, dtype=rl.float32, device="cuda").reshape(2, 3)
assert t.device == rl.device("cuda", 0) and t.is_cuda and str(t.device) == "cuda:0"
assert t.to("cuda") is t and t.cuda() is t and t.get_device() == 0
assert repr(t[0]) == "tensor([0., 1., 2.], device='cuda:0')"
assert t.tolist() == [[0, 1, 2], [3, 4, 5]] and t.sum().item() == 15
assert float(t[1, 2]) == 5 and bool((t >= 0).all()) and len(t) == 2
for refused in (t.numpy, lambda: memoryview(t), lambda: np.asarray(t)):
    try:
        refused()
    except TypeError as error:
        assert "cpu()" in str(error), error
    else:
        raise AssertionError("the host read a device's memory")
try:
    t + rl.ones(3)
except RuntimeError as error:
    assert "same device" in str(error) and "cuda:0" in str(error)
else:
    raise AssertionError("two devices were mixed")
for n in range(1, 71):
    for dtype in (rl.float32, rl.float16, rl.int8, rl.bool, rl.float64):
        x = (rl.arange(n) % 5 - 1).to(dtype)
        y = x.cuda()
        assert y.sum().item() == x.sum().item(), (n, dtype)
        assert y.any().item() == x.any().item()
        if dtype is not rl.bool:
            assert y.argmax().item() == x.argmax().item()
        assert y.reshape(1, n).sum(1).item() == x.sum().item()
w = rl.ones(3, requires_grad=True)
(w.cuda() * 2).cpu().sum().backward()
assert w.grad.tolist() == [2, 2, 2] and w.grad.device.type == "cpu"
image = rl.rand(1, 2, 3, 3, device="cuda").contiguous(memory_format=rl.channels_last)
assert image.is_cuda and image.clone(memory_format=rl.contiguous_format).is_cuda
assert (t + rl.tensor(2.0)).device == t.device and (3 - t).tolist()[0] == [3, 2, 1]
t[0, 1] = 7
t[t > 4] = 0
assert t.tolist() == [[0, 0, 2], [3, 4, 0]], t
assert copy.deepcopy(t).device == t.device
again = pickle.loads(pickle.dumps(t))
assert again.tolist() == t.tolist()
file = io.BytesIO()
rl.save({"t": t}, file)
file.seek(0)
assert rl.load(file, map_location="cpu")["t"].device.type == "cpu"
other = rl.from_dlpack(t)
assert other.device == t.device and other.data_ptr() == t.data_ptr()
grown = rl.ones(2, device="cuda")
grown.resize_(1000)
assert grown[:2].tolist() == [1, 1] and grown.device == t.device
rl.manual_seed(3)
a = rl.rand(5, device="cuda")
rl.manual_seed(3)
assert rl.equal(a, rl.rand(5, device="cuda")) and rl.randn_like(a).device == a.device
state = rl.cuda.get_rng_state()
b = rl.rand(4, device="cuda")
rl.cuda.set_rng_state(state)
assert rl.equal(b, rl.rand(4, device="cuda"))
assert rl.cuda.memory_allocated() > 0
assert rl.cuda.max_memory_allocated() >= rl.cuda.memory_allocated()
stream = rl.cuda.Stream()
with rl.cuda.stream(stream):
    c = t * 2
stream.synchronize()
rl.cuda.synchronize()
assert rl.cuda.device_count() >= 1 and rl.cuda.get_device_name()
try:
    rl.ones(1, device="cuda:15")
except RuntimeError as error:
    assert "invalid device ordinal" in str(error)
print("all of it holds")
"""
    assert "all of it holds" in on_device("-c", code)
