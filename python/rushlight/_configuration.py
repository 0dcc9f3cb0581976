"""Settings under PyTorch's names, and constants.

Results never depend on most of them: ops are deterministic and matrix products exact at
the dtype's precision whatever is set. What is set can be read back.
"""

from __future__ import annotations

import math
import warnings

import rushlight
from rushlight import _core

e, pi, inf, nan, newaxis = math.e, math.pi, math.inf, math.nan, None
has_lapack = has_openmp = True

_state = {
    "deterministic": False,
    "warn_only": False,
    "matmul_precision": "highest",
    "interop_threads": None,
    "warn_always": False,
    "device": None,
}


def _flag(op, name, value):
    if not isinstance(value, bool):
        raise TypeError(
            f"{op}(): argument '{name}' (position 1) must be bool, not "
            f"{type(value).__name__}"
        )
    return value


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Asks for deterministic algorithms, which all are, whatever the threads.

    Args:
        mode (bool): read back by :func:`are_deterministic_algorithms_enabled`.
        warn_only (bool): read back as well.
    """
    _state["deterministic"] = _flag("use_deterministic_algorithms", "mode", mode)
    _state["warn_only"] = _flag("use_deterministic_algorithms", "warn_only", warn_only)


def are_deterministic_algorithms_enabled():
    """What :func:`use_deterministic_algorithms` was given."""
    return _state["deterministic"]


def is_deterministic_algorithms_warn_only_enabled():
    """Whether :func:`use_deterministic_algorithms` was asked only to warn."""
    return _state["warn_only"]


_MODES = {"default": 0, "warn": 1, "error": 2}


def set_deterministic_debug_mode(debug_mode):
    """:func:`use_deterministic_algorithms` as "default", "warn", "error" or 0, 1, 2."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    mode = _MODES.get(debug_mode) if isinstance(debug_mode, str) else debug_mode
    if mode not in (0, 1, 2):
        raise RuntimeError(
            "invalid value of debug_mode, expected one of `default`, `warn`, `error` "
            "or "
            f"0, 1, 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(mode > 0, warn_only=mode == 1)


def get_deterministic_debug_mode():
    """0, 1 or 2; see :func:`set_deterministic_debug_mode`."""
    if not _state["deterministic"]:
        return 0
    return 1 if _state["warn_only"] else 2


def set_float32_matmul_precision(precision):
    """Allows less precise products; on the CPU they stay in full float32 all the same.

    Args:
        precision (str): "highest", "high" or "medium"; another warns and changes
            nothing.
    """
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"set_float32_matmul_precision(): {precision} is not one of 'highest', "
            "'high', or 'medium'; the call has no effect.",
            stacklevel=2,
        )
        return
    _state["matmul_precision"] = precision


def get_float32_matmul_precision():
    """What :func:`set_float32_matmul_precision` was given; "highest" at start."""
    return _state["matmul_precision"]


def set_num_interop_threads(num):
    """Kept for :func:`get_num_interop_threads`: eager ops never run beside each other.

    Raises:
        RuntimeError: for no positive int, or a second call.
    """
    if not isinstance(num, int) or isinstance(num, bool):
        raise RuntimeError(
            f"set_num_interop_threads expects an int, but got {type(num).__name__}"
        )
    if num <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    if _state["interop_threads"] is not None:
        raise RuntimeError(
            "set_num_interop_threads(): cannot set number of interop threads after it "
            "has been called"
        )
    _state["interop_threads"] = num


def get_num_interop_threads():
    """The number set, or the number of processors."""
    import os

    return _state["interop_threads"] or os.cpu_count()


def set_flush_denormal(mode):
    """Whether denormal numbers are flushed to zero as asked: they never are.

    Returns:
        bool: False for ``mode=True``, which is not available; True for False.
    """
    if not isinstance(mode, bool):
        raise RuntimeError(
            f"flush_denormal expects a bool, but got {type(mode).__name__}"
        )
    return not mode


def set_warn_always(b):
    """Kept for :func:`is_warn_always_enabled`; Python's filters decide."""
    if not isinstance(b, bool):
        raise RuntimeError(
            f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}"
        )
    _state["warn_always"] = b


def is_warn_always_enabled():
    """What :func:`set_warn_always` was given."""
    return _state["warn_always"]


def set_anomaly_enabled(mode, check_nan=True):
    """Anomaly mode on or off; see ``autograd.set_detect_anomaly``."""
    from rushlight.autograd.anomaly_mode import set_detect_anomaly

    set_detect_anomaly(_flag("set_anomaly_enabled", "mode", mode), check_nan)


def set_default_device(device):
    """The device of new tensors; the CPU is the only one that can be the default.

    Raises:
        NotImplementedError: for another: pass ``device=`` or move tensors with ``to``.
    """
    if device is not None:
        device = _core.device(device)
        if device.type != "cpu":
            raise NotImplementedError(
                f"set_default_device(): {device} cannot be the default; pass device= "
                "or use Tensor.to"
            )
    _state["device"] = device


def get_default_device():
    """The device of tensors made without ``device=``."""
    return _state["device"] or _core.device("cpu")


def set_default_tensor_type(t):
    """The default dtype by an old type or its name, such as "rushlight.DoubleTensor".

    Raises:
        TypeError: for what is no floating-point tensor type.
    """
    kind = t
    if isinstance(t, str):
        kind = getattr(rushlight, t.rpartition(".")[2], None)
    dtype = getattr(kind, "dtype", None)
    if not isinstance(dtype, _core.dtype) or not dtype.is_floating_point:
        raise TypeError(
            "set_default_tensor_type(): only floating-point types are supported as the "
            f"default type, got {t}"
        )
    _core.set_default_dtype(dtype)


def get_device(input):
    """The index of the CUDA device of a tensor; -1 on the CPU."""
    return input.get_device()


def is_signed(input):
    """Whether the tensor's dtype has negative values."""
    return input.is_signed()


def detach(input):
    """The same data outside the graph; a view."""
    return input.detach()


def is_inference(input):
    """Whether the tensor's memory was made in inference mode."""
    return input.is_inference()
