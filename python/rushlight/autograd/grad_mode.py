"""Switching recording on and off, as context manager and decorator."""

from __future__ import annotations

import functools

from rushlight._core import (
    _set_grad_enabled,
    _set_inference,
    is_grad_enabled,
    is_inference_mode_enabled,
)

_GENERATOR = 0x20  # inspect.CO_GENERATOR


class _Mode:
    """A context manager that also decorates functions."""

    def __call__(self, function):
        if isinstance(function, type):
            import warnings

            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future "
                f"versions: {type(self).__name__} then holds while an object is made. "
                "Decorate the methods instead.",
                FutureWarning,
                stacklevel=2,
            )
            return self._wrap_class(function)

        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _GENERATOR:
            return self._wrap_generator(function)

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self._again():
                return function(*args, **kwargs)

        return wrapped

    def _wrap_class(self, kind):
        # A function, as in PyTorch: the class itself is not changed.
        def make(*args, **kwargs):
            with self._again():
                return kind(*args, **kwargs)

        return functools.update_wrapper(make, kind, updated=())

    def _wrap_generator(self, function):
        # The mode holds while the generator runs, not while its user does.
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            generator = function(*args, **kwargs)
            resume, value = generator.send, None
            while True:
                try:
                    with self._again():
                        produced = resume(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    resume, value = generator.send, (yield produced)
                except GeneratorExit:
                    with self._again():
                        generator.close()
                    raise
                except BaseException as error:
                    resume, value = generator.throw, error

        return wrapped

    def _again(self):
        return type(self)()


class no_grad(_Mode):
    """Nothing is recorded inside.

    Example::

        >>> x = rushlight.ones(2, requires_grad=True)
        >>> with rushlight.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    def __new__(cls, function=None):
        self = super().__new__(cls)
        return self if function is None else self(function)

    def __enter__(self):
        self._before = is_grad_enabled()
        _set_grad_enabled(False)

    def __exit__(self, *exc):
        _set_grad_enabled(self._before)


class enable_grad(_Mode):
    """Recording inside, also within :class:`no_grad`."""

    def __new__(cls, function=None):
        self = super().__new__(cls)
        return self if function is None else self(function)

    def __enter__(self):
        self._before = is_grad_enabled()
        _set_grad_enabled(True)

    def __exit__(self, *exc):
        _set_grad_enabled(self._before)


class set_grad_enabled(_Mode):
    """Recording on or off, at once; as a context manager until its end.

    Args:
        mode (bool): whether to record.
    """

    def __init__(self, mode):
        if not isinstance(mode, bool):
            raise TypeError(
                "set_grad_enabled(): argument 'mode' must be bool, not "
                f"{type(mode).__name__}"
            )
        self._before = is_grad_enabled()
        self.mode = mode
        _set_grad_enabled(self.mode)

    def __call__(self, function):
        _set_grad_enabled(self._before)
        return super().__call__(function)

    def _again(self):
        return set_grad_enabled(self.mode)

    def clone(self):
        """Another one of the same mode."""
        return type(self)(self.mode)

    def __repr__(self):
        return f"rushlight.autograd.grad_mode.set_grad_enabled(mode={self.mode})"

    def __enter__(self):
        _set_grad_enabled(self.mode)

    def __exit__(self, *exc):
        _set_grad_enabled(self._before)


class inference_mode(_Mode):
    """As :class:`no_grad`, and ``is_inference_mode_enabled()`` says so.

    Args:
        mode (bool): False ends inference mode, and records, inside.
    """

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        if callable(mode) and not isinstance(mode, bool):
            self.mode = True
            return self(mode)
        self.mode = mode
        return self

    def _again(self):
        return inference_mode(self.mode)

    def __enter__(self):
        self._before = is_grad_enabled(), is_inference_mode_enabled()
        _set_inference(bool(self.mode))
        _set_grad_enabled(not self.mode)

    def __exit__(self, *exc):
        _set_inference(self._before[1])
        _set_grad_enabled(self._before[0])


class _Setting(_Mode):
    # A switch of PyTorch's: set at once, and put back at the end of a block.

    _value = True

    def __init__(self, mode):
        kind = type(self)
        self.mode = bool(mode)
        self._before = kind._value
        kind._value = self.mode

    def __call__(self, function):
        type(self)._value = self._before
        return super().__call__(function)

    def __enter__(self):
        type(self)._value = self.mode

    def __exit__(self, *exc):
        type(self)._value = self._before

    def _again(self):
        return type(self)(self.mode)

    def clone(self):
        """Another one of the same mode."""
        return type(self)(self.mode)


class set_multithreading_enabled(_Setting):
    """Accepted and remembered; a pass runs on the thread that starts it either way.

    Args:
        mode (bool): whether a pass over several devices may use a thread for each.

    Example::

        >>> with rushlight.autograd.set_multithreading_enabled(False):
        ...     rushlight.ones(1, requires_grad=True).sum().backward()
    """


class enforce_grad_layout_policy(_Setting):
    """Accepted and remembered; ``.grad`` of a new leaf is contiguous either way.

    Args:
        enable (bool): whether gradients take the layout of their leaves.

    Example::

        >>> with rushlight.autograd.enforce_grad_layout_policy(True):
        ...     rushlight.ones(1, requires_grad=True).sum().backward()
    """

    def __init__(self, enable=True):
        super().__init__(enable)
