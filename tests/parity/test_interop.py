"""Storages, legacy constructors, index errors and interop, expression by expression."""

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import assert_same  # noqa: E402

STORAGE = """
t.FloatStorage([1, 2, 3]).tolist()
t.FloatStorage([1, 2, 3])[1]
t.FloatStorage([1, 2, 3])[-1]
t.FloatStorage([1, 2, 3])[3]
t.FloatStorage([1, 2, 3])[0:2]
t.FloatStorage([1, 2, 3])["a"]
t.FloatStorage(2, 3)
t.FloatStorage("a")
t.FloatStorage(-1)
len(t.FloatStorage(4)), t.FloatStorage(4).nbytes(), t.FloatStorage(4).element_size()
t.TypedStorage([1, 2]).dtype
t.TypedStorage(3, dtype=t.int32).dtype
t.TypedStorage(wrap_storage=t.UntypedStorage(8), dtype=t.int32).size()
t.TypedStorage(wrap_storage=t.UntypedStorage(8))
t.FloatStorage(wrap_storage=t.UntypedStorage(8)).size()
t.FloatStorage(wrap_storage=t.FloatStorage(8))
t.FloatStorage(3, dtype=t.int32)
put(t.FloatStorage([1, 2, 3]), 1, 5).tolist()
put(t.FloatStorage([1, 2, 3]), slice(0, 2), 5).tolist()
put(t.FloatStorage([1, 2, 3]), slice(None, None, 2), 5).tolist()
put(t.UntypedStorage([1, 2, 3]), slice(0, 2), 5).tolist()
put(t.UntypedStorage([1, 2, 3]), 1, 500).tolist()
t.UntypedStorage([1, 2, 3])[0:2].tolist()
t.UntypedStorage([1, 2, 3])[2:1].tolist()
t.UntypedStorage([1, 2, 3])[::2]
t.UntypedStorage([1, 2, 3])[5]
t.UntypedStorage([1.5])
t.UntypedStorage("a")
t.UntypedStorage(-1)
t.UntypedStorage().nbytes()
t.UntypedStorage(5).size(), len(t.UntypedStorage(5)), t.UntypedStorage(5).element_size()
t.UntypedStorage([1, 2]).fill_(3).tolist()
t.UntypedStorage([1, 2]).copy_(t.UntypedStorage([3, 4])).tolist()
t.UntypedStorage([1, 2]).copy_(t.UntypedStorage([3]))
t.FloatStorage([1, 2]).copy_(t.DoubleStorage([3, 4]))
t.FloatStorage([1, 2]).copy_(t.FloatStorage([3, 4])).tolist()
t.FloatStorage([1, 2]).fill_(2).tolist()
t.FloatStorage([1.5, 2]).double().tolist()
t.FloatStorage([1.5, 2]).int().tolist()
t.FloatStorage([1.5, 2]).int().dtype
t.FloatStorage([1.5, 2]).clone().tolist()
t.ShortStorage([1, -2]).untyped().tolist()
t.UntypedStorage([1, 2, 3, 4]).byteswap(t.int16)
t.FloatStorage([1]) == t.FloatStorage([1])
t.zeros(3).untyped_storage() == t.zeros(3).untyped_storage()
t.is_storage(t.FloatStorage(1)), t.is_storage(t.UntypedStorage(1)), t.is_storage(1)
isinstance(t.zeros(1).storage(), t.FloatStorage), isinstance(t.zeros(1).storage(), t.DoubleStorage)
isinstance(t.zeros(1).storage(), t.TypedStorage), issubclass(t.FloatStorage, t.TypedStorage)
isinstance(t.zeros(1).untyped_storage(), t.UntypedStorage)
t.zeros(1).storage_type() is t.FloatStorage, t.Storage is t.FloatStorage
t.zeros(3).storage().tolist(), t.arange(6)[2:].storage().tolist()
t.zeros(3, dtype=t.int16).untyped_storage().nbytes()
resized(t.UntypedStorage([1, 2, 3]), 2).tolist()
resized(t.UntypedStorage([1, 2, 3]), 5).tolist()[:3]
resized(t.UntypedStorage([1, 2, 3]), -1)
t.from_numpy(np.zeros(3)).untyped_storage().resizable(), t.zeros(3).untyped_storage().resizable()
t.from_numpy(np.zeros(3)).untyped_storage().resize_(100)
t.empty(0).set_(t.FloatStorage([1, 2, 3]))
t.empty(0).set_(t.FloatStorage([1, 2, 3]).untyped())
t.empty(0, dtype=t.int64).set_(t.FloatStorage([1, 2, 3]))
t.empty(0).set_(t.FloatStorage([1, 2, 3]), 1)
t.empty(0).set_(t.FloatStorage([1, 2, 3]), 1, (2,))
t.empty(0).set_(t.FloatStorage([1, 2, 3]), 1, 2)
t.empty(0).set_(t.FloatStorage([1, 2, 3]), 1, (2, 1), ())
t.empty(0).set_(t.FloatStorage([1, 2, 3]), 1, (2, 1), (1,))
t.empty(0).set_(t.FloatStorage([1, 2, 3]), -1, (2, 1), (1, 1))
t.empty(0).set_(t.FloatStorage([1, 2, 3]), 0, (2, 2), (1, 1))
t.empty(0).set_(t.FloatStorage(2), 0, (5,)).untyped_storage().nbytes()
t.empty(0).set_(t.tensor([1., 2]), 1, (1,), (1,))
t.empty(0).set_(t.tensor([1., 2]), 1)
t.empty(0).set_(t.tensor([1, 2]))
t.empty(0).set_(t.tensor([1., 2])[1:])
t.empty(0).set_(1)
t.empty(3).set_()
t.empty(0).set_(t.from_numpy(np.zeros(2, "f")), 0, (4,), (1,))
t.arange(4.).resize_(2, 3).flatten()[:4]
t.arange(4.).resize_(2).untyped_storage().nbytes()
t.arange(4.)[1:].resize_(2)
t.zeros(2).resize_as_(t.zeros(3, 1)).shape
t.zeros(4).resize(2, 2)
t.zeros(4).resize(3)
t.zeros(4).resize_as(t.ones(2, 2))
t.zeros(2, requires_grad=True).resize_(3)
t.zeros(3).const_data_ptr() != 0, t.zeros(3).dim_order(), t.zeros(2, 3).t().dim_order()
t.zeros(3).pin_memory()
t.zeros(3).is_pinned(), t.zeros(3).is_shared(), t.zeros(3).share_memory_().is_shared()
t.zeros(3).record_stream(None)
t.zeros(3).name, t.zeros(3).is_cpu, t.zeros(3).is_meta, t.zeros(3).grad_dtype
t.zeros(3).to_dense(), t.zeros(3).to_dense(t.float64)
t.arange(3.).apply_(lambda v: v * 2), t.zeros(2, 0).apply_(lambda v: 1)
t.zeros(3, requires_grad=True).apply_(lambda v: v)
t.arange(4.).reshape(2, 2).t().apply_(lambda v: v + 1)
t.zeros(3).map_(t.arange(3.), lambda a, b: a + b)
t.zeros(2, 3).map_(t.arange(3.), lambda a, b: a + b)
t.zeros(3).map_(t.arange(3), lambda a, b: a + b)
t.zeros(3).map2_(t.ones(3), t.arange(3.), lambda a, b, c: a + b * c)
t.zeros(2).module_load(t.ones(2)), t.zeros(2).module_load(t.ones(2), assign=True)
"""
LEGACY = """
t.Tensor(t.FloatStorage([1, 2]))
t.Tensor(t.DoubleStorage([1, 2]))
t.Tensor(t.UntypedStorage(8)).shape
t.FloatTensor(t.FloatStorage([1, 2]))
t.DoubleTensor(t.UntypedStorage(16)).shape
t.Tensor(t.tensor([1]))
t.Tensor(t.tensor([1.]))
t.Tensor(2.5)
t.Tensor("ab")
t.Tensor(None)
t.Tensor([1, True, 2.5])
t.Tensor(np.array([1, 2]))
t.Tensor(np.float64(3))
t.Tensor(np.int64(3)).shape
t.Tensor(t.tensor(3)).shape
t.Tensor(t.Size([2, 3])).shape
t.Tensor((2, 3))
t.Tensor(2, 3, device="cpu").shape
t.Tensor(2, 3, foo=1)
t.Tensor([2, 3], dtype=t.int32)
t.Tensor().shape, t.Tensor(0).shape, t.Tensor([]).shape
t.Tensor(-1)
t.LongTensor([1.5, 2]), t.LongTensor([]), t.LongTensor([[1, 2]])
t.LongTensor(t.tensor([1.5, 2]))
t.LongTensor(t.tensor([1, 2]))
t.LongTensor(np.array([1, 2]))
t.LongTensor(2.5)
t.ByteTensor([300])
t.BoolTensor([2, 0.])
t.FloatTensor(data=[1, 2])
t.FloatTensor(size=(1, 2)).shape
t.FloatTensor(2, 3).shape, t.FloatTensor().shape, t.HalfTensor(2).dtype, t.IntTensor(2).dtype
t.FloatTensor.dtype, t.FloatTensor.is_cuda, t.FloatTensor.__name__
isinstance(t.zeros(1), t.FloatTensor), isinstance(t.zeros(1), t.DoubleTensor)
isinstance(t.nn.Parameter(t.zeros(1)), t.FloatTensor), issubclass(t.FloatTensor, t.Tensor)
type(t.FloatTensor(2)) is t.Tensor
t.zeros(1).type(t.DoubleTensor)
t.zeros(1).type("torch.DoubleTensor"), t.zeros(1).type("torch.Tensor").dtype
t.zeros(1).type("DoubleTensor")
t.zeros(1).type("Double")
t.zeros(1).type(t.float64), t.zeros(1).type(t.BoolTensor)
t.zeros(1).type(t.FloatStorage)
t.zeros(1).type().rpartition(".")[2], t.zeros(1, dtype=t.bfloat16).type().rpartition(".")[2]
t.zeros(1).new(2, 3).shape, t.zeros(1).new().shape
t.zeros(1).new([2, 3]), t.zeros(1, dtype=t.int32).new([2, 3]), t.zeros(1).new((2, 3))
t.zeros(1).new(t.tensor([2, 3]))
t.zeros(1).new(t.tensor([2., 3]))
t.zeros(1).new(t.FloatStorage([1]))
t.zeros(1).new(2.5)
t.zeros(1).new(t.Size([2, 3])).shape
t.zeros(1, dtype=t.int16).new_tensor([1, 2]), t.zeros(1).new_tensor(t.tensor([1, 2]))
t.zeros(1, dtype=t.int16).new_zeros(2), t.zeros(1).new_zeros((2, 1), dtype=t.int64)
t.zeros(1).new_ones(2, 2), t.zeros(1).new_full((2,), 3), t.zeros(1).new_empty(2, 0)
t.zeros(1).new_zeros(2, requires_grad=True).requires_grad
t.zeros(1).new_empty_strided((2, 2), (1, 2)).stride()
"""
INDEX = """
x[1.5]
x["a"]
x[b"a"]
x[[1.5]]
x[np.array([1.5])]
x[np.array(1)]
x[np.array(True)]
x[np.int64(1)]
x[np.bool_(True)]
x[np.float64(1)]
x[t.tensor(1.5)]
x[t.tensor([1.5])]
x[t.tensor(1):t.tensor(2)]
x[np.int64(0):np.int64(2)]
x[::0]
x[::-1]
x[1.5:]
x[[[0, 1], [1, 0]]]
x[[[0, 1]],]
x[[0, 1], [0]]
x[[0, 1], [0, 1, 2]]
x[[True, False, True]]
x[[True, False]]
x[t.tensor([True, False])]
x[((0, 1), (1, 1))]
x[(0, 1),]
x[[slice(None)]]
x[[None]]
x[[]]
x[[], []]
x[()]
x[{}]
x[object()]
x[t.tensor([0, 1], dtype=t.uint8)]
x[t.tensor([0, 1, 1], dtype=t.uint8)]
x[t.tensor(1, dtype=t.uint8)]
x[t.tensor([0, 1], dtype=t.int16)]
x[t.tensor([0, 1], dtype=t.uint16)]
x[t.tensor(1, dtype=t.int16)]
x[np.array([0, 1], dtype=np.int16)]
x[np.array([0, 1, 1], dtype=np.uint8)]
x[np.array([0, 1], dtype=np.uint16)]
x[np.array(["a"])]
x[99]
x[[99]]
x[0, 0, 0]
x[0, True, [1, 2]]
x[t.tensor([1]), None, t.tensor([0])]
x[range(2), range(2)]
x[iter([0])]
x[[True, False, True], [True, False, True, False]]
x[[0, 2], [True, False, True, False]]
x[t.tensor([])]
x[1j]
put(x, 0, "a")
put(x, 0, None)
put(x, 0, 1j)
put(x, [0], 1j)
put(x, [0, 1], t.ones(3, 4))
put(x, [0, 1], t.ones(2, 4, dtype=t.float64))
put(x, [0, 1], t.ones(2, 4, dtype=t.int64))
put(x, slice(0, 2), t.ones(2, 4, dtype=t.int64))
put(x, t.tensor([True, False, True]), t.ones(1, dtype=t.int64))
put(x, x > 3, t.ones(2))
put(x, x > 3, t.tensor(5))
put(x, x > 3, 5)
put(x, 99, 1)
put(x, [99], 1)
put(x, "a", 1)
put(x, None, t.ones(4))
put(x, False, 1)
x.__delitem__(0)
put(i, 0, 2.7)
put(i, [0], 2.7)
put(i, 0, t.tensor(2.7))
put(i, [0], t.tensor([2.7]))
put(i, 0, t.tensor(1j))
z[0]
z[:]
z[t.tensor(True)]
z[t.tensor(0)]
put(z, (), 3)
put(z, 0, 3)
x.index_put_((t.tensor([0, 0]),), t.ones(2, 4), accumulate=True)
x.index_put_([t.tensor([0, 0]), t.tensor([1, 1])], t.tensor([1., 2]), accumulate=True)
x.index_put_((t.tensor([0, 0]),), t.ones(3, 4))
x.index_put_((0,), t.ones(3, 4))
"""
INTEROP = """
np.asarray(t.arange(3)), np.array(t.arange(3.)), np.array(t.zeros(2, 0)), np.array(t.tensor(2))
np.asarray(t.arange(3), dtype="float64"), np.asarray(t.arange(6).reshape(2, 3).t())
np.asarray(t.ones(2, requires_grad=True))
np.asarray(t.ones(2, dtype=t.bfloat16))
np.add(np.arange(3.), t.arange(3.)), np.add(t.arange(3.), np.arange(3.))
np.sin(t.zeros(2)), np.multiply(t.ones(2), 3)
np.equal(t.arange(3), t.arange(3)).tolist()
np.concatenate([t.ones(1), t.zeros(1)]), np.stack([t.ones(1)] * 2)
np.int64(3) + t.arange(2), t.arange(2) - np.int8(1)
t.ones(2).__array__(), t.ones(2).__array__("float64")
t.ones(2).__array__(np.int32)
t.from_dlpack(np.arange(3)), t.from_dlpack(np.zeros((2, 0))), t.from_dlpack(np.array(2.5))
t.from_dlpack(np.arange(6.).reshape(2, 3).T).stride()
t.from_dlpack(np.array([1, 2], dtype="complex64")), t.from_dlpack(np.array([True, False]))
t.from_dlpack(t.to_dlpack(t.arange(3)))
t.from_dlpack(np.arange(3), copy=True)
t.arange(3).__dlpack_device__()
t.ones(2, requires_grad=True).__dlpack__()
np.from_dlpack(t.arange(3)), np.from_dlpack(t.arange(6).reshape(2, 3).t())
t.asarray([1, 2], dtype=t.float32), t.asarray(3), t.asarray(np.arange(3)), t.asarray(t.ones(2))
t.asarray([1, 2], copy=False)
t.asarray(np.arange(3), dtype=t.float32, copy=False)
t.asarray(np.arange(3.), requires_grad=True).requires_grad
t.asarray(t.ones(2, requires_grad=True)).requires_grad
t.asarray(t.ones(2, requires_grad=True), requires_grad=True).requires_grad
t.asarray(bytearray(8)), t.asarray(bytearray(8), dtype=t.int32)
t.as_tensor(np.arange(3)), t.as_tensor([1., 2]), t.as_tensor(np.float32(2)), t.as_tensor(2)
t.from_numpy(np.arange(3)), t.from_numpy(np.float64(1))
t.from_numpy(np.arange(3)[::-1])
t.from_numpy(np.array(["a"]))
t.from_numpy(np.arange(6).reshape(2, 3)[:, ::2]).stride()
t.frombuffer(bytearray(b"abcd"), dtype=t.uint8, count=2, offset=1)
t.frombuffer(bytearray(b"abc"), dtype=t.int16)
t.frombuffer(bytearray(b""), dtype=t.uint8)
copy.copy(t.ones(2)), copy.deepcopy(t.arange(4)[1:3]), copy.deepcopy(t.arange(4)[::2]).stride()
pickle.loads(pickle.dumps(t.arange(4)[1:])), pickle.loads(pickle.dumps(t.FloatStorage([1, 2]))).tolist()
shared(copy.deepcopy)
copy.deepcopy(tagged(t.ones(2))).tag
"""


