"""Hostile use of the tape: no crash, a usable graph after it, the right error."""

from __future__ import annotations

import gc
import inspect
import threading
import weakref
from pathlib import Path

import pytest

import rushlight as rl
from rushlight import nn
from rushlight.autograd import Function
from rushlight.autograd.graph import saved_tensors_hooks
from rushlight.utils.checkpoint import checkpoint

LONG = 100_000


def leaf(*values):
    return rl.tensor(list(values), dtype=rl.float64, requires_grad=True)


def run_threads(work, count=4):
    errors = []

    def guarded(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert errors == []


# -- long graphs -----------------------------------------------------------------------


def chain(x, step, length=LONG):
    for _ in range(length):
        x = step(x)
    return x


@pytest.mark.parametrize(
    ("step", "gradient"),
    [
        (lambda y: y * 1.0, 1.0),
        (lambda y: y.clone(), 1.0),
        (lambda y: y.unbind()[0].view(1), 1.0),
        (lambda y: rl.cat([y, y])[:1], 1.0),
    ],
    ids=["mul", "clone", "unbind", "cat"],
)
def test_long_chains(step, gradient):
    x = leaf(1.0)
    y = chain(x, step, 10_000)
    y.sum().backward(retain_graph=True)
    assert x.grad.item() == gradient
    y.sum().backward()
    del y
    gc.collect()


def test_long_chain_of_functions():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = leaf(1.0)
    y = chain(x, Same.apply, 5_000)
    y.sum().backward()
    assert x.grad.item() == 1
    y = chain(x, Same.apply, 5_000)
    del y
    gc.collect()


def test_long_chain_that_was_looked_at():
    x = leaf(1.0)
    y = chain(x, lambda y: y + 1)
    node, count = y.grad_fn, 0
    while node.next_functions:  # gives every node its own type
        node = node.next_functions[0][0]
        count += 1
    assert count == LONG
    y.sum().backward()
    assert x.grad.item() == 1
    del node, y
    gc.collect()
    y = chain(x, lambda y: y.exp(), 10)
    node = y.grad_fn
    del y
    assert node.next_functions[0][0].name() == "ExpBackward0"


def test_long_chain_with_packed_values():
    x = leaf(1.0)
    with saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
        y = chain(x, lambda y: y * y, 10_000)
    y.sum().backward()
    del y


def test_long_second_derivative():
    x = leaf(1.0)
    y = chain(x, lambda y: y * 1.0 + 0.0 * y * y, 3_000)
    (g,) = rl.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    del y, g
    gc.collect()


def test_wide_graph():
    x = leaf(1.0)
    rl.stack([x * i for i in range(5_000)]).sum().backward()
    assert x.grad.item() == sum(range(5_000))


# -- errors in the middle --------------------------------------------------------------


class Fails(Function):
    """Raises in backward while ``broken``."""

    broken = True

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, g):
        if Fails.broken:
            raise KeyError("mine")
        return g * 2


def test_exception_in_backward():
    x, w = leaf(1.0), leaf(2.0)
    y = Fails.apply(x.exp()) * w
    Fails.broken = True
    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            y.sum().backward(retain_graph=True)
    Fails.broken = False
    x.grad = w.grad = None
    y.sum().backward()
    assert x.grad.item() == pytest.approx(4 * 2.718281828)
    assert w.grad.item() == pytest.approx(2 * 2.718281828)
    assert rl.is_grad_enabled()


def test_exception_frees_nothing_twice():
    x = leaf(1.0)
    middle = x.exp()
    y = middle.sin()
    handle = middle.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    handle.remove()
    # sin() ran, so what it saved is gone; exp() did not.
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()
    middle.sum().backward()
    assert x.grad.item() == pytest.approx(2.718281828)


