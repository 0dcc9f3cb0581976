"""The profile itself: sees the calls, and follows a schedule."""

from __future__ import annotations

import contextlib
import enum
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import rushlight
from rushlight import _core, _overriding
from rushlight.profiler._events import EventList, FunctionEvent


class ProfilerActivity(enum.Enum):
    """What may be profiled: :attr:`CPU` is."""

    CPU = 0
    CUDA = 2


class ProfilerAction(enum.Enum):
    """What a profile does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def supported_activities() -> set[ProfilerActivity]:
    """The activities that can be profiled.

    Example::

        >>> rushlight.profiler.supported_activities()
        {<ProfilerActivity.CPU: 0>}
    """
    return {ProfilerActivity.CPU}


def schedule(
    *,
    wait: int,
    warmup: int,
    active: int,
    repeat: int = 0,
    skip_first: int = 0,
    skip_first_wait: int = 0,
) -> Callable[[int], ProfilerAction]:
    """A schedule of rounds: some steps off, some of warming up, some recorded.

    Args:
        wait (int): steps at a round's beginning in which nothing is seen.
        warmup (int): steps that are seen and forgotten.
        active (int): steps recorded; the last one ends the round.
        repeat (int): rounds; 0 for no end of them.
        skip_first (int): steps before the first round.
        skip_first_wait (int): leaves out the first round's ``wait`` where not 0.

    Returns:
        callable: the :class:`ProfilerAction` of a step's number.

    Raises:
        ValueError: for a negative number, or no active step.

    Example::

        >>> actions = rushlight.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
        >>> [actions(step).name for step in range(5)]
        ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise ValueError(
            f"schedule(): wait={wait}, warmup={warmup}, repeat={repeat} and "
            f"skip_first={skip_first} must not be negative, active={active} not below 1"
        )

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise ValueError(f"schedule(): no step has the number {step}")
        step -= skip_first
        if step < 0:
            return ProfilerAction.NONE
        if skip_first_wait:
            step += wait
        length = wait + warmup + active
        if repeat and step >= repeat * length:
            return ProfilerAction.NONE
        place = step % length
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        last = place == length - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """An ``on_trace_ready`` that writes each trace into a folder.

    Args:
        dir_name (str): the folder, made where it is missing.
        worker_name (str, optional): the files' names begin with it; by default the
            machine's name and the process's number.
        use_gzip (bool): compresses them.
    """

    def handler(profiler):
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        end = ".gz" if use_gzip else ""
        name = f"{worker}.{time.time_ns()}.pt.trace.json{end}"
        profiler.export_chrome_trace(os.path.join(dir_name, name))

    return handler


# The profile that records now, of this process; one at a time, as in PyTorch.
_running: list[_Recorder] = []


class _Recorder:
    """The mode that sees the calls of one thread: see rushlight.overrides."""

    def __init__(self, shapes):
        self.shapes = shapes
        self.events = EventList()
        self.top = None
        self.origin = time.perf_counter_ns()

    def now(self):
        return (time.perf_counter_ns() - self.origin) / 1e3

    def begin(self, name, shapes=(), is_user_annotation=False):
        event = FunctionEvent(name, 0.0, self.top, list(shapes), is_user_annotation)
        self.events.append(event)
        self.top = event
        event.start = event.end = self.now()
        return event

    def end(self, event):
        event.end = self.now()
        # Blocks that were left open inside of it end with it.
        while self.top is not None and self.top is not event:
            self.top.end = event.end
            self.top = self.top.cpu_parent
        self.top = event.cpu_parent

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func.__name__
        if name in ("__get__", "__set__", "__delete__"):
            return func(*args, **kwargs)
        shapes = _shapes([*args, *kwargs.values()]) if self.shapes else ()
        event = self.begin(f"aten::{name.strip('_') or name}", shapes)
        try:
            return func(*args, **kwargs)
        finally:
            self.end(event)

    def enter(self):
        if _running:
            raise RuntimeError(
                "profile(): another profile is recording; end it before the next begins"
            )
        _core._activate_overrides()
        _overriding.modes.stack.append(self)
        _core._count_override_modes(1)
        _running.append(self)

    def leave(self):
        while self.top is not None:
            self.end(self.top)
        _running.remove(self)
        _overriding.modes.stack.remove(self)
        _core._count_override_modes(-1)


def _shapes(values):
    found = []
    for value in values:
        if isinstance(value, rushlight.Tensor):
            found.append(list(value.shape))
        elif isinstance(value, (list, tuple)) and any(
            isinstance(item, rushlight.Tensor) for item in value
        ):
            found += _shapes(value)
        else:
            found.append([])
    return found


