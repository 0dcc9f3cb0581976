"""The text of a tensor, as PyTorch prints it. Imported at the first print."""

from __future__ import annotations

import contextlib
import math
import sys

import rushlight

_PROFILES: dict[str, dict] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision=None,
    threshold=None,
    edgeitems=None,
    linewidth=None,
    profile=None,
    sci_mode=None,
):
    """Sets how tensors are printed.

    Args:
        precision (int, optional): digits after the point; 4 at start.
        threshold (int, optional): elements above which a summary is printed; 1000.
        edgeitems (int, optional): elements of a summary at each end of a dim; 3.
        linewidth (int, optional): characters of a line; 80.
        profile (str, optional): ``"default"``, ``"short"`` or ``"full"``.
        sci_mode (bool, optional): scientific notation; None decides by the values.

    Example::

        >>> rushlight.set_printoptions(precision=2)
        >>> rushlight.tensor([1.12345])
        tensor([1.12])
        >>> rushlight.set_printoptions(profile="default")
    """
    _options.update(_PROFILES.get(profile, {}))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    _options.update({k: v for k, v in given.items() if v is not None})
    _options["sci_mode"] = sci_mode


def get_printoptions():
    """The print options, as keyword arguments of :func:`set_printoptions`."""
    return dict(_options)


@contextlib.contextmanager
def printoptions(**kwargs):
    """A context manager: :func:`set_printoptions` for its duration."""
    before = get_printoptions()
    set_printoptions(**kwargs)
    try:
        yield
    finally:
        set_printoptions(**before)


def _collect(tensor, summarize):
    # Nested lists of numbers; Ellipsis stands where a summary leaves elements out.
    edge = _options["edgeitems"]
    if tensor.dim() == 0 or not summarize:
        return tensor.tolist()
    n = tensor.size(0)
    if tensor.dim() == 1:
        if n <= 2 * edge:
            return tensor.tolist()
        return [*tensor[:edge].tolist(), ..., *tensor[n - edge :].tolist()]
    if n <= 2 * edge:
        return [_collect(tensor[i], True) for i in range(n)]
    first = [_collect(tensor[i], True) for i in range(edge)]
    return [*first, ..., *(_collect(tensor[i], True) for i in range(n - edge, n))]


def _leaves(data):
    if not isinstance(data, list):
        return [data]
    out = []
    stack = [data]
    while stack:
        for x in stack.pop():
            if isinstance(x, list):
                stack.append(x)
            elif x is not ...:
                out.append(x)
    return out


def _plain_format(values):
    # bool and integers: right-aligned to the widest.
    width = max((len(str(v)) for v in values), default=1)
    return width, lambda v: str(v).rjust(width)


def _float_format(values):
    # One of three forms for all: whole numbers "3.", fixed digits, or scientific.
    digits = _options["precision"]
    shown = [v for v in values if v != 0 and math.isfinite(v)]
    if not shown:
        return 1, lambda v: f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"
    low, high = min(map(abs, shown)), max(map(abs, shown))
    scientific = _options["sci_mode"]
    if scientific is None:
        scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
    if scientific:
        spec, tail = f".{digits}e", ""
    elif all(v.is_integer() for v in shown):
        spec, tail = ".0f", "."
    else:
        spec, tail = f".{digits}f", ""
    width = max(max(len(format(v, spec)) for v in shown) + len(tail), 1)

    def text(v):
        return (format(v, spec) + (tail if math.isfinite(v) else "")).rjust(width)

    return width, text


def _complex_format(values):
    real_width, real = _float_format([v.real for v in values])
    imag_width, imag = _float_format([v.imag for v in values])

    def text(v):
        tail = (imag(v.imag) + "j").lstrip()
        return real(v.real) + (tail if tail[0] in "+-" else "+" + tail)

    return real_width + imag_width + 1, text


def _render(data, dim, indent, width, text):
    if dim == 0:
        return text(data)
    if dim == 1:
        per_line = max(1, math.floor((_options["linewidth"] - indent) / (width + 2)))
        items = [" ..." if v is ... else text(v) for v in data]
        lines = [
            ", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)
        ]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    rows = [
        "..." if x is ... else _render(x, dim - 1, indent + 1, width, text)
        for x in data
    ]
    return "[" + ("," + "\n" * (dim - 1) + " " * (indent + 1)).join(rows) + "]"


def _contents(tensor, indent):
    summarize = tensor.numel() > _options["threshold"]
    if summarize and tensor.dim() > 0 and not _options["edgeitems"]:
        return "[...]"
    data = _collect(tensor, summarize)
    values = _leaves(data)
    if tensor.is_complex():
        width, text = _complex_format(values)
    elif tensor.is_floating_point():
        width, text = _float_format(values)
    else:
        width, text = _plain_format(values)
    return _render(data, tensor.dim(), indent, width, text)


def _suffixes(tensor):
    default = rushlight.get_default_dtype()
    out = []
    if tensor.device.type != "cpu":
        out.append(f"device='{tensor.device}'")
    if tensor.numel() == 0:
        if tensor.dim() != 1:
            out.append(f"size={tuple(tensor.shape)}")
        if tensor.dtype != default:
            out.append(f"dtype={tensor.dtype}")
    else:
        if not _options["edgeitems"]:
            out.append(f"size={tuple(tensor.shape)}")
        usual = (default, default.to_complex(), rushlight.int64, rushlight.bool)
        if tensor.dtype not in usual:
            out.append(f"dtype={tensor.dtype}")
    node = tensor.grad_fn
    if node is not None:
        out.append(f"grad_fn=<{node.name()}>")
    elif tensor.requires_grad:
        out.append("requires_grad=True")
    return out


def _is_plain(tensor):
    if type(tensor) is rushlight.Tensor:
        return True
    module = sys.modules.get("rushlight.nn.parameter")
    return module is not None and type(tensor) is module.Parameter


def tensor_str(tensor, tensor_contents=None):
    """The text ``repr(tensor)`` gives.

    Args:
        tensor (Tensor): of any shape and dtype.
        tensor_contents (str, optional): printed instead of the elements.
    """
    prefix = "tensor(" if _is_plain(tensor) else f"{type(tensor).__name__}("
    with rushlight.no_grad():
        plain = tensor.detach().cpu()
        if tensor_contents is not None:
            text = prefix + tensor_contents
        elif plain.numel() == 0:
            text = prefix + "[]"
        else:
            text = prefix + _contents(plain, len(prefix))
    used = len(text) - text.rfind("\n") + 1
    for suffix in _suffixes(tensor):
        # Lines break where PyTorch's do, whose name is shorter.
        length = len(suffix.replace("rushlight.", "torch."))
        if used + length + 2 > _options["linewidth"]:
            text += ",\n" + " " * len(prefix) + suffix
            used = len(prefix) + length
        else:
            text += ", " + suffix
            used += length + 2
    return text + ")"