def put(x, index, value):
    x[index] = value
    return x


def resized(storage, size):
    storage.resize_(size)
    return storage


def tagged(x):
    x.tag = "yes"
    return x


@pytest.mark.parametrize(
    "code", [c for c in (STORAGE + LEGACY + INDEX + INTEROP).splitlines() if c]
)
def test_case(code):
    compiled = compile(code, "case", "eval")

    def case(t):
        def shared(copier):
            base = t.arange(4.0)
            both = {"base": base, "view": base[1:3], "storage": base.untyped_storage()}
            made = copier(both)
            made["view"].fill_(9)
            return made["base"], base, made["storage"] == made["base"].untyped_storage()

        names = {
            "t": t,
            "np": np,
            "x": t.arange(12.0).reshape(3, 4),
            "i": t.arange(12).reshape(3, 4),
            "z": t.tensor(2.5),
            "put": put,
            "resized": resized,
            "tagged": tagged,
            "shared": shared,
            "copy": copy,
            "pickle": pickle,
        }
        return eval(compiled, names)

    assert_same(case)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"]
    + ["uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64"]
    + ["complex64", "complex128"])  # fmt: skip
def test_dlpack_with_pytorch(dtype):
    ours = rl.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(rl, dtype))
    for view in (ours, ours.t(), ours[:, 1:], ours[0, 1], ours[:, :0], ours[:, ::2]):
        theirs = torch.from_dlpack(view)
        assert str(theirs.dtype) == f"torch.{dtype}"
        assert theirs.tolist() == view.tolist()
        back = rl.from_dlpack(theirs)
        assert back.dtype == ours.dtype and back.tolist() == view.tolist()
        assert back.shape == view.shape
        if view.numel():
            assert back.data_ptr() == view.data_ptr() == theirs.data_ptr()
    theirs = torch.from_dlpack(ours)
    del ours
    theirs[0, 0] = 1
    assert theirs[0, 0] == 1
