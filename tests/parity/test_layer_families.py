"""Activations, losses, dropout, tables and distances as layers, against PyTorch."""

from __future__ import annotations

import copy
import inspect
import warnings

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import layer_cases  # noqa: E402
import rushlight  # noqa: E402
from common import outcome, same_error  # noqa: E402
from rushlight import nn  # noqa: E402

CASES = {
    **layer_cases.ACTIVATIONS,
    **layer_cases.DROPOUT,
    **layer_cases.OTHERS,
    **layer_cases.LOSSES,
}


def build(name):
    torch.manual_seed(5)
    theirs = CASES[name].build(torch.nn)
    rushlight.manual_seed(5)
    return CASES[name].build(nn), theirs


def numpy(tensor):
    return tensor.detach().numpy()


def inputs_of(case):
    rng = np.random.default_rng(2)
    ours, theirs = [], []
    for make in case.inputs:
        made = make(rng)
        fixed = isinstance(made, layer_cases.Fixed)
        array = np.asarray(made.array if fixed else made)
        grad = not fixed and array.dtype.kind == "f"
        for tensors, library in ((ours, rushlight), (theirs, torch)):
            tensors.append(library.from_numpy(array.copy()).requires_grad_(grad))
    return ours, theirs


def close(got, expected):
    assert tuple(got.shape) == tuple(expected.shape)
    assert str(got.dtype).rpartition(".")[2] == str(expected.dtype).rpartition(".")[2]
    np.testing.assert_allclose(
        numpy(got), expected.detach().numpy(), rtol=2e-5, atol=2e-6
    )


@pytest.mark.parametrize("name", CASES)
def test_same_repr_weights_and_attributes(name):
    ours, theirs = build(name)
    assert repr(ours) == repr(theirs)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    assert state._metadata == expected._metadata
    for key, value in expected.items():
        np.testing.assert_array_equal(numpy(state[key]), value.numpy())
    plain = (bool, int, float, str, list, tuple, type(None))
    attributes = {k: v for k, v in vars(theirs).items() if isinstance(v, plain)}
    assert {k: vars(ours).get(k, "missing") for k in attributes} == attributes


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_same_output_and_gradients(name, training):
    layers = build(name)
    results = []
    for library, layer, inputs in zip(
        (rushlight, torch), layers, inputs_of(CASES[name]), strict=True
    ):
        layer.train(training)
        library.manual_seed(9)
        result = layer(*inputs)
        results.append((inputs, layer, result))
    (ours, our_layer, got), (theirs, their_layer, expected) = results
    if isinstance(expected, tuple):
        assert got._fields == expected._fields
        pairs = list(zip(got, expected, strict=True))
    else:
        pairs = [(got, expected)]
    for mine, other in pairs:
        close(mine, other)
    got, expected = pairs[-1]
    assert got.requires_grad == expected.requires_grad
    if not expected.requires_grad:
        for mine, other in zip(ours, theirs, strict=True):
            close(mine, other)  # written in place, or left
        return
    weights = np.random.default_rng(4).random(tuple(expected.shape)).astype("f")
    (got * rushlight.from_numpy(weights)).sum().backward()
    (expected * torch.from_numpy(weights)).sum().backward()
    for mine, other in zip(
        [*ours, *our_layer.parameters()],
        [*theirs, *their_layer.parameters()],
        strict=True,
    ):
        assert (mine.grad is None) == (other.grad is None)
        if other.grad is not None:
            close(mine.grad, other.grad)


NAMES = sorted({name.partition("_")[0] for name in CASES} | {"NLLLoss2d"})


@pytest.mark.parametrize("name", NAMES)
def test_same_signatures(name):
    for method in ("__init__", "forward"):
        found, expected = (
            inspect.signature(getattr(getattr(n, name), method)).parameters.values()
            for n in (nn, torch.nn)
        )
        assert [(p.name, p.default, p.kind) for p in found] == [
            (p.name, p.default, p.kind) for p in expected
        ]


@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
def test_from_pretrained(name):
    found, expected = (
        inspect.signature(getattr(n, name).from_pretrained).parameters.values()
        for n in (nn, torch.nn)
    )
    assert [(p.name, p.default) for p in found] == [
        (p.name, p.default) for p in expected
    ]
    table = np.arange(12, dtype="f").reshape(4, 3)
    for freeze in (True, False):
        ours, theirs = (
            getattr(n, name).from_pretrained(x, freeze=freeze, padding_idx=-1)
            for n, x in (
                (nn, rushlight.from_numpy(table)),
                (torch.nn, torch.from_numpy(table)),
            )
        )
        assert repr(ours) == repr(theirs)
        assert ours.weight.requires_grad == theirs.weight.requires_grad
        np.testing.assert_array_equal(numpy(ours.weight), numpy(theirs.weight))


