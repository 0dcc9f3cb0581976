"""One library's side of the benchmark: answers requests over a pipe until it closes.

Started by compare.py as ``python _worker.py LIBRARY THREADS``. A request and its answer
are one line of JSON each. The library named ``copy`` stands for the machine itself: it
times a plain memory copy that moves as many bytes as the row does.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from _rows import Library, Row, load_families

Timer = Callable[[int], float]

LOOP = """
def timed(calls, clock, xp, nn, F, {names}):
    start = clock()
    for _ in calls:
        {statement}
    return clock() - start
"""


def loop_timer(lib: Library, row: Row) -> Timer:
    """Seconds for a number of calls of the row's statement, its names being locals."""
    state = row.setup(lib)
    source = LOOP.format(
        names=", ".join(state),
        statement=row.statement(lib.name),
    )
    names: dict[str, Any] = {}
    exec(compile(source, f"<{row.name}>", "exec"), names)
    timed = names["timed"]

    def measure(calls: int) -> float:
        gc.disable()
        try:
            return timed(
                itertools.repeat(None, calls),
                time.perf_counter,
                lib.xp,
                lib.nn,
                lib.functional,
                **state,
            )
        finally:
            gc.enable()

    return measure


def copy_timer(moved_bytes: int, threads: int) -> Timer:
    """Seconds for a number of copies of moved_bytes / 2, split over the threads.

    `ctypes.memmove` drops the GIL, so Python threads copy at the same time.
    """
    part = moved_bytes // 2 // threads
    buffers = [(ctypes.c_char * part)() for _ in range(2 * threads)]
    pairs = list(zip(buffers[::2], buffers[1::2], strict=True))
    for source, target in pairs:
        ctypes.memset(source, 1, part)
        ctypes.memset(target, 2, part)
    pool = ThreadPoolExecutor(threads)

    def copy(pair: tuple) -> None:
        ctypes.memmove(pair[1], pair[0], part)

    def measure(calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            list(pool.map(copy, pairs))
        return time.perf_counter() - start

    return measure


def calibrate(timer: Timer, budget: float) -> int:
    """Warms up and returns how many calls fill `budget` seconds, at least one."""
    timer(1)
    calls = 1
    while True:
        # The smaller of two: one interruption must not make a fast call look slow.
        seconds = max(min(timer(calls), timer(calls)), 1e-9)
        if seconds > budget / 8:
            return max(1, round(calls * budget / seconds))
        calls *= 8


class Worker:
    """Holds the library and the one row whose inputs are in memory."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads
        self.lib = None if name == "copy" else Library(name, threads)
        self.families = load_families()
        self.timer: Timer | None = None
        # The library's own objects need not be walked by every collection.
        gc.freeze()

    def hello(self) -> dict:
        return {"version": self.lib.version if self.lib else ""}

    def prepare(self, family: str, row: int, budget: float) -> dict:
        """Builds the row's inputs, warms up, and answers how long a round is."""
        self.timer = None
        gc.collect()
        chosen = self.families[family][1][row]
        if self.lib is None:
            self.timer = copy_timer(chosen.moved_bytes, self.threads)
        elif chosen.measure is not None:
            lib, measure = self.lib, chosen.measure
            measure(lib, 1)
            self.timer = lambda calls: measure(lib, calls)
            return {"calls": 1}
        else:
            self.timer = loop_timer(self.lib, chosen)
        return {"calls": calibrate(self.timer, budget)}

    def time(self, calls: int, batches: int) -> dict:
        """Nanoseconds a call: of one batch, or the least of several."""
        return {"ns": min(self.timer(calls) for _ in range(batches)) / calls * 1e9}

    def drop(self) -> dict:
        """Frees the row's inputs."""
        self.timer = None
        gc.collect()
        return {}


def main() -> None:
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    name, threads = sys.argv[1], int(sys.argv[2])
    worker = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            worker = worker or Worker(name, threads)
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # any failure is a table entry, not the end
            text = " ".join(str(error).split())
            answer = {"error": f"{type(error).__name__}: {text}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
