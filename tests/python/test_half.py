"""Half precision is the float32 result rounded once, whatever path computes it."""

import numpy as np
import pytest

import rushlight

HALVES = [rushlight.float16, rushlight.bfloat16]
# Short and long rows, whole and broken registers and blocks, one strip and two.
SHAPES = [(0,), (1,), (7,), (64,), (65,), (1024,), (5000,), (70001,)]
SHAPES += [(0, 5), (5, 0), (200, 3), (30, 2), (3, 200), (17, 129), (3, 600), (9, 1100)]
SHAPES += [(1030, 40), (2000, 9), (4, 6, 7)]


def layouts(shape, dtype):
    """A dense tensor, one with gaps, a transposed one; of the same numbers."""
    x = rushlight.randn(shape, generator=rushlight.Generator().manual_seed(1)).to(dtype)
    gaps = rushlight.zeros(*shape, 2, dtype=dtype)[..., 1]
    gaps.copy_(x)
    turned = x.T.contiguous().T if x.dim() == 2 else x.clone()
    return x, gaps, turned


def same_bits(a, b):
    return a.dtype == b.dtype and np.array_equal(
        a.float().numpy(), b.float().numpy(), equal_nan=True
    )


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["sum", "prod", "amax", "amin", "norm", "abs_sum"])
def test_a_reduction_is_that_of_floats_rounded(name, shape, dtype):
    def reduce(t, dim):
        if name == "norm":
            return rushlight.linalg.vector_norm(t, 2, dim)
        if name == "abs_sum":
            return rushlight.linalg.vector_norm(t, 1, dim)
        return getattr(rushlight, name)(t, dim)

    for x in layouts(shape, dtype):
        # The same strides, so that the same order of additions is asked of both.
        wide = rushlight.empty_strided(x.shape, x.stride(), dtype=rushlight.float32)
        wide.copy_(x)
        for dim in range(x.dim()):
            if name in ("amax", "amin") and x.shape[dim] == 0:
                with pytest.raises(IndexError):
                    reduce(x, dim)
                continue
            assert same_bits(reduce(x, dim), reduce(wide, dim).to(dtype)), dim


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", ["any", "all", "count_nonzero"])
def test_only_zeros_count_as_zero(name, dtype):
    tiny = float(rushlight.finfo(dtype).smallest_normal) / 4  # a subnormal number
    values = [0.0, -0.0, tiny, -tiny, float("nan"), float("inf"), 1.0]
    x = rushlight.tensor(values, dtype=dtype).reshape(7, 1).expand(7, 70).contiguous()
    for given in (x, x.T, x.T.contiguous()):
        dim = 1 if given.shape == (7, 70) else 0
        got = getattr(rushlight, name)(given, dim)
        assert got.bool().tolist() == [False, False, True, True, True, True, True]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize(
    "name", ["exp", "log", "sin", "tanh", "erf", "sigmoid", "rsqrt"]
)
@pytest.mark.parametrize("shape", [(0,), (1,), (255,), (257,), (1000,), (30, 40)])
def test_a_function_is_that_of_floats_rounded(name, shape, dtype):
    op = getattr(rushlight, name)
    for x in layouts(shape, dtype):
        want = op(x.float()).to(dtype)
        assert same_bits(op(x), want)
        out = rushlight.zeros(*shape, 3, dtype=dtype)[..., 1]
        op(x, out=out)
        assert same_bits(out, want)
        getattr(x, name + "_")()
        assert same_bits(x, want)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", ["pow", "atan2", "hypot", "fmod"])
def test_a_function_of_two_is_that_of_floats_rounded(name, dtype):
    op = getattr(rushlight, name)
    for x in layouts((30, 40), dtype):
        for other in (x.flip(0), x[:1], x[:, :1], x[0, 0]):
            want = op(x.float(), other.float()).to(dtype)
            assert same_bits(op(x, other), want)
            assert same_bits(op(other, x), op(other.float(), x.float()).to(dtype))
