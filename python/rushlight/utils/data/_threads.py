"""Worker threads: for datasets that wait or leave the interpreter lock alone."""

from __future__ import annotations

import copy
import queue
import threading
import time

from rushlight.utils.data._worker import (
    Reply,
    WorkerDiedError,
    enter_thread,
    serve,
)

_GRACE_SECONDS = 1.0


class ThreadPool:
    """Workers that are threads of this process.

    Args:
        job: what they read; each works on a shallow copy of the dataset.
        states: where each begins in the dataset.
    """

    def __init__(self, job, states) -> None:
        self.closed = False
        self._stop = threading.Event()
        self._epoch = [0]
        self._replies: queue.SimpleQueue = queue.SimpleQueue()
        self._tasks: list[queue.SimpleQueue] = []
        self._threads = []
        for worker, state in enumerate(states):
            tasks: queue.SimpleQueue = queue.SimpleQueue()
            own = job._replace(dataset=copy.copy(job.dataset))
            thread = threading.Thread(
                target=_run,
                args=(
                    own,
                    worker,
                    state,
                    _asked(tasks, self._epoch, self._stop),
                    self._replies,
                ),
                name=f"DataLoader worker {worker}",
                daemon=True,
            )
            self._tasks.append(tasks)
            self._threads.append(thread)
            thread.start()

    def submit(self, worker, task) -> None:
        """Give a worker a task."""
        self._epoch[0] = task.epoch
        self._tasks[worker].put(task)

    def receive(self, worker, timeout) -> Reply | None:
        """Return the next reply, of whichever worker; ``None`` after ``timeout``.

        Args:
            worker: ignored.
            timeout: seconds, or ``None`` to wait as long as it takes.

        Raises:
            WorkerDiedError: a thread is no more.
        """
        try:
            reply = self._replies.get(timeout=timeout)
        except queue.Empty:
            return None
        if reply.kind == "dead":
            thread = self._threads[reply.worker]
            how = f"ended with {reply.data!r}"
            raise WorkerDiedError([(reply.worker, thread.native_id, how)])
        return reply

    def close(self) -> None:
        """End the threads; one that is stuck in a dataset ends when that returns."""
        if self.closed:
            return
        self.closed = True
        self._stop.set()
        for tasks in self._tasks:
            tasks.put(None)
        until = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))


def _asked(tasks, latest, stop):
    """Yield a worker's tasks, but for those of a pass that has been abandoned."""
    while (task := tasks.get()) is not None and not stop.is_set():
        if task.epoch == latest[0]:
            yield task


def _run(job, worker, state, tasks, replies):
    enter_thread(job, worker)
    try:
        serve(job, worker, tasks, replies.put, state=state, thread=True)
    except BaseException as error:  # SystemExit of a dataset, for one
        replies.put(Reply(worker, -1, -1, "dead", error, None))
