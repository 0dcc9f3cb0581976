# Made by tools/make_stubs.py.
from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, NoReturn, Self, overload

from rushlight import accelerator as accelerator
from rushlight import amp as amp
from rushlight import array_api as array_api
from rushlight import autograd as autograd
from rushlight import backends as backends
from rushlight import compat as compat
from rushlight import cuda as cuda
from rushlight import fft as fft
from rushlight import linalg as linalg
from rushlight import nn as nn
from rushlight import optim as optim
from rushlight import overrides as overrides
from rushlight import profiler as profiler
from rushlight import random as random
from rushlight import return_types as return_types
from rushlight import safetensors as safetensors
from rushlight import serialization as serialization
from rushlight import signal as signal
from rushlight import special as special
from rushlight import storage as storage
from rushlight import utils as utils
from rushlight import vision as vision
from rushlight._core import Size as Size
from rushlight._core import Tensor as Tensor
from rushlight._core import channels_last as channels_last
from rushlight._core import channels_last_3d as channels_last_3d
from rushlight._core import complex32 as complex32
from rushlight._core import contiguous_format as contiguous_format
from rushlight._core import device as device
from rushlight._core import dtype as _dtype
from rushlight._core import dtype as dtype
from rushlight._core import empty as empty
from rushlight._core import full as full
from rushlight._core import get_default_dtype as get_default_dtype
from rushlight._core import is_grad_enabled as is_grad_enabled
from rushlight._core import is_inference_mode_enabled as is_inference_mode_enabled
from rushlight._core import layout as layout
from rushlight._core import memory_format as memory_format
from rushlight._core import ones as ones
from rushlight._core import preserve_format as preserve_format
from rushlight._core import set_default_dtype as set_default_dtype
from rushlight._core import strided as strided
from rushlight._core import tensor as tensor
from rushlight._core import zeros as zeros
from rushlight._ops import Generator as Generator
from rushlight._ops import abs as abs
from rushlight._ops import abs as absolute
from rushlight._ops import acos as acos
from rushlight._ops import acos as arccos
from rushlight._ops import acosh as acosh
from rushlight._ops import acosh as arccosh
from rushlight._ops import addmm as addmm
from rushlight._ops import addmv as addmv
from rushlight._ops import all as all
from rushlight._ops import amax as amax
from rushlight._ops import amin as amin
from rushlight._ops import any as any
from rushlight._ops import argmax as argmax
from rushlight._ops import argmin as argmin
from rushlight._ops import asin as arcsin
from rushlight._ops import asin as asin
from rushlight._ops import asinh as arcsinh
from rushlight._ops import asinh as asinh
from rushlight._ops import atan as arctan
from rushlight._ops import atan as atan
from rushlight._ops import atan2 as arctan2
from rushlight._ops import atan2 as atan2
from rushlight._ops import atanh as arctanh
from rushlight._ops import atanh as atanh
from rushlight._ops import baddbmm as baddbmm
from rushlight._ops import bitwise_and as bitwise_and
from rushlight._ops import bitwise_left_shift as bitwise_left_shift
from rushlight._ops import bitwise_not as bitwise_not
from rushlight._ops import bitwise_or as bitwise_or
from rushlight._ops import bitwise_right_shift as bitwise_right_shift
from rushlight._ops import bitwise_xor as bitwise_xor
from rushlight._ops import bmm as bmm
from rushlight._ops import cat as cat
from rushlight._ops import cat as concat
from rushlight._ops import cat as concatenate
from rushlight._ops import ceil as ceil
from rushlight._ops import cos as cos
from rushlight._ops import cosh as cosh
from rushlight._ops import count_nonzero as count_nonzero
from rushlight._ops import cumprod as cumprod
from rushlight._ops import cumsum as cumsum
from rushlight._ops import default_generator as default_generator
from rushlight._ops import diagonal as diagonal
from rushlight._ops import dot as dot
from rushlight._ops import dstack as dstack
from rushlight._ops import eq as eq
from rushlight._ops import erf as erf
from rushlight._ops import erfc as erfc
from rushlight._ops import exp as exp
from rushlight._ops import exp2 as exp2
from rushlight._ops import expm1 as expm1
from rushlight._ops import flatten as flatten
from rushlight._ops import floor as floor
from rushlight._ops import floor_divide as floor_divide
from rushlight._ops import fmax as fmax
from rushlight._ops import fmin as fmin
from rushlight._ops import fmod as fmod
from rushlight._ops import frac as frac
from rushlight._ops import gather as gather
from rushlight._ops import ge as ge
from rushlight._ops import ge as greater_equal
from rushlight._ops import get_num_threads as get_num_threads
from rushlight._ops import gt as greater
from rushlight._ops import gt as gt
from rushlight._ops import hstack as hstack
from rushlight._ops import hypot as hypot
from rushlight._ops import index_add as index_add
from rushlight._ops import index_copy as index_copy
from rushlight._ops import index_fill as index_fill
from rushlight._ops import index_put as index_put
from rushlight._ops import index_select as index_select
from rushlight._ops import isfinite as isfinite
from rushlight._ops import isinf as isinf
from rushlight._ops import isnan as isnan
from rushlight._ops import le as le
from rushlight._ops import le as less_equal
from rushlight._ops import log as log
from rushlight._ops import log10 as log10
from rushlight._ops import log1p as log1p
from rushlight._ops import log2 as log2
from rushlight._ops import log_softmax as log_softmax
from rushlight._ops import logcumsumexp as logcumsumexp
from rushlight._ops import logical_and as logical_and
from rushlight._ops import logical_not as logical_not
from rushlight._ops import logical_or as logical_or
from rushlight._ops import logical_xor as logical_xor
from rushlight._ops import logsumexp as logsumexp
from rushlight._ops import lt as less
from rushlight._ops import lt as lt
from rushlight._ops import masked_fill as masked_fill
from rushlight._ops import masked_scatter as masked_scatter
from rushlight._ops import masked_select as masked_select
from rushlight._ops import matmul as matmul
from rushlight._ops import maximum as maximum
from rushlight._ops import mean as mean
from rushlight._ops import minimum as minimum
from rushlight._ops import mm as mm
from rushlight._ops import mul as mul
from rushlight._ops import mul as multiply
from rushlight._ops import mv as mv
from rushlight._ops import narrow as narrow
from rushlight._ops import ne as ne
from rushlight._ops import ne as not_equal
from rushlight._ops import neg as neg
from rushlight._ops import neg as negative
from rushlight._ops import outer as outer
from rushlight._ops import pow as pow
from rushlight._ops import prod as prod
from rushlight._ops import promote_types as promote_types
from rushlight._ops import reciprocal as reciprocal
from rushlight._ops import relu as relu
from rushlight._ops import remainder as remainder
from rushlight._ops import rsqrt as rsqrt
from rushlight._ops import scatter as scatter
from rushlight._ops import scatter_add as scatter_add
from rushlight._ops import scatter_reduce as scatter_reduce
from rushlight._ops import set_num_threads as set_num_threads
from rushlight._ops import sigmoid as sigmoid
from rushlight._ops import sign as sign
from rushlight._ops import sin as sin
from rushlight._ops import sinh as sinh
from rushlight._ops import softmax as softmax
from rushlight._ops import sqrt as sqrt
from rushlight._ops import square as square
from rushlight._ops import squeeze as squeeze
from rushlight._ops import stack as stack
from rushlight._ops import sum as sum
from rushlight._ops import take as take
from rushlight._ops import take_along_dim as take_along_dim
from rushlight._ops import tan as tan
from rushlight._ops import tanh as tanh
from rushlight._ops import tril as tril
from rushlight._ops import triu as triu
from rushlight._ops import trunc as fix
from rushlight._ops import trunc as trunc
from rushlight._ops import unflatten as unflatten
from rushlight._ops import view_as_complex as view_as_complex
from rushlight._ops import view_as_real as view_as_real
from rushlight._ops import vstack as row_stack
from rushlight._ops import vstack as vstack
from rushlight._paths import get_cmake_dir as get_cmake_dir
from rushlight._paths import get_include as get_include
from rushlight._type_info import _TypeMeta
from rushlight._typing import Device, Dims, Number
from rushlight.amp.autocast_mode import autocast as autocast
from rushlight.amp.grad_scaler import GradScaler as GradScaler
from rushlight.array_api import bool as bool
from rushlight.array_api import complex128 as complex128
from rushlight.array_api import complex64 as complex64
from rushlight.array_api import e as e
from rushlight.array_api import float32 as float32
from rushlight.array_api import float64 as float64
from rushlight.array_api import inf as inf
from rushlight.array_api import int16 as int16
from rushlight.array_api import int32 as int32
from rushlight.array_api import int64 as int64
from rushlight.array_api import int8 as int8
from rushlight.array_api import nan as nan
from rushlight.array_api import newaxis as newaxis
from rushlight.array_api import pi as pi
from rushlight.array_api import uint16 as uint16
from rushlight.array_api import uint32 as uint32
from rushlight.array_api import uint64 as uint64
from rushlight.array_api import uint8 as uint8
from rushlight.autograd.anomaly_mode import (
    is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled,
)
from rushlight.autograd.anomaly_mode import is_anomaly_enabled as is_anomaly_enabled
from rushlight.autograd.grad_mode import enable_grad as enable_grad
from rushlight.autograd.grad_mode import inference_mode as inference_mode
from rushlight.autograd.grad_mode import no_grad as no_grad
from rushlight.autograd.grad_mode import set_grad_enabled as set_grad_enabled
from rushlight.cuda import OutOfMemoryError as OutOfMemoryError
from rushlight.random import bernoulli as bernoulli
from rushlight.random import get_rng_state as get_rng_state
from rushlight.random import initial_seed as initial_seed
from rushlight.random import manual_seed as manual_seed
from rushlight.random import normal as normal
from rushlight.random import rand as rand
from rushlight.random import rand_like as rand_like
from rushlight.random import randint as randint
from rushlight.random import randint_like as randint_like
from rushlight.random import randn as randn
from rushlight.random import randn_like as randn_like
from rushlight.random import randperm as randperm
from rushlight.random import seed as seed
from rushlight.random import set_rng_state as set_rng_state
from rushlight.serialization import load as load
from rushlight.serialization import save as save
from rushlight.storage import BFloat16Storage as BFloat16Storage
from rushlight.storage import BoolStorage as BoolStorage
from rushlight.storage import ByteStorage as ByteStorage
from rushlight.storage import CharStorage as CharStorage
from rushlight.storage import ComplexDoubleStorage as ComplexDoubleStorage
from rushlight.storage import ComplexFloatStorage as ComplexFloatStorage
from rushlight.storage import DoubleStorage as DoubleStorage
from rushlight.storage import FloatStorage as FloatStorage
from rushlight.storage import FloatStorage as Storage
from rushlight.storage import HalfStorage as HalfStorage
from rushlight.storage import IntStorage as IntStorage
from rushlight.storage import LongStorage as LongStorage
from rushlight.storage import ShortStorage as ShortStorage
from rushlight.storage import StorageBase as StorageBase
from rushlight.storage import TypedStorage as TypedStorage
from rushlight.storage import UntypedStorage as UntypedStorage
from rushlight.storage import is_storage as is_storage
from rushlight.utils._summary import summary as summary

