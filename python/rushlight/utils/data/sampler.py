"""Samplers: the order in which a loader reads a dataset.

The generator is consumed as PyTorch consumes it, so a seed gives the same order.
``state_dict`` and ``load_state_dict`` carry the place in that order over to another
process: the state of the generator when the iteration began, and how many indices have
been taken since.
"""

from __future__ import annotations

import itertools
import operator
import types

import rushlight
from rushlight import _ops

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]


def draw_seed(generator=None):
    """Draw a seed from a generator, as PyTorch's loader and sampler do."""
    number = rushlight.empty((), dtype=rushlight.int64)
    return int(_ops.random_range_(number, generator=generator).item())


class Sampler:
    """Base class of samplers: a subclass defines ``__iter__`` and maybe ``__len__``."""

    __class_getitem__ = classmethod(types.GenericAlias)  # type: ignore[var-annotated]

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")


class _Place:
    """Where an iteration stands.

    Nothing is counted on the way: an iterator over a list or a range knows what is left
    of it.

    Args:
        start: the generator's state before the first index, or ``None``.
        taken: how many were taken before.
        ended: whether there are no more, of lists of indices.
    """

    def __init__(self, start=None, taken=0, ended=False) -> None:
        self.start = start
        self.ended = ended
        self._past = taken  # the indices before the end of the part that is walked now
        self._part = iter(())

    @property
    def taken(self) -> int:
        """How many indices have been taken."""
        return self._past - operator.length_hint(self._part)

    def step(self) -> None:
        """Count one more."""
        self._past += 1

    def over(self, indices):
        """Return an iterator over what is not taken yet of a list or a range."""
        return self.walk(iter(indices[self._past :]))

    def walk(self, rest):
        """Return an iterator that knows how much is left, over what is not taken."""
        self._past += operator.length_hint(rest)
        self._part = rest
        return rest

    def over_parts(self, parts):
        """Yield what is not taken yet of several lists, one after the other."""
        skipped, self._past = self._past, 0
        for part in parts:
            rest = part[skipped:]
            skipped = max(0, skipped - len(part))
            self._past += len(part)
            self._part = iter(rest)
            yield from self._part


class _Resumable(Sampler):
    """A sampler whose latest iteration can be taken up again."""

    _place: _Place | None = None
    _resume: _Place | None = None

    def state_dict(self) -> dict:
        """Return the place of the latest iteration.

        Returns:
            A dict of ints and tensors: ``taken``, how many indices were taken, and
            ``start``, the generator's state before the first or ``None``.
        """
        place = self._resume or self._place or _Place()
        return {"start": place.start, "taken": place.taken}

    def load_state_dict(self, state_dict) -> None:
        """Let the next iteration begin where another one stood.

        Args:
            state_dict: what ``state_dict`` returned.
        """
        self._resume = _Place(state_dict["start"], state_dict["taken"])

    def _begin(self) -> _Place:
        """Return the place where a new iteration starts, and forget a loaded one."""
        place = self._place = self._resume or _Place()
        self._resume = None
        return place


def _generator_at(place, generator, default):
    """Return the generator that an iteration draws from, in the state it starts with.

    Args:
        place: the iteration's place; its ``start`` is set.
        generator: the sampler's own generator or ``None``.
        default: makes the generator of a sampler without one.
    """
    if place.start is None:
        generator = default() if generator is None else generator
        place.start = generator.get_state()
    else:
        # A generator of everybody's stays as it is; the sampler's own is set back.
        generator = rushlight.Generator() if generator is None else generator
        generator.set_state(place.start)
    return generator


def _seeded_generator():
    generator = rushlight.Generator()
    generator.manual_seed(draw_seed())
    return generator


def _default_generator():
    return rushlight.default_generator


