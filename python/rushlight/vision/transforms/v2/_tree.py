"""Nested inputs as a flat list, and back."""

from __future__ import annotations

import collections


def flatten(tree):
    """The leaves in order, and a function that puts others in their place.

    Dicts, lists, tuples, named tuples, ordered and default dicts and deques are
    branches; everything else is a leaf.
    """
    leaves: list = []
    build = _flatten(tree, leaves)

    def rebuild(values):
        return build(iter(values))

    return leaves, rebuild


def _flatten(tree, leaves):
    kind = type(tree)
    if kind in (dict, collections.OrderedDict, collections.defaultdict):
        keys = list(tree)
        parts = [_flatten(tree[key], leaves) for key in keys]
        start = [tree.default_factory] if kind is collections.defaultdict else []

        def mapping(values):
            # In order: the values are an iterator.
            return kind(*start, [(k, part(values)) for k, part in zip(keys, parts)])

        return mapping
    is_named = issubclass(kind, tuple) and hasattr(kind, "_fields")
    if kind in (list, tuple, collections.deque) or is_named:
        parts = [_flatten(item, leaves) for item in tree]

        def sequence(values):
            items = [part(values) for part in parts]
            if is_named:
                return kind(*items)
            if kind is collections.deque:
                return kind(items, maxlen=tree.maxlen)
            return kind(items)

        return sequence
    leaves.append(tree)
    return next
