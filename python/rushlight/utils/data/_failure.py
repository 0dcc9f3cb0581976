"""Exceptions on their way from a worker to the loop over the loader."""

from __future__ import annotations

import pickle


class _Text(str):
    """A message that KeyError, which shows its argument's repr, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """An exception, as its type and its text.

    Args:
        error: the exception.
        where: what failed, after ``Caught KeyError``.
        task: what was being done, a line of the message; may be empty.
        keep: keep the exception itself, as the cause; for a worker in this process.
    """

    def __init__(self, error, where, task="", keep=False) -> None:
        import traceback

        lines = traceback.format_exception(type(error), error, error.__traceback__)
        name = type(error).__name__
        task = f"{task}\n" if task else ""
        self.kind = type(error) if keep else _sendable(type(error))
        self.text = f"Caught {name} {where}.\n{task}Original {''.join(lines)}"
        self.cause = error if keep else None

    def reraise(self):
        """Raise the exception here.

        Raises:
            BaseException: one of the original type where that takes a message, else a
                RuntimeError; the message has the original traceback.
        """
        raise_free(self._make(), self.cause)

    def _make(self) -> BaseException:
        text = _Text(self.text) if self.kind is KeyError else self.text
        # A StopIteration would end the loop over the loader in silence.
        if issubclass(self.kind, StopIteration):
            return RuntimeError(text)
        try:
            if getattr(self.kind, "message", None):
                return self.kind(message=text)
            return self.kind(text)
        except Exception:
            return RuntimeError(text)


def raise_free(error, cause=None):
    """Raise an exception so that its traceback has no name for it.

    Such a name would be a cycle, and keep the iterator and its workers alive until it
    is collected.
    """
    try:
        raise error from cause
    finally:
        del error, cause


def _sendable(kind):
    """Return the nearest class that the other process can find by its name."""
    for base in kind.__mro__:
        try:
            pickle.dumps(base)
        except Exception:
            continue
        return base
    return RuntimeError


def describe(number, index) -> str:
    """Return what a task is, for a message."""
    text = repr(index)
    if isinstance(index, list) and index and index[0] is None:
        return f"batch {number} of up to {len(index)} samples"
    if index is None:
        return f"sample {number}"
    if len(text) > 120:
        text = f"{text[:120]}..."
    return f"batch {number}, indices {text}"
