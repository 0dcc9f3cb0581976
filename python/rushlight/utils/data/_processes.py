"""Worker processes.

To each goes one socket and one block of shared memory (``_arena``). Ends are noticed by
the system's means alone, without polling:

- The loader waits for a worker's socket and for all workers' ends at once.
- A thread of each worker reads its socket. When that ends, the loader has closed it or
  its process is dead, and the worker leaves: after its current task, and after some
  seconds even amid one. The same thread keeps the loader's sends from ever blocking.
- A process that is forked closes its copies of other workers' sockets, which would keep
  them open beyond the loader's death.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import select
import signal
import sys
import threading
import time
import warnings
import weakref
from multiprocessing import connection, resource_tracker

import rushlight
from rushlight.utils.data import _arena
from rushlight.utils.data._failure import Failure
from rushlight.utils.data._wire import pack, unpack
from rushlight.utils.data._worker import (
    Reply,
    Task,
    WorkerDiedError,
    enter_process,
    serve,
)

_GRACE_SECONDS = 2.0


class ProcessPool:
    """Workers that are processes.

    Args:
        job: what they read.
        states: where each begins in the dataset.
        context: of multiprocessing.

    Raises:
        OSError: a process or its socket cannot be made.
        Exception: what pickling the job raises, where the context pickles it.
    """

    def __init__(self, job, states, context) -> None:
        self.closed = False
        self._owner = os.getpid()
        self._processes: list = []
        self._connections: list[connection.Connection] = []
        self._arenas: list[_arena.Arena | None] = []
        self._received: list[int] = []
        self._pollers: dict = {}
        self._warned = False
        self._turn = 0
        _pools.add(self)
        try:
            for worker, state in enumerate(states):
                self._start(job, worker, state, context)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and error.errno is not None:
                raise type(error)(
                    error.errno,
                    f"DataLoader: worker {len(self._processes)} of {len(states)} could "
                    f"not be started: {error.strerror}",
                ) from error
            if not isinstance(error, Exception):
                raise
            error.add_note(
                f"while starting DataLoader worker {len(self._processes)}: start "
                f"method {context.get_start_method()!r} pickles the dataset, "
                "collate_fn and worker_init_fn; 'fork' pickles nothing"
            )
            raise

    def _start(self, job, worker, state, context) -> None:
        ours, theirs = context.Pipe()
        self._connections.append(ours)
        self._received.append(0)
        arena = self._make_arena(worker, job.num_workers)
        self._arenas.append(arena)
        process = context.Process(
            target=_run,
            args=(job, worker, state, theirs, arena),
            name=f"DataLoader worker {worker}",
            daemon=True,
        )
        try:
            with _interrupts_held(context):
                process.start()
        finally:
            theirs.close()
            if arena is not None:
                arena.close_descriptor()
        self._processes.append(process)

    def _make_arena(self, worker, workers):
        try:
            return _arena.Arena(_arena.capacity_for(workers))
        except OSError as error:
            self._warn(worker, error)
            return None

    def _warn(self, worker, error) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"DataLoader worker {worker} gets no shared memory ({error}): its "
                "batches go through a pipe, which is slower",
                stacklevel=2,
            )

    def submit(self, worker, task) -> None:
        """Give a worker a task."""
        index = pickle.dumps(task.index, 5)
        data = pickle.dumps((self._received[worker], task.epoch, task.number, index), 5)
        try:
            self._connections[worker].send_bytes(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The worker is dead, as receive() will find.
        except BaseException:
            self.close()  # Half a message may have been sent.
            raise

    def receive(self, worker, timeout) -> Reply | None:
        """Return the next reply; ``None`` after ``timeout``.

        Args:
            worker: whose, or ``None`` for whoever answers first.
            timeout: seconds, or ``None`` to wait as long as it takes.

        Raises:
            WorkerDiedError: workers are no more.
        """
        poller = self._pollers.get(worker) or self._poller(worker)
        ready = poller.poll(None if timeout is None else timeout * 1000)
        if not ready:
            return None
        files = {file for file, _ in ready}
        count = len(self._connections)
        for at in range(self._turn, self._turn + count):
            if self._connections[at % count].fileno() in files:
                self._turn = at % count + 1
                message = self._message(at % count)
                if message is None:
                    break
                return self._open(at % count, message)
        raise WorkerDiedError(self._dead(worker))

    def _poller(self, worker):
        poller = self._pollers[worker] = select.poll()
        for process in self._processes:
            poller.register(process.sentinel, select.POLLIN)
        for at, channel in enumerate(self._connections):
            if worker is None or worker == at:
                poller.register(channel.fileno(), select.POLLIN)
        return poller

    def _message(self, worker) -> bytes | None:
        """Return a worker's message; ``None`` if it died before or amid it."""
        try:
            return self._connections[worker].recv_bytes()
        except (EOFError, OSError):
            return None
        except BaseException:
            self.close()  # Half a message may have been read.
            raise

    def _open(self, worker, message) -> Reply:
        epoch, number, kind, refused, pieces, body = pickle.loads(message)
        self._received[worker] += 1
        if refused is not None:
            self._warn(worker, refused)
        state = None
        try:
            data, state = unpack(pieces, body, self._arenas[worker])
        except Exception as error:
            where = f"in DataLoader, opening what worker process {worker} sent"
            kind, data = "failure", Failure(error, where)
        return Reply(worker, epoch, number, kind, data, state)

    def _dead(self, asked):
        # A socket can end a moment before its process, and that before its exit code.
        sentinels = [process.sentinel for process in self._processes]
        ended = connection.wait(sentinels, _GRACE_SECONDS)
        dead = []
        for worker, process in enumerate(self._processes):
            if process.sentinel in ended:
                process.join(_GRACE_SECONDS)
                dead.append((worker, process.pid, _how(process.exitcode)))
        if not dead:
            pid = self._processes[asked or 0].pid
            dead.append((asked or 0, pid, "closed its socket"))
        return dead

    def close(self) -> None:
        """End all processes and give the memory back; not in a forked child."""
        if self.closed or os.getpid() != self._owner:
            return
        self.closed = True
        for channel in self._connections:
            channel.close()
        for end in (None, "terminate", "kill"):
            alive = [process for process in self._processes if process.is_alive()]
            for process in alive:
                if end is not None:
                    getattr(process, end)()
            _wait_for_all(alive)
        for process in self._processes:
            with contextlib.suppress(ValueError):  # It cannot even be killed.
                process.close()
        for arena in self._arenas:
            if arena is not None:
                arena.close()

    def _forget(self) -> None:
        self.closed = True
        for channel in self._connections:
            channel.close()