def test_every_kind_of_hook_may_raise():
    def fails(*args):
        raise LookupError("hook")

    x = leaf(1.0, 2.0)
    y = x.exp()
    accumulator = x.view_as(x).grad_fn.next_functions[0][0]
    for register in (
        x.register_hook,
        x.register_post_accumulate_grad_hook,
        y.register_hook,
        y.grad_fn.register_hook,
        y.grad_fn.register_prehook,
        accumulator.register_hook,
        accumulator.register_prehook,
    ):
        with register(fails), pytest.raises(LookupError):
            y.sum().backward(retain_graph=True)
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_unpack_hook_raises():
    def unpack(packed):
        raise LookupError("gone")

    x = leaf(1.0)
    with saved_tensors_hooks(lambda t: None, unpack):
        y = x.exp()
    for _ in range(2):
        with pytest.raises(LookupError):
            y.sum().backward()


def test_graph_dropped_by_a_hook():
    x = leaf(1.0)
    box = {}

    def hook(g):
        box.clear()
        gc.collect()

    box["y"] = x
    for _ in range(50):
        box["y"] = box["y"] * 1.5
        box["y"].register_hook(hook)
    box["y"].sum().backward()
    assert x.grad.item() == pytest.approx(1.5**50)


def test_hook_that_frees_saved_values_of_others():
    x = leaf(1.0)
    y = x.exp()
    z = y.sin()
    z.register_hook(lambda g: y.backward(rl.ones(1, dtype=rl.float64)))
    with pytest.raises(RuntimeError, match="second time"):
        z.sum().backward()


def test_hook_that_detaches_or_writes():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y * y
    z.register_hook(lambda g: (y.detach().add_(1), None)[1])
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        z.sum().backward()
    y = x * 1
    z = y + 1
    z.register_hook(lambda g: (y.detach_(), None)[1])
    z.sum().backward()


def test_hooks_registered_and_removed_while_they_run():
    x = leaf(1.0)
    y = x * 2
    seen = []
    handles = []

    def first(g):
        for handle in handles:
            handle.remove()
        seen.append("first")

    y.register_hook(first)
    handles.append(y.register_hook(lambda g: seen.append("second")))
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    assert seen[0] == "first"
    assert seen.count("first") == 2


def test_node_outlives_its_tensors():
    x = leaf(1.0)
    node = x.exp().grad_fn
    assert node(rl.ones(1, dtype=rl.float64)).item() == pytest.approx(2.718281828)
    with pytest.raises(TypeError, match="1 gradients"):
        node()
    with pytest.raises(TypeError, match="Tensor or None"):
        node("x")
    with pytest.raises(AttributeError):
        node.other = 3
    del x
    gc.collect()
    assert node.next_functions[0][0].variable.item() == 1


def test_nodes_are_made_by_the_tape_alone():
    import copy
    import pickle

    node = leaf(1.0).exp().grad_fn
    base = type(node).__mro__[1]
    for make in (
        type(node),
        base,
        lambda: object.__new__(type(node)),
        lambda: base.__new__(base),
        lambda: type(node).__new__(type(node)),
        lambda: type("Mine", (type(node),), {})(),
        lambda: copy.copy(node),
        lambda: copy.deepcopy(node),
        lambda: pickle.dumps(node),
    ):
        with pytest.raises(TypeError):
            make()


def test_graph_collected_with_its_hooks():
    x = leaf(1.0)
    y = x.exp()
    gone = weakref.ref(y)
    y.register_hook(lambda g, y=y: None)  # a cycle
    y.grad_fn.metadata["self"] = y
    del y
    gc.collect()
    assert gone() is None


def hooked(x):
    y = x * 2
    y.register_hook(lambda g: g * 1)
    y.grad_fn.register_hook(lambda inputs, outputs: None)
    y.retain_grad()
    return y


def packed(x):
    with saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
        return x.exp() * x


@pytest.mark.parametrize(
    "make",
    [
        hooked,
        packed,
        lambda x: checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False),
        lambda x: checkpoint(lambda x: x.exp().sin(), x, use_reentrant=True),
        lambda x: rl.autograd.grad(x.exp().sum(), x, create_graph=True)[0],
        lambda x: Fails.apply(x),
    ],
    ids=["hooks", "packed", "checkpoint", "reentrant", "second", "Function"],
)
def test_nothing_waits_for_the_collector(make):
    Fails.broken = False
    x = leaf(1.0, 2.0)

    def run(times):
        for _ in range(times):
            make(x).sum().backward()
            x.grad = None

    run(20)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        run(200)
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


