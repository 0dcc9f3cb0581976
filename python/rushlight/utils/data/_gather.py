"""Whole batches of a ``TensorDataset``, in one call where no gradients are wanted."""

from __future__ import annotations

import functools

import rushlight
from rushlight import _ops
from rushlight._core import RowBatches
from rushlight.utils.data._collate import default_collate
from rushlight.utils.data.dataset import Subset, TensorDataset


class RowGather:
    """Reads batches of rows.

    Args:
        tensors: the dataset's tensors.
        rows: an index tensor that samples go through (a subset's), or ``None``.

    Attributes:
        recorded: whether a batch is differentiable.
    """

    def __init__(self, tensors, rows) -> None:
        self.tensors = tensors
        self.rows = rows
        self.recorded = any(tensor.requires_grad for tensor in tensors)

    def batches(self, order, size):
        """Return a function that gives an iterator over the batches of a range.

        Args:
            order: a tensor of indices.
            size: how many a batch takes; the last one may have less.
        """
        if self.rows is not None:
            order = self.rows.index_select(0, order)
        order = order.to(self.tensors[0].device)
        return functools.partial(RowBatches, self.tensors, order, size)

    def take(self, index):
        """Return the rows an index tensor names, one batch a tensor."""
        if self.rows is not None:
            index = self.rows.index_select(0, index)
        index = index.to(self.tensors[0].device)
        if self.recorded:
            return [tensor.index_select(0, index) for tensor in self.tensors]
        return _ops.index_select_each(self.tensors, index)

    def take_list(self, indices):
        """Return the rows of a list of indices, or ``None`` if that takes indexing."""
        return self.take(_as_index(indices)) if _plain(indices) else None


def row_gather(dataset, collate_fn):
    """Return a ``RowGather`` for a dataset that allows it, else ``None``.

    Only for the classes themselves: a subclass may read its samples in another way.
    """
    if collate_fn is not default_collate:
        return None
    chain = []
    while type(dataset) is Subset:
        if not isinstance(dataset.indices, (list, tuple, range)):
            return None
        chain.append(dataset.indices)
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset:
        return None
    tensors = dataset.tensors
    if not all(type(tensor) is rushlight.Tensor for tensor in tensors):
        return None
    if len({tensor.device for tensor in tensors}) != 1:
        return None
    rows = None
    for indices in reversed(chain):
        if not _plain(indices):
            return None
        index = _as_index(indices)
        rows = index if rows is None else rows.index_select(0, index)
    return RowGather(tensors, rows)


def _plain(indices) -> bool:
    """Tell whether all are non-negative ints: others mean more to ``tensor[index]``."""
    return set(map(type, indices)) == {int} and min(indices) >= 0


def _as_index(indices):
    return rushlight.tensor(list(indices), dtype=rushlight.int64)
