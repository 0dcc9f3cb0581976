"""What autocast is set to, and the ops it casts for.

Note [Exchanged entries]
While a thread casts, the entries of compiled ops lead through a handler that converts
their arguments (``Function::redirect``), and functions written in Python have another
code object that does the same. So a call costs nothing more while no thread casts, and
it does not matter under which name a function is called.
"""

from __future__ import annotations

import importlib
import threading
import types

import rushlight
from rushlight import _core, _ops
from rushlight._core import Tensor

_DTYPES = {
    "cpu": "bfloat16",
    "cuda": "float16",
    "xla": "bfloat16",
    "ipu": "float16",
    "hpu": "bfloat16",
    "mps": "float16",
    "xpu": "float16",
    "mtia": "float16",
    "maia": "bfloat16",
}

# Compiled ops and functions in Python that compute in autocast's dtype.
_LOWER = {
    "rushlight._ops": "addmm baddbmm bmm conv1d conv2d linear matmul mm",
    "rushlight.linalg._products": "addbmm",
    "rushlight.linalg": "matmul vecdot",
    "rushlight.nn.functional": (
        "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d prelu "
        "scaled_dot_product_attention"
    ),
}
# Those that compute in float32.
_FLOAT = {
    "rushlight._ops": "nll_loss prod view_as_complex",
    "rushlight._sorting": "nanquantile quantile",
    "rushlight._spectral": "stft",
    "rushlight._pointwise": "polar",
    "rushlight.linalg": (
        "cholesky cholesky_ex cond eig eigh eigvals eigvalsh householder_product inv "
        "inv_ex lstsq matrix_rank qr solve svd svdvals tensorinv tensorsolve"
    ),
    "rushlight.linalg._distance": "cdist",
    "rushlight.linalg._products": "trace",
    "rushlight.linalg._legacy": (
        "cholesky cholesky_inverse cholesky_solve geqrf inverse lstsq lu lu_solve "
        "orgqr ormqr pca_lowrank pinverse qr svd triangular_solve"
    ),
    "rushlight.fft": (
        "fft fft2 fftn hfft ifft ifft2 ifftn ihfft irfft irfft2 irfftn rfft rfft2 rfftn"
    ),
    "rushlight.nn.functional": (
        "adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy "
        "binary_cross_entropy_with_logits cosine_embedding_loss cross_entropy ctc_loss "
        "fractional_max_pool2d fractional_max_pool3d grid_sample hinge_embedding_loss "
        "huber_loss kl_div l1_loss margin_ranking_loss max_pool3d max_unpool2d "
        "max_unpool3d mse_loss multi_margin_loss multilabel_margin_loss nll_loss "
        "poisson_nll_loss smooth_l1_loss soft_margin_loss triplet_margin_loss"
    ),
}


class _State(threading.local):
    def __init__(self):
        self.enabled = dict.fromkeys(_DTYPES, False)
        self.dtypes = {k: getattr(rushlight, v) for k, v in _DTYPES.items()}
        self.caches = True
        self.cache = {}
        self.nesting = 0


_state = _State()
_lock = threading.Lock()
_casting_threads = 0
_exchanged: list[tuple[types.FunctionType, types.CodeType]] = []


def _device(op, device_type):
    if not isinstance(device_type, str):
        raise TypeError(
            f"{op}(): argument 'device_type' (position 1) must be str, not "
            f"{type(device_type).__name__}"
        )
    if device_type not in _DTYPES:
        raise RuntimeError(f"{op}(): unknown device type for autocast: {device_type}")
    return device_type


def is_autocast_enabled(device_type="cuda"):
    """Whether ops of a device are cast in this thread.

    Args:
        device_type (str): such as "cpu"; "cuda" when left out.

    Raises:
        RuntimeError: for a device without autocast.
    """
    return _state.enabled[_device("is_autocast_enabled", device_type)]


def set_autocast_enabled(device_type, enabled=None):
    """Turns casting on or off in this thread; "cuda" when only a bool is given."""
    if enabled is None:
        device_type, enabled = "cuda", device_type
    _device("set_autocast_enabled", device_type)
    if not isinstance(enabled, bool):
        raise TypeError(
            "set_autocast_enabled(): argument 'enabled' (position 2) must be bool, not "
            f"{type(enabled).__name__}"
        )
    before, _state.enabled[device_type] = _state.enabled[device_type], enabled
    if device_type == "cpu" and before != enabled:
        _count_casting_threads(1 if enabled else -1)


def get_autocast_dtype(device_type):
    """The dtype that ops of a device are cast to."""
    return _state.dtypes[_device("get_autocast_dtype", device_type)]


def set_autocast_dtype(device_type, dtype):
    """Sets the dtype that ops of a device are cast to, in this thread."""
    _device("set_autocast_dtype", device_type)
    if not isinstance(dtype, _core.dtype):
        raise TypeError(
            "set_autocast_dtype(): argument 'dtype' (position 2) must be "
            f"rushlight.dtype, not {type(dtype).__name__}"
        )
    _state.dtypes[device_type] = dtype


