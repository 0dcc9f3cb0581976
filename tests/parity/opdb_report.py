"""Runs PyTorch's op records against Rushlight and prints the score.

    python tests/parity/opdb_report.py                    # the table of all records
    python tests/parity/opdb_report.py --failing addmm    # each failure of some records
    python tests/parity/opdb_report.py --only 'linalg.*' --json out.json

A variant is a record of ``op_db`` with a dtype it supports on the CPU, or its errors.
It passes when every sample in every form (function, method, operator, in place, out=,
aliases) has PyTorch's shape, dtype, strides of views, values, gradients, exceptions.
"""

from __future__ import annotations

import argparse
import collections
import fnmatch
import json
import os
import sys
import time

STATUSES = ("pass", "fail", "missing", "no dtype", "crash", "timeout", "empty")


def arguments(description=__doc__):
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--only", action="append", help="names of records (patterns)")
    parser.add_argument("--dtype", action="append", help="variants (patterns)")
    parser.add_argument("--failing", metavar="NAME", help="failures of these records")
    parser.add_argument("--limit", type=int, help="samples of a variant (default: all)")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=60, help="for one variant")
    parser.add_argument("--json", metavar="FILE", help="writes all results there")
    parser.add_argument("--list", action="store_true", help="the records in scope")
    parser.add_argument("--stream", action="store_true", help="a JSON line a record")
    parser.add_argument("--all-samples-of", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen(names, patterns):
    if not patterns:
        return list(names)
    return [
        n
        for n in names
        if any(
            fnmatch.fnmatchcase(n, p) or fnmatch.fnmatchcase(n.partition("/")[0], p)
            for p in patterns
        )
    ]


def main():
    args = arguments()
    from opdb import pool, scope
    from opdb.check import check, dtypes

    table = pool.records()
    names = [n for n in table if scope.in_scope(n) and dtypes(table[n])]
    if args.list:
        print(*names, sep="\n")
        return 0
    names = chosen(names, args.only or ([args.failing] if args.failing else None))
    full = set(args.all_samples_of.split())
    tasks = []
    for name in names:
        variants = dtypes(table[name])
        if args.dtype:
            variants = chosen(variants, args.dtype)
        if variants:
            tasks.append((name, variants, None if name in full else args.limit))
    began = time.perf_counter()
    results = {}
    running = pool.run(table, check, tasks, args.processes, args.seconds)
    for name, variants, seconds in running:
        results[name] = variants
        if args.stream:
            print(json.dumps([name, variants, round(seconds, 2)]), flush=True)
        elif sys.stderr.isatty():
            print(
                f"\r{len(results)}/{len(tasks)} {name:60.60}", end="", file=sys.stderr
            )
    if args.stream:
        return 0
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)
    if args.failing:
        print_failures(results)
    print_table(results, scope)
    print(f"{time.perf_counter() - began:.0f} s")
    return 0


def print_failures(results):
    for name, variants in results.items():
        for dtype, (status, failures) in variants.items():
            if status not in ("pass", "empty"):
                print(f"{name} {dtype}: {status}")
                for failure in failures:
                    print(f"    {failure}")


def print_table(results, scope):
    groups = collections.defaultdict(collections.Counter)
    for name, variants in results.items():
        for dtype, (status, _) in variants.items():
            row = groups[scope.group(name)]
            row[status] += 1
            if dtype == "errors":
                row[
                    "errors pass" if status in ("pass", "empty") else "errors fail"
                ] += 1
    nn = groups.pop("nn.functional", None)
    print(f"\n{'':14}" + "".join(f"{s:>9}" for s in STATUSES) + f"{'score':>9}")
    for group, row in groups.items():
        print_row(group, row)
    total = sum(groups.values(), collections.Counter())
    print_row("together", total)
    if nn is not None:
        print_row("nn.functional", nn)


def print_row(group, row):
    # A variant without a sample to compare counts for nothing.
    counted = sum(row[s] for s in STATUSES if s != "empty")
    score = f"{100 * row['pass'] / counted:8.2f}%" if counted else "        -"
    print(f"{group:14}" + "".join(f"{row[s]:9}" for s in STATUSES) + score)


if __name__ == "__main__":
    sys.exit(main())
