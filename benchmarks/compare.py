"""Rushlight against NumPy and PyTorch, row by row.

Each library lives in a process of its own. For every row the processes take turns, a
round each (A B C A B C ...), so that a slow moment of the machine hits all of them;
the process that waits is stopped, so that its spinning threads take nobody's core.

    python benchmarks/compare.py                      # everything, a few minutes
    python benchmarks/compare.py --quick --only small
    python benchmarks/compare.py --csv out.csv --png out.png
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import platform
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from _chart import write_png
from _readme import fill_readme
from _report import (
    LEGEND,
    LIBRARIES,
    OURS,
    Result,
    as_json,
    summary_lines,
    table_lines,
    write_csv,
)
from _rows import Row, load_families

HERE = Path(__file__).parent
ANSWER_SECONDS = 120.0


class WorkerError(Exception):
    """The worker answered with an error, died, or took too long."""


class Worker:
    """A library in its own process, stopped while it is not its turn."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads
        self.process: subprocess.Popen | None = None

    def start(self) -> str:
        """Starts the process and returns the library's version."""
        variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "_worker.py"), self.name, str(self.threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(variables, str(self.threads))},
        )
        return self.ask(do="hello")["version"]

    def ask(self, **request: Any) -> dict:
        """Sends a request, lets the process run until it answers, and stops it."""
        if self.process is None:
            self.start()
        process = self.process
        process.send_signal(signal.SIGCONT)
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], ANSWER_SECONDS)
            line = process.stdout.readline() if ready else b""
        except BrokenPipeError:
            ready, line = True, b""
        if not line:
            raise WorkerError(self._bury(timed_out=not ready))
        process.send_signal(signal.SIGSTOP)
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def _bury(self, timed_out: bool) -> str:
        process, self.process = self.process, None
        if timed_out:
            process.kill()
            process.wait()
            return f"no answer in {ANSWER_SECONDS:.0f} s"
        code = process.wait()
        cause = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return f"the process died: {cause}"

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def measure(
    row: Row,
    family: str,
    index: int,
    workers: list[Worker],
    options: argparse.Namespace,
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Samples in ns and errors by library, one round of each in turn."""
    samples: dict[str, list[float]] = {}
    errors: dict[str, str] = {}
    calls: dict[str, int] = {}
    budget = 0.0004 if options.busy else 0.004 if options.quick else 0.02
    # On a busy machine a batch must fit between two interruptions.
    batches = 20 if options.busy else 1
    chosen = [
        worker
        for worker in workers
        if (row.moved_bytes if worker.name == "copy" else row.statement(worker.name))
    ]

    def turn(worker: Worker, **request: Any) -> dict | None:
        try:
            return worker.ask(**request)
        except WorkerError as error:
            errors[worker.name] = str(error)
            samples.pop(worker.name, None)
            calls.pop(worker.name, None)
            return None

    for worker in chosen:
        answer = turn(worker, do="prepare", family=family, row=index, budget=budget)
        if answer:
            calls[worker.name] = answer["calls"]
    count = 1 if row.measure else batches
    for _ in range(options.rounds):
        for worker in chosen:
            if worker.name in calls:
                answer = turn(
                    worker, do="time", calls=calls[worker.name], batches=count
                )
                if answer:
                    samples.setdefault(worker.name, []).append(answer["ns"])
    for worker in chosen:
        if worker.name in calls:
            turn(worker, do="drop")
    return samples, errors


def select_rows(patterns: list[str] | None) -> list[tuple[str, str, int, Row]]:
    """(family, title, index, row) whose "family/row" contains or matches a pattern."""
    found = []
    for family, (title, rows) in load_families().items():
        for index, row in enumerate(rows):
            text = f"{family.removeprefix('bench_')}/{row.name}"
            if not patterns or any(
                pattern in text or fnmatch.fnmatchcase(text, pattern)
                for pattern in patterns
            ):
                found.append((family, title, index, row))
    return found


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="PATTERN",
        help="rows whose family/name contains or matches PATTERN (may be repeated)",
    )
    parser.add_argument("--quick", action="store_true", help="3 short rounds, noisier")
    parser.add_argument(
        "--busy",
        action="store_true",
        help="for a machine that does other work: the least of many short batches "
        "instead of the median; say so when quoting, and prefer --threads 1",
    )
    parser.add_argument("--rounds", type=int, help="default: 7, with --quick 3")
    parser.add_argument("--threads", type=int, help="default: the cores it may use")
    parser.add_argument("--csv", type=Path, metavar="FILE")
    parser.add_argument("--png", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="with every sample")
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="fill its comparison section"
    )
    parser.add_argument("--list", action="store_true", help="only name the rows")
    options = parser.parse_args(arguments)
    if options.rounds is None:
        options.rounds = 3 if options.quick else 7
    if options.threads is None:
        options.threads = len(os.sched_getaffinity(0))
    if options.rounds < 1 or options.threads < 1:
        parser.error("--rounds and --threads must be 1 or more")
    return options


def start_workers(threads: int) -> tuple[list[Worker], dict[str, str]]:
    """The libraries that are there; a missing rival's column stays empty."""
    workers, versions = [], {}
    for name in (*LIBRARIES, "copy"):
        worker = Worker(name, threads)
        try:
            versions[name] = worker.start()
        except WorkerError as error:
            worker.close()
            print(f"{name} is left out: {error}", file=sys.stderr)
            if name == OURS:
                raise SystemExit(1) from error
            continue
        workers.append(worker)
    return workers, versions


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    rows = select_rows(options.only)
    if not rows:
        print(f"no row matches {options.only}; --list names them", file=sys.stderr)
        return 2
    if options.list:
        for family, _, _, row in rows:
            print(f"{family.removeprefix('bench_')}/{row.name}")
        return 0

    workers, versions = start_workers(options.threads)
    names = ", ".join(f"{name} {text}" for name, text in versions.items() if text)
    statistic = "least" if options.busy else "median"
    machine = {
        "title": f"{names}\n{processor()}, {options.threads} threads, "
        f"Python {platform.python_version()}, {statistic} of {options.rounds} rounds",
        "versions": versions,
        "processor": processor(),
        "threads": options.threads,
        "rounds": options.rounds,
        "statistic": statistic,
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg(),
    }
    print(machine["title"])
    if machine["load"][0] > 0.5 and not options.busy:
        print(
            f"note: the machine is busy (load {machine['load'][0]:.1f}): medians, of "
            "threaded rows above all, say little; see --busy"
        )
    results: list[Result] = []
    started = time.perf_counter()
    try:
        for family, title, index, row in rows:
            samples, errors = measure(row, family, index, workers, options)
            result = Result(family, title, row, samples, errors, options.busy)
            first = not results or results[-1].title != title
            results.append(result)
            for line in list(table_lines([result]))[0 if first else 2 :]:
                print(line, flush=True)
    finally:
        for worker in workers:
            worker.close()
    print("\n" + LEGEND)
    for line in summary_lines(results):
        print(line)
    print(f"took {time.perf_counter() - started:.0f} s")
    if options.csv:
        write_csv(results, options.csv)
    if options.json:
        options.json.write_text(json.dumps(as_json(results, machine), indent=1) + "\n")
    if options.png:
        write_png(results, machine, options.png)
    if options.readme:
        fill_readme(options.readme, results, machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
