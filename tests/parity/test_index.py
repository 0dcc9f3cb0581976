"""Indexing, compared with PyTorch."""

from __future__ import annotations

import random
import warnings

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


def make_pair(shape, dtype="float32", seed=0, layout="dense"):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2 if dtype == "bool" else 100, shape)
    a = rushlight.tensor(values).to(getattr(rushlight, dtype))
    b = torch.tensor(values).to(getattr(torch, dtype))
    if layout == "transposed" and len(shape) > 1:
        a, b = a.transpose(0, -1).clone().contiguous().transpose(0, -1), b
    elif layout == "sliced" and shape:
        wide = rushlight.zeros([2 * n + 1 for n in shape]).to(a.dtype)
        view = wide[tuple(slice(1, None, 2) for _ in shape)]
        view.copy_(a)
        a = view
    return a, b


def same(a, b):
    assert tuple(a.shape) == tuple(b.shape)
    assert str(a.dtype).split(".")[-1] == str(b.dtype).split(".")[-1]
    torch.testing.assert_close(
        to_torch(a.detach()), b.detach(), rtol=0, atol=0, equal_nan=True
    )


def random_index(rng, shape):
    """The same random index for both, as (rushlight, torch) objects."""
    ours, theirs, dim = [], [], 0
    broadcast = rng.choice([(), (2,), (3,), (2, 3), (1,)])
    while dim < len(shape) and rng.random() < 0.85:
        n = shape[dim]
        kind = rng.choice(
            [
                "int",
                "slice",
                "none",
                "tensor",
                "list",
                "mask",
                "ellipsis",
                "array",
                "bool",
                "range",
                "neg",
            ]
        )
        if kind == "none":
            ours.append(None)
            theirs.append(None)
            continue
        if kind == "ellipsis":
            if Ellipsis in [o for o in ours if o is Ellipsis]:
                continue
            skip = rng.randint(0, len(shape) - dim)
            ours.append(Ellipsis)
            theirs.append(Ellipsis)
            dim += skip
            continue
        if kind == "bool" and rng.random() < 0.3:
            value = rng.random() < 0.7
            ours.append(value)
            theirs.append(value)
            continue
        if kind in ("int", "neg"):
            i = rng.randint(-n, n) if n else 0
            ours.append(i)
            theirs.append(i)
        elif kind == "slice":
            bounds = [rng.choice([None, rng.randint(-n - 1, n + 1)]) for _ in range(2)]
            s = slice(*bounds, rng.choice([None, 1, 2]))
            ours.append(s)
            theirs.append(s)
        elif kind == "mask":
            width = rng.randint(1, min(2, len(shape) - dim))
            values = np.array(
                [
                    rng.random() < 0.5
                    for _ in range(int(np.prod(shape[dim : dim + width])))
                ]
            ).reshape(shape[dim : dim + width])
            ours.append(rushlight.tensor(values))
            theirs.append(torch.tensor(values))
            dim += width
            continue
        else:
            size = broadcast if rng.random() < 0.9 else (rng.randint(1, 3),)
            values = np.array(
                [rng.randint(-n, n - 1) if n else 0 for _ in range(int(np.prod(size)))],
                dtype=np.int64,
            ).reshape(size)
            if rng.random() < 0.04:
                values = values + n + 3
            if kind == "list" and values.ndim:
                ours.append(values.tolist())
                theirs.append(values.tolist())
            elif kind == "array" and values.ndim:
                ours.append(values)
                theirs.append(values)
            elif kind == "range":
                stop = rng.randint(0, n)
                ours.append(range(stop))
                theirs.append(range(stop))
            else:
                small = rng.random() < 0.3
                ours.append(
                    rushlight.tensor(values, dtype=rushlight.int32 if small else None)
                )
                theirs.append(
                    torch.tensor(values, dtype=torch.int32 if small else None)
                )
        dim += 1
    return tuple(ours), tuple(theirs)


