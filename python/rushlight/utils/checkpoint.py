"""Activation checkpointing: forward again during backward instead of keeping values.

T. Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import rushlight
from rushlight import _core
from rushlight._core import Tensor
from rushlight.autograd.graph import saved_tensors_hooks

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]

# What the context managers below override; None: as the call says.
_debug_for_all: bool | None = None
_early_stop_for_all: bool | None = None


class CheckpointError(RuntimeError):
    """The recomputation saved other tensors than the forward pass did."""


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Overrides the ``debug`` argument of every checkpoint inside the block.

    Args:
        enabled (bool or None): None lets each call decide.
    """
    global _debug_for_all
    before, _debug_for_all = _debug_for_all, enabled
    try:
        yield
    finally:
        _debug_for_all = before


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Overrides the ``early_stop`` argument of every checkpoint inside the block.

    Args:
        enable (bool): False recomputes whole functions.

    Example::

        >>> from rushlight.utils.checkpoint import checkpoint, set_checkpoint_early_stop
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> with set_checkpoint_early_stop(False):
        ...     y = checkpoint(rushlight.exp, x, use_reentrant=False)
        >>> y.sum().backward()
    """
    global _early_stop_for_all
    before, _early_stop_for_all = _early_stop_for_all, bool(enable)
    try:
        yield
    finally:
        _early_stop_for_all = before


def noop_context_fn() -> tuple[AbstractContextManager, AbstractContextManager]:
    """Two context managers that do nothing: the default ``context_fn``."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Each tensor of a tuple detached, requiring grad as before; the rest as it is.

    Args:
        inputs (tuple): tensors and anything else.

    Raises:
        RuntimeError: when ``inputs`` is no tuple.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    result = []
    for x in inputs:
        if isinstance(x, rushlight.Tensor):
            wanted = x.requires_grad
            x = x.detach()
            x.requires_grad = wanted
        result.append(x)
    return tuple(result)


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warns when no tensor among ``inputs`` requires grad.

    Args:
        inputs (iterable): tensors and anything else.
    """
    if not any(isinstance(x, rushlight.Tensor) and x.requires_grad for x in inputs):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None",
            stacklevel=3,
        )


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The random states of the CUDA devices that tensors among ``args`` are on.

    Args:
        args: tensors and anything else.

    Returns:
        tuple: a list of device indices, and the list of their states.
    """
    devices = sorted(
        {
            x.device.index or 0
            for x in args
            if isinstance(x, rushlight.Tensor) and x.is_cuda
        }
    )
    return devices, [_cuda_state_of(d) for d in devices]


def _cuda_state_of(device):
    if not hasattr(rushlight.cuda, "get_rng_state"):
        raise NotImplementedError(
            "checkpoint(): the random state of a CUDA device cannot be read; pass "
            "preserve_rng_state=False"
        )
    return rushlight.cuda.get_rng_state(device)


def set_device_states(
    devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None
) -> None:
    """Sets the random states that :func:`get_device_states` returned.

    Args:
        devices (list of int): CUDA device indices.
        states (list of Tensor): one for each.
        device_type (str, optional): ``"cuda"``, the only one with states of its own.
    """
    for device, state in zip(devices, states, strict=True):
        rushlight.cuda.set_rng_state(state, device)


class _Surroundings:
    """The random state and the autocast state that a function ran in."""

    def __init__(self, preserve_rng_state, args):
        self.preserve = preserve_rng_state
        if preserve_rng_state:
            self.cpu_state = rushlight.get_rng_state()
            self.devices, self.states = get_device_states(*args)
        kinds = ("cpu", "cuda") if rushlight.cuda.is_available() else ("cpu",)
        self.autocast = [
            {
                "device_type": kind,
                "enabled": rushlight.is_autocast_enabled(kind),
                "dtype": rushlight.get_autocast_dtype(kind),
                "cache_enabled": rushlight.is_autocast_cache_enabled(),
            }
            for kind in kinds
        ]

    @contextlib.contextmanager
    def again(self):
        with contextlib.ExitStack() as stack:
            if self.preserve:
                stack.callback(rushlight.set_rng_state, rushlight.get_rng_state())
                now = [_cuda_state_of(d) for d in self.devices]
                stack.callback(set_device_states, self.devices, now)
                rushlight.set_rng_state(self.cpu_state)
                set_device_states(self.devices, self.states)
            for state in self.autocast:
                stack.enter_context(rushlight.amp.autocast(**state))
            yield


