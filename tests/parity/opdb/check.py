"""One op variant (a record and a dtype, or its errors) checked in all its forms."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import torch

import rushlight as rl
from opdb.compare import TOLERANCE, Mismatch, array, close, same, tensors_of
from opdb.functions import forms, translate_function
from opdb.snapshot import Missing, Snapshot, Untranslatable, dtype

ERRORS = "errors"
GRADIENT_TOLERANCE = 1e-7
# Forms other than the function itself are called on that many samples.
FORM_SAMPLES = 16
FAILURES_KEPT = 12


def key(op):
    """A record's name, with its variant's name behind a slash."""
    return f"{op.name}/{op.variant_test_name}" if op.variant_test_name else op.name


def dtypes(op):
    """What a record is checked for: its CPU dtypes, then its errors."""
    names = sorted(str(d).removeprefix("torch.") for d in op.supported_dtypes("cpu"))
    return names + ([ERRORS] if op.error_inputs_func is not None else [])


class Report:
    """The failures of one variant, and what is being done, should it crash."""

    def __init__(self, progress=lambda text: None):
        self.failures = []
        self.count = 0
        self.calls = 0
        self.missing = True
        self.progress = progress
        self.where = ""

    def at(self, where):
        self.where = where
        self.progress(where)

    def fail(self, text, missing=False):
        self.count += 1
        self.missing = self.missing and missing
        line = f"{self.where}: {text}"
        if len(self.failures) < FAILURES_KEPT and not any(
            text == f.partition(": ")[2] for f in self.failures
        ):
            self.failures.append(line[:600])

    def status(self):
        if not self.count:
            return "pass" if self.calls else "empty"
        return "missing" if self.missing else "fail"


def check(op, dtype_name, limit=None, progress=lambda text: None):
    """Checks one variant.

    Args:
        op: a record of op_db.
        dtype_name: of ``dtypes(op)``.
        limit: number of samples, spread over those of the record; None for all.
        progress: called with a description of each call before it is made.

    Returns:
        (status, failures): ``pass``, ``fail``, ``missing`` (nothing but names that are
        not there), ``no dtype`` or ``empty`` (no sample to compare), and texts.
    """
    report = Report(progress)
    if dtype_name == ERRORS:
        _check_errors(op, report)
        return report.status(), report.failures
    theirs = getattr(torch, dtype_name)
    try:
        dtype(theirs)
    except Missing:
        return "no dtype", [f"rushlight has no {dtype_name}"]
    differentiable = (
        op.supports_autograd
        and theirs in (torch.float64, torch.complex128)
        and theirs in op.supported_backward_dtypes("cpu")
    )
    callables = list(_resolved_forms(op, report))
    report.at("samples")
    samples = op.sample_inputs("cpu", theirs, requires_grad=differentiable)
    samples = list(samples) if limit is not None else samples
    step = 1 if limit is None else max(1, len(samples) // limit)
    picked = itertools.islice(samples, 0, None, step)
    for i, sample in enumerate(itertools.islice(picked, limit)):
        try:
            frozen = Snapshot(sample.input, sample.args, sample.kwargs)
            frozen.ours()
        except Untranslatable:
            continue
        except Missing as error:
            report.at(f"sample {i * step}")
            report.fail(f"missing: {error}", missing=True)
            continue
        for name, their_call, our_call, kind in callables:
            if name != "function" and i >= FORM_SAMPLES:
                break
            report.at(f"{name}, sample {i * step} {_summary(sample)}")
            report.calls += 1
            if kind == "out":
                _check_out(op, sample, frozen, their_call, our_call, report)
            else:
                if kind == "inplace":
                    if sample.broadcasts_input:
                        continue
                    their_call, our_call = _inplace(their_call), _inplace(our_call)
                _check_call(op, sample, frozen, their_call, our_call, report)
    return report.status(), report.failures


def _summary(sample):
    try:
        text = sample.summary()
    except Exception:
        text = "SampleInput(...)"
    text = text.removeprefix("SampleInput").replace(', device="cpu"', "")
    text = text.replace(", broadcasts_input=False", "").replace(", name=''", "")
    return text[:300]


def _resolved_forms(op, report):
    for name, call, kind in forms(op):
        report.at(name)
        path = {"function": op.name, "method": f"Tensor.{op.name}"}.get(name)
        if path and path.startswith("Tensor.nn"):
            path = None
        if name.startswith("alias"):
            # Some records spell an alias with the package's name.
            path = name.split()[1].removeprefix("torch.")
            path = f"Tensor.{path}" if name.endswith("method") else path
        elif kind == "out":
            path = op.name
        try:
            yield name, call, translate_function(call, path), kind
        except Missing as error:
            report.fail(f"missing: {error}", missing=True)


def _inplace(call):
    def run(x, *args, **kwargs):
        x = x.clone()
        result = call(x, *args, **kwargs)
        if result is not x:
            raise AssertionError("the in-place form does not return its argument")
        return result

    return run


def outcome(call, tree):
    """('value', result, warnings) or ('error', exception, warnings) of a call."""
    first, args, kwargs = tree
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        try:
            return "value", call(first, *args, **kwargs), log
        except Exception as error:
            return "error", error, log


def _seed():
    torch.manual_seed(1)
    rl.manual_seed(1)


def same_error(ours, theirs):
    """Whether an exception is of PyTorch's type, or of one derived from it."""
    name = type(theirs).__name__.lstrip("_")
    return any(c.__name__.lstrip("_") == name for c in type(ours).__mro__)