def outcome(f, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(*args), None
        except Exception as error:
            return None, error


SHAPES = [(), (4,), (3, 4), (2, 3, 4), (2, 3, 2, 4), (3, 0, 2), (1, 3)]


@pytest.mark.parametrize("seed", range(12))
def test_random_reads(seed):
    rng = random.Random(seed)
    for _ in range(80):
        shape = rng.choice(SHAPES)
        layout = rng.choice(["dense", "transposed", "sliced"])
        a, b = make_pair(shape, seed=seed, layout=layout)
        ours, theirs = random_index(rng, shape)
        got, error = outcome(a.__getitem__, ours)
        want, expected = outcome(b.__getitem__, theirs)
        if expected is not None:
            assert type(error) is type(expected), (shape, theirs, error, expected)
        else:
            assert error is None, (shape, theirs, error)
            same(got, want)


@pytest.mark.parametrize("seed", range(12))
def test_random_writes(seed):
    rng = random.Random(100 + seed)
    for _ in range(60):
        shape = rng.choice(SHAPES)
        layout = rng.choice(["dense", "transposed", "sliced"])
        a, b = make_pair(shape, seed=seed, layout=layout)
        before = b.clone()
        ours, theirs = random_index(rng, shape)
        target, expected = outcome(b.__getitem__, theirs)
        if expected is None and rng.random() < 0.7:
            # One value per position; duplicates carry equal values.
            value = rng.choice(
                [1.5, target * 0 + 7, target.new_full(target.shape[-1:], 3.0)]
            )
        else:
            value = 2.5
        mine = (
            rushlight.tensor(value.numpy())
            if isinstance(value, torch.Tensor)
            else value
        )
        _, error = outcome(a.__setitem__, ours, mine)
        _, expected = outcome(b.__setitem__, theirs, value)
        if expected is not None:
            assert type(error) is type(expected), (
                shape,
                theirs,
                value,
                error,
                expected,
            )
            same(a, before)
        else:
            assert error is None, (shape, theirs, value, error)
            same(a, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["dense", "transposed", "sliced"])
def test_reads_of_every_dtype(dtype, layout):
    a, b = make_pair((5, 6, 4), dtype, 1, layout)
    rng = np.random.default_rng(2)
    for dim in (0, 1, 2, -1):
        n = b.shape[dim]
        index = rng.integers(0, n, (4, 3, 2))
        same(a.gather(dim, rushlight.tensor(index)), b.gather(dim, torch.tensor(index)))
        flat = rng.integers(0, n, 9)
        same(
            a.index_select(dim, rushlight.tensor(flat)),
            b.index_select(dim, torch.tensor(flat)),
        )
        narrow = rushlight.tensor(flat, dtype=rushlight.int32)
        same(a.index_select(dim, narrow), b.index_select(dim, torch.tensor(flat)))
    spots = rng.integers(-120, 120, (3, 5))
    same(a.take(rushlight.tensor(spots)), b.take(torch.tensor(spots)))
    mask = rng.random((5, 6, 4)) < 0.4
    same(a.masked_select(rushlight.tensor(mask)), b.masked_select(torch.tensor(mask)))
    same(
        a.masked_select(rushlight.tensor(mask[:, :1])),
        b.masked_select(torch.tensor(mask[:, :1])),
    )
    same(a.nonzero(), b.nonzero())
    i, j = rng.integers(-5, 5, (2, 1)), rng.integers(-6, 6, 3)
    same(
        a[rushlight.tensor(i), rushlight.tensor(j)], b[torch.tensor(i), torch.tensor(j)]
    )
    same(a[:, rushlight.tensor(j)], b[:, torch.tensor(j)])
    same(a[rushlight.tensor(i), :, 1], b[torch.tensor(i), :, 1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["dense", "transposed", "sliced"])
def test_writes_of_every_dtype(dtype, layout):
    rng = np.random.default_rng(3)
    for accumulate in (False, True):
        a, b = make_pair((5, 6, 4), dtype, 1, layout)
        i, j = rng.permutation(5)[:2, None], rng.permutation(6)[:3] - 6
        if accumulate:
            i = np.array([[1], [1]])
        x, y = make_pair((2, 3, 4), dtype, 5)
        a.index_put_((rushlight.tensor(i), rushlight.tensor(j)), x, accumulate)
        b.index_put_((torch.tensor(i), torch.tensor(j)), y, accumulate)
        same(a, b)
    for value in (1, True):
        a, b = make_pair((5, 6, 4), dtype, 1, layout)
        mask = rng.random((5, 6, 4)) < 0.4
        a.masked_fill_(rushlight.tensor(mask), value)
        b.masked_fill_(torch.tensor(mask), value)
        same(a, b)
        x, y = make_pair((130,), dtype, 6)
        a.masked_scatter_(rushlight.tensor(mask), x)
        b.masked_scatter_(torch.tensor(mask), y)
        same(a, b)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 4095, 4096, 4097, 20000])
