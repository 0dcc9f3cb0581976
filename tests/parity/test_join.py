"""Joining, repeating and rearranging, compared with PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def to_torch(x):
    if x.dtype is rushlight.bfloat16:
        return torch.tensor(x.float().tolist(), dtype=torch.bfloat16).reshape(x.shape)
    return torch.from_numpy(x.contiguous().numpy().copy())


def same(a, b):
    if isinstance(b, (tuple, list)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=False):
            same(x, y)
        return
    assert tuple(a.shape) == tuple(b.shape)
    assert str(a.dtype).split(".")[-1] == str(b.dtype).split(".")[-1]
    torch.testing.assert_close(to_torch(a.detach()), b.detach(), rtol=0, atol=0)


def cases():
    """(name, f(module, a 2x3x4 tensor, a 3x5 tensor))."""
    for dim in (0, 1, 2, -1):
        yield f"cat {dim}", lambda m, x, y, d=dim: m.cat([x, x[:, :, :], x + x], d)
        yield (
            f"cat strided {dim}",
            lambda m, x, y, d=dim: m.cat(
                [x, x.transpose(0, 1).contiguous().transpose(0, 1)], dim=d
            ),
        )
        yield f"flip {dim}", lambda m, x, y, d=dim: m.flip(x, (d,))
        yield f"roll {dim}", lambda m, x, y, d=dim: m.roll(x, 5, d)
        yield (
            f"repeat_interleave {dim}",
            lambda m, x, y, d=dim: m.repeat_interleave(x, 3, d),
        )
    for dim in (0, 1, 2, 3, -1):
        yield f"stack {dim}", lambda m, x, y, d=dim: m.stack((x, x, x), d)
    yield "cat sizes", lambda m, x, y: m.cat([x[:, :1], x, x[:, :0], x[:, 1:]], 1)
    yield "cat dtypes", lambda m, x, y: m.cat([y, y > 1, y.int(), y.double()])
    yield "cat one", lambda m, x, y: m.cat([x])
    yield "cat legacy", lambda m, x, y: m.cat([m.zeros(0), x, m.zeros(0)], 2)
    yield "cat legacy dtype", lambda m, x, y: m.cat([x.int(), m.zeros(0).double()])
    yield "cat legacy only", lambda m, x, y: m.cat([m.zeros(0), m.zeros(0)], 1)
    yield "cat expanded", lambda m, x, y: m.cat([x[:1].expand(3, 3, 4), x])
    yield "cat none", lambda m, x, y: m.cat([])
    yield "cat 0-d", lambda m, x, y: m.cat([x.sum(), x.sum()])
    yield "cat shapes", lambda m, x, y: m.cat([x, x[:, :2]])
    yield "cat ndim", lambda m, x, y: m.cat([x, y])
    yield "cat dim", lambda m, x, y: m.cat([x, x], 3)
    yield "cat tuple", lambda m, x, y: m.cat(tensors=(x, x), dim=-3)
    yield "cat no tensor", lambda m, x, y: m.cat([x, 3])
    yield "concat", lambda m, x, y: m.concat([x, x])
    yield "stack dtypes", lambda m, x, y: m.stack([y, y.int(), y > 1])
    yield "stack shapes", lambda m, x, y: m.stack([x, y])
    yield "stack none", lambda m, x, y: m.stack([])
    yield "stack dim", lambda m, x, y: m.stack([x, x], 4)
    yield "stack 0-d", lambda m, x, y: m.stack([x[0, 0, 0], x[1, 1, 1]])
    for name in ("hstack", "vstack", "dstack"):
        yield name, lambda m, x, y, n=name: getattr(m, n)((x, x))
        yield name + " 2-d", lambda m, x, y, n=name: getattr(m, n)((y, y))
        yield name + " 1-d", lambda m, x, y, n=name: getattr(m, n)([y[0], y[1]])
        yield name + " 0-d", lambda m, x, y, n=name: getattr(m, n)([y[0, 0], y[1, 1]])
        yield name + " none", lambda m, x, y, n=name: getattr(m, n)([])
    yield "repeat", lambda m, x, y: x.repeat(2, 1, 3)
    yield "repeat tuple", lambda m, x, y: x.repeat((1, 2, 2))
    yield "repeat more", lambda m, x, y: y.repeat(2, 3, 1, 2)
    yield "repeat none", lambda m, x, y: y.repeat(0, 2)
    yield "repeat few", lambda m, x, y: x.repeat(2)
    yield "repeat negative", lambda m, x, y: y.repeat(2, -1)
    yield "repeat 0-d", lambda m, x, y: x[0, 0, 0].repeat(3)
    yield "repeat 0-d nothing", lambda m, x, y: x[0, 0, 0].repeat(())
    yield "repeat transposed", lambda m, x, y: y.t().repeat(2, 2)
    yield "tile", lambda m, x, y: m.tile(x, (2,))
    yield "tile method", lambda m, x, y: x.tile(2, 2, 1, 1)
    yield "repeat_interleave", lambda m, x, y: m.repeat_interleave(y, 2)
    yield "repeat_interleave 0", lambda m, x, y: y.repeat_interleave(0, 1)
    yield "repeat_interleave <0", lambda m, x, y: y.repeat_interleave(-1, 1)
    yield (
        "repeat_interleave each",
        lambda m, x, y: y.repeat_interleave(m.tensor([2, 0, 3]), 0),
    )
    yield "repeat_interleave one", lambda m, x, y: y.repeat_interleave(m.tensor([2]), 1)
    yield (
        "repeat_interleave alone",
        lambda m, x, y: m.repeat_interleave(m.tensor([2, 0, 3])),
    )
    yield (
        "repeat_interleave size",
        lambda m, x, y: y.repeat_interleave(m.tensor([2, 0, 3]), 0, output_size=5),
    )
    yield (
        "repeat_interleave count",
        lambda m, x, y: y.repeat_interleave(m.tensor([2, 0]), 0),
    )
    yield (
        "repeat_interleave neg",
        lambda m, x, y: y.repeat_interleave(m.tensor([2, 0, -1]), 0),
    )
    yield "repeat_interleave dim", lambda m, x, y: y.repeat_interleave(2, 5)
    yield "flip two", lambda m, x, y: x.flip(0, 2)
    yield "flip tuple", lambda m, x, y: x.flip((1, -1))
    yield "flip transposed", lambda m, x, y: y.t().flip(0)
    yield "flip none", lambda m, x, y: m.flip(x, ())
    yield "flip twice", lambda m, x, y: x.flip(0, 0)
    yield "flip dim", lambda m, x, y: x.flip(3)
    yield "fliplr", lambda m, x, y: m.fliplr(y)
    yield "flipud", lambda m, x, y: m.flipud(y)
    yield "roll flat", lambda m, x, y: x.roll(-3)
    yield "roll two", lambda m, x, y: x.roll((1, -2), (0, 2))
    yield "roll same", lambda m, x, y: x.roll((1, 1), (2, 2))
    yield "roll counts", lambda m, x, y: x.roll((1, 1), 0)
    yield "roll counts flat", lambda m, x, y: x.roll((1, 1))
    yield "roll dim", lambda m, x, y: x.roll(1, 4)
    yield "roll transposed", lambda m, x, y: y.t().roll(2, 1)
    yield "roll empty", lambda m, x, y: m.zeros(0).roll(1)
    for k in (-9, -2, -1, 0, 1, 3, 9):
        yield f"tril {k}", lambda m, x, y, k=k: m.tril(x, k)
        yield f"triu {k}", lambda m, x, y, k=k: m.triu(y, k)
        yield f"tril_ {k}", lambda m, x, y, k=k: (x + x).tril_(k)
        yield f"triu_ {k}", lambda m, x, y, k=k: (y.t() + y.t()).triu_(k)
    yield "triu far", lambda m, x, y: m.triu(y, 2**60)
    yield "tril transposed", lambda m, x, y: y.t().tril()
    yield "tril 1-d", lambda m, x, y: y[0].tril()
    yield "triu empty", lambda m, x, y: m.zeros(0, 3).triu()


@pytest.mark.parametrize(
    "name, f", list(cases()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_results_and_errors(name, f):
    a = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
    b = np.arange(15.0, dtype=np.float32).reshape(3, 5)

    def outcome(m):
        try:
            return f(m, m.tensor(a), m.tensor(b)), None
        except Exception as error:
            return None, error

    (got, error), (want, expected) = outcome(rushlight), outcome(torch)
    assert type(error) is type(expected), (error, expected)
    if expected is None:
        same(got, want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    values = np.random.default_rng(0).integers(0, 2, (3, 4))
    results = []
    for m in (rushlight, torch):
        x = m.tensor(values).to(getattr(m, dtype))
        results.append(
            [
                m.cat([x, x], 1),
                m.cat([x.t(), x.t()], 1),
                m.stack([x, x], 1),
                x.repeat(2, 2),
                m.repeat_interleave(x, 2, 1),
                x.flip(0, 1),
                x.roll(1, 1),
                x.tril(),
                x.triu(1),
            ]
        )
    same(*results)


@pytest.mark.parametrize("count, size", [(3, 1), (10, 100_000), (200, 3000)])
def test_large_cat(count, size):
    parts = [
        np.random.default_rng(k).random((2, size)).astype(np.float32)
        for k in range(count)
    ]
    for dim in (0, 1):
        got = rushlight.cat([rushlight.tensor(p) for p in parts], dim)
        assert np.array_equal(got.numpy(), np.concatenate(parts, dim))


def gradient_cases():
    yield "cat", lambda m, x, y: m.cat([x, y * y, x], 1)
    yield "cat dtypes", lambda m, x, y: m.cat([x.float(), y])
    yield "cat legacy", lambda m, x, y: m.cat([m.zeros(0), x, y], 1)
    yield "stack", lambda m, x, y: m.stack([x, y, x], -1)
    yield "hstack", lambda m, x, y: m.hstack([x[0], y[0]])
    yield "vstack", lambda m, x, y: m.vstack([x[0], y[0]])
    yield "dstack", lambda m, x, y: m.dstack([x[0], y[0]])
    yield "repeat", lambda m, x, y: x.repeat(2, 1, 3) * y[0, 0]
    yield "tile", lambda m, x, y: m.tile(x, (2,))
    yield "repeat_interleave", lambda m, x, y: m.repeat_interleave(x, 2)
    yield "repeat_interleave 1", lambda m, x, y: m.repeat_interleave(x, 2, 1)
    yield (
        "repeat_interleave each",
        lambda m, x, y: m.repeat_interleave(x, m.tensor([2, 0]), 0),
    )
    yield "flip", lambda m, x, y: x.flip(0, 1) * y
    yield "roll", lambda m, x, y: x.roll((1, 2), (0, 1)) * y
    yield "roll flat", lambda m, x, y: x.roll(2) * y
    yield "tril", lambda m, x, y: x.tril() * y.triu(1)
    yield "tril_", lambda m, x, y: (x * y).tril_()


@pytest.mark.parametrize(
    "name, f", list(gradient_cases()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_gradients(name, f):
    rng = np.random.default_rng(8)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    grads = []
    for m in (rushlight, torch):
        x, y = m.tensor(a, requires_grad=True), m.tensor(b, requires_grad=True)
        out = f(m, x, y)
        first = m.autograd.grad(
            (out**3).sum(), [x, y], create_graph=True, allow_unused=True
        )
        total = sum((v * v).sum() for v in first if v is not None)
        second = m.autograd.grad(total, [x, y], allow_unused=True)
        grads.append([out, *first, *second])
    for ours, theirs in zip(*grads, strict=False):
        if theirs is None:
            assert ours is None or not ours.any()
            continue
        torch.testing.assert_close(to_torch(ours.detach()), theirs.detach())
