"""What sources and docstrings say about the signatures of make_stubs.py."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from pathlib import Path

import stub_rules


@functools.cache
def functions_of(filename):
    """First line -> the function definition there; none of a compiled module."""
    if not filename.endswith(".py"):
        return {}
    tree = ast.parse(Path(filename).read_text())
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found[first] = node
    return found


def returned(function):
    """The expressions that a Python function returns; None for another callable."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    node = functions_of(code.co_filename).get(code.co_firstlineno)
    if not isinstance(node, ast.FunctionDef):
        return None
    if isinstance(node.body[-1], ast.Raise):
        return None
    values, nodes = [], list(node.body)
    while nodes:
        at = nodes.pop()
        if isinstance(at, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(at, (ast.Return, ast.Yield, ast.YieldFrom)):
            values.append(at.value)
        nodes.extend(ast.iter_child_nodes(at))
    return values


def attributes_of(cls):
    """The public names that a class's methods set on self."""
    names = set()
    for value in vars(cls).values():
        code = getattr(value, "__code__", None)
        node = code and functions_of(code.co_filename).get(code.co_firstlineno)
        for at in ast.walk(node) if node else ():
            if isinstance(at, ast.Attribute) and isinstance(at.ctx, ast.Store):
                if isinstance(at.value, ast.Name) and at.value.id == "self":
                    names.add(at.attr)
    return {n for n in names if not n.startswith("_")} - set(vars(cls))


def section(doc, title):
    """The lines of ``Args:`` or ``Returns:`` of a docstring."""
    lines = inspect.cleandoc(doc or "").split("\n")
    if title not in lines:
        return []
    start = lines.index(title) + 1
    taken = []
    for line in lines[start:]:
        if line and not line.startswith(" "):
            break
        taken.append(line)
    return taken


def documented_arguments(function, name):
    """Parameter -> its type in the docstring; in-place forms share their function's."""
    doc = function.__doc__
    if name.endswith("_") and not section(doc, "Args:"):
        import rushlight

        doc = getattr(getattr(rushlight, name[:-1], None), "__doc__", doc)
    found = {}
    for line in section(doc, "Args:"):
        match = re.match(r"    (\w[\w, *]*) \((.+?)\):", line)
        if match:
            for parameter in match.group(1).replace("*", "").split(", "):
                found[parameter] = match.group(2)
    return found


def documented_type(text):
    """``int or tuple of int, optional`` as a type; None where a word is unknown."""
    words = [w for w in re.split(r", or |, | or ", text) if w != "optional"]
    kinds = [stub_rules.ATOMS.get(w) for w in words]
    if not kinds or None in kinds:
        return None
    return " | ".join(dict.fromkeys(kinds))


def documented_result(function):
    lines = section(function.__doc__, "Returns:")
    first = lines[0] if lines else ""
    match = re.match(r"    ([A-Za-z]+(?: of [A-Za-z]+)?)\s*[:.,]", first)
    if not match or " or " in lines[0].split(":")[0]:
        return None
    if re.match(r"    \w+, (or|and)", lines[0]):
        return None
    return stub_rules.RESULT_ATOMS.get(match.group(1))
