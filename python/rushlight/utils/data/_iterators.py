"""The two iterators over a loader: reading here, and with workers."""

from __future__ import annotations

import functools
import warnings
import weakref
from typing import Any

import rushlight
from rushlight.utils.data._epoch import Epoch
from rushlight.utils.data._failure import describe, raise_free
from rushlight.utils.data._fetch import Job, make_fetcher
from rushlight.utils.data._indices import IndexStream, RowStream, row_stream
from rushlight.utils.data._pinning import pin
from rushlight.utils.data._worker import Task, WorkerDiedError
from rushlight.utils.data.sampler import draw_seed


class LoaderIterator:
    """What both have in common.

    Args:
        loader: the loader.
        resume: the state to begin at, or ``None``.
    """

    def __init__(self, loader, resume) -> None:
        self._sampler = loader._index_sampler
        self._iterable = loader._iterable
        self._pin = _wants_pinning(loader)
        self._job = Job(
            loader.dataset,
            loader._iterable,
            loader.collate_fn,
            loader.batch_sampler is not None,
            loader.drop_last,
        )
        self._num_workers = loader.num_workers
        self._base_seed: Any = None
        self._begin(loader, resume)

    def _begin(self, loader, resume) -> None:
        """Start a pass over the dataset."""
        generator = loader.generator
        if resume is None:
            before = None if generator is None else generator.get_state()
            stream = self._stream(None)
            if self._base_seed is None:
                # PyTorch draws a seed for workers at this moment, even if there are
                # none; the order of a sampler that draws later depends on it.
                self._base_seed = draw_seed(generator)
        else:
            before, self._base_seed = None, resume["base_seed"]
            stream = self._stream(resume["indices"])
        epoch = Epoch(self._base_seed, generator, before, stream, self._num_workers)
        if resume is not None:
            epoch.batches = resume["batches"]
            epoch.last_worker = resume["last_worker"]
        self._epoch = loader._epoch = epoch
        self._reported_length = loader._reported_length

    def _stream(self, state):
        """Return the order of indices, from a state or from the start."""
        return IndexStream(self._sampler, state)

    def __iter__(self):
        return self

    def __next__(self):
        batch = self._read()
        epoch = self._epoch
        epoch.batches += 1
        if self._iterable:
            self._check_length(epoch.batches)
        return pin(batch) if self._pin else batch

    def _read(self):
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._sampler)

    def __getstate__(self):
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")

    def _check_length(self, count) -> None:
        expected = self._reported_length
        if expected is None or count <= expected:
            return
        text = (
            f"Length of IterableDataset {self._job.dataset} was reported to be "
            f"{expected}(when accessing len(dataloader)), but {count} samples have "
            "been fetched. "
        )
        if self._num_workers > 0:
            text += (
                "With workers, each reads a copy of the dataset: let it yield a part "
                "of the samples that depends on get_worker_info()."
            )
        warnings.warn(text, stacklevel=3)


def _wants_pinning(loader) -> bool:
    if not loader.pin_memory:
        return False
    if loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as "
            f"the device,ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=5,
        )
    if rushlight.cuda.is_available():
        return True
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then "
        "device pinned memory won't be used.",
        stacklevel=5,
    )
    return False


class LocalIterator(LoaderIterator):
    """Reads batches in this process, when they are asked for."""

    def __init__(self, loader, resume) -> None:
        if loader.timeout != 0:
            raise AssertionError(
                f"DataLoader: timeout={loader.timeout} needs num_workers > 0"
            )
        super().__init__(loader, resume)

    def _begin(self, loader, resume) -> None:
        super()._begin(loader, resume)
        stream = self._epoch.stream
        place = None if resume is None else resume["places"][0]
        rows = isinstance(stream, RowStream)
        if rows and place is None:
            self._next_batch = stream.read
            return
        # It refuses a place in a dataset that keeps none.
        fetcher = make_fetcher(self._job, place)
        if rows:
            self._next_batch = stream.read
        else:
            self._next_batch = functools.partial(
                _fetch_next, fetcher.fetch, stream.draw
            )
        if self._iterable or fetcher.place.keeper is not None:
            self._epoch.places = [fetcher.place]

    def _stream(self, state):
        job = self._job
        if not self._iterable and job.batched:
            stream = row_stream(job.dataset, job.collate_fn, self._sampler, state)
            if stream is not None:
                return stream
        return super()._stream(state)

    def _read(self):
        try:
            return self._next_batch()
        except StopIteration:
            self._epoch.finished = True
            raise


def _fetch_next(fetch, draw):
    return fetch(draw())


