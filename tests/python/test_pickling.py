"""pickle, copy and memory shared with NumPy."""

from __future__ import annotations

import copy
import gc
import pickle

import numpy as np
import pytest

import rushlight as rl
from rushlight._pickling import _load_tensor

# complex32 is but a name.
DTYPES = [
    d for d in vars(rl).values() if isinstance(d, rl.dtype) and d is not rl.complex32
]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", sorted(set(DTYPES), key=str), ids=str)
def test_dtypes(dtype, protocol):
    for shape in ((), (3,), (2, 3), (0, 2)):
        x = rl.ones(shape, dtype=dtype)
        y = pickle.loads(pickle.dumps(x, protocol))
        assert (y.dtype, y.shape, y.tolist()) == (dtype, shape, x.tolist())
        if y.numel():
            y.fill_(0)
            assert x.tolist() != y.tolist()


class Labelled(rl.Tensor):
    """Found by pickle under its name."""


@pytest.mark.parametrize("again", [copy.copy, lambda x: pickle.loads(pickle.dumps(x))])
def test_classes_and_attributes_are_kept(again):
    for x in (rl.ones(2), rl.ones(2).as_subclass(Labelled)):
        x.label = "one"
        y = again(x)
        assert type(y) is type(x)
        assert y.label == "one"


def test_layout_and_flags_are_kept():
    x = rl.arange(12.0).view(3, 4).t()[1:].requires_grad_()
    y = pickle.loads(pickle.dumps(x))
    assert y.requires_grad
    assert y.is_leaf
    assert (y.stride(), y.storage_offset()) == (x.stride(), x.storage_offset())
    assert y.tolist() == x.tolist()


def test_views_of_one_storage_stay_views():
    x = rl.arange(6.0)
    a, b = pickle.loads(pickle.dumps([x, x[2:]]))
    a[3] = 100
    assert b[1].item() == 100
    x[0] = 5
    assert pickle.loads(pickle.dumps(x))[0].item() == 5


def test_out_of_band():
    x = rl.arange(1000.0)
    buffers = []
    data = pickle.dumps(x, protocol=5, buffer_callback=buffers.append)
    assert len(data) < 1000
    y = pickle.loads(data, buffers=buffers)
    assert y.tolist() == x.tolist()
    z = pickle.loads(data, buffers=[bytes(buffers[0].raw())])
    z.add_(1)
    assert z[0].item() == 1


def test_parameter():
    p = rl.nn.Parameter(rl.ones(2))
    q = pickle.loads(pickle.dumps(p))
    assert type(q) is rl.nn.Parameter
    assert q.requires_grad
    assert q.tolist() == [1, 1]


def test_damaged_pickles():
    def load(data=None, size=(1,), cls=rl.Tensor):
        data = rl.zeros(16, dtype=rl.uint8) if data is None else data
        return _load_tensor(data, rl.float32, size, (1,), 0, False, "cpu", cls)

    assert load().shape == (1,)
    for size in ((100,), (-1,)):
        with pytest.raises(RuntimeError):
            load(size=size)
    with pytest.raises(TypeError):
        load(b"xx")
    with pytest.raises(TypeError):
        load(cls=dict)
    data = pickle.dumps(rl.arange(4.0), 4)
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        pickle.loads(data[:-5])


def test_copies():
    x = rl.arange(3.0)
    shallow, deep = copy.copy(x), copy.deepcopy(x)
    x[0] = 9
    assert shallow[0].item() == 9
    assert deep[0].item() == 0
    a, b = copy.deepcopy([x, x])
    assert a is b


def test_exported_memory_does_not_move():
    x = rl.ones(4)
    array = x.numpy()
    with pytest.raises(RuntimeError, match="resiz"):
        x.resize_(1000)
    assert x.shape == (4,)
    with memoryview(x) as view:
        del array
        with pytest.raises(RuntimeError, match="resiz"):
            x.resize_(1000)
        x.resize_(2)
        assert view.shape == (4,)
    gc.collect()
    x.resize_(1000)
    assert x.shape == (1000,)


def test_exported_memory_outlives_its_tensor():
    x = rl.ones(1000)
    array = x.numpy()
    x.data = rl.zeros(2, 2)
    assert array.sum() == 1000
    y = rl.ones(1000)
    other = y.numpy()
    y.set_(rl.zeros(3))
    del x, y
    gc.collect()
    assert other.sum() == 1000


def test_data_of_another_shape():
    x = rl.ones(4, requires_grad=True)
    y = (x * x).sum()
    x.data = rl.full((2, 3), 2.0)
    assert x.shape == (2, 3)
    with pytest.raises(RuntimeError):
        y.backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [[4] * 3] * 2
    with pytest.raises(RuntimeError):
        x.data = rl.ones(2, dtype=rl.int64)
    with pytest.raises(TypeError):
        x.data = np.ones(2)


def test_set_stays_inside_the_storage():
    base = rl.arange(6.0)
    x = rl.empty(0).set_(base, 2, (2, 2), (2, 1))
    assert x.tolist() == [[2, 3], [4, 5]]
    # A storage of ours grows, as in PyTorch; a borrowed one cannot.
    grown = rl.empty(0).set_(base, 5, (3,), (1,))
    assert grown[0].item() == 5 and base.untyped_storage().nbytes() == 32
    outside = [(5, (2,), (1,)), (-1, (1,), (1,)), (0, (2,), (6,)), (0, (-1,), (1,))]
    base = rl.from_numpy(np.arange(6, dtype=np.float32))
    for offset, size, stride in outside:
        with pytest.raises(RuntimeError):
            rl.empty(0).set_(base, offset, size, stride)
    with pytest.raises(RuntimeError):
        rl.empty(0, dtype=rl.int64).set_(base)


def test_borrowed_memory_is_not_resized():
    array = np.ones(4, np.float32)
    x = rl.from_numpy(array)
    with pytest.raises(RuntimeError, match="resiz"):
        x.resize_(100)
    x.resize_(2).fill_(7)
    assert array.tolist() == [7, 7, 1, 1]
