"""Matrix products against PyTorch: values, shapes, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402

TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 4e-6, "float64": 1e-13}
DTYPES = "float32 float64 float16 bfloat16 int32 int64 uint8 complex64".split()


def pair(shape, dtype, seed):
    """The same tensor in both libraries, of values every dtype represents exactly."""
    rng = np.random.default_rng(seed)
    if "int" in dtype:
        values = rng.integers(0, 5, shape)
    else:
        values = rng.integers(-32, 33, shape) / 16
    theirs = torch.tensor(np.asarray(values)).to(getattr(torch, dtype))
    return rl.tensor(theirs.tolist(), dtype=getattr(rl, dtype)).reshape(shape), theirs


def check(ours, theirs):
    assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
    assert tuple(ours.shape) == tuple(theirs.shape)
    name = str(theirs.dtype).removeprefix("torch.")
    tolerance = TOLERANCE.get(name, 4e-6 if name == "complex64" else 0)
    np.testing.assert_allclose(
        np.asarray(ours.detach().tolist()),
        np.asarray(theirs.detach().tolist()),
        rtol=tolerance,
        atol=4 * tolerance,
    )


SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((3,), (5, 3, 4)),
    ((2, 1, 4, 3), (5, 3, 6)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 3)),
    ((4, 0, 3), (4, 3, 2)),
    ((0,), (0,)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_matmul(shapes, dtype):
    (a, ta), (b, tb) = (pair(shape, dtype, seed) for seed, shape in enumerate(shapes))
    check(a @ b, ta @ tb)
    if dtype not in ("float32", "float64", "complex64"):
        return
    for x in (a, b, ta, tb):
        x.requires_grad_()
    ours, theirs = a @ b, ta @ tb
    weight, their_weight = pair(tuple(theirs.shape), dtype, 7)
    ours.backward(weight)
    theirs.backward(their_weight)
    check(a.grad, ta.grad)
    check(b.grad, tb.grad)


@pytest.mark.parametrize("dtype", DTYPES)
def test_added_products(dtype):
    (x, tx), (a, ta), (b, tb) = (
        pair(shape, dtype, seed) for seed, shape in enumerate([(4,), (2, 3), (3, 4)])
    )
    check(rl.addmm(x, a, b, beta=2, alpha=3), torch.addmm(tx, ta, tb, beta=2, alpha=3))
    (v, tv), (y, ty) = pair((3,), dtype, 3), pair((2,), dtype, 4)
    check(rl.addmv(y, a, v, alpha=2), torch.addmv(ty, ta, tv, alpha=2))
    (p, tp), (q, tq) = pair((5, 2, 3), dtype, 5), pair((5, 3, 4), dtype, 6)
    check(rl.baddbmm(x, p, q, beta=2), torch.baddbmm(tx, tp, tq, beta=2))
    check(rl.outer(y, v), torch.outer(ty, tv))


CALLS = [
    lambda m: m.mm(m.ones(2, 3), m.ones(4, 5)),
    lambda m: m.mm(m.ones(2, 3), m.ones(3)),
    lambda m: m.mm(m.ones(2, 3), m.ones(3, 2).double()),
    lambda m: m.mm(m.ones(2, 3).bool(), m.ones(3, 2).bool()),
    lambda m: m.bmm(m.ones(2, 3, 4), m.ones(2, 5, 6)),
    lambda m: m.bmm(m.ones(2, 3), m.ones(2, 3, 4)),
    lambda m: m.mv(m.ones(2, 3), m.ones(4)),
    lambda m: m.mv(m.ones(3), m.ones(3)),
    lambda m: m.dot(m.ones(3), m.ones(4)),
    lambda m: m.dot(m.ones(3, 1), m.ones(3)),
    lambda m: m.dot(m.ones(3).bool(), m.ones(3).bool()),
    lambda m: m.matmul(m.ones(()), m.ones(3)),
    lambda m: m.matmul(m.ones(5, 2, 3), m.ones(4, 3, 2)),
    lambda m: m.matmul(m.ones(5, 2, 3), m.ones(4, 2)),
    lambda m: m.matmul(m.ones(3), m.ones(5, 4, 2)),
    lambda m: m.addmm(m.ones(2), m.ones(2, 3), m.ones(3, 4)),
    lambda m: m.addmm(m.ones(4).double(), m.ones(2, 3), m.ones(3, 4)),
    lambda m: m.addmv(m.ones(3), m.ones(2, 3), m.ones(3)),
    lambda m: m.outer(m.ones(3), m.ones(4, 1)),
    lambda m: m.nn.functional.linear(m.ones(2, 3), m.ones(4, 5)),
    lambda m: m.nn.functional.linear(m.ones(2, 3), m.ones(4, 3), m.ones(5)),
    lambda m: m.nn.functional.linear(m.ones(()), m.ones(4, 3)),
    lambda m: m.ones(3) @ 2,
]


@pytest.mark.parametrize("call", CALLS)
def test_error_types(call):
    with pytest.raises((RuntimeError, TypeError)) as theirs:
        call(torch)
    with pytest.raises(theirs.type):
        call(rl)
