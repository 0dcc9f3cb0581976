"""The order of a loader's batches: what comes next, and the way back to that place."""

from __future__ import annotations

import collections
import contextlib

import rushlight
from rushlight import _ops
from rushlight.utils.data._gather import row_gather
from rushlight.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    _Place,
    keeps_state,
)


class IndexStream:
    """What a sampler yields, one after the other.

    Args:
        sampler: a sampler of indices or of lists of indices.
        state: where another stream over such a sampler stood, or ``None``.
    """

    def __init__(self, sampler, state=None) -> None:
        self._sampler = sampler
        self._waiting: collections.deque = collections.deque()
        # The default generator's states before the sampler may draw from it: when its
        # iteration was made, and at the first index.
        self._rng: list = []
        self._ended = False
        self.drawn = 0
        if state is not None:
            self._resume(state)
            return
        if keeps_state(sampler) is None:
            self._rng.append(rushlight.get_rng_state())
        self._iterator = iter(sampler)
        self._keeper = _keeper(self._iterator, sampler)

    def draw(self):
        """Return the next index.

        Raises:
            StopIteration: there are no more.
        """
        if self._waiting:
            return self._waiting.popleft()
        if self._keeper is None and len(self._rng) == 1:
            self._rng.append(rushlight.get_rng_state())
        try:
            index = next(self._iterator)
        except StopIteration:
            self._ended = True
            raise
        self.drawn += 1
        return index

    def state(self, waiting=()) -> dict:
        """Return the place after the last index drawn.

        Args:
            waiting: indices drawn before that are to come first again.
        """
        own = None if self._keeper is None else self._keeper.state_dict()
        return {
            "drawn": self.drawn,
            "sampler": own,
            "rng": list(self._rng),
            "ended": self._ended,
            "waiting": [*waiting, *self._waiting],
        }

    def _resume(self, state) -> None:
        self.drawn = state["drawn"]
        self._waiting.extend(state["waiting"])
        self._rng = list(state["rng"])
        self._ended = state["ended"]
        if self._ended:
            self._iterator, self._keeper = iter(()), None
            return
        own = state["sampler"]
        keeper = keeps_state(self._sampler)
        if own is not None and keeper is not None:
            keeper.load_state_dict(own)
        with _default_rng(self._rng[:1]):
            self._iterator = iter(self._sampler)
        self._keeper = _keeper(self._iterator, self._sampler)
        if own is None:
            # The sampler cannot tell where it was: it is run up to that place again.
            with _default_rng(self._rng[1:]):
                for _ in range(self.drawn):
                    next(self._iterator)
        elif self._keeper is None:
            raise ValueError(
                "DataLoader.load_state_dict(): the state has one of a sampler with "
                f"state_dict(), but {type(self._sampler).__name__} has no such method"
            )
        elif self._keeper is not keeper:
            self._keeper.load_state_dict(own)


def _keeper(iterator, sampler):
    """Return what knows the place: the iterator, the sampler or ``None``."""
    if hasattr(iterator, "state_dict") and hasattr(iterator, "load_state_dict"):
        return iterator
    return keeps_state(sampler)


@contextlib.contextmanager
def _default_rng(states):
    """Let the default generator have the first of the states, if there is one."""
    if not states:
        yield
        return
    before = rushlight.get_rng_state()
    rushlight.set_rng_state(states[0])
    try:
        yield
    finally:
        rushlight.set_rng_state(before)


class RowStream:
    """Batches of a dataset of tensors in the same order, all in native code.

    Args:
        rows: the dataset's ``RowGather``.
        batch_sampler: a ``BatchSampler`` that ``row_stream`` has looked at.
        state: where another stream stood (this one's or an ``IndexStream``'s).
    """

    def __init__(self, rows, batch_sampler, state=None) -> None:
        self._step = batch_sampler.batch_size
        self._size = len(batch_sampler.sampler.data_source)
        self._place = _Place()
        if state is not None:
            start = state["sampler"]["start"]["start"]
            self._place = _Place(start, state["drawn"])
        self._parts = self._walk(rows, batch_sampler)
        self._part = iter(())

    def read(self):
        """Return the next batch.

        Raises:
            StopIteration: there are no more.
        """
        while True:
            for batch in self._part:
                return batch
            self._part = next(self._parts)

    def state(self, waiting=()) -> dict:
        """Return the place, as ``IndexStream.state`` does; ``waiting`` is empty."""
        drawn = self._place.taken
        taken = drawn * self._step
        ended = taken > self._size
        inner = {"start": self._place.start, "taken": min(taken, self._size)}
        return {
            "drawn": drawn,
            "sampler": {"start": inner, "taken": drawn, "ended": ended},
            "rng": [],
            "ended": ended,
            "waiting": [],
        }

    def _walk(self, rows, batch_sampler):
        """Yield iterators over the batches from the place on, which counts them."""
        place, size, step = self._place, self._size, self._step
        sampler = batch_sampler.sampler
        generator = None
        if type(sampler) is SequentialSampler:
            order = rushlight.arange(size)
        else:
            generator = sampler._start(place)
            order = _ops.randperm(size, rushlight.int64, generator)
        batches = rows.batches(order, step)
        yield place.walk(batches(place.taken, size // step))
        if generator is not None and generator is sampler.generator:
            # RandomSampler permutes once more when it ends: for the samples left over,
            # of which there are none. Only a generator of the user's shows it.
            rushlight.randperm(size, generator=generator)
        if not batch_sampler.drop_last:
            yield place.walk(batches(place.taken, -(-size // step)))


def row_stream(dataset, collate_fn, batch_sampler, state=None):
    """Return a ``RowStream``, or ``None`` for samplers and datasets of one's own.

    Args:
        dataset: what is read.
        collate_fn: makes a batch of a list of samples.
        batch_sampler: gives lists of indices.
        state: where another stream stood, or ``None``.
    """
    if type(batch_sampler) is not BatchSampler:
        return None
    sampler = batch_sampler.sampler
    if type(sampler) not in (SequentialSampler, RandomSampler):
        return None
    if batch_sampler._resume is not None or sampler._resume is not None:
        return None
    if state is not None and not _of_rows(state):
        return None
    size = len(sampler.data_source)
    if size == 0:
        return None
    if type(sampler) is RandomSampler and (sampler.replacement or len(sampler) != size):
        return None
    rows = row_gather(dataset, collate_fn)
    if rows is None or rows.recorded:
        return None
    if rows.rows is not None and size > len(rows.rows):
        # The batches before the first index that is not there come first.
        return None
    return RowStream(rows, batch_sampler, state)


def _of_rows(state) -> bool:
    """Tell whether a state says where such a stream stands."""
    sampler = state["sampler"]
    inner = sampler.get("start") if isinstance(sampler, dict) else None
    known = isinstance(inner, dict) and "start" in inner
    return known and not state["waiting"] and not state["ended"]