def is_autocast_cpu_enabled():
    """:func:`is_autocast_enabled` of the CPU."""
    return _state.enabled["cpu"]


def set_autocast_cpu_enabled(enabled):
    """:func:`set_autocast_enabled` of the CPU."""
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype():
    """:func:`get_autocast_dtype` of the CPU."""
    return _state.dtypes["cpu"]


def set_autocast_cpu_dtype(dtype):
    """:func:`set_autocast_dtype` of the CPU."""
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype():
    """:func:`get_autocast_dtype` of CUDA."""
    return _state.dtypes["cuda"]


def set_autocast_gpu_dtype(dtype):
    """:func:`set_autocast_dtype` of CUDA."""
    set_autocast_dtype("cuda", dtype)


def is_autocast_cache_enabled():
    """Whether cast parameters are kept until the outermost autocast ends."""
    return _state.caches


def set_autocast_cache_enabled(enabled):
    """Sets whether cast parameters are kept."""
    if not isinstance(enabled, bool):
        raise TypeError(f"enabled must be a bool (got {type(enabled).__name__})")
    _state.caches = enabled


def clear_autocast_cache():
    """Forgets the cast parameters."""
    _state.cache.clear()


def increment_nesting():
    """One autocast more is entered in this thread."""
    _state.nesting += 1


def decrement_nesting():
    """One autocast is left; the number that remain."""
    _state.nesting -= 1
    return _state.nesting


# -- casting ------------------------------------------------------------------


def _cast(x, dtype):
    if isinstance(x, Tensor):
        if (
            x.dtype == dtype
            or not x.is_floating_point()
            or x.dtype == rushlight.float64
            or x.device.type != "cpu"
        ):
            return x
        keep = (
            _state.caches
            and dtype == _state.dtypes["cpu"]
            and x.dtype == rushlight.float32
            and x.requires_grad
            and x.is_leaf
            and not x._is_view()
        )
        if not keep:
            return x.to(dtype)
        entry = _state.cache.get(id(x))
        if entry is None:
            # The parameter itself is kept too, so that its id stays its own.
            entry = _state.cache[id(x)] = x, x.to(dtype)
        return entry[1]
    if isinstance(x, (list, tuple)) and any(isinstance(v, Tensor) for v in x):
        return [_cast(v, dtype) for v in x]
    return x


def _target(lower):
    if not _state.enabled["cpu"]:
        return None
    return _state.dtypes["cpu"] if lower else rushlight.float32


def _handler(lower):
    def handle(arguments):
        dtype = _target(lower)
        if dtype is None:
            return arguments
        return tuple([_cast(x, dtype) for x in arguments])

    return handle


def call(index, lower, arguments, named):
    """What the exchanged code of function ``index`` does."""
    function, code = _exchanged[index]
    original = types.FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    original.__kwdefaults__ = function.__kwdefaults__
    dtype = _target(lower)
    if dtype is None or named.get("out") is not None:
        return original(*arguments, **named)
    arguments = [_cast(x, dtype) for x in arguments]
    named = {k: _cast(x, dtype) for k, x in named.items()}
    # Inside, nothing is cast again.
    _state.enabled["cpu"] = False
    try:
        return original(*arguments, **named)
    finally:
        _state.enabled["cpu"] = True


# What makes a public function written in Python overridable; see _public.
_OVERRIDABLE = type(_core._function(lambda: None, 0))


def _functions(table):
    for module, names in table.items():
        owner = importlib.import_module(module)
        for name in names.split():
            function = getattr(owner, name)
            if isinstance(function, _OVERRIDABLE):
                function = function.__wrapped__
            yield function


def _count_casting_threads(change):
    global _casting_threads
    with _lock:
        before = _casting_threads
        _casting_threads += change
        if before == 0:
            _exchange()
        elif _casting_threads == 0:
            _restore()


def _exchange():
    known = {id(f) for f, _ in _exchanged}
    _core._redirect_matmul(_handler(True))
    for table, lower in ((_LOWER, True), (_FLOAT, False)):
        for function in _functions(table):
            if not isinstance(function, types.FunctionType):
                _ops._redirect(function, _handler(lower))
                continue
            if id(function) not in known:
                known.add(id(function))
                _exchanged.append((function, function.__code__))
            index = [f for f, _ in _exchanged].index(function)
            namespace: dict[str, types.FunctionType] = {}
            exec(
                "def entry(*args, **kwargs):\n"
                "    from rushlight._autocast import call\n"
                f"    return call({index}, {lower}, args, kwargs)\n",
                namespace,
            )
            # A closure keeps its cells, which the entry does not look at.
            function.__code__ = namespace["entry"].__code__.replace(
                co_freevars=function.__code__.co_freevars
            )


def _restore():
    _core._redirect_matmul(None)
    for table in (_LOWER, _FLOAT):
        for function in _functions(table):
            if not isinstance(function, types.FunctionType):
                _ops._redirect(function, None)
    for function, code in _exchanged:
        function.__code__ = code
