"""One sample's arguments, frozen as bytes, from which each library gets its own.

Tensors are rebuilt over copies of their storages with the same strides and offsets, so
that views of one storage stay views of one storage and an in-place op in one library is
not seen by the other.
"""

from __future__ import annotations

import enum
import functools
import types

import numpy as np
import torch

import rushlight as rl


class Missing(AttributeError):
    """Something of PyTorch's that Rushlight does not have."""


class Untranslatable(Exception):
    """An argument outside the comparison, such as a sparse tensor."""


def find(path):
    """``rushlight.<path>``.

    Raises:
        Missing: when there is none.
    """
    value = rl
    for part in path.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            raise Missing(path) from None
    return value


def dtype(theirs):
    """Rushlight's dtype of that name; Missing too where it has no tensors."""
    ours = find(str(theirs).removeprefix("torch."))
    try:
        rl.empty(0, dtype=ours)
    except NotImplementedError as error:
        raise Missing(str(error)) from error
    return ours


class _Storage:
    """The bytes of a storage, and where the copies for each library begin."""

    def __init__(self, storage):
        view = torch.empty(0, dtype=torch.uint8).set_(storage)
        # A clone, for numpy() takes from a storage the right to be resized.
        self.bytes = view.clone().numpy()

    def copy(self):
        # Room for one element of any dtype, also where the storage is empty.
        fresh = np.zeros(max(len(self.bytes), 1) + 16, dtype=np.uint8)
        fresh[: len(self.bytes)] = self.bytes
        return fresh


class _TensorRecord:
    def __init__(self, tensor, storages):
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
            raise Untranslatable(f"a tensor of layout {tensor.layout}")
        if tensor.device.type != "cpu":
            raise Untranslatable(f"a tensor on {tensor.device}")
        self.requires_grad = tensor.requires_grad
        self.parameter = isinstance(tensor, torch.nn.Parameter)
        tensor = tensor.detach()
        if tensor.is_conj():
            tensor = tensor.resolve_conj()
        if tensor.is_neg():
            tensor = tensor.resolve_neg()
        storage = tensor.untyped_storage()
        self.key = storage.data_ptr() or id(self)
        if self.key not in storages:
            storages[self.key] = _Storage(storage)
        self.dtype = tensor.dtype
        self.size = tuple(tensor.size())
        self.stride = tensor.stride()
        self.offset = tensor.storage_offset()


class _Packed(tuple):
    """The parts of a packed sequence."""


class Snapshot:
    """Any nesting of what a sample holds, with a copy for each library on demand."""

    def __init__(self, *tree):
        self._storages = {}
        self._records = {}
        self._tree = self._freeze(tree)

    def _freeze(self, x):
        if isinstance(x, torch.Tensor):
            if id(x) not in self._records:
                # The tensor is kept, so that its id stays its own.
                self._records[id(x)] = _TensorRecord(x, self._storages), x
            return self._records[id(x)][0]
        if isinstance(x, torch.nn.utils.rnn.PackedSequence):
            return _Packed(self._freeze(v) for v in x)
        if type(x) in (list, tuple):
            return type(x)(self._freeze(v) for v in x)
        if isinstance(x, dict):
            return {k: self._freeze(v) for k, v in x.items()}
        return x

    def theirs(self):
        """(arguments, {storage key: memory}, tensors) for PyTorch."""
        packed = torch.nn.utils.rnn.PackedSequence
        return self._thaw(_their_tensor, lambda x: x, lambda: packed)

    def ours(self):
        """The same for Rushlight."""
        packed = functools.partial(find, "nn.utils.rnn.PackedSequence")
        return self._thaw(_our_tensor, translate, packed)

    def upcast(self):
        """PyTorch's arguments with every floating-point tensor in double precision."""
        tree, _, tensors = self.theirs()
        wide = {id(t): _wide(t) for t in tensors}

        def convert(x):
            if isinstance(x, torch.Tensor):
                return wide[id(x)]
            if type(x) in (list, tuple):
                return type(x)(convert(v) for v in x)
            if isinstance(x, dict):
                return {k: convert(v) for k, v in x.items()}
            return _wide_dtype(x) if isinstance(x, torch.dtype) else x

        return convert(tree)

    def _thaw(self, make, other, packed):
        memory = {key: s.copy() for key, s in self._storages.items()}
        made, tensors = {}, []

        def build(x):
            if isinstance(x, _TensorRecord):
                if id(x) not in made:
                    made[id(x)] = make(x, memory[x.key])
                    tensors.append(made[id(x)])
                return made[id(x)]
            if isinstance(x, _Packed):
                return packed()(*map(build, x))
            if type(x) in (list, tuple):
                return type(x)(build(v) for v in x)
            if isinstance(x, dict):
                return {k: build(v) for k, v in x.items()}
            return other(x)

        return build(self._tree), memory, tensors


def _wide_dtype(d):
    if d.is_complex:
        return torch.complex128
    return torch.float64 if d.is_floating_point else d


def _wide(t):
    return t.detach().to(_wide_dtype(t.dtype))


def _their_tensor(record, memory):
    storage = torch.from_numpy(memory).untyped_storage()
    result = torch.empty(0, dtype=record.dtype)
    result = result.set_(storage, record.offset, record.size, record.stride)
    if record.parameter:
        return torch.nn.Parameter(result, record.requires_grad)
    return result.requires_grad_(record.requires_grad)


def _our_tensor(record, memory):
    ours = dtype(record.dtype)
    with rl.no_grad():
        whole = memory[: len(memory) // ours.itemsize * ours.itemsize]
        result = rl.frombuffer(whole, dtype=ours)
        result = result.as_strided(record.size, record.stride, record.offset)
    if record.parameter:
        return rl.nn.Parameter(result, record.requires_grad)
    return result.requires_grad_(record.requires_grad)


def translate(x):
    """Rushlight's equal of an argument that is no tensor."""
    if isinstance(x, torch.dtype):
        return dtype(x)
    if isinstance(x, (torch.memory_format, torch.layout)):
        return find(str(x).removeprefix("torch."))
    if isinstance(x, torch.device):
        return rl.device(str(x))
    if isinstance(x, torch.Size):
        return rl.Size(x)
    if isinstance(x, torch.Generator):
        return find("Generator")().manual_seed(x.initial_seed())
    if isinstance(x, torch.nn.Module):
        raise Untranslatable(f"a module {type(x).__name__}")
    if isinstance(x, slice):
        return slice(*(translate(v) for v in (x.start, x.stop, x.step)))
    if isinstance(x, enum.Enum):
        return x
    if isinstance(
        x, (types.FunctionType, types.BuiltinFunctionType, functools.partial)
    ):
        from opdb.functions import translate_function

        return translate_function(x)
    if isinstance(x, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        raise Untranslatable("a symbolic number")
    return x
