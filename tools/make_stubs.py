"""Writes the package's type stubs from the live modules.

    python tools/make_stubs.py            # write them beside the modules
    python tools/make_stubs.py --check    # say which are out of date
    python tools/make_stubs.py --report   # list parameters and results without a type

The modules of MODULES get a stub: those that are compiled, whose functions come from
private modules without annotations, or whose names a checker cannot see: those of a
computed ``__all__`` or a module's ``__getattr__``. All others carry their annotations
themselves.
Names, defaults and kinds of parameters are those of ``inspect.signature``; the rules of
``stub_rules.py`` find the types. The files are committed; a test compares them.
"""

from __future__ import annotations

import argparse
import ast
import functools
import importlib
import inspect
import pkgutil
import re
import sys
import types
from pathlib import Path

import stub_overloads
import stub_rules
from stub_sources import (
    attributes_of,
    documented_arguments,
    documented_result,
    documented_type,
    returned,
)

ROOT = Path(__file__).resolve().parent.parent / "python"
WIDTH = 88

# A class that several of these export is defined in the first.
MODULES = (
    "rushlight._core",
    "rushlight._ops",
    "rushlight.return_types",
    "rushlight.storage",
    "rushlight.random",
    "rushlight.autograd.anomaly_mode",
    "rushlight.autograd.function",
    "rushlight.autograd.grad_mode",
    "rushlight.autograd.gradcheck",
    "rushlight.autograd",
    "rushlight.cuda",
    "rushlight.fft",
    "rushlight.linalg",
    "rushlight.special",
    "rushlight.nn",
    "rushlight.nn.modules",
    "rushlight.nn.functional",
    "rushlight.nn.init",
    "rushlight.safetensors",
    "rushlight.serialization",
    "rushlight.signal",
    "rushlight.signal.windows",
    "rushlight.utils",
    "rushlight.vision",
    "rushlight.array_api.fft",
    "rushlight.array_api.linalg",
    "rushlight.array_api",
    "rushlight",
)
# Where names of OVERLOADS without a class or module are looked for.
OVERLOADED = ("rushlight", "rushlight._core")
HEADER = "# Made by tools/make_stubs.py.\n"

# Names without a type, for --report.
untyped: set[str] = set()


