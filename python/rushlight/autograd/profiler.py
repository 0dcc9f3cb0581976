"""The older place of :mod:`rushlight.profiler`'s names."""

from __future__ import annotations

from rushlight import profiler as _profiler
from rushlight.profiler import EventList, FunctionEvent, record_function

__all__ = ["EventList", "FunctionEvent", "profile", "record_function"]


class profile(_profiler.profile):
    """:class:`rushlight.profiler.profile` of a block, which may be switched off.

    Args:
        enabled (bool): False records nothing.
        record_shapes, profile_memory, with_stack, with_flops, with_modules (bool): as
            there.

    Example::

        >>> from rushlight.autograd import profiler
        >>> with profiler.profile() as p:
        ...     x = rushlight.ones(3).exp()
        >>> [event.key for event in p.key_averages()]
        ['aten::ones', 'aten::exp']
        >>> p.self_cpu_time_total > 0
        True
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
    ):
        super().__init__(
            record_shapes=record_shapes,
            profile_memory=profile_memory,
            with_stack=with_stack,
            with_flops=with_flops,
            with_modules=with_modules,
        )
        self.enabled = enabled
        if not enabled:
            self.current_action = _profiler.ProfilerAction.NONE

    def table(self, *args, **kwargs) -> str:
        """The events as a table: :meth:`EventList.table`."""
        return self.events().table(*args, **kwargs)

    def total_average(self):
        """One average of everything."""
        return self.events().total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events, each counted once."""
        return self.events().self_cpu_time_total
