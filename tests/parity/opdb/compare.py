"""Whether a result is PyTorch's: containers, dtypes, shapes, views, values."""

from __future__ import annotations

import numpy as np
import torch

import rushlight as rl

TOLERANCE = {
    torch.float64: 1e-9,
    torch.complex128: 1e-9,
    torch.float32: 2e-5,
    torch.complex64: 2e-5,
    torch.float16: 2e-3,
    torch.bfloat16: 1.6e-2,
}


class Mismatch(Exception):
    """Why two results differ; ``values`` when nothing but values does."""

    def __init__(self, text, values=False):
        super().__init__(text)
        self.values = values


def tensors_of(x):
    """The tensors of a result in order."""
    if isinstance(x, (torch.Tensor, rl.Tensor)):
        yield x
    elif isinstance(x, (list, tuple)):
        for v in x:
            yield from tensors_of(v)
    elif isinstance(x, dict):
        for v in x.values():
            yield from tensors_of(v)


def array(t):
    """The values of a tensor of either library as an array of a dtype NumPy has."""
    t = t.detach()
    name = str(t.dtype).rpartition(".")[2]
    if isinstance(t, torch.Tensor):
        t = t.resolve_conj().resolve_neg()
        if name == "bfloat16" or name.startswith("float8"):
            t = t.to(torch.float32)
    elif name == "bfloat16":
        t = t.to(rl.float32)
    return t.numpy(force=True) if isinstance(t, torch.Tensor) else t.numpy()


def same(ours, theirs, where="result", values=True, memory=None, tolerance=None):
    """Raises Mismatch unless a result is the same.

    Args:
        ours: Rushlight's result, any nesting.
        theirs: PyTorch's.
        where: what the text of a mismatch calls it.
        values: False compares all but values.
        memory: (ours, theirs), the storages of the arguments by key; with them a view
            has to be a view of the same memory.
        tolerance: instead of the dtype's.
    """
    if isinstance(theirs, torch.Tensor):
        if not isinstance(ours, rl.Tensor):
            raise Mismatch(f"{where}: {type(ours).__name__}, expected a tensor")
        _same_tensor(ours, theirs, where, values, memory, tolerance)
    elif isinstance(theirs, (list, tuple)):
        if not isinstance(ours, list if isinstance(theirs, list) else tuple):
            raise Mismatch(
                f"{where}: a {type(ours).__name__}, expected {type(theirs).__name__}"
            )
        if len(ours) != len(theirs):
            raise Mismatch(f"{where}: {len(ours)} items, expected {len(theirs)}")
        for name in _field_names(theirs):
            if not hasattr(ours, name):
                raise Mismatch(f"{where}: the tuple has no field {name!r}")
        for i, (a, b) in enumerate(zip(ours, theirs)):
            same(a, b, f"{where}[{i}]", values, memory, tolerance)
    elif isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            raise Mismatch(f"{where}: keys {list(ours)}, expected {list(theirs)}")
        for k in theirs:
            same(ours[k], theirs[k], f"{where}[{k!r}]", values, memory, tolerance)
    elif isinstance(theirs, (torch.dtype, torch.device)):
        if str(ours).rpartition(".")[2] != str(theirs).rpartition(".")[2]:
            raise Mismatch(f"{where}: {ours}, expected {theirs}")
    elif isinstance(theirs, (bool, int, str)) or theirs is None:
        if type(ours) is not type(theirs) or ours != theirs:
            raise Mismatch(f"{where}: {ours!r}, expected {theirs!r}", values=True)
    elif isinstance(theirs, (float, complex)):
        if type(ours) is not type(theirs):
            raise Mismatch(f"{where}: {ours!r}, expected {theirs!r}")
        if not np.isclose(ours, theirs, 2e-5, 2e-5, equal_nan=True):
            raise Mismatch(f"{where}: {ours!r}, expected {theirs!r}", values=True)
    else:
        raise Mismatch(f"{where}: no comparison for {type(theirs).__name__}")


def _field_names(x):
    if hasattr(x, "_fields"):
        return x._fields
    if type(x).__module__ == "torch.return_types":
        names = {n for n in dir(type(x)) if not n.startswith("_")}
        return (
            names
            - {"count", "index", "n_fields", "n_sequence_fields"}
            - {"n_unnamed_fields"}
        )
    return ()


def _same_tensor(ours, theirs, where, values, memory, tolerance):
    dtype = str(theirs.dtype).removeprefix("torch.")
    if ours.dtype.name != dtype:
        raise Mismatch(f"{where}: dtype {ours.dtype.name}, expected {dtype}")
    if tuple(ours.shape) != tuple(theirs.shape):
        raise Mismatch(
            f"{where}: shape {tuple(ours.shape)}, expected {tuple(theirs.shape)}"
        )
    if memory is not None and theirs.numel():
        _same_memory(ours, theirs, where, memory)
    if not values:
        return
    if memory is not None and ours.requires_grad != theirs.requires_grad:
        raise Mismatch(
            f"{where}: requires_grad {ours.requires_grad}, expected "
            f"{theirs.requires_grad}"
        )
    if tolerance is None:
        tolerance = TOLERANCE.get(theirs.dtype, 0)
    a, b = array(ours), array(theirs)
    good = close(a, b, tolerance)
    if not good.all():
        k = np.unravel_index(np.argmin(good), good.shape)
        raise Mismatch(
            f"{where}{list(map(int, k)) or ''}: {a[k]}, expected {b[k]} ({dtype}, "
            f"shape {tuple(theirs.shape)}, {int((~good).sum())} differ)",
            values=True,
        )


def close(a, b, tolerance):
    """Elementwise: equal, both NaN, or within ``tolerance * (1 + |b|)``."""
    with np.errstate(all="ignore"):
        good = a == b
        if a.dtype.kind in "fc":
            good = good | ((a != a) & (b != b))
            if tolerance:
                wide = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)
                good = good | (abs(wide - b) <= tolerance * (1 + abs(b)))
    return np.asarray(good)


def _same_memory(ours, theirs, where, memory):
    their_place = _place(theirs, memory[1])
    our_place = _place(ours, memory[0])
    if their_place != our_place:
        if their_place is None:
            raise Mismatch(f"{where}: shares an argument's memory, expected a copy")
        if our_place is None:
            raise Mismatch(f"{where}: a copy, expected a view")
        raise Mismatch(
            f"{where}: begins {our_place[1]} bytes into its memory, expected "
            f"{their_place[1]}"
        )
    if their_place is not None and tuple(ours.stride()) != tuple(theirs.stride()):
        raise Mismatch(
            f"{where}: a view of strides {tuple(ours.stride())}, expected "
            f"{tuple(theirs.stride())} for shape {tuple(theirs.shape)}"
        )


def _place(t, memory):
    """(key, offset in bytes) of the argument's storage a tensor lies in, or None."""
    pointer = t.data_ptr()
    for key, block in memory.items():
        offset = pointer - block.ctypes.data
        if 0 <= offset < len(block):
            return key, offset
    return None