@pytest.mark.parametrize(
    "dtype", ["uint8", "float16", "float32", "float64", "complex128"]
)
@pytest.mark.parametrize("density", [0.0, 0.02, 0.5, 1.0])
def test_masks_of_every_length(n, dtype, density):
    a, b = make_pair((n,), dtype, n)
    mask = np.random.default_rng(n).random(n) < density
    same(a[rushlight.tensor(mask)], b[torch.tensor(mask)])
    same(rushlight.nonzero(rushlight.tensor(mask)), torch.tensor(mask).nonzero())
    grid = mask[: n // 3 * 3].reshape(-1, 3)
    same(rushlight.nonzero(rushlight.tensor(grid)), torch.tensor(grid).nonzero())
    a.masked_scatter_(rushlight.tensor(mask), rushlight.arange(n).to(a.dtype))
    b.masked_scatter_(torch.tensor(mask), torch.arange(n).to(b.dtype))
    same(a, b)


def cases():
    """(name, function of a module giving the op's result)."""
    x = np.arange(12.0, dtype=np.float32).reshape(3, 4)

    def put(m, index, value, **kw):
        return m.tensor(x).index_put_(index, value, **kw)

    yield "gather range", lambda m: m.tensor(x).gather(0, m.tensor([[5, 0]]))
    yield "gather negative", lambda m: m.tensor(x).gather(0, m.tensor([[-1, 0]]))
    yield "gather dtype", lambda m: m.tensor(x).gather(0, m.tensor([[1.0]]))
    yield "gather ndim", lambda m: m.tensor(x).gather(0, m.tensor([1, 0]))
    yield "gather size", lambda m: m.tensor(x).gather(0, m.zeros(2, 9, dtype=m.int64))
    yield "gather dim", lambda m: m.tensor(x).gather(2, m.tensor([[1]]))
    yield "gather empty", lambda m: m.tensor(x).gather(0, m.zeros(0))
    yield "gather 0-d", lambda m: m.tensor(2.0).gather(0, m.tensor([0, 0]))
    yield "select range", lambda m: m.tensor(x).index_select(0, m.tensor([5]))
    yield "select negative", lambda m: m.tensor(x).index_select(0, m.tensor([-1]))
    yield "select dtype", lambda m: m.tensor(x).index_select(0, m.tensor([1.0]))
    yield "select 2-d", lambda m: m.tensor(x).index_select(0, m.tensor([[1]]))
    yield "select 0-d", lambda m: m.tensor(x).index_select(1, m.tensor(1))
    yield "select of 0-d", lambda m: m.tensor(1.0).index_select(0, m.tensor([0, 0]))
    yield "select scalar", lambda m: m.tensor(1.0).index_select(0, m.tensor([0]))
    yield "take range", lambda m: m.tensor(x).take(m.tensor([55]))
    yield "take negative", lambda m: m.tensor(x).take(m.tensor([-13]))
    yield "take empty", lambda m: m.zeros(0).take(m.tensor([0]))
    yield "take dtype", lambda m: m.tensor(x).take(m.tensor([0]).int())
    yield "along", lambda m: m.take_along_dim(m.tensor(x), m.tensor([[0, -1]]), 1)
    yield "along ndim", lambda m: m.take_along_dim(m.tensor(x), m.tensor([0]), 1)
    yield "along flat", lambda m: m.take_along_dim(m.tensor(x), m.tensor([0, 11]))
    yield "put shape", lambda m: put(m, (m.tensor([0, 1]),), m.zeros(3))
    yield "put dtype", lambda m: put(m, (m.tensor([0, 1]),), m.zeros(4).double())
    yield "put range", lambda m: put(m, (m.tensor([0, 3]),), m.zeros(4))
    yield (
        "put range sum",
        lambda m: put(m, (m.tensor([0, -4]),), m.zeros(4), accumulate=True),
    )
    yield "put empty", lambda m: put(m, (m.zeros(0, dtype=m.int64),), m.zeros(4))
    yield "mask dtype", lambda m: m.tensor(x).masked_select(m.ones(3, 4))
    yield "mask shape", lambda m: m.tensor(x).masked_select(m.ones(3, 3).bool())
    yield "mask 0-d", lambda m: m.tensor(1.0).masked_select(m.tensor(True))
    yield "fill dtype", lambda m: m.tensor(x).masked_fill(m.ones(3, 4), 1)
    yield (
        "fill 1-d value",
        lambda m: m.tensor(x).masked_fill(m.ones(4).bool(), m.zeros(1)),
    )
    yield "fill complex", lambda m: m.tensor(x).masked_fill(m.ones(4).bool(), 1j)
    yield (
        "fill large",
        lambda m: m.ones(2).to(m.int8).masked_fill(m.ones(2).bool(), 300),
    )
    yield "fill wide", lambda m: m.ones(4).masked_fill(m.ones(3, 4).bool(), 3)
    yield "fill wide in place", lambda m: m.ones(4).masked_fill_(m.ones(3, 4).bool(), 3)
    yield (
        "fill float in int",
        lambda m: m.ones(4).int().masked_fill(m.ones(4).bool(), 2.5),
    )
    yield (
        "scatter few",
        lambda m: m.tensor(x).masked_scatter_(m.ones(4).bool(), m.zeros(3)),
    )
    yield (
        "scatter dtype",
        lambda m: m.ones(3).masked_scatter_(m.ones(3).bool(), m.zeros(3).double()),
    )
    yield "nonzero 0-d", lambda m: m.tensor(1).nonzero()
    yield "nonzero 0-d false", lambda m: m.tensor(0).nonzero()
    yield "nonzero empty", lambda m: m.zeros(0, 3).nonzero()
    yield "nonzero complex", lambda m: m.tensor([0, 1j, 2]).nonzero()
    yield "nonzero nan", lambda m: m.tensor([0.0, float("nan"), -0.0]).nonzero()
    yield "where one", lambda m: m.where(m.tensor(x) > 4)[1]
    yield "where numbers", lambda m: m.where(m.tensor(x) > 4, 1, 2.0)
    yield "where half", lambda m: m.where(m.tensor(x) > 4, m.tensor(x).half(), 2.5)
    yield "where int", lambda m: m.where(m.tensor(x) > 4, m.tensor(x).int(), 2.5)
    yield "where bool", lambda m: m.where(m.tensor(x) > 4, True, 3)
    yield "where complex", lambda m: m.where(m.tensor(x) > 4, m.tensor(x), 2j)
    yield "float index", lambda m: m.tensor(x)[m.tensor([1.0])]
    yield "float", lambda m: m.tensor(x)[0.5]
    yield "dict", lambda m: m.tensor(x)[{}]
    yield "int16 index", lambda m: m.tensor(x)[m.tensor([1], dtype=m.int16)]
    yield "mask size", lambda m: m.tensor(x)[m.tensor([True, False])]
    yield "mask size 1", lambda m: m.tensor(x)[:, m.tensor([True, False])]
    yield "too many", lambda m: m.tensor(x)[[0], [0], [0]]
    yield "too many dims", lambda m: m.tensor(x)[m.ones(3, 4, 2).bool()]
    yield "no broadcast", lambda m: m.tensor(x)[m.tensor([0, 1]), m.tensor([0, 1, 2])]
    yield "from empty", lambda m: m.zeros(0, 3)[m.tensor([0])]
    yield "of no columns", lambda m: m.zeros(3, 0)[m.tensor([7])]
    yield "0-d", lambda m: m.tensor(1.0)[m.tensor([0])]
    yield "0-d mask", lambda m: m.tensor(1.0)[m.tensor(True)]
    yield "0-d int tensor", lambda m: m.tensor(x)[m.tensor(2)]
    yield "0-d int8 tensor", lambda m: m.tensor(x)[m.tensor(2, dtype=m.int8)]
    yield "two bools", lambda m: m.tensor(x)[True, False]
    yield "negative step", lambda m: m.tensor(x)[[0], ::-1]


@pytest.mark.parametrize(
    "name, f", list(cases()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_edge_cases(name, f):
    got, error = outcome(lambda: f(rushlight))
    want, expected = outcome(lambda: f(torch))
    assert type(error) is type(expected), (error, expected)
    if expected is None:
        same(got, want)


def gradient_cases():
    g = np.random.default_rng(7)
    index = g.integers(0, 3, (3, 2))
    wide = g.integers(0, 3, (2, 4))
    flat = g.integers(0, 3, 5)
    mask = g.random((3, 4)) < 0.5
    yield "gather", lambda m, x: x.gather(0, m.tensor(index))
    yield "index_select", lambda m, x: x.index_select(0, m.tensor(flat))
    yield "take", lambda m, x: x.take(m.tensor([0, 5, -1, 5]))
    yield "along", lambda m, x: m.take_along_dim(x, m.tensor(wide), 0)
    yield "along wide", lambda m, x: m.take_along_dim(x, m.tensor([[0], [-1]]), 0)
    yield "along flat", lambda m, x: m.take_along_dim(x, m.tensor([3, 3, 0]))
    yield "index", lambda m, x: x[m.tensor(flat)]
    yield "index pair", lambda m, x: x[m.tensor([0, 1, 0]), m.tensor([1, 1, 1])]
    yield "index apart", lambda m, x: x[None, m.tensor([0, 1, 0]), :, None]
    yield "index mask", lambda m, x: x[m.tensor(mask)]
    yield "masked_select", lambda m, x: x.masked_select(m.tensor(mask))
    yield "masked_select wide", lambda m, x: x[:1].masked_select(m.tensor(mask))
    yield "masked_fill", lambda m, x: x.masked_fill(m.tensor(mask), 2.0)
    yield "masked_fill tensor", lambda m, x: x.masked_fill(m.tensor(mask), x.sum())
    yield "masked_scatter", lambda m, x: x.masked_scatter(m.tensor(mask), x * 2)
    yield "setitem", lambda m, x: set_item(x * 1, m.tensor([0, 2]), x[1] * 3)
    yield (
        "setitem column",
        lambda m, x: set_item(x * 1, (slice(None), [0, 2]), x[:, 1:3] * 3),
    )
    yield "setitem mask", lambda m, x: set_item(x * 1, m.tensor(mask), 5.0)
    yield (
        "put sum",
        lambda m, x: (x * 1).index_put_((m.tensor([1, 1]),), x[:2] * 2, True),
    )
    yield "put view", lambda m, x: put_view(x * 1, m)
    yield "where", lambda m, x: m.where(m.tensor(mask), x, 2 * x)


def set_item(x, index, value):
    x[index] = value
    return x


def put_view(x, m):
    x[1:].index_put_((m.tensor([0, 1]), m.tensor([1, 2])), m.ones(2, dtype=x.dtype))
    return x * x


@pytest.mark.parametrize(
    "name, f", list(gradient_cases()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_gradients(name, f):
    values = np.random.default_rng(8).standard_normal((3, 4))
    grads = []
    for m in (rushlight, torch):
        x = m.tensor(values, requires_grad=True)
        y = f(m, x)
        (grad,) = m.autograd.grad((y * y).sum(), x, create_graph=True)
        (second,) = m.autograd.grad((grad * grad).sum(), x)
        grads.append((y, grad, second))
    for ours, theirs in zip(*grads, strict=False):
        torch.testing.assert_close(to_torch(ours.detach()), theirs.detach())
