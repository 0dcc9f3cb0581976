"""Runs every compiled op on a CUDA device and on the CPU and compares the results.

    python tests/device/compare_ops.py [--fork] [--json FILE] [PATTERN...]

Prints a line for each op that differs, has no kernel or fails; the last line counts
them. With ``--fork`` each op runs in a child of its own, so that a crash is one op's:
for the device of tests/cpp/guarded_device.cpp, since a process that uses a GPU cannot
fork.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import pathlib
import signal
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "python"))

import op_calls
import op_records
import rushlight as rl

# What they return is drawn.
RANDOM = (
    "uniform_ normal_ log_normal_ exponential_ geometric_ cauchy_ random_ bernoulli_ "
    "bernoulli rand randn randint randperm multinomial poisson binomial dropout "
    "native_dropout rrelu alpha_dropout empty empty_like empty_strided normal "
).split()


class DeviceMake(op_calls.Make):
    """The same inputs on a device."""

    def _moved(self, tensor):
        return tensor.detach().cuda().requires_grad_(tensor.requires_grad)

    def f(self, *shape, **options):
        return self._moved(super().f(*shape, **options))

    def i(self, high, *shape):
        return self._moved(super().i(high, *shape))

    def b(self, *shape):
        return self._moved(super().b(*shape))


def tensors(result):
    if isinstance(result, rl.Tensor):
        return [result.detach()]
    if isinstance(result, (list, tuple)):
        return [t for part in result for t in tensors(part)]
    return []


def values(tensor):
    tensor = tensor.cpu()
    if tensor.dtype in (rl.bfloat16, rl.float16):
        tensor = tensor.float()
    return tensor.resolve_conj().resolve_neg().numpy()


def difference(ours, expected, tolerance):
    """What differs between two results, or an empty string."""
    if len(ours) != len(expected):
        return f"{len(ours)} results instead of {len(expected)}"
    for at, (a, b) in enumerate(zip(ours, expected, strict=True)):
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"result {at}: {a.shape} {a.dtype}, on the CPU {b.shape} {b.dtype}"
        if a.stride() != b.stride():
            return f"result {at}: strides {a.stride()}, on the CPU {b.stride()}"
        x, y = values(a), values(b)
        if not np.allclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True):
            wide = np.complex128 if x.dtype.kind == "c" else np.float64
            apart = np.nanmax(np.abs(x.astype(wide) - y.astype(wide)))
            return f"result {at}: values differ by up to {apart:.3g}"
    return ""


def compare(name, large=False, grad=False):
    """``(kind, text)``: pass, differs, missing (no kernel), error."""
    call = op_calls.CALLS[name]
    expected = call(op_calls.Make(large=large, grad=grad))
    try:
        ours = call(DeviceMake(large=large, grad=grad))
        rl.cuda.synchronize()
    except NotImplementedError as error:
        return "missing", str(error)
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    if name.split()[0] in RANDOM:
        return "pass", ""
    on_device = [t.is_cuda for t in tensors(ours)]
    if on_device and not any(on_device) and any(t.numel() for t in tensors(ours)):
        return "error", "the results are on the CPU"
    text = difference(tensors(ours), tensors(expected), 2e-4 if large else 2e-5)
    return ("differs", text) if text else ("pass", "")


def compare_record(record):
    """The same for the value and the gradients of a record of ``op_records.py``."""
    arrays = record.arrays("float32")
    expected, ours = [], []
    for results, device in ((expected, "cpu"), (ours, "cuda")):
        inputs = [rl.from_numpy(np.array(x)).to(device) for x in arrays]
        differentiable = record.grad and [x for x in inputs if x.is_floating_point()]
        for x in differentiable or ():
            x.requires_grad_()
        try:
            out = record.call(rl, *inputs)
            results.extend(tensors(out))
            parts = out if isinstance(out, (list, tuple)) else [out]
            total = [
                (t * rl.arange(t.numel()).reshape(t.shape).to(device)).sum()
                for t in parts
                if isinstance(t, rl.Tensor) and t.requires_grad
            ]
            if total and differentiable:
                sum(total[1:], total[0]).backward()
                results.extend(x.grad for x in differentiable if x.grad is not None)
        except NotImplementedError as error:
            return "missing", str(error)
        except Exception as error:
            return "error", f"{device}: {type(error).__name__}: {error}"
    text = difference(ours, expected, 1e-4)
    return ("differs", text) if text else ("pass", "")


def compare_in_child(run, name, **options):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            result = run(name, **options)
        except BaseException as error:
            result = ("error", f"{type(error).__name__}: {error}")
        os.write(write, json.dumps(result).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "crash", signal.Signals(os.WTERMSIG(status)).name
    return tuple(json.loads(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--fork", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    results = {}
    jobs = [
        (name, compare, (name,), {"large": arguments.large}) for name in op_calls.CALLS
    ]
    jobs += [(f"record {r}", compare_record, (r,), {}) for r in op_records.RECORDS]
    for name, run, args, options in jobs:
        if not any(fnmatch.fnmatch(name, p) for p in arguments.patterns):
            continue
        if arguments.fork:
            args, run = (run, *args), compare_in_child
        results[name] = run(*args, **options)
        kind, text = results[name]
        if kind != "pass":
            print(f"{kind:8} {name}: {text[:200]}", flush=True)
    counts = {}
    for kind, _ in results.values():
        counts[kind] = counts.get(kind, 0) + 1
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1))
    print(f"{len(results)} ops on {rl.cuda.get_device_name()}: {counts}")


if __name__ == "__main__":
    main()
