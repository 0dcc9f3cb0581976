"""What a worker does, be it a process or a thread."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import rushlight
from rushlight.utils.data._failure import Failure, describe
from rushlight.utils.data._fetch import make_fetcher


class WorkerRng(NamedTuple):
    """A worker thread's own generators, for the global ones are everybody's.

    Attributes:
        random_generator: a ``random.Random``.
        torch_generator: a ``rushlight.Generator``.
        numpy_generator: a ``numpy.random.Generator``, if NumPy has been imported.
    """

    random_generator: Any
    torch_generator: Any
    numpy_generator: Any = None


class WorkerInfo(NamedTuple):
    """A loader's worker, as ``get_worker_info`` returns it.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: its seed.
        dataset: its copy of the dataset; a shallow one in a thread.
        rng: generators of its own in a thread, else ``None``.
        worker_method: ``"multiprocessing"`` or ``"thread"``.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: WorkerRng | None = None
    worker_method: str | None = "multiprocessing"


class _Here(threading.local):
    info: WorkerInfo | None = None


_here = _Here()
_process: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Return what a dataset may want to know of the worker that it is read in.

    Returns:
        The worker's ``id``, ``num_workers``, ``seed`` and ``dataset``; ``None`` outside
        of workers.

    Example:
        >>> from rushlight.utils.data import get_worker_info
        >>> get_worker_info() is None
        True
    """
    return _here.info or _process


def enter_process(job, worker) -> None:
    """Make this process a worker: its seeds and what ``get_worker_info`` returns."""
    import random

    global _process
    seed = job.base_seed + worker
    random.seed(seed)
    rushlight.default_generator.manual_seed(seed)
    _process = WorkerInfo(worker, job.num_workers, seed, job.dataset)


def enter_thread(job, worker) -> None:
    """Make this thread a worker."""
    import random

    seed = job.base_seed + worker
    generator = rushlight.Generator()
    generator.manual_seed(seed)
    numpy = _imported_numpy()
    sequence = None
    if numpy is not None:
        sequence = numpy.random.default_rng(_numpy_seed(numpy, job.base_seed, worker))
    rng = WorkerRng(random.Random(seed), generator, sequence)
    _here.info = WorkerInfo(
        worker, job.num_workers, seed, job.dataset, rng, worker_method="thread"
    )


def seed_numpy(job, worker) -> bool:
    """Seed NumPy's global generator, if it has been imported; tell whether."""
    numpy = _imported_numpy()
    if numpy is not None:
        numpy.random.seed(_numpy_seed(numpy, job.base_seed, worker))
    return numpy is not None


def _imported_numpy():
    import sys

    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "random") else None


def _numpy_seed(numpy, base_seed, worker):
    # Mixed, since NumPy's seeds are 32 bits and neighbours' streams are alike.
    entropy = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return numpy.random.SeedSequence(entropy).generate_state(4)


class WorkerDiedError(Exception):
    """Workers have ended on their own.

    Attributes:
        workers: (number, process or thread id, what happened) of each.
    """

    def __init__(self, workers) -> None:
        super().__init__(workers)
        self.workers = workers


class Reply(NamedTuple):
    """What a worker answers.

    Attributes:
        worker: its number.
        epoch: of the task.
        number: of the task.
        kind: ``"batch"``, ``"end"`` (of its stream) or ``"failure"``.
        data: the batch or the ``Failure``.
        state: the place in the dataset after it, or ``None``.
    """

    worker: int
    epoch: int
    number: int
    kind: str
    data: Any
    state: Any


class Task(NamedTuple):
    """What a worker is asked: the batch of some indices, in a pass over the dataset."""

    epoch: int
    number: int
    index: Any


def serve(job, worker, tasks, reply, *, state=None, thread=False) -> None:
    """Answer tasks until there are no more.

    Args:
        job: what to read.
        worker: this worker's number.
        tasks: an iterable of ``Task``.
        reply: called with a ``Reply``.
        state: where to begin in the dataset, or ``None``.
        thread: whether the worker is a thread.
    """
    where = f"in DataLoader worker {'thread' if thread else 'process'} {worker}"

    def failed(error, doing):
        return Failure(error, where, doing, keep=thread)

    def start(state, first):
        try:
            if first and job.init_fn is not None:
                job.init_fn(worker)
            return make_fetcher(job, state), None
        except Exception as error:
            return None, failed(error, "It was starting.")

    numpy_seeded = thread or seed_numpy(job, worker)
    fetcher, broken = start(state, True)
    epoch, ended = 0, False
    for task in tasks:
        if task.epoch != epoch:
            epoch, ended = task.epoch, False
            if fetcher is not None:
                fetcher, broken = start(None, False)
        if ended:
            continue
        numpy_seeded = numpy_seeded or seed_numpy(job, worker)
        kind, answer, place = "batch", None, None
        if fetcher is None:
            kind, answer = "failure", broken
        else:
            try:
                answer = fetcher.fetch(task.index)
                if job.iterable or fetcher.place.keeper is not None:
                    place = fetcher.place.state()
            except Exception as error:
                if job.iterable and isinstance(error, StopIteration):
                    kind, ended = "end", True
                else:
                    doing = f"It was reading {describe(task.number, task.index)}."
                    kind, answer = "failure", failed(error, doing)
        reply(Reply(worker, task.epoch, task.number, kind, answer, place))
