"""Storages, DLPack, legacy constructors and copies, without another framework."""

import copy
import gc
import pickle
import subprocess
import sys

import numpy as np
import pytest

import rushlight as rl


def test_storage_shares_memory():
    x = rl.arange(6.0)
    storage = x[2:].untyped_storage()
    assert storage == x.untyped_storage() and storage is x.untyped_storage()
    assert storage.nbytes() == 24 and storage.data_ptr() == x.data_ptr()
    x.storage()[3] = 30
    assert x[3].item() == 30
    y = rl.FloatTensor(x.storage())
    y[0] = 7
    assert x[0].item() == 7
    part = storage[4:8]
    part.fill_(0)
    assert x[1].item() == 0
    z = rl.empty(0).set_(x.untyped_storage(), 1, (2, 2), (2, 1))
    assert z.tolist() == [[0, 2], [30, 4]]


def test_short_storage_is_not_read_out_of_bounds():
    x = rl.arange(1000.0)
    view = x[900:]
    storage = x.untyped_storage()
    storage.resize_(8)
    assert storage.nbytes() == 8 and len(storage.tolist()) == 8
    # The memory stays as long as tensors may look into it.
    assert view.tolist() == list(range(900, 1000))
    with pytest.raises(RuntimeError):
        x.as_strided((3,), (1,), 0)
    storage.resize_(80000)
    assert view.tolist() == list(range(900, 1000))
    x.fill_(1)
    storage.resize_(0)
    del x, storage
    gc.collect()
    assert view.sum().item() == 100
    with pytest.raises(RuntimeError):
        rl.from_numpy(np.zeros(3)).untyped_storage().resize_(0)
    array = rl.zeros(3).numpy()
    assert array.sum() == 0


def test_copies_keep_sharing():
    base = rl.arange(4.0)
    both = [base, base[1:3], base.untyped_storage(), base.storage()]
    for make in (copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))):
        a, view, untyped, typed = make(both)
        view.fill_(9)
        assert a.tolist() == typed.tolist() == [0, 9, 9, 3]
        assert untyped == a.untyped_storage() == typed.untyped()
        assert base.tolist() == [0, 1, 2, 3]
        x = rl.ones(2)
        x.tag = ["a"]
        assert make(x).tag == ["a"] and make(x).tag is not x.tag


def test_out_of_band_pickle():
    buffers = []
    x = rl.arange(1000.0)
    data = pickle.dumps([x, x[10:]], 5, buffer_callback=buffers.append)
    assert len(data) < 1000 and len(buffers) == 1
    a, b = pickle.loads(data, buffers=buffers)
    assert a.data_ptr() == x.data_ptr() and b.tolist() == x[10:].tolist()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int64", "uint64"]
    + ["float16", "float32", "float64", "complex64", "complex128"])  # fmt: skip
def test_dlpack_with_numpy(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    for view in (array, array.T, array[1:, ::2], array[0, 0, ...], array[:0]):
        x = rl.from_dlpack(view)
        assert x.shape == view.shape and x.tolist() == view.tolist()
        back = np.from_dlpack(x)
        assert back.dtype == dtype and np.array_equal(back, view)
    x = rl.from_dlpack(array)
    x[0, 0] = 1
    assert array[0, 0] == 1
    kept = np.from_dlpack(x)
    del x, array
    gc.collect()
    assert kept[0, 0] == 1


def test_dlpack_protocol():
    x = rl.arange(3)
    old, new = x.__dlpack__(), x.__dlpack__(max_version=(1, 0))
    assert "dltensor_versioned" in repr(new) and "versioned" not in repr(old)
    assert rl.from_dlpack(old).tolist() == rl.from_dlpack(new).tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match="consumed"):
        rl.from_dlpack(old)
    assert x.__dlpack_device__() == (1, 0)
    apart = rl.from_dlpack(x, copy=True)
    apart[0] = 5
    assert x[0].item() == 0
    with pytest.raises(BufferError):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(BufferError):
        rl.ones(1, requires_grad=True).__dlpack__()
    with pytest.raises(ValueError, match="negative"):
        rl.from_dlpack(np.arange(3)[::-1])
    array = np.arange(3)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="read-only"):
        assert rl.from_dlpack(array).tolist() == [0, 1, 2]
    # While somebody holds the address, the memory does not move.
    held = np.from_dlpack(x)
    with pytest.raises(RuntimeError, match="resiz"):
        x.resize_(1000)
    assert held.tolist() == [0, 1, 2]