class Stub:
    def __init__(self, name, homes):
        self.name = name
        self.module = importlib.import_module(name)
        self.homes = homes
        self.is_package = hasattr(self.module, "__path__")
        self.imports = {}  # module -> {(name, alias)}
        self.aliases = {}  # of this module's own classes
        self.body = []
        self.exports = dict(exports(self.module))
        self.taken = set(self.exports)
        self.same = set()  # exports that are the type of that name
        self.needs_variable = False

    # -- types

    def kind(self, text, scope=frozenset()):
        """A type's text with every name imported, under an alias where it is taken."""

        def use(match):
            token = match.group(0)
            first, dot, rest = token.partition(".")
            if token[0] in "'\"" or first in ("None", "True", "False"):
                return token
            if first == "_F":  # what a decorator takes and gives back
                self.needs_variable = True
                self.name_of("typing", "TypeVar")
                self.name_of("collections.abc", "Callable")
                self.name_of("typing", "Any")
                return token
            source = stub_rules.SOURCES.get(first)
            if source is None:
                if first in self.taken:
                    return token
                raise LookupError(f"{self.name}: no source of the type {first!r}")
            return self.name_of(source, first, scope) + dot + rest

        return re.sub(r"'[^']*'|\"[^\"]*\"|[A-Za-z_][\w.]*", use, text)

    def name_of(self, source, name, scope=frozenset()):
        clash = name in scope or (name in self.taken and name not in self.same)
        if source == self.name:
            if name in scope:
                self.aliases["_" + name] = name
                return "_" + name
            return name
        if not clash:
            if source != "builtins" and name not in self.same:
                self.imports.setdefault(source, set()).add((name, None))
            return name
        self.imports.setdefault(source, set()).add((name, "_" + name))
        return "_" + name

    # -- functions

    def family(self, owner):
        return f"{self.name}.{owner}" if owner else self.name

    def parameter(self, function, name, p, documented, scope):
        """The type of a parameter, or None for self."""
        if p.annotation is not p.empty:
            return self.kind(str(p.annotation), scope)
        kind = None
        if p.name in documented:
            kind = documented_type(documented[p.name])
        star = p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        if p.kind is p.VAR_POSITIONAL:
            kind = stub_rules.STARRED.get(p.name, kind)
        if kind is None:
            kind = self.by_name(stub_rules.PARAMETERS, name, p.name)
        if type(p.default) in (bool, int, float, str):
            kind = accepting(kind, type(p.default).__name__)
        if kind == "Dims" and p.name == "dim" and type(p.default) is int:
            kind = "int"
        if kind is None:
            if not star:
                untyped.add(f"{name}({p.name})")
            kind = "Any"
        if p.default is None and kind != "Any" and not kind.endswith("None"):
            kind += " | None"
        return self.kind(kind, scope)

    def by_name(self, table, *names):
        """A table's type: of ``init.std``, else ``normal_.std``, else ``std``."""
        last = self.name.rpartition(".")[2]
        for key in (".".join((last, *names)), f"{last}.{names[-1]}", ".".join(names)):
            if key in table:
                return table[key]
        return table.get(names[-1])

    def result(self, function, name, owner, scope):
        plain = inspect.unwrap(function)
        if plain is not function and inspect.isgeneratorfunction(plain):
            return self.kind("AbstractContextManager[Any]", scope)
        annotation = getattr(plain, "__annotations__", {}).get("return")
        if annotation is not None:
            return self.kind(str(annotation), scope)
        if name in ("__init__", "__new__"):
            return self.kind("None" if name == "__init__" else "Self", scope)
        kind = self.by_name(stub_rules.RETURNS, *filter(None, (owner, name)))
        kind = kind or documented_result(function)
        if kind is None:
            kind = self.named_tuple(function, name)
        values = returned(function)
        if kind is None and values is not None:
            if not any(v is not None for v in values):
                kind = "None"
            elif all(isinstance(v, ast.Name) and v.id == "self" for v in values):
                kind = "Self" if owner and owner != "Tensor" else None
        if kind is None and self.family(owner) in stub_rules.TENSOR_FAMILIES:
            kind = "Tensor"
        if kind is None:
            untyped.add(f"{self.family(owner)}.{name} ->")
            kind = "Any"
        return self.kind(kind, scope)

    def named_tuple(self, function, name):
        import rushlight

        known = dir(rushlight.return_types)
        inside = "linalg" in (getattr(function, "__module__", None) or "")
        for key in (f"linalg_{name}", name) if inside else (name,):
            said = key == name or "named tuple" in (function.__doc__ or "")
            if key in known and said:
                return f"return_types.{key}"
        return None

    def function(self, name, function, owner=None, scope=frozenset(), indent=""):
        """The lines of a function or method."""
        given = stub_overloads.OVERLOADS.get(
            f"{owner or self.name.rpartition('.')[2]}.{name}"
        )
        if given is None and self.overloaded(owner):
            given = stub_overloads.OVERLOADS.get(name)
        if given is not None:
            return self.overloads(name, given, owner, scope, indent)
        try:
            signature = inspect.signature(function)
        except (ValueError, TypeError):
            signature = inspect.signature(lambda *args, **kwargs: None)
            if owner:
                signature = inspect.signature(lambda self, *args, **kwargs: None)
        parameters = list(signature.parameters.values())
        documented = documented_arguments(function, name)
        written, seen_star = [], False
        static = name != "__new__" and isinstance(
            inspect.getattr_static(getattr(self.module, owner or "", None), name, None),
            staticmethod,
        )
        for i, p in enumerate(parameters):
            if p.kind is p.KEYWORD_ONLY and not seen_star:
                written.append("*")
                seen_star = True
            text = p.name
            if p.kind is p.VAR_POSITIONAL:
                text, seen_star = "*" + text, True
            elif p.kind is p.VAR_KEYWORD:
                text = "**" + text
            if i or not owner or static:
                text += ": " + self.parameter(function, name, p, documented, scope)
                if p.default is not p.empty:
                    text += " = " + default_text(p.default)
            written.append(text)
            after = parameters[i + 1].kind if i + 1 < len(parameters) else None
            if p.kind is p.POSITIONAL_ONLY and after is not p.POSITIONAL_ONLY:
                if i or not owner:
                    written.append("/")
        result = self.result(function, name, owner, scope)
        flag = "return_indices: " + self.kind("bool", scope) + " = False"
        if flag not in written or not result.endswith("Tensor"):
            return definition(name, written, result, indent)
        at = written.index(flag)
        plain = self.kind("Literal[False]", scope) + " = ..."
        both = self.kind("tuple[Tensor, Tensor]", scope)
        rest = written[:at] + written[at + 1 :]
        rest += ["return_indices: " + self.kind("Literal[True]", scope)]
        written[at] = "return_indices: " + plain
        star = [] if "*" in rest else ["*"]
        lines = []
        for parameters, kind in (
            (written, result),
            (rest[:-1] + star + rest[-1:], both),
        ):
            lines.append(indent + "@" + self.name_of("typing", "overload", scope))
            lines += definition(name, parameters, kind, indent)
        return lines

    def overloaded(self, owner):
        return owner == "Tensor" or (not owner and self.name in OVERLOADED)

    def overloads(self, name, signatures, owner, scope, indent):
        lines = []
        for text in signatures:
            node = ast.parse(f"def f{text}: ...").body[0]
            for arg in ast.walk(node.args):
                if isinstance(arg, ast.arg) and arg.annotation is not None:
                    kind = self.kind(ast.unparse(arg.annotation), scope)
                    arg.annotation = ast.Name(kind)
            first = (node.args.posonlyargs + node.args.args)[:1]
            if owner and first:
                first[0].annotation = None
            if len(signatures) > 1:
                lines.append(indent + "@" + self.name_of("typing", "overload", scope))
            result = self.kind(ast.unparse(node.returns), scope)
            parameters = [p.replace("'", '"') for p in split_parameters(node.args)]
            lines += definition(name, parameters, result, indent)
        return lines

    # -- classes

    def cls(self, name, cls):
        scope = frozenset(n for n in vars(cls) if not n.startswith("__"))
        extra = attributes_of(cls)
        scope |= extra
        bases = []
        if name in stub_overloads.BASES:
            bases = [self.kind(stub_overloads.BASES[name])]
        else:
            for base in cls.__bases__:
                if base is not object and "pybind11" not in base.__module__:
                    bases.append(self.base(base, scope=frozenset()))
        meta = type(cls)
        if meta is not type and "pybind11" not in meta.__name__:
            bases.append("metaclass=" + self.base(meta, scope=frozenset()))
        lines = []
        indent = "    "
        for attribute in sorted(extra):
            kind = stub_overloads.ATTRIBUTES.get(f"{name}.{attribute}")
            if kind is None:
                kind = "Any"
                untyped.add(f"{self.name}.{name}.{attribute}")
            lines.append(f"{indent}{attribute}: {self.kind(kind, scope)}")
        # Two classes are called device.
        full = f"{self.name.rpartition('.')[2]}.{name}"
        key = full if full in stub_overloads.CLASS_TEXT else name
        for text in stub_overloads.CLASS_TEXT.get(key, ()):
            lines += self.operator(text, scope, indent)
        members = sorted(vars(cls), key=lambda n: (not n.startswith("__"), n))
        for member in members:
            if member in stub_overloads.WRITTEN.get(key, ()):
                continue
            lines += self.member(name, cls, member, scope, indent)
        head = f"class {name}"
        if bases:
            head += f"({', '.join(bases)})"
        if name in stub_overloads.IGNORES:
            lines = [stub_overloads.IGNORES[name](line) for line in lines]
        if not lines:
            return [head + ": ..."]
        return [head + ":", *lines]

    def base(self, base, scope):
        if base is types.ModuleType:
            return self.name_of("types", "ModuleType", scope)
        if base.__module__ == "builtins":
            return self.name_of("builtins", base.__name__, scope)
        home = self.homes.get(base, base.__module__)
        if home == self.name or (home not in MODULES and base.__module__ == self.name):
            if base.__name__ not in self.exports:
                self.exports[base.__name__] = base
                self.taken.add(base.__name__)
                self.body.append(("class", self.cls(base.__name__, base)))
            return base.__name__
        return self.name_of(home, base.__name__, scope)

    def operator(self, text, scope, indent):
        node = ast.parse(f"def {text}: ...").body[0]
        return self.overloads(
            node.name, [text[len(node.name) :]], "Tensor", scope, indent
        )

    def member(self, owner, cls, name, scope, indent):
        raw = inspect.getattr_static(cls, name)
        if type(raw).__name__ == "_LazyMethod":
            getattr(cls, name)
            raw = inspect.getattr_static(cls, name)
        dunder = name.startswith("__") and name.endswith("__")
        if dunder and name in IGNORED_DUNDERS:
            return []
        if name.startswith("_") and not dunder and owner not in ("Tensor",):
            return []
        if type(raw) in (
            types.WrapperDescriptorType,
            types.ClassMethodDescriptorType,
            types.BuiltinFunctionType,
        ):
            return []
        wrote = f"{owner}.{name}"
        descriptors = (property, types.GetSetDescriptorType, types.MemberDescriptorType)
        if isinstance(raw, descriptors):
            return self.property(wrote, name, raw, scope, indent)
        lines = []
        function = raw
        for wrapper in (staticmethod, classmethod):
            if isinstance(raw, wrapper) and name != "__new__":
                decorator = self.name_of("builtins", wrapper.__name__, scope)
                lines.append(f"{indent}@{decorator}")
            if isinstance(raw, wrapper):
                function = raw.__func__
        if name in DUNDERS and wrote not in stub_overloads.OVERLOADS:
            return self.operator(name + DUNDERS[name], scope, indent)
        if isinstance(function, type) or not callable(function):
            kind = stub_overloads.ATTRIBUTES.get(wrote)
            return [f"{indent}{name}: {self.kind(kind or self.value_kind(raw), scope)}"]
        if name != function.__name__ and not dunder and not lines:
            target = inspect.getattr_static(cls, function.__name__, None)
            if target is raw and function.__name__ < name:
                return [f"{indent}{name} = {function.__name__}"]
        return lines + self.function(name, function, owner, scope, indent)

    def property(self, wrote, name, raw, scope, indent):
        kind = stub_overloads.ATTRIBUTES.get(wrote)
        getter = getattr(raw, "fget", None)
        if kind is None and getter is not None:
            kind = getattr(getter, "__annotations__", {}).get("return")
        if kind is None:
            untyped.add(wrote)
            kind = "Any"
        kind = self.kind(kind, scope)
        if wrote in stub_overloads.SETTABLE:
            return [f"{indent}{name}: {kind}"]
        lines = [
            f"{indent}@{self.name_of('builtins', 'property', scope)}",
            f"{indent}def {name}(self) -> {kind}: ...",
        ]
        if getattr(raw, "fset", None) is not None:
            lines += [
                f"{indent}@{name}.setter",
                f"{indent}def {name}(self, value: {kind}) -> None: ...",
            ]
        return lines

    def value_kind(self, value):
        if value is None:
            return "None"
        if type(value).__module__ == "rushlight":
            return type(value).__name__
        if type(value) in (bool, int, float, str, tuple, dict, list):
            any_inside = {tuple: "[Any, ...]", dict: "[Any, Any]", list: "[Any]"}
            return type(value).__name__ + any_inside.get(type(value), "")
        name = type(value).__name__
        return name if name in stub_rules.SOURCES else "Any"

    # -- the file

    def source_of(self, name, value):
        """The module to import an export from; None where it is to be defined here."""
        if isinstance(value, types.ModuleType):
            return None
        if inspect.isclass(value):
            home = self.homes.get(value, value.__module__)
            return None if home == self.name else home
        home = getattr(value, "__module__", None)
        if not callable(value):
            home = next(
                (m for m in MODULES if vars(sys.modules[m]).get(name, m) is value), None
            )
        if home is None and isinstance(value, types.BuiltinFunctionType):
            home = "rushlight._core"
        if home == self.name or home is None:
            return None
        if home in MODULES:
            exported = vars(sys.modules[home])
            if exported.get(value.__name__ if callable(value) else name) is value:
                return home
            return None
        return home if annotated(value) else None

    def write(self):
        for name, value in sorted(self.exports.items()):
            source = self.source_of(name, value)
            if source is not None and callable(value) and value.__name__ == name:
                if stub_rules.SOURCES.get(name) == source:
                    self.same.add(name)
        named = {}
        for name, value in sorted(
            self.exports.items(), key=lambda e: (kind_order(e[1]), e[0])
        ):
            if isinstance(value, types.ModuleType):
                parent, _, last = value.__name__.rpartition(".")
                self.imports.setdefault(parent, set()).add((last, name))
                continue
            source = self.source_of(name, value)
            if source is not None:
                original = getattr(value, "__name__", name) if callable(value) else name
                self.imports.setdefault(source, set()).add((original, name))
            elif inspect.isclass(value):
                if value.__name__ != name and self.exports.get(value.__name__) is value:
                    self.body.append(("name", [f"{name} = {value.__name__}"]))
                else:
                    lines = self.cls(name, value)  # its bases come before it
                    self.body.append(("class", lines))
            elif callable(value):
                first = named.setdefault(id(value), name)
                if first != name:
                    self.body.append(("name", [f"{name} = {first}"]))
                else:
                    self.body.append(("def", self.function(name, value)))
            else:
                wrote = f"{self.name}.{name}"
                kind = stub_overloads.ATTRIBUTES.get(wrote) or self.value_kind(value)
                self.body.append(("name", [f"{name}: {self.kind(kind)}"]))
        for alias, name in sorted(self.aliases.items()):
            self.body.append(("name", [f"{alias} = {name}"]))
        if "__dir__" in vars(self.module):
            line = f"def __dir__() -> {self.kind('list[str]')}: ..."
            self.body.insert(0, ("def", [line]))
        if self.needs_variable:
            variable = '_F = TypeVar("_F", bound=Callable[..., Any])'
            self.body.insert(0, ("name", [variable]))
        return joined(self.import_lines(), self.body)

    def import_lines(self):
        """The blocks in front of the declarations."""
        blocks = [[], [], []]
        for module in sorted(self.imports):
            block = 2 if module.split(".")[0] == "rushlight" else module == "numpy"
            plain = sorted(n for n, alias in self.imports[module] if alias is None)
            if plain:
                blocks[block] += wrap(f"from {module} import (", plain, ")")
            for name, alias in sorted(
                (n, a) for n, a in self.imports[module] if a is not None
            ):
                names = [f"{name} as {alias}"]
                blocks[block] += wrap(f"from {module} import (", names, ")")
        out = [("import", b) for b in blocks if b]
        if hasattr(self.module, "__all__"):
            names = [f'"{n}"' for n in self.module.__all__]
            out.append(("all", ["__all__ = [", *(f"    {n}," for n in names), "]"]))
        return out