# -- passes inside passes --------------------------------------------------------------


def test_backward_inside_backward():
    class Inner(Function):
        @staticmethod
        def forward(ctx, x, depth):
            ctx.depth = depth
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if ctx.depth:
                y = leaf(2.0)
                with rl.enable_grad():
                    Inner.apply(y, ctx.depth - 1).sum().backward()
                g = g * y.grad
            return g * 2, None

    x = leaf(1.0)
    Inner.apply(x, 40).sum().backward()
    assert x.grad.item() == 2.0**41


def test_endless_passes_raise():
    class Endless(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            with rl.enable_grad():
                Endless.apply(leaf(1.0)).sum().backward()
            return g

    with pytest.raises(RecursionError):
        Endless.apply(leaf(1.0)).sum().backward()
    x = leaf(1.0)
    (x * 2).sum().backward()
    assert x.grad.item() == 2


def test_pass_over_its_own_graph():
    x = leaf(1.0)
    y = x.exp()
    z = y * 2
    depth = []

    def hook(g):
        if len(depth) < 3:
            depth.append(1)
            with rl.enable_grad():
                z.sum().backward(retain_graph=True)

    z.register_hook(hook)
    z.sum().backward(retain_graph=True)
    assert x.grad.item() == pytest.approx(4 * 2 * 2.718281828)


# -- threads ---------------------------------------------------------------------------


def test_threads_add_to_one_leaf():
    x = leaf(*[1.0] * 100)

    def work(i):
        for _ in range(50):
            (x * 2).sum().backward()

    run_threads(work)
    assert x.grad.tolist() == [400.0] * 100


def test_threads_with_hooks_of_their_own():
    def work(i):
        seen = []
        x = leaf(1.0, 2.0)
        for _ in range(30):
            with saved_tensors_hooks(
                lambda t: (seen.append(i), t.detach())[1], lambda t: t
            ):
                y = x.exp()
            with rl.no_grad():
                assert not (x * 2).requires_grad
            y.sum().backward()
        assert seen == [i] * 30

    run_threads(work)


def test_threads_and_collection():
    def work(i):
        for _ in range(20):
            x = leaf(1.0)
            y = chain(x, lambda y: y * 1.0, 500)
            y.register_hook(lambda g: (gc.collect(0), None)[1])
            y.sum().backward()
            del y

    run_threads(work)


def test_threads_fail_alone():
    x = leaf(1.0)

    def work(i):
        y = x.exp()
        if i % 2:
            y.register_hook(lambda g: {}[1])
        for _ in range(10):
            try:
                y.sum().backward(retain_graph=True)
            except KeyError:
                assert i % 2
            else:
                assert not i % 2

    run_threads(work)


# -- what errors say -------------------------------------------------------------------


def test_shape_errors_name_the_module():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList([nn.Linear(4, 4), nn.Linear(5, 2)])

        def forward(self, x):
            for part in self.parts:
                x = part(x)
            return x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), Head()))

        def forward(self, x):
            return self.body(x)

    with pytest.raises(RuntimeError) as caught:
        Net()(rl.ones(2, 3))
    text = str(caught.value)
    note = "\n".join(caught.value.__notes__)
    assert "Net.body.1.1.parts.1" in note
    assert "Linear(in_features=5, out_features=2" in note
    assert "linear" in text
    assert "2" in text
    assert "4" in text
    assert "5" in text

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ModuleDict({"a": nn.ReLU()})["a"])
    with pytest.raises(RuntimeError) as caught:
        model(rl.ones(1, 2, 5, 5))
    assert "Sequential.0" in caught.value.__notes__[0]
    assert "conv2d" in str(caught.value)
    assert "[4, 3, 3, 3]" in str(caught.value).replace("(", "[").replace(")", "]")


