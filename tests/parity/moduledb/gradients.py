"""Gradients of a module's outputs for its inputs and parameters, and theirs in turn."""

from __future__ import annotations

import torch

import rushlight as rl
from opdb.check import _text
from opdb.compare import TOLERANCE, array, close, tensors_of
from opdb.snapshot import Snapshot


def check_gradients(ours, theirs, leaves, twice, report):
    """Reports gradients that are not PyTorch's, for one random cotangent an output.

    Args:
        ours: Rushlight's result, any nesting.
        theirs: PyTorch's.
        leaves: (name, Rushlight's tensor, PyTorch's) of inputs and parameters.
        twice: compare the derivatives of the gradients too, where PyTorch has them.
        report: what failures are written to.
    """
    pairs = [
        (a, b) for a, b in zip(tensors_of(ours), tensors_of(theirs)) if b.requires_grad
    ]
    if not pairs or not leaves:
        return
    generator = torch.Generator().manual_seed(2)
    weights = [_random(b, generator, twice) for _, b in pairs]
    outputs = [a for a, _ in pairs], [b for _, b in pairs]
    found = _both(outputs, leaves, weights, twice, report, "gradient")
    if found is None or not twice:
        return
    # The second derivatives, of the cotangents too: the gradients are linear in these.
    linked = [(a, b) for a, b in zip(*found) if b is not None and b.requires_grad]
    if not linked or any(a is None for a, _ in linked):
        return
    again = [_random(b, generator, False) for _, b in linked]
    outputs = [a for a, _ in linked], [b for _, b in linked]
    leaves = leaves + [(f"cotangent {i}", *w) for i, w in enumerate(weights)]
    _both(outputs, leaves, again, False, report, "second derivative")


def _random(like, generator, requires_grad):
    """A random cotangent in both libraries."""
    theirs = torch.randn(like.shape, dtype=like.dtype, generator=generator)
    theirs.requires_grad_(requires_grad)
    return Snapshot(theirs).ours()[0][0], theirs


def _both(outputs, leaves, weights, create_graph, report, what):
    """Both libraries' gradients, compared; None where there are none."""
    options = {"allow_unused": True, "create_graph": create_graph}
    try:
        expected = torch.autograd.grad(
            outputs[1], [b for *_, b in leaves], [w for _, w in weights], **options
        )
    except RuntimeError as error:
        if "is not implemented" in str(error):
            return None
        raise
    try:
        got = rl.autograd.grad(
            outputs[0], [a for _, a, _ in leaves], [w for w, _ in weights], **options
        )
    except Exception as error:
        report.fail(f"{what}: raises {_text(error)}")
        return None
    for (name, *_), a, b in zip(leaves, got, expected):
        _compare(f"{what} of {name}", a, b, report)
    return got, expected


def _compare(where, ours, theirs, report):
    if ours is None or theirs is None:
        # Zeros say the same.
        if not all(x is None or not bool(x.any()) for x in (ours, theirs)):
            report.fail(f"{where}: {ours}, expected {theirs}")
        return
    x, y = array(ours), array(theirs)
    if x.shape != y.shape or x.dtype != y.dtype:
        report.fail(f"{where}: {x.dtype}{x.shape}, expected {y.dtype}{y.shape}")
        return
    good = close(x, y, TOLERANCE[theirs.dtype] * max(1, abs(y).max(initial=0)))
    if not good.all():
        worst = abs(x - y).max()
        report.fail(f"{where}: {int((~good).sum())} differ, by up to {worst}")