def joined(*parts):
    """The text of blocks (kind, lines): apart where they are of different kinds."""
    text, before = HEADER, None
    for kind, lines in (block for part in parts for block in part):
        small = kind == "class" and len(lines) == 1
        together = kind == before and kind in ("def", "name", "small")
        if before is not None and not (together or (small and before == "small")):
            text += "\n"
        text += "\n".join(lines) + "\n"
        before = "small" if small else kind
    return text


def kind_order(value):
    return 0 if inspect.isclass(value) else 1 if not callable(value) else 2


IGNORED_DUNDERS = frozenset(
    "__class__ __dict__ __doc__ __module__ __weakref__ __slots__ __qualname__ "
    "__annotations__ __init_subclass__ __subclasshook__ __dir__ __getattribute__ "
    "__reduce__ __reduce_ex__ __sizeof__ __repr__ __str__ __pyx_vtable__ __getstate__ "
    "__firstlineno__ __static_attributes__ __setattr__ __delattr__ "
    "__setstate_cython__ __reduce_cython__ __hash__ __getattr__ __setstate__".split()
)
DUNDERS = {
    "__bool__": "(self) -> bool",
    "__contains__": "(self, value: object) -> bool",
    "__delitem__": "(self, index: Any) -> None",
    "__eq__": "(self, other: object) -> bool",
    "__exit__": "(self, *exc: object) -> None",
    "__getitem__": "(self, index: Any) -> Any",
    "__iter__": "(self) -> Iterator[Any]",
    "__len__": "(self) -> int",
    "__setitem__": "(self, index: Any, value: Any) -> None",
}


