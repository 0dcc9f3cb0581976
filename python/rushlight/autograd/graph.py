"""The recorded graph: its nodes, and what happens to the tensors it keeps."""

from __future__ import annotations

import abc
import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import rushlight
from rushlight import _core
from rushlight._core import Tensor
from rushlight.utils.hooks import RemovableHandle

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class Node(abc.ABC):
    """What ``tensor.grad_fn`` is: one recorded op.

    A node has ``name()``, ``next_functions``, ``metadata``, ``register_hook`` and
    ``register_prehook``; called with gradients of its outputs it returns those of its
    inputs. ``_saved_<argument>`` and ``_saved_result`` are what it keeps.

    Example::

        >>> y = rushlight.ones(1, requires_grad=True).exp()
        >>> isinstance(y.grad_fn, rushlight.autograd.graph.Node)
        True
    """

    @abc.abstractmethod
    def name(self):
        """The op's name, such as ``MulBackward0``."""
        raise NotImplementedError

    @property
    @abc.abstractmethod
    def next_functions(self):
        raise NotImplementedError


Node.register(_core.Node)
Node.register(_core.AccumulateGrad)


class GradientEdge(NamedTuple):
    """A place in the graph that a gradient arrives at; stands for a tensor.

    ``rushlight.autograd.grad`` and ``backward`` take it where they take a tensor.
    """

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def _node_of(tensor):
    if isinstance(tensor, GradientEdge):
        return tensor.node
    node = tensor.grad_fn
    if node is None:
        with rushlight.enable_grad():
            node = tensor.view_as(tensor).grad_fn.next_functions[0][0]
    return node


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of ``tensor`` arrives, without keeping its values alive.

    Args:
        tensor (Tensor): requires grad.

    Returns:
        GradientEdge: to be given to ``autograd.grad`` in the tensor's place.

    Raises:
        RuntimeError: when the tensor does not require grad.

    Example::

        >>> x = rushlight.ones(1, requires_grad=True)
        >>> y = x * 2
        >>> edge = rushlight.autograd.graph.get_gradient_edge(y)
        >>> rushlight.autograd.grad((y * 3).sum(), edge)
        (tensor([3.]),)
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not "
            "require gradients"
        )
    return GradientEdge(_node_of(tensor), tensor.output_nr)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Counts a write that was done without Rushlight's knowing.

    Args:
        tensor (Tensor or sequence of Tensor): whose memory was written.

    Example::

        >>> x = rushlight.ones(1)
        >>> rushlight.autograd.graph.increment_version(x)
        >>> x._version
        1
    """
    tensors = (tensor,) if isinstance(tensor, rushlight.Tensor) else tensor
    for t in tensors:
        _core._increment_version(t)


class saved_tensors_hooks:
    """Packs the tensors that ops save inside the block, and unpacks them in backward.

    Hooks are the thread's own; of nested ones the innermost packs.

    Args:
        pack_hook (callable): takes a Tensor, returns what is kept instead. It runs
            without recording and may not write into the tensor.
        unpack_hook (callable): takes that, returns a Tensor of the same values.

    Raises:
        RuntimeError: on entering where hooks are disabled.

    Example::

        >>> x = rushlight.ones(2, requires_grad=True)
        >>> hooks = rushlight.autograd.graph.saved_tensors_hooks
        >>> with hooks(lambda t: t.tolist(), rushlight.tensor):
        ...     y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([2., 2.])
    """

    def __init__(
        self,
        pack_hook: Callable[[Tensor], Any],
        unpack_hook: Callable[[Any], Tensor],
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _core._push_saved_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        _core._pop_saved_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Keeps what ops save inside the block in the CPU's memory.

    Args:
        pin_memory (bool): in page-locked memory, from where it comes back while the
            CPU goes on. Only where a CUDA device is in use.
        device_type (str): the device whose tensors are moved.

    Example::

        >>> x = rushlight.ones(2, requires_grad=True)
        >>> with rushlight.autograd.graph.save_on_cpu():
        ...     y = (x * x).sum()
        >>> y.backward()
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        pinned = pin_memory and rushlight.cuda.is_available()

        def pack(tensor):
            if not pinned:
                return tensor.device, tensor.cpu()
            kept = _core.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            return tensor.device, kept.copy_(tensor)

        def unpack(packed):
            device, tensor = packed
            return tensor.to(device, non_blocking=pinned)

        super().__init__(pack, unpack)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuses :class:`saved_tensors_hooks` inside the block.

    Args:
        error_message (str): the text of the RuntimeError that they raise.

    Example::

        >>> with rushlight.autograd.graph.disable_saved_tensors_hooks("not here"):
        ...     y = rushlight.ones(1, requires_grad=True).exp()
    """
    before = _core._disable_saved_hooks(error_message)
    try:
        yield
    finally:
        _core._disable_saved_hooks(before)


