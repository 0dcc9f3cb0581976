"""Autograd scenarios: one function of a library and a leaf, run in both libraries."""

from __future__ import annotations

import importlib

import torch

import rushlight as rl
from common import outcome, same_error


def leaf(t, *values):
    return t.tensor(values, dtype=t.float64, requires_grad=True)


def graph(t):
    return importlib.import_module(f"{t.__name__}.autograd.graph")


def function(t, forward, backward, **more):
    """A Function of two plain functions."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    members.update({name: staticmethod(f) for name, f in more.items()})
    return type("Made", (t.autograd.Function,), members)


def near(a, b):
    """Equal but for the last bits of floats."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(near, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= 1e-12 * abs(b) + 1e-14
    return a == b


def assert_near(run):
    """``run(library)`` gives nearly the same data, or the same type of error."""
    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert near(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
