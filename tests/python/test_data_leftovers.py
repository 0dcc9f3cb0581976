"""Programs that load data and end, one way or another: nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from data_samples import Rows, gone, tell_worker_ids, wait_for
from rushlight.utils.data import DataLoader


@pytest.fixture
def run_script(tmp_path):
    """Starts a program whose temporary files go to a folder of its own."""
    processes = []

    def run(text):
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(text))
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        path = [os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path),
            "TMPDIR": str(scratch),
        }
        process = subprocess.Popen(
            [sys.executable, str(script)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell's background jobs ignore Ctrl-C, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        # Only after a failure is there anybody left.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def workers_of(process):
    """The ids that a script prints."""
    return [int(word) for word in process.stdout.readline().split()]


SLEEPING = """
    import multiprocessing
    from data_samples import Trouble
    from rushlight.utils.data import DataLoader

    if __name__ == "__main__":
        loader = DataLoader(
            Trouble("sleep"), 2, num_workers=2, multiprocessing_context="{method}"
        )
        iterator = iter(loader)
        next(iterator)
        print(*(c.pid for c in multiprocessing.active_children()), flush=True)
        for _ in iterator:
            pass
"""


@pytest.mark.parametrize(
    "method, number",
    [
        ("fork", signal.SIGTERM),
        *(
            (method, number)
            for method in ("fork", "forkserver", "spawn")
            for number in (signal.SIGINT, signal.SIGKILL)
        ),
    ],
)
def test_ctrl_c_and_killed_loaders(run_script, tmp_path, method, number):
    process = run_script(SLEEPING.format(method=method))
    workers = workers_of(process)
    assert len(workers) == 2
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == -number
    wait_for(lambda: all(map(gone, workers)))
    left = os.listdir(tmp_path / "scratch")
    # Python's fork server leaves the folder of its socket when its user is killed.
    assert method == "forkserver" or left == []
    if number == signal.SIGINT:
        assert errors.count("KeyboardInterrupt") == 1
        assert errors.count("Traceback") == 1
    elif method == "fork":
        assert errors == ""


def test_ctrl_c_that_is_caught(run_script):
    process = run_script(
        """
        import multiprocessing, os, signal
        from data_samples import Rows
        from rushlight.utils.data import DataLoader

        loader = DataLoader(Rows(), 2, num_workers=2, persistent_workers=True)
        for turn in range(3):
            try:
                for batch in loader:
                    os.killpg(0, signal.SIGINT)
            except KeyboardInterrupt:
                print("interrupted")
            workers = {child.pid for child in multiprocessing.active_children()}
            first = workers if turn == 0 else first
            print(workers == first, sum(len(indices) for _, indices in loader))
        """
    )
    out, errors = process.communicate(timeout=15)
    assert errors == ""
    assert out.split() == ["interrupted", "True", "20"] * 3


def test_few_descriptors(run_script, tmp_path):
    process = run_script(
        """
        import os, resource, warnings
        import rushlight
        from rushlight.utils.data import DataLoader, default_collate

        class Many:
            def __len__(self):
                return 64

            def __getitem__(self, index):
                return [rushlight.full((2000,), float(index)) for _ in range(50)]

        warnings.simplefilter("ignore")
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        loader = DataLoader(Many(), 2, num_workers=4)
        for _ in range(2):
            kept = []
            for batch in loader:
                kept.append(batch)
                shared = [
                    line for line in open("/proc/self/maps") if "/dev/shm" in line
                ]
                assert shared == []
            assert len(kept) == 32
            assert all(x.shape == (2, 2000) for batch in kept for x in batch)
            assert sum(x.sum().item() for b in kept for x in b) == 2016 * 2000 * 50
        del batch, kept
        print(len(os.listdir("/proc/self/fd")) < 10)
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        try:
            iter(loader)
        except OSError as error:
            print(error)
        """,
    )
    out, errors = process.communicate(timeout=15)
    assert errors == ""
    first, second = out.splitlines()
    assert first == "True"
    assert "DataLoader: worker" in second
    assert "could not be started: Too many open files" in second
    assert os.listdir(tmp_path / "scratch") == []


def test_a_limit_on_file_sizes(run_script):
    process = run_script(
        """
        import resource, warnings
        from data_samples import Rows
        from rushlight.utils.data import DataLoader

        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loader = DataLoader(Rows(), 10, num_workers=2)
            print(sum(len(indices) for _, indices in loader))
        print(len(caught), caught[0].message)
        """,
    )
    out, errors = process.communicate(timeout=15)
    assert errors == ""
    assert out.startswith("20\n1 DataLoader worker 0 gets no shared memory ([Errno 27]")


def test_an_iterator_alive_at_exit(run_script):
    process = run_script(
        """
        import multiprocessing, time
        from data_samples import Rows, Trouble
        from rushlight.utils.data import DataLoader

        first = iter(DataLoader(Trouble("sleep"), 2, num_workers=1))
        loader = DataLoader(Rows(), num_workers=1, persistent_workers=True)
        second = iter(loader)
        third = iter(
            DataLoader(Trouble("sleep"), 2, num_workers=1, worker_method="thread")
        )
        next(first), next(second), next(third)
        print(*(c.pid for c in multiprocessing.active_children()), flush=True)
        """,
    )
    workers = workers_of(process)
    assert len(workers) == 2
    _, errors = process.communicate(timeout=10)
    assert errors == ""
    assert process.returncode == 0
    wait_for(lambda: all(map(gone, workers)))


def test_memory_does_not_grow():
    loader = DataLoader(
        Rows(200, 50_000), 10, num_workers=2, collate_fn=tell_worker_ids
    )
    for _, process, _ in loader:
        with open(f"/proc/{process}/maps") as file:
            blocks = [line for line in file if "memfd:rushlight-data" in line]
        # Its own, and one of the worker that was started before it.
        assert 1 <= len(blocks) <= 2
        assert all("(deleted)" in line for line in blocks)
        with open(f"/proc/{process}/smaps") as file:
            rows = file.read().split("memfd:rushlight-data")[1:]
        used = [int(row.split("Rss:")[1].split()[0]) for row in rows]
        # Two batches read ahead and two on their way, of 2 MB each.
        assert max(used) < 12_000