def _missing_name(error):
    """The name when an error says that Rushlight lacks a function or method."""
    text = str(error)
    if isinstance(error, Missing):
        return text
    if isinstance(error, AttributeError) and "has no attribute" in text:
        return text.rpartition("has no attribute ")[2].strip("'")
    return None


def _same_outcome(ours, theirs, report):
    """True when both calls gave a value; reports where they differ in that."""
    if ours[0] == "value" and theirs[0] == "value":
        return True
    if ours[0] == "error":
        name = _missing_name(ours[1])
        if name and not isinstance(theirs[1], AttributeError):
            report.fail(f"missing: {name}", missing=True)
            return False
    if theirs[0] == "value":
        report.fail(f"raises {_text(ours[1])}")
    elif ours[0] == "value":
        report.fail(f"no error, expected {_text(theirs[1])}")
    elif not same_error(ours[1], theirs[1]):
        report.fail(f"raises {_text(ours[1])}, expected {_text(theirs[1])}")
    return False


def _text(error):
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0:1]}"[:220]


def _check_call(op, sample, frozen, their_call, our_call, report):
    their_tree, their_memory, their_tensors = frozen.theirs()
    our_tree, our_memory, our_tensors = frozen.ours()
    _seed()
    theirs = outcome(their_call, their_tree)
    ours = outcome(our_call, our_tree)
    if not _same_outcome(ours, theirs, report):
        return
    deterministic = not op.has_nondeterministic_output
    memory = our_memory, their_memory
    process = sample.output_process_fn_grad
    try:
        same(ours[1], theirs[1], values=deterministic, memory=memory)
    except Mismatch as error:
        if not (error.values and _excused(frozen, their_call, process, ours, theirs)):
            report.fail(str(error))
            return
    if deterministic:
        leaves = [(a, b) for a, b in zip(our_tensors, their_tensors) if b.requires_grad]
        if leaves:
            _check_gradients(process, ours[1], theirs[1], leaves, report)


def _excused(frozen, their_call, process, ours, theirs):
    """Whether other values are right all the same.

    They are when they differ in what the record itself removes (the signs of singular
    vectors), or when they are as near as PyTorch's to its result in double precision.
    """
    try:
        our_process = translate_function(process)
        a, b = our_process(ours[1]), process(theirs[1])
        same(a, b)
        return True
    except (Mismatch, Missing):
        pass
    except Exception:
        return False
    narrow = (torch.float32, torch.float16, torch.bfloat16, torch.complex64)
    if not any(t.dtype in narrow for t in tensors_of(theirs[1])):
        return False
    try:
        _seed()
        exact = outcome(their_call, frozen.upcast())
        if exact[0] == "error":
            return False
        truth = list(tensors_of(process(exact[1])))
        pairs = list(zip(tensors_of(a), tensors_of(b), truth, strict=True))
    except Exception:
        return False
    return all(_as_accurate(array(x), array(y), array(z), y.dtype) for x, y, z in pairs)


def _as_accurate(ours, theirs, truth, their_dtype):
    if their_dtype.is_floating_point or their_dtype.is_complex:
        unit = torch.finfo(their_dtype).eps
        with np.errstate(all="ignore"):
            finite = np.isfinite(theirs) & np.isfinite(truth)
            error = abs(theirs.astype(truth.dtype) - truth)[finite]
            ours_error = abs(ours.astype(truth.dtype) - truth)[finite]
            bound = 2 * error + unit * abs(truth[finite])
            worst = error.max(initial=0) * 2 + unit
            rest = close(ours, theirs, 0)[~finite]
            return bool(
                ((ours_error <= bound) | (ours_error <= worst)).all() & rest.all()
            )
    return bool(close(ours, theirs, 0).all())


def _check_gradients(process, ours, theirs, leaves, report):
    """Gradients for one random cotangent an output."""
    try:
        our_process = translate_function(process)
        ours, theirs = our_process(ours), process(theirs)
    except Missing as error:
        report.fail(f"gradient: missing: {error}", missing=True)
        return
    except Exception as error:
        report.fail(f"gradient: {_text(error)}")
        return
    pairs = [
        (a, b) for a, b in zip(tensors_of(ours), tensors_of(theirs)) if b.requires_grad
    ]
    if not pairs:
        return
    generator = torch.Generator().manual_seed(2)
    cotangents = [
        torch.randn(b.shape, dtype=b.dtype, generator=generator) for _, b in pairs
    ]
    our_leaves, their_leaves = zip(*leaves)
    try:
        expected = torch.autograd.grad(
            [b for _, b in pairs], their_leaves, cotangents, allow_unused=True
        )
    except Exception:
        return
    try:
        got = rl.autograd.grad(
            [a for a, _ in pairs],
            our_leaves,
            [Snapshot(c).ours()[0][0] for c in cotangents],
            allow_unused=True,
        )
    except Exception as error:
        report.fail(f"gradient: raises {_text(error)}")
        return
    for i, (a, b) in enumerate(zip(got, expected)):
        zero_or_none = b is None or not b.any()
        if a is None or b is None:
            if not (zero_or_none and (a is None or not bool(a.any()))):
                report.fail(
                    f"gradient {i}: {a if a is None else 'a tensor'}, expected {b}"
                )
            continue
        x, y = array(a), array(b)
        if x.shape != y.shape or x.dtype != y.dtype:
            report.fail(
                f"gradient {i}: {x.dtype}{x.shape}, expected {y.dtype}{y.shape}"
            )
            continue
        scale = GRADIENT_TOLERANCE * max(1, abs(y[np.isfinite(y)]).max(initial=0))
        good = close(x, y, scale)
        if not good.all():
            k = np.unravel_index(np.argmin(good), good.shape)
            report.fail(
                f"gradient {i}{list(map(int, k))}: {x[k]}, expected {y[k]} "
                f"({int((~good).sum())} differ)"
            )