def annotated(function):
    signature = inspect.signature(function)
    return signature.return_annotation is not signature.empty


def accepting(kind, default):
    """A type, widened where it does not take a default of the given type."""
    words = set(kind.split(" | ")) if kind else set()
    wider = {"bool": {"int", "float"}, "int": {"float"}, "float": set(), "str": set()}
    numbers = {"Number", "Dims"} if default in ("bool", "int") else {"Number"}
    if default == "str":
        numbers = {"Device"}
    if "Any" in words or words & {default, *wider[default], *numbers}:
        return kind
    return f"{kind} | {default}" if kind else default


def default_text(value):
    if value is None or type(value) in (bool, int, str):
        return repr(value).replace("'", '"') if type(value) is str else repr(value)
    if type(value) is float and value - value == 0:
        return repr(value)
    return "..."


def split_parameters(args):
    """The parameters of an ast.arguments, as texts."""
    text = ast.unparse(args)
    parts, depth, part = [], 0, ""
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and not depth:
            parts.append(part.strip())
            part = ""
        else:
            part += c
    parts.append(part.strip())
    # ast writes "x: int=1"; the style is "x: int = 1".
    return [re.sub(r"^(\*{0,2}\w+: .*?)=(?!.*=)", r"\1 = ", p) for p in parts if p]