def add_in_place(y, w):
    y += 1


def add_out(y, w):
    rl.add(w, 1, out=y.detach())


def set_item(y, w):
    y[0] = 5


def write_an_alias(y, w):
    y.detach().mul_(2)


def several_writes(y, w):
    y.zero_()
    y.add_(w)
    y.mul_(2)


@pytest.mark.parametrize(
    "write, named",
    [
        (add_in_place, "add_"),
        (add_out, "add"),
        (set_item, "fill_"),
        (write_an_alias, "mul_"),
        (several_writes, "zero_"),
    ],
)
def test_overwritten_value_names_both_lines(write, named):
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    write(y, x.detach())
    with pytest.raises(RuntimeError) as caught:
        z.sum().backward()
    text = str(caught.value)
    first = write.__code__.co_firstlineno + 1
    here = test_overwritten_value_names_both_lines.__code__.co_firstlineno
    save = source_line("z = y.sin()", here)
    for part in (
        "[rushlight.float64 [2]], saved by SinBackward0 at ",
        f"test_autograd_robustness.py:{save}, is at version",
        "; expected version 0 instead.",
        f"It was overwritten by {named} at ",
        f"test_autograd_robustness.py:{first}.",
        "clone()",
    ):
        assert part in text


def test_an_overwritten_index_names_both_lines():
    x = leaf(1.0, 2.0, 3.0)
    index = rl.tensor([0, 1])
    index.add_(1)
    here = inspect.currentframe().f_lineno
    y = x[index]
    index.sub_(1)
    index.mul_(1)
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    text = str(caught.value)
    assert "'indices'" in text
    assert f"at {__file__}:{here + 1}." in text
    assert f"overwritten by sub_ at {__file__}:{here + 2}." in text


def source_line(text, after):
    lines = Path(__file__).read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if i > after and text in line)


def test_a_step_of_the_optimizer_is_named_as_the_overwrite():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = rl.optim.SGD(model.parameters(), lr=0.1)
    here = inspect.currentframe().f_lineno
    loss = model(rl.ones(2, 3)).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError) as caught:
        loss.backward()
    text = str(caught.value)
    assert f"test_autograd_robustness.py:{here + 1}, is at" in text
    assert f"overwritten by _fused_sgd_ at {__file__}:{here + 3}." in text


def test_a_write_long_ago_is_not_named():
    x = leaf(1.0)
    y = x * 1
    z = y.sin()
    y.add_(1)
    other = rl.zeros(1)
    for _ in range(2000):
        other.add_(1)
    with pytest.raises(RuntimeError, match="SinBackward0 at ") as caught:
        z.sum().backward()
    assert "overwritten" not in str(caught.value)


def test_overwritten_value_of_a_function_names_both_lines():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(1.0)
    y = x * 1
    z = Square.apply(y)
    y.mul_(3)
    with pytest.raises(RuntimeError) as caught:
        z.sum().backward()
    text = str(caught.value)
    assert "SquareBackward" in text
    assert "mul_" in text
    assert text.count("test_autograd_robustness.py:") == 2


def test_anomaly_mode_shows_the_forward_call():
    x = leaf(0.0)
    with (
        pytest.warns(UserWarning, match="Anomaly Detection"),
        rl.autograd.detect_anomaly(),
    ):
        y = x.sqrt() * 0  # this line
    with (
        rl.autograd.set_detect_anomaly(True),
        pytest.warns(UserWarning, match=r"SqrtBackward0(.|\n)*# this line"),
        pytest.raises(RuntimeError, match="nan"),
    ):
        y.sum().backward()
    z = x.sqrt() * 0
    with (
        rl.autograd.set_detect_anomaly(True),
        pytest.warns(UserWarning, match="No forward pass information"),
        pytest.raises(RuntimeError, match="nan"),
    ):
        z.sum().backward()


def test_calling_backward_twice_says_what_to_do():
    y = leaf(1.0).exp().sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"exp saved.*retain_graph=True"):
        y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.grad_fn.next_functions[0][0]._saved_result
