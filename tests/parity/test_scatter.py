"""Scattering along a dim, compared with PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")

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
REDUCES = ["sum", "prod", "mean", "amax", "amin"]


def to_torch(x):
    if x.dtype is rushlight.bfloat16:
        return torch.tensor(x.float().tolist(), dtype=torch.bfloat16).reshape(x.shape)
    return torch.from_numpy(x.contiguous().numpy().copy())


def same(a, b, rtol=0.0):
    assert tuple(a.shape) == tuple(b.shape)
    assert str(a.dtype).split(".")[-1] == str(b.dtype).split(".")[-1]
    torch.testing.assert_close(to_torch(a.detach()), b.detach(), rtol=rtol, atol=rtol)


def make_pair(shape, dtype, seed, layout="dense"):
    values = np.random.default_rng(seed).integers(0, 2 if dtype == "bool" else 4, shape)
    a = rushlight.tensor(values).to(getattr(rushlight, dtype))
    b = torch.tensor(values).to(getattr(torch, dtype))
    if layout == "transposed":
        a = a.transpose(0, -1).contiguous().transpose(0, -1)
    elif layout == "sliced":
        wide = rushlight.zeros([2 * n for n in shape]).to(a.dtype)
        wide[tuple(slice(None, None, 2) for _ in shape)] = a
        a = wide[tuple(slice(None, None, 2) for _ in shape)]
    return a, b


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["dense", "transposed", "sliced"])
def test_scatter(dtype, layout):
    rng = np.random.default_rng(0)
    for dim, shape in ((0, (9, 4, 3)), (1, (4, 7, 3)), (2, (4, 4, 8)), (-1, (3, 2, 1))):
        n = (5, 6, 7)[dim]
        # Unlike entries along dim: PyTorch leaves open which duplicate stays.
        order = np.argsort(rng.random((*shape[:dim], n, *shape[dim:][1:])), axis=dim)
        distinct = order.take(range(min(n, shape[dim])), axis=dim)
        distinct = distinct[tuple(slice(k) for k in (5, 6, 7))]
        any_index = rng.integers(
            0, n, [min(s, 5) if d != dim % 3 else s for d, s in enumerate(shape)]
        )
        for index, options in (
            (distinct, {}),
            (any_index, {"reduce": "add"}),
            (any_index, {"reduce": "multiply"}),
        ):
            for source in ("tensor", "number"):
                a, b = make_pair((5, 6, 7), dtype, 1, layout)
                if source == "tensor":
                    x, y = make_pair([k + 2 for k in index.shape], dtype, 2, layout)
                else:
                    x = y = 2
                i, j = rushlight.tensor(index), torch.tensor(index)
                same(a.scatter(dim, i, x, **options), b.scatter(dim, j, y, **options))
                a.scatter_(dim, i.int(), x, **options)
                b.scatter_(dim, j, y, **options)
                same(a, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduce", REDUCES)
@pytest.mark.parametrize("include_self", [True, False])
def test_scatter_reduce(dtype, reduce, include_self):
    if reduce in ("amax", "amin") and dtype.startswith("complex"):
        with pytest.raises(NotImplementedError, match=dtype):
            rushlight.zeros(3).to(getattr(rushlight, dtype)).scatter_reduce_(
                0,
                rushlight.tensor([0]),
                rushlight.ones(1).to(getattr(rushlight, dtype)),
                reduce,
            )
        return
    if reduce == "mean" and dtype == "bool":
        with pytest.raises(NotImplementedError, match="mean"):
            rushlight.zeros(3).bool().scatter_reduce_(
                0, rushlight.tensor([0]), rushlight.ones(1).bool(), reduce
            )
        return
    rng = np.random.default_rng(1)
    for shape, size, dim in (
        ((20,), (4,), 0),
        ((6, 3, 2), (4, 5, 3), 0),
        ((4, 9, 3), (4, 5, 3), 1),
    ):
        index = rng.integers(0, size[dim], shape)
        a, b = make_pair(size, dtype, 3)
        x, y = make_pair(shape, dtype, 4)
        i, j = rushlight.tensor(index), torch.tensor(index)
        ours = a.scatter_reduce(dim, i, x, reduce, include_self=include_self)
        theirs = b.scatter_reduce(dim, j, y, reduce, include_self=include_self)
        rounding = reduce in ("mean", "prod") or dtype in ("float16", "bfloat16")
        same(
            ours,
            theirs,
            1e-2 if dtype in ("float16", "bfloat16") else 1e-6 if rounding else 0,
        )


def test_negative_mean_of_ints():
    index = [0, 0, 1]
    for include_self in (True, False):
        ours = rushlight.tensor([-7, 3, 5]).scatter_reduce(
            0,
            rushlight.tensor(index),
            rushlight.tensor([-2, -3, 4]),
            "mean",
            include_self=include_self,
        )
        theirs = torch.tensor([-7, 3, 5]).scatter_reduce(
            0,
            torch.tensor(index),
            torch.tensor([-2, -3, 4]),
            "mean",
            include_self=include_self,
        )
        same(ours, theirs)


@pytest.mark.parametrize("reduce", ["amax", "amin"])
def test_nan_wins(reduce):
    x = [1.0, float("nan"), 2.0, -1.0]
    ours = rushlight.zeros(2).scatter_reduce(
        0, rushlight.tensor([0, 0, 1, 1]), rushlight.tensor(x), reduce
    )
    theirs = torch.zeros(2).scatter_reduce(
        0, torch.tensor([0, 0, 1, 1]), torch.tensor(x), reduce
    )
    torch.testing.assert_close(to_torch(ours), theirs, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", ["dense", "transposed", "sliced"])
def test_index_writes(dtype, layout):
    rng = np.random.default_rng(5)
    for dim in (0, 1, -1):
        n = (5, 6, 7)[dim]
        shape = [5, 6, 7]
        shape[dim] = 4
        index = rng.permutation(n)[:4]
        double = rng.integers(0, n, 4)
        i, j = rushlight.tensor(index), torch.tensor(index)
        k, m = rushlight.tensor(double), torch.tensor(double)
        x, y = make_pair(shape, dtype, 7, layout)
        for name, ours, theirs in (
            ("index_add", (dim, k, x), (dim, m, y)),
            ("index_copy", (dim, i, x), (dim, j, y)),
            ("index_fill", (dim, i - n, 1), (dim, j - n, 1)),
        ):
            a, b = make_pair((5, 6, 7), dtype, 6, layout)
            same(getattr(a, name)(*ours), getattr(b, name)(*theirs))
            getattr(a, name + "_")(*ours)
            getattr(b, name + "_")(*theirs)
            same(a, b)
        if dtype not in ("bool", "uint8"):
            a, b = make_pair((5, 6, 7), dtype, 6, layout)
            same(a.index_add(dim, k, x, alpha=-2), b.index_add(dim, m, y, alpha=-2))


def test_wide_rows_and_expanded_indices():
    rng = np.random.default_rng(9)
    index = rng.integers(0, 50, 3000)
    values = rng.integers(0, 9, (3000, 40)).astype(np.float32)
    i, j = rushlight.tensor(index), torch.tensor(index)
    x, y = rushlight.tensor(values), torch.tensor(values)
    want = torch.zeros(50, 40).index_add(0, j, y)
    same(rushlight.zeros(50, 40).index_add(0, i, x), want)
    same(rushlight.zeros(50, 40).scatter_add(0, i[:, None].expand(3000, 40), x), want)
    same(rushlight.zeros(50, 40).index_put((i,), x, True), want)
    same(
        rushlight.zeros(40, 50).index_add(1, i, x.t()),
        torch.zeros(40, 50).index_add(1, j, y.t()),
    )
    # Long vectors into few places go in parts.
    many = rng.integers(0, 10, 700_000)
    ones = rushlight.ones(1).expand(700_000)
    counts = rushlight.zeros(10).scatter_add(0, rushlight.tensor(many), ones)
    assert counts.tolist() == np.bincount(many, minlength=10).tolist()
    counts = rushlight.zeros(20)[::2].index_put(
        (rushlight.tensor(many - 10),), ones, True
    )
    assert counts.tolist() == np.bincount(many, minlength=10).tolist()


def cases():
    x = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    one = [[1]]

    def scatter(m, index=one, src=((2.0,),), dim=0, dtype=None, **kw):
        src = m.tensor(src) if isinstance(src, tuple) else src
        return m.tensor(x).scatter_(dim, m.tensor(index, dtype=dtype), src, **kw)

    yield "plain", lambda m: scatter(m)
    yield "number", lambda m: scatter(m, src=2.5)
    yield "value=", lambda m: m.tensor(x).scatter_(1, m.tensor(one), value=3)
    yield (
        "src=",
        lambda m: m.tensor(x).scatter_(1, index=m.tensor(one), src=m.tensor([[2.0]])),
    )
    yield "range", lambda m: scatter(m, [[3]])
    yield "negative", lambda m: scatter(m, [[-1]])
    yield "range number", lambda m: scatter(m, [[3]], 2.0)
    yield "index dtype", lambda m: scatter(m, [[1.0]])
    yield (
        "src dtype",
        lambda m: m.tensor(x).scatter_(0, m.tensor(one), m.ones(1, 1).double()),
    )
    yield "index larger than src", lambda m: scatter(m, [[1, 1]])
    yield "index larger than self", lambda m: scatter(m, [[0] * 7], 1.0)
    yield "long index", lambda m: scatter(m, [[0, 1, 2, 0]] * 9, 1.0)
    yield "ndim", lambda m: scatter(m, [1])
    yield "0-d src", lambda m: scatter(m, one, m.tensor(3.0))
    yield "unknown reduce", lambda m: scatter(m, reduce="mean")
    yield "complex number", lambda m: scatter(m, src=1j)
    yield "dim", lambda m: scatter(m, dim=2)
    yield "empty index", lambda m: m.tensor(x).scatter_(0, m.zeros(0, 4), m.zeros(2, 4))
    yield "0-d", lambda m: m.tensor(1.0).scatter_(0, m.tensor(0), m.tensor(4.0))
    yield "0-d range", lambda m: m.tensor(1.0).scatter_(0, m.tensor(1), m.tensor(4.0))
    yield (
        "overlap",
        lambda m: m.zeros(1).expand(3).scatter_(0, m.tensor([1]), m.zeros(1)),
    )
    yield (
        "add range",
        lambda m: m.tensor(x).scatter_add_(0, m.tensor([[5]]), m.zeros(1, 1)),
    )
    yield (
        "reduce name",
        lambda m: m.tensor(x).scatter_reduce_(0, m.tensor(one), m.zeros(1, 1), "max"),
    )
    yield (
        "reduce unknown",
        lambda m: m.tensor(x).scatter_reduce_(
            0, m.tensor(one), m.zeros(1, 1), "median"
        ),
    )
    yield (
        "reduce range",
        lambda m: m.tensor(x).scatter_reduce_(0, m.tensor([[9]]), m.zeros(1, 1), "sum"),
    )
    yield (
        "index_add range",
        lambda m: m.tensor(x).index_add_(0, m.tensor([7]), m.zeros(1, 4)),
    )
    yield (
        "index_add shape",
        lambda m: m.tensor(x).index_add_(0, m.tensor([1]), m.zeros(1, 3)),
    )
    yield (
        "index_add count",
        lambda m: m.tensor(x).index_add_(0, m.tensor([1]), m.zeros(2, 4)),
    )
    yield (
        "index_add dtype",
        lambda m: m.tensor(x).index_add_(0, m.tensor([1]), m.zeros(1, 4).double()),
    )
    yield (
        "index_add index",
        lambda m: m.tensor(x).index_add_(0, m.tensor([1.0]), m.zeros(1, 4)),
    )
    yield (
        "index_add 2-d",
        lambda m: m.tensor(x).index_add_(0, m.tensor([[1]]), m.zeros(1, 4)),
    )
    yield (
        "index_add 0-d",
        lambda m: m.tensor(1.0).index_add_(0, m.tensor(0), m.tensor(2.0)),
    )
    yield (
        "index_add ndim",
        lambda m: m.tensor(x).index_add_(0, m.tensor([1]), m.zeros(4)),
    )
    yield (
        "index_copy range",
        lambda m: m.tensor(x).index_copy_(0, m.tensor([7]), m.zeros(1, 4)),
    )
    yield (
        "index_copy shape",
        lambda m: m.tensor(x).index_copy_(0, m.tensor([1]), m.zeros(1, 3)),
    )
    yield (
        "index_copy count",
        lambda m: m.tensor(x).index_copy_(0, m.tensor([1]), m.zeros(2, 4)),
    )
    yield (
        "index_copy dtype",
        lambda m: m.tensor(x).index_copy_(0, m.tensor([1]), m.zeros(1, 4).double()),
    )
    yield (
        "index_copy int32",
        lambda m: m.tensor(x).index_copy_(0, m.tensor([1]).int(), m.zeros(1, 4)),
    )
    yield (
        "index_copy ndim",
        lambda m: m.tensor(x).index_copy_(0, m.tensor([1]), m.zeros(4)),
    )
    yield "index_fill range", lambda m: m.tensor(x).index_fill_(0, m.tensor([7]), 1.0)
    yield (
        "index_fill int32",
        lambda m: m.tensor(x).index_fill_(0, m.tensor([1]).int(), 1.0),
    )
    yield (
        "index_fill 1-d value",
        lambda m: m.tensor(x).index_fill_(0, m.tensor([1]), m.zeros(2)),
    )
    yield (
        "index_fill 0-d value",
        lambda m: m.tensor(x).index_fill_(0, m.tensor([1]), m.tensor(2)),
    )
    yield "index_fill 2-d", lambda m: m.tensor(x).index_fill_(0, m.tensor([[1]]), 1.0)
    yield "index_fill complex", lambda m: m.tensor(x).index_fill_(0, m.tensor([1]), 1j)


@pytest.mark.parametrize(
    "name, f", list(cases()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_edge_cases(name, f):
    def outcome(m):
        try:
            return f(m), None
        except Exception as error:
            return None, error

    (got, error), (want, expected) = outcome(rushlight), outcome(torch)
    assert type(error) is type(expected), (error, expected)
    if expected is None:
        same(got, want)


def gradient_cases():
    g = np.random.default_rng(1)
    index = g.integers(0, 3, (2, 4))
    distinct = np.argsort(g.random((3, 4)), 0)[:2]
    flat = g.integers(0, 3, 2)
    for name, i in (("scatter", distinct), ("scatter_add", index)):
        yield name, lambda m, x, y, n=name, i=i: getattr(m, n)(x, 0, m.tensor(i), y)
        yield (
            name + "_",
            lambda m, x, y, n=name, i=i: getattr(x * 1, n + "_")(0, m.tensor(i), y),
        )
    yield "scatter number", lambda m, x, y: x.scatter(0, m.tensor(distinct), 2.0)
    for reduce in REDUCES:
        for include in (True, False):
            yield (
                f"{reduce} {include}",
                lambda m, x, y, r=reduce, k=include: x.scatter_reduce(
                    0, m.tensor(index), y, r, include_self=k
                ),
            )
    yield (
        "prod zero",
        lambda m, x, y: x.scatter_reduce(
            0, m.tensor(index), y * m.tensor([[0.0], [1.0]], dtype=m.float64), "prod"
        ),
    )
    yield (
        "ties",
        lambda m, x, y: (x * 0 + 1).scatter_reduce(
            0, m.tensor(index), y * 0 + 1, "amax"
        ),
    )
    yield "index_add", lambda m, x, y: x.index_add(0, m.tensor(flat), y, alpha=3)
    yield "index_copy", lambda m, x, y: x.index_copy(0, m.tensor([2, 0]), y)
    yield "index_fill", lambda m, x, y: x.index_fill(1, m.tensor([2, 0]), 4.0)
    yield (
        "index_fill tensor",
        lambda m, x, y: x.index_fill(1, m.tensor([2, 0]), y.sum()),
    )


@pytest.mark.parametrize(
    "name, f", list(gradient_cases()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_gradients(name, f):
    rng = np.random.default_rng(8)
    a, b = rng.standard_normal((3, 4)), rng.standard_normal((2, 4))
    grads = []
    for m in (rushlight, torch):
        x, y = m.tensor(a, requires_grad=True), m.tensor(b, requires_grad=True)
        out = f(m, x, y)
        first = m.autograd.grad(
            (out**3).sum(), [x, y], create_graph=True, allow_unused=True
        )
        used = [v for v in first if v is not None]
        second = []
        if name != "prod zero":
            total = sum((v * v).sum() for v in used)
            second = m.autograd.grad(total, [x, y], allow_unused=True)
        grads.append([out, *first, *second])
    for ours, theirs in zip(*grads, strict=False):
        if theirs is None:
            assert ours is None or not ours.any()
            continue
        torch.testing.assert_close(to_torch(ours.detach()), theirs.detach())