def definition(name, parameters, result, indent):
    tail = f") -> {result}: ..."
    line = f"{indent}def {name}({', '.join(parameters)}{tail}"
    if len(line) <= WIDTH:
        return [line]
    inner = indent + "    " + ", ".join(parameters)
    if len(inner) <= WIDTH and not any(p.startswith("**") for p in parameters[:-1]):
        return [f"{indent}def {name}(", inner, indent + tail]
    return [
        f"{indent}def {name}(",
        *(f"{indent}    {p}," for p in parameters),
        indent + tail,
    ]


def wrap(head, names, tail):
    line = head[:-1] + ", ".join(names)
    if len(line) <= WIDTH:
        return [line]
    return [head, *(f"    {n}," for n in names), tail]


def exports(module):
    """Name -> object of what a module's stub declares."""
    package = hasattr(module, "__path__")
    compiled = module.__name__ in ("rushlight._core", "rushlight._ops")
    if module.__name__ == "rushlight.return_types":
        return {name: getattr(module, name) for name in dir(module)}
    found = {n: getattr(module, n) for n in borrowed(module)}
    names = list(getattr(module, "__all__", None) or dir(module))
    if module.__name__ == "rushlight.autograd":
        names += module._MODULES  # imported when first asked for
    for name in names:
        if name.startswith("__") or (name.startswith("_") and not compiled):
            if name != "__version__":
                continue
        value = getattr(module, name)
        if isinstance(value, types.ModuleType):
            inside = value.__name__ == f"{module.__name__}.{name}"
            if not (package and inside):
                continue
        elif type(value).__module__ == "__future__":
            continue
        elif callable(value):
            home = getattr(value, "__module__", None) or "rushlight._core"
            if not home.startswith("rushlight"):
                continue
            if not (package or compiled or hasattr(module, "__all__")):
                if home != module.__name__ and not inspect.isclass(value):
                    continue
                if inspect.isclass(value) and home not in (
                    module.__name__,
                    "rushlight",
                ):
                    continue
                if value.__name__ == "Tensor":
                    continue
        elif name == "annotations":
            continue
        found[name] = value
    return found


