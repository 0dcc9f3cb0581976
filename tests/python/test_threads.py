"""Same bits for any number of threads; work in a child of fork."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

import op_calls
import rushlight as rl
import rushlight.nn.functional as F
from op_records import RECORDS
from rushlight import nn, optim


@pytest.fixture(autouse=True)
def restore_threads():
    before = rl.get_num_threads()
    yield
    rl.set_num_threads(before)


def floats(*shape, seed=0, grad=False):
    rng = np.random.default_rng(seed)
    tensor = rl.from_numpy(rng.standard_normal(shape).astype("float32"))
    return tensor.requires_grad_() if grad else tensor


def indices(high, *shape):
    return rl.from_numpy(np.random.default_rng(1).integers(0, high, shape))


def gradients(f, *inputs):
    f(*inputs).sum().backward()
    return [x.grad for x in inputs]


def trained(steps=3):
    rl.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(6 * 14 * 14, 10),
    )
    optimizer = optim.Adam(net.parameters())
    x, y = floats(64, 1, 28, 28), indices(10, 64)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    return list(net.parameters())


# What is more than one op; each is large enough to be cut over threads.
CASES = {
    "add transposed": lambda: floats(900, 700).t() + floats(700, 900),
    "norm": lambda: floats(1_000_003).norm(),
    "scatter_ duplicates": lambda: rl.zeros(50).scatter_(
        0, indices(50, 500_000), floats(500_000)
    ),
    "masked_select": lambda: floats(600_001).masked_select(floats(600_001) > 0),
    "cross_entropy": lambda: F.cross_entropy(floats(3000, 200), indices(200, 3000)),
    "backward broadcast": lambda: gradients(
        lambda a, b: a * b, floats(2000, 300, grad=True), floats(300, grad=True)
    ),
    "backward conv2d": lambda: gradients(
        lambda x, w: F.conv2d(x, w, stride=2, padding=1),
        floats(8, 16, 40, 40, grad=True),
        floats(32, 16, 3, 3, grad=True),
    ),
    "training": trained,
}


def bits(result) -> list[bytes]:
    many = result if isinstance(result, (list, tuple)) else [result]
    return [x.detach().contiguous().numpy().tobytes() for x in many]


def same_for_any_threads(call):
    rl.set_num_threads(1)
    expected = bits(call())
    for threads in (2, 3):
        rl.set_num_threads(threads)
        assert bits(call()) == expected


@pytest.mark.parametrize("name", CASES)
def test_same_bits(name):
    same_for_any_threads(CASES[name])


@pytest.mark.parametrize("name", op_calls.CALLS)
def test_same_bits_of_op(name):
    same_for_any_threads(lambda: op_calls.CALLS[name](op_calls.Make(large=True)))


def differentiable(result):
    many = result if isinstance(result, (list, tuple)) else [result]
    return [x for x in many if isinstance(x, rl.Tensor) and x.requires_grad]


@pytest.mark.parametrize("name", [n for n in op_calls.CALLS if not n.endswith("_")])
def test_same_bits_of_gradients(name):
    function = op_calls.CALLS[name]
    try:
        found = differentiable(function(op_calls.Make(large=False, grad=True)))
        rl.autograd.backward(found, [rl.ones_like(x) for x in found])
    except NotImplementedError as error:
        if "derivative" not in str(error):
            raise
        found = []
    if not found:
        pytest.skip("no gradient")

    def call():
        make = op_calls.Make(large=True, grad=True)
        many = differentiable(function(make))
        rl.autograd.backward(many, [floats(*x.shape).to(x.dtype) for x in many])
        return [x.grad for x in make.made if x.grad is not None]

    same_for_any_threads(call)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize(
    "name", [*op_calls.REDUCTIONS, "mm", "bmm", "conv2d", "linear"]
)
def test_same_bits_of_dtype(name, dtype):
    same_for_any_threads(lambda: op_calls.CALLS[name](op_calls.Make(True, dtype)))


def test_every_op_has_a_call():
    assert op_calls.uncovered() == []


@pytest.mark.parametrize("record", [r for r in RECORDS if r.elementwise], ids=str)
def test_same_bits_of_record(record):
    """Each record's inputs, enlarged."""

    def call():
        inputs = []
        for array in record.arrays("float32"):
            big = np.tile(array, [151] * array.ndim)
            x = rl.from_numpy(big)
            inputs.append(
                x.requires_grad_() if record.grad and x.is_floating_point() else x
            )
        result = record.call(rl, *inputs)
        if not result.requires_grad:
            return result
        result.backward(floats(*result.shape).to(result.dtype))
        return [result, *(x.grad for x in inputs if x.grad is not None)]

    same_for_any_threads(call)