@contextlib.contextmanager
def _interrupts_held(context):
    """Hold Ctrl-C back, also in a process started meanwhile, until that is ready."""
    if context.get_start_method() != "fork":
        # It would let Ctrl-C through when it starts.
        resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for_all(processes) -> None:
    until = time.monotonic() + _GRACE_SECONDS
    waiting = {process.sentinel: process for process in processes}
    while waiting and (rest := until - time.monotonic()) > 0:
        for sentinel in connection.wait(list(waiting), rest):
            waiting.pop(sentinel).join()


def _how(code) -> str:
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"was killed by {name}{hint}"


_pools: weakref.WeakSet[ProcessPool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool._forget()
    _pools.clear()


os.register_at_fork(after_in_child=_after_fork)


class _Inbox:
    """A worker's tasks, read by a thread so that the loader's end is never missed."""

    def __init__(self, channel) -> None:
        self._channel = channel
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._closed = threading.Event()
        self._epoch = 0
        # How many of the worker's messages the loader has copied out of the arena.
        self.received = 0
        threading.Thread(target=self._receive, daemon=True).start()

    def __iter__(self):
        while (task := self._tasks.get()) is not None and not self._closed.is_set():
            # Tasks of an older pass over the dataset have been abandoned.
            if task.epoch >= self._epoch:
                yield task._replace(index=pickle.loads(task.index))

    def _receive(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                received, *task = pickle.loads(self._channel.recv_bytes())
                self.received, self._epoch = received, task[0]
                self._tasks.put(Task(*task))
        self._closed.set()
        self._tasks.put(None)
        time.sleep(_GRACE_SECONDS / 2)
        os._exit(1)


def _run(job, worker, state, channel, arena):
    # Ctrl-C goes to all processes of a terminal; the loader's decides what it means.
    # A function, unlike SIG_IGN, is not inherited by programs that a dataset runs.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    rushlight.set_num_threads(1)
    enter_process(job, worker)
    inbox = _Inbox(channel)
    sent = 0

    def reply(answer):
        nonlocal sent
        if arena is not None:
            arena.free(inbox.received)
        kind = answer.kind
        try:
            pieces, body = pack((answer.data, answer.state), arena, sent)
        except Exception as error:
            where = f"in DataLoader worker process {worker}"
            doing = f"It was sending batch {answer.number}."
            kind = "failure"
            failure = Failure(error, where, doing)
            pieces, body = pack((failure, None), None, sent)
        refused = None
        if arena is not None and arena.refused is not None:
            refused, arena.refused = str(arena.refused), None
        head = answer.epoch, answer.number, kind, refused
        sent += 1
        channel.send_bytes(pickle.dumps((*head, pieces, body), 5))

    try:
        serve(job, worker, inbox, reply, state=state)
    except (BrokenPipeError, ConnectionResetError):
        sys.exit(1)  # The loader is gone.
