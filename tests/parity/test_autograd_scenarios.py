"""Hooks, graphs, in-place writes and views do what PyTorch's do."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="parity tests compare with PyTorch")

from autograd_cases import assert_near, graph, leaf

SCENARIOS = []


def scenario(function):
    """Collects ``function(t, x)``: run in both libraries, with a leaf of two."""
    SCENARIOS.append(function)
    return function


# -- hooks -----------------------------------------------------------------------------


@scenario
def leaf_hooks_see_the_sum(t, x):
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    (x * 2 + x * 3 + x).sum().backward()
    (x * 2 + x * 3).sum().backward()
    return seen


@scenario
def order_of_all_hooks(t, x):
    seen = []

    def note(name, give=None):
        def hook(*args):
            seen.append(name)
            return give

        return hook

    y = x * 2
    y.retain_grad()
    y.grad_fn.register_prehook(note("node pre"))
    y.register_hook(note("tensor 1"))
    y.grad_fn.register_hook(note("node"))
    y.register_hook(lambda g: (seen.append("tensor 2"), g * 3)[1])
    leaf_node = x.view_as(x).grad_fn.next_functions[0][0]
    leaf_node.register_prehook(note("leaf pre"))
    leaf_node.register_hook(note("leaf post"))
    x.register_hook(note("leaf tensor"))
    x.register_post_accumulate_grad_hook(note("leaf accumulated"))
    y.sum().backward()
    return seen, y.grad, x.grad


@scenario
def removed_hooks(t, x):
    seen = []
    handles = [x.register_hook(lambda g, i=i: seen.append(i)) for i in range(4)]
    handles[1].remove()
    handles[1].remove()
    with handles[2]:
        x.sum().backward()
    x.sum().backward()
    return seen


@scenario
def hook_removes_itself(t, x):
    seen = []
    handle = x.register_hook(lambda g: (seen.append(1), handle.remove())[1])
    for _ in range(2):
        x.sum().backward()
    return seen


@scenario
def hook_adds_hooks(t, x):
    seen = []
    y = x * 2
    y.register_hook(lambda g: (y.register_hook(lambda g: seen.append(1)), None)[1])
    for _ in range(3):
        y.sum().backward(retain_graph=True)
    return seen


@scenario
def hooks_before_an_in_place_write(t, x):
    seen = []
    y = x * 2
    y.register_hook(lambda g: seen.append(("old", g.tolist())))
    y.retain_grad()
    y.mul_(3)
    y.register_hook(lambda g: seen.append(("new", g.tolist())))
    (y * 5).sum().backward()
    return seen, y.grad, y.retains_grad, x.grad


@scenario
def retain_grad_twice_and_again(t, x):
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return y.grad


@scenario
def node_hook_replaces(t, x):
    y = x * x
    y.grad_fn.register_hook(lambda gi, go: (gi[0] * 10, gi[1] * 100))
    y.sum().backward()
    return x.grad


@scenario
def node_hook_of_broadcast(t, x):
    seen = []
    y = x + t.ones(3, 1, dtype=t.float64)
    y.grad_fn.register_hook(lambda gi, go: seen.append((gi[0], gi[1], go[0])))
    y.sum().backward()
    return seen


@scenario
def node_hook_wrong_count(t, x):
    y = x * x
    y.grad_fn.register_hook(lambda gi, go: (gi[0],))
    y.sum().backward()


@scenario
def node_prehook_replaces(t, x):
    y = x * x
    y.grad_fn.register_prehook(lambda go: (go[0] * 7,))
    y.sum().backward()
    return x.grad


@scenario
def prehook_runs_only_with_its_node(t, x):
    seen = []
    y = x * 2
    y.grad_fn.register_prehook(lambda go: seen.append("pre"))
    y.register_hook(lambda g: seen.append("tensor"))
    (g,) = t.autograd.grad((y * 3).sum(), y)
    return seen, g


@scenario
def hook_of_another_dtype(t, x):
    x.register_hook(lambda g: g.float())
    x.sum().backward()


@scenario
def hook_of_another_size(t, x):
    (y := x * 2).register_hook(lambda g: g[:1])
    y.sum().backward()


@scenario
def hook_of_another_type(t, x):
    (y := x * 2).register_hook(lambda g: 3)
    y.sum().backward()


@scenario
def post_accumulate_hook_returns(t, x):
    x.register_post_accumulate_grad_hook(lambda p: 3)
    x.sum().backward()


@scenario
def post_accumulate_hook_frees(t, x):
    x.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None))
    x.sum().backward()
    return x.grad


@scenario
def post_accumulate_on_result(t, x):
    (x * 2).register_post_accumulate_grad_hook(print)


@scenario
def post_accumulate_with_inputs(t, x):
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    (x * 2).sum().backward(inputs=[x])
    t.autograd.grad((x * 2).sum(), x)
    return seen


@scenario
def hook_raises(t, x):
    y = x.exp()
    handle = y.register_hook(lambda g: {}[1])
    try:
        y.sum().backward(retain_graph=True)
    except KeyError:
        handle.remove()
    y.sum().backward()
    return x.grad


@scenario
def hook_drops_the_graph(t, x):
    box = [x * 2]
    box[0].register_hook(lambda g: (box.clear(), None)[1])
    (box[0] * 3).sum().backward()
    return x.grad, len(box)


@scenario
def multi_grad_hook_all(t, x):
    seen = []
    a, b, c, d = (leaf(t, float(i)) for i in range(4))
    graph(t).register_multi_grad_hook(
        (a, b, c, d), lambda gs: seen.append([g is not None for g in gs])
    )
    f = a * b * c
    f.sum().backward(retain_graph=True)
    f.sum().backward(inputs=(a,), retain_graph=True)
    (f + d).sum().backward()
    return seen


@scenario
def multi_grad_hook_any(t, x):
    seen = []
    a, b = leaf(t, 1.0), leaf(t, 2.0)
    handle = graph(t).register_multi_grad_hook(
        (a, b), lambda g: seen.append(g.tolist()), mode="any"
    )
    (a * 3).sum().backward()
    (b * 4).sum().backward()
    handle.remove()
    (b * 4).sum().backward()
    return seen


@scenario
def multi_grad_hook_mode(t, x):
    graph(t).register_multi_grad_hook((x,), print, mode="some")


# -- grad and backward -----------------------------------------------------------------


@scenario
def batched_gradients(t, x):
    eye = t.eye(2, dtype=t.float64)
    return t.autograd.grad(x * x, x, eye, is_grads_batched=True)


@scenario
def batched_gradients_of_another_shape(t, x):
    return t.autograd.grad(x * x, x, t.ones(3, 1), is_grads_batched=True)


@scenario
def materialized(t, x):
    w = leaf(t, 1.0, 2.0, 3.0)
    return t.autograd.grad(x.sum(), (x, w), materialize_grads=True)


@scenario
def materialized_and_not_allowed(t, x):
    return t.autograd.grad(x.sum(), x, materialize_grads=True, allow_unused=False)


@scenario
def inputs_that_are_no_leaves(t, x):
    y = x * 2
    (y * y).sum().backward(inputs=[y])
    return y.grad, x.grad, y.retains_grad


@scenario
def inputs_accumulate(t, x):
    for _ in range(2):
        (x * x).sum().backward(inputs=x)
    return x.grad


@scenario
def complex_mismatch(t, x):
    (x * 1j).backward(t.ones(2))


@scenario
def edges_as_inputs_and_outputs(t, x):
    edge = graph(t).get_gradient_edge
    y = x * 2
    z = (y * y).sum()
    a = t.autograd.grad(z, edge(y), retain_graph=True)
    b = t.autograd.grad(edge(z), (x, edge(x)), retain_graph=True)
    t.autograd.backward(edge(y), t.ones(2, dtype=t.float64))
    return a, b, x.grad, edge(y).output_nr, edge(y).node.name()


@scenario
def edge_without_grad(t, x):
    graph(t).get_gradient_edge(x.detach())


@scenario
def names_of_nodes(t, x):
    m = x.outer(x)
    image = m.expand(1, 1, 2, 2)
    linear = t.nn.functional.linear
    made = [
        x + 1, x - 1, x * x, x / 2, -x, x**2, 2**x, x**x, x @ x, m @ x, m @ m, m,
        m[None] @ m, m.t(), m.transpose(0, 1), m.permute(1, 0), m.sum(), m.sum(0),
        m.mean(), m.mean(1), m.prod(), m.prod(0), m.max(), m.min(), m.max(0)[0],
        m.median(), x.view(2, 1), m.flatten(), m.reshape(4), x.unflatten(0, (2, 1)),
        m[0], m[:1], m[t.tensor([0])],
        m.narrow(0, 0, 1), m.movedim(0, 1), x.float(),
        m.chunk(2)[0], m.split(1)[0], m.split([1, 1])[0], m.unbind()[0],
        x.expand(3, 2),
        x.exp(), x.log(), x.log1p(), x.sqrt(), x.square(), x.tanh(), x.relu(),
        x.clone(),
        linear(m, m), linear(m, m, x), t.nn.functional.conv2d(image, image),
        t.nn.functional.max_pool2d(image, 2), t.nn.functional.avg_pool2d(image, 2),
        m.softmax(0), m.log_softmax(0), t.cat([x, x]), t.stack([x, x]),
        t.where(x > 0, x, -x), m.gather(0, t.tensor([[0]])), m.index_select(
            0, t.tensor([0])), m.masked_fill(m > 0, 1.0), x.cumsum(0), m.tril(),
        x.abs(),
    ]  # fmt: skip
    return [(y.grad_fn.name(), type(y.grad_fn).__name__) for y in made]


@scenario
def walk_the_graph(t, x):
    y = (x * 2).exp()
    node = y.grad_fn.next_functions[0][0]
    last = node.next_functions[0][0]
    return (
        node.name(),
        last.name().rpartition("::")[2],
        last.variable is x,
        last.next_functions,
        y.grad_fn.metadata,
    )


@scenario
def call_a_node(t, x):
    y = x * x
    g = t.ones(2, dtype=t.float64)
    return y.grad_fn(g), x.exp().grad_fn(g), x.grad


@scenario
def call_the_node_of_a_leaf(t, x):
    node = x.view_as(x).grad_fn.next_functions[0][0]
    for _ in range(2):
        node(t.ones(2, dtype=t.float64))
    return x.grad


@scenario
def saved_attributes(t, x):
    y, e = x * x.detach(), x.exp()
    return y.grad_fn._saved_other, e.grad_fn._saved_result, y.grad_fn._saved_self


@scenario
def saved_attributes_after_backward(t, x):
    e = x.exp()
    e.sum().backward()
    return e.grad_fn._saved_result


@scenario
def unknown_attribute(t, x):
    return x.exp().grad_fn._saved_nothing


@scenario
def is_a_node(t, x):
    y = x * 2
    kind = graph(t).Node
    return (
        isinstance(y.grad_fn, kind),
        isinstance(y.grad_fn.next_functions[0][0], kind),
        isinstance(3, kind),
    )


# -- in-place writes and views ---------------------------------------------------------


@scenario
def write_chunk(t, x):
    return (x * 1).chunk(2)[0].mul_(2)


@scenario
def write_unbind(t, x):
    return (x * 1).unbind()[0].mul_(2)


@scenario
def write_split(t, x):
    return (x * 1).split(1)[0].mul_(2)


@scenario
def write_part_of_chunk(t, x):
    return (x * 1).chunk(1)[0][0].mul_(2)


@scenario
def write_view_made_without_grad(t, x):
    y = x * 1
    with t.no_grad():
        v = y[0]
    v.mul_(2)


@scenario
def write_view_of_leaf_without_grad(t, x):
    with t.no_grad():
        v = x[:]
    v.mul_(2)


@scenario
def write_both_without_grad(t, x):
    y = x * 1
    with t.no_grad():
        y[0].mul_(2)
    y.sum().backward()
    return y, x.grad


@scenario
def write_into_detached(t, x):
    y = x * 1
    y.detach()[0] = 7
    y.sum().backward()
    return y, x.grad


@scenario
def data_of_a_leaf(t, x):
    x.data.mul_(2)
    x.data = t.ones(2, dtype=t.float64)
    (x * x).sum().backward()
    return x, x.grad, x._version


@scenario
def list_argument_overwritten(t, x):
    index = t.tensor([0, 1])
    y = x[index,]
    z = x.index_select(0, index)
    index.fill_(0)
    (y + z).sum().backward()


@pytest.mark.parametrize("case", SCENARIOS, ids=lambda f: f.__name__)
def test_scenario(case):
    assert_near(lambda t: case(t, leaf(t, 1.5, 2.5)))
