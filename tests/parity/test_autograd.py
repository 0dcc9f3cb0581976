"""Gradients of every op record, and the engine's outcomes, equal PyTorch's."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import outcome, same_error  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent.parent / "python"))
from op_records import RECORDS  # noqa: E402


def gradients(library, record, dtype):
    inputs = []
    for array in record.arrays(dtype):
        x = library.tensor(array)
        if x.is_floating_point() or x.is_complex():
            x.requires_grad_()
        inputs.append(x)
    result = record.call(library, *inputs)
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    found = [np.array(o.detach().tolist()) for o in outputs]
    outputs = [o for o in outputs if o.requires_grad]
    if outputs:
        weights = [
            library.full_like(o.detach(), 0.5 + i) for i, o in enumerate(outputs)
        ]
        library.autograd.backward(outputs, weights)
    for x in inputs:
        found.append(None if x.grad is None else np.array(x.grad.tolist()))
    return found


def comparable(record):
    # Ops that only this library names, and what PyTorch has no gradient for.
    missing = ("floor_divide", "sgn")
    return record.grad and not record.name.endswith(("_backward", *missing))


@pytest.mark.parametrize("record", [r for r in RECORDS if comparable(r)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradients(record, dtype):
    if dtype == "complex128" and not record.complex_grad:
        pytest.skip("real only")
    ours, theirs = (gradients(t, record, dtype) for t in (rl, torch))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if a is None or b is None:
            value = a if b is None else b
            assert value is None or not value.any()
            continue
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


OUTCOMES = """
(x * 2).backward()
(x * 2).sum().backward().grad
x.sum().backward() or x.grad
(x * x).sum().backward() or x.grad
[(y := (x * 2).sum()).backward(), y.backward()]
[(y := (x.exp()).sum()).backward(), y.backward()]
[(y := (x + 2).sum()).backward(), y.backward()]
x.add_(1)
x[0].add_(1)
x.view(2).add_(1)
(x * 1).add_(x)
x.requires_grad_(False).requires_grad
(x * 1).requires_grad_(False)
(x * 1).detach_().requires_grad
(x * 1)[0].detach_()
t.autograd.grad(x.sum(), x)
t.autograd.grad(x.sum(), t.ones(2))
t.autograd.grad(x.sum(), t.ones(2, requires_grad=True))
t.autograd.grad(x.sum(), [x, x])
t.autograd.grad(x, x)
t.autograd.grad(x, x, t.ones(2))
t.autograd.grad(x, x, t.ones(3))
t.autograd.grad([x.sum(), (x * x).sum()], x)
t.autograd.grad((x * (1 + 2j)).sum(), x)
t.autograd.grad((x * (1 + 2j)).abs().sum(), x)
t.autograd.grad(x.int().sum(), x)
t.autograd.backward([])
x.backward(t.ones(2)) or x.grad
(x > 0).requires_grad
(x > 0).backward()
x.long().requires_grad
x.double().requires_grad
(x * 1).is_leaf
x.is_leaf
(x * 1)[0].grad_fn is None
t.ones(2).register_hook(print)
x.retain_grad()
x.grad_fn
x.output_nr
t.where(x > 1, x, x * 2).sum().backward() or x.grad
x.unbind()[1].backward() or x.grad
x.expand(3, 2).sum().backward() or x.grad
x.clamp(1.5).sum().backward() or x.grad
x.abs().sqrt().sum().backward() or x.grad
(x ** 2).sum().backward() or x.grad
(2 ** x).sum().backward() or x.grad
(x ** t.tensor([0.0, 2.0])).sum().backward() or x.grad
t.maximum(x, t.tensor([1.0, 1.0])).sum().backward() or x.grad
(x // 2).requires_grad
(x % 2).sum().backward() or x.grad
x.round().sum().backward() or x.grad
x.sign().sum().backward() or x.grad
""".strip().splitlines()


@pytest.mark.parametrize("code", OUTCOMES)
def test_outcome(code):
    compiled = compile(code, "case", "eval")

    def run(t):
        x = t.tensor([1.0, 2.0], requires_grad=True)
        value = eval(compiled, {"t": t, "x": x})
        return list(value) if isinstance(value, tuple) else value

    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert ours == theirs, f"theirs: {theirs}\nours:   {ours}"