class record_function(contextlib.ContextDecorator):
    """A block, or a function, that a profile shows under a name.

    Args:
        name (str): the block's name.
        args (str, optional): accepted; not shown.

    Example::

        >>> with rushlight.profiler.profile() as p:
        ...     with rushlight.profiler.record_function("sums"):
        ...         x = rushlight.ones(3).sum()
        >>> [event.key for event in p.key_averages()]
        ['sums', 'aten::ones', 'aten::sum']
    """

    def __init__(self, name: str, args: str | None = None):
        self.name = name
        self.args = args
        self._open: list = []

    def _recreate_cm(self):
        return type(self)(self.name, self.args)

    def __enter__(self):
        recorder = _running[-1] if _running else None
        if recorder is not None and recorder not in _overriding.modes.stack:
            recorder = None  # another thread's
        event = recorder and recorder.begin(self.name, is_user_annotation=True)
        self._open.append((recorder, event))
        return self

    def __exit__(self, *exc):
        recorder, event = self._open.pop()
        if recorder is not None and recorder in _running:
            recorder.end(event)


class profile:
    """Records the ops that its block calls, or those of the steps of a schedule.

    Args:
        activities (iterable of ProfilerActivity, optional): what is recorded. Only the
            CPU can be; anything else is left out with a warning.
        schedule (callable, optional): the :class:`ProfilerAction` of each step, such as
            :func:`schedule` makes; :meth:`step` then goes on to the next. Without it
            the whole block is recorded.
        on_trace_ready (callable, optional): called with the profile when a round ends.
        record_shapes (bool): the shapes of the tensors that ops are given.
        acc_events (bool): keeps the events of earlier rounds.
        profile_memory, with_stack, with_flops, with_modules (bool): not supported.
        experimental_config, execution_trace_observer: not supported.

    Raises:
        NotImplementedError: for an argument that is not supported.
        RuntimeError: when another profile is recording.

    Example::

        >>> x = rushlight.ones(4, 4)
        >>> with rushlight.profiler.profile(record_shapes=True) as p:
        ...     y = (x @ x).exp()
        >>> [(e.key, e.count, e.input_shapes) for e in p.key_averages(True)]
        [('aten::matmul', 1, [[4, 4], [4, 4]]), ('aten::exp', 1, [[4, 4]])]
        >>> table = p.key_averages().table(sort_by="cpu_time_total", row_limit=10)
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
    ):
        for name, value in (
            ("profile_memory", profile_memory),
            ("with_stack", with_stack),
            ("with_flops", with_flops),
            ("with_modules", with_modules),
            ("experimental_config", experimental_config),
            ("execution_trace_observer", execution_trace_observer),
        ):
            if value:
                raise NotImplementedError(f"profile(): {name} is not supported")
        self.activities = set(activities or supported_activities())
        if self.activities - supported_activities():
            warnings.warn(
                "profile(): only ProfilerActivity.CPU can be recorded", stacklevel=2
            )
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.record_shapes = record_shapes
        self.acc_events = acc_events
        self.step_num = 0
        self.current_action = self._action()
        # The round's, while one goes on; whether it sees calls now.
        self._recorder = None
        self._entered = False
        self._events: Any = None
        self._earlier = EventList()

    def _action(self):
        if self.schedule is None:
            return ProfilerAction.RECORD
        return self.schedule(self.step_num)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self) -> None:
        """Begins with step 0, or goes on after :meth:`stop`."""
        self._begin()

    def stop(self) -> None:
        """Ends the profile; what was recorded stays."""
        self._pause()
        if self.current_action in _RECORDING and self.on_trace_ready is not None:
            self.on_trace_ready(self)
        self._recorder = None

    def step(self) -> None:
        """Ends a step of the schedule and begins the next."""
        self._pause()
        before = self.current_action
        self.step_num += 1
        self.current_action = self._action()
        if before is ProfilerAction.RECORD_AND_SAVE:
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
            if self.acc_events:
                self._earlier = self._events
            self._recorder = None
        self._begin()

    def _begin(self):
        if self.current_action is ProfilerAction.NONE:
            return
        if self._recorder is None:
            self._recorder = _Recorder(self.record_shapes)
        self._recorder.enter()
        self._entered = True
        if self.schedule is not None:
            name = f"ProfilerStep#{self.step_num}"
            self._recorder.begin(name, is_user_annotation=True)

    def _pause(self):
        if not self._entered:
            return
        self._entered = False
        self._recorder.leave()
        if self.current_action in _RECORDING:
            self._events = EventList([*self._earlier, *self._recorder.events])
        else:
            self._recorder = None

    def events(self) -> EventList:
        """The events recorded, in the order in which they began.

        Raises:
            RuntimeError: when nothing has been recorded yet.
        """
        if self._events is None:
            raise RuntimeError(
                "profile: nothing has been recorded yet; read it when its block or a "
                "round of its schedule has ended"
            )
        return self._events

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0
    ) -> EventList:
        """The averages of events of one name: :meth:`EventList.key_averages`.

        Raises:
            NotImplementedError: for ``group_by_stack_n``.
        """
        if group_by_stack_n:
            raise NotImplementedError(
                "key_averages(): stacks are not recorded, use group_by_stack_n=0"
            )
        return self.events().key_averages(group_by_input_shape)

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Writes the events for a viewer: :meth:`EventList.export_chrome_trace`."""
        self.events().export_chrome_trace(path)
