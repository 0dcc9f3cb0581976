"""Calls everything with hostile arguments and reports crashes, hangs and stray views.

    python tests/fuzz/fuzz_calls.py --calls 100000            # seeds 0 .. 99999
    python tests/fuzz/fuzz_calls.py --show 1234               # the call of a seed
    python tests/fuzz/fuzz_calls.py --only nn.functional --calls 2000
    python tests/fuzz/fuzz_calls.py --code "rl.ones(2).gather(0, tensor((3,), 'int64'))"

A seed always draws the same call of the same version. Under the sanitizers by
``tools/run_sanitized.sh BUILD --fuzz 100000``. Exit status 1 when there is a finding;
each is printed with its seed and with the smallest call found that still shows it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
from fuzz_recipes import recipe_of
from fuzz_targets import ATTRIBUTES, targets
from fuzz_values import Draw, argument, look, tensor

import rushlight as rl

MEMORY = 256 << 20  # of all tensors of a worker
RESIDENT = 4 << 30  # of a worker as a whole
# Whatever an argument is, these are our own mistakes.
OURS = (SystemError, NameError, UnboundLocalError, RecursionError)


def draw_call(seed, only=""):
    """``[(name, text)]`` of the tensors, and the call itself as text."""
    rng = random.Random(seed)
    functions, layers = TARGETS
    draw = Draw(rng)
    kind = rng.random()
    if only:
        target = rng.choice([t for t in functions + layers if only in t.text])
    elif kind < 0.02:
        name = rng.choice(ATTRIBUTES)
        x = draw.tensor()
        value = draw.anything()
        return draw.code, f"setattr({x}, {name!r}, {value}), {x}.{name}"
    else:
        target = rng.choice(layers if kind < 0.1 else functions)
    recipe = recipe_of(target.text) if rng.random() < 0.85 else None
    fitting = recipe(draw) if recipe else {}
    owner = (fitting.get("input") or draw.tensor()) if target.method else ""
    texts = []
    takes = target.takes
    if takes is None:
        takes = [("input", "", "positional", False)] * rng.choice([0, 0, 0, 1, 2])
    for name, annotation, how, optional in takes:
        if (
            optional
            and name not in fitting
            and rng.random() < (0.7 if how == "keyword" else 0.45)
        ):
            if how == "positional" and rng.random() < 0.5:
                break
            continue
        texts_of = 1 if how != "many" else rng.randint(0, 4)
        for _ in range(texts_of):
            text = fitting.get(name)
            if text is None or rng.random() < 0.05:
                text = argument(draw, name, annotation)
            skipped = how == "keyword" or (texts and "=" in texts[-1].split("(")[0])
            late = how == "positional" and optional
            texts.append(f"{name}={text}" if skipped or late else text)
    if rng.random() < 0.02:
        texts.insert(0, draw.anything())
    positional = [t for t in texts if not _is_keyword(t)]
    keyword = [t for t in texts if _is_keyword(t)]
    call = f"{owner}{target.text}({', '.join(positional + keyword)})"
    if target in layers:
        call += f"({draw.tensor()})"
    return draw.code, call


def _is_keyword(text):
    head = text.split("=", 1)[0]
    return "=" in text and head.isidentifier()


def backward(result):
    """Runs the derivatives of what a call gave back."""
    many = result if isinstance(result, (list, tuple)) else [result]
    many = [x for x in many if isinstance(x, rl.Tensor) and x.requires_grad]
    if many and all(x.numel() < 1 << 18 for x in many):
        rl.autograd.backward(many, [rl.ones_like(x) for x in many])


def run(tensors, call):
    """Runs a call; returns the exception it raised."""
    scope = {"rl": rl, "np": np, "tensor": tensor}
    try:
        for name, text in tensors:
            scope[name] = eval(text, scope)
        made = [scope[name] for name, _ in tensors]
        try:
            result = eval(call, scope)
            look(result)
            backward(result)
        finally:
            look(made)
            look([x.grad for x in made if x.is_leaf and x.grad is not None])
    except OURS:
        raise
    except Exception as error:
        return error


def limit_memory():
    rl._ops._set_memory_limit(MEMORY)
    if "libasan" not in os.environ.get("LD_PRELOAD", ""):
        resource.setrlimit(resource.RLIMIT_AS, (RESIDENT, RESIDENT))


def worker(first, last, step, only):
    """Runs seeds; writes each seed down before its call."""
    limit_memory()
    rl.set_num_threads(2)
    raised = 0
    for seed in range(first, last, step):
        print(seed, flush=True)
        try:
            raised += run(*draw_call(seed, only)) is not None
        except OURS:
            print("\n".join(source(seed, only)), file=sys.stderr, flush=True)
            raise
    print("done", raised, flush=True)


def source(seed, only=""):
    tensors, call = draw_call(seed, only)
    return [*(f"{name} = {text}" for name, text in tensors), call]


class Worker:
    """A process that runs seeds, watched: its last words, its silence, its memory."""

    def __init__(self, first, last, step, only):
        self.range, self.seed = (first, last, step), first
        self.process = subprocess.Popen(
            [
                sys.executable,
                __file__,
                "--worker",
                f"{first},{last},{step}",
                "--only",
                only,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.spoke, self.raised, self.errors = time.monotonic(), None, []
        threading.Thread(target=self._listen, daemon=True).start()
        self.complaints = threading.Thread(target=self._complain, daemon=True)
        self.complaints.start()

    def _listen(self):
        for line in self.process.stdout:
            self.spoke = time.monotonic()
            if line.startswith("done"):
                self.raised = int(line.split()[1])
            elif line.strip().isdigit():
                self.seed = int(line)

    def _complain(self):
        for line in self.process.stderr:
            self.errors = [*self.errors[-4000:], line]

    def resident(self):
        try:
            with open(f"/proc/{self.process.pid}/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def trouble(self, patience):
        """None while all is well, "done", or what went wrong."""
        status = self.process.poll()
        if status is not None:
            self.complaints.join(5)
            return (
                "done"
                if status == 0 and self.raised is not None
                else f"status {status}"
            )
        if time.monotonic() - self.spoke > patience:
            self.process.kill()
            self.process.wait()
            return f"a call of more than {patience} s"
        if self.resident() > RESIDENT:
            self.process.kill()
            self.process.wait()
            return f"more than {RESIDENT >> 30} GiB"
        return None


def fails_alone(code, patience):
    """Whether this source text is a finding by itself."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--code", code],
            capture_output=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode not in (0, 3)


