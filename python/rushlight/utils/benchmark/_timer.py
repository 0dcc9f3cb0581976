"""Runs statements and takes their times."""

from __future__ import annotations

import enum
import inspect
import timeit
from collections.abc import Callable
from typing import Any

import rushlight
from rushlight.utils.benchmark._measurement import Measurement, TaskSpec


class Language(enum.Enum):
    """What a statement is written in; :class:`Timer` runs Python."""

    PYTHON = 0
    CPP = 1


def timer() -> float:
    """The clock of :class:`Timer`, in seconds, after a GPU's work is done."""
    if rushlight.cuda.is_available():
        rushlight.cuda.synchronize()
    return timeit.default_timer()


class _Threads:
    """A block that runs with a number of threads."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        self.before = rushlight.get_num_threads()
        rushlight.set_num_threads(self.count)

    def __exit__(self, *exc):
        rushlight.set_num_threads(self.before)


class Timer:
    """Takes the time that a statement needs.

    It runs with one thread unless told otherwise, and once before any time is taken.

    Args:
        stmt (str): the statement.
        setup (str): runs once before each series.
        global_setup (str): for C++; must be empty.
        timer (callable): the clock, in seconds.
        globals (dict, optional): names for the statement. ``torch`` and ``rushlight``
            are there too, both this library.
        label, sub_label, description, env (str, optional): shown with the result;
            :class:`Compare` makes a table of a label, a row of a sub-label and a column
            of a description.
        num_threads (int): how many threads ops may use.
        language (Language or str): Python, ``"py"`` or ``"python"``.

    Raises:
        TypeError: when ``stmt`` is no string.
        NotImplementedError: when the language is C++.
        ValueError: when it is unknown, or ``global_setup`` is given for Python.

    Example::

        >>> from rushlight.utils.benchmark import Timer
        >>> timer = Timer("x + x", setup="x = torch.ones(3)")
        >>> timer.timeit(100).median < 1
        True
        >>> few = timer.blocked_autorange(min_run_time=0.001)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ):
        if not isinstance(stmt, str):
            raise TypeError(f"Timer: stmt must be str, not {type(stmt).__name__}")
        if language in (Language.CPP, "cpp", "c++"):
            raise NotImplementedError("Timer: statements in C++ are not supported")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Timer: unknown language {language!r}")
        if global_setup:
            raise ValueError(f"Timer: global_setup is for C++, got {global_setup!r}")
        # Statements may be indented as the program is that they stand in.
        stmt, setup = inspect.cleandoc(stmt), inspect.cleandoc(setup)
        self._globals = {"torch": rushlight, "rushlight": rushlight, **(globals or {})}
        self._timer = timeit.Timer(stmt, setup, timer=timer, globals=self._globals)
        self._task_spec = TaskSpec(
            stmt, setup, "", label, sub_label, description, env, num_threads
        )

    def _time(self, number):
        # The clock may be coarser than a fast statement.
        return max(self._timer.timeit(number), 1e-9)

    def timeit(self, number: int = 1000000) -> Measurement:
        """The time of a number of runs, taken once.

        Args:
            number (int): how many.

        Returns:
            Measurement of one time.
        """
        with _Threads(self._task_spec.num_threads):
            self._time(max(number // 100, 2))
            return Measurement(number, [self._time(number)], self._task_spec)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Not there, as in PyTorch: use :meth:`blocked_autorange`."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Callable[[int, float], None] | None = None) -> None:
        """Not there, as in PyTorch: use :meth:`blocked_autorange`."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def _block_size(self, min_run_time):
        """So many runs that taking the time costs less than a thousandth of them."""
        overhead = sorted(self._time(0) for _ in range(5))[2]
        number = 1
        while True:
            taken = self._time(number)
            if overhead / taken <= 1e-4 and taken >= min_run_time / 1000:
                return number
            if taken > min_run_time or number > 10**9:
                return number
            number *= 10

    def blocked_autorange(
        self,
        callback: Callable[[int, float], Any] | None = None,
        min_run_time: float = 0.2,
    ) -> Measurement:
        """Times of blocks of runs, as many as fill a time.

        Args:
            callback (callable, optional): called with each block's size and time.
            min_run_time (float): seconds of all blocks together, at least.

        Returns:
            Measurement of a time for each block.
        """
        with _Threads(self._task_spec.num_threads):
            number = self._block_size(min_run_time)
            times = self._blocks(number, min_run_time, callback, lambda times: True)
        return Measurement(number, times, self._task_spec)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """Times of blocks of runs until they spread little.

        Args:
            threshold (float): the middle half of the times is to be narrower than this
                part of the median.
            min_run_time, max_run_time (float): seconds of all blocks together.
            callback (callable, optional): called with each block's size and time.

        Returns:
            Measurement of a time for each block, 4 at least.
        """

        def steady(times):
            found = Measurement(number, times, self._task_spec)
            enough = len(times) > 3 and found.meets_confidence(threshold)
            return enough or sum(times) >= max_run_time

        with _Threads(self._task_spec.num_threads):
            number = self._block_size(0.05 * min_run_time)
            times = self._blocks(number, min_run_time, callback, steady)
        return Measurement(number, times, self._task_spec)

    def _blocks(self, number, min_run_time, callback, done):
        times: list[float] = []
        total = 0.0
        while total < min_run_time or not done(times):
            taken = self._time(number)
            if callback is not None:
                callback(number, taken)
            times.append(taken)
            total += taken
        return times
