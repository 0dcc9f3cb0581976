"""The CUDA devices: what there are, their memory, streams, events and random numbers.

Kernels run on the current device's current stream, behind the program's back; what
reads a result on the host (``item()``, ``cpu()``, ``numpy()``) waits for it.
"""

from __future__ import annotations

import contextlib
from collections import namedtuple

import rushlight
from rushlight import _ops

__all__ = [
    "Event",
    "OutOfMemoryError",
    "Stream",
    "current_device",
    "current_stream",
    "default_stream",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "initial_seed",
    "is_available",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "reset_peak_memory_stats",
    "set_device",
    "set_rng_state",
    "stream",
    "synchronize",
    "why_not",
]

OutOfMemoryError = rushlight.OutOfMemoryError

DeviceProperties = namedtuple(
    "DeviceProperties", "name total_memory multi_processor_count major minor"
)


def is_available():
    """Whether a CUDA device can be used; :func:`why_not` gives the reason if not."""
    return _ops.cuda_status()[0]


def why_not():
    """Why CUDA cannot be used, in one line; empty when it can.

    Example::

        >>> rushlight.cuda.is_available() or bool(rushlight.cuda.why_not())
        True
    """
    available, reason = _ops.cuda_status()
    return "" if available else reason


def device_count():
    """The number of usable CUDA devices.

    Example::

        >>> rushlight.cuda.device_count() > 0 or not rushlight.cuda.is_available()
        True
    """
    return _ops._cuda_device_count()


def _index(device):
    """The index that an int, a string, a device or None (the current one) means."""
    if device is None:
        return _ops._cuda_current_device()
    if isinstance(device, int):
        return device
    device = rushlight.device(device)
    if device.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {device}")
    return _ops._cuda_current_device() if device.index is None else device.index


def current_device():
    """The index of the device that ``"cuda"`` means."""
    return _ops._cuda_current_device()


def set_device(device):
    """Make a device the current one of this thread.

    Args:
        device (device or int): the device; a negative number changes nothing.
    """
    if not (isinstance(device, int) and device < 0):
        _ops._cuda_set_device(_index(device))


class device:
    """A context in which another device is the current one.

    Args:
        device (device or int, optional): the device; ``None`` changes nothing.
    """

    def __init__(self, device):
        self.idx = -1 if device is None else _index(device)

    def __enter__(self):
        self._before = current_device()
        set_device(self.idx)

    def __exit__(self, *error):
        set_device(self._before)
        return False


def get_device_properties(device=None):
    """Name, total memory in bytes, multiprocessors and compute capability of a device.

    Args:
        device (device or int, optional): default the current one.

    Returns:
        DeviceProperties: ``name``, ``total_memory``, ``multi_processor_count``,
        ``major``, ``minor``.
    """
    return DeviceProperties(*_ops._cuda_properties(_index(device)))


def get_device_name(device=None):
    """The name of a device; arguments as :func:`get_device_properties`."""
    return get_device_properties(device).name


def get_device_capability(device=None):
    """The compute capability ``(major, minor)`` of a device."""
    properties = get_device_properties(device)
    return properties.major, properties.minor


def synchronize(device=None):
    """Wait for everything that was started on a device.

    Args:
        device (device or int, optional): default the current one.
    """
    _ops._cuda_synchronize(_index(device))


def memory_allocated(device=None):
    """Bytes of a device that tensors occupy, each rounded up to its size class."""
    return _ops._cuda_memory(_index(device))[0]


def max_memory_allocated(device=None):
    """The most that :func:`memory_allocated` was since the last reset."""
    return _ops._cuda_memory(_index(device))[1]


def memory_reserved(device=None):
    """Bytes taken from the driver: those of tensors and those kept for the next."""
    return _ops._cuda_memory(_index(device))[2]


def max_memory_reserved(device=None):
    """The most that :func:`memory_reserved` was since the last reset."""
    return _ops._cuda_memory(_index(device))[3]


def reset_peak_memory_stats(device=None):
    """Let the peaks of :func:`max_memory_allocated` begin anew."""
    _ops._cuda_reset_peaks(_index(device))


def empty_cache():
    """Give the memory that is kept for the next tensors back to the driver."""
    if is_available():
        _ops._cuda_empty_cache()


def manual_seed(seed):
    """Seed the current device's generator; nothing without a device.

    Args:
        seed (int): the seed.
    """
    if is_available():
        _ops._cuda_set_seed(current_device(), int(seed) & 0xFFFFFFFFFFFFFFFF, 0)


def manual_seed_all(seed):
    """Seed the generators of all devices.

    Args:
        seed (int): the seed.
    """
    _ops._cuda_seed_all(int(seed) & 0xFFFFFFFFFFFFFFFF)


def initial_seed():
    """The seed of the current device's generator."""
    return _ops._cuda_seed(current_device())[0]


