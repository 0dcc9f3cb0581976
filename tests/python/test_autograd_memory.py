"""What the tape keeps, measured by the allocator's statistics."""

from __future__ import annotations

import gc

import pytest

import rushlight as rl
from rushlight import _ops, nn
from rushlight.utils.checkpoint import checkpoint, checkpoint_sequential

LAYERS = 1000
SHAPE = (64, 256)
BYTES = 64 * 256 * 4


def current():
    return _ops.memory_stats()["allocated_bytes.current"]


def peak():
    return _ops.memory_stats()["allocated_bytes.peak"]


@pytest.fixture(autouse=True)
def clean():
    gc.collect()
    yield
    gc.collect()


def deep(x, layers=LAYERS):
    for _ in range(layers):
        x = x.tanh()  # keeps its result
    return x


def test_backward_frees_as_it_goes():
    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    y = deep(x).sum()
    kept = current() - before
    # One result a layer, each of which is what the next one saves too.
    assert LAYERS * BYTES <= kept < 1.02 * LAYERS * BYTES
    _ops.reset_peak_memory_stats()
    y.backward()
    # Beyond the results themselves only a few gradients live at a time.
    assert peak() - before < kept + 8 * BYTES
    del y
    assert current() - before <= 2 * BYTES  # the gradient of x


def test_saved_tensors_are_gone_half_way():
    x = rl.rand(*SHAPE, requires_grad=True)
    middle = deep(x, LAYERS // 2)
    seen = []
    middle.register_hook(lambda g: seen.append(current()))
    y = deep(middle, LAYERS // 2).sum()
    before = current()
    y.backward()
    # The upper half's results were freed before the lower half ran.
    assert before - seen[0] > 0.49 * LAYERS * BYTES


def test_retain_graph_keeps_them():
    x = rl.rand(*SHAPE, requires_grad=True)
    y = deep(x, 100).sum()
    before = current()
    y.backward(retain_graph=True)
    assert current() - before >= BYTES  # the gradient, and nothing was freed
    y.backward()
    assert before - current() > 95 * BYTES


def test_model_of_many_layers():
    model = nn.Sequential(*[nn.Sequential(nn.Linear(32, 32), nn.ReLU())] * LAYERS)
    x = rl.rand(512, 32)
    activation = 512 * 32 * 4
    before = current()
    loss = model(x).sum()
    # Of Linear + ReLU one activation each; the product itself is not kept.
    assert current() - before < 2.1 * LAYERS * activation
    _ops.reset_peak_memory_stats()
    at_start = current()
    loss.backward()
    assert peak() - at_start < 10 * activation
    del loss
    assert current() - before < 10 * activation


def test_ops_that_save_nothing():
    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    y = x
    for _ in range(100):
        y = (y + 1) - 2
    assert current() - before < 3 * BYTES
    y.sum().backward()


def test_no_grad_keeps_nothing():
    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    with rl.no_grad():
        y = deep(x, 100)
    assert current() - before <= BYTES
    del y


def test_function_saving_its_output_is_freed():
    class Exp(rl.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[1]

    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    gc.disable()
    try:
        y = Exp.apply(x)
        del y
        assert current() == before
    finally:
        gc.enable()


def block(x):
    return deep(x, 50)


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpoint_keeps_only_its_inputs(use_reentrant):
    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    y = x
    for _ in range(10):
        y = checkpoint(block, y, use_reentrant=use_reentrant)
    assert current() - before < 12 * BYTES
    _ops.reset_peak_memory_stats()
    y.sum().backward()
    # One block's 50 results at a time.
    assert peak() - before < 75 * BYTES


def test_nested_checkpoint():
    def outer(x):
        for _ in range(10):
            x = checkpoint(block, x, use_reentrant=False)
        return x

    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    y = checkpoint(
        outer, checkpoint(outer, x, use_reentrant=False), use_reentrant=False
    )
    assert current() - before < 5 * BYTES
    _ops.reset_peak_memory_stats()
    y.sum().backward()
    assert peak() - before < 90 * BYTES
    got = x.grad
    x.grad = None
    deep(x, LAYERS).sum().backward()
    assert rl.equal(got, x.grad)


def test_checkpoint_sequential_keeps_segments():
    model = nn.Sequential(*[nn.Tanh() for _ in range(100)])
    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    y = checkpoint_sequential(model, 10, x, use_reentrant=False)
    assert current() - before < 22 * BYTES
    y.sum().backward()


def test_save_on_cpu_copies_nothing_here():
    x = rl.rand(*SHAPE, requires_grad=True)
    before = current()
    with rl.autograd.graph.save_on_cpu():
        y = deep(x, 20)
    assert current() - before <= 21 * BYTES
    y.sum().backward()
