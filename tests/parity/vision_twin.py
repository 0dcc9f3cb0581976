"""The vision package's own source run on PyTorch: its layers by another library."""

from __future__ import annotations

import importlib.abc
import importlib.util
import re
import sys
from pathlib import Path

import rushlight

NAME = "torch_vision_twin"
_SOURCE = Path(rushlight.__file__).parent / "vision"


class _Loader(importlib.abc.Loader):
    def __init__(self, path) -> None:
        self.path = path

    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        text = self.path.read_text()
        text = re.sub(r"\brushlight\.vision\b", NAME, text)
        text = re.sub(r"\brushlight\b", "torch", text)
        exec(compile(text, str(self.path), "exec"), module.__dict__)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] != NAME:
            return None
        place = _SOURCE.joinpath(*name.split(".")[1:])
        package = place.is_dir()
        file = place / "__init__.py" if package else place.with_suffix(".py")
        return importlib.util.spec_from_loader(
            name, _Loader(file), origin=str(file), is_package=package
        )


def twin(module):
    """The module of that name below ``rushlight.vision``, on PyTorch."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return importlib.import_module(f"{NAME}.{module}")
