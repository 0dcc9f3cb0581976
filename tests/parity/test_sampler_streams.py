"""Every sampler, dtype and size gives PyTorch's numbers and leaves PyTorch's state."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import COMPLEX, FLOATS, INTS, same_error  # noqa: E402

DTYPES = ["bool", *INTS, "uint16", "uint32", "uint64", *FLOATS, *COMPLEX]
SIZES = [1, 2, 15, 16, 17, 31, 100, 1023, 1024, 4097, 9999, 10000]

# What draws n numbers of a dtype. x is zero, p holds probabilities, w weights and
# m counts; all have n elements of that dtype.
SAMPLERS = [
    "t.rand(n, dtype=d)",
    "t.randn(n, dtype=d)",
    "t.randint(7, (n,), dtype=d)",
    "t.randint(-3, 100, (n,), dtype=d)",
    "t.randint(0, 2**40, (n,), dtype=d)",
    "t.randperm(n, dtype=d)",
    "t.rand_like(x)",
    "t.randn_like(x)",
    "t.randint_like(x, 9)",
    "t.randint_like(x, 2, 9)",
    "t.bernoulli(p)",
    "t.bernoulli(p, 0.3)",
    "p.bernoulli()",
    "t.normal(p, 2.0)",
    "t.normal(2.0, p)",
    "t.normal(p, p)",
    "t.normal(1.0, 2.0, (n,), dtype=d)",
    "t.poisson(p * 20)",
    "t.binomial(m, p)",
    "t.multinomial(w, 1)",
    "t.multinomial(w, n)",
    "t.multinomial(w, (n + 1) // 2)",
    "t.multinomial(w, n, True)",
    "t.multinomial(w[:50], 3 * n, replacement=True)",
    "t.multinomial(w.expand(3, n), 1)",
    "t.dropout(w, 0.3, True)",
    "t.feature_dropout(w.view(1, n), 0.3, True)",
    "t.alpha_dropout(w, 0.3, True)",
    "t.feature_alpha_dropout(w.view(1, n), 0.3, True)",
    "t.nn.functional.dropout(w, 0.6)",
    "t.rrelu(-p, training=True)",
    "t.rrelu(p, 0.3, 0.4)",
]
# Methods that fill x in place.
FILLS = [
    "random_()",
    "random_(100)",
    "random_(3, 40)",
    "uniform_()",
    "uniform_(-1.3, 2.7)",
    "normal_()",
    "normal_(0.3, 1.7)",
    "log_normal_()",
    "log_normal_(0.5, 0.7)",
    "exponential_()",
    "exponential_(2.3)",
    "geometric_(0.3)",
    "cauchy_()",
    "cauchy_(0.5, 1.7)",
    "bernoulli_()",
    "bernoulli_(0.3)",
    "bernoulli_(p)",
    "bernoulli_(p.double() if p.is_complex() else p.float())",
]
# Tensors that are not contiguous, of numbers in [0, 1].
VIEWS = {
    "transposed": "p[:204].view(12, 17).t()",
    "sliced": "p[:300].view(20, 15)[1::2, 2:-1]",
    "permuted": "p[:210].view(5, 6, 7).permute(2, 0, 1)",
    "channels last": "p[:240].view(2, 4, 5, 6).permute(0, 3, 1, 2)",
    "step": "p[:80][::3]",
    "column": "p[:60].view(20, 3)[:, 1:2]",
    "0-d": "p[3]",
    "empty": "p[:0].view(0, 3).t()",
}


def evaluate(library, code, dtype, n, base=None, seed=7):
    """The value or error of ``code`` in one library, and the state after it."""
    d = getattr(library, dtype)
    numbers = (np.arange(max(n, 300)) * 37 % 101 / 101).astype(np.float32)
    p = library.from_numpy(numbers)
    w, m = (p + 1).to(d), ((p + 1) * 30).to(d)
    p = (p > 0.5).to(d) if dtype[0] in "biu" else p.to(d)
    names = {"t": library, "d": d, "n": n, "p": p[:n], "w": w[:n], "m": m[:n]}
    names["x"] = library.zeros(n, dtype=d)
    if base is not None:
        names["x"] = names["p"] = eval(base, {"p": p})
    library.manual_seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = eval(code, names)
    except Exception as error:
        return ("error", type(error).__name__, str(error)), None
    bits = result.view(library.int16) if dtype == "bfloat16" else result
    if result.dtype != d:
        bits = result
    return (
        (
            "value",
            str(result.dtype).rpartition(".")[2],
            tuple(result.shape),
            tuple(result.stride()) if result.numel() else (),
        ),
        (bits.contiguous().numpy(), library.get_rng_state().numpy()),
    )


def assert_equal(code, dtype, n, base=None):
    ours, bits = evaluate(rl, code, dtype, n, base)
    theirs, expected = evaluate(torch, code, dtype, n, base)
    case = f"{code} of {dtype}, n = {n}, {base}\ntheirs: {theirs}\nours:   {ours}"
    if theirs[0] == "error":
        assert same_error(ours, theirs), case
        return
    assert ours == theirs, case
    np.testing.assert_array_equal(bits[0], expected[0], err_msg=case)
    np.testing.assert_array_equal(bits[1], expected[1], err_msg=case)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("code", SAMPLERS)
def test_sampler(code, dtype):
    for n in SIZES:
        assert_equal(code, dtype, n)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("call", FILLS)
def test_fill(call, dtype):
    for n in SIZES:
        assert_equal(f"x.{call}", dtype, n)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("call", FILLS)
def test_fill_of_views(call, dtype):
    for base in VIEWS.values():
        assert_equal(f"x.{call}", dtype, 300, base)


OF_TENSORS = [
    "t.rand_like(p)", "t.randn_like(p)", "t.randint_like(p, 9)", "t.bernoulli(p)",
    "t.bernoulli(p, 0.3)", "p.bernoulli()", "t.normal(p, 2.0)", "t.normal(2.0, p)",
    "t.normal(p, p)", "t.poisson(p * 20)", "t.binomial(t.full_like(p, 30), p)",
    "t.binomial(p[..., :1] * 30, p)", "t.dropout(p, 0.3, True)",
    "t.alpha_dropout(p, 0.3, True)", "t.feature_dropout(p, 0.3, True)",
    "t.feature_alpha_dropout(p, 0.3, True)", "t.dropout_(p, 0.3, True)",
    "t.rrelu(p - 0.5, training=True)", "t.rrelu(p - 0.5)",
]  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("code", OF_TENSORS)
def test_samplers_of_views(code, dtype):
    for base in VIEWS.values():
        assert_equal(code, dtype, 300, base)


def test_state_keeps_the_second_normal_number():
    def numbers(t):
        g = t.Generator().manual_seed(3)
        drawn = [t.randn(3, generator=g), t.randn(1, dtype=t.float64, generator=g)]
        state, other = g.get_state(), t.Generator()
        drawn.append(t.randn(5, generator=g))
        other.set_state(state)
        drawn.append(t.randn(5, generator=other))
        t.manual_seed(11)
        drawn.append(t.zeros(3).normal_())
        saved = t.get_rng_state()
        drawn.append(t.zeros(3).log_normal_())
        t.set_rng_state(saved)
        drawn.append(t.zeros(3).log_normal_())
        with t.random.fork_rng():
            drawn.append(t.zeros(3).normal_())
        drawn.append(t.zeros(3).normal_())
        return [x.numpy() for x in drawn]

    ours, theirs = numbers(rl), numbers(torch)
    for mine, his in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, his)
    np.testing.assert_array_equal(ours[2], ours[3])
    np.testing.assert_array_equal(ours[5], ours[6])
    np.testing.assert_array_equal(ours[7], ours[8])


def test_pytorchs_saved_state_continues_here_and_back():
    torch.manual_seed(5)
    torch.randn(3)
    rl.set_rng_state(rl.tensor(torch.get_rng_state().tolist(), dtype=rl.uint8))
    np.testing.assert_array_equal(rl.randn(5).numpy(), torch.randn(5).numpy())
    torch.set_rng_state(torch.tensor(rl.get_rng_state().tolist(), dtype=torch.uint8))
    np.testing.assert_array_equal(rl.randn(50).numpy(), torch.randn(50).numpy())
