"""Reading one batch: the same code in this process, in a worker and in a thread."""

from __future__ import annotations

from typing import Any, NamedTuple

from rushlight.utils.data._gather import row_gather


class Job(NamedTuple):
    """What reads a dataset, apart from the order.

    Attributes:
        dataset: read by index, or in order if ``iterable``.
        collate_fn: makes a batch of a list of samples.
        batched: whether an index is a list of them.
        drop_last: leave out a last batch that is smaller (of an iterable).
        init_fn: what a worker calls first, or ``None``.
        num_workers: how many workers there are.
        base_seed: a worker's seed is this plus its number.
    """

    dataset: Any
    iterable: bool
    collate_fn: Any
    batched: bool
    drop_last: bool
    init_fn: Any = None
    num_workers: int = 0
    base_seed: int = 0


class Place:
    """How far a dataset has been read, without what reads it.

    Attributes:
        keeper: what knows the place itself, by ``state_dict``: an iterator, a dataset
            or ``None``.
        read: samples read so far, of an iterable dataset.
        ended: whether its end was met.
    """

    __slots__ = ("ended", "keeper", "read")

    def __init__(self, keeper=None) -> None:
        self.keeper = keeper
        self.read = 0
        self.ended = False

    def state(self) -> dict:
        """Return the place as a dict, for a fetcher elsewhere."""
        own = None if self.keeper is None else self.keeper.state_dict()
        return {"read": self.read, "ended": self.ended, "dataset": own}


class MapFetcher:
    """Reads batches of a dataset by index.

    Args:
        job: the job.
        state: what ``place.state()`` returned elsewhere, or ``None``.
    """

    def __init__(self, job, state=None) -> None:
        self._dataset = job.dataset
        self._collate_fn = job.collate_fn
        self._batched = job.batched
        self.rows = row_gather(job.dataset, job.collate_fn) if job.batched else None
        self.place = Place(_keeper(job.dataset))
        if state is not None:
            _load(job.dataset, state["dataset"])

    def fetch(self, index):
        """Return the batch (or sample) of a list of indices (or an index)."""
        dataset = self._dataset
        if not self._batched:
            return self._collate_fn(dataset[index])
        if self.rows is not None:
            batch = self.rows.take_list(index)
            if batch is not None:
                return batch
        getitems = getattr(dataset, "__getitems__", None)
        if getitems:
            return self._collate_fn(getitems(index))
        return self._collate_fn([dataset[at] for at in index])


class IterableFetcher:
    """Reads batches of a dataset in order.

    Args:
        job: the job.
        state: what ``place.state()`` returned elsewhere, or ``None``.
    """

    def __init__(self, job, state=None) -> None:
        dataset = job.dataset
        self._collate_fn = job.collate_fn
        self._batched = job.batched
        self._drop_last = job.drop_last
        own = None if state is None else state["dataset"]
        if _keeper(dataset) is not None:
            _load(dataset, own)
        self._samples = iter(dataset)
        # An iterator that keeps its place knows it better than its dataset.
        keeper = _keeper(self._samples) or _keeper(dataset)
        self.place = Place(keeper)
        if state is None:
            return
        self.place.read, self.place.ended = state["read"], state["ended"]
        if own is None:
            # The stream cannot tell where it was: it is read again up to that place.
            for _ in range(self.place.read):
                next(self._samples, None)
        elif keeper is not dataset:
            _load(self._samples, own)

    def fetch(self, index):
        """Return the next batch of at most ``len(index)`` samples, or the next sample.

        Raises:
            StopIteration: at the end of the stream.
        """
        place = self.place
        if place.ended:
            raise StopIteration
        if not self._batched:
            sample = next(self._samples)
            place.read += 1
            return self._collate_fn(sample)
        batch: list = []
        for _ in index:
            try:
                batch.append(next(self._samples))
            except StopIteration:
                place.ended = True
                break
        place.read += len(batch)
        if not batch or (self._drop_last and len(batch) < len(index)):
            raise StopIteration
        return self._collate_fn(batch)


def make_fetcher(job, state=None):
    """Return the fetcher for a job, at a state if there is one."""
    return (IterableFetcher if job.iterable else MapFetcher)(job, state)


def _keeper(thing):
    keeps = hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")
    return thing if keeps else None


def _load(thing, state) -> None:
    if state is None:
        return
    if _keeper(thing) is None:
        raise ValueError(
            "DataLoader.load_state_dict(): the state has one of a dataset with "
            f"state_dict(), but {type(thing).__name__} has no such method"
        )
    thing.load_state_dict(state)
