"""Handles that remove a registered hook."""

from __future__ import annotations

import weakref
from collections import OrderedDict

__all__ = ["RemovableHandle"]


class RemovableHandle:
    """Removes one hook from the table it was registered in.

    Args:
        hooks_dict: the ordered dict that holds the hook under the handle's ``id``.
        extra_dict: a dict, or a list of dicts, whose entry under the same ``id`` is
            removed too.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Linear(2, 2)
        >>> handle = layer.register_forward_hook(lambda module, args, out: None)
        >>> handle.remove()
    """

    next_id: int = 0

    def __init__(self, hooks_dict, *, extra_dict=None) -> None:
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        extras: tuple[dict, ...]
        if extra_dict is None:
            extras = ()
        elif isinstance(extra_dict, dict):
            extras = (extra_dict,)
        else:
            extras = tuple(extra_dict)
        self.extra_dict_ref = tuple(weakref.ref(table) for table in extras)

    def remove(self) -> None:
        """Take the hook out; a second call does nothing."""
        for ref in (self.hooks_dict_ref, *self.extra_dict_ref):
            table = ref()
            if table is not None:
                table.pop(self.id, None)

    def __getstate__(self):
        return (
            self.hooks_dict_ref(),
            self.id,
            tuple(ref() for ref in self.extra_dict_ref),
        )

    def __setstate__(self, state):
        table, self.id = state[0], state[1]
        # The table did not survive: the handle stays valid and removes nothing.
        self.hooks_dict_ref = weakref.ref(OrderedDict() if table is None else table)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)
        extras = state[2] if len(state) > 2 and state[2] is not None else ()
        self.extra_dict_ref = tuple(weakref.ref(table) for table in extras)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback) -> None:
        self.remove()