WRONG = {
    "dropout_p": lambda m: m.nn.Dropout(1.5),
    "dropout1d_shape": lambda m: m.nn.Dropout1d()(m.ones(2)),
    "dropout2d_shape": lambda m: m.nn.Dropout2d()(m.ones(2)),
    "feature_alpha_shape": lambda m: m.nn.FeatureAlphaDropout()(m.ones(2)),
    "hardtanh_order": lambda m: m.nn.Hardtanh(1.0, -1.0),
    "softmax2d_shape": lambda m: m.nn.Softmax2d()(m.ones(2)),
    "huber_delta": lambda m: m.nn.HuberLoss(delta="1"),
    "multi_margin_p": lambda m: m.nn.MultiMarginLoss(p=3),
    "multi_margin_weight": lambda m: m.nn.MultiMarginLoss(weight=m.ones(2, 2)),
    "triplet_margin": lambda m: m.nn.TripletMarginLoss(margin=0.0),
    "triplet_distance": lambda m: m.nn.TripletMarginWithDistanceLoss(margin=-1.0),
    "reduction": lambda m: m.nn.L1Loss(reduction="all")(m.ones(2), m.ones(2)),
    "gelu": lambda m: m.nn.GELU("sigmoid")(m.ones(2)),
    "bilinear": lambda m: m.nn.Bilinear(0, 2, 2),
    "embedding_index": lambda m: m.nn.Embedding(2, 2)(m.tensor([2])),
    "embedding_dtype": lambda m: m.nn.Embedding(2, 2)(m.tensor([1.0])),
    "embedding_padding": lambda m: m.nn.Embedding(2, 2, padding_idx=2),
    "embedding_padding_low": lambda m: m.nn.Embedding(2, 2, padding_idx=-3),
    "embedding_weight": lambda m: m.nn.Embedding(2, 2, _weight=m.ones(3, 2)),
    "embedding_table": lambda m: m.nn.Embedding.from_pretrained(m.ones(3)),
    "bag_mode": lambda m: m.nn.EmbeddingBag(2, 2, mode="min")(m.tensor([[1]])),
    "bag_offsets": lambda m: m.nn.EmbeddingBag(2, 2)(m.tensor([1])),
    "bag_padding": lambda m: m.nn.EmbeddingBag(2, 2, padding_idx=2),
    "cutoffs_none": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, []),
    "cutoffs_order": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3, 2]),
    "cutoffs_twice": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2, 2]),
    "cutoffs_high": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [5]),
    "cutoffs_real": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [1.5]),
    "adaptive_batch": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(
        m.ones(3, 4), m.tensor([1])
    ),
    "adaptive_input": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(
        m.ones(4), m.tensor([1, 1, 1, 1])
    ),
    "adaptive_target": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(
        m.ones(3, 4), m.tensor([1, 5, 2])
    ),
    "adaptive_targets": lambda m: m.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(
        m.ones(3, 4), m.tensor([[1]])
    ),
    "layer_arguments": lambda m: m.nn.Tanh(1),
}


@pytest.mark.parametrize("name", WRONG)
def test_same_error(name):
    theirs = outcome(lambda: WRONG[name](torch))
    assert theirs[0] == "error"
    assert same_error(outcome(lambda: WRONG[name](rushlight)), theirs)


WARNED = {
    "hardtanh": lambda m: m.nn.Hardtanh(min_value=-2.0, max_value=3.0),
    "nll2d": lambda m: m.nn.NLLLoss2d(),
    "dropout2d": lambda m: m.nn.Dropout2d()(m.ones(2, 3, 4)),
    "dropout3d": lambda m: m.nn.Dropout3d()(m.ones(2, 3, 4)),
    "softmax": lambda m: m.nn.Softmax()(m.ones(2, 3)),
    "softmin": lambda m: m.nn.Softmin()(m.ones(2, 3)),
    "size_average": lambda m: m.nn.HingeEmbeddingLoss(size_average=False),
}


@pytest.mark.parametrize("name", WARNED)
def test_same_warning(name):
    found = []
    for library in (rushlight, torch):
        library.manual_seed(1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = WARNED[name](library)
        found.append((repr(result), [w.category for w in caught]))
    assert found[0] == found[1]


def test_adaptive_softmax_methods():
    torch.manual_seed(0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0)
    rushlight.manual_seed(0)
    ours = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0)
    x = np.random.default_rng(0).standard_normal((40, 8)).astype("f") * 4
    mine, other = rushlight.from_numpy(x), torch.from_numpy(x)
    close(ours.log_prob(mine), theirs.log_prob(other))
    for rows in (slice(None), slice(0, 1), slice(1, 2)):
        np.testing.assert_array_equal(
            numpy(ours.predict(mine[rows])), numpy(theirs.predict(other[rows]))
        )


@pytest.mark.parametrize("name", ["PReLU", "Embedding", "Bilinear"])
def test_copies_are_apart(name):
    ours, _ = build(name)
    copied = copy.deepcopy(ours)
    before = numpy(ours.weight).copy()
    with rushlight.no_grad():
        copied.weight.add_(1)
    np.testing.assert_array_equal(numpy(ours.weight), before)
