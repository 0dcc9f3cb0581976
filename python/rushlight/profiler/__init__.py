"""Where a program's time goes: ops counted and timed, one line each.

    with rushlight.profiler.profile() as p:
        model(x)
    print(p.key_averages().table(sort_by="self_cpu_time_total"))

Every public function and Tensor method that the thread calls is an event, and every
block under :class:`record_function`; an event inside of a block is its child. What a
function written in Python calls inside is part of it. A backward pass is seen as the
ops that its rules call; those that the engine computes by itself are not. Calls are
seen by a mode as those of :mod:`rushlight.overrides` are, so a program that is not
profiled pays nothing. While it is, a call costs some microseconds more, outside of the
times shown for ops.
"""

from __future__ import annotations

from rushlight.profiler._events import EventList, FunctionEvent, FunctionEventAvg
from rushlight.profiler._profile import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)

__all__ = [
    "EventList",
    "FunctionEvent",
    "FunctionEventAvg",
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]
