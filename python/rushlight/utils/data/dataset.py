"""Datasets: what a loader takes its samples from."""

from __future__ import annotations

import bisect
import itertools
import math
import types
import warnings
from collections.abc import Iterable

import rushlight

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]


class Dataset:
    """Base class of datasets read by index.

    A subclass defines ``__getitem__`` and usually ``__len__``; ``__getitems__``, which
    takes a list of indices and returns a list of samples, is used where it exists.
    """

    __class_getitem__ = classmethod(types.GenericAlias)  # type: ignore[var-annotated]

    def __getitem__(self, index):
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset, Iterable):
    """Base class of datasets read in order: a subclass defines ``__iter__``."""

    __class_getitem__ = classmethod(types.GenericAlias)  # type: ignore[var-annotated]

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Samples that are rows of tensors.

    Args:
        *tensors: tensors with the same first size.

    Raises:
        AssertionError: the first sizes differ.

    Example:
        >>> import rushlight
        >>> from rushlight.utils.data import TensorDataset
        >>> data = TensorDataset(rushlight.zeros(3, 2), rushlight.tensor([0, 1, 2]))
        >>> data[2]
        (tensor([0., 0.]), tensor(2))
    """

    def __init__(self, *tensors) -> None:
        if any(tensor.shape[0] != tensors[0].shape[0] for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class StackDataset(Dataset):
    """Samples put together from the samples of several datasets.

    Args:
        *args: datasets; a sample is then a tuple.
        **kwargs: or named datasets; a sample is then a dict.

    Raises:
        ValueError: none, or both kinds are given, or the lengths differ.
    """

    def __init__(self, *args, **kwargs) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via "
                "``kwargs``) like input/output, but both types are given."
            )
        datasets = list(args or kwargs.values())
        if not datasets:
            raise ValueError("At least one dataset should be passed")
        self._length = len(datasets[0])
        if any(len(dataset) != self._length for dataset in datasets):
            raise ValueError("Size mismatch between datasets")
        self.datasets = args or kwargs

    def __getitem__(self, index):
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices):
        if isinstance(self.datasets, dict):
            columns = [_items(d, indices) for d in self.datasets.values()]
            return [
                dict(zip(self.datasets, row, strict=True))
                for row in zip(*columns, strict=True)
            ]
        return list(zip(*(_items(d, indices) for d in self.datasets), strict=True))

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset):
    """Several datasets one after the other.

    Args:
        datasets: an iterable of datasets read by index.

    Raises:
        AssertionError: there is none, or one is read in order.
    """

    @staticmethod
    def cumsum(sequence):
        """Return the running total of the lengths."""
        return list(itertools.accumulate(len(part) for part in sequence))

    def __init__(self, datasets) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx):
        if idx < 0:
            if -idx > len(self):
                raise ValueError(
                    "absolute value of index should not exceed dataset length"
                )
            idx += len(self)
        at = bisect.bisect_right(self.cumulative_sizes, idx)
        if at == len(self.datasets):
            raise IndexError(
                f"ConcatDataset: index {idx} is out of range for {len(self)} samples"
            )
        start = self.cumulative_sizes[at - 1] if at else 0
        return self.datasets[at][idx - start]


class ChainDataset(IterableDataset):
    """Several datasets read in order, one after the other.

    Args:
        datasets: an iterable of ``IterableDataset``.
    """

    def __init__(self, datasets) -> None:
        self.datasets = datasets

    def _checked(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self):
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class Subset(Dataset):
    """Some samples of a dataset, in a given order.

    Args:
        dataset: the whole dataset.
        indices: the samples' indices in it.

    Raises:
        NotImplementedError: a subclass overrides ``__getitem__`` but not
            ``__getitems__``, which loaders call.
    """

    def __init__(self, dataset, indices) -> None:
        self.dataset = dataset
        self.indices = indices
        kind = type(self)
        if (
            kind.__getitem__ is not Subset.__getitem__
            and kind.__getitems__ is Subset.__getitems__
        ):
            raise NotImplementedError(
                f"{kind.__name__} overrides __getitem__ but not __getitems__. When "
                "subclassing Subset and overriding __getitem__, you must also override "
                "__getitems__ to ensure DataLoader works correctly with your custom "
                "logic, for example by returning [self[i] for i in indices]"
            )

    def __getitem__(self, idx):
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices):
        return _items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def _items(dataset, indices):
    getitems = getattr(dataset, "__getitems__", None)
    if not callable(getitems):
        return [dataset[i] for i in indices]
    items = getitems(indices)
    if len(items) != len(indices):
        raise ValueError(
            "Nested dataset's output size mismatch. "
            f"Expected {len(indices)}, got {len(items)}"
        )
    return items


def random_split(dataset, lengths, generator=None) -> list[Subset]:
    """Split a dataset at random into parts without common samples.

    Args:
        dataset: the dataset.
        lengths: the parts' lengths, or fractions that sum to one (what rounding leaves
            over goes to the first parts, one sample each).
        generator: the generator to draw from. Default: the default generator.

    Returns:
        A list of ``Subset``.

    Raises:
        ValueError: the lengths do not sum to the dataset's, or a fraction is not
            between 0 and 1.

    Example:
        >>> from rushlight.utils.data import random_split
        >>> [len(part) for part in random_split(range(10), [0.7, 0.3])]
        [7, 3]
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for at, share in enumerate(lengths):
            if share < 0 or share > 1:
                raise ValueError(f"Fraction at index {at} is not between 0 and 1")
        counts = [math.floor(total * share) for share in lengths]
        for at in range(total - sum(counts)):
            counts[at % len(counts)] += 1
        for at, count in enumerate(counts):
            if count == 0:
                warnings.warn(
                    f"Length of split at index {at} is 0. "
                    "This might result in an empty dataset.",
                    stacklevel=2,
                )
        lengths = counts
    if sum(lengths) != total:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset!"
        )
    indices = rushlight.randperm(total, generator=generator).tolist()
    ends = itertools.accumulate(lengths)
    return [
        Subset(dataset, indices[end - length : end])
        for end, length in zip(ends, lengths, strict=True)
    ]