def test_legacy_constructors():
    assert rl.Tensor(2, 3).shape == (2, 3)
    assert rl.Tensor([1, 2]).dtype == rl.float32
    assert rl.LongTensor([1.7]).tolist() == [1]
    assert isinstance(rl.zeros(1), rl.FloatTensor)
    assert not isinstance(rl.zeros(1, dtype=rl.int64), rl.FloatTensor)
    assert rl.zeros(1, dtype=rl.int16).new([3]).dtype == rl.int16
    for name in ("torch.DoubleTensor", "rushlight.DoubleTensor", rl.DoubleTensor):
        assert rl.zeros(1).type(name).dtype == rl.float64
    with pytest.raises(TypeError):
        rl.LongTensor(rl.ones(1))
    with pytest.raises(ValueError):
        rl.zeros(1).type("numpy.DoubleTensor")


class Labelled(rl.Tensor):
    """As PyTorch's documentation makes subclasses: no ``super().__init__()``."""

    @staticmethod
    def __new__(cls, data, label):
        return super().__new__(cls, data)

    def __init__(self, data, label):
        self.label = label


def test_new_makes_a_whole_tensor():
    assert rl.Tensor.__new__(rl.Tensor).tolist() == []
    assert rl.Tensor.__new__(rl.Tensor, 2, 3).shape == (2, 3)
    x = Labelled([1, 2], "a")
    assert type(x) is Labelled and x.label == "a"
    assert (x + x).tolist() == [2, 4]
    assert Labelled.__new__(Labelled, [3], "b").tolist() == [3]
    assert copy.deepcopy(x).tolist() == [1, 2]
    for wrong in (int, 3, None):
        with pytest.raises(TypeError):
            rl.Tensor._make_subclass(wrong, rl.ones(1))
        with pytest.raises(TypeError):
            rl.Tensor.__new__(wrong)
    with pytest.raises(TypeError):
        object.__new__(rl.Tensor)


FORK = """
import os
import rushlight as rl
x = rl.zeros(2)
assert not x.is_shared()
x.share_memory_()
assert x.is_shared()
child = os.fork()
if child == 0:
    x[1] = 5
    os._exit(0)
os.waitpid(child, 0)
assert x.tolist() == [0, 5]
"""


def test_shared_memory_is_seen_by_a_child():
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)
    y = rl.zeros(2)
    view = y[1:]
    with pytest.raises(RuntimeError, match="views"):
        y.share_memory_()
    assert view.tolist() == [0]


def test_as_subclass_keeps_history():
    class Mine(rl.Tensor):
        pass

    x = rl.ones(2, requires_grad=True)
    y = (x * 3).as_subclass(Mine)
    assert type(y) is Mine and y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [3, 3]
    with pytest.raises(TypeError):
        x.as_subclass(int)


def test_what_does_not_exist_says_so():
    x = rl.zeros(2)
    with pytest.raises(NotImplementedError, match="sparse"):
        x.to_sparse()
    with pytest.raises(RuntimeError, match="pin_memory"):
        x.pin_memory()
    with pytest.raises(NotImplementedError, match="grad_dtype"):
        x.grad_dtype = rl.float64
    with pytest.raises(TypeError, match="delet"):
        del x[0]


def test_numpy_functions_that_call_the_method():
    # PyTorch's sum() refuses the out=None that NumPy passes along with axis.
    assert np.sum(rl.arange(4.0)).item() == 6.0
    assert np.sum(rl.ones(2, 3), axis=1).tolist() == [3.0, 3.0]