def test_set_num_threads_checks():
    rl.set_num_threads(3)
    assert rl.get_num_threads() == 3
    with pytest.raises(RuntimeError, match="positive"):
        rl.set_num_threads(0)


FORK = """
import os, sys, rushlight as rl

rl.set_num_threads(2)
def work():
    x = rl.arange(1_000_000, dtype=rl.float32)
    return float((x + 1).sum()), float((rl.ones(300, 300) @ rl.ones(300, 300)).sum())

expected = work()
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        same = work() == expected
        threads = len(os.listdir("/proc/self/task"))
        os._exit(0 if same and threads == 2 else 1)
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"child: wait status {status}")
    if work() != expected:
        sys.exit("the parent differs")
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_of_fork_computes_in_parallel():
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "done", done.stderr


def test_more_threads_than_the_system_gives():
    # A piece of work gets no more than it has use for.
    rl.set_num_threads(1_000_000)
    assert (rl.ones(100_000) + 1).sum().item() == 200_000


FORK_BESIDE = """
import os, sys, threading, rushlight as rl

rl.set_num_threads(2)
ended = False
def beside():
    x = rl.ones(400, 400)
    while not ended:
        # Takes and gives back a block of the shared cache each time.
        x @ x

thread = threading.Thread(target=beside)
thread.start()
x = rl.ones(1_000_000)
for _ in range(30):
    pid = os.fork()
    if pid == 0:
        # The other thread is gone, whatever it was in the middle of.
        same = (x + 1).sum().item() == 2_000_000
        os._exit(0 if same and len(os.listdir("/proc/self/task")) == 2 else 1)
    _, status = os.waitpid(pid, 0)
    if status:
        ended = True
        sys.exit(f"child: wait status {status}")
ended = True
thread.join()
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_of_fork_does_not_wait_for_threads_it_has_not():
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK_BESIDE],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "done", done.stderr


CALLERS = """
import os, threading, time, rushlight as rl

rl.set_num_threads(2)
x = rl.ones(1_000_000)
def work():
    for _ in range(50):
        assert (x + 1).sum().item() == 2_000_000

for _ in range(3):
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
work()
# Alone again, the last caller has a whole team; the others end in their own time.
until = time.monotonic() + 30
while len(os.listdir("/proc/self/task")) != 2:
    assert time.monotonic() < until, os.listdir("/proc/self/task")
    time.sleep(0.01)
"""


def test_callers_at_the_same_time():
    subprocess.run([sys.executable, "-c", CALLERS], timeout=120, check=True)


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
def test_the_library_stays_for_threads_that_end_later():
    mapped = pathlib.Path("/proc/self/maps").read_text().split()
    library = next(path for path in mapped if path.endswith("/librushlight.so"))
    dynamic = subprocess.check_output(["readelf", "-d", library], text=True)
    assert "NODELETE" in dynamic


PROCESSORS = """
import os, sys, time, rushlight as rl

rl.set_num_threads(int(sys.argv[1]))
allowed = set(map(int, sys.argv[2].split(",")))
os.sched_setaffinity(0, allowed)
x = rl.ones(1_000_000)
for _ in range(40):
    assert (x + 1).sum().item() == 2_000_000
    # The pool's threads fall asleep, and may wake on the processor of the caller.
    time.sleep(0.02)
tasks = os.listdir("/proc/self/task")
assert len(tasks) == int(sys.argv[1]), tasks
for task in tasks:
    assert os.sched_getaffinity(int(task)) == allowed, task
"""


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("processors", [1, 2])
def test_threads_keep_the_processors_allowed(threads, processors):
    # A thread that leaves its caller's processor may use it again afterwards. Whether
    # one has to leave is up to the system: benchmarks/loading.py shows that it helps.
    allowed = sorted(os.sched_getaffinity(0))[:processors]
    if len(allowed) < processors:
        pytest.skip(f"needs {processors} processors")
    subprocess.run(
        [
            sys.executable,
            "-c",
            PROCESSORS,
            str(threads),
            ",".join(map(str, allowed)),
        ],
        timeout=120,
        check=True,
    )
