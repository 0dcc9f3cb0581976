"""CPU random numbers equal PyTorch's, number for number and call after call."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTS = ["uint8", "int8", "int16", "int32", "int64"]
UNSIGNED = ["uint16", "uint32", "uint64"]
SIZES = [*range(40), 97, 200, 1000, 1025, 10000]

# name, arguments, dtypes
FILLS = [
    ("uniform_", (), [*FLOATS, "complex64", "complex128"]),
    ("uniform_", (-1.3, 2.7), FLOATS),
    ("normal_", (), [*FLOATS, "complex64", "complex128"]),
    ("normal_", (0.3, 1.7), FLOATS),
    ("log_normal_", (0.5, 0.7), FLOATS),
    ("cauchy_", (0.5, 1.7), FLOATS),
    ("exponential_", (2.3,), FLOATS),
    ("geometric_", (0.3,), [*FLOATS, *INTS]),
    ("bernoulli_", (0.3,), [*FLOATS, *INTS, "bool"]),
    ("random_", (), [*FLOATS, *INTS, "bool"]),
    ("random_", (2,), [*FLOATS, *INTS, *UNSIGNED, "bool"]),
    ("random_", (3, 100), [*FLOATS, *INTS, *UNSIGNED]),
    ("random_", (5, 2**28 + 4), ["int32", "int64", "uint64", "float32", "bfloat16"]),
    ("random_", (-(2**40), 2**45 + 1), ["int64", "float32", "float64"]),
    ("random_", (-(2**63), None), ["int64", "float32", "float64", "bfloat16"]),
    ("random_", (1, None), [*FLOATS, *INTS]),
]
CASES = [
    pytest.param(name, args, dtype, id=f"{name}{args}-{dtype}")
    for name, args, dtypes in FILLS
    for dtype in dtypes
]


def exact(tensor) -> np.ndarray:
    if "bfloat16" in str(tensor.dtype):
        tensor = tensor.float()
    return tensor.numpy()


def both(draw) -> None:
    """Runs ``draw`` in both libraries and compares the bits of what it returns."""
    ours, theirs = exact(draw(rl)), exact(draw(torch))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def both_fill(name: str, args: tuple, dtype: str, n: int) -> None:
    both(lambda m: getattr(m.empty(n, dtype=getattr(m, dtype)), name)(*args))


def seed(value: int) -> None:
    rl.manual_seed(value)
    torch.manual_seed(value)


def assert_in_step() -> None:
    np.testing.assert_array_equal(
        exact(rl.get_rng_state()), exact(torch.get_rng_state())
    )


@pytest.mark.filterwarnings("ignore:.*is out of bounds:UserWarning")
@pytest.mark.parametrize(("name", "args", "dtype"), CASES)
def test_fill(name, args, dtype):
    for value in (0, 67280421310721):
        seed(value)
        for n in SIZES:
            both_fill(name, args, dtype, n)
        assert_in_step()


@pytest.mark.parametrize("p_dtype", FLOATS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_bernoulli_with_tensor(dtype, p_dtype):
    seed(1)
    for n in SIZES[1:]:
        p = np.linspace(0, 1, n)

        def draw(m, p=p, n=n):
            probabilities = m.tensor(p).to(getattr(m, p_dtype))
            return m.empty(n, dtype=getattr(m, dtype)).bernoulli_(probabilities)

        both(draw)
    assert_in_step()


@pytest.mark.parametrize(
    "dtype", ["int64", "int32", "int16", "float32", "float64", "bfloat16"]
)
def test_randperm(dtype):
    seed(2)
    for n in SIZES:
        both(lambda m, n=n: m.randperm(n, dtype=getattr(m, dtype)))
    assert_in_step()


def test_mixed_calls_stay_in_step():
    order = np.random.default_rng(3)
    fills = [row for row in FILLS if "float16" in row[2]]
    seed(3)
    for _ in range(400):
        name, args, dtypes = fills[order.integers(len(fills))]
        dtype = dtypes[order.integers(len(dtypes))]
        both_fill(
            name, args, dtype, int(order.choice([1, 2, 3, 5, 15, 16, 17, 100, 700]))
        )
    assert_in_step()


@pytest.mark.parametrize("name", ["uniform_", "normal_", "bernoulli_", "random_"])
@pytest.mark.parametrize(
    "view",
    [
        lambda m: m.empty(4, 6).t(),
        lambda m: m.empty(48)[::2],
        lambda m: m.empty(12, 4)[::2],
        lambda m: m.empty(2, 3, 4).permute(1, 2, 0),
        lambda m: m.empty(8, 6)[::2].t(),
    ],
    ids=["transposed", "strided", "rows", "permuted", "strided-transposed"],
)
def test_not_contiguous(name, view):
    seed(4)
    both(lambda m: getattr(view(m), name)())
    assert_in_step()


def test_factories():
    seed(5)
    both(lambda m: m.rand(3, 5))
    both(lambda m: m.randn(7, 11))
    both(lambda m: m.randn(3))
    both(lambda m: m.randint(0, 10, (4, 9)))
    both(lambda m: m.randint(7, (9,)))
    both(lambda m: m.bernoulli(m.full((40,), 0.25)))
    both(lambda m: m.rand_like(m.zeros(5, 5)))
    both(lambda m: m.randn_like(m.zeros(4, 6).t()))
    both(lambda m: m.normal(m.zeros(20), m.ones(20)))
    both(lambda m: m.nn.functional.dropout(m.ones(50), 0.3))
    both(lambda m: m.nn.functional.dropout2d(m.ones(2, 10, 3, 3), 0.3))
    assert_in_step()


def test_state_moves_both_ways():
    seed(6)
    rl.randn(3)
    state = exact(rl.get_rng_state())
    torch.set_rng_state(torch.from_numpy(state.copy()))
    both(lambda m: m.randn(5))
    torch.randn(1)
    rl.set_rng_state(rl.tensor(exact(torch.get_rng_state())))
    both(lambda m: m.randn(4))
    assert_in_step()


def test_generator_object():
    ours, theirs = rl.Generator(), torch.Generator()
    assert ours.initial_seed() == theirs.initial_seed() == 67280421310721
    generators = {rl: ours, torch: theirs}
    for value in (None, 11, -1, 2**40 + 7):
        if value is not None:
            ours.manual_seed(value)
            theirs.manual_seed(value)
        assert ours.initial_seed() == theirs.initial_seed()
        both(lambda m: m.randn(33, generator=generators[m]))
        np.testing.assert_array_equal(
            exact(ours.get_state()), exact(theirs.get_state())
        )
