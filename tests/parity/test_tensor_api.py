"""Constructors, attributes, conversions of Tensor: same values, dtypes, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import DTYPES, assert_same  # noqa: E402

X = np.arange(6.0).reshape(2, 3)
nested = 1
for _ in range(20):
    nested = [nested]

CASES = """
t.tensor(1)
t.tensor(1.5)
t.tensor(True)
t.tensor(1 + 2j)
t.tensor([])
t.tensor([[]])
t.tensor([[], []])
t.tensor([1, 2.5])
t.tensor([True, 2])
t.tensor([1, 2j])
t.tensor([[1, 2], [3, 4]])
t.tensor([[1, 2], [3]])
t.tensor([[1, 2], 3])
t.tensor([1, [2]])
t.tensor([[1], [[2]]])
t.tensor((1, (2, 3)))
t.tensor("abc")
t.tensor(["a"])
t.tensor(None)
t.tensor([None])
t.tensor({})
t.tensor({1: 2})
t.tensor(object())
t.tensor([object()])
t.tensor(range(3))
t.tensor(nested)
t.tensor(2**63 - 1)
t.tensor(2**63)
t.tensor(-(2**63) - 1)
t.tensor([1, 2**64])
t.tensor(2**62, dtype=t.float32)
t.tensor(300, dtype=t.uint8)
t.tensor(-1, dtype=t.uint8)
t.tensor([300], dtype=t.int8)
t.tensor(-1, dtype=t.bool)
t.tensor(1.7, dtype=t.int64)
t.tensor(-1.7, dtype=t.int32)
t.tensor(1 + 2j, dtype=t.float32)
t.tensor(1 + 0j, dtype=t.int64)
t.tensor(1e300)
t.tensor(1e300, dtype=t.float16)
t.tensor(0.1, dtype=t.bfloat16)
t.tensor(0.1, dtype=float)
t.tensor(1, dtype=int)
t.tensor(1, dtype=bool)
t.tensor(1, dtype=complex)
t.tensor(1, dtype="float32")
t.tensor(1, dtype=np.float32)
t.tensor(np.float32(1.5))
t.tensor(np.int8(3))
t.tensor(np.bool_(True))
t.tensor(np.complex64(1j))
t.tensor([np.float32(1.5), np.float64(2)])
t.tensor([np.float64(1.5)])
t.tensor([np.float32(1.5)])
t.tensor([np.int8(1), 2])
t.tensor([np.int32(1)])
t.tensor(X)
t.tensor(X.T)
t.tensor(X, dtype=t.int32)
t.tensor([X, X])
t.tensor([X[0], [1, 2, 3]])
t.tensor(np.array(1.5))
t.tensor(np.array(["a"]))
t.tensor(np.array([None]))
t.tensor(np.array([], dtype=np.int16))
t.tensor(np.zeros((0, 3)))
t.tensor(np.float16(1.5))
t.tensor(t.tensor(3))
t.tensor(t.tensor([1.5, 2]), dtype=t.int64)
t.tensor([t.tensor(1), t.tensor(2)])
t.tensor([t.tensor(1), t.tensor(2.5)])
t.tensor([t.tensor(1.5), 2])
t.tensor([t.tensor([1])])
t.tensor([t.tensor([1, 2]), t.tensor([3, 4])])
t.tensor([[t.tensor(1.0)], [t.tensor(2.0)]])
t.tensor(1, requires_grad=True)
t.tensor(1.0, requires_grad=True).requires_grad
t.tensor(1.0, device="cpu").device
t.tensor(1.0, device="nonsense")
t.tensor()
t.tensor(1, 2)
t.tensor(1, foo=2)
t.as_tensor([1, 2])
t.as_tensor(X)
t.as_tensor(X, dtype=t.float32)
t.as_tensor(t.tensor(2))
t.as_tensor(np.float32(3))
t.as_tensor(5.0)
t.from_numpy(X)
t.from_numpy(X.T).stride()
t.from_numpy(X[:, 1:]).stride()
t.from_numpy(X[::-1])
t.from_numpy(X.astype(">f4"))
t.from_numpy(np.array(1.5))
t.from_numpy(np.zeros(2, dtype="i4,f4"))
t.from_numpy(np.array(["a"]))
t.from_numpy(np.array([None]))
t.from_numpy(np.zeros(2, dtype="M8[s]"))
t.from_numpy(np.zeros(2, dtype=np.longdouble))
t.from_numpy([1, 2])
t.from_numpy(1.5)
t.from_numpy(np.float32(1.5))
t.from_numpy(np.zeros((0, 3), np.int32))
t.from_numpy(np.zeros(3, np.uint16))
t.from_numpy(np.zeros(3, np.uint32))
t.from_numpy(np.zeros(3, np.uint64))
t.from_numpy(np.zeros(3, np.bool_))
t.from_numpy(np.zeros(3, np.float16))
t.from_numpy(np.zeros(3, np.complex64))
t.from_numpy(np.broadcast_to(np.float32(2), (3,)))
t.from_numpy(np.ndarray((2,), np.float32, b"0123456789ab", 0, (6,)))
t.frombuffer(bytearray(8), dtype=t.int32)
t.frombuffer(bytearray(8), dtype=t.int32, offset=4)
t.frombuffer(bytearray(8), dtype=t.int32, offset=3)
t.frombuffer(bytearray(8), dtype=t.int32, count=3)
t.frombuffer(bytearray(8), dtype=t.int32, count=1)
t.frombuffer(bytearray(8), dtype=t.int32, count=0)
t.frombuffer(bytearray(8), dtype=t.int32, offset=-1)
t.frombuffer(bytearray(8), dtype=t.int32, offset=8)
t.frombuffer(bytearray(0), dtype=t.int32)
t.frombuffer(5, dtype=t.int32)
t.Tensor(2, 3).shape
t.Tensor().shape
t.Tensor([1, 2])
t.Tensor([[1], [2]])
t.Tensor(2).shape
t.Tensor(2.5)
t.Tensor((2, 3))
t.Tensor(X)
t.Tensor(t.tensor([1.0]))
t.Tensor(t.tensor([1]))
t.Tensor("ab")
t.Tensor(None)
t.Tensor(-1)
t.FloatTensor([1, 2])
t.FloatTensor(2, 3).shape
t.LongTensor([1, 2])
t.LongTensor([1.5])
t.DoubleTensor([1])
t.ByteTensor([1, 2])
t.IntTensor([[1]])
t.BoolTensor([True, False])
t.HalfTensor([1.5])
t.empty(2, 3).shape
t.empty((2, 3), dtype=t.int8).dtype
t.empty([]).shape
t.empty(()).shape
t.empty(-1)
t.empty(2.5)
t.empty("a")
t.empty(2, -3)
t.empty([2, 2.5])
t.empty(t.tensor(3)).shape
t.empty(np.int64(3)).shape
t.empty([np.int64(3), 2]).shape
t.empty(True)
t.empty(None)
t.zeros(3)
t.zeros(2, 0)
t.zeros((2, 2), dtype=t.bool)
t.zeros(size=(2,))
t.ones(2, 2, dtype=t.complex64)
t.ones([2])
t.full((2,), 3)
t.full((2,), 3.5)
t.full((2,), True)
t.full((2,), 1j)
t.full((), 3)
t.full((2,), 3, dtype=t.float16)
t.full(2, 3)
t.full((2,), "a")
t.full((2,), None)
t.full((2, -1), 1)
t.full((2,), t.tensor(3))
t.full((2,), np.float32(3))
t.zeros_like(t.ones(2, 3, dtype=t.int32))
t.ones_like(t.ones(2, 3), dtype=t.bool)
t.full_like(t.ones(2, 3), 4)
t.full_like(t.ones(2, dtype=t.int32), 4.5)
t.empty_like(t.ones(2, 3).t()).stride()
t.empty_like(t.ones(2, 3, 4).permute(2, 0, 1)).stride()
t.empty_like(t.ones(1, 3).expand(2, 3)).stride()
t.zeros_like(t.ones(2, 3, 4)[:, ::2]).stride()
t.zeros_like(5)
t.arange(5)
t.arange(5.0)
t.arange(1, 5)
t.arange(1, 5, 2)
t.arange(5, 1, -2)
t.arange(5, 1)
t.arange(1, 5, 0)
t.arange(0, 1, 0.25)
t.arange(5, dtype=t.float32)
t.arange(2.5)
t.arange(1, 2.5, dtype=t.int64)
t.arange(0)
t.arange(-3)
t.arange(5, dtype=t.bool)
t.arange(float("nan"))
t.arange(float("inf"))
t.arange(t.tensor(3))
t.arange(start=1, end=4)
t.arange(start=1, end=4, step=2)
t.arange(3, dtype=t.float16)
t.arange(3, dtype=t.complex64)
t.arange(True)
t.linspace(0, 1, 5)
t.linspace(0, 1, 1)
t.linspace(0, 1, 0)
t.linspace(0, 1, -1)
t.linspace(0, 10, 4, dtype=t.int64)
t.linspace(0, 1, 3, dtype=t.float64)
t.linspace(3, -3, 7)
t.linspace(0, 1, steps=3)
t.linspace(0, 1)
t.logspace(0, 2, 3)
t.eye(3)
t.eye(2, 3)
t.eye(0)
t.eye(-1)
t.eye(2, dtype=t.bool)
t.empty_strided((2, 3), (1, 2)).stride()
t.empty_strided((2, 3), (1,))
t.empty_strided((2,), (-1,))
t.scalar_tensor(2)
t.scalar_tensor(2, dtype=t.int32)
t.complex(t.ones(2), t.zeros(2))
t.complex(t.ones(2), t.zeros(2, dtype=t.float64))
t.tensor(3).item()
t.tensor([3]).item()
t.tensor([[True]]).item()
t.tensor([1.5], dtype=t.float16).item()
t.tensor([1.5], dtype=t.bfloat16).item()
t.tensor(1j).item()
t.tensor([1, 2]).item()
t.tensor([]).item()
t.tensor([1, 2]).tolist()
t.tensor(5).tolist()
t.tensor([]).tolist()
t.zeros(2, 0).tolist()
t.zeros(0, 2).tolist()
t.ones(2, 3).t().tolist()
t.tensor([1.5], requires_grad=True).tolist()
t.tensor([1j]).tolist()
t.ones(2, 3).numpy()
t.ones(2, 3).t().numpy()
t.ones(2, 3).t().numpy().strides
t.ones(4, 6)[::2, 1:].numpy().strides
t.tensor(2.5).numpy()
t.tensor([True]).numpy()
t.tensor([1.5], dtype=t.float16).numpy()
t.tensor([1.5], dtype=t.bfloat16).numpy()
t.tensor([1j]).numpy()
t.zeros(0, 3).numpy()
t.ones(1).expand(3).numpy()
t.tensor([1.0], requires_grad=True).numpy()
t.tensor([1.0], requires_grad=True).numpy(force=True)
t.tensor([1.0], requires_grad=True).detach().numpy()
np.asarray(t.ones(2))
np.asarray(t.ones(2), dtype=np.int32)
np.array(t.ones(2), dtype=np.float64)
np.array([t.tensor(1.0), t.tensor(2.0)])
np.asarray(t.tensor(2))
np.float32(t.tensor(2.5))
t.ones(2) + np.ones(2)
t.ones(2) * np.float64(2)
np.float64(2) * t.ones(2)
np.float64(2) - t.ones(2)
np.int64(2) * t.ones(2)
np.float32(2) / t.ones(2, dtype=t.int64)
t.ones(2, dtype=t.int64) / np.float32(2)
np.ones(2) == t.ones(2)
t.ones(2) == np.ones(2)
np.sin(t.ones(2))
np.sum(t.ones(2))
t.ones(2, 3).size()
t.ones(2, 3).size(1)
t.ones(2, 3).size(-1)
t.ones(2, 3).size(2)
t.ones(2, 3).size(dim=0)
t.ones(2, 3).size("a")
t.tensor(1).size()
t.tensor(1).size(0)
t.ones(2, 3).stride()
t.ones(2, 3).stride(0)
t.ones(2, 3).stride(2)
t.tensor(1).stride(0)
t.ones(2, 3).shape
t.ones(2, 3).dim()
t.ones(2, 3).ndim
t.ones(2, 3).numel()
t.ones(2, 3).nelement()
t.numel(t.ones(2, 3))
t.ones(2, 3).element_size()
t.ones(2, 3).nbytes
t.ones(2, 3).itemsize
t.ones(2, 3)[1:].storage_offset()
t.ones(2, 3).is_contiguous()
t.ones(2, 3).t().is_contiguous()
t.ones(2, 3).is_floating_point()
t.ones(2, 3).is_complex()
t.ones(2, 3).is_signed()
t.ones(2, 3).dtype.is_floating_point
t.ones(2, 3).dtype.itemsize
t.ones(2, 3).is_cuda
t.ones(2).is_leaf
t.ones(2).grad
t.ones(2).grad_fn
t.ones(2).get_device()
t.ones(2).has_names()
t.is_tensor(t.ones(2))
t.is_tensor(3)
t.is_floating_point(t.ones(2))
t.is_complex(t.ones(2))
t.is_nonzero(t.tensor(1.0))
t.is_nonzero(t.ones(2))
t.ones(2).is_same_size(t.ones(2))
t.ones(2).is_set_to(t.ones(2))
t.equal(t.ones(2), t.ones(2))
t.equal(t.ones(2), t.ones(3))
t.ones(2).equal(t.zeros(2))
t.allclose(t.ones(2), t.ones(2) + 1e-9)
t.allclose(t.ones(2), t.tensor([1.0, 1.1]))
t.isclose(t.ones(2), t.tensor([1.0, 1.1]))
len(t.ones(2, 3))
len(t.tensor(1))
len(t.ones(0, 3))
list(t.arange(3))
list(t.tensor(1))
list(t.ones(0, 2))
[r for r in t.ones(2, 2)]
1 in t.arange(3)
7 in t.arange(3)
t.tensor(1) in t.arange(3)
"a" in t.arange(3)
None in t.arange(3)
1.5 in t.tensor(1.5)
bool(t.tensor(0))
bool(t.tensor([1]))
bool(t.tensor([]))
bool(t.tensor([1, 2]))
bool(t.tensor(0.0))
bool(t.tensor(1j))
int(t.tensor(2.7))
int(t.tensor([3]))
int(t.tensor([1, 2]))
int(t.tensor(float("nan")))
int(t.tensor(float("inf")))
int(t.tensor(1j))
float(t.tensor(2))
float(t.tensor([1.0, 2.0]))
float(t.tensor(1j))
complex(t.tensor(2))
complex(t.tensor(1j))
[1, 2, 3][t.tensor(1)]
[1, 2, 3][t.tensor(1.0)]
[1, 2, 3][t.tensor([1])]
[1, 2, 3][t.tensor(True)]
list(range(t.tensor(3)))
f"{t.tensor(2.5):.2f}"
f"{t.tensor(3):d}"
f"{t.tensor([1.0]):.2f}"
f"{t.tensor(2.5, requires_grad=True):.1f}"
"%.2f" % t.tensor(2.5)
"%d" % t.tensor(2)
round(t.tensor(2.567))
round(t.tensor(2.567), 1)
abs(t.tensor(-2))
divmod(t.tensor(7), 2)
-t.tensor(1)
+t.tensor(1)
~t.tensor(1)
~t.tensor(1.0)
-t.tensor(True)
t.ones(2) + "a"
t.ones(2) + None
"a" + t.ones(2)
t.ones(2) + [1, 2]
[1, 2] + t.ones(2)
t.ones(2) < "a"
t.ones(2) == "a"
t.ones(2) == None
t.ones(2) != None
t.ones(2) == [1, 1]
t.ones(2) & 1
t.tensor([1, 2]) & t.tensor(3)
t.tensor([1, 2]) & 1.5
t.tensor([True]) & True
1 & t.tensor([1, 2])
2 ** t.tensor([1, 2])
2.5 ** t.tensor([1, 2])
t.tensor([1, 2]) ** 2
t.tensor([1, 2]) ** -1
t.tensor([1, 2]) ** t.tensor(-1)
t.tensor([1, 2]) ** 0.5
t.tensor([1, 2]) ** 2.0
7 // t.tensor([2, 3])
7 % t.tensor([2, 3])
-7 // t.tensor([2, 3])
7.5 % t.tensor([2, 3])
1 / t.tensor([2, 4])
1 - t.tensor([2, 4])
1 << t.tensor([2, 4])
8 >> t.tensor([1, 2])
t.tensor([1]) << 2
t.tensor([1]) >> t.tensor([1])
t.tensor([1.0]) << 2
t.tensor([1]) // 0
t.tensor([1]) % 0
t.tensor([1]) / 0
t.tensor([1.0]) // 0
t.tensor([1.0]) % 0
t.ones(2) @ t.ones(2)
t.ones(2) @ 3
3 @ t.ones(2)
t.ones(2) + t.ones(3)
t.ones(2, 1) + t.ones(3)
t.ones(0) + t.ones(1)
t.ones(0) + t.ones(2)
t.add(t.ones(2), 1, alpha=2)
t.add(t.tensor([1]), 1, alpha=2.5)
t.add(t.ones(2), t.tensor([1, 2]), alpha=2)
t.add(1, t.ones(2))
t.sub(t.ones(2), 1, alpha=2)
t.rsub(t.ones(2), 1)
t.mul(t.ones(2), 3)
t.div(t.tensor([7]), 2, rounding_mode="floor")
t.div(t.tensor([-7]), 2, rounding_mode="trunc")
t.div(t.tensor([-7]), 2, rounding_mode="xx")
t.div(t.tensor([-7]), 2)
t.true_divide(t.tensor([7]), 2)
t.clamp(t.arange(5), 1, 3)
t.clamp(t.arange(5), max=2)
t.clamp(t.arange(5), min=2.5)
t.clamp(t.arange(5.0), 3, 1)
t.clamp(t.arange(5.0))
t.clamp(t.arange(3), t.tensor([1, 1, 1]))
t.clamp(t.arange(3), t.tensor([1, 1, 1]), t.tensor([2.5, 1, 1]))
t.clamp(t.tensor([float("nan")]), 0, 1)
t.ones(3).clamp_(0, 0.5)
t.arange(3).clamp_(0.5)
t.arange(3.0).clamp_min(1)
t.arange(3.0).clamp_max(1)
t.ones(2).to(t.int32)
t.ones(2).to("cpu")
t.ones(2).to(t.device("cpu"))
t.ones(2).to(t.tensor(1, dtype=t.int8))
t.ones(2).to("cpu", t.int32)
t.ones(2).to(dtype=t.int32)
t.ones(2).to(device="cpu", dtype=t.int32)
t.ones(2).to(t.float32, copy=True)
t.ones(2).to(t.float64, non_blocking=True)
t.ones(2).to(float)
t.ones(2).to(int)
t.ones(2).to("float32")
t.ones(2).to()
t.ones(2).to(None)
t.ones(2).float()
t.ones(2).double()
t.ones(2).half()
t.ones(2).bfloat16()
t.ones(2).int()
t.ones(2).long()
t.ones(2).short()
t.ones(2).char()
t.ones(2).byte()
t.ones(2).bool()
t.ones(2).cfloat()
t.ones(2).cdouble()
t.ones(2).type(t.int32)
t.ones(2).type_as(t.tensor(1))
t.ones(2).cpu()
t.tensor([1 + 2j]).to(t.float32)
t.tensor([1.7, -1.7, 300.0]).to(t.int8)
t.tensor([1.7, -1.7]).to(t.bool)
t.ones(2).new_zeros(3)
t.ones(2).new_zeros((2, 3))
t.ones(2).new_ones(2, 3)
t.ones(2).new_full((2,), 3)
t.ones(2).new_full((2,), 3, dtype=t.int64)
t.ones(2).new_empty(2, 3).shape
t.ones(2).new_tensor([1, 2])
t.ones(2).new_tensor([1, 2], dtype=t.int64)
t.ones(2, dtype=t.int64).new_tensor([1.5])
t.ones(2, dtype=t.int32).new_zeros(3)
t.ones(2).new_empty_strided((2, 3), (1, 2)).stride()
t.ones(2, 3).T
t.ones(3).T
t.tensor(1).T
t.ones(2, 3, 4).T.shape
t.ones(2, 3).mT.shape
t.ones(2, 3, 4).mT.shape
t.ones(3).mT
t.ones(2, 3).H.shape
t.tensor([[1j]]).H
t.ones(3).H
t.ones(2, 3, 4).mH.shape
t.tensor([1 + 2j]).real
t.tensor([1 + 2j]).imag
t.ones(2).real
t.ones(2).imag
t.tensor([1 + 2j]).conj()
t.tensor([1 + 2j]).abs()
t.tensor([1 + 2j]).angle()
t.real(t.tensor([1 + 2j]))
t.imag(t.tensor([1 + 2j]))
t.view_as_real(t.tensor([1 + 2j]))
t.view_as_complex(t.ones(3, 2))
t.view_as_complex(t.ones(3, 3))
t.ones(2, 4).view(t.float64).shape
t.ones(2, 4).view(t.int32)
t.ones(2, 4).view(t.int8).shape
t.ones(2, 3).view(t.float64)
t.tensor(1.0).view(t.int8)
t.tensor(1.0).view(t.int32)
t.ones(4, 2).t().view(t.float64)
t.ones(2).clone()
t.ones(2).detach()
t.ones(2).contiguous()
t.ones(2, 3).t().clone().stride()
t.ones(2, 3).t().contiguous().stride()
t.ones(2).copy_(t.zeros(2))
t.ones(2).copy_(t.tensor(3))
t.ones(2).copy_(t.zeros(3))
t.ones(2).copy_(5)
t.ones(2, dtype=t.int64).copy_(t.tensor([1.7, -1.2]))
t.ones(2).fill_(3)
t.ones(2).fill_(t.tensor(3))
t.ones(2).fill_(t.tensor([3, 4]))
t.ones(2).fill_("a")
t.ones(2).zero_()
t.ones(2).resize_(4).shape
t.ones(6).resize_(2, 2)
t.ones(6).resize_((3, 2))
t.ones(2).resize_(-1)
t.ones(2, requires_grad=True).resize_(3)
t.ones(2).set_(t.zeros(3))
t.ones(2).set_().shape
t.ones(2, 3).squeeze_().shape
t.ones(2, 1).squeeze_().shape
t.ones(2, 1).squeeze_(1).shape
t.ones(2).unsqueeze_(0).shape
t.ones(2, 3).t_().shape
t.ones(2, 3).transpose_(0, 1).shape
t.ones(2).requires_grad_().requires_grad
t.ones(2, dtype=t.int64).requires_grad_()
t.ones(2).data
t.ones(2)._version
t.ones(2).add_(1)._version
t.promote_types(t.int8, t.uint8)
t.result_type(t.ones(1, dtype=t.int8), 2.5)
t.result_type(t.tensor(1), t.ones(1, dtype=t.int8))
t.result_type(1, 2.5)
t.result_type(1, t.ones(1, dtype=t.int8))
t.can_cast(t.float32, t.int32)
t.can_cast(t.int32, t.float32)
t.get_default_dtype()
t.set_default_dtype(t.int32)
t.finfo(t.float32).eps
t.finfo(t.float16).max
t.finfo(t.bfloat16).tiny
t.finfo(t.float64).resolution
t.finfo(t.int32)
t.iinfo(t.int8).max
t.iinfo(t.uint8).min
t.iinfo(t.float32)
t.broadcast_shapes((2, 1), (3,))
t.broadcast_shapes((2,), (3,))
t.broadcast_tensors(t.ones(2, 1), t.ones(3))[0].shape
t.broadcast_to(t.ones(2, 1), (2, 3))
t.Size([2, 3]).numel()
t.Size([2, 3]) == (2, 3)
t.Size([2, 3])[0]
t.Size([2, 3])[1:]
t.Size((2, 3)) + (1,)
t.Size(["a"])
t.Size(2)
t.device("cpu").type
t.device("cpu").index
t.device("cpu:0").index
t.device("cuda:1").index
t.device("cuda", 1).index
t.device("xyz")
t.device("cpu:x")
t.device("cpu") == t.device("cpu")
t.device(t.device("cpu"))
copy.copy(t.ones(2))
copy.deepcopy(t.ones(2))
copy.deepcopy(t.ones(2, requires_grad=True)).requires_grad
copy.deepcopy(t.ones(2, requires_grad=True) * 2)
t.ones(2).__len__()
t.ones(2).apply_(lambda v: v + 1)
t.arange(3).map_(t.arange(3), lambda a, b: a + b)
t.ones(2).foo
t.ones(2).pin_memory
""".strip().splitlines()
SKIP = ("has_names", "map_", "apply_", ".pin_memory", "logspace", "np.sum", " @ ")


@pytest.mark.parametrize("code", [c for c in CASES if not any(s in c for s in SKIP)])
def test_case(code):
    names = {"np": np, "X": X, "copy": copy, "nested": nested}
    compiled = compile(code, "case", "eval")
    assert_same(lambda library: eval(compiled, {**names, "t": library}))


@pytest.mark.parametrize("to", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_conversion(dtype, to):
    values = [0, 1, 2, 100]
    if dtype == "bool":
        values = [False, True]
    assert_same(
        lambda library: library.tensor(values, dtype=getattr(library, dtype)).to(
            getattr(library, to)
        )
    )


def test_more_than_pytorch():
    """What PyTorch refuses and is harmless here."""
    assert rl.tensor(X[::-1]).tolist() == X[::-1].tolist()
    assert rl.tensor(X.astype(">f8")).tolist() == X.tolist()
    assert rl.tensor([np.array(1.5), np.array(2.5)]).tolist() == [1.5, 2.5]
    for value in (np.ones(2) + rl.ones(2), np.ones(2) * rl.ones(2)):
        assert isinstance(value, rl.Tensor)
        assert value.dtype == rl.float64
    deep = 1
    for _ in range(66):
        deep = [deep]
    with pytest.raises(ValueError, match="too many dimensions"):
        rl.tensor(deep)
