"""Datasets, samplers and the loader."""

from __future__ import annotations

import operator
from collections import namedtuple

import numpy as np
import pytest

import rushlight
from rushlight._core import RowBatches
from rushlight.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
)


class Squares(Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        if not -self.size <= index < self.size:
            raise IndexError(index)
        return index, float(index**2)


class Count(IterableDataset):
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        return iter(range(self.size))

    def __len__(self):
        return self.size


def tensors(rows=7):
    values = rushlight.arange(rows * 2).reshape(rows, 2)
    return TensorDataset(values, rushlight.arange(rows))


def as_lists(loader):
    return [[part.tolist() for part in batch] for batch in loader]


def test_tensor_dataset_and_subset():
    data = tensors()
    assert len(data) == 7
    assert [part.tolist() for part in data[3]] == [[6, 7], 3]
    assert [part.tolist() for part in Subset(data, [5, 1])[1]] == [[2, 3], 1]
    with pytest.raises(AssertionError, match="Size mismatch"):
        TensorDataset(rushlight.zeros(2), rushlight.zeros(3))

    class Odd(Subset):
        def __getitem__(self, index):
            return self.dataset[index + 1]

    with pytest.raises(NotImplementedError, match="__getitems__"):
        Odd(data, [1])
    with pytest.raises(NotImplementedError, match="__getitem__"):
        Dataset()[0]


def test_concat_chain_stack():
    both = Squares(2) + Squares(3)
    assert isinstance(both, ConcatDataset)
    assert [both[i][0] for i in range(5)] == [0, 1, 0, 1, 2]
    assert both[-1] == (2, 4.0)
    with pytest.raises(ValueError, match="should not exceed"):
        both[-6]
    with pytest.raises(IndexError):
        both[5]
    chain = Count(2) + Count(2)
    assert isinstance(chain, ChainDataset)
    assert list(chain) == [0, 1, 0, 1]
    assert len(chain) == 4
    stacked = StackDataset(Squares(2), [5, 6])
    assert stacked[1] == ((1, 1.0), 6)
    assert stacked.__getitems__([1, 0]) == [((1, 1.0), 6), ((0, 0.0), 5)]
    assert StackDataset(a=[1, 2], b=[3, 4]).__getitems__([1]) == [{"a": 2, "b": 4}]
    with pytest.raises(ValueError, match="Size mismatch"):
        StackDataset([1], [1, 2])


def test_random_split():
    rushlight.manual_seed(0)
    parts = random_split(range(10), [6, 4])
    assert sorted([*parts[0], *parts[1]]) == list(range(10))
    parts = random_split(range(11), [0.5, 0.25, 0.25])
    assert [len(part) for part in parts] == [6, 3, 2]
    generator = rushlight.Generator()
    generator.manual_seed(3)
    first = random_split(range(10), [5, 5], generator)[0].indices
    generator.manual_seed(3)
    assert random_split(range(10), [5, 5], generator)[0].indices == first
    with pytest.raises(ValueError, match="does not equal the length"):
        random_split(range(10), [3, 3])
    with pytest.raises(ValueError, match="between 0 and 1"):
        random_split(range(10), [1.5, -0.5])
    with pytest.warns(UserWarning, match="Length of split"):
        random_split(range(1), [0.5, 0.5])


def test_samplers():
    assert list(SequentialSampler(range(3))) == [0, 1, 2]
    assert sorted(RandomSampler(range(5))) == list(range(5))
    assert sorted(SubsetRandomSampler([4, 2, 9])) == [2, 4, 9]
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=70))
    assert len(drawn) == 70
    assert set(drawn) == {0, 1, 2}
    drawn = list(RandomSampler(range(3), num_samples=7))
    assert sorted(drawn[:3]) == [0, 1, 2]
    assert len(drawn) == 7
    batches = BatchSampler(range(5), 2, drop_last=True)
    assert list(batches) == [[0, 1], [2, 3]]
    assert len(batches) == 2
    assert len(BatchSampler(range(5), 2, False)) == 3
    with pytest.raises(ValueError, match="positive integer"):
        BatchSampler(range(5), 0, False)
    with pytest.raises(ValueError, match="boolean"):
        BatchSampler(range(5), 2, 1)
    with pytest.raises(ValueError, match="num_samples=0"):
        RandomSampler([])
    with pytest.raises(TypeError, match="replacement"):
        RandomSampler([1], replacement=2)


