"""The GPU, whatever its make: CUDA's devices where there are some."""

from __future__ import annotations

from rushlight import _core, cuda

__all__ = [
    "current_accelerator",
    "current_device_index",
    "device_count",
    "is_available",
    "set_device_index",
    "synchronize",
]


def is_available() -> bool:
    """Whether there is a GPU to compute on.

    Example::

        >>> rushlight.accelerator.is_available() == rushlight.cuda.is_available()
        True
    """
    return cuda.is_available()


def current_accelerator(check_available: bool = False) -> _core.device | None:
    """The kind of GPU as a device without an index; None where there is none.

    Args:
        check_available (bool): accepted; a device is only given when it can be used.

    Example::

        >>> device = rushlight.accelerator.current_accelerator()
        >>> (device is None) != rushlight.accelerator.is_available()
        True
    """
    return _core.device("cuda") if cuda.is_available() else None


def device_count() -> int:
    """How many GPUs can be used."""
    return cuda.device_count() if cuda.is_available() else 0


def _required():
    if not cuda.is_available():
        raise RuntimeError(
            f"Cannot access accelerator device when none is available: {cuda.why_not()}"
        )


def current_device_index() -> int:
    """The index of the current GPU.

    Raises:
        RuntimeError: when there is none; so do the functions below.
    """
    _required()
    return cuda.current_device()


def set_device_index(device: int | str | _core.device) -> None:
    """Makes a GPU the current one of this thread."""
    _required()
    cuda.set_device(device)


def synchronize(device: int | str | _core.device | None = None) -> None:
    """Waits for everything that was started on a GPU, by default the current one."""
    _required()
    cuda.synchronize(device)
