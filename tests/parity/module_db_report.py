"""Runs PyTorch's module records against Rushlight and prints the score.

    python tests/parity/module_db_report.py                      # the table
    python tests/parity/module_db_report.py --failing BatchNorm1d
    python tests/parity/module_db_report.py --only 'Conv*' --json out.json

A variant is a record of ``module_db`` with a dtype in training or evaluation. It passes
when for every input the repr, the initial weights of a seed, outputs, gradients of
inputs and parameters (in double precision their gradients too), and the state
afterwards are PyTorch's. More variants are "strided": inputs with gaps in memory;
"copies": deep copies, pickles, checkpoints for the other library, ``dtype=``; "errors".
"""

from __future__ import annotations

import collections
import json
import sys
import time
import warnings

from opdb_report import STATUSES, arguments, chosen, print_failures, print_row


def main():
    args = arguments(__doc__)
    warnings.simplefilter("ignore")
    from moduledb import scope
    from moduledb.check import check, records, variants
    from opdb import pool

    table = {name: info for name, info in records().items() if scope.in_scope(name)}
    if args.list:
        print(*table, sep="\n")
        return 0
    names = chosen(table, args.only or ([args.failing] if args.failing else None))
    full = set(args.all_samples_of.split())
    tasks = []
    for name in names:
        wanted = chosen(variants(table[name]), args.dtype)
        tasks.append((name, wanted, None if name in full else args.limit))
    began = time.perf_counter()
    results = {}
    running = pool.run(table, check, tasks, args.processes, args.seconds)
    for name, found, seconds in running:
        results[name] = found
        if args.stream:
            print(json.dumps([name, found, round(seconds, 2)]), flush=True)
    if args.stream:
        return 0
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)
    if args.failing:
        print_failures(results)
    row = collections.Counter(
        status for found in results.values() for status, _ in found.values()
    )
    whole = sum(
        all(status == "pass" for status, _ in found.values())
        for found in results.values()
    )
    print(f"\n{'':14}" + "".join(f"{s:>9}" for s in STATUSES) + f"{'score':>9}")
    print_row("module_db", row)
    print(f"{whole} of {len(results)} modules pass in every variant")
    print(f"{time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
