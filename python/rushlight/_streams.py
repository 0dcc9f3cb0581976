"""Streams and events; on the CPU work is done when a call returns."""

from __future__ import annotations

import rushlight
from rushlight import _core


def _cpu(what, device):
    device = _core.device("cpu" if device is None else device)
    if device.type != "cpu":
        reason = rushlight.cuda.why_not() or "only the CPU has them"
        raise RuntimeError(f"{what}(): not available for {device}: {reason}")
    return device


def _no_events(op):
    raise RuntimeError(
        f"{op}(): the cpu backend doesn't support events; its work is done when a call "
        "returns"
    )


class Stream:
    """An order of work on a device; the CPU has one, in which nothing ever waits.

    Args:
        device (device, optional): the CPU.
        priority (int): has no effect on the CPU.

    Raises:
        RuntimeError: for another device.

    Example::

        >>> rushlight.Stream("cpu").query()
        True
    """

    __module__ = "rushlight"
    stream_id, device_index, device_type = 0, -1, 0

    def __init__(self, device=None, *, priority=0):
        self.device = _cpu("Stream", device)

    def query(self):
        """Whether all work is done, which it is."""
        return True

    def synchronize(self):
        """Waits for all work, of which there is none."""

    def wait_event(self, event):
        """Lets later work wait for an event; it has happened."""

    def wait_stream(self, stream):
        """Lets later work wait for another stream's: needs events, which raises."""
        _no_events("wait_stream")

    def record_event(self, event=None):
        """Records an event, which the CPU cannot."""
        _no_events("record_event")

    def is_capturing(self):
        """Whether a graph is being captured: never."""
        return False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def __eq__(self, other):
        return isinstance(other, Stream) and self.device == other.device

    def __hash__(self):
        return hash((type(self), str(self.device)))

    def __repr__(self):
        return (
            f"rushlight.Stream device_type={self.device.type}, "
            f"device_index={self.device_index}, stream_id={self.stream_id}"
        )


class Event:
    """A point in a stream's work; those of the CPU can be made but not recorded.

    Args:
        device (device, optional): the CPU.
        enable_timing (bool): whether :meth:`elapsed_time` is wanted.
        blocking (bool): has no effect on the CPU.
        interprocess (bool): has no effect on the CPU.

    Raises:
        RuntimeError: for another device.

    Example::

        >>> rushlight.Event().query()
        True
    """

    __module__ = "rushlight"
    event_id = 0

    def __init__(
        self, device=None, *, enable_timing=False, blocking=False, interprocess=False
    ):
        self.device = _cpu("Event", device)
        self._timed = bool(enable_timing)

    def query(self):
        """Whether the work before it is done, which it is."""
        return True

    def synchronize(self):
        """Waits for the work before it, of which there is none."""

    def wait(self, stream=None):
        """Lets a stream wait for it; it has happened."""

    def record(self, stream=None):
        """Puts it into a stream, which the CPU cannot."""
        _no_events("record")

    def elapsed_time(self, end_event):
        """Milliseconds between two recorded events.

        Raises:
            ValueError: when one of them is not timed.
            RuntimeError: always on the CPU, where none is recorded.
        """
        if not (self._timed and end_event._timed):
            raise ValueError(
                "elapsed_time(): Both events must be created with argument "
                "'enable_timing=True'."
            )
        _no_events("elapsed_time")

    def ipc_handle(self):
        """A handle for other processes, which is not supported."""
        raise NotImplementedError("Event.ipc_handle(): not supported")

    def __repr__(self):
        return (
            f"rushlight.Event device_type={self.device.type}, device_index=-1, "
            f"event_flag={int(self._timed)}, event_id={self.event_id}"
        )