@functools.cache
def package_texts():
    return [p.read_text() for p in (ROOT / "rushlight").rglob("*.py")]


def borrowed(module):
    """The private functions of a module that others use, or scripts are known to."""
    names = set(stub_rules.PRIVATE.get(module.__name__, ()))
    last = module.__name__.rpartition(".")[2]
    for text in package_texts():
        names.update(re.findall(rf"\b{last}\.(_[a-z]\w*)", text))
        imported = rf"from {module.__name__} import ([^()\n]+|\([^)]*\))"
        for inside in re.findall(imported, text):
            names.update(re.findall(r"\b_[a-z]\w*", inside))
    return sorted(
        n
        for n in names
        if inspect.isfunction(getattr(module, n, None))
        and getattr(module, n).__module__ == module.__name__
    )


def homes():
    """Class -> the module whose stub defines it."""
    found = {}
    for name in MODULES:
        for value in exports(importlib.import_module(name)).values():
            if inspect.isclass(value):
                where = value.__module__
                found.setdefault(value, where if known(where) else name)
    return found


def known(module):
    """Whether a module's classes are typed where they stand."""
    if module in MODULES:
        return module not in ("rushlight", "rushlight.return_types")
    public = not any(part.startswith("_") for part in module.split("."))
    layers = module.startswith("rushlight.nn.modules.")
    return (public or layers) and module not in ("rushlight",)


