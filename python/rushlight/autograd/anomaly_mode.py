"""Anomaly mode: errors of a backward pass name the lines of the forward pass."""

from __future__ import annotations

import os
import sys
import warnings

from rushlight import _core

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def note_stack(metadata):
    """Notes in a node's ``metadata`` from where in the user's code it is recorded."""
    import traceback

    metadata["traceback_"] = traceback.format_list(
        [
            frame
            for frame in traceback.extract_stack(sys._getframe(1))
            if not frame.filename.startswith(_PACKAGE)
        ]
    )


def report_anomaly(name, metadata):
    """Warns where the forward call was recorded whose backward fails now."""
    lines = (metadata or {}).get("traceback_")
    if lines is None:
        warnings.warn(
            f"Error detected in {name}. No forward pass information available. Enable "
            "detect anomaly during forward pass for more information.",
            stacklevel=2,
        )
        return
    warnings.warn(
        f"Error detected in {name}. Traceback of forward call that caused the error:\n"
        + "".join(lines),
        stacklevel=2,
    )


def is_anomaly_enabled():
    """Whether anomaly mode is on."""
    return _core._anomaly_state()[0]


def is_anomaly_check_nan_enabled():
    """Whether anomaly mode also looks for NaN."""
    return _core._anomaly_state()[1]


class set_detect_anomaly:
    """Anomaly mode on or off, at once; as a context manager until its end.

    Args:
        mode (bool): whether recorded ops note the stack of the forward pass, so that
            an error of the backward pass shows it.
        check_nan (bool): also raise when a gradient is NaN.
    """

    def __init__(self, mode, check_nan=True):
        self._before = _core._anomaly_state()
        _core._set_anomaly(mode, check_nan)

    def __enter__(self):
        return None

    def __exit__(self, *exc):
        _core._set_anomaly(*self._before)


class detect_anomaly(set_detect_anomaly):
    """Anomaly mode inside a ``with`` block.

    Args:
        check_nan (bool): also raise when a gradient is NaN.

    Example::

        >>> x = rushlight.ones(1, requires_grad=True)
        >>> import warnings
        >>> with warnings.catch_warnings(action="ignore"):  # that this mode is slow
        ...     with rushlight.autograd.detect_anomaly():
        ...         (x * 2).backward()
    """

    def __init__(self, check_nan=True):
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime "
            "and should only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self):
        super().__init__(True, self.check_nan)


_core._bind_late("note_stack", note_stack)
_core._bind_late("report_anomaly", report_anomaly)
