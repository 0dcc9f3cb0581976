"""autocast, a context in which products compute in half precision."""

from __future__ import annotations

import functools
import warnings

import rushlight
from rushlight import _autocast


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast can be asked for on a device.

    Example::

        >>> rushlight.amp.is_autocast_available("cpu")
        True
    """
    return device_type in _autocast._DTYPES


class autocast:
    """A context, or decorator, in which matrix products and convolutions use ``dtype``.

    Losses and decompositions compute in float32 there, everything else in the dtype of
    its arguments. The backward pass belongs outside. Nothing is cast, and no call costs
    more, outside of the context.

    Args:
        device_type (str): "cpu"; "cuda" warns and does nothing.
        dtype (dtype, optional): bfloat16 or float16; the default of the device is
            ``get_autocast_dtype(device_type)``.
        enabled (bool): False makes a region without casting.
        cache_enabled (bool, optional): whether cast parameters are kept until the
            outermost context ends; default as it is set.

    Raises:
        ValueError: when ``device_type`` is no str.
        RuntimeError: for a device without autocast.

    Example::

        >>> x = rushlight.ones(2, 2)
        >>> with rushlight.autocast("cpu"):
        ...     (x @ x).dtype
        rushlight.bfloat16
    """

    def __init__(
        self,
        device_type: str,
        dtype: rushlight.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(
                f"Expected `device_type` of type `str`, got: `{type(device_type)}`"
            )
        if not is_autocast_available(device_type):
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'"
            )
        self.device = device_type
        self.fast_dtype = dtype or _autocast.get_autocast_dtype(device_type)
        self._cache_enabled = (
            _autocast.is_autocast_cache_enabled()
            if cache_enabled is None
            else cache_enabled
        )
        if enabled and device_type != "cpu":
            warnings.warn(
                f"autocast(): only the CPU's ops are cast, not those of {device_type}; "
                "disabled.",
                stacklevel=2,
            )
            enabled = False
        if enabled and self.fast_dtype not in (rushlight.bfloat16, rushlight.float16):
            warnings.warn(
                f"autocast(): {self.fast_dtype} is not supported, only bfloat16 and "
                "float16; disabled.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled

    def __enter__(self):
        self._before = (
            _autocast.is_autocast_enabled(self.device),
            _autocast.get_autocast_dtype(self.device),
            _autocast.is_autocast_cache_enabled(),
        )
        _autocast.set_autocast_enabled(self.device, self._enabled)
        _autocast.set_autocast_dtype(self.device, self.fast_dtype)
        _autocast.set_autocast_cache_enabled(self._cache_enabled)
        _autocast.increment_nesting()
        return self

    def __exit__(self, *exc):
        if _autocast.decrement_nesting() == 0:
            _autocast.clear_autocast_cache()
        enabled, dtype, caches = self._before
        _autocast.set_autocast_enabled(self.device, enabled)
        _autocast.set_autocast_dtype(self.device, dtype)
        _autocast.set_autocast_cache_enabled(caches)
        return False

    def __call__(self, func):
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}"
            )

        @functools.wraps(func)
        def casting(*args, **kwargs):
            with self:
                return func(*args, **kwargs)

        return casting
