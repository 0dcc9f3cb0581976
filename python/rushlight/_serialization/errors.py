"""Errors of checkpoints that cannot be read."""

from __future__ import annotations


def corrupt(where, problem):
    """Return the error for a file that is damaged."""
    return RuntimeError(f"load(): {where}: {problem}; the file is truncated or damaged")


def refused(where, problem):
    """Return the error for a pickle that says something that is not allowed."""
    import pickle

    return pickle.UnpicklingError(f"load(): {where}: {problem}")
