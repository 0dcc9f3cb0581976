"""Same bits for any number of threads; work in a child of fork."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import rushlight as rl
import rushlight.nn.functional as F
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


# Each is large enough to be cut over threads.
CASES = {
    "add": lambda: floats(700, 900) + floats(700, 900, seed=1),
    "add transposed": lambda: floats(900, 700).t() + floats(700, 900),
    "broadcast": lambda: floats(700, 1) * floats(900),
    "exp": lambda: floats(600_001).exp(),
    "tanh": lambda: floats(600_001).tanh(),
    "compare": lambda: floats(600_001) > 0,
    "where": lambda: rl.where(floats(600_001) > 0, floats(600_001), 0.5),
    "to float16": lambda: floats(600_001).to(rl.float16),
    "sum": lambda: floats(1_000_003).sum(),
    "sum float16": lambda: floats(1_000_003).to(rl.float16).sum(),
    "sum strided": lambda: floats(1001, 1001)[:, ::2].sum(),
    "sum dim 0": lambda: floats(3001, 301).sum(0),
    "sum dim 1": lambda: floats(301, 3001).sum(1),
    "sum of a middle dim": lambda: floats(30, 400, 50).sum(1),
    "mean": lambda: floats(1_000_003).mean(),
    "prod": lambda: (1 + floats(300_001) * 1e-4).prod(),
    "var": lambda: floats(1_000_003).var(),
    "var dim 0": lambda: floats(3001, 301).var(0),
    "norm": lambda: floats(1_000_003).norm(),
    "argmax": lambda: floats(1_000_003).argmax(),
    "max dim 1": lambda: list(floats(301, 3001).max(1)),
    "any": lambda: (floats(1_000_003) > 5).any(),
    "gather": lambda: floats(800, 800).gather(1, indices(800, 800, 800)),
    "index_select": lambda: floats(5000, 64).index_select(0, indices(5000, 20_000)),
    "scatter_add_ duplicates": lambda: rl.zeros(50).scatter_add_(
        0, indices(50, 500_000), floats(500_000)
    ),
    "scatter_ duplicates": lambda: rl.zeros(50).scatter_(
        0, indices(50, 500_000), floats(500_000)
    ),
    "masked_select": lambda: floats(600_001).masked_select(floats(600_001) > 0),
    "cat": lambda: rl.cat([floats(500, 300), floats(500, 400)], 1),
    "mm": lambda: floats(300, 501) @ floats(501, 200),
    "mm long": lambda: floats(8, 100_000) @ floats(100_000, 8),
    "bmm": lambda: rl.bmm(floats(40, 60, 70), floats(40, 70, 50)),
    "mv": lambda: floats(1000, 1000) @ floats(1000),
    "dot": lambda: floats(1_000_003) @ floats(1_000_003, seed=1),
    "conv2d": lambda: F.conv2d(floats(8, 16, 40, 40), floats(32, 16, 3, 3), padding=1),
    "max_pool2d": lambda: F.max_pool2d(floats(32, 16, 40, 40), 2),
    "softmax": lambda: F.softmax(floats(600, 700), 1),
    "log_softmax dim 0": lambda: F.log_softmax(floats(600, 700), 0),
    "cross_entropy": lambda: F.cross_entropy(floats(3000, 200), indices(200, 3000)),
    "backward broadcast": lambda: gradients(
        lambda a, b: a * b, floats(2000, 300, grad=True), floats(300, grad=True)
    ),
    "backward mm": lambda: gradients(
        lambda a, b: a @ b, floats(300, 400, grad=True), floats(400, 200, grad=True)
    ),
    "backward conv2d": lambda: gradients(
        lambda x, w: F.conv2d(x, w, stride=2, padding=1),
        floats(8, 16, 40, 40, grad=True),
        floats(32, 16, 3, 3, grad=True),
    ),
    "training": trained,
}


def bits(result) -> list[bytes]:
    many = result if isinstance(result, list) else [result]
    return [x.detach().contiguous().numpy().tobytes() for x in many]


@pytest.mark.parametrize("name", CASES)
def test_same_bits(name):
    rl.set_num_threads(1)
    expected = bits(CASES[name]())
    for threads in (2, 3, 5):
        rl.set_num_threads(threads)
        assert bits(CASES[name]()) == expected


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