def get_rng_state(device="cuda"):
    """The state of a device's generator.

    Returns:
        Tensor: 16 bytes, the seed and how far it has drawn.
    """
    seed, offset = _ops._cuda_seed(_index(device))
    packed = seed.to_bytes(8, "little") + offset.to_bytes(8, "little")
    return rushlight.tensor(list(packed), dtype=rushlight.uint8)


def set_rng_state(new_state, device="cuda"):
    """Set the state of a device's generator.

    Args:
        new_state (Tensor): what :func:`get_rng_state` returned.
        device (device or int): whose generator.
    """
    packed = bytes(new_state.tolist())
    if new_state.dtype != rushlight.uint8 or len(packed) != 16:
        raise RuntimeError(
            "set_rng_state(): expected the 16 bytes of get_rng_state(), got a tensor "
            f"of shape {tuple(new_state.shape)} and dtype {new_state.dtype}"
        )
    seed = int.from_bytes(packed[:8], "little")
    offset = int.from_bytes(packed[8:], "little")
    _ops._cuda_set_seed(_index(device), seed, offset)


class Stream:
    """A queue of work of one device; streams run beside each other.

    Args:
        device (device or int, optional): default the current one.
        priority (int): lower numbers go first. Default: 0.
    """

    def __init__(self, device=None, priority=0):
        self._index = _index(device)
        self.cuda_stream = _ops._cuda_stream_create(self._index, priority)
        self._owned = True

    @classmethod
    def _of(cls, index, handle):
        stream = cls.__new__(cls)
        stream._index, stream.cuda_stream, stream._owned = index, handle, False
        return stream

    @property
    def device(self):
        """The device it belongs to."""
        return rushlight.device("cuda", self._index)

    def synchronize(self):
        """Wait until everything in it is done."""
        _ops._cuda_stream_synchronize(self.cuda_stream)

    def query(self):
        """Whether everything in it is done."""
        return _ops._cuda_stream_idle(self.cuda_stream)

    def record_event(self, event=None):
        """Record an event, a new one by default, at this place; returns it."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event):
        """Let what is added from now on wait for an event."""
        event.wait(self)

    def wait_stream(self, stream):
        """Let what is added from now on wait for what is in another stream."""
        self.wait_event(stream.record_event())

    def __eq__(self, other):
        return isinstance(other, Stream) and (
            (self._index, self.cuda_stream) == (other._index, other.cuda_stream)
        )

    def __hash__(self):
        return hash((self._index, self.cuda_stream))

    def __repr__(self):
        return (
            f"<rushlight.cuda.Stream device={self.device} "
            f"cuda_stream={self.cuda_stream:#x}>"
        )

    def __del__(self):
        if getattr(self, "_owned", False):
            _ops._cuda_stream_destroy(self.cuda_stream)


def current_stream(device=None):
    """The stream that this thread's kernels go to."""
    index = _index(device)
    return Stream._of(index, _ops._cuda_stream_current(index))


def default_stream(device=None):
    """The stream that kernels go to where no other was made current."""
    return Stream._of(_index(device), 0)


@contextlib.contextmanager
def stream(stream):
    """A context in which kernels go to ``stream``; ``None`` changes nothing."""
    if stream is None:
        yield
        return
    before = current_stream(stream._index)
    with device(stream._index):
        _ops._cuda_stream_set(stream._index, stream.cuda_stream)
        try:
            yield
        finally:
            _ops._cuda_stream_set(stream._index, before.cuda_stream)


class Event:
    """A place in a stream: to wait for, or to measure the time between two.

    Args:
        enable_timing (bool): allow :meth:`elapsed_time`. Default: ``False``.
        blocking (bool): waiting sleeps instead of spinning. Default: ``False``.
        interprocess (bool): only ``False``.
    """

    def __init__(self, enable_timing=False, blocking=False, interprocess=False):
        if interprocess:
            raise NotImplementedError("Event(): interprocess=True is not available")
        self.cuda_event = _ops._cuda_event_create(enable_timing, blocking)

    def record(self, stream=None):
        """Put it into a stream, by default the current one."""
        stream = current_stream() if stream is None else stream
        _ops._cuda_event_record(self.cuda_event, stream.cuda_stream)

    def wait(self, stream=None):
        """Let a stream, by default the current one, wait for it."""
        stream = current_stream() if stream is None else stream
        _ops._cuda_event_wait(self.cuda_event, stream.cuda_stream)

    def query(self):
        """Whether the stream has passed it."""
        return _ops._cuda_event_done(self.cuda_event)

    def synchronize(self):
        """Wait until the stream has passed it."""
        _ops._cuda_event_synchronize(self.cuda_event)

    def elapsed_time(self, end_event):
        """Milliseconds from this event to another; both were made with timing."""
        return _ops._cuda_event_elapsed(self.cuda_event, end_event.cuda_event)

    def __del__(self):
        if hasattr(self, "cuda_event"):
            _ops._cuda_event_destroy(self.cuda_event)
