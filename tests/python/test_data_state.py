"""Interrupted passes over a loader, and over a sampler, taken up again."""

from __future__ import annotations

import io

import pytest

import rushlight
from data_samples import Parts, Rows, plain
from rushlight.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)


def seeded(seed):
    generator = rushlight.Generator()
    generator.manual_seed(seed)
    return generator


class Shuffles(Sampler):
    """Draws from the default generator, at the start or at the first index."""

    def __init__(self, eager):
        self.eager = eager

    def __iter__(self):
        if self.eager:
            return iter(rushlight.randperm(17).tolist())
        return (index for _ in "x" for index in rushlight.randperm(17).tolist())

    def __len__(self):
        return 17


class Counts(Sampler):
    """Keeps its own state."""

    def __init__(self):
        self.at = 0

    def __iter__(self):
        while self.at < 17:
            self.at += 1
            yield self.at - 1
        self.at = 0

    def __len__(self):
        return 17

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state_dict):
        self.at = state_dict["at"]


class Backwards(RandomSampler):
    """Inherits a state_dict that knows nothing of its order."""

    def __iter__(self):
        yield from reversed(list(super().__iter__()))


def table():
    return TensorDataset(rushlight.arange(17), rushlight.arange(34).view(17, 2))


LOADERS = {
    "plain": lambda **o: DataLoader(Rows(17, 2), 3, **o),
    "shuffled": lambda **o: DataLoader(Rows(17, 2), 3, shuffle=True, **o),
    "generator": lambda **o: DataLoader(
        Rows(17, 2), 3, shuffle=True, generator=seeded(4), **o
    ),
    "drop_last": lambda **o: DataLoader(table(), 3, True, drop_last=True, **o),
    "tensors": lambda **o: DataLoader(table(), 3, True, **o),
    "tensors in order": lambda **o: DataLoader(table(), 3, **o),
    "tensors, generator": lambda **o: DataLoader(
        table(), 3, True, generator=seeded(4), **o
    ),
    "single": lambda **o: DataLoader(Rows(17, 2), None, shuffle=True, **o),
    "replacement": lambda **o: DataLoader(
        Rows(17, 2), 3, sampler=RandomSampler(range(17), True, 40), **o
    ),
    "weighted": lambda **o: DataLoader(
        Rows(17, 2), 3, sampler=WeightedRandomSampler(range(1, 18), 20), **o
    ),
    "subset": lambda **o: DataLoader(
        Rows(17, 2), 3, sampler=SubsetRandomSampler(range(17)), **o
    ),
    "eager": lambda **o: DataLoader(Rows(17, 2), 3, sampler=Shuffles(True), **o),
    "lazy": lambda **o: DataLoader(Rows(17, 2), 3, sampler=Shuffles(False), **o),
    "eager single": lambda **o: DataLoader(
        Rows(17, 2), None, sampler=Shuffles(True), **o
    ),
    "own state": lambda **o: DataLoader(Rows(17, 2), 3, sampler=Counts(), **o),
    "inherited": lambda **o: DataLoader(
        Rows(17, 2), 3, sampler=Backwards(range(17)), **o
    ),
    "lists": lambda **o: DataLoader(
        Rows(17, 2), batch_sampler=[[1], [2, 3], [4], [5]], **o
    ),
}
WORKERS = [{}, {"num_workers": 2}, {"num_workers": 2, "worker_method": "thread"}]


def interrupt(make, options, batches):
    """The rest of a pass and the pass after it, and the state at the interruption."""
    rushlight.manual_seed(8)
    loader = make(**options)
    iterator = iter(loader)
    for _ in range(batches):
        next(iterator)
    state = loader.state_dict()
    before = rushlight.get_rng_state()
    rest = plain(list(iterator))
    generator = loader.generator
    after = plain(rushlight.randperm(6, generator=generator)) if generator else None
    return rest, after, state, before


