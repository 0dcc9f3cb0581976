"""Layers against PyTorch: initial weights, reprs, outputs, gradients, errors."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402
from torch.nn import functional as TF  # noqa: E402

import rushlight  # noqa: E402
from rushlight import nn  # noqa: E402

LAYERS = {
    "linear": lambda n: n.Linear(7, 5),
    "linear_no_bias": lambda n: n.Linear(7, 5, bias=False),
    "conv": lambda n: n.Conv2d(4, 6, (3, 2), stride=(1, 2), padding=(1, 0), groups=2),
    "conv_same": lambda n: n.Conv2d(4, 6, 3, padding="same", dilation=2),
    "conv_reflect": lambda n: n.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"),
    "conv_circular": lambda n: n.Conv2d(
        4, 2, 3, padding=2, padding_mode="circular", bias=False
    ),
    "pool": lambda n: n.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
    "net": lambda n: n.Sequential(
        n.Conv2d(4, 8, 3, padding=1),
        n.ReLU(),
        n.MaxPool2d(2),
        n.Flatten(),
        n.Linear(8 * 9, 10),
        n.Tanh(),
        n.LogSoftmax(dim=1),
    ),
    "list": lambda n: n.ModuleList([n.Linear(2, 2), n.Linear(2, 2), n.Sigmoid()]),
    "dict": lambda n: n.ModuleDict({"a": n.Softmax(dim=-1), "b": n.Dropout(0.2)}),
    "flat": lambda n: n.Sequential(n.Flatten(0), n.Unflatten(0, (4, -1))),
    "loss": lambda n: n.ModuleList([n.CrossEntropyLoss(), n.MSELoss(), n.NLLLoss()]),
}


def build(name):
    torch.manual_seed(3)
    theirs = LAYERS[name](torch.nn)
    rushlight.manual_seed(3)
    return LAYERS[name](nn), theirs


def numpy(tensor):
    return tensor.detach().numpy()


def pair(values, requires_grad=False):
    values = np.asarray(values)
    if requires_grad:
        return (
            rushlight.from_numpy(values.copy()).requires_grad_(),
            torch.from_numpy(values.copy()).requires_grad_(),
        )
    return rushlight.from_numpy(values.copy()), torch.from_numpy(values.copy())


@pytest.mark.parametrize("name", LAYERS)
def test_same_repr_weights_and_metadata(name):
    ours, theirs = build(name)
    assert repr(ours) == repr(theirs)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    assert state._metadata == expected._metadata
    for key, value in expected.items():
        np.testing.assert_array_equal(numpy(state[key]), value.numpy())


@pytest.mark.parametrize(
    "name", ["conv", "conv_same", "conv_reflect", "conv_circular", "pool", "net"]
)
def test_same_output_and_gradients(name):
    ours, theirs = build(name)
    x, tx = pair(
        np.random.default_rng(0).standard_normal((2, 4, 6, 6)).astype(np.float32), True
    )
    y, ty = ours(x), theirs(tx)
    np.testing.assert_allclose(numpy(y), numpy(ty), rtol=1e-5, atol=1e-5)
    (y * y).sum().backward()
    (ty * ty).sum().backward()
    np.testing.assert_allclose(numpy(x.grad), numpy(tx.grad), rtol=1e-4, atol=1e-4)
    for p, tp in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(numpy(p.grad), numpy(tp.grad), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("soft", [False, True])
def test_cross_entropy(reduction, weighted, smoothing, soft):
    rng = np.random.default_rng(1)
    x, tx = pair(rng.standard_normal((4, 3, 2)), True)
    if soft:
        target, ttarget = pair(rng.random((4, 3, 2)))
    else:
        target, ttarget = pair(rng.integers(0, 3, (4, 2)))
    weight, tweight = pair(rng.random(3)) if weighted else (None, None)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    if not soft:
        options["ignore_index"] = 1
    got = nn.functional.cross_entropy(x, target, weight, **options)
    expected = TF.cross_entropy(tx, ttarget, tweight, **options)
    np.testing.assert_allclose(numpy(got), numpy(expected), rtol=1e-12)
    got.sum().backward()
    expected.sum().backward()
    np.testing.assert_allclose(numpy(x.grad), numpy(tx.grad), rtol=1e-10, atol=1e-12)


INITS = {
    "uniform": lambda init, t: init.uniform_(t, -1, 2),
    "normal": lambda init, t: init.normal_(t, 1, 2),
    "trunc_normal": lambda init, t: init.trunc_normal_(t, 0, 1, -0.7, 0.5),
    "trunc_normal_far": lambda init, t: init.trunc_normal_(t, 0, 1, 1.0, 1.5),
    "xavier_uniform": lambda init, t: init.xavier_uniform_(t, 2.0),
    "xavier_normal": lambda init, t: init.xavier_normal_(t),
    "kaiming_uniform": lambda init, t: init.kaiming_uniform_(t, mode="fan_out"),
    "kaiming_normal": lambda init, t: init.kaiming_normal_(t, nonlinearity="relu"),
    "dirac": lambda init, t: init.dirac_(t, 2),
    "constant": lambda init, t: init.constant_(t, 0.3),
}


@pytest.mark.parametrize("name", INITS)
def test_initial_values(name):
    ours, theirs = rushlight.zeros(6, 4, 3), torch.zeros(6, 4, 3)
    rushlight.manual_seed(1)
    assert INITS[name](nn.init, ours) is ours
    torch.manual_seed(1)
    INITS[name](torch.nn.init, theirs)
    np.testing.assert_allclose(numpy(ours), theirs.numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("p", [0.2, 0.5, 1.0])
def test_dropout_mask(p):
    masks = []
    for seed, layer, ones in (
        (rushlight.manual_seed, nn.Dropout(p), rushlight.ones),
        (torch.manual_seed, torch.nn.Dropout(p), torch.ones),
    ):
        seed(5)
        masks.append([numpy(layer(ones(shape))) for shape in [(3, 5), (40,)]])
    for ours, theirs in zip(*masks, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "state", [{}, {"weight": (1,)}, {"weight": (5, 7), "bias": (5,), "x": (1,)}]
)
def test_load_state_dict_messages(state):
    ours, theirs = build("linear")
    messages = []
    for layer, zeros in ((ours, rushlight.zeros), (theirs, torch.zeros)):
        with pytest.raises(RuntimeError) as caught:
            layer.load_state_dict({key: zeros(size) for key, size in state.items()})
        messages.append(str(caught.value).replace("rushlight.", "torch."))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda n, m: n.Linear(3, 2)(m.zeros(2, 4)),
        lambda n, m: n.Conv2d(3, 2, 3)(m.zeros(1, 2, 5, 5)),
        lambda n, m: n.Conv2d(3, 2, 3)(m.zeros(1, 3, 2, 2)),
        lambda n, m: n.MaxPool2d(2, padding=3)(m.zeros(1, 3, 4, 4)),
        lambda n, m: n.NLLLoss()(m.zeros(2, 3), m.tensor([0, 3])),
        lambda n, m: n.NLLLoss()(m.zeros(2, 3), m.tensor([0, 1, 2])),
        lambda n, m: n.CrossEntropyLoss()(m.zeros(2, 3), m.zeros(2)),
        lambda n, m: n.functional.pad(m.zeros(1, 3), (1,)),
        lambda n, m: n.functional.one_hot(m.tensor([3]), 2),
        lambda n, m: n.Unflatten(1, (2, 2))(m.zeros(1, 3)),
        lambda n, m: n.Softmax(dim=3)(m.zeros(1, 3)),
    ],
)
def test_exception_types(call):
    with pytest.raises(Exception) as expected:
        call(torch.nn, torch)
    with pytest.raises(expected.type):
        call(nn, rushlight)
