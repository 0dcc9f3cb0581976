"""What the parity tests share: one expression evaluated in both libraries."""

from __future__ import annotations

import math
import warnings

import numpy as np
import torch

import rushlight as rl

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTS = ["uint8", "int8", "int16", "int32", "int64"]
COMPLEX = ["complex64", "complex128"]
DTYPES = ["bool", *INTS, *FLOATS, *COMPLEX]


def outcome(call):
    """What a call gives: ('value', plain data) or ('error', exception type)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "value", plain(call())
    except Exception as error:
        return "error", type(error).__name__, str(error)


def same_error(ours, theirs):
    """Whether an error is theirs or of a subclass, as NotImplementedError is."""
    names = (
        {theirs[1], "NotImplementedError"}
        if theirs[1] == "RuntimeError"
        else {theirs[1]}
    )
    # There is no half-precision complex here: complex64 does what PyTorch lacks for it.
    return "ComplexHalf" in theirs[2] or (ours[0] == "error" and ours[1] in names)


def plain(x):
    """Data of either library as comparable tuples: dtype, shape and values."""
    if isinstance(x, (rl.Tensor, torch.Tensor)):
        name = str(x.dtype).rpartition(".")[2]
        return ("tensor", name, tuple(x.shape), plain(x.detach().tolist()))
    if isinstance(x, np.ndarray):
        return ("array", str(x.dtype), x.shape, plain(x.tolist()))
    if isinstance(x, np.generic):
        return ("scalar", str(x.dtype), plain(x.item()))
    if isinstance(x, (rl.dtype, torch.dtype)):
        # There is no half-precision complex here.
        return str(x).rpartition(".")[2].replace("complex32", "complex64")
    if isinstance(x, (rl.device, torch.device)):
        return str(x)
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float):
        return "nan" if math.isnan(x) else x
    if isinstance(x, complex):
        return [plain(x.real), plain(x.imag)]
    return x


def assert_same(case, *builders):
    """``case(library, *builders(library))`` gives the same data or type of error."""
    ours = outcome(lambda: case(rl, *(b(rl) for b in builders)))
    theirs = outcome(lambda: case(torch, *(b(torch) for b in builders)))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert ours == theirs, f"theirs: {theirs}\nours:   {ours}"


def dtype_of(library, name):
    return getattr(library, name)


def pair(values, dtype):
    """The same tensor in both libraries, converted by PyTorch."""
    theirs = torch.tensor(values).to(getattr(torch, dtype))
    return rl.tensor(theirs.tolist(), dtype=getattr(rl, dtype)), theirs
