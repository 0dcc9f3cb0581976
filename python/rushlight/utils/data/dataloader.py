"""The loader: batches of a dataset, one after the other."""

from __future__ import annotations

import itertools
import os
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rushlight.utils.data._collate import default_collate, default_convert
from rushlight.utils.data._epoch import Epoch, check_state
from rushlight.utils.data._iterators import LocalIterator, WorkerIterator
from rushlight.utils.data._worker import get_worker_info
from rushlight.utils.data.dataset import IterableDataset
from rushlight.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
)

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

    from rushlight import Generator

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_FIXED_FIELDS = (
    "batch_size",
    "batch_sampler",
    "sampler",
    "drop_last",
    "dataset",
    "persistent_workers",
)
_WORKER_METHODS = ("process", "thread")


class DataLoader:
    """Iterates over a dataset in batches.

    Args:
        dataset: samples read by index, or an ``IterableDataset``.
        batch_size: samples a batch; ``None`` gives single samples. Default: 1.
        shuffle: read in a new random order every time. Default: ``False``.
        sampler: indices in an order of one's own.
        batch_sampler: lists of indices of one's own.
        num_workers: how many workers read ahead; with 0 samples are read when they are
            asked for, in this process. Default: 0.
        collate_fn: makes a batch of a list of samples. Default: ``default_collate``.
        pin_memory: put batches in page-locked memory, for copies to a GPU; where there
            is none, it warns and has no effect. Default: ``False``.
        drop_last: leave out a last batch that is smaller. Default: ``False``.
        timeout: seconds to wait for a batch of a worker; 0 waits as long as it takes.
            Default: 0.
        worker_init_fn: called in each worker with its number, after seeding and before
            reading.
        multiprocessing_context: how processes start: ``"fork"``, ``"forkserver"``,
            ``"spawn"`` or a context of ``multiprocessing``. Default: Python's.
        generator: the generator that orders and the workers' seeds are drawn from.
            Default: the default one.
        prefetch_factor: batches a worker reads ahead. Default: 2 with workers.
        persistent_workers: keep the workers, and their copies of the dataset, for the
            next pass over the loader. Default: ``False``.
        pin_memory_device: ignored.
        in_order: hand batches out in the order of the indices, else as they come.
            Default: ``True``.
        worker_method: ``"process"``, or ``"thread"`` for datasets that wait (network)
            or leave Python's lock alone (decoders): they start at once and copy
            nothing, on shallow copies of the dataset. Default: ``"process"``.

    Batches and their order do not depend on the number and kind of the workers, unless
    the dataset draws random numbers: a worker process seeds ``random``, ``rushlight``
    and, once it has been imported, NumPy with a seed of its own, drawn from
    ``generator``; a thread has generators of its own in ``get_worker_info().rng``.
    Each worker iterates over its own copy of an ``IterableDataset``.

    A process sends tensors through one block of shared memory, that has no name and
    needs no place in ``/dev/shm``; it grows to at most 1 GiB a worker and a quarter of
    the machine's memory for all, and what does not fit goes through a pipe. A worker's
    exception is raised here, of the same type where possible; a worker that is killed
    raises a ``RuntimeError``. When an iterator is dropped its workers end: amid a batch
    after a second, if need be by force.

    ``state_dict`` and ``load_state_dict`` take up an interrupted pass in another
    process.

    Raises:
        ValueError: options that exclude each other.
        TypeError: ``multiprocessing_context`` is neither a name nor a context.

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
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable | None = None,
        batch_sampler: Iterable | None = None,
        num_workers: int = 0,
        collate_fn: Callable | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        worker_method: str = "process",
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if worker_method not in _WORKER_METHODS:
            raise ValueError(
                f"worker_method should be one of {_WORKER_METHODS}, but got "
                f"worker_method={worker_method!r}"
            )
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
        self.num_workers = num_workers
        self.worker_method = worker_method
        self.multiprocessing_context = multiprocessing_context
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
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.in_order = in_order
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._reported_length: int | None = None
        self._iterator: WorkerIterator | None = None
        self._epoch: Epoch | None = None
        self._resume: dict | None = None
        self._initialized = True
        self.check_worker_number_rationality()

    def __setattr__(self, name, value) -> None:
        if self._initialized and name in _FIXED_FIELDS:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is "
                "initialized"
            )
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How worker processes are started; ``None`` for Python's default."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, multiprocessing_context) -> None:
        self._context = self._checked_context(multiprocessing_context)

    def _checked_context(self, context):
        if context is None:
            return None
        if self.num_workers <= 0:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading "
                f"(num_workers > 0), but got num_workers={self.num_workers}"
            )
        if self.worker_method != "process":
            raise ValueError(
                "multiprocessing_context can only be used with worker processes, but "
                f"got worker_method={self.worker_method!r}"
            )
        import multiprocessing.context

        if isinstance(context, str):
            methods = multiprocessing.get_all_start_methods()
            if context not in methods:
                raise ValueError(
                    "multiprocessing_context option should specify a valid start "
                    f"method in {methods!r}, but got "
                    f"multiprocessing_context={context!r}"
                )
            return multiprocessing.get_context(context)
        if not isinstance(context, multiprocessing.context.BaseContext):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a "
                "string specifying the start method, but got "
                f"multiprocessing_context={context}"
            )
        return context

    @property
    def _index_sampler(self):
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _make_pool(self, job, states):
        if self.worker_method == "thread":
            from rushlight.utils.data._threads import ThreadPool

            return ThreadPool(job, states)
        import multiprocessing

        from rushlight.utils.data._processes import ProcessPool

        return ProcessPool(job, states, self._context or multiprocessing.get_context())

    def check_worker_number_rationality(self) -> None:
        """Warn if there are more worker processes than processors to run on."""
        if self.num_workers <= 0 or self.worker_method != "process":
            return
        if hasattr(os, "sched_getaffinity"):
            processors = len(os.sched_getaffinity(0))
        else:
            processors = os.cpu_count() or self.num_workers
        if self.num_workers > processors:
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in "
                f"total. Our suggested max number of worker in current system is "
                f"{processors}, which is smaller than what this DataLoader is going to "
                "create: loading may get slower.",
                stacklevel=3,
            )

    def __iter__(self) -> Iterator:
        resume, self._resume = self._resume, None
        if self.num_workers == 0:
            return LocalIterator(self, resume)
        kept = self._iterator
        if kept is not None and resume is None and not kept.broken:
            kept.reset(self)
            return kept
        self.check_worker_number_rationality()
        iterator = WorkerIterator(self, resume)
        if self.persistent_workers:
            self._iterator = iterator
        return iterator

    def state_dict(self) -> dict:
        """Return the place in the present pass over the dataset.

        It is the place after the batch handed out last, whatever workers have read
        ahead. A dataset (or its iterator, if it is iterable) and a sampler with
        ``state_dict`` and ``load_state_dict`` are asked for their own; else the sampler
        and the stream of an iterable dataset are run up to the place again.

        Returns:
            A dict of ints, lists and tensors, besides what the dataset and the sampler
            put in it. Between two passes, it holds the generator's state alone.

        Example:
            >>> from rushlight.utils.data import DataLoader
            >>> loader = DataLoader([1, 2, 3, 4], batch_size=2)
            >>> for batch in loader:
            ...     break
            >>> state = loader.state_dict()
            >>> other = DataLoader([1, 2, 3, 4], batch_size=2)
            >>> other.load_state_dict(state)
            >>> list(other)
            [tensor([3, 4])]
        """
        if self._resume is not None:
            return self._resume
        epoch = self._epoch
        if epoch is not None and not epoch.finished:
            return epoch.state()
        generator = self.generator and self.generator.get_state()
        return {"batches": 0, "generator": generator}

    def load_state_dict(self, state_dict: dict) -> None:
        """Let the next pass begin where another loader stood.

        Args:
            state_dict: what the ``state_dict`` of a loader with the same dataset and
                options returned. Only the number of workers may differ, and only if
                the dataset is read by index and keeps no state.

        Raises:
            TypeError: it is no dict.
            ValueError: it does not fit this loader.
        """
        check_state(state_dict, self._iterable, self.num_workers)
        if self.generator is not None and state_dict["generator"] is not None:
            self.generator.set_state(state_dict["generator"])
        self._resume = state_dict if state_dict["batches"] else None
        self._epoch = None

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._index_sampler)
        length = self._reported_length = len(self.dataset)
        if self.batch_size is None:
            return length
        if not self.drop_last:
            length += self.batch_size - 1
        return length // self.batch_size


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if prefetch_factor is not None and num_workers == 0:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let "
            "num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor "
            "to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
