"""Loading whole objects with the stdlib's pickle, for ``weights_only=False``.

Imported when that is asked for: it can run code that the file names.
"""

from __future__ import annotations

import importlib
import pickle

from rushlight._serialization.rebuild import constructor_table


def object_unpickler(stream, load_storage, module, options):
    """Return an unpickler of whole objects; it can run code that the file names.

    Args:
        stream: the pickle.
        load_storage: from a persistent id to a storage.
        module: the pickle module whose ``Unpickler`` does the work; ``None`` for the
            stdlib's.
        options: a dict of that unpickler's options.
    """
    base = (module or pickle).Unpickler
    kind = type("ObjectUnpickler", (_FindingNames, base), {})
    return kind(stream, load_storage, **{"encoding": "utf-8", **options})


class _FindingNames:
    """Finds PyTorch's names in Rushlight; goes before a class of unpicklers."""

    def __init__(self, stream, load_storage, **options):
        super().__init__(stream, **options)
        self._load_storage = load_storage
        self._table = {
            name: value
            for name, value in constructor_table().items()
            if name.startswith("torch.")
        }

    def persistent_load(self, pid):
        return self._load_storage(pid)

    def find_class(self, module, name):
        known = self._table.get(f"{module}.{name}")
        if known is not None:
            return known
        if module != "torch" and not module.startswith("torch."):
            return super().find_class(module, name)
        ours = "rushlight" + module[len("torch") :]
        try:
            found = importlib.import_module(ours)
            for part in name.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            raise pickle.UnpicklingError(
                f"load(): the file needs {module}.{name}, which Rushlight does not have"
            ) from None
        return found
