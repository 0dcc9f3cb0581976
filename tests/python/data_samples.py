"""Datasets of the loader's tests, which worker processes can import."""

from __future__ import annotations

import os
import signal
import time

import rushlight
from rushlight.utils.data import Dataset, IterableDataset, get_worker_info


class Rows(Dataset):
    """Of a few kilobytes each, and their indices."""

    def __init__(self, size=20, width=3000):
        self.size, self.width = size, width

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return rushlight.full((self.width,), float(index)), index


class Parts(IterableDataset):
    """Each worker reads every n-th number."""

    def __init__(self, size=20):
        self.size = size

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, self.size, step))


class Trouble(Dataset):
    """Something happens at index 5."""

    def __init__(self, kind):
        self.kind = kind

    def __len__(self):
        return 12

    def __getitem__(self, index):
        if index == 5:
            getattr(self, self.kind)()
        return index

    def kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def exit(self):
        os._exit(3)

    def leave(self):
        raise SystemExit(4)

    def sleep(self):
        time.sleep(60)

    def key(self):
        raise KeyError("gone")


def tell_worker_ids(batch):
    """A collate_fn that shows who made the batch."""
    return get_worker_info().id, os.getpid(), batch


def plain(value):
    """Tensors, also in lists, as Python values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def wait_for(condition, seconds=10.0):
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def gone(process):
    """Whether a process, also of somebody else's, has ended."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
