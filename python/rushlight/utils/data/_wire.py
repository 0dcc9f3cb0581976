"""Batches as messages: small things by pickle, the bytes of tensors by the arena.

The pickle is protocol 5. Buffers of tensors and arrays from ``_IN_ARENA`` bytes on are
taken out of it and put into the arena, and so is the pickle itself where it is long;
only what does not fit there goes through the pipe. The receiver copies everything out
at once: a copy costs less than what it saves, for its memory can be freed in any order,
at any time, and a process forked meanwhile keeps what it sees.
"""

from __future__ import annotations

import io
import pickle

import rushlight
from rushlight import _ops
from rushlight.utils.data._arena import Arena

_IN_ARENA = 4096
_Pieces = list[tuple[int, int, bool]]


class _Pickler(pickle.Pickler):
    """Notes which buffers are whole plain tensors, which need no bytes between."""

    def __init__(self, file, buffer_callback) -> None:
        super().__init__(file, 5, buffer_callback=buffer_callback)
        # By id; holding them keeps the ids theirs.
        self.plain: dict[int, pickle.PickleBuffer] = {}

    def reducer_override(self, thing):
        if type(thing) is not rushlight.Tensor or not thing.is_cpu:
            return NotImplemented
        if thing.requires_grad and not thing.is_leaf:
            raise RuntimeError(
                "a tensor with a history cannot leave the worker process, since "
                "gradients do not cross processes: return tensor.detach()"
            )
        if getattr(thing, "__dict__", None):
            return NotImplemented
        own = thing.detach()
        count = own.numel()
        whole = _ops._storage_nbytes(own) == count * own.itemsize
        # Two more users are `thing` and `own`; others may be in the same batch, and the
        # general way keeps memory that they share shared.
        if whole and _ops._storage_users(own) > 2:
            return NotImplemented
        if not whole or own.storage_offset():
            # A view carries only what it shows.
            own = own.clone(memory_format=rushlight.contiguous_format)
        buffer = pickle.PickleBuffer(_ops._storage_bytes(own))
        self.plain[id(buffer)] = buffer
        place = tuple(own.shape), own.stride(), thing.requires_grad
        return _restore, (buffer, own.dtype, *place)


def _copy_bytes(tensor, data):
    # Not by a kernel: its other threads would wait for more work, at the workers' cost.
    memoryview(_ops._storage_bytes(tensor)).cast("B")[:] = memoryview(data).cast("B")
    return tensor


def _restore(data, dtype, shape, stride, requires_grad):
    result = rushlight.empty_strided(shape, stride, dtype=dtype)
    if 0 not in shape:
        _copy_bytes(result, data)
    return result.requires_grad_() if requires_grad else result


def pack(data, arena: Arena | None, message: int) -> tuple[_Pieces, bytes]:
    """Turn a batch into pieces of the arena and a pickle.

    Args:
        data: the batch.
        arena: where bytes go, or ``None``.
        message: the number of the message.

    Returns:
        The buffers in the arena (offset, length, whether it is a plain tensor's), and
        the pickle; if that is empty, it is the last of the buffers.
    """
    pieces: _Pieces = []
    file = io.BytesIO()

    def take(buffer):
        view = buffer.raw()
        if view.nbytes < _IN_ARENA:
            return True
        offset = None if arena is None else arena.put(view, message)
        if offset is None:
            return True
        pieces.append((offset, view.nbytes, id(buffer) in pickler.plain))
        return False

    pickler = _Pickler(file, take)
    pickler.dump(data)
    body = file.getbuffer()
    if arena is not None and body.nbytes >= 16 * _IN_ARENA:
        offset = arena.put(body, message)
        if offset is not None:
            pieces.append((offset, body.nbytes, True))
            return pieces, b""
    return pieces, bytes(body)


def unpack(pieces: _Pieces, body, arena: Arena | None):
    """Return the batch that ``pack`` was given, in memory of its own."""
    if not pieces:
        return pickle.loads(body)
    assert arena is not None
    views = [arena.read(offset, nbytes) for offset, nbytes, _ in pieces]
    if not body:
        body = views.pop()
    buffers = [
        view
        if plain
        else _copy_bytes(rushlight.empty(len(view), dtype=rushlight.uint8), view)
        for view, (_, _, plain) in zip(views, pieces, strict=False)
    ]
    return pickle.loads(body, buffers=buffers)
