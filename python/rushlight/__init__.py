"""Rushlight: PyTorch's eager API in a NumPy-sized package."""

from __future__ import annotations

from rushlight import (
    _core,
    _exports,
    _functions,
    _lazy,
    _ops,
    _public,
    _setup,
    _type_info,
)
from rushlight._compare import allclose, equal, isclose
from rushlight._core import (
    Size,
    Tensor,
    channels_last,
    channels_last_3d,
    complex32,
    contiguous_format,
    device,
    dtype,
    full,
    get_default_dtype,
    is_grad_enabled,
    is_inference_mode_enabled,
    layout,
    memory_format,
    preserve_format,
    set_default_dtype,
    strided,
    tensor,
)
from rushlight._exceptions import OutOfMemoryError
from rushlight._functions import (
    add,
    angle,
    arange,
    as_strided,
    broadcast_shapes,
    broadcast_tensors,
    broadcast_to,
    chunk,
    clamp,
    clamp_max,
    clamp_min,
    clone,
    complex,
    conj,
    div,
    empty_like,
    empty_strided,
    eye,
    full_like,
    imag,
    is_complex,
    is_floating_point,
    is_nonzero,
    is_tensor,
    linspace,
    movedim,
    numel,
    ones_like,
    permute,
    real,
    relu_,
    reshape,
    result_type,
    rsub,
    scalar_tensor,
    select,
    sgn,
    split,
    sub,
    swapaxes,
    t,
    transpose,
    unbind,
    unsqueeze,
    zeros_like,
)
from rushlight._interop import as_tensor, from_numpy, frombuffer
from rushlight._paths import get_cmake_dir, get_include
from rushlight._rearrange import (
    argwhere,
    flip,
    fliplr,
    flipud,
    nonzero,
    repeat_interleave,
    roll,
    tile,
    where,
)
from rushlight._reductions import max, min, norm, std, std_mean, var, var_mean
from rushlight._type_info import can_cast, finfo, iinfo
from rushlight._version import __version__

_core._set_package(__file__)
for _d in _core._dtypes:
    globals()[_d.name] = _d
del _d
half, float, double = float16, float32, float64  # noqa: F821
short, int, long = int16, int32, int64  # noqa: F821
chalf, cfloat, cdouble = complex32, complex64, complex128  # noqa: F821
globals().update(_type_info.tensor_types())

for _names in (
    _exports.UNARY,
    _exports.PREDICATES,
    _exports.BINARY,
    _exports.BINARY_FUNCTIONS,
    [n for n in _exports.FUNCTIONS if n not in globals()],
    [n for n in _exports.FUNCTIONS_ONLY if n not in globals()],
):
    for _name in _names:
        globals()[_name] = getattr(_ops, _name)
for _alias, _name in _exports.ALIASES.items():
    globals()[_alias] = getattr(_ops, _name)
del _names, _name, _alias
clip, subtract, divide, true_divide = clamp, sub, div, div
round = _functions.round
concat = concatenate = cat  # noqa: F821
row_stack = vstack  # noqa: F821
moveaxis, swapdims = movedim, swapaxes

_setup.attach()

from rushlight import (  # noqa: E402
    autograd,
    cuda,
)
from rushlight._core import empty, ones, zeros  # noqa: E402
from rushlight.autograd import (  # noqa: E402
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from rushlight.autograd.anomaly_mode import (  # noqa: E402
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
)
from rushlight.random import (  # noqa: E402
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from rushlight.serialization import load, save  # noqa: E402

_public.publish(globals())
__getattr__, __dir__ = _lazy.module_getattr(
    globals(), _lazy.FUNCTIONS, _lazy.NAMESPACES
)
