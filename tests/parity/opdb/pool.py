"""Variants checked in worker processes: a crash or endless call costs one variant."""

from __future__ import annotations

import ctypes
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
import warnings

PROGRESS = 1024


def records():
    """{key: record} of op_db, in its order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db

    from opdb.check import key

    found = {}
    for op in op_db:
        found.setdefault(key(op), op)
    return found


class _Worker:
    """A process that is given one record at a time, and the variant it is at."""

    def __init__(self, context, table, check):
        self.progress = context.RawArray("c", PROGRESS)
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_work,
            args=(table, check, theirs, self.progress, os.getpid()),
            daemon=True,
        )
        self.process.start()
        theirs.close()
        self.task = None
        self.dtype = None
        self.deadline = None

    def give(self, name, dtypes, limit):
        self.task = name, list(dtypes), limit
        self.progress.value = b""
        self.pipe.send(self.task)

    def end(self):
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _end_with(parent):
    """Have Linux kill this process when its parent is gone, however that ended.

    The pipe does not tell: the workers hold copies of each other's ends.
    """
    pr_set_pdeathsig = 1
    if ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL) != 0:
        raise OSError("prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os._exit(1)


def _work(table, check, pipe, progress, parent):
    _end_with(parent)
    import torch

    import rushlight as rl

    torch.set_num_threads(1)
    rl.set_num_threads(1)
    warnings.simplefilter("ignore")

    def at(text):
        progress.value = text.encode()[: PROGRESS - 1]

    while True:
        try:
            name, dtypes, limit = pipe.recv()
        except EOFError:
            return
        for dtype in dtypes:
            pipe.send(("start", dtype))
            try:
                status, failures = check(table[name], dtype, limit, at)
            except Exception as error:
                status = "fail"
                text = f"{type(error).__name__}: {error}"
                failures = [f"harness at {progress.value.decode()[:200]}: {text[:400]}"]
            pipe.send(("result", dtype, status, failures))
        pipe.send(("done",))


def run(table, check, tasks, processes=2, seconds=60):
    """Yields (name, {dtype: (status, failures)}, seconds) as records are finished.

    Args:
        table: ``records()``.
        check: called with a record, a dtype, the limit and a function that is told what
            is being done; ``opdb.check.check``.
        tasks: (name, dtypes, limit), limit being the samples of a variant or None.
        processes: number of workers.
        seconds: a variant may take.
    """
    context = multiprocessing.get_context("fork")
    queue = list(reversed(list(tasks)))
    results, began = {}, {}
    workers = [
        _Worker(context, table, check) for _ in range(min(processes, len(queue)))
    ]

    def next_task(worker):
        worker.task = worker.dtype = worker.deadline = None
        if queue:
            name, dtypes, limit = queue.pop()
            began.setdefault(name, time.perf_counter())
            worker.give(name, dtypes, limit)

    def finished(name):
        return name, results.pop(name, {}), time.perf_counter() - began.pop(name)

    def lost(worker, status, text):
        """The variant a worker died at is written down, the rest given to a new one."""
        name, dtypes, limit = worker.task
        at = worker.progress.value.decode(errors="replace")
        worker.end()
        dtype = worker.dtype or dtypes[0]
        results.setdefault(name, {})[dtype] = status, [f"{at}: {text}"]
        rest = [d for d in dtypes if d not in results[name]]
        workers[workers.index(worker)] = fresh = _Worker(context, table, check)
        if rest:
            fresh.give(name, rest, limit)
            return None
        done = finished(name)
        next_task(fresh)
        return done

    for worker in workers:
        next_task(worker)
    try:
        while any(w.task for w in workers):
            busy = {w.pipe: w for w in workers if w.task}
            for pipe in multiprocessing.connection.wait(list(busy), timeout=1):
                worker = busy[pipe]
                try:
                    message = pipe.recv()
                except (EOFError, ConnectionResetError):
                    worker.process.join()
                    code = worker.process.exitcode
                    death = signal.Signals(-code).name if code < 0 else f"exit {code}"
                    done = lost(worker, "crash", f"the process died of {death}")
                    if done:
                        yield done
                    continue
                if message[0] == "start":
                    worker.dtype = message[1]
                    worker.deadline = time.monotonic() + seconds
                elif message[0] == "result":
                    name = worker.task[0]
                    results.setdefault(name, {})[message[1]] = message[2:]
                else:
                    done = finished(worker.task[0])
                    next_task(worker)
                    yield done
            for worker in list(workers):
                if worker.deadline and time.monotonic() > worker.deadline:
                    done = lost(worker, "timeout", f"longer than {seconds} s")
                    if done:
                        yield done
    finally:
        for worker in workers:
            worker.end()
