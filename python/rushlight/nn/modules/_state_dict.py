"""Saving a module's state to a dict, and loading it back."""

from __future__ import annotations

import weakref
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import rushlight
from rushlight.nn.parameter import Parameter, is_lazy
from rushlight.utils.hooks import RemovableHandle

EXTRA_STATE_SUFFIX = "_extra_state"


class _IncompatibleKeys(
    namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])
):
    """What ``load_state_dict`` returns: the keys that found no partner."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class _ModuleArgumentHook:
    """Passes the owning module, held weakly, as a hook's first argument."""

    def __init__(self, hook, module) -> None:
        self.hook = hook
        self.module = weakref.ref(module)

    def __call__(self, *args):
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args)

    def __getstate__(self):
        return {"hook": self.hook, "module": self.module()}

    def __setstate__(self, state):
        if state["module"] is None:
            raise RuntimeError("You are trying to revive the hook of a dead Module!")
        self.__init__(state["hook"], state["module"])


class StateDictMixin:
    """``state_dict``, ``load_state_dict`` and their hooks."""

    _parameters: dict
    _buffers: dict
    _modules: dict
    _non_persistent_buffers_set: set[str]
    _state_dict_pre_hooks: OrderedDict
    _state_dict_hooks: OrderedDict
    _load_state_dict_pre_hooks: OrderedDict
    _load_state_dict_post_hooks: OrderedDict
    _version: int

    def get_extra_state(self):
        """Return extra state to put in the module's ``state_dict``.

        Implement it together with :meth:`set_extra_state`.

        Returns:
            Any picklable object.
        """
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be "
            "called: a module that has extra state implements this method."
        )

    def set_extra_state(self, state) -> None:
        """Take the extra state found in a loaded ``state_dict``.

        Args:
            state: what :meth:`get_extra_state` returned.
        """
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be "
            "called: a module that has extra state implements this method."
        )

    def _register_state_dict_hook(self, hook):
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that "
                "was previously registered via register_state_dict_post_hook"
            )
        return _add_hook(self._state_dict_hooks, hook)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any]
    ) -> RemovableHandle:
        """Register ``hook(module, state_dict, prefix, local_metadata) -> None``.

        It runs after this module's entries were written and may change
        ``state_dict`` in place.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        hook._from_public_api = True  # type: ignore[attr-defined]
        return _add_hook(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Register ``hook(module, prefix, keep_vars) -> None``, run before saving.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._state_dict_pre_hooks, hook)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        if with_module:
            hook = _ModuleArgumentHook(hook, self)
        return _add_hook(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any]
    ) -> RemovableHandle:
        """Register a hook that runs before this module's entries are loaded.

        Its signature is ``hook(module, state_dict, prefix, local_metadata, strict,
        missing_keys, unexpected_keys, error_msgs) -> None``.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any]
    ) -> RemovableHandle:
        """Register ``hook(module, incompatible_keys) -> None``, run after loading.

        ``incompatible_keys`` has ``missing_keys`` and ``unexpected_keys``, lists that
        the hook may change in place.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._load_state_dict_post_hooks, hook)

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        for name, param in self._parameters.items():
            if param is not None:
                destination[prefix + name] = param if keep_vars else param.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if type(self).get_extra_state is not StateDictMixin.get_extra_state:
            destination[prefix + EXTRA_STATE_SUFFIX] = self.get_extra_state()

    def state_dict(
        self,
        *args: Any,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> Any:
        """Return the module's parameters and persistent buffers by their full name.

        The tensors are not copied.

        Args:
            destination: a dict to fill and return. Default: a new ``OrderedDict``.
            prefix: text put before every name. Default: ``""``.
            keep_vars: keep the parameters themselves instead of tensors detached from
                autograd. Default: ``False``.

        Returns:
            An ``OrderedDict`` from names to tensors; its ``_metadata`` holds the
            module versions.

        Example:
            >>> import rushlight
            >>> list(rushlight.nn.Linear(2, 2).state_dict())
            ['weight', 'bias']
        """
        if args:
            import warnings

            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            if destination is None:
                destination = args[0]
            if len(args) > 1 and prefix == "":
                prefix = args[1]
            if len(args) > 2 and keep_vars is False:
                keep_vars = args[2]

        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata

        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination,
                    prefix=prefix + name + ".",
                    keep_vars=keep_vars,
                )
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, local_metadata)
            if getattr(hook, "_from_public_api", False):
                if result is not None:
                    raise RuntimeError("state_dict post-hook must return None")
            elif result is not None:
                destination = result
        return destination

    def _load_from_state_dict(
        self,
        state_dict,
        prefix,
        local_metadata,
        strict,
        missing_keys,
        unexpected_keys,
        error_msgs,
    ) -> None:
        """Load this module's own entries, not those of its children.

        A subclass that changed its names overrides it and looks at
        ``local_metadata.get("version")``; ``state_dict`` may be changed in place.
        """
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        hidden = self._non_persistent_buffers_set
        own = {k: v for k, v in self._parameters.items() if v is not None}
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in hidden:
                own[name] = buffer
        assign = local_metadata.get("assign_to_params_buffers", False)

        for name, param in own.items():
            key = prefix + name
            if key in state_dict:
                problem = self._load_entry(name, key, param, state_dict[key], assign)
                if problem is not None:
                    error_msgs.append(problem)
            elif strict:
                missing_keys.append(key)

        extra_key = prefix + EXTRA_STATE_SUFFIX
        if type(self).set_extra_state is not StateDictMixin.set_extra_state:
            if extra_key in state_dict:
                self.set_extra_state(state_dict[extra_key])
            elif strict:
                missing_keys.append(extra_key)
        elif strict and extra_key in state_dict:
            unexpected_keys.append(extra_key)

        if not strict:
            return
        for key in state_dict:
            if not key.startswith(prefix) or key == extra_key:
                continue
            name, dot, _ = key[len(prefix) :].partition(".")
            if name not in (self._modules if dot else own):
                unexpected_keys.append(key)

    def _load_entry(self, name, key, param, loaded, assign):
        """Copy or assign one tensor; return the problem's text or ``None``."""
        if not isinstance(loaded, rushlight.Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or '
                "Tensor-like object from checkpoint but "
                f"received {type(loaded)}"
            )
        if not is_lazy(param):
            # Files older than 0-d tensors hold scalars as one-element vectors.
            if param.ndim == 0 and tuple(loaded.shape) == (1,):
                loaded = loaded[0]
            if loaded.shape != param.shape:
                return (
                    f"size mismatch for {key}: copying a param with shape "
                    f"{loaded.shape} from checkpoint, the shape in current model is "
                    f"{param.shape}."
                )
        try:
            with rushlight.no_grad():
                if not assign:
                    param.copy_(loaded)
                elif isinstance(param, Parameter):
                    if isinstance(loaded, Parameter):
                        loaded.requires_grad_(param.requires_grad)
                    else:
                        loaded = Parameter(loaded, param.requires_grad)
                    setattr(self, name, loaded)
                else:
                    setattr(self, name, loaded)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the '
                f"model are {param.shape} and whose dimensions in the checkpoint are "
                f"{loaded.shape}, an exception occurred : {error.args}."
            )
        return None

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy the entries of ``state_dict`` into the parameters and buffers.

        Args:
            state_dict: a dict from full names to tensors.
            strict: require the names to be exactly those of :meth:`state_dict`.
                Default: ``True``.
            assign: put the tensors themselves into the module instead of copying
                their values, keeping only ``requires_grad``. Default: ``False``.

        Returns:
            A named tuple of ``missing_keys`` and ``unexpected_keys``.

        Raises:
            TypeError: ``state_dict`` is not a mapping.
            RuntimeError: names are missing or unexpected while ``strict``, or shapes
                differ; every problem is listed.

        Example:
            >>> import rushlight
            >>> layer = rushlight.nn.Linear(2, 2)
            >>> layer.load_state_dict(layer.state_dict())
            <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"Expected state_dict to be dict-like, got {type(state_dict)}."
            )
        missing_keys: list[str] = []
        unexpected_keys: list[str] = []
        error_msgs: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        # Modules and their hooks may change the dict they are given.
        entries = OrderedDict(state_dict)
        if metadata is not None:
            entries._metadata = metadata  # type: ignore[attr-defined]

        def load(module, entries, prefix):
            local = {} if metadata is None else metadata.get(prefix[:-1], {})
            if assign:
                local["assign_to_params_buffers"] = assign
            module._load_from_state_dict(
                entries,
                prefix,
                local,
                True,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
            for name, child in module._modules.items():
                if child is not None:
                    below = prefix + name + "."
                    part = {k: v for k, v in entries.items() if k.startswith(below)}
                    load(child, part, below)
            incompatible = _IncompatibleKeys(missing_keys, unexpected_keys)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, incompatible) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` "
                        "are not expected to return new values, if incompatible_keys "
                        "need to be modified, it should be done inplace."
                    )

        load(self, entries, "")
        if strict:
            listed = ((missing_keys, "Missing"), (unexpected_keys, "Unexpected"))
            for at, (keys, word) in enumerate(pair for pair in listed if pair[0]):
                names = ", ".join(f'"{key}"' for key in keys)
                error_msgs.insert(at, f"{word} key(s) in state_dict: {names}. ")
            error_msgs.extend(_likely_renames(missing_keys, unexpected_keys))
        if error_msgs:
            raise RuntimeError(
                "Error(s) in loading state_dict for {}:\n\t{}".format(
                    type(self).__name__, "\n\t".join(error_msgs)
                )
            )
        return _IncompatibleKeys(missing_keys, unexpected_keys)


def _likely_renames(missing, unexpected):
    """Return a line that pairs unexpected names with the missing ones they resemble."""
    if not missing or not unexpected:
        return []
    import difflib

    left = list(missing)
    pairs = []
    for name in unexpected[:_RENAMES_TRIED]:
        close = difflib.get_close_matches(name, left, n=1)
        # Of names below one module, those that end alike are the likely pair.
        ends = [key for key in left if _one_below(name, key) or _one_below(key, name)]
        found = ends or close
        if found:
            left.remove(found[0])
            pairs.append(f'"{name}" -> "{found[0]}"')
    shown = ", ".join(pairs[:_RENAMES_SHOWN])
    if len(pairs) > _RENAMES_SHOWN:
        shown += f" and {len(pairs) - _RENAMES_SHOWN} more"
    return [f"Nearest names: {shown}. "] if pairs else []


def _one_below(long, short) -> bool:
    return long.endswith("." + short)


# difflib compares every pair: bounded, so that a wrong file is refused at once.
_RENAMES_TRIED = 50
_RENAMES_SHOWN = 5


def _add_hook(table, hook) -> RemovableHandle:
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle
