"""Modules copied, pickled, saved for the other library, or made of another dtype."""

from __future__ import annotations

import copy
import inspect
import io
import pickle

import torch

import rushlight as rl
from moduledb.modules import arguments
from opdb.check import _text
from opdb.compare import Mismatch, array, close, same, tensors_of


def check_copies(ours, call, report):
    """A deep copy and a pickled one have the state of a module and do the same.

    Args:
        ours: Rushlight's module.
        call: calls a module after seeding, with the same inputs each time.
        report: what failures are written to.
    """
    copies = {
        "deepcopy": copy.deepcopy,
        "pickle": lambda module: pickle.loads(pickle.dumps(module)),
    }
    for what, make in copies.items():
        try:
            twin = make(ours)
            state, other = ours.state_dict(), twin.state_dict()
            alike = repr(twin) == repr(ours) and list(state) == list(other)
            if not alike or not all(state[k].equal(other[k]) for k in state):
                report.fail(f"{what}: another module {twin!r}")
                continue
            pairs = list(zip(tensors_of(call(ours)), tensors_of(call(twin))))
        except Exception as error:
            report.fail(f"{what}: raises {_text(error)}")
            continue
        if not all(close(array(a), array(b), 0).all() for a, b in pairs):
            report.fail(f"{what}: another output")


def check_checkpoints(ours, theirs, report):
    """Each library reads the file with the other one's ``state_dict``."""
    for source, target, name in ((theirs, ours, "PyTorch's"), (ours, theirs, "our")):
        libraries = {True: rl, False: torch}
        saver, loader = (libraries[m is ours] for m in (source, target))
        file = io.BytesIO()
        saver.save(source.state_dict(), file)
        file.seek(0)
        try:
            state = loader.load(file, weights_only=True)
            if state._metadata != source.state_dict()._metadata:
                report.fail(f"{name} file: metadata {state._metadata}")
            target.load_state_dict(state)
        except Exception as error:
            report.fail(f"{name} file: raises {_text(error)}")
    for key, value in theirs.state_dict().items():
        try:
            same(ours.state_dict()[key], value, f"files: {key}", tolerance=0)
        except Mismatch as error:
            report.fail(str(error))


def check_factory(our_cls, their_cls, made, report):
    """``device=`` and ``dtype=`` of a constructor that has them."""
    if "dtype" not in inspect.signature(their_cls).parameters:
        return
    kwargs = {**made.kwargs, "device": "cpu", "dtype": torch.float64}
    theirs = their_cls(*made.args, **kwargs)
    args, kwargs = arguments(made)
    try:
        ours = our_cls(*args, **{**kwargs, "device": "cpu", "dtype": rl.float64})
    except Exception as error:
        report.fail(f"dtype=: raises {_text(error)}")
        return
    got = {k: v.dtype.name for k, v in ours.state_dict().items()}
    expected = {k: str(v.dtype)[6:] for k, v in theirs.state_dict().items()}
    if got != expected:
        report.fail(f"dtype=: {got}, expected {expected}")
