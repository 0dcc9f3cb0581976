"""The messages of TensorBoard's table of hyperparameters.

Numbers of fields are those of its ``plugin_data.proto`` and ``api.proto``, and of
``google.protobuf.Value``.
"""

from __future__ import annotations

import time

from rushlight.utils.tensorboard._messages import data, double, integer

_STRING, _BOOL, _FLOAT = 1, 2, 3
_SUCCESS = 1


def _kind(name, value):
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, (int, float)):
        return _FLOAT
    if isinstance(value, str):
        return _STRING
    raise ValueError(
        f"add_hparams(): {name!r} must be a bool, a number, a string or a tensor of "
        f"one element, got {type(value).__name__}"
    )


def _value(kind, value):
    """A google.protobuf.Value."""
    if kind == _BOOL:
        return integer(4, value)
    return double(2, value) if kind == _FLOAT else data(3, value)


def _named(tag, content):
    """A summary value (tag and metadata) that holds a message of the plugin."""
    plugin = data(1, "hparams") + data(2, integer(1, 0) + content)
    return f"_hparams_/{tag}", data(9, data(1, plugin))


def summaries(hparams: dict, metrics, domains: dict | None) -> list[tuple[str, bytes]]:
    """The (tag, value) pairs that describe a run.

    Args:
        hparams (dict): the values by name.
        metrics (iterable of str): the names of the numbers that are compared.
        domains (dict, optional): the values that a name may have, as a list.

    Raises:
        ValueError: for a value of another kind.
    """
    infos, started = b"", b""
    for name, value in hparams.items():
        kind = _kind(name, value)
        info = data(1, name) + integer(4, kind)
        if domains and name in domains:
            values = (data(1, _value(kind, v)) for v in domains[name])
            info += data(5, b"".join(values))
        infos += data(4, info)
        started += data(1, data(1, name) + data(2, _value(kind, value)))
    for metric in metrics:
        infos += data(5, data(1, data(2, metric)))
    now = time.time()
    return [
        _named("experiment", data(2, infos)),
        _named("session_start_info", data(3, started)),
        _named("session_end_info", data(4, integer(1, _SUCCESS) + double(2, now))),
    ]
