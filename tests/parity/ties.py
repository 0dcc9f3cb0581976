"""Inputs with ties, NaN and both zeros, and one case evaluated in both libraries."""

from __future__ import annotations

import warnings

import numpy as np
import torch

import rushlight as rl
from common import FLOATS, INTS

REAL = ["bool", *INTS, *FLOATS]
LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, -1),
    "stepped": lambda x: x[..., ::2],
    "offset": lambda x: x[1:, 1:],
    "expanded": lambda x: x[:1].expand(3, *x.shape[1:]),
}


def values(shape, dtype, seed=0, nan=False, spread=9):
    """Few different values, so that there are ties."""
    rng = np.random.default_rng(seed)
    low = 0 if dtype in ("uint8", "bool") else -spread
    x = rng.integers(low, 2 if dtype == "bool" else spread + 1, shape)
    if dtype not in FLOATS:
        return x.astype(dtype)
    x = np.asarray(x / 4)
    x[rng.random(shape) < 0.1] = -0.0
    if nan:
        x[rng.random(shape) < 0.15] = np.nan
    return x.astype("float32" if dtype == "bfloat16" else dtype)


def pair(array, dtype):
    return (
        rl.tensor(array).to(getattr(rl, dtype)),
        torch.tensor(array).to(getattr(torch, dtype)),
    )


def same(ours, theirs, tolerance=0):
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b, tolerance)
        return
    if theirs is None or not isinstance(theirs, torch.Tensor):
        assert ours == theirs
        return
    assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    a, b = np.array(ours.tolist()), np.array(theirs.tolist())
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def check(case, array, dtype, layout="contiguous", tolerance=0):
    ours, theirs = pair(array, dtype)
    ours, theirs = LAYOUTS[layout](ours), LAYOUTS[layout](theirs)
    with warnings.catch_warnings():
        # PyTorch warns of beta functions and deprecated ones.
        warnings.simplefilter("ignore")
        wanted, got = case(torch, theirs), case(rl, ours)
    same(got, wanted, tolerance)