def _check_out(op, sample, frozen, their_call, our_call, report):
    """``out=`` of the right shape, empty, of a wrong shape, of a wrong dtype."""
    _seed()
    with torch.no_grad():
        kind, expected, _ = outcome(their_call, frozen.theirs()[0])
    if kind == "error":
        return
    if not isinstance(expected, torch.Tensor) and not (
        isinstance(expected, (tuple, list))
        and all(isinstance(t, torch.Tensor) for t in expected)
    ):
        return
    where = report.where
    for case, change in _OUT_CASES.items():
        if (op.name, case) in _THEIR_CRASHES:
            continue
        report.at(f"out= {case}{where.removeprefix('out=')}")
        outs = change(expected)
        if outs is None:
            continue
        try:
            our_outs, their_outs = _our_outs(outs), outs
        except Missing as error:
            report.fail(f"missing: {error}", missing=True)
            continue
        results = []
        for call, tree, out in (
            (their_call, frozen.theirs()[0], their_outs),
            (our_call, frozen.ours()[0], our_outs),
        ):
            _seed()
            library = torch if call is their_call else rl
            with library.no_grad():
                run = outcome(call, (tree[0], tree[1], {**tree[2], "out": out}))
            warned = any("resize" in str(w.message) for w in run[2])
            results.append((run[0], run[1], warned))
        theirs, ours = results
        # PyTorch's kernels differ in which outs they take; taking more is no fault.
        if theirs[0] == "error" and case != "wrong dtype":
            continue
        if not _same_outcome(ours, theirs, report):
            continue
        if ours[2] != theirs[2]:
            report.fail(f"resize warning: {ours[2]}, expected {theirs[2]}")
        returned = list(tensors_of(ours[1]))
        wanted = list(tensors_of(our_outs))
        if len(returned) != len(wanted) or any(
            a is not b for a, b in zip(returned, wanted)
        ):
            report.fail("the out tensor is not what is returned")
            continue
        try:
            pairs = zip(wanted, tensors_of(their_outs), tensors_of(expected))
            for i, (a, b, c) in enumerate(pairs):
                same(
                    a,
                    b,
                    f"out[{i}]",
                    values=not op.has_nondeterministic_output,
                    tolerance=TOLERANCE.get(c.dtype, 0),
                )
                kept = case in ("right", "strided") and b.numel()
                if kept and a.stride() != b.stride():
                    report.fail(
                        f"out[{i}]: strides {a.stride()}, expected {b.stride()}"
                    )
        except Mismatch as error:
            process = sample.output_process_fn_grad
            if not (
                error.values and _excused(frozen, their_call, process, ours, theirs)
            ):
                report.fail(str(error))


def _our_outs(theirs):
    """The same in memory of Rushlight's own, which can be resized."""
    if isinstance(theirs, tuple):
        return tuple(map(_our_outs, theirs))
    size, stride = tuple(theirs.shape), theirs.stride()
    result = rl.empty_strided(size, stride, dtype=dtype(theirs.dtype))
    return result.copy_(Snapshot(theirs).ours()[0][0])


def _each(change):
    def changed(expected):
        if isinstance(expected, torch.Tensor):
            return change(expected.detach())
        results = [change(t.detach()) for t in expected]
        if any(r is None for r in results):
            return None
        return tuple(results)

    return changed


def _filled(shape, dtype):
    result = torch.empty(shape, dtype=dtype)
    return result.fill_(1)


def _transposed(t):
    """Out of the right shape in another memory order."""
    if t.ndim < 2:
        return _filled((*t.shape, 2), t.dtype).select(-1, 0)
    return _filled(t.shape[::-1], t.dtype).permute(*range(t.ndim - 1, -1, -1))


def _wrong_dtype(t):
    if not (t.is_floating_point() or t.is_complex()):
        return None
    return _filled(t.shape, torch.int64)


# PyTorch 2.13 itself writes past the memory of such an out: tril, and what calls it.
_THEIR_CRASHES = {
    (op, "strided") for op in ("tril", "triu", "lu_unpack", "lu", "linalg.lu")
}
_OUT_CASES = {
    "right": _each(lambda t: _filled(t.shape, t.dtype)),
    "strided": _each(_transposed),
    "empty": _each(lambda t: torch.empty((0,), dtype=t.dtype)),
    "wrong shape": _each(
        lambda t: _filled((*t.shape[:-1], t.shape[-1] + 1) if t.ndim else (1,), t.dtype)
    ),
    "wrong dtype": _each(_wrong_dtype),
    "wider dtype": _each(
        lambda t: _filled(t.shape, torch.float64) if t.dtype == torch.float32 else None
    ),
}


def _check_errors(op, report):
    call = None
    for name, call, our_call, kind in _resolved_forms(op, report):  # noqa: B007
        if name == "function":
            break
    else:
        return
    for i, error_input in enumerate(op.error_inputs("cpu")):
        sample = error_input.sample_input
        try:
            frozen = Snapshot(sample.input, sample.args, sample.kwargs)
            our_tree = frozen.ours()[0]
        except (Untranslatable, Missing):
            continue
        report.at(f"error {i} {_summary(sample)}")
        _seed()
        theirs = outcome(call, frozen.theirs()[0])
        if theirs[0] == "value":
            continue
        report.calls += 1
        _same_outcome(outcome(our_call, our_tree), theirs, report)
