"""What the fuzzer calls: every function, method, operator and layer."""

from __future__ import annotations

import inspect
import re

import rushlight as rl

# Left out, each because of what it does when it works.
LEFT_OUT = {
    "_fail_allocations_after": "would break every later call",
    "_set_memory_limit": "is the fuzzer's own",
    "set_num_threads": "starts as many threads as it is asked for",
    "set_default_dtype": "state of the process",
    "set_default_device": "state of the process",
    "set_grad_enabled": "state of the process",
    "set_printoptions": "state of the process",
    "get_include": "reads the installation",
    "get_cmake_dir": "reads the installation",
    "set_cache_limit": "state of the process",
    "save": "writes files",
    "load": "reads files",
    "seed": "is not reproducible",
    "_storage_resize": "a shortened storage keeps its memory for the views past it",
    "make_result_type": "makes a type, kept for ever",
    "_become": "swaps the object under other code's feet",
    "_make_subclass": "private to Parameter",
    "gradcheck": "calls its argument",
    "gradgradcheck": "calls its argument",
}

# Parameters of methods whose signature Python cannot tell: name -> parameter names.
METHOD_PARAMETERS = {
    "view": "size",
    "reshape": "size",
    "expand": "size",
    "permute": "dims",
    "transpose": "dim0 dim1",
    "unsqueeze": "dim",
    "copy_": "other",
    "sum": "dim keepdim",
    "backward": "gradient",
    "size": "dim",
    "stride": "dim",
    "_to_dtype": "dtype",
    "__setstate__": "state",
    "register_hook": "hook",
    "requires_grad_": "requires_grad",
    "is_contiguous": "memory_format",
    "contiguous": "memory_format",
}
METHOD_PARAMETERS.update(
    dict.fromkeys(
        (
            "__add__ __and__ __floordiv__ __lshift__ __matmul__ __mod__ __mul__ __or__ "
            "__pow__ __rshift__ __sub__ __truediv__ __xor__"
        ).split(),
        "other",
    )
)
METHOD_PARAMETERS.update({"__getitem__": "key", "__setitem__": "key other"})
DUNDERS = re.compile(
    r"__(i|r)?(add|and|floordiv|lshift|matmul|mod|mul|or|pow|rshift|sub|truediv|xor)__"
    r"|__(abs|array|bool|complex|contains|delitem|eq|float|format|ge|getitem|gt|hash|index|int"
    r"|invert|iter|le|len|lt|ne|neg|pos|reduce_ex|repr|setitem|setstate|deepcopy|dlpack)__"
)
ATTRIBUTES = (
    "data grad requires_grad shape T mT H mH real imag dtype device names".split()
)
_ANNOTATED = re.compile(r"^\w+\((.*)\) -> ", re.DOTALL)


def parameters(function):
    """[(name, annotation, kind)], kind one of "positional", "keyword", "many"."""
    # What compiled functions say tells the types as well.
    if text := _ANNOTATED.match(getattr(function, "__doc__", None) or ""):
        return _from_text(text.group(1))
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kinds = {
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_POSITIONAL: "many",
        inspect.Parameter.VAR_KEYWORD: None,
    }
    many = [
        (p.name, "", kinds.get(p.kind, "positional"), p.default is not p.empty)
        for p in found.parameters.values()
    ]
    return [p for p in many if p[2]]


def _from_text(text):
    """Of the first docstring line of a compiled function."""
    found, kind, depth, part = [], "positional", 0, ""
    for char in text + ",":
        depth += char in "[(" or -(char in ")]")
        if char != "," or depth:
            part += char
            continue
        part, current = "", part.strip()
        if current == "*":
            kind = "keyword"
        elif current and current != "/":
            name, _, rest = current.partition(":")
            found.append((name.strip(), rest, kind, "=" in rest))
    return found


class Target:
    """A callable by its source text, and what it takes; a method follows a tensor."""

    def __init__(self, text, takes, method=False):
        self.text, self.takes, self.method = text, takes, method


def _functions(path, module):
    for name in sorted(set(dir(module))):
        if name in LEFT_OUT or name.startswith("__"):
            continue
        if name.startswith("_") and module is not rl._ops:
            continue
        value = getattr(module, name)
        if not callable(value) or isinstance(value, type) or inspect.ismodule(value):
            continue
        owner = getattr(value, "__module__", None) or "rushlight"
        if owner.startswith("rushlight"):
            yield Target(f"{path}.{name}", parameters(value))


def _methods():
    for name in sorted(dir(rl.Tensor)):
        if name in LEFT_OUT or (name.startswith("__") and not DUNDERS.fullmatch(name)):
            continue
        value = inspect.getattr_static(rl.Tensor, name)
        value = getattr(rl.Tensor, name) if hasattr(type(value), "__get__") else value
        if not callable(value):
            continue
        if name in METHOD_PARAMETERS:
            takes = [
                (p, "", "positional", False) for p in METHOD_PARAMETERS[name].split()
            ]
        else:
            takes = parameters(value)
            takes = takes[1:] if takes else takes
        yield Target(f".{name}", takes, method=True)


def _layers():
    for name in sorted(dir(rl.nn)):
        value = getattr(rl.nn, name)
        if isinstance(value, type) and issubclass(value, rl.nn.Module):
            yield Target(f"rl.nn.{name}", parameters(value))


def targets():
    """Every target, in a fixed order."""
    found = [*_functions("rl", rl), *_functions("rl._ops", rl._ops)]
    found += _functions("rl.nn.functional", rl.nn.functional)
    found += _functions("rl.nn.init", rl.nn.init)
    found += _functions("rl.nn.utils", rl.nn.utils)
    found += _functions("rl.autograd", rl.autograd)
    for name in ("linalg", "fft", "special"):
        module = getattr(rl, name, None)
        if inspect.ismodule(module):
            found += _functions(f"rl.{name}", module)
    return [*found, *_methods()], list(_layers())
