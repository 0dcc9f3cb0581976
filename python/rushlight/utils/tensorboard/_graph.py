"""The graph of a model's forward pass, as TensorBoard's graph plugin reads it.

Numbers of fields are those of TensorFlow's ``graph.proto``, ``node_def.proto``,
``attr_value.proto`` and ``tensor_shape.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import rushlight
from rushlight.overrides import TorchFunctionMode
from rushlight.utils.tensorboard import _messages

_PRODUCER = 22  # the version of the format


def _tensors_in(value) -> Iterator[rushlight.Tensor]:
    if isinstance(value, rushlight.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors_in(item)


def _shape(tensor) -> bytes:
    return b"".join(
        _messages.data(2, _messages.integer(1, size)) for size in tensor.shape
    )


class _Recorder(TorchFunctionMode):
    """Notes every call that makes a tensor: its op, its inputs, the layer it is in."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.nodes: list[bytes] = []
        self.names: list[str] = []
        self.scopes = [root]
        # id of a tensor -> (the tensor, kept so that the id stays its own; its node).
        self._made: dict[int, tuple[rushlight.Tensor, str]] = {}
        self._used: dict[str, int] = {}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        inputs = list(_tensors_in([args, kwargs]))
        result = func(*args, **kwargs)
        outputs = list(_tensors_in(result))
        if inputs and outputs:
            # What is not known yet is no result of the model: a constant.
            sources = [self.name_of(tensor) for tensor in inputs]
            name = self.add(func.__name__.strip("_"), func.__name__, sources, outputs)
            for at, tensor in enumerate(outputs):
                self.made(tensor, f"{name}:{at}" if at else name)
        return result

    def add(self, name: str, op: str, inputs: list[str], tensors: list) -> str:
        """Add a node in the current layer; returns its whole name."""
        name = f"{self.scopes[-1]}/{name}" if self.scopes[-1] else name
        count = self._used.get(name, 0)
        self._used[name] = count + 1
        name = f"{name}.{count}" if count else name
        shapes = b"".join(_messages.data(7, _shape(tensor)) for tensor in tensors)
        dtypes = ", ".join(str(tensor.dtype) for tensor in tensors)
        attributes = {
            "_output_shapes": _messages.data(1, shapes),
            "attr": _messages.data(2, dtypes),
        }
        node = _messages.data(1, name) + _messages.data(2, op)
        node += b"".join(_messages.data(3, source) for source in inputs)
        for key, value in attributes.items():
            entry = _messages.data(1, key) + _messages.data(2, value)
            node += _messages.data(5, entry)
        self.nodes.append(node)
        self.names.append(name)
        return name

    def made(self, tensor, name: str) -> None:
        """Note which node a tensor comes from."""
        self._made[id(tensor)] = tensor, name

    def name_of(self, tensor) -> str:
        if id(tensor) not in self._made:
            self.made(tensor, self.add("constant", "Constant", [], [tensor]))
        return self._made[id(tensor)][1]

    def layer(self, module, scope: str) -> ExitStack:
        """Put what a module's call makes under a name, until the stack is closed."""
        hooks = ExitStack()
        before = module.register_forward_pre_hook(lambda *_: self.scopes.append(scope))
        hooks.callback(before.remove)
        after = module.register_forward_hook(lambda *_: self._leave())
        hooks.callback(after.remove)
        return hooks

    def _leave(self) -> None:
        self.scopes.pop()


def _scopes(model) -> Iterator[tuple]:
    """Each layer and its path, such as ``Net/Sequential[body]/Linear[0]``."""
    paths = {"": type(model).__name__}
    for name, module in model.named_modules():
        if name:
            parent, _, own = name.rpartition(".")
            paths[name] = f"{paths[parent]}/{type(module).__name__}[{own}]"
        yield module, paths[name]


@contextmanager
def _evaluated(model):
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def graph_of(model, inputs: tuple) -> tuple[bytes, list[str]]:
    """A ``GraphDef`` of one forward pass, without gradients and in evaluation mode.

    Args:
        model (nn.Module): the model.
        inputs (tuple): its arguments; tensors, or lists and dicts of them.

    Returns:
        tuple: the message, and the nodes' names.
    """
    recorder = _Recorder("")
    for at, tensor in enumerate(_tensors_in(inputs)):
        recorder.made(tensor, recorder.add(f"input/{at}", "IO Node", [], [tensor]))
    with ExitStack() as stack:
        stack.enter_context(_evaluated(model))
        stack.enter_context(rushlight.no_grad())
        for module, scope in _scopes(model):
            recorder.scopes.append(scope)
            state = [*module.named_parameters(recurse=False)]
            for name, tensor in state + [*module.named_buffers(recurse=False)]:
                recorder.made(tensor, recorder.add(name, "Parameter", [], [tensor]))
            recorder.scopes.pop()
            stack.enter_context(recorder.layer(module, scope))
        stack.enter_context(recorder)
        result = model(*inputs)
    for at, tensor in enumerate(_tensors_in(result)):
        recorder.add(f"output/{at}", "IO Node", [recorder.name_of(tensor)], [tensor])
    nodes = b"".join(_messages.data(1, node) for node in recorder.nodes)
    versions = _messages.data(4, _messages.integer(1, _PRODUCER))
    return nodes + versions, recorder.names