class SequentialSampler(_Resumable):
    """Indices in order.

    Args:
        data_source: the dataset.
    """

    def __init__(self, data_source) -> None:
        self.data_source = data_source

    def __iter__(self):
        return self._begin().over(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(_Resumable):
    """Indices in random order.

    Args:
        data_source: the dataset.
        replacement: draw every index anew instead of shuffling. Default: ``False``.
        num_samples: how many to draw. Default: the dataset's length.
        generator: the generator to draw from. Default: a new one whose seed is drawn
            from the default generator.

    Raises:
        TypeError: ``replacement`` is not a bool.
        ValueError: ``num_samples`` is not positive.

    Example:
        >>> from rushlight.utils.data import RandomSampler
        >>> sorted(RandomSampler(range(4)))
        [0, 1, 2, 3]
    """

    def __init__(
        self, data_source, replacement=False, num_samples=None, generator=None
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(
                "replacement should be a boolean value, but got "
                f"replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices an iteration yields."""
        if self._num_samples is None:
            return len(self.data_source)
        return self._num_samples

    def _start(self, place):
        """Return the generator of one iteration."""
        return _generator_at(place, self.generator, _seeded_generator)

    def __iter__(self):
        place = self._begin()
        return place.over_parts(self._draw(place))

    def _draw(self, place):
        generator = self._start(place)
        size, wanted = len(self.data_source), self.num_samples
        if self.replacement:
            # In PyTorch's portions of 32, which decide how the generator advances.
            for at in range(0, wanted // 32 * 32 + 1, 32):
                count = min(32, wanted - at)
                yield rushlight.randint(
                    0, size, (count,), dtype=rushlight.int64, generator=generator
                ).tolist()
            return
        for _ in range(wanted // size):
            yield rushlight.randperm(size, generator=generator).tolist()
        rest = rushlight.randperm(size, generator=generator).tolist()
        yield rest[: wanted % size]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(_Resumable):
    """Given indices in random order.

    Args:
        indices: the indices.
        generator: the generator to draw from. Default: the default generator.
    """

    def __init__(self, indices, generator=None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        place = self._begin()
        generator = _generator_at(place, self.generator, _default_generator)
        order = rushlight.randperm(len(self.indices), generator=generator)
        for at in place.over(order.tolist()):
            yield self.indices[at]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(_Resumable):
    """Indices drawn with given probabilities.

    Args:
        weights: one weight an index; they need not sum to one.
        num_samples: how many to draw.
        replacement: an index can be drawn again. Default: ``True``.
        generator: the generator to draw from. Default: the default generator.

    Raises:
        ValueError: an argument is of the wrong kind or shape.
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _check_count("num_samples", num_samples)
        _check_bool("replacement", replacement)
        self.weights = rushlight.as_tensor(weights, dtype=rushlight.float64)
        if self.weights.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self):
        place = self._begin()
        generator = _generator_at(place, self.generator, _default_generator)
        drawn = rushlight.multinomial(
            self.weights, self.num_samples, self.replacement, generator=generator
        )
        yield from place.over(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(_Resumable):
    """Lists of indices.

    Args:
        sampler: the sampler, or any iterable, of single indices.
        batch_size: the lists' length.
        drop_last: leave out a last list that is shorter.

    Raises:
        ValueError: an argument is of the wrong kind.

    Example:
        >>> from rushlight.utils.data import BatchSampler
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler, batch_size, drop_last) -> None:
        _check_count("batch_size", batch_size)
        _check_bool("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self):
        place = self._begin()
        if place.ended:
            return
        size = self.batch_size
        source = keeps_state(self.sampler)
        if source is not None and place.start is not None:
            source.load_state_dict(place.start)
            indices = iter(self.sampler)
        else:
            skipped = place.taken * size
            indices = itertools.islice(self.sampler, skipped, None)
        while batch := list(itertools.islice(indices, size)):
            if len(batch) < size:
                # From now on the sampler may tell of its next iteration.
                place.ended = True
                if self.drop_last:
                    return
            place.step()
            yield batch

    def state_dict(self) -> dict:
        """Return the place of the latest iteration.

        Returns:
            A dict: ``taken``, how many lists were taken, ``ended``, whether there are
            no more, and ``start``, the state of the sampler of single indices or
            ``None``.
        """
        place = self._resume or self._place or _Place()
        start = place.start
        source = keeps_state(self.sampler)
        if source is not None and self._resume is None:
            start = source.state_dict()
        return {"start": start, "taken": place.taken, "ended": place.ended}

    def load_state_dict(self, state_dict) -> None:
        """Let the next iteration begin where another one stood.

        Args:
            state_dict: what ``state_dict`` returned.
        """
        super().load_state_dict(state_dict)
        assert self._resume is not None
        self._resume.ended = state_dict["ended"]

    def __len__(self) -> int:
        count = len(self.sampler)
        if not self.drop_last:
            count += self.batch_size - 1
        return count // self.batch_size


def keeps_state(sampler):
    """Return the sampler if its ``state_dict`` tells about its ``__iter__``, or None.

    A subclass of one of ours with an ``__iter__`` of its own inherits a ``state_dict``
    that knows nothing of it, and lists of indices are as their sampler is.
    """
    if type(sampler) is BatchSampler and keeps_state(sampler.sampler) is None:
        return None
    overridden = False
    for kind in type(sampler).__mro__:
        ours = kind.__module__.startswith("rushlight.utils.data.")
        if "state_dict" in vars(kind):
            known = hasattr(sampler, "load_state_dict") and not (ours and overridden)
            return sampler if known else None
        overridden = overridden or (not ours and "__iter__" in vars(kind))
    return None


def _check_count(name, value) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(
            f"{name} should be a positive integer value, but got {name}={value}"
        )


def _check_bool(name, value) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")