Point = namedtuple("Point", "x y")


def test_default_collate():
    batch = default_collate([(1, 0.5, "a", True), (2, 1.5, "b", False)])
    assert batch[0].dtype == rushlight.int64
    assert batch[1].dtype == rushlight.float64
    assert batch[1].tolist() == [0.5, 1.5]
    assert batch[2] == ("a", "b")
    assert batch[3].tolist() == [True, False]
    batch = default_collate([{"p": Point(1, 2)}, {"p": Point(3, 4)}])
    assert batch["p"].y.tolist() == [2, 4]
    assert default_collate([[1, 2], [3, 4]])[0].tolist() == [1, 3]
    stacked = default_collate([rushlight.zeros(2, 3), rushlight.ones(2, 3)])
    assert tuple(stacked.shape) == (2, 2, 3)
    arrays = default_collate([np.zeros(2, np.float32), np.ones(2, np.float32)])
    assert arrays.tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert arrays.dtype == rushlight.float32
    assert default_collate([np.int32(1), np.int32(2)]).dtype == rushlight.int32
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([[1], [1, 2]])
    with pytest.raises(TypeError, match="default_collate"):
        default_collate([object()])
    with pytest.raises(TypeError, match="default_collate"):
        default_collate([np.array(["a"])])
    with pytest.raises(RuntimeError):
        default_collate([rushlight.zeros(2), rushlight.zeros(3)])


def test_default_convert():
    got = default_convert({"a": np.ones(2), "b": ("x", np.float32(2)), "c": {1}})
    assert got["a"].tolist() == [1.0, 1.0]
    assert got["b"][0] == "x"
    assert got["b"][1].item() == 2.0
    assert got["c"] == {1}
    assert default_convert(Point(np.ones(1), 2)).x.tolist() == [1.0]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("subset", [False, True])
def test_gathered_batches_equal_collated_samples(
    batch_size, drop_last, shuffle, subset
):
    class Plain(TensorDataset):
        """A subclass, for which samples are read one by one."""

    data = tensors()
    plain = Plain(*data.tensors)
    if subset:
        data, plain = Subset(data, [6, 0, 3, 3, 1]), Subset(plain, [6, 0, 3, 3, 1])
    got, after = [], []
    for source in (data, plain):
        generator = rushlight.Generator()
        generator.manual_seed(5)
        loader = DataLoader(
            source, batch_size, shuffle, drop_last=drop_last, generator=generator
        )
        got.append([as_lists(loader), as_lists(loader)])
        assert len(loader) == len(got[-1][0])
        after.append(rushlight.randperm(20, generator=generator).tolist())
    assert got[0] == got[1]
    assert after[0] == after[1]
    if shuffle and batch_size < 7 and not subset:
        assert got[0][0] != got[0][1]


def test_gathered_batches_of_any_layout_and_dtype():
    wide = rushlight.arange(7 * 6).view(6, 7)
    columns = [
        wide.t(),
        wide.t()[:, ::2].to(rushlight.complex64),
        rushlight.ones(1, 2).expand(7, 2),
        rushlight.zeros(7, 0),
        rushlight.arange(7).to(rushlight.bfloat16),
        rushlight.arange(7) > 3,
    ]
    loader = DataLoader(TensorDataset(*columns), 3)
    batches = list(loader)
    assert [len(batch[0]) for batch in batches] == [3, 3, 1]
    for column, parts in zip(columns, zip(*batches, strict=True), strict=True):
        whole = rushlight.cat(parts)
        assert whole.dtype is column.dtype
        assert whole.tolist() == column.tolist()


def test_batches_of_recorded_tensors_are_differentiable():
    rows = rushlight.arange(6.0).view(3, 2).requires_grad_()
    for (batch,) in DataLoader(TensorDataset(rows), 2):
        (batch * batch).sum().backward()
    assert rows.grad.tolist() == [[0, 2], [4, 6], [8, 10]]


def test_a_dataset_that_shrinks_meanwhile():
    data = tensors()
    loader = iter(DataLoader(data, 3))
    next(loader)
    data.tensors[0].resize_(5, 2)
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        next(loader)
    with pytest.raises(IndexError, match="index 6 is out of bounds"):
        next(loader)
    with pytest.raises(StopIteration):
        next(loader)


