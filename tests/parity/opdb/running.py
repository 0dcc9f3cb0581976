"""Results of a report that runs beside the tests, and what they say of the gaps."""

from __future__ import annotations

import json
import os
import subprocess
import sys


def _start(report, *options):
    command = [sys.executable, "-W", "ignore", str(report), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def names_of(report, least):
    """The names of the records that a report takes in, at least so many."""
    with _start(report, "--list") as process:
        names = process.stdout.read().split()
    assert process.returncode == 0 and len(names) > least
    return names


class Results:
    """The results of the chosen records, read as they come.

    Args:
        report (Path): ``opdb_report.py`` or one with the same options.
        names: of the records.
        limit: the number of samples a variant; all where a gap is listed, for it may
            show on one of them only.
        gaps: the :class:`~opdb.scope.Gaps`.
    """

    def __init__(self, report, names, limit, gaps):
        listed = [n for n in names if any("*" not in line[0] for line in gaps.of_op(n))]
        self.process = _start(
            report,
            *(f"--only={n}" for n in names),
            f"--limit={limit}",
            f"--all-samples-of={' '.join(listed)}",
            f"--processes={max(2, os.cpu_count() or 2)}",
            "--stream",
        )
        self.found = {}

    def of(self, name):
        while name not in self.found:
            line = self.process.stdout.readline()
            assert line, f"the run of the records ended before {name}"
            done, variants, _ = json.loads(line)
            self.found[done] = variants
        return self.found[name]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def chosen_names(request):
    """The names of the tests of a file that are to run."""
    return [
        item.callspec.params["name"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]


def problems(name, variants, gaps, excused, ignored=()):
    """Failures that no line of the gaps excuses, and lines that nothing needs.

    Args:
        name: of the record.
        variants: {variant: (status, failures)}.
        gaps: the :class:`~opdb.scope.Gaps`.
        excused: the statuses that a line can excuse.
        ignored: those that need no excuse.
    """
    found, used = [], set()
    for variant, (status, failures) in variants.items():
        if status in ("pass", "empty"):
            continue
        lines = gaps.of(name, variant)
        used.update(lines)
        if status not in ignored and not (lines and status in excused):
            found += [f"{variant}: {status}", *(f"    {f}" for f in failures)]
    for line in gaps.of_op(name):
        if "*" not in line[0] and line not in used and not gaps.is_open(line):
            found.append(f"listed as a gap, but passes: {' '.join(line)}")
    return found
