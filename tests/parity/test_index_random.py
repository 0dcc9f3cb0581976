"""Random index expressions, read and written, against PyTorch: thousands of them."""

import random
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
SHAPES = [(), (1,), (4,), (0,), (3, 4), (1, 3), (2, 0, 3), (2, 3, 4), (3, 1, 2, 2)]


def leaf(rng, size):
    """An item of an index for a dim of this size, as a function of the library."""
    kind = rng.randrange(14)
    low, high = (-size - 1, size + 1) if rng.random() < 0.05 else (-size, size)

    def position():
        return rng.randrange(low, high) if high > low else 0

    def positions(shape):
        n = int(np.prod(shape, dtype=int))
        return np.array([position() for _ in range(n)], dtype=np.int64).reshape(shape)

    if kind < 2:
        i = position()
        return lambda t: i
    if kind < 5:
        ends = [None, *range(-size - 2, size + 3)]
        s = slice(rng.choice(ends), rng.choice(ends), rng.choice([None, 1, 2, 3]))
        return lambda t: s
    if kind == 5:
        return lambda t: None
    if kind == 6:
        return lambda t: Ellipsis
    if kind == 7:
        b = rng.random() < 0.7
        return lambda t: b
    if kind == 8:
        p = positions(rng.choice([(1,), (2,), (3,), (2, 1), (0,), (1, 3)])).tolist()
        return lambda t: p
    if kind == 9:
        m = [rng.random() < 0.5 for _ in range(size)]
        return lambda t: t.tensor(m, dtype=t.bool)
    if kind == 10:
        m = np.array([rng.random() < 0.5 for _ in range(size)], dtype=bool)
        return lambda t: m
    if kind == 11:
        p = positions(rng.choice([(), (2,), (3,), (2, 2)]))
        return lambda t: p if p.ndim else int(p)
    if kind == 12:
        r = range(min(size, rng.randrange(1, 4)))
        return lambda t: r
    p = positions(rng.choice([(), (1,), (2,), (3,), (2, 1), (2, 3), (0,)]))
    dtype = rng.choice(["int64", "int32"])
    return lambda t: t.tensor(p.tolist(), dtype=getattr(t, dtype))


def expression(rng, shape):
    """An index: one item, or a tuple of them that mostly fits the shape."""
    dims = list(shape)
    if rng.random() < 0.2:
        if dims and rng.random() < 0.3:
            n = rng.randrange(1, len(dims) + 1)
            mask = np.random.default_rng(rng.randrange(10**6)).random(dims[:n]) < 0.5
            return lambda t: t.tensor(mask.tolist(), dtype=t.bool).reshape(mask.shape)
        item = leaf(rng, dims[0] if dims else 1)
        return lambda t: item(t)
    count = rng.randrange(0, len(dims) + 2)
    # A second ellipsis is an error here, and skips dims in PyTorch.
    items = [
        leaf(rng, dims[min(i, len(dims) - 1)] if dims else 1) for i in range(count)
    ]
    if sum(item(rl) is Ellipsis for item in items) > 1:
        return lambda t: ()
    return lambda t: tuple(item(t) for item in items)


def attempt(function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(), None
        except Exception as e:
            return None, e


def same(ours, theirs):
    theirs = theirs.detach().numpy()
    return ours.shape == theirs.shape and np.array_equal(
        ours.detach().numpy(), theirs, equal_nan=True
    )


def make(t, shape, layout):
    x = t.arange(1.0, 1 + int(np.prod(shape, dtype=int))).reshape(shape)
    if layout == "transposed" and x.dim() > 1:
        x = x.transpose(0, -1).contiguous().transpose(0, -1)
    if layout == "strided" and x.dim() > 0:
        x = t.stack([x, -x], -1)[..., 0]
    return x


def agree(expected, got, what, errors=None):
    (value, error), (our_value, our_error) = expected, got
    if error is None:
        assert our_error is None, f"{what}: raises {our_error!r}"
        assert same(our_value, value), f"{what}: {our_value} instead of {value}"
        return True
    assert our_error is not None, f"{what}: {our_value} instead of {error!r}"
    assert isinstance(our_error, errors or type(error)), (
        f"{what}: {our_error!r} not {error!r}"
    )
    return False


@pytest.mark.parametrize("seed", range(2))
def test_read_view_and_gradient(seed):
    rng = random.Random(seed)
    good = 0
    for _ in range(1000):
        shape, layout = (
            rng.choice(SHAPES),
            rng.choice(["plain", "transposed", "strided"]),
        )
        index = expression(rng, shape)
        theirs, ours = (make(t, shape, layout) for t in (torch, rl))
        what = f"x{list(shape)} {layout} [{index(rl)!r}]"
        expected = attempt(lambda x=theirs, i=index: x[i(torch)])
        got = attempt(lambda x=ours, i=index: x[i(rl)])
        if not agree(expected, got, what):
            continue
        good += 1
        is_view = (
            expected[0].untyped_storage().data_ptr()
            == theirs.untyped_storage().data_ptr()
        )
        if theirs.numel() and expected[0].numel():
            shared = got[0].untyped_storage() == ours.untyped_storage()
            assert shared == is_view, what
            if is_view:
                assert got[0].stride() == expected[0].stride(), what
                assert got[0].storage_offset() == expected[0].storage_offset(), what
        a, b = (make(t, shape, layout).detach().requires_grad_() for t in (torch, rl))
        (a[index(torch)] ** 2).sum().backward()
        (b[index(rl)] ** 2).sum().backward()
        assert same(b.grad, a.grad), what
    assert good > 500


@pytest.mark.parametrize("seed", range(2))
def test_write(seed):
    rng = random.Random(100 + seed)
    good = 0
    for _ in range(1000):
        shape, layout = (
            rng.choice(SHAPES),
            rng.choice(["plain", "transposed", "strided"]),
        )
        index = expression(rng, shape)
        theirs, ours = (make(t, shape, layout) for t in (torch, rl))
        read = attempt(lambda x=theirs, i=index: x[i(torch)])[0]
        target = (2,) if read is None else tuple(read.shape)
        kind = rng.randrange(5)
        if kind == 0:
            value = lambda t: 7  # noqa: E731
        elif kind == 1:
            value = lambda t: t.tensor(-3.0)  # noqa: E731
        else:
            if kind == 3 and target:
                target = target[1:]
            if kind == 4:
                target = (1, *target)
            n = int(np.prod(target, dtype=int))
            # One value for all, since the order of writes to one place is open.
            value = lambda t, size=target: t.full(size, 50.0)  # noqa: E731
            if rng.random() < 0.1:
                value = lambda t, n=n: t.arange(float(n + 1))  # noqa: E731
        what = f"x{list(shape)} {layout} [{index(rl)!r}] = {value(rl)!r}"

        def write(t, x, index=index, value=value):
            x[index(t)] = value(t)
            return x

        good += agree(
            attempt(lambda write=write, x=theirs: write(torch, x)),
            attempt(lambda write=write, x=ours: write(rl, x)),
            what,
            # A wrong position and a wrong shape at once: either may be told.
            (IndexError, RuntimeError) if read is None or 0 in read.shape else None,
        )
    assert good > 500