def test_a_subset_that_is_smaller_than_its_sampler():
    data = Subset(tensors(), range(6))
    sampler = BatchSampler(SequentialSampler(range(10)), 2, False)
    loader = iter(DataLoader(data, batch_sampler=sampler))
    assert [next(loader)[1].tolist() for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]
    for _ in range(2):
        with pytest.raises(IndexError):
            next(loader)
    with pytest.raises(StopIteration):
        next(loader)


def test_row_batches_check_what_they_are_given():
    rows, order = rushlight.arange(6.0), rushlight.arange(6)
    batches = RowBatches([rows], order, 4, 0, 2)
    assert operator.length_hint(batches) == 2
    assert [batch[0].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5]]
    assert operator.length_hint(batches) == 0
    # Past the end of the order there is nothing to read.
    assert [b[0].tolist() for b in RowBatches([rows], order, 4, 1, 4)] == [
        [4, 5],
        [],
        [],
    ]
    for size, start in ((0, 0), (-1, 0), (1, -1), (2**62, 2**62)):
        with pytest.raises((ValueError, OverflowError)):
            next(RowBatches([rows], order, size, start, 2**63 - 1))
    for wrong in (None, [1], ["rows"], [rows, None]):
        with pytest.raises(TypeError):
            RowBatches(wrong, order, 1, 0, 1)
    with pytest.raises(TypeError):
        RowBatches([rows], None, 1, 0, 1)
    for wrong in (rushlight.arange(6.0), rushlight.ones(2, 2, dtype=rushlight.int64)):
        with pytest.raises((RuntimeError, IndexError)):
            next(RowBatches([rows], wrong, 1, 0, 1))
    with pytest.raises(IndexError):
        next(RowBatches([rows], order + 3, 6, 0, 1))


def test_batches_are_copies():
    data = tensors()
    for batch in DataLoader(data, 7):
        batch[0].zero_()
    assert data.tensors[0].sum().item() == 91


def test_own_batches_of_indices():
    data = tensors()
    loader = DataLoader(data, batch_sampler=[[0, 2], [-1]])
    assert as_lists(loader) == [[[[0, 1], [4, 5]], [0, 2]], [[[12, 13]], [6]]]
    with pytest.raises(IndexError):
        list(DataLoader(data, batch_sampler=[[0, 7]]))
    assert as_lists(DataLoader(data, 2, sampler=[5, 5]))[0][1] == [5, 5]


def test_loader_over_other_datasets():
    assert as_lists(DataLoader(Squares(3), 2))[1] == [[2], [4.0]]
    assert list(DataLoader(Squares(2), batch_size=None)) == [[0, 0.0], [1, 1.0]]
    batches = [batch.tolist() for batch in DataLoader(Count(5), 2)]
    assert batches == [[0, 1], [2, 3], [4]]
    assert len(DataLoader(Count(5), 2, drop_last=True)) == 2
    assert len(list(DataLoader(Count(5), 2, drop_last=True))) == 2
    assert list(DataLoader(Count(2), batch_size=None)) == [0, 1]
    words = DataLoader(["a", "bc"], 2, collate_fn="".join)
    assert list(words) == ["abc"]
    assert get_worker_info() is None


def test_two_iterators_at_once():
    loader = DataLoader(tensors(), 3, shuffle=True)
    first, second = iter(loader), iter(loader)
    next(first)
    assert len(list(second)) == 3
    assert len(list(first)) == 2


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"worker_method": "fiber"}, ValueError, "worker_method"),
        ({"num_workers": -1}, ValueError, "non-negative"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"prefetch_factor": 2}, ValueError, "prefetch_factor"),
        ({"persistent_workers": True}, ValueError, "persistent_workers"),
        ({"multiprocessing_context": "fork"}, ValueError, "multiprocessing_context"),
        ({"sampler": [0], "shuffle": True}, ValueError, "mutually exclusive"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, ValueError, "auto-batching"),
        ({"batch_size": 0}, ValueError, "positive integer"),
    ],
)
def test_wrong_options(options, error, match):
    with pytest.raises(error, match=match):
        DataLoader(tensors(), **options)


def test_wrong_options_of_an_iterable_dataset():
    with pytest.raises(ValueError, match="unspecified shuffle option"):
        DataLoader(Count(3), shuffle=True)
    loader = DataLoader(tensors())
    with pytest.raises(ValueError, match="should not be set"):
        loader.batch_size = 3
    with pytest.warns(UserWarning, match="pin_memory"):
        iter(DataLoader(tensors(), pin_memory=True))