def smaller(tensors, call, patience):
    """Simpler texts of the tensors, one by one, as long as the finding stays."""
    tensors = list(tensors)
    text = lambda ts: "; ".join([*(f"{n} = {t}" for n, t in ts), call])  # noqa: E731
    if not fails_alone(text(tensors), patience):
        return "(only after the calls before it) " + text(tensors)
    for i, (name, full) in enumerate(tensors):
        shape, dtype, *_ = eval(full, {"tensor": lambda *a, **k: a})
        for simple in (
            "rl.ones(2)",
            f"rl.ones{shape}" if shape else "rl.tensor(1.0)",
            f"rl.ones({shape}, dtype=rl.{dtype})",
            full.replace(", grad=True", ""),
        ):
            tried = [*tensors[:i], (name, simple), *tensors[i + 1 :]]
            if fails_alone(text(tried), patience):
                tensors = tried
                break
    tensors = [t for t in tensors if fails_without(tensors, t, text, patience)]
    return text(tensors)


def fails_without(tensors, one, text, patience):
    """Whether ``one`` is needed for the call to run at all."""
    return not fails_alone(text([t for t in tensors if t is not one]), patience)


def fuzz(calls, first, jobs, only, patience, minimise=True):
    """Runs the calls; returns the findings as ``[(seed, trouble, report)]``."""
    last = first + calls
    running = [Worker(first + j, last, jobs, only) for j in range(jobs)]
    findings, raised = [], 0
    while running:
        time.sleep(0.05)
        for one in list(running):
            trouble = one.trouble(patience)
            if trouble is None:
                continue
            running.remove(one)
            if trouble == "done":
                raised += one.raised
                continue
            report = "".join(one.errors)
            findings.append((one.seed, trouble, report))
            print(
                f"seed {one.seed}: {trouble}\n  " + "\n  ".join(source(one.seed, only))
            )
            if minimise:
                print("  smallest:", smaller(*draw_call(one.seed, only), patience))
            print(_heart(report), flush=True)
            _, end, step = one.range
            if one.seed + step < end:
                running.append(Worker(one.seed + step, end, step, only))
    return findings, raised


def _heart(report):
    """The lines of a sanitizer's report that say what and where."""
    lines = report.splitlines()
    start = next(
        (
            i
            for i, line in enumerate(lines)
            if "ERROR: Addr" in line or "runtime error" in line
        ),
        max(len(lines) - 25, 0),
    )
    return "\n".join("    " + line[:200] for line in lines[start : start + 25])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="targets whose text has this")
    parser.add_argument(
        "--patience", type=float, default=20, help="seconds a call may take"
    )
    parser.add_argument("--show", type=int, metavar="SEED", help="print a call")
    parser.add_argument("--code", help="run this call in the fuzzer's surroundings")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    if args.show is not None:
        print("\n".join(source(args.show, args.only)))
        return 0
    if args.worker:
        worker(*map(int, args.worker.split(",")), args.only)
        return 0
    if args.code:
        limit_memory()
        *assigned, call = args.code.split("; ")
        error = run([tuple(a.split(" = ", 1)) for a in assigned], call)
        print(f"{type(error).__name__}: {error}" if error else "fine")
        return 3 if error else 0
    start = time.monotonic()
    findings, raised = fuzz(args.calls, args.first, args.jobs, args.only, args.patience)
    print(
        f"{args.calls} calls in {time.monotonic() - start:.0f} s: {raised} raised, "
        f"{len(findings)} findings"
    )
    return 1 if findings else 0


TARGETS = targets()

if __name__ == "__main__":
    sys.exit(main())
