"""Function, saved-tensor hooks and modes do what PyTorch's do."""

from __future__ import annotations

import importlib

import pytest

pytest.importorskip("torch", reason="parity tests compare with PyTorch")

from autograd_cases import assert_near, function, graph, leaf

SCENARIOS = []


def scenario(function):
    """Collects ``function(t, x)``: run in both libraries, with a leaf of two."""
    SCENARIOS.append(function)
    return function


# -- Function --------------------------------------------------------------------------


@scenario
def function_with_other_outputs(t, x):
    seen = []

    def backward(ctx, *g):
        seen.append([v is None for v in g])
        return g[0] * 2

    made = function(t, lambda ctx, x: (x * 2, 3, "s", None), backward)
    y, *others = made.apply(x)
    y.sum().backward()
    return others, seen, x.grad


@scenario
def function_returning_a_list(t, x):
    y = function(t, lambda ctx, x: [x * 2], lambda ctx, g: g).apply(x)
    return type(y).__name__, y[0].requires_grad


@scenario
def function_returning_nothing(t, x):
    return function(t, lambda ctx, x: None, lambda ctx, g: g).apply(x)


@scenario
def function_identity(t, x):
    made = function(t, lambda ctx, x: x, lambda ctx, g: g * 2)
    y = made.apply(x)
    with t.no_grad():
        z = made.apply(x)
    y.sum().backward()
    return y is x, y._base is x, z is x, z.requires_grad, x.grad


@scenario
def write_identity(t, x):
    function(t, lambda ctx, x: x, lambda ctx, g: g * 2).apply(x * 1).mul_(2)


@scenario
def write_view_from_function(t, x):
    made = function(t, lambda ctx, x: x[0], lambda ctx, g: t.stack([g, g]))
    made.apply(x * 1).mul_(2)


@scenario
def write_part_of_identity(t, x):
    function(t, lambda ctx, x: x, lambda ctx, g: g * 2).apply(x * 1)[0].mul_(2)


@scenario
def write_part_of_new_output(t, x):
    y = function(t, lambda ctx, x: x * 3, lambda ctx, g: g * 3).apply(x)
    y[0].mul_(2)
    y.sum().backward()
    return x.grad


def dirty(ctx, x):
    ctx.mark_dirty(x)
    x.add_(1)
    return x


@scenario
def dirty_input(t, x):
    y = x * 1
    z = function(t, dirty, lambda ctx, g: g * 7).apply(y)
    z.sum().backward()
    return z is y, y, x.grad


@scenario
def dirty_leaf(t, x):
    function(t, dirty, lambda ctx, g: g).apply(x)


@scenario
def dirty_view(t, x):
    y = x * 1
    function(t, dirty, lambda ctx, g: g * 7).apply(y[0])
    y.sum().backward()
    return y, x.grad


@scenario
def dirty_and_not_returned(t, x):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x * 2

    function(t, forward, lambda ctx, g: g).apply(x * 1)


@scenario
def non_differentiable_output(t, x):
    def forward(ctx, x):
        y = x * 3
        ctx.mark_non_differentiable(y)
        return x * 2, y

    a, b = function(t, forward, lambda ctx, g, h: g * 2 + h).apply(x)
    a.sum().backward()
    return a.requires_grad, b.requires_grad, x.grad


def save(ctx, x):
    ctx.save_for_backward(x)
    return x**3


def cube_backward(ctx, g):
    return 3 * g * ctx.saved_tensors[0] ** 2


@scenario
def function_twice(t, x):
    (g,) = t.autograd.grad(
        function(t, save, cube_backward).apply(x).sum(), x, create_graph=True
    )
    g.sum().backward()
    return g, x.grad


@scenario
def function_backward_twice(t, x):
    y = function(t, save, cube_backward).apply(x).sum()
    y.backward()
    y.backward()


