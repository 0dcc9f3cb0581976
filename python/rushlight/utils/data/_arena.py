"""One block of shared memory a worker, which it writes and the loader reads.

The block has no name: it is a memory file without a directory entry, opened once and
inherited by (or sent to) the worker, so nothing is left behind however the processes
end, and tensors cost no descriptors. It does not count against the size of /dev/shm.

It is mapped once, at its greatest size, and takes up memory only as far as it has been
used: ``put`` reserves more when what is free does not suffice. A piece is free again
when the loader has copied it out, which it says with the next task.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os

# A batch of 64 colour images of 512 x 512 in float32 is 192 MiB.
CAPACITY = 1 << 30
# Of all workers together, as a part of the machine's memory.
_SHARE = 4
_GRAIN = 1 << 20
_ALIGNMENT = 64


def capacity_for(workers: int) -> int:
    """Return how many bytes the block of one of some workers may have."""
    memory = os.sysconf("SC_PHYS_PAGES") * mmap.PAGESIZE
    share = memory // _SHARE // workers
    return min(CAPACITY, max(share // _GRAIN, 1) * _GRAIN)


class Arena:
    """The block.

    Args:
        capacity: its greatest size in bytes; a multiple of the size of a page.
        fd: the descriptor of a block that exists already.

    Raises:
        OSError: the system gives no shared memory.
    """

    def __init__(self, capacity: int, fd: int = -1) -> None:
        self.capacity = capacity
        self._fd = fd
        if fd < 0:
            if not hasattr(os, "memfd_create"):
                raise OSError(errno.ENOSYS, "this system has no memory files")
            self._fd = os.memfd_create("rushlight-data", os.MFD_CLOEXEC)
        try:
            if fd < 0:
                os.ftruncate(self._fd, capacity)
            self._memory = mmap.mmap(self._fd, capacity)
        except (OSError, ValueError):
            os.close(self._fd)
            raise
        self._view = memoryview(self._memory)
        self._reserved = 0
        # Pieces in use by offset: (offset, end, number of the message they belong to).
        self._used: list[tuple[int, int, int]] = []
        self.refused: OSError | None = None

    def __reduce__(self):
        # Only to start a process: the descriptor travels by multiprocessing's means.
        from multiprocessing.reduction import DupFd

        return _attach, (self.capacity, DupFd(self._fd))

    def close_descriptor(self) -> None:
        """Close the descriptor in the process that only reads: the mapping stays."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def close(self) -> None:
        """Give the memory back."""
        self.close_descriptor()
        # Where an exception holds a piece, its end gives the memory back.
        with contextlib.suppress(BufferError):
            self._view.release()
            self._memory.close()

    def read(self, offset: int, nbytes: int) -> memoryview:
        """Return a piece, valid until it is given back."""
        return self._view[offset : offset + nbytes]

    def put(self, data, message: int) -> int | None:
        """Copy bytes into a free piece.

        Args:
            data: a contiguous buffer.
            message: the number of the message that the piece belongs to.

        Returns:
            The piece's offset; ``None`` if there is no room, or the system refuses to
            give more memory (``refused`` is the reason then).
        """
        data = memoryview(data).cast("B")
        found = self._find(data.nbytes)
        if found is None:
            return None
        at, offset = found
        end = offset + data.nbytes
        if end > self._reserved and not self._reserve(end):
            return None
        self._view[offset:end] = data
        self._used.insert(at, (offset, end, message))
        return offset

    def free(self, message: int) -> None:
        """Free the pieces of all messages before one."""
        if self._used:
            self._used = [piece for piece in self._used if piece[2] >= message]

    def _find(self, nbytes):
        """Return the first gap: where in the list of pieces, and its offset."""
        offset = 0
        for at, (start, end, _) in enumerate(self._used):
            if start - offset >= nbytes:
                return at, offset
            offset = -(-end // _ALIGNMENT) * _ALIGNMENT
        if self.capacity - offset >= nbytes:
            return len(self._used), offset
        return None

    def _reserve(self, end) -> bool:
        # Memory that is promised now cannot be missing at the write (SIGBUS).
        wanted = min(-(-end // _GRAIN) * _GRAIN, self.capacity)
        try:
            os.posix_fallocate(self._fd, self._reserved, wanted - self._reserved)
        except OSError as error:
            self.refused = error
            return False
        self._reserved = wanted
        return True


def _attach(capacity, duplicate):
    return Arena(capacity, duplicate.detach())