def return_types_stub():
    module = importlib.import_module("rushlight.return_types")
    blocks = [
        ("import", ["from typing import final"]),
        ("import", ["from rushlight._core import Tensor"]),
        ("def", ["def __dir__() -> list[str]: ..."]),
    ]
    for name in dir(module):
        cls = getattr(module, name)
        fields = getattr(cls, "_fields", None)
        structure = fields is None
        fields = cls.__match_args__ if structure else fields
        kinds = [
            stub_overloads.ATTRIBUTES.get(f"return_types.{name}.{f}", "Tensor")
            for f in fields
        ]
        lines = ["@final"] if structure else []
        lines.append(f"class {name}(tuple[{', '.join(kinds)}]):")
        if structure:
            match = ", ".join(f'"{f}"' for f in fields)
            lines.append(f"    __match_args__ = ({match})")
            for count in ("n_fields", "n_sequence_fields", "n_unnamed_fields"):
                lines.append(f"    {count}: int")
        for field, kind in zip(fields, kinds):
            lines += ["    @property", f"    def {field}(self) -> {kind}: ..."]
        blocks.append(("class", lines))
    return joined(blocks)


def stubs():
    """Path below the package's root -> text."""
    where = homes()
    for name in MODULES:
        importlib.import_module(name)
    made = {}
    for name in MODULES:
        module = sys.modules[name]
        path = Path(*name.split("."))
        package = hasattr(module, "__path__")
        path = path / "__init__.pyi" if package else path.with_suffix(".pyi")
        if name == "rushlight.return_types":
            made[path] = return_types_stub()
        else:
            made[path] = Stub(name, where).write()
    return made


def uncovered():
    """Public functions without annotations in modules that are not in MODULES."""
    import rushlight

    found = []
    for info in pkgutil.walk_packages(rushlight.__path__, "rushlight."):
        if info.name in MODULES or "._" in info.name:
            continue
        for name, value in exports(importlib.import_module(info.name)).items():
            if inspect.isfunction(value) and value.__module__ == info.name:
                if not getattr(value, "__annotations__", None):
                    found.append(f"{info.name}.{name}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    stale = []
    for path, text in stubs().items():
        target = ROOT / path
        if options.check:
            if not target.is_file() or target.read_text() != text:
                stale.append(str(path))
        elif not options.report:
            target.write_text(text)
    if options.report:
        print(*sorted(untyped), *uncovered(), sep="\n")
    if stale:
        print("out of date, run tools/make_stubs.py:", *stale, sep="\n  ")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