@pytest.mark.parametrize("name", LOADERS)
def test_a_pass_is_taken_up_again(name):
    for batches, options, other in [
        (1, WORKERS[0], WORKERS[0]),
        (2, WORKERS[1], WORKERS[0]),
        (3, WORKERS[0], WORKERS[2]),
        (2, WORKERS[2], WORKERS[1]),
    ]:
        make = LOADERS[name]
        rest, after, state, before = interrupt(make, options, batches)
        assert rest
        # As from a file, in a process with another past.
        file = io.BytesIO()
        rushlight.save(state, file)
        file.seek(0)
        state = rushlight.load(file)
        rushlight.manual_seed(99)
        loader = make(**other)
        loader.load_state_dict(state)
        rushlight.set_rng_state(before)
        iterator = iter(loader)
        again = [plain(next(iterator))]
        assert loader.state_dict()["batches"] == batches + 1
        again += plain(list(iterator))
        assert again == rest
        if after is not None:
            assert plain(rushlight.randperm(6, generator=loader.generator)) == after
        else:
            assert rushlight.equal(rushlight.get_rng_state(), before)


class Remembers(IterableDataset):
    """Keeps its own place."""

    def __init__(self):
        self.at = 0
        self.read = 0

    def __iter__(self):
        while self.at < 17:
            self.at += 1
            self.read += 1
            yield self.at
        self.at = 0

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state_dict):
        self.at = state_dict["at"]


class Cursor:
    def __init__(self):
        self.at = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.at += 1
        if self.at > 17:
            raise StopIteration
        return self.at

    state_dict = Remembers.state_dict
    load_state_dict = Remembers.load_state_dict


class OfCursors(IterableDataset):
    def __iter__(self):
        return Cursor()


STREAMS = {"plain": lambda: Parts(17), "own": Remembers, "cursor": OfCursors}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("options", WORKERS, ids=str)
@pytest.mark.parametrize("batch_size", [3, None])
def test_streams_are_taken_up_again(name, options, batch_size):
    def make(**options):
        return DataLoader(STREAMS[name](), batch_size, **options)

    for batches in (1, 4):
        rest, _, state, _ = interrupt(make, options, batches)
        assert rest
        loader = make(**options)
        loader.load_state_dict(state)
        assert plain(list(loader)) == rest
        if name == "own" and not options:
            assert loader.dataset.read < 17
        loader.load_state_dict(state)
        assert plain(list(loader)) == rest


def test_a_dataset_with_state():
    class Grows(Rows):
        extra = 0

        def __getitem__(self, index):
            self.extra += 1
            return index, self.extra

        def state_dict(self):
            return {"extra": self.extra}

        def load_state_dict(self, state_dict):
            self.extra = state_dict["extra"]

    def make(**options):
        return DataLoader(Grows(8), 1, **options)

    for options in WORKERS:
        rest, _, state, _ = interrupt(make, options, 3)
        loader = make(**options)
        loader.load_state_dict(state)
        assert plain(list(loader)) == rest
    with pytest.raises(ValueError, match=r"2 workers.*num_workers=0"):
        make().load_state_dict(state)
    loader = DataLoader(Rows(8), 1, num_workers=2)
    loader.load_state_dict(state)
    with pytest.raises(ValueError, match="no such method"):
        list(loader)


def test_as_they_come_loses_nothing():
    loader = DataLoader(Rows(20, 2), 1, num_workers=2, in_order=False)
    iterator = iter(loader)
    first = [next(iterator)[1].item() for _ in range(5)]
    other = DataLoader(Rows(20, 2), 1)
    other.load_state_dict(loader.state_dict())
    rest = [batch[1].item() for batch in other]
    assert sorted(first + rest) == list(range(20))


def test_states_between_passes():
    loader = DataLoader(Rows(6, 2), 2, shuffle=True, generator=seeded(3))
    start = loader.state_dict()
    assert start["batches"] == 0
    first = plain(list(loader))
    between = loader.state_dict()
    second = plain(list(loader))
    assert between["batches"] == 0
    loader.load_state_dict(between)
    assert plain(list(loader)) == second
    loader.load_state_dict(start)
    iterator = iter(loader)
    unused = loader.state_dict()
    assert plain(list(iterator)) == first
    loader.load_state_dict(unused)
    assert plain(list(loader)) == first
    for _ in loader:
        break
    middle = loader.state_dict()
    assert middle["batches"] == 1
    loader.load_state_dict(middle)
    assert loader.state_dict() is middle
    assert len(list(loader)) == 2
    assert len(list(loader)) == 3


def test_persistent_workers_are_taken_up_again():
    def make():
        return DataLoader(
            Rows(8, 2), 2, shuffle=True, num_workers=2, persistent_workers=True
        )

    loader = make()
    list(loader)
    iterator = iter(loader)
    next(iterator)
    state = loader.state_dict()
    rest = plain(list(iterator))
    other = make()
    list(other)
    other.load_state_dict(state)
    assert plain(list(other)) == rest
    assert len(list(other)) == 4


