"""arange of narrow integers, and logspace."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl


def test_narrow_integers_are_counted_before_the_bounds_are_cut():
    assert rl.arange(0.0, -8.001, -4.0, dtype=rl.int32).tolist() == [0, -4, -8]
    assert rl.arange(0.0, -8.001, -4.0, dtype=rl.int64).tolist() == [0, -4]
    assert rl.arange(0.6, 2.6, 0.5, dtype=rl.uint8).tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="step must be nonzero"):
        rl.arange(0.6, 2.6, 0.5, dtype=rl.int64)
    with pytest.raises(RuntimeError):
        rl.arange(0, 2, 0.0, dtype=rl.uint8)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("steps", [0, 1, 2, 7])
@pytest.mark.parametrize("base", [10.0, 2, 0.5])
def test_logspace_gives_numpys_powers(dtype, steps, base):
    x = rl.logspace(-1.5, 3, steps, base, dtype=getattr(rl, dtype))
    expected = np.logspace(-1.5, 3, steps, base=base).astype(dtype)
    assert x.dtype is getattr(rl, dtype) and x.shape == (steps,)
    np.testing.assert_allclose(x.numpy(), expected, 2e-6)


def test_logspace_of_integers_cuts_exponents_and_powers():
    assert rl.logspace(0, 3, 5, dtype=rl.int32).tolist() == [1, 5, 31, 177, 1000]
    assert rl.logspace(0.6, 3.2, 4, 2, dtype=rl.int64).tolist() == [1, 2, 4, 8]


def test_logspace_arguments():
    assert rl.logspace(rl.tensor(0), rl.tensor(1.0), 2).tolist() == [1, 10]
    assert rl.logspace(0, 1j, 2).dtype is rl.complex64
    out = rl.zeros(0, dtype=rl.int64)
    assert rl.logspace(1, 2, 2, out=out) is out and out.tolist() == [10, 100]
    with pytest.raises(RuntimeError, match="non-negative"):
        rl.logspace(0, 1, -1)
    with pytest.raises(RuntimeError, match="0-dimensional"):
        rl.logspace(rl.zeros(2), 1, 2)
    with pytest.raises(TypeError):
        rl.logspace(0, 1, 2.0)
    with pytest.raises(NotImplementedError):
        rl.logspace(0, 1, 2, dtype=rl.bool)
