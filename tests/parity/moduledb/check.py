"""One variant of a module record: a dtype and a mode, strided, copies, or errors."""

from __future__ import annotations

import copy
import functools

import torch

import rushlight as rl
from moduledb.copies import check_checkpoints, check_copies, check_factory
from moduledb.gradients import check_gradients
from moduledb.modules import arguments, state
from opdb.check import (
    ERRORS,
    Report,
    _as_accurate,
    _same_outcome,
    _text,
    outcome,
    same_error,
)
from opdb.compare import Mismatch, array, same, tensors_of
from opdb.snapshot import Missing, Snapshot, Untranslatable, dtype, find

# PyTorch's half-precision complex is missing here.
DTYPES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
# Inputs with gaps in memory; copies, checkpoints and constructors with a dtype.
STRIDED = "strided"
COPIES = "copies"
NEW = "new module"
# Second derivatives are compared in double precision, for that many inputs.
TWICE = 6


def variants(info):
    """What a record is checked for: dtypes in both modes and the rest."""
    supported = {str(d).removeprefix("torch.") for d in info.supported_dtypes("cpu")}
    kinds = [d for d in DTYPES if d in supported]
    names = [f"{d} {mode}" for d in kinds for mode in ("train", "eval")]
    names += [STRIDED, COPIES]
    return names + ([ERRORS] if info.module_error_inputs_func is not None else [])


def records():
    """{class name: record} of module_db, in its order."""
    from torch.testing._internal.common_modules import module_db

    return {info.module_cls.__name__: info for info in module_db}


def check(info, variant, limit=None, progress=lambda text: None):
    """Checks one variant.

    Args:
        info: a record of module_db.
        variant: of ``variants(info)``.
        limit: number of inputs; None for all.
        progress: called with a description of each input before it is used.

    Returns:
        (status, failures): ``pass``, ``fail``, ``missing`` (there is no such class) or
        ``empty`` (no input to compare), and texts.
    """
    report = Report(progress)
    report.at(variant)
    try:
        ours = find(f"nn.{info.module_cls.__name__}")
    except Missing as error:
        report.fail(f"missing: {error}", missing=True)
        return report.status(), report.failures
    torch.manual_seed(0)
    if variant == ERRORS:
        inputs = info.module_error_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=True
        )
        for i, given in enumerate(inputs):
            report.at(f"error {i} {_summary(given.module_error_input)}")
            report.calls += 1
            _check_error(info.module_cls, ours, given, report)
        return report.status(), report.failures
    name, _, mode = variant.partition(" ")
    if not mode:
        name, mode = "float32", "train"
    kind, training = getattr(torch, name), mode == "train"
    inputs = info.module_inputs_func(
        info, device="cpu", dtype=kind, requires_grad=True, training=training
    )
    for i, given in enumerate(list(inputs)[:limit]):
        report.at(f"input {i} {_summary(given)}")
        report.calls += 1
        pair = _pair(info.module_cls, ours, given, kind, training, report)
        if pair is None:
            continue
        args, kwargs = given.forward_input.args, given.forward_input.kwargs
        if variant == STRIDED:
            _check_call(*pair, _strided(args), _strided(kwargs), False, report)
        elif variant == COPIES:
            # Lazy modules get their parameters.
            _check_call(*pair, args, kwargs, False, report)
            check_copies(pair[0], functools.partial(_call, args, kwargs), report)
            check_checkpoints(*pair, report)
            check_factory(ours, info.module_cls, given.constructor_input, report)
        else:
            twice = info.supports_gradgrad and kind is torch.float64 and i < TWICE
            _check_call(*pair, args, kwargs, twice, report)
            _check_alike(*pair, "after the call", report)
    return report.status(), report.failures


def _summary(given):
    made = given.constructor_input
    text = [*map(_short, made.args)]
    text += [f"{k}={_short(v)}" for k, v in made.kwargs.items()]
    return f"({', '.join(text)}) {given.desc}".strip()[:200]


def _short(x):
    if isinstance(x, torch.Tensor):
        return f"tensor{tuple(x.shape)}"
    return type(x).__name__ if isinstance(x, torch.nn.Module) else repr(x)


def _build(cls, args, kwargs, kind, training, library):
    """A module made after seeding, of a dtype and in a mode."""
    library.manual_seed(3)
    module = cls(*args, **kwargs)
    return module.to("cpu").to(kind).train(training)


def _pair(their_cls, our_cls, given, kind, training, report):
    """(Rushlight's module, PyTorch's) of one seed and the same state, or None."""
    made = given.constructor_input
    # The records hand over modules and tensors that both libraries could write to.
    args, kwargs = copy.deepcopy((made.args, made.kwargs))
    theirs = _build(their_cls, args, kwargs, kind, training, torch)
    try:
        args, kwargs = arguments(made)
    except Missing as error:
        report.fail(f"missing: {error}", missing=True)
        return None
    try:
        ours = _build(our_cls, args, kwargs, dtype(kind), training, rl)
    except Exception as error:
        report.fail(f"constructor: raises {_text(error)}")
        return None
    _check_alike(ours, theirs, NEW, report)
    if not isinstance(theirs, torch.nn.modules.lazy.LazyModuleMixin):
        try:
            ours.load_state_dict(state(theirs))
        except Exception as error:
            report.fail(f"load_state_dict: raises {_text(error)}")
            return None
    return ours, theirs


def _strided(x):
    """The same arguments in memory with gaps between the elements."""
    if isinstance(x, torch.Tensor):
        gaps = torch.testing._internal.common_utils.noncontiguous_like(x.detach())
        return gaps.requires_grad_(x.requires_grad)
    if type(x) in (list, tuple):
        return type(x)(map(_strided, x))
    return {k: _strided(v) for k, v in x.items()} if isinstance(x, dict) else x


def _call(args, kwargs, module):
    _, args, kwargs = Snapshot(None, args, kwargs).ours()[0]
    rl.manual_seed(7)
    return module(*args, **kwargs)


def _check_alike(ours, theirs, what, report):
    """The same repr, names, versions, requires_grad and values.

    Parameters are equal to the bit, for both were seeded alike; so are buffers before
    the call, which may compute them anew.
    """
    if repr(ours) != repr(theirs):
        report.fail(f"{what}: repr {ours!r}, expected {theirs!r}")
    got, expected = ours.state_dict(), theirs.state_dict()
    if got._metadata != expected._metadata:
        report.fail(f"{what}: {got._metadata}, expected {expected._metadata}")
    if list(got) != list(expected):
        report.fail(f"{what}: state of {list(got)}, expected {list(expected)}")
        return
    computed = set()
    if what != NEW:
        computed.update(name for name, _ in theirs.named_buffers())
    for name, value in expected.items():
        lazy = torch.nn.parameter.is_lazy(value)
        if rl.nn.parameter.is_lazy(got[name]) != lazy:
            report.fail(f"{what}: {name} is to be uninitialized: {lazy}")
        elif not lazy:
            tolerance = None if name in computed else 0
            try:
                same(got[name], value, f"{what}: {name}", tolerance=tolerance)
            except Mismatch as error:
                report.fail(str(error))
    names = [(k, p.requires_grad) for k, p in theirs.named_parameters()]
    if [(k, p.requires_grad) for k, p in ours.named_parameters()] != names:
        report.fail(f"{what}: parameters differ from {names}")


def _check_call(ours, theirs, args, kwargs, twice, report):
    try:
        frozen = Snapshot(None, args, kwargs)
        our_tree, _, our_tensors = frozen.ours()
    except (Untranslatable, Missing) as error:
        report.fail(f"inputs: {_text(error)}", missing=isinstance(error, Missing))
        return
    their_tree, _, their_tensors = frozen.theirs()
    torch.manual_seed(5)
    expected = outcome(lambda _, *a, **k: theirs(*a, **k), their_tree)
    rl.manual_seed(5)
    got = outcome(lambda _, *a, **k: ours(*a, **k), our_tree)
    if not _same_outcome(got, expected, report):
        return
    try:
        same(got[1], expected[1], memory=None)
    except Mismatch as error:
        if not (error.values and _as_near(got[1], expected[1], theirs, frozen)):
            report.fail(str(error))
            return
    leaves = [
        (f"input {i}", a, b)
        for i, (a, b) in enumerate(zip(our_tensors, their_tensors))
        if b.requires_grad
    ]
    for (name, b), a in zip(theirs.named_parameters(), ours.parameters()):
        leaves.append((name, a, b))
    check_gradients(got[1], expected[1], leaves, twice, report)


def _as_near(ours, theirs, module, frozen):
    """Whether a result in half precision is as near the exact one as PyTorch's is."""
    found = list(tensors_of(theirs))
    if not all(t.dtype in (torch.float16, torch.bfloat16) for t in found):
        return False
    _, args, kwargs = frozen.upcast()
    truth = tensors_of(copy.deepcopy(module).double()(*args, **kwargs))
    return all(
        _as_accurate(array(a), array(b), array(exact), b.dtype)
        for a, b, exact in zip(tensors_of(ours), found, truth, strict=True)
    )


def _check_error(their_cls, our_cls, given, report):
    """An exception of the type that PyTorch raises, at the same moment."""
    made = given.module_error_input
    expected = _error(their_cls, made.constructor_input, made.forward_input, False)
    if expected is None:
        return
    try:
        got = _error(our_cls, made.constructor_input, made.forward_input, True)
    except Missing as error:
        report.fail(f"missing: {error}", missing=True)
        return
    when, theirs = expected
    if got is None:
        report.fail(f"no error, expected {_text(theirs)}")
    elif got[0] != when or not same_error(got[1], theirs):
        report.fail(
            f"{got[0]} raises {_text(got[1])}, expected {when}: {_text(theirs)}"
        )


def _error(cls, made, given, ours):
    """(``constructor`` or ``call``, exception), or None when nothing is raised."""
    if ours:
        args, kwargs = arguments(made)
        frozen = given and Snapshot(None, given.args, given.kwargs).ours()[0]
    else:
        args, kwargs = made.args, made.kwargs
        frozen = given and Snapshot(None, given.args, given.kwargs).theirs()[0]
    try:
        module = cls(*args, **kwargs)
    except Exception as error:
        return "constructor", error
    if frozen is None:
        return None
    try:
        module(*frozen[1], **frozen[2])
    except Exception as error:
        return "call", error
    return None