class _MultiHandle(RemovableHandle):
    # Removes the hooks of all tensors.

    def __init__(self, handles):
        self.handles = handles

    def remove(self):
        for handle in self.handles:
            handle.remove()

    def __getstate__(self):
        return self.handles

    def __setstate__(self, state):
        self.handles = state


def register_multi_grad_hook(
    tensors: Iterable[Tensor], fn: Callable[[Any], Any], *, mode: str = "all"
) -> RemovableHandle:
    """Calls ``fn`` once the gradients of several tensors are there.

    Args:
        tensors (sequence of Tensor): all require grad.
        fn (callable): ``fn(grads)``, in the order of ``tensors`` with None for those
            without a gradient in this pass; with ``mode="any"`` ``fn(grad)``.
        mode (str): ``"all"``: after the last gradient; ``"any"``: after the first.

    Returns:
        RemovableHandle: removes the hook.

    Raises:
        ValueError: for another mode.

    Example::

        >>> a, b = rushlight.ones(2, 1, requires_grad=True).unbind()
        >>> seen = []
        >>> handle = rushlight.autograd.graph.register_multi_grad_hook(
        ...     (a, b), lambda grads: seen.append(len(grads))
        ... )
        >>> (a * b).sum().backward()
        >>> seen
        [2]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    if mode == "any":
        return _MultiHandle(_hook_any(tensors, fn))
    edges = [get_gradient_edge(t) for t in tensors]
    lock = threading.Lock()
    passes: dict = {}  # of each pass: gradients still to come, those that came

    def hook(index, grad):
        run = _core._current_run()
        with lock:
            if run not in passes:
                expected = sum(_core._run_reaches(edge) for edge in edges)
                passes[run] = [expected, [None] * len(tensors)]
            state = passes[run]
            state[0] -= 1
            state[1][index] = grad
            last = state[0] == 0
            if last:
                del passes[run]
        if last:
            fn(state[1])

    return _MultiHandle(
        tuple(
            t.register_hook(functools.partial(hook, i)) for i, t in enumerate(tensors)
        )
    )


def _hook_any(tensors, fn):
    last_run = threading.local()

    @functools.wraps(fn)
    def hook(grad):
        run = _core._current_run()
        if getattr(last_run, "id", None) != run:
            last_run.id = run
            fn(grad)

    return tuple(t.register_hook(hook) for t in tensors if t.requires_grad)


class _Kept:
    # A saved tensor, or the copy made of it before it was overwritten.
    __slots__ = ("__weakref__", "tensor", "version")

    def __init__(self, tensor):
        self.tensor = tensor
        self.version = tensor._version


class _Mutations:
    # What the block of allow_mutation_on_saved_tensors knows.

    def __init__(self):
        self.by_memory: dict = {}
        self.ended = False

    def pack(self, tensor):
        kept = _Kept(tensor)
        key = tensor.untyped_storage().data_ptr()
        self.by_memory.setdefault(key, weakref.WeakSet()).add(kept)
        return kept

    def unpack(self, kept):
        if self.ended:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' "
                "context in which the graph was originally recorded."
            )
        if kept.version is not None and kept.tensor._version != kept.version:
            raise RuntimeError(
                "allow_mutation_on_saved_tensors(): a saved tensor of shape "
                f"{tuple(kept.tensor.shape)} was overwritten by out= or an optimizer "
                "step, which this block does not see; clone() it before"
            )
        return kept.tensor

    def before_write(self, tensor):
        kept_here = self.by_memory.pop(tensor.untyped_storage().data_ptr(), ())
        for kept in list(kept_here):
            if kept.version is not None:
                with rushlight.no_grad():
                    kept.tensor = kept.tensor.detach().clone()
                kept.version = None


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[Any]:
    """Lets in-place ops write into saved tensors: these are copied just before.

    The backward pass has to run inside the block too.

    Raises:
        RuntimeError: when blocks are nested.

    Example::

        >>> with rushlight.autograd.graph.allow_mutation_on_saved_tensors():
        ...     a = rushlight.ones(2, requires_grad=True)
        ...     b = a.clone()
        ...     out = (b * b).sum()
        ...     _ = b.sin_()
        ...     out.backward()
        >>> a.grad
        tensor([2., 2.])
    """
    state = _Mutations()
    before = _core._set_write_watcher(state.before_write)
    if before is not None:
        _core._set_write_watcher(before)
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    try:
        with saved_tensors_hooks(state.pack, state.unpack):
            yield state
    finally:
        _core._set_write_watcher(None)
        state.ended = True
        state.by_memory.clear()