def __dir__() -> list[str]: ...

class BFloat16Tensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class BoolTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class ByteTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class CharTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class DoubleTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class Event:
    device: Any
    def __init__(
        self,
        device: Device | None = None,
        *,
        enable_timing: _bool = False,
        blocking: _bool = False,
        interprocess: _bool = False,
    ) -> None: ...
    def elapsed_time(self, end_event: Any) -> None: ...
    event_id: _int
    def ipc_handle(self) -> Any: ...
    def query(self) -> Any: ...
    def record(self, stream: Any = None) -> None: ...
    def synchronize(self) -> None: ...
    def wait(self, stream: Any = None) -> None: ...

class FloatTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class HalfTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class IntTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class LongTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class ShortTensor(Tensor, metaclass=_TypeMeta):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    dtype: _dtype
    is_cuda: _bool

class Stream:
    device: Any
    def __enter__(self) -> Self: ...
    def __eq__(self, other: object) -> _bool: ...
    def __exit__(self, *exc: object) -> None: ...
    def __init__(self, device: Device | None = None, *, priority: _int = 0) -> None: ...
    device_index: _int
    device_type: _int
    def is_capturing(self) -> Any: ...
    def query(self) -> Any: ...
    def record_event(self, event: Any = None) -> None: ...
    stream_id: _int
    def synchronize(self) -> None: ...
    def wait_event(self, event: Any) -> None: ...
    def wait_stream(self, stream: Any) -> None: ...

class finfo:
    bits: _int
    dtype: str
    eps: _float
    max: _float
    min: _float
    resolution: _float
    smallest_normal: _float
    tiny: _float
    def __eq__(self, other: object) -> _bool: ...
    def __init__(self, type: Any = None) -> None: ...

class iinfo:
    bits: _int
    dtype: str
    max: _int
    min: _int
    def __eq__(self, other: object) -> _bool: ...
    def __init__(self, type: Any) -> None: ...

__version__: str
bfloat16: dtype
cdouble: dtype
cfloat: dtype
chalf: Any
double: dtype
float: dtype
float16: dtype
half: dtype
has_lapack: _bool
has_openmp: _bool
int: dtype
long: dtype
short: dtype

def abs_(input: Tensor) -> Tensor: ...
def acos_(input: Tensor) -> Tensor: ...
def acosh_(input: Tensor) -> Tensor: ...
def adaptive_avg_pool1d(
    input: Tensor, output_size: _int, *, out: Tensor | None = None
) -> Tensor: ...
def adaptive_max_pool1d(input: Tensor, output_size: _int) -> tuple[Tensor, Tensor]: ...
def add(
    input: Tensor,
    other: Tensor | Number,
    *,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor: ...
def addbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor: ...
def addcdiv(
    input: Tensor,
    tensor1: Tensor,
    tensor2: Tensor,
    *,
    value: Number | Tensor = 1,
    out: Tensor | None = None,
) -> Tensor: ...
def addcmul(
    input: Tensor,
    tensor1: Tensor,
    tensor2: Tensor,
    *,
    value: Number = 1,
    out: Tensor | None = None,
) -> Tensor: ...
def addmv_(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor: ...
def addr(
    input: Tensor,
    vec1: Tensor,
    vec2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor: ...
def adjoint(input: Tensor) -> Tensor: ...
def affine_grid_generator(
    theta: Tensor,
    size: Size | Sequence[_int],
    align_corners: _bool,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def allclose(
    input: Tensor,
    other: Tensor | Number,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
) -> _bool: ...
def alpha_dropout(input: Tensor, p: Number, train: _bool) -> Tensor: ...
def alpha_dropout_(input: Tensor, p: Number, train: _bool) -> Tensor: ...
def aminmax(
    input: Tensor,
    *,
    dim: Dims | None = None,
    keepdim: _bool = False,
    out: Tensor | None = None,
) -> return_types.aminmax: ...
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def arange(
    start: Number,
    end: Number | None = None,
    step: Number = 1,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def arccos_(input: Tensor) -> Tensor: ...
def arccosh_(input: Tensor) -> Tensor: ...
def arcsin_(input: Tensor) -> Tensor: ...
def arcsinh_(input: Tensor) -> Tensor: ...
def arctan_(input: Tensor) -> Tensor: ...
def arctanh_(input: Tensor) -> Tensor: ...
def are_deterministic_algorithms_enabled() -> Tensor: ...
def argsort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    *,
    stable: _bool = False,
    out: Tensor | None = None,
) -> Tensor: ...
def argwhere(input: Tensor) -> Tensor: ...
def as_strided(
    input: Tensor,
    size: Sequence[_int],
    stride: Sequence[_int],
    storage_offset: _int | None = None,
) -> Tensor: ...
def as_strided_(
    self: Tensor,
    size: Sequence[_int],
    stride: Sequence[_int],
    storage_offset: _int | None = None,
) -> Tensor: ...
def as_strided_scatter(
    input: Tensor,
    src: Tensor,
    size: Size | Sequence[_int],
    stride: Sequence[_int],
    storage_offset: _int | None = None,
) -> Tensor: ...
def as_tensor(
    data: Any, dtype: dtype | None = None, device: Device | None = None
) -> Tensor: ...
def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: Device | None = None,
    copy: _bool | None = None,
    requires_grad: _bool = False,
) -> Tensor: ...
def asin_(input: Tensor) -> Tensor: ...
def asinh_(input: Tensor) -> Tensor: ...
def atan_(input: Tensor) -> Tensor: ...
def atanh_(input: Tensor) -> Tensor: ...
def atleast_1d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]: ...
def atleast_2d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]: ...
def atleast_3d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]: ...
def avg_pool1d(
    input: Tensor,
    kernel_size: Dims,
    stride: Sequence[_int] | None = None,
    padding: str | Dims = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
) -> Tensor: ...
def bartlett_window(
    window_length: _int, periodic: _bool = True, **options: Any
) -> Tensor: ...
def batch_norm(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool,
) -> Tensor: ...
def bilinear(
    input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor: ...
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: str | _int = 0,
) -> Tensor: ...
def bincount(
    input: Tensor, weights: Tensor | None = None, minlength: _int = 0
) -> Tensor: ...
def binomial(
    count: Tensor, prob: Tensor, generator: Generator | None = None
) -> Tensor: ...
def blackman_window(
    window_length: _int, periodic: _bool = True, **options: Any
) -> Tensor: ...
def block_diag(*tensors: Tensor | Sequence[Tensor]) -> Tensor: ...
def broadcast_shapes(*shapes: Size | Sequence[_int]) -> Size: ...
def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]: ...
def broadcast_to(input: Tensor, size: Size | Sequence[_int]) -> Tensor: ...
def bucketize(
    input: Tensor,
    boundaries: Tensor,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    out: Tensor | None = None,
) -> Tensor: ...
def can_cast(from_: dtype, to: dtype) -> _bool: ...
def cartesian_prod(*tensors: Tensor | Sequence[Tensor]) -> Tensor: ...
def cdist(
    x1: Tensor,
    x2: Tensor,
    p: _float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor: ...
def ceil_(input: Tensor) -> Tensor: ...
def celu(input: Tensor, alpha: _float = 1.0, inplace: _bool = False) -> Tensor: ...
def celu_(input: Tensor, alpha: _float = 1.0) -> Tensor: ...
def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor: ...
def channel_shuffle(input: Tensor, groups: _int) -> Tensor: ...
def cholesky(
    input: Tensor, upper: _bool = False, *, out: Tensor | None = None
) -> Tensor: ...
def cholesky_inverse(
    L: Tensor, upper: _bool = False, *, out: Tensor | None = None
) -> Tensor: ...
def cholesky_solve(
    B: Tensor, L: Tensor, upper: _bool = False, *, out: Tensor | None = None
) -> Tensor: ...
def chunk(input: Tensor, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]: ...
def clamp(
    input: Tensor,
    min: Number | Tensor | None = None,
    max: Number | Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def clamp_(
    self: Tensor, min: Number | Tensor | None = None, max: Number | Tensor | None = None
) -> Tensor: ...
def clamp_max(
    input: Tensor, max: Number | Tensor, *, out: Tensor | None = None
) -> Tensor: ...
def clamp_max_(self: Tensor, max: Number | Tensor) -> Tensor: ...
def clamp_min(
    input: Tensor, min: Number | Tensor, *, out: Tensor | None = None
) -> Tensor: ...
def clamp_min_(self: Tensor, min: Number | Tensor) -> Tensor: ...
def clear_autocast_cache() -> None: ...
def clip(
    input: Tensor,
    min: Number | Tensor | None = None,
    max: Number | Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def clip_(
    self: Tensor, min: Number | Tensor | None = None, max: Number | Tensor | None = None
) -> Tensor: ...
def clone(input: Tensor, *, memory_format: memory_format | None = None) -> Tensor: ...
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor: ...
def combinations(
    input: Tensor, r: _int = 2, with_replacement: _bool = False
) -> Tensor: ...
def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: _bool = False,
    dynamic: _bool | None = None,
    backend: str = "eager",
    mode: str | None = None,
    options: Any = None,
    name: Any = None,
    disable: _bool = False,
) -> Tensor: ...
def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def cond(
    pred: _bool | Number | Tensor,
    true_fn: Callable[..., Any],
    false_fn: Callable[..., Any],
    operands: Sequence[Tensor] = ...,
) -> Tensor: ...
def conj(input: Tensor) -> Tensor: ...
def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def conj_physical_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def constant_pad_nd(
    input: Tensor, pad: Sequence[_int], value: Number = 0
) -> Tensor: ...
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[_int] | _int = 1,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    groups: _int = 1,
) -> Tensor: ...
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[_int] | _int = 1,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    groups: _int = 1,
) -> Tensor: ...
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[_int] | _int = 1,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    groups: _int = 1,
) -> Tensor: ...
def conv_tbc(
    input: Tensor, weight: Tensor, bias: Tensor, pad: Sequence[_int] | _int = 0
) -> Tensor: ...
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[_int] | _int = 1,
    padding: str | Dims = 0,
    output_padding: Dims = 0,
    groups: _int = 1,
    dilation: Dims = 1,
) -> Tensor: ...
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[_int] | _int = 1,
    padding: str | Dims = 0,
    output_padding: Dims = 0,
    groups: _int = 1,
    dilation: Dims = 1,
) -> Tensor: ...
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[_int] | _int = 1,
    padding: str | Dims = 0,
    output_padding: Dims = 0,
    groups: _int = 1,
    dilation: Dims = 1,
) -> Tensor: ...
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: Sequence[_int],
    padding: str | Dims,
    dilation: Dims,
    transposed: _bool,
    output_padding: Dims,
    groups: _int,
) -> Tensor: ...
def copysign(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def corrcoef(input: Tensor) -> Tensor: ...
def cos_(input: Tensor) -> Tensor: ...
def cosh_(input: Tensor) -> Tensor: ...
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0.0,
    reduction: str | _int = 0,
) -> Tensor: ...
def cosine_similarity(
    x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08
) -> Tensor: ...
def cov(
    input: Tensor,
    *,
    correction: _int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor: ...
def cross(
    input: Tensor,
    other: Tensor | Number,
    dim: Dims | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[_int],
    target_lengths: Tensor | Sequence[_int],
    blank: _int = 0,
    reduction: str | _int = 0,
    zero_infinity: _bool = False,
) -> Tensor: ...
def cummax(
    input: Tensor, dim: Dims, *, out: Tensor | None = None
) -> return_types.cummax: ...
def cummin(
    input: Tensor, dim: Dims, *, out: Tensor | None = None
) -> return_types.cummin: ...
def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: _float | None = None, dim: _int = -1
) -> Tensor: ...
def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def deg2rad_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def det(A: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def detach(input: Tensor) -> Tensor: ...
def detach_(self: Tensor, /) -> Tensor: ...
def diag(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor: ...
def diag_embed(
    input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1
) -> Tensor: ...
def diagflat(input: Tensor, offset: _int = 0) -> Tensor: ...
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1
) -> Tensor: ...
def diff(
    input: Tensor,
    n: _int = 1,
    dim: _int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def dist(input: Tensor, other: Tensor, p: Number = 2) -> Tensor: ...
def div(
    input: Tensor,
    other: Tensor | Number,
    *,
    rounding_mode: str | None = None,
    out: Tensor | None = None,
) -> Tensor: ...

divide = div

def dropout(input: Tensor, p: _float, train: _bool) -> Tensor: ...
def dropout_(input: Tensor, p: _float, train: _bool) -> Tensor: ...
def dsplit(
    input: Tensor, indices_or_sections: _int | Sequence[_int], *more: _int
) -> tuple[Tensor, ...]: ...
def eig(*args: Any, **kwargs: Any) -> Tensor: ...
def einsum(*args: Any) -> Tensor: ...
def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: _int = -1,
    scale_grad_by_freq: _bool = False,
    sparse: _bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: _bool = False,
    mode: str | _int = 0,
    sparse: _bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: _bool = False,
    padding_idx: _int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]: ...
def embedding_renorm_(
    input: Tensor, indices: Tensor, max_norm: _float, norm_type: _float
) -> Tensor: ...
def empty_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: memory_format | None = None,
) -> Tensor: ...
def empty_permuted(
    size: Sequence[_int],
    physical_layout: Sequence[_int],
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def empty_strided(
    size: Size | Sequence[_int],
    stride: Sequence[_int],
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> Tensor: ...
def equal(input: Tensor, other: Tensor | Number) -> _bool: ...
def erf_(input: Tensor) -> Tensor: ...
def erfc_(input: Tensor) -> Tensor: ...
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def erfinv_(input: Tensor) -> Tensor: ...
def exp2_(input: Tensor) -> Tensor: ...
def exp_(input: Tensor) -> Tensor: ...
def expm1_(input: Tensor) -> Tensor: ...
def eye(
    n: _int,
    m: _int | None = None,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def feature_alpha_dropout(input: Tensor, p: Number, train: _bool) -> Tensor: ...
def feature_alpha_dropout_(input: Tensor, p: Number, train: _bool) -> Tensor: ...
def feature_dropout(input: Tensor, p: Number, train: _bool) -> Tensor: ...
def feature_dropout_(input: Tensor, p: Number, train: _bool) -> Tensor: ...
def fill(input: Tensor, value: Number | Tensor) -> Tensor: ...
def fill_(self: Tensor, value: Number | Tensor) -> Tensor: ...
def fix_(input: Tensor) -> Tensor: ...
def flip(input: Tensor, dims: Dims) -> Tensor: ...
def fliplr(input: Tensor) -> Tensor: ...
def flipud(input: Tensor) -> Tensor: ...
def float_power(
    input: Tensor, exponent: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def floor_(input: Tensor) -> Tensor: ...
def frac_(input: Tensor) -> Tensor: ...
def frexp(input: Tensor, *, out: Tensor | None = None) -> return_types.frexp: ...
def frobenius_norm(
    input: Tensor, dim: Dims, keepdim: _bool = False, *, out: Tensor | None = None
) -> Tensor: ...
def from_dlpack(
    ext_tensor: Any, *, device: Device | None = None, copy: _bool | None = None
) -> Tensor: ...
def from_file(
    filename: str,
    shared: _bool = False,
    size: _int = 0,
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def from_numpy(array: Any) -> Tensor: ...
def frombuffer(
    buffer: Any,
    *,
    dtype: dtype,
    count: _int = -1,
    offset: _int = 0,
    requires_grad: _bool = False,
) -> Tensor: ...
def full_like(
    input: Tensor,
    fill_value: Number | Tensor,
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: memory_format | None = None,
) -> Tensor: ...
def gcd(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def gcd_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def geqrf(input: Tensor, *, out: Tensor | None = None) -> return_types.geqrf: ...
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def get_autocast_cpu_dtype() -> Tensor: ...
def get_autocast_dtype(device_type: Any) -> Tensor: ...
def get_autocast_gpu_dtype() -> Tensor: ...
def get_default_device() -> Tensor: ...
def get_deterministic_debug_mode() -> Tensor: ...
def get_device(input: Tensor) -> _int: ...
def get_float32_matmul_precision() -> Tensor: ...
def get_num_interop_threads() -> _int: ...
def get_printoptions() -> dict[str, Any]: ...
def gradient(
    input: Tensor,
    *,
    spacing: Number | Sequence[Number] | Sequence[Tensor] | None = None,
    dim: _int | Sequence[_int] | None = None,
    edge_order: _int = 1,
) -> tuple[Tensor, ...]: ...
def grid_sampler(
    input: Tensor,
    grid: Tensor,
    interpolation_mode: _int,
    padding_mode: _int,
    align_corners: _bool,
) -> Tensor: ...
def grid_sampler_2d(
    input: Tensor,
    grid: Tensor,
    interpolation_mode: _int,
    padding_mode: _int,
    align_corners: _bool,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def grid_sampler_3d(
    input: Tensor,
    grid: Tensor,
    interpolation_mode: _int,
    padding_mode: _int,
    align_corners: _bool,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def group_norm(
    input: Tensor,
    num_groups: _int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enabled: _bool = True,
) -> Tensor: ...
def gru(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]: ...
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor: ...
def hamming_window(
    window_length: _int,
    periodic: _bool = True,
    alpha: _float = 0.54,
    beta: _float = 0.46,
    **options: Any,
) -> Tensor: ...
def hann_window(
    window_length: _int, periodic: _bool = True, **options: Any
) -> Tensor: ...
def hardshrink(
    input: Tensor, lambd: Number = 0.5, *, out: Tensor | None = None
) -> Tensor: ...
def heaviside(
    input: Tensor, values: Tensor, *, out: Tensor | None = None
) -> Tensor: ...
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: _float = 1.0, reduction: str | _int = 0
) -> Tensor: ...
def histc(
    input: Tensor,
    bins: _int = 100,
    min: Number = 0,
    max: Number = 0,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def histogram(
    input: Tensor,
    bins: _int | Tensor = 100,
    *,
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
    out: Tensor | None = None,
) -> return_types.histogram: ...
def histogramdd(
    input: Tensor,
    bins: _int | Sequence[_int] | Sequence[Tensor],
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
) -> return_types.histogramdd: ...
def hsplit(
    input: Tensor, indices_or_sections: _int | Sequence[_int], *more: _int
) -> tuple[Tensor, ...]: ...
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def i0_(input: Tensor) -> Tensor: ...
def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def imag(input: Tensor) -> Tensor: ...
def index_put_(
    input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False
) -> Tensor: ...
def index_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Tensor | None = None,
) -> Tensor: ...
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def instance_norm(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    use_input_stats: Any,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool,
) -> Tensor: ...
def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def is_autocast_cache_enabled() -> Tensor: ...
def is_autocast_cpu_enabled() -> Tensor: ...
def is_autocast_enabled(device_type: str = "cuda") -> Tensor: ...
def is_complex(input: Tensor) -> _bool: ...
def is_conj(input: Tensor) -> _bool: ...
def is_deterministic_algorithms_warn_only_enabled() -> Tensor: ...
def is_floating_point(input: Tensor) -> _bool: ...
def is_inference(input: Tensor) -> _bool: ...
def is_neg(input: Tensor) -> _bool: ...
def is_nonzero(input: Tensor) -> _bool: ...
def is_signed(input: Tensor) -> _bool: ...
def is_tensor(obj: Any) -> _bool: ...
def is_warn_always_enabled() -> Tensor: ...
def isclose(
    input: Tensor,
    other: Tensor,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
) -> Tensor: ...
def isin(
    elements: Tensor | Number,
    test_elements: Tensor | Number,
    *,
    assume_unique: _bool = False,
    invert: _bool = False,
    out: Tensor | None = None,
) -> Tensor: ...
def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def isreal(input: Tensor) -> Tensor: ...
def istft(
    input: Tensor,
    n_fft: _int,
    hop_length: _int | None = None,
    win_length: _int | None = None,
    window: Tensor | None = None,
    center: _bool = True,
    normalized: _bool = False,
    onesided: _bool | None = None,
    length: _int | None = None,
    return_complex: _bool = False,
) -> Tensor: ...
def kaiser_window(
    window_length: _int, periodic: _bool = True, beta: _float = 12.0, **options: Any
) -> Tensor: ...
def kl_div(
    input: Tensor,
    target: Tensor,
    reduction: str | _int = 0,
    *,
    log_target: _bool = False,
) -> Tensor: ...
def kron(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def kthvalue(
    input: Tensor,
    k: _int,
    dim: _int = -1,
    keepdim: _bool = False,
    *,
    out: Tensor | None = None,
) -> return_types.kthvalue: ...
def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enable: _bool = True,
) -> Tensor: ...
def lcm(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def lcm_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def ldexp(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def ldexp_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def lerp(
    input: Tensor, end: Tensor, weight: Number | Tensor, *, out: Tensor | None = None
) -> Tensor: ...
def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def linspace(
    start: Number,
    end: Number,
    steps: _int,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def log10_(input: Tensor) -> Tensor: ...
def log1p_(input: Tensor) -> Tensor: ...
def log2_(input: Tensor) -> Tensor: ...
def log_(input: Tensor) -> Tensor: ...
def logaddexp(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def logaddexp2(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def logdet(input: Tensor) -> Tensor: ...
def logit(
    input: Tensor, eps: _float | None = None, *, out: Tensor | None = None
) -> Tensor: ...
def logit_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def logspace(
    start: Number,
    end: Number,
    steps: _int,
    base: _float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def lstm(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]: ...
def lstm_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]: ...
def lstsq(*args: Any, **kwargs: Any) -> Tensor: ...
def lu(
    A: Tensor, pivot: _bool = True, get_infos: _bool = False, out: Tensor | None = None
) -> Tensor: ...
def lu_solve(
    b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None
) -> Tensor: ...
def lu_unpack(
    LU_data: Tensor,
    LU_pivots: Tensor,
    unpack_data: _bool = True,
    unpack_pivots: _bool = True,
    *,
    out: Tensor | None = None,
) -> return_types.lu_unpack: ...
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0.0,
    reduction: str | _int = 0,
) -> Tensor: ...
def matrix_exp(A: Tensor) -> Tensor: ...
def matrix_power(A: Tensor, n: _int, *, out: Tensor | None = None) -> Tensor: ...
def matrix_rank(*args: Any, **kwargs: Any) -> Tensor: ...
@overload
def max(
    input: Tensor,
    dim: None = None,
    keepdim: _bool = False,
    *,
    other: None = None,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def max(
    input: Tensor,
    dim: _int,
    keepdim: _bool = False,
    *,
    out: Sequence[Tensor] | None = None,
) -> return_types.max: ...
@overload
def max(
    input: Tensor,
    *,
    axis: _int | None = None,
    keepdims: _bool = False,
    out: Sequence[Tensor] | None = None,
) -> return_types.max: ...
@overload
def max(input: Tensor, dim: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def max(input: Tensor, *, other: Tensor, out: Tensor | None = None) -> Tensor: ...
def max_pool1d(
    input: Tensor,
    kernel_size: Dims,
    stride: Sequence[_int] = ...,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    ceil_mode: _bool = False,
) -> Tensor: ...
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Dims,
    stride: Sequence[_int] = ...,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    ceil_mode: _bool = False,
) -> tuple[Tensor, Tensor]: ...
def max_pool2d(
    input: Tensor,
    kernel_size: Dims,
    stride: Sequence[_int] = ...,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    ceil_mode: _bool = False,
) -> Tensor: ...
def max_pool3d(
    input: Tensor,
    kernel_size: Dims,
    stride: Sequence[_int] = ...,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    ceil_mode: _bool = False,
) -> Tensor: ...
@overload
def median(
    input: Tensor,
    dim: None = None,
    keepdim: _bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def median(
    input: Tensor,
    dim: _int,
    keepdim: _bool = False,
    *,
    out: Sequence[Tensor] | None = None,
) -> return_types.median: ...
def meshgrid(
    *tensors: Tensor | Sequence[Tensor], indexing: str | None = None
) -> tuple[Tensor, ...]: ...
@overload
def min(
    input: Tensor,
    dim: None = None,
    keepdim: _bool = False,
    *,
    other: None = None,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def min(
    input: Tensor,
    dim: _int,
    keepdim: _bool = False,
    *,
    out: Sequence[Tensor] | None = None,
) -> return_types.min: ...
@overload
def min(
    input: Tensor,
    *,
    axis: _int | None = None,
    keepdims: _bool = False,
    out: Sequence[Tensor] | None = None,
) -> return_types.min: ...
@overload
def min(input: Tensor, dim: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor, out: Tensor | None = None) -> Tensor: ...
def mode(
    input: Tensor, dim: _int = -1, keepdim: _bool = False, *, out: Tensor | None = None
) -> return_types.mode: ...
def moveaxis(input: Tensor, source: Dims, destination: Dims) -> Tensor: ...
def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor: ...
def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def multinomial(
    input: Tensor,
    num_samples: _int,
    replacement: _bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
def mvlgamma(input: Tensor, p: _int, *, out: Tensor | None = None) -> Tensor: ...
def nan_to_num(
    input: Tensor,
    nan: _float = 0.0,
    posinf: _float | None = None,
    neginf: _float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def nan_to_num_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def nanmean(
    input: Tensor,
    dim: Dims | None = None,
    keepdim: _bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def nanmedian(
    input: Tensor,
    dim: None = None,
    keepdim: _bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def nanmedian(
    input: Tensor,
    dim: _int,
    keepdim: _bool = False,
    *,
    out: Sequence[Tensor] | None = None,
) -> return_types.nanmedian: ...
def nanquantile(
    input: Tensor,
    q: Tensor | _float,
    dim: Dims | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor: ...
def nansum(
    input: Tensor,
    dim: Dims | None = None,
    keepdim: _bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
def native_channel_shuffle(input: Tensor, groups: _int) -> Tensor: ...
def neg_(input: Tensor) -> Tensor: ...
def negative_(input: Tensor) -> Tensor: ...
def nextafter(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
@overload
def nonzero(
    input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[False] = ...
) -> Tensor: ...
@overload
def nonzero(
    input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[True]
) -> tuple[Tensor, ...]: ...
def norm(
    input: Tensor,
    p: Number | str = "fro",
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    out: Tensor | None = None,
    dtype: dtype | None = None,
) -> Tensor: ...
def norm_except_dim(v: Tensor, pow: _int = 2, dim: _int = 0) -> Tensor: ...
def nuclear_norm(
    input: Tensor,
    dim: Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def numel(input: Tensor) -> _int: ...
def ones_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: memory_format | None = None,
) -> Tensor: ...
def orgqr(input: Tensor, tau: Tensor) -> Tensor: ...
def ormqr(
    input: Tensor,
    tau: Tensor,
    other: Tensor,
    left: _bool = True,
    transpose: _bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: _float = 2.0, eps: _float = 1e-06, keepdim: _bool = False
) -> Tensor: ...
def pca_lowrank(
    A: Tensor, q: _int | None = None, center: _bool = True, niter: _int = 2
) -> tuple[Tensor, Tensor, Tensor]: ...
def pdist(input: Tensor, p: _float = 2) -> Tensor: ...
def permute(input: Tensor, dims: Dims) -> Tensor: ...
def pinverse(input: Tensor, rcond: _float | Tensor = 1e-15) -> Tensor: ...
def pixel_shuffle(input: Tensor, upscale_factor: _int) -> Tensor: ...
def pixel_unshuffle(input: Tensor, downscale_factor: _int) -> Tensor: ...
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor: ...
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: _bool,
    full: Any,
    eps: _float,
    reduction: str,
) -> Tensor: ...
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def polygamma(n: _int, input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def positive(input: Tensor) -> Tensor: ...
def prelu(input: Tensor, weight: Tensor) -> Tensor: ...
def printoptions(**kwargs: Any) -> AbstractContextManager[Any]: ...
def put(
    input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False
) -> Tensor: ...
def qr(
    input: Tensor, some: _bool = True, *, out: Tensor | None = None
) -> return_types.qr: ...
def quantile(
    input: Tensor,
    q: _float | Tensor,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor: ...
def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def rad2deg_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def range(
    start: Number = 0,
    end: Number | None = None,
    step: _int = 1,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def ravel(input: Tensor) -> Tensor: ...
def real(input: Tensor) -> Tensor: ...
def reciprocal_(input: Tensor) -> Tensor: ...
def relu_(input: Tensor) -> Tensor: ...
def renorm(
    input: Tensor, p: Number, dim: _int, maxnorm: Number, *, out: Tensor | None = None
) -> Tensor: ...
def repeat_interleave(
    input: Tensor,
    repeats: _int | Tensor | None = None,
    dim: _int | None = None,
    *,
    output_size: _int | None = None,
) -> Tensor: ...
def reshape(input: Tensor, shape: Size | Sequence[_int]) -> Tensor: ...
def resize_as_(
    self: Tensor, other: Tensor | Number, memory_format: memory_format | None = None
) -> Tensor: ...
def resolve_conj(input: Tensor) -> Tensor: ...
def resolve_neg(input: Tensor) -> Tensor: ...
def result_type(a: Tensor, b: Tensor) -> dtype: ...
def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[_int],
    weight: Tensor | None = None,
    eps: _float | None = None,
) -> Tensor: ...
def rnn_relu(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]: ...
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor: ...
def rnn_tanh(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]: ...
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor: ...
def roll(
    input: Tensor,
    shifts: _int | Sequence[_int],
    dims: _int | Sequence[_int] | None = None,
) -> Tensor: ...
def rot90(input: Tensor, k: _int = 1, dims: Dims = ...) -> Tensor: ...
def round(
    input: Tensor, *, decimals: _int = 0, out: Tensor | None = None
) -> Tensor: ...
def round_(self: Tensor, *, decimals: _int = 0) -> Tensor: ...
def rrelu(
    input: Tensor,
    lower: _float = 0.125,
    upper: _bool | _float = 0.3333333333333333,
    training: _bool = False,
    generator: Generator | None = None,
) -> Tensor: ...
def rrelu_(
    input: Tensor,
    lower: _float = 0.125,
    upper: _bool | _float = 0.3333333333333333,
    training: _bool = False,
    generator: Generator | None = None,
) -> Tensor: ...
def rsqrt_(input: Tensor) -> Tensor: ...
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor: ...
def scalar_tensor(
    s: Sequence[_int],
    *,
    dtype: dtype | None = None,
    device: Device | None = None,
    requires_grad: _bool = False,
) -> Tensor: ...
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Number,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
def select(input: Tensor, dim: Dims, index: Tensor) -> Tensor: ...
def select_scatter(input: Tensor, src: Tensor, dim: Dims, index: Tensor) -> Tensor: ...
def selu(input: Tensor, inplace: _bool = False) -> Tensor: ...
def selu_(input: Tensor) -> Tensor: ...
def set_anomaly_enabled(mode: str, check_nan: _bool = True) -> None: ...
def set_autocast_cache_enabled(enabled: _bool) -> None: ...
def set_autocast_cpu_dtype(dtype: dtype) -> None: ...
def set_autocast_cpu_enabled(enabled: _bool) -> None: ...
def set_autocast_dtype(device_type: Any, dtype: dtype) -> None: ...
def set_autocast_enabled(device_type: Any, enabled: _bool | None = None) -> None: ...
def set_autocast_gpu_dtype(dtype: dtype) -> None: ...
def set_default_device(device: Device) -> None: ...
def set_default_tensor_type(t: Any) -> None: ...
def set_deterministic_debug_mode(debug_mode: _int | str) -> None: ...
def set_float32_matmul_precision(precision: str) -> None: ...
def set_flush_denormal(mode: str) -> _bool: ...
def set_num_interop_threads(num: _int) -> None: ...
def set_printoptions(
    precision: _int | None = None,
    threshold: _int | None = None,
    edgeitems: _int | None = None,
    linewidth: _int | None = None,
    profile: str | None = None,
    sci_mode: _bool | None = None,
) -> None: ...
def set_warn_always(b: Tensor) -> None: ...
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def sigmoid_(input: Tensor) -> Tensor: ...
def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def sin_(input: Tensor) -> Tensor: ...
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def sinc_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def sinh_(input: Tensor) -> Tensor: ...
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: _int = 0,
    start: Number | None = None,
    end: Number | None = None,
    step: _int = 1,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def slogdet(input: Tensor) -> return_types.linalg_slogdet: ...
def solve(*args: Any, **kwargs: Any) -> Tensor: ...
def sort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    *,
    stable: _bool = False,
    out: Tensor | None = None,
) -> return_types.sort: ...
def split(
    tensor: Tensor, split_size_or_sections: _int | Sequence[_int], dim: _int = 0
) -> tuple[Tensor, ...]: ...
def split_with_sizes(
    input: Tensor, split_sizes: Sequence[_int], dim: _int = 0
) -> tuple[Tensor, ...]: ...
def sqrt_(input: Tensor) -> Tensor: ...
def square_(input: Tensor) -> Tensor: ...
def std(
    input: Tensor,
    dim: Dims | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: Number | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
def std_mean(
    input: Tensor,
    dim: Dims | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]: ...
def stft(
    input: Tensor,
    n_fft: _int,
    hop_length: _int | None = None,
    win_length: _int | None = None,
    window: Tensor | None = None,
    center: _bool = True,
    pad_mode: str = "reflect",
    normalized: _bool = False,
    onesided: _bool | None = None,
    return_complex: _bool | None = None,
    align_to_window: _bool | None = None,
) -> Tensor: ...
def sub(
    input: Tensor,
    other: Tensor | Number,
    *,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor: ...

subtract = sub

def svd(
    input: Tensor,
    some: _bool = True,
    compute_uv: _bool = True,
    *,
    out: Sequence[Tensor] | None = None,
) -> return_types.svd: ...
def svd_lowrank(
    A: Tensor, q: _int = 6, niter: _int = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]: ...
def swapaxes(input: Tensor, axis0: _int, axis1: _int) -> Tensor: ...
def swapdims(input: Tensor, axis0: _int, axis1: _int) -> Tensor: ...
def symeig(*args: Any, **kwargs: Any) -> NoReturn: ...
def t(input: Tensor) -> Tensor: ...
def tan_(input: Tensor) -> Tensor: ...
def tanh_(input: Tensor) -> Tensor: ...
def tensor_split(
    input: Tensor,
    indices_or_sections: _int | Sequence[_int] | Tensor | None = None,
    dim: _int = 0,
    *,
    indices: Tensor | None = None,
    sections: _int | None = None,
    tensor_indices_or_sections: Tensor | _int | Sequence[_int] | None = None,
) -> tuple[Tensor, ...]: ...
def tensordot(
    a: Tensor, b: Tensor, dims: Dims = 2, out: Tensor | None = None
) -> Tensor: ...
def threshold(
    input: Tensor, threshold: _float, value: Number | Tensor, inplace: _bool = False
) -> Tensor: ...
def threshold_(input: Tensor, threshold: _float, value: Number | Tensor) -> Tensor: ...
def tile(input: Tensor, dims: Dims) -> Tensor: ...
def to_dlpack(tensor: Tensor) -> Any: ...
def topk(
    input: Tensor,
    k: _int,
    dim: _int = -1,
    largest: _bool = True,
    sorted: _bool = True,
    *,
    out: Tensor | None = None,
) -> return_types.topk: ...
def trace(input: Tensor) -> Tensor: ...
def transpose(input: Tensor, dim0: _int, dim1: _int) -> Tensor: ...
def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: _int = -1
) -> Tensor: ...
def trapz(
    y: Tensor, x: Tensor | None = None, *, dx: _float | None = None, dim: _int = -1
) -> Tensor: ...
def triangular_solve(
    b: Tensor,
    A: Tensor,
    upper: _bool = True,
    transpose: _bool = False,
    unitriangular: _bool = False,
    *,
    out: Tensor | None = None,
) -> return_types.triangular_solve: ...
def tril_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: dtype | None = None,
    device: Device | None = None,
    layout: layout | None = None,
) -> Tensor: ...
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: _float = 1.0,
    p: Number = 2,
    eps: _float = 1e-06,
    swap: _bool = False,
    reduction: str | _int = 0,
) -> Tensor: ...
def triu_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: dtype | None = None,
    device: Device | None = None,
    layout: layout | None = None,
) -> Tensor: ...

true_divide = div

def trunc_(input: Tensor) -> Tensor: ...
def unbind(input: Tensor, dim: _int = 0) -> tuple[Tensor, ...]: ...
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: Literal[False] = ...,
    return_counts: Literal[False] = ...,
    dim: _int | None = None,
) -> Tensor: ...
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    *,
    return_inverse: Literal[True],
    return_counts: Literal[False] = ...,
    dim: _int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: Literal[False] = ...,
    *,
    return_counts: Literal[True],
    dim: _int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    *,
    return_inverse: Literal[True],
    return_counts: Literal[True],
    dim: _int | None = None,
) -> tuple[Tensor, Tensor, Tensor]: ...
@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: _bool = ...,
    return_counts: _bool = ...,
    dim: _int | None = None,
) -> Tensor | tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[False] = ...,
    return_counts: Literal[False] = ...,
    dim: _int | None = None,
) -> Tensor: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[True],
    return_counts: Literal[False] = ...,
    dim: _int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[False] = ...,
    *,
    return_counts: Literal[True],
    dim: _int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[True],
    return_counts: Literal[True],
    dim: _int | None = None,
) -> tuple[Tensor, Tensor, Tensor]: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: _bool = ...,
    return_counts: _bool = ...,
    dim: _int | None = None,
) -> Tensor | tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]: ...
def unravel_index(
    indices: Tensor, shape: _int | Sequence[_int]
) -> tuple[Tensor, ...]: ...
def unsqueeze(input: Tensor, dim: Dims) -> Tensor: ...
def use_deterministic_algorithms(mode: _bool, *, warn_only: _bool = False) -> None: ...
def vander(x: Tensor, N: _int | None = None, increasing: _bool = False) -> Tensor: ...
def var(
    input: Tensor,
    dim: Dims | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: Number | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
def var_mean(
    input: Tensor,
    dim: Dims | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]: ...
def vdot(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def vmap(
    func: Callable[..., Any],
    in_dims: _int = 0,
    out_dims: _int = 0,
    randomness: str = "error",
    *,
    chunk_size: _int | None = None,
) -> Tensor: ...
def vsplit(
    input: Tensor, indices_or_sections: _int | Sequence[_int], *more: _int
) -> tuple[Tensor, ...]: ...
@overload
def where(
    condition: Tensor,
    input: None = None,
    other: None = None,
    *,
    out: Tensor | None = ...,
) -> tuple[Tensor, ...]: ...
@overload
def where(
    condition: Tensor,
    input: Tensor | Number,
    other: Tensor | Number,
    *,
    out: Tensor | None = None,
) -> Tensor: ...
def xlogy(
    input: Tensor, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor: ...
def xlogy_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor: ...
def zero_(self: Tensor) -> Tensor: ...
def zeros_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Device | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: memory_format | None = None,
) -> Tensor: ...