class CheckpointFunction(rushlight.autograd.Function):
    """The variant that starts a backward pass of its own inside the backward pass."""

    @staticmethod
    def forward(ctx, run_function, preserve_rng_state, *args):
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.surroundings = _Surroundings(preserve_rng_state, args)
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, rushlight.Tensor)]
        ctx.others = [None if isinstance(a, rushlight.Tensor) else a for a in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        return run_function(*args)

    @staticmethod
    def backward(ctx, *grads):
        if _core._pass_has_inputs():
            raise RuntimeError(
                "checkpoint(): use_reentrant=True is incompatible with autograd.grad() "
                "and with the inputs= of backward(), because it runs a backward pass "
                "of its own. Pass use_reentrant=False."
            )
        args = list(ctx.others)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = t
        inputs = detach_variable(tuple(args))
        with ctx.surroundings.again(), rushlight.enable_grad():
            outputs = ctx.run_function(*inputs)
        outputs = (outputs,) if isinstance(outputs, rushlight.Tensor) else outputs
        pairs = [
            (o, g)
            for o, g in zip(outputs, grads, strict=True)
            if isinstance(o, rushlight.Tensor) and o.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not "
                "necessary"
            )
        rushlight.autograd.backward([o for o, _ in pairs], [g for _, g in pairs])
        return (
            None,
            None,
            *(x.grad if isinstance(x, rushlight.Tensor) else None for x in inputs),
        )


class _Holder:
    # Stands in the graph for a saved tensor.
    __slots__ = ("__weakref__",)


class _Enough(Exception):
    # Ends a recomputation that has everything.
    pass


def _described(tensor):
    return {
        "shape": tuple(tensor.shape),
        "dtype": tensor.dtype,
        "device": tensor.device,
    }


class _Frame:
    """One checkpointed call: how to run it again, and what its ops saved."""

    def __init__(self, function, args, kwargs, preserve, context, check, early_stop):
        self.function = function
        self.context = context
        self.check = check
        self.early_stop = early_stop
        self.surroundings = _Surroundings(preserve, args)
        outer = _core._current_saved_hooks()
        self.args = [self._keep(a, outer) for a in args]
        self.kwargs = {key: self._keep(a, outer) for key, a in kwargs.items()}
        self.holders: list = []  # weak references
        self.descriptions: list = []
        self.recomputed: dict = {}  # pass -> {holder: tensor}, while the graph holds it
        self.logs = None

    # Inside another checkpoint the arguments are among what that one recomputes.
    def _keep(self, value, outer):
        if outer is None or not isinstance(value, rushlight.Tensor):
            return lambda: value
        pack, unpack = outer
        wanted = value.requires_grad
        packed = pack(value)
        return lambda: unpack(packed).detach().requires_grad_(wanted)

    def pack(self, tensor):
        holder = _Holder()
        self.holders.append(weakref.ref(holder))
        self.descriptions.append(
            None if self.check is None else self.check(tensor.detach())
        )
        return holder

    def unpack(self, holder):
        run = _core._current_run()
        key = object() if run == -1 else run
        if key not in self.recomputed:
            # What an earlier pass did not fetch will not be asked for any more.
            self.recomputed.clear()
            self.recomputed[key] = self._recompute()
        found = self.recomputed[key]
        if run == -1:
            del self.recomputed[key]
        return found[holder]

    def _recompute(self):
        found: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
        count = 0

        def pack(tensor):
            nonlocal count
            index = count
            count += 1
            if index < len(self.holders):
                self._compare(index, tensor)
                holder = self.holders[index]()
                if holder is not None:
                    found[holder] = tensor.detach()
            if self.early_stop and count == len(self.holders):
                raise _Enough
            return tensor.detach()

        args = [make() for make in self.args]
        kwargs = {key: make() for key, make in self.kwargs.items()}
        with (
            self.surroundings.again(),
            saved_tensors_hooks(pack, lambda tensor: tensor),
            self.context,
            rushlight.enable_grad(),
            contextlib.suppress(_Enough),
        ):
            self.function(*args, **kwargs)
        if count != len(self.holders):
            raise self._error(
                "A different number of tensors was saved during the original forward "
                "and recomputation.\nNumber of tensors saved during forward: "
                f"{len(self.holders)}\nNumber of tensors saved during recomputation: "
                f"{count}."
            )
        return found

    def _compare(self, index, tensor):
        if self.check is None:
            return
        before, now = self.descriptions[index], self.check(tensor)
        if before != now:
            raise self._error(
                "Recomputed values for the following tensors have different metadata "
                f"than during the forward pass.\ntensor at position {index}:\n"
                f"saved metadata: {before}\nrecomputed metadata: {now}"
            )

    def _error(self, text):
        if self.logs is not None:
            forward, again = self.logs
            text += (
                "\nCalls of the original forward:\n  "
                + "\n  ".join(forward.calls)
                + "\nCalls of the recomputation:\n  "
                + "\n  ".join(again.calls)
            )
        return CheckpointError(f"checkpoint(): {text}")


def _call_log():
    """A mode that lists the functions called inside it."""
    from rushlight.overrides import TorchFunctionMode, resolve_name

    class CallLog(TorchFunctionMode):
        def __init__(self):
            super().__init__()
            self.calls = []

        def __torch_function__(self, func, types, args=(), kwargs=None):
            name = resolve_name(func) or getattr(func, "__name__", repr(func))
            shapes = [
                tuple(a.shape) if isinstance(a, rushlight.Tensor) else repr(a)
                for a in args
            ]
            self.calls.append(f"{name}({', '.join(map(str, shapes))})")
            return func(*args, **(kwargs or {}))

    return CallLog()


_CHECKS = {"default": _described, "none": None}


def _checkpoint_recorded(
    function, args, kwargs, preserve, context_fn, check, debug, early_stop
):
    if check not in _CHECKS:
        raise ValueError(
            f"determinism_check should be one of {list(_CHECKS)}, but got {check}"
        )
    debug = debug if _debug_for_all is None else _debug_for_all
    early_stop = early_stop if _early_stop_for_all is None else _early_stop_for_all
    logs = None
    if debug:
        if context_fn is not noop_context_fn:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        logs = (_call_log(), _call_log())
        forward_context, again_context = logs
    else:
        forward_context, again_context = context_fn()
    if not rushlight.is_grad_enabled():
        with forward_context:
            return function(*args, **kwargs)
    frame = _Frame(
        function, args, kwargs, preserve, again_context, _CHECKS[check], early_stop
    )
    frame.logs = logs
    with saved_tensors_hooks(frame.pack, frame.unpack), forward_context:
        return function(*args, **kwargs)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[
        [], tuple[AbstractContextManager, AbstractContextManager]
    ] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Calls a function without keeping what backward needs: it is called again then.

    With ``use_reentrant=False`` the graph is recorded as usual and each saved tensor is
    recomputed on demand; all ways to start a backward pass work. With True the call is
    one node, which runs a backward pass of its own: only ``backward()`` without
    ``inputs`` works, and only tensors passed directly get gradients.

    Args:
        function (callable): what to run; must compute the same when called again.
        args: its arguments.
        use_reentrant (bool): the variant; True, with a warning, when not given.
        context_fn (callable): returns two context managers, for the first call and for
            the one in backward. Only without ``use_reentrant``.
        determinism_check (str): ``"default"`` compares shapes, dtypes and devices of
            recomputed tensors, ``"none"`` nothing.
        debug (bool): errors list the calls of both runs. Only without
            ``use_reentrant``.
        early_stop (bool): whether the second call may end when all tensors are there.
        kwargs: ``preserve_rng_state`` (bool, default True: the second call draws the
            same random numbers); the rest goes to ``function``, without
            ``use_reentrant``.

    Returns:
        what ``function`` returns.

    Raises:
        ValueError: for arguments that the variant does not take.
        CheckpointError: in backward, when the second call saves other tensors.

    Example::

        >>> from rushlight.utils.checkpoint import checkpoint
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> checkpoint(lambda x: x.exp().log(), x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([1., 1.])
    """
    if use_reentrant is None:
        warnings.warn(
            "checkpoint(): the use_reentrant parameter should be passed explicitly; "
            "use_reentrant=False is recommended, True is what you get without it.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        return _checkpoint_recorded(
            function,
            args,
            kwargs,
            preserve,
            context_fn,
            determinism_check,
            debug,
            early_stop,
        )
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug is not False:
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when "
            "use_reentrant=False."
        )
    return CheckpointFunction.apply(function, preserve, *args)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Runs functions one after the other, checkpointed in segments but for the last.

    Args:
        functions (Sequential or list of callable): each takes what the one before
            returns.
        segments (int): how many parts of about equal length to make.
        input (Tensor): the first one's argument.
        use_reentrant (bool): see :func:`checkpoint`.
        kwargs: ``preserve_rng_state`` (bool, default True).

    Returns:
        what the last function returns.

    Raises:
        ValueError: for other keyword arguments.

    Example::

        >>> from rushlight.utils.checkpoint import checkpoint_sequential
        >>> steps = [rushlight.exp, rushlight.log, rushlight.exp, rushlight.log]
        >>> x = rushlight.ones(2, requires_grad=True)
        >>> y = checkpoint_sequential(steps, 2, x, use_reentrant=False)
        >>> y.sum().backward()
    """
    if use_reentrant is None:
        warnings.warn(
            "checkpoint_sequential(): the use_reentrant parameter should be passed "
            "explicitly; use_reentrant=False is recommended, True is what you get "
            "without it.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    functions = (
        list(functions.children())
        if isinstance(functions, rushlight.nn.Sequential)
        else list(functions)
    )

    def run(start, end):
        def part(x):
            for function in functions[start : end + 1]:
                x = function(x)
            return x

        return part

    size = len(functions) // segments
    end = -1
    for start in range(0, size * (segments - 1), size):
        end = start + size - 1
        input = checkpoint(
            run(start, end),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )
    return run(end + 1, len(functions) - 1)(input)
