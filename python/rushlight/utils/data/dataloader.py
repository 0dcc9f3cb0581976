"""The loader: batches of a dataset, one after the other."""

from __future__ import annotations

import itertools
import types
import warnings

from rushlight.utils.data._collate import default_collate, default_convert
from rushlight.utils.data._gather import index_batches, row_gather
from rushlight.utils.data._worker import get_worker_info
from rushlight.utils.data.dataset import IterableDataset
from rushlight.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    draw_seed,
)

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_FIXED_FIELDS = (
    "batch_size",
    "batch_sampler",
    "sampler",
    "drop_last",
    "dataset",
    "persistent_workers",
)


class DataLoader:
    """Iterates over a dataset in batches, in the main process.

    Args:
        dataset: samples read by index, or an ``IterableDataset``.
        batch_size: samples a batch; ``None`` gives single samples. Default: 1.
        shuffle: read in a new random order every time. Default: ``False``.
        sampler: indices in an order of one's own.
        batch_sampler: lists of indices of one's own.
        num_workers: only 0: samples are read in the main process.
        collate_fn: makes a batch of a list of samples. Default: ``default_collate``.
        pin_memory: for copies to a GPU; without one it warns. Default: ``False``.
        drop_last: leave out a last batch that is smaller. Default: ``False``.
        timeout: for workers. Default: 0.
        worker_init_fn: for workers.
        multiprocessing_context: for workers.
        generator: the generator that orders are drawn from. Default: the default one.
        prefetch_factor: for workers.
        persistent_workers: for workers.
        pin_memory_device: ignored.
        in_order: for workers.

    Raises:
        ValueError: options that exclude each other.
        NotImplementedError: ``num_workers`` above 0.

    Example:
        >>> import rushlight
        >>> from rushlight.utils.data import DataLoader, TensorDataset
        >>> loader = DataLoader(TensorDataset(rushlight.arange(5)), batch_size=2)
        >>> [batch[0].tolist() for batch in loader]
        [[0, 1], [2, 3], [4]]
    """

    __class_getitem__ = classmethod(types.GenericAlias)  # type: ignore[var-annotated]
    _initialized = False

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if multiprocessing_context is not None:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading "
                f"(num_workers > 0), but got num_workers={num_workers}"
            )
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            for name, value in (
                ("shuffle", shuffle or None),
                ("sampler", sampler),
                ("batch_sampler", batch_sampler),
            ):
                if value is not None:
                    raise ValueError(
                        "DataLoader with IterableDataset: expected unspecified "
                        f"{name} option, but got {name}={value}"
                    )
        shuffle = bool(shuffle)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, "
                    "shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually "
                "exclusive with drop_last"
            )
        if sampler is None:
            if self._iterable:
                # Counts samples; an iterable dataset has no indices.
                sampler = itertools.repeat(None)
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = None
        self.in_order = in_order
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._reported_length: int | None = None
        self._initialized = True

    def __setattr__(self, name, value) -> None:
        if self._initialized and name in _FIXED_FIELDS:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is "
                "initialized"
            )
        super().__setattr__(name, value)

    def __iter__(self):
        if self.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
                stacklevel=2,
            )
        # PyTorch draws a seed for workers here, before the sampler draws its own, even
        # if there are none; the order depends on it.
        draw_seed(self.generator)
        if self._iterable:
            return _Batches(_read_iterable(self))
        return _Batches(_read_map(self))

    def __len__(self) -> int:
        if not self._iterable:
            sampler = self.sampler if self.batch_sampler is None else self.batch_sampler
            return len(sampler)
        length = self._reported_length = len(self.dataset)
        if self.batch_size is None:
            return length
        if not self.drop_last:
            length += self.batch_size - 1
        return length // self.batch_size


class _Batches:
    """The iterator over a loader: only that it cannot be pickled or restarted."""

    def __init__(self, batches) -> None:
        self._batches = batches

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._batches)


def _read_map(loader):
    dataset, collate_fn = loader.dataset, loader.collate_fn
    if loader.batch_sampler is None:
        for index in loader.sampler:
            yield collate_fn(dataset[index])
        return
    rows = row_gather(dataset, collate_fn)
    if rows is not None:
        indices = index_batches(loader.batch_sampler)
        if indices is not None:
            for index in indices:
                yield rows.take(index)
            return
    getitems = getattr(dataset, "__getitems__", None)
    for indices in loader.batch_sampler:
        batch = None if rows is None else rows.take_list(indices)
        if batch is None:
            if getitems:
                samples = getitems(indices)
            else:
                samples = [dataset[index] for index in indices]
            batch = collate_fn(samples)
        yield batch


def _read_iterable(loader):
    samples, collate_fn = iter(loader.dataset), loader.collate_fn
    if loader.batch_size is None:
        batches = (collate_fn(sample) for sample in samples)
    else:
        batches = _batched(samples, loader)
    for count, batch in enumerate(batches, 1):
        expected = loader._reported_length
        if expected is not None and count > expected:
            warnings.warn(
                f"Length of IterableDataset {loader.dataset} was reported to be "
                f"{expected}(when accessing len(dataloader)), but {count} samples have "
                "been fetched. ",
                stacklevel=3,
            )
        yield batch


def _batched(samples, loader):
    while batch := list(itertools.islice(samples, loader.batch_size)):
        if loader.drop_last and len(batch) < loader.batch_size:
            return
        yield loader.collate_fn(batch)


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers > 0:
        raise NotImplementedError(
            f"DataLoader: num_workers={num_workers} is not supported, samples are read "
            "in the main process: use num_workers=0"
        )
    if prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let "
            "num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor "
            "to None."
        )
    if persistent_workers:
        raise ValueError("persistent_workers option needs num_workers > 0")