@scenario
def function_saving_its_output(t, x):
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    made = function(t, forward, lambda ctx, g: g * ctx.saved_tensors[0])
    (g,) = t.autograd.grad(made.apply(x).sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


@scenario
def function_saving_a_number(t, x):
    def forward(ctx, x):
        ctx.save_for_backward(3)
        return x * 2

    function(t, forward, lambda ctx, g: g).apply(x)


@scenario
def function_overwritten(t, x):
    y = x * 1
    z = function(t, save, cube_backward).apply(y)
    y.add_(1)
    z.sum().backward()


@scenario
def gradient_for_a_number(t, x):
    made = function(t, lambda ctx, x, n: x * n, lambda ctx, g: (g, g))
    made.apply(x, 3).sum().backward()


@scenario
def gradient_of_wrong_shape(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: t.ones(5))
    made.apply(x).sum().backward()


@scenario
def gradient_that_broadcasts_back(t, x):
    made = function(
        t, lambda ctx, x: x * 2, lambda ctx, g: t.ones(3, 2, dtype=t.float64)
    )
    made.apply(x).sum().backward()
    return x.grad


@scenario
def too_few_gradients(t, x):
    function(t, lambda ctx, x, n: x * n, lambda ctx, g: g).apply(x, 2).sum().backward()


@scenario
def too_many_gradients(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: (g, g))
    made.apply(x).sum().backward()


@scenario
def more_gradients_that_are_none(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: (g, None, None))
    made.apply(x).sum().backward()
    return x.grad


@scenario
def gradient_that_is_text(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: "x")
    made.apply(x).sum().backward()


@scenario
def gradient_that_is_none(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: None)
    made.apply(x).sum().backward()
    return x.grad


@scenario
def gradient_of_another_dtype(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: g.float() * 2)
    made.apply(x).sum().backward()
    return x.grad


@scenario
def gradients_in_a_list(t, x):
    made = function(t, lambda ctx, x, n: x * n, lambda ctx, g: [g, None])
    made.apply(x, 2).sum().backward()


@scenario
def backward_raises(t, x):
    def backward(ctx, g):
        raise KeyError("mine")

    function(t, lambda ctx, x: x * 2, backward).apply(x).sum().backward()


@scenario
def no_backward(t, x):
    made = type("M", (t.autograd.Function,), {"forward": staticmethod(dirty)})
    made.apply(x * 1).sum().backward()


@scenario
def vjp_and_backward(t, x):
    made = function(t, lambda ctx, x: x * 2, lambda ctx, g: g, vjp=lambda ctx, g: g * 2)
    made.apply(x).sum().backward()


@scenario
def vjp_alone(t, x):
    made = type(
        "M",
        (t.autograd.Function,),
        {
            "forward": staticmethod(lambda ctx, x: x * 2),
            "vjp": staticmethod(lambda ctx, g: g * 2),
        },
    )
    made.apply(x).sum().backward()
    return x.grad


@scenario
def setup_context_and_names(t, x):
    def setup(ctx, inputs, output):
        ctx.factor = inputs[1]
        ctx.needs = ctx.needs_input_grad

    made = function(
        t,
        lambda x, k=2: x * k,
        lambda ctx, g: (g * ctx.factor, None),
        setup_context=setup,
    )
    y = made.apply(x, k=5) + made.apply(x=x)
    y.sum().backward()
    return x.grad


@scenario
def function_called_as_object(t, x):
    function(t, save, cube_backward)()(x)


@scenario
def function_node(t, x):
    y = function(t, save, cube_backward).apply(x)
    node = y.grad_fn
    return (
        node.name(),
        type(node).__name__,
        node.saved_tensors,
        node.needs_input_grad,
        node.next_functions[0][0].variable is x,
        len(node.next_functions),
    )


@scenario
def once_differentiable(t, x):
    once = importlib.import_module(f"{t.__name__}.autograd.function")
    made = function(t, save, once.once_differentiable(cube_backward))
    seed = leaf(t, 1.0, 1.0)
    (g,) = t.autograd.grad(made.apply(x), x, seed, create_graph=True)
    first = (g.detach(), g.requires_grad)
    try:
        g.sum().backward()
    except RuntimeError as error:
        return first, "differentiate twice" in str(error)
    return first


@scenario
def gradients_not_materialized(t, x):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    seen = []

    def backward(ctx, g, h):
        seen.append((g is None, h is None))
        return h

    function(t, forward, backward).apply(x)[1].sum().backward()
    return seen, x.grad


# -- saved tensor hooks ----------------------------------------------------------------


@scenario
def pack_and_unpack(t, x):
    calls = []

    def pack(v):
        calls.append("pack")
        return v.detach() * 2

    def unpack(v):
        calls.append("unpack")
        return v

    with graph(t).saved_tensors_hooks(pack, unpack):
        y = x.exp()
    y.sum().backward()
    return calls, x.grad


@scenario
def packed_second_derivative(t, x):
    with graph(t).saved_tensors_hooks(lambda v: v.detach(), lambda v: v):
        y = x.exp() * x * x.sin()
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


@scenario
def packed_in_a_function(t, x):
    with graph(t).saved_tensors_hooks(lambda v: v.tolist(), lambda v: x * 0 + 2):
        y = function(t, save, cube_backward).apply(x)
    y.sum().backward()
    return x.grad


@scenario
def innermost_hooks(t, x):
    seen = []
    hooks = graph(t).saved_tensors_hooks
    with hooks(lambda v: (seen.append("outer"), v.detach())[1], lambda v: v):
        with hooks(lambda v: (seen.append("inner"), v.detach())[1], lambda v: v):
            x.exp()
        x.exp()
    x.exp()
    return seen


@scenario
def unpack_to_a_number(t, x):
    with graph(t).saved_tensors_hooks(lambda v: 3, lambda v: v):
        y = x.exp()
    y.sum().backward()


@scenario
def pack_writes(t, x):
    with graph(t).saved_tensors_hooks(lambda v: v.mul_(2), lambda v: v):
        x.exp()


@scenario
def pack_raises(t, x):
    with graph(t).saved_tensors_hooks(lambda v: {}[1], lambda v: v):
        x.exp()


@scenario
def hooks_disabled(t, x):
    with graph(t).disable_saved_tensors_hooks("not now"):
        with graph(t).saved_tensors_hooks(lambda v: v, lambda v: v):
            pass


@scenario
def hooks_disabled_for_a_while(t, x):
    with graph(t).disable_saved_tensors_hooks("not now"):
        pass
    with graph(t).save_on_cpu():
        y = (x * x).sum()
    y.backward()
    return x.grad


@scenario
def raw_saved_hooks(t, x):
    y = x.exp()
    y.grad_fn._raw_saved_result.register_hooks(lambda v: 2, lambda v: x.detach() * v)
    y.sum().backward()
    return x.grad


@scenario
def raw_saved_hooks_twice(t, x):
    y = x.exp()
    for _ in range(2):
        y.grad_fn._raw_saved_result.register_hooks(lambda v: 2, lambda v: v)


@scenario
def mutation_allowed(t, x):
    with graph(t).allow_mutation_on_saved_tensors():
        y = x * 1
        z = y * y + y.exp()
        y.mul_(0)
        with t.no_grad():
            y.add_(3)
        z.sum().backward()
    return x.grad, y


@scenario
def mutation_outside(t, x):
    with graph(t).allow_mutation_on_saved_tensors():
        y = (x * 1).exp()
    y.sum().backward()


@scenario
def version_counted(t, x):
    y = x * 1
    z = y * y
    graph(t).increment_version(y)
    z.sum().backward()


# -- modes -----------------------------------------------------------------------------


@scenario
def decorated_generators(t, x):
    seen = []

    @t.no_grad()
    def generate():
        for i in range(3):
            try:
                sent = yield (x * i).requires_grad
                seen.append((sent, t.is_grad_enabled()))
            except ValueError:
                seen.append("thrown")
                yield "caught"

    g = generate()
    seen.append(next(g))
    seen.append(g.send(5))
    seen.append(g.throw(ValueError()))
    g.close()
    return seen, t.is_grad_enabled()


@scenario
def inference_rules(t, x):
    with t.inference_mode():
        y = t.ones(2, dtype=t.float64)
        z = x * 1
    return y.is_inference(), z.requires_grad, (y * 2).is_inference()


@scenario
def inference_and_recording(t, x):
    with t.inference_mode():
        with t.enable_grad():
            a = (t.is_grad_enabled(), (x * 2).requires_grad)
        with t.inference_mode(False):
            b = (t.is_grad_enabled(), (x * 2).requires_grad)
        c = (t.is_grad_enabled(), t.is_inference_mode_enabled())
    with t.no_grad():
        with t.inference_mode(False):
            d = (x * 2).requires_grad
        e = t.is_grad_enabled()
    with t.enable_grad(), t.inference_mode():
        pass
    return a, b, c, d, e, t.is_grad_enabled()


@scenario
def inference_mode_keeps_its_flag_over_backward(t, x):
    y = (x * x).sum()
    with t.inference_mode(), t.enable_grad():
        try:
            y.backward()
        except RuntimeError:
            return t.is_grad_enabled()
        return t.is_grad_enabled(), x.grad


@scenario
def decorated_class(t, x):
    @t.no_grad()
    class Made:
        def __init__(self):
            self.recording = t.is_grad_enabled()

    return Made().recording, type(Made).__name__


@scenario
def recording_by_number(t, x):
    t.set_grad_enabled(1)


@scenario
def inference_saved(t, x):
    with t.inference_mode():
        y = t.ones(2, dtype=t.float64)
    return x * y


@scenario
def inference_written(t, x):
    with t.inference_mode():
        y = t.ones(2, dtype=t.float64)
    y.add_(1)


@scenario
def settings(t, x):
    with t.autograd.set_multithreading_enabled(False):
        (x * 2).sum().backward()
    with t.autograd.enforce_grad_layout_policy(True):
        (x * 2).sum().backward()
    return x.grad


@scenario
def variables(t, x):
    v = t.autograd.Variable(t.ones(2), requires_grad=True)
    return v, v.requires_grad, isinstance(x, t.autograd.Variable)


@scenario
def reentrant_backward(t, x):
    def backward(ctx, g):
        with t.enable_grad():
            y = leaf(t, 3.0, 4.0)
            (y * y).sum().backward()
        return g * y.grad

    made = function(t, lambda ctx, x: x * 1, backward)
    made.apply(made.apply(x) * 2).sum().backward()
    return x.grad


@scenario
def anomaly_names_the_function(t, x):
    with t.autograd.detect_anomaly():
        try:
            (x * 0).sqrt().mul(0).sum().backward()
        except RuntimeError as error:
            return str(error)[:58]


@pytest.mark.parametrize("case", SCENARIOS, ids=lambda f: f.__name__)
def test_scenario(case):
    assert_near(lambda t: case(t, leaf(t, 1.5, 2.5)))