def test_states_that_do_not_fit():
    loader = DataLoader(Rows(), 2)
    with pytest.raises(TypeError, match="expected a dict, got list"):
        loader.load_state_dict([])
    with pytest.raises(ValueError, match="'other'"):
        loader.load_state_dict({"other": 1})
    keeps = DataLoader(Rows(17), 2, sampler=Counts())
    for _ in keeps:
        break
    lists = DataLoader(Rows(17), batch_sampler=[[0], [1]])
    lists.load_state_dict(keeps.state_dict())
    with pytest.raises(ValueError, match="list has no such method"):
        iter(lists)
    streams = DataLoader(Parts(), 2, num_workers=2)
    for _ in streams:
        break
    with pytest.raises(ValueError, match=r"2 workers.*num_workers=3"):
        DataLoader(Parts(), 2, num_workers=3, worker_method="thread").load_state_dict(
            streams.state_dict()
        )


def test_states_for_a_dataset_of_tensors():
    rows = TensorDataset(rushlight.arange(8))
    # Another sampler's order is taken up by running this one's to the same place.
    loader = DataLoader(Rows(8), 2, sampler=[7, 6, 5, 4, 3, 2, 1, 0])
    next(iter(loader))
    taker = DataLoader(rows, 2)
    taker.load_state_dict(loader.state_dict())
    assert [batch[0].tolist() for batch in taker] == [[2, 3], [4, 5], [6, 7]]

    class Keeper(Rows):
        def state_dict(self):
            return {"here": 1}

        def load_state_dict(self, state):
            raise AssertionError

    loader = DataLoader(Keeper(8), 2)
    next(iter(loader))
    taker = DataLoader(rows, 2)
    taker.load_state_dict(loader.state_dict())
    with pytest.raises(ValueError, match="TensorDataset has no such method"):
        iter(taker)


SAMPLERS = {
    "sequential": lambda: SequentialSampler(range(9)),
    "random": lambda: RandomSampler(range(9)),
    "generator": lambda: RandomSampler(range(9), generator=seeded(2)),
    "replacement": lambda: RandomSampler(range(9), True, 70),
    "subset": lambda: SubsetRandomSampler([5, 3, 8, 1, 0]),
    "weighted": lambda: WeightedRandomSampler([1.0, 2.0, 3.0], 9),
    "distributed": lambda: DistributedSampler(range(20), 2, 1),
    "batches": lambda: BatchSampler(RandomSampler(range(9)), 2, False),
    "batches of any": lambda: BatchSampler([3, 1, 2, 5, 9, 8, 7], 2, False),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_are_taken_up_again(name):
    sampler = SAMPLERS[name]()
    fresh = sampler.state_dict()
    assert fresh["taken"] == 0
    indices = iter(sampler)
    for _ in range(3):
        next(indices)
    state = sampler.state_dict()
    assert state["taken"] == 3
    rest = list(indices)
    rushlight.manual_seed(77)
    other = SAMPLERS[name]()
    other.load_state_dict(state)
    assert other.state_dict() == state
    before = rushlight.get_rng_state()
    assert list(other) == rest
    assert rushlight.equal(rushlight.get_rng_state(), before)
    # The next pass is a whole one.
    assert len(list(other)) == len(other)


def test_the_epoch_of_a_distributed_sampler():
    sampler = DistributedSampler(range(20), 2, 0)
    sampler.set_epoch(3)
    indices = iter(sampler)
    next(indices)
    other = DistributedSampler(range(20), 2, 0)
    other.load_state_dict(sampler.state_dict())
    assert list(other) == list(indices)
    assert other.epoch == 3
    assert sorted(
        [*DistributedSampler(range(4), 2, 0)] + [*DistributedSampler(range(4), 2, 1)]
    ) == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match=r"distributed package.*rank"):
        DistributedSampler(range(4), 2)


def test_a_dataset_is_let_go_when_a_loop_ends():
    ended = []

    class Closes(IterableDataset):
        def __iter__(self):
            try:
                yield from range(5)
            finally:
                ended.append(True)

    loader = DataLoader(Closes(), 2)
    for _ in loader:
        break
    assert ended == [True]
    state = loader.state_dict()
    loader.load_state_dict(state)
    assert plain(list(loader)) == [[2, 3], [4]]


def test_dataset_base():
    with pytest.raises(NotImplementedError):
        Dataset()[0]