class WorkerIterator(LoaderIterator):
    """Gives workers tasks and hands out their batches.

    The order of tasks is PyTorch's: ``prefetch_factor`` tasks a worker at first, then
    one more for each batch handed out, to the workers in turn.
    """

    def __init__(self, loader, resume) -> None:
        if loader.prefetch_factor <= 0:
            raise AssertionError(
                "prefetch_factor must be greater than 0 with workers, got "
                f"{loader.prefetch_factor}"
            )
        self._timeout = loader.timeout or None
        self._in_order = loader.in_order
        self._persistent = loader.persistent_workers
        self._limit = loader.prefetch_factor * loader.num_workers
        self._pool: Any = None
        super().__init__(loader, resume)

    def reset(self, loader) -> None:
        """Begin another pass with the same workers."""
        self._begin(loader, None)

    @property
    def broken(self) -> bool:
        """Whether the workers are gone."""
        return self._pool.closed

    def _begin(self, loader, resume) -> None:
        number = self._epoch.number + 1 if self._pool is not None else 0
        super()._begin(loader, resume)
        epoch = self._epoch
        epoch.number = number
        if resume is not None and len(resume["places"]) == self._num_workers:
            epoch.places = list(resume["places"])
        if self._pool is None:
            job = self._job._replace(
                init_fn=loader.worker_init_fn,
                num_workers=self._num_workers,
                base_seed=self._base_seed,
            )
            self._pool = loader._make_pool(job, list(epoch.places))
            weakref.finalize(self, self._pool.close)
        self._sent = self._next = 0
        self._owner: dict = {}  # task -> worker
        # The indices of tasks not handed out; a dataset read in order has none.
        self._indices: dict = {} if self._iterable else epoch.waiting
        self._early: dict = {}  # task -> reply that came before its turn
        self._active = [True] * self._num_workers
        self._load = [0] * self._num_workers
        self._turn = (epoch.last_worker + 1) % self._num_workers
        self._sampler_error: list[Exception] = []
        self._drawn_all = False
        for _ in range(self._limit):
            self._send()

    def _send(self) -> None:
        """Give the next task to the next worker."""
        epoch = self._epoch
        if self._drawn_all or not any(self._active):
            return
        try:
            index = epoch.stream.draw()
        except Exception as error:
            self._drawn_all = True
            if not isinstance(error, StopIteration):
                # Its turn comes after the batches before it.
                self._sampler_error.append(error)
            return
        worker = self._choose()
        if worker is None:
            return
        task = Task(epoch.number, self._sent, index)
        self._sent += 1
        self._owner[task.number] = worker
        self._indices[task.number] = index
        self._load[worker] += 1
        self._pool.submit(worker, task)

    def _choose(self):
        fair = self._limit // sum(self._active)
        for _ in range(self._num_workers):
            worker = self._turn
            self._turn = (worker + 1) % self._num_workers
            if self._active[worker] and (self._in_order or self._load[worker] < fair):
                return worker
        return None

    def _read(self):
        if self._pool.closed and not self._epoch.finished:
            raise RuntimeError(
                "DataLoader: the workers were ended after an error; start a new "
                "iteration over the loader"
            )
        while True:
            self._skip_ended()
            if self._next >= self._sent:
                if self._sampler_error:
                    raise_free(self._sampler_error.pop())
                self._epoch.finished = True
                if not self._persistent:
                    self._pool.close()
                raise StopIteration
            reply = self._early.pop(self._next, None)
            if reply is None:
                reply = self._receive()
                if reply.kind == "end":
                    self._active[reply.worker] = False
                    self._send()
                    continue
                if self._in_order and reply.number != self._next:
                    self._early[reply.number] = reply
                    continue
            return self._hand_out(reply)

    def _skip_ended(self) -> None:
        """Pass over tasks that are done, or that workers at their end will not do."""
        while self._next < self._sent:
            worker = self._owner.get(self._next)
            if worker is not None and (
                self._active[worker] or self._next in self._early
            ):
                return
            self._owner.pop(self._next, None)
            self._indices.pop(self._next, None)
            self._next += 1

    def _hand_out(self, reply):
        epoch = self._epoch
        del self._owner[reply.number]
        del self._indices[reply.number]
        self._load[reply.worker] -= 1
        epoch.last_worker = reply.worker
        epoch.places[reply.worker] = reply.state
        self._send()
        if reply.kind == "failure":
            reply.data.reraise()
        return reply.data

    def _receive(self):
        """Wait for a reply of this pass."""
        worker = self._owner[self._next] if self._in_order else None
        while True:
            try:
                reply = self._pool.receive(worker, self._timeout)
            except WorkerDiedError as error:
                self._pool.close()
                raise RuntimeError(self._explain(error)) from None
            if reply is None:
                raise RuntimeError(
                    f"DataLoader timed out after {self._timeout} seconds: "
                    + self._waiting_for(worker)
                )
            if reply.epoch == self._epoch.number:
                return reply

    def _explain(self, error) -> str:
        numbers = ", ".join(str(process) for _, process, _ in error.workers)
        text = f"DataLoader worker (pid(s) {numbers}) exited unexpectedly"
        for worker, _, how in error.workers:
            text += f"; worker {worker} {how}, {self._task_of(worker)}"
        return text

    def _waiting_for(self, worker) -> str:
        if worker is None:
            return "no worker has answered"
        return f"worker {worker} has not answered, {self._task_of(worker)}"

    def _task_of(self, worker) -> str:
        numbers = [task for task, owner in self._owner.items() if owner == worker]
        if not numbers:
            return "when it had nothing to do"
        task = min(numbers)
        return f"its next was {describe(task, self._indices[task])}"
