"""Activations, losses, dropout, tables and distances as layers, from their formulas."""

from __future__ import annotations

import copy
import math
import pickle
import warnings

import numpy as np
import pytest

import rushlight
from rushlight import nn

X = np.random.default_rng(0).standard_normal((4, 6)) * 2
Y = np.random.default_rng(1).standard_normal((4, 6))
P = np.random.default_rng(2).random((4, 6)) * 0.9 + 0.05
Q = np.random.default_rng(3).random((4, 6)) * 0.9 + 0.05
SIGNS = np.where(Y > 0, 1.0, -1.0)
CLASSES = np.array([0, 5, 2, 2])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x, beta=1.0):
    return np.log1p(np.exp(beta * x)) / beta


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def phi(x):
    return (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


ACTIVATIONS = {
    "CELU": (nn.CELU(2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2))),
    "ELU": (nn.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    "GELU": (nn.GELU(), lambda x: x * phi(x)),
    "GELU tanh": (
        nn.GELU("tanh"),
        lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    "GLU": (nn.GLU(), lambda x: x[:, :3] * sigmoid(x[:, 3:])),
    "Hardshrink": (nn.Hardshrink(0.7), lambda x: np.where(abs(x) > 0.7, x, 0)),
    "Hardsigmoid": (nn.Hardsigmoid(), lambda x: np.clip(x + 3, 0, 6) / 6),
    "Hardswish": (nn.Hardswish(), lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "Hardtanh": (nn.Hardtanh(-0.5, 2.0), lambda x: np.clip(x, -0.5, 2)),
    "LeakyReLU": (nn.LeakyReLU(0.3), lambda x: np.where(x > 0, x, 0.3 * x)),
    "LogSigmoid": (nn.LogSigmoid(), lambda x: np.log(sigmoid(x))),
    "LogSoftmax": (nn.LogSoftmax(1), lambda x: np.log(softmax(x, 1))),
    "Mish": (nn.Mish(), lambda x: x * np.tanh(softplus(x))),
    "PReLU": (
        nn.PReLU(init=0.3, dtype=rushlight.float64),
        lambda x: np.where(x > 0, x, 0.3 * x),
    ),
    "RReLU": (nn.RReLU(0.2, 0.4).eval(), lambda x: np.where(x > 0, x, 0.3 * x)),
    "ReLU": (nn.ReLU(), lambda x: np.maximum(x, 0)),
    "ReLU6": (nn.ReLU6(), lambda x: np.clip(x, 0, 6)),
    "SELU": (
        nn.SELU(),
        lambda x: (
            1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))
        ),
    ),
    "SiLU": (nn.SiLU(), lambda x: x * sigmoid(x)),
    "Sigmoid": (nn.Sigmoid(), sigmoid),
    "Softmax": (nn.Softmax(0), lambda x: softmax(x, 0)),
    "Softmin": (nn.Softmin(1), lambda x: softmax(-x, 1)),
    "Softplus": (nn.Softplus(2.0), lambda x: softplus(x, 2.0)),
    "Softshrink": (
        nn.Softshrink(0.4),
        lambda x: np.sign(x) * np.maximum(abs(x) - 0.4, 0),
    ),
    "Softsign": (nn.Softsign(), lambda x: x / (1 + abs(x))),
    "Tanh": (nn.Tanh(), np.tanh),
    "Tanhshrink": (nn.Tanhshrink(), lambda x: x - np.tanh(x)),
    "Threshold": (nn.Threshold(0.2, 7.0), lambda x: np.where(x > 0.2, x, 7)),
}


def tensor(array, grad=False):
    made = rushlight.from_numpy(np.array(array))
    return made.requires_grad_() if grad else made


def close(got, want, tol=1e-10):
    np.testing.assert_allclose(got.detach().numpy(), want, rtol=tol, atol=tol)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    layer, formula = ACTIVATIONS[name]
    close(layer(tensor(X)), formula(X))
    assert rushlight.autograd.gradcheck(layer, [tensor(X, True)])


def test_softmax2d_is_over_channels():
    x = X.reshape(2, 3, 2, 2)
    close(nn.Softmax2d()(tensor(x)), softmax(x, 1))
    close(nn.Softmax2d()(tensor(x[0])), softmax(x[0], 0))


@pytest.mark.parametrize(
    "layer",
    [
        nn.CELU(inplace=True),
        nn.ELU(inplace=True),
        nn.Hardsigmoid(True),
        nn.Hardswish(True),
        nn.Hardtanh(inplace=True),
        nn.LeakyReLU(inplace=True),
        nn.Mish(True),
        nn.RReLU(inplace=True),
        nn.ReLU(True),
        nn.ReLU6(True),
        nn.SELU(True),
        nn.SiLU(True),
        nn.Threshold(0.0, 1.0, True),
        nn.Dropout(0.5, True),
        nn.Dropout1d(0.5, True),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_inplace_layers_write_the_input(layer):
    x = tensor(X)
    assert layer(x) is x
    assert not np.array_equal(x.numpy(), X)


PICKED = X[np.arange(4), CLASSES][:, None]

LOSSES = {
    "BCELoss": (
        nn.BCELoss(),
        (P, Q),
        lambda p, q: -q * np.log(p) - (1 - q) * np.log1p(-p),
    ),
    "BCEWithLogitsLoss": (
        nn.BCEWithLogitsLoss(pos_weight=tensor([2.0] * 6)),
        (X, Q),
        lambda x, q: -2 * q * np.log(sigmoid(x)) - (1 - q) * np.log(sigmoid(-x)),
    ),
    "CosineEmbeddingLoss": (
        nn.CosineEmbeddingLoss(0.1),
        (X, Y, SIGNS[:, 0]),
        lambda x, y, t: np.where(
            t > 0, 1 - cosine(x, y), np.maximum(0, cosine(x, y) - 0.1)
        ),
    ),
    "CrossEntropyLoss": (
        nn.CrossEntropyLoss(),
        (X, CLASSES),
        lambda x, c: -np.log(softmax(x, 1))[np.arange(4), c],
    ),
    "GaussianNLLLoss": (
        nn.GaussianNLLLoss(full=True),
        (X, Y, P),
        lambda x, y, v: (np.log(2 * np.pi * v) + (x - y) ** 2 / v) / 2,
    ),
    "HingeEmbeddingLoss": (
        nn.HingeEmbeddingLoss(0.8),
        (X, SIGNS),
        lambda x, t: np.where(t > 0, x, np.maximum(0, 0.8 - x)),
    ),
    "HuberLoss": (
        nn.HuberLoss(delta=0.5),
        (X, Y),
        lambda x, y: np.where(
            abs(x - y) < 0.5, (x - y) ** 2 / 2, 0.5 * (abs(x - y) - 0.25)
        ),
    ),
    "KLDivLoss": (
        nn.KLDivLoss(),
        (X, Q),
        lambda x, q: q * (np.log(q) - x),
    ),
    "L1Loss": (nn.L1Loss(), (X, Y), lambda x, y: abs(x - y)),
    "MSELoss": (nn.MSELoss(), (X, Y), lambda x, y: (x - y) ** 2),
    "MarginRankingLoss": (
        nn.MarginRankingLoss(0.5),
        (X, Y, SIGNS),
        lambda x, y, t: np.maximum(0, -t * (x - y) + 0.5),
    ),
    "MultiLabelSoftMarginLoss": (
        nn.MultiLabelSoftMarginLoss(),
        (X, Q),
        lambda x, q: -q * np.log(sigmoid(x)) - (1 - q) * np.log(sigmoid(-x)),
    ),
    "MultiMarginLoss": (
        nn.MultiMarginLoss(2, 0.5),
        (X, CLASSES),
        lambda x, c: ((np.maximum(0, 0.5 - PICKED + x) ** 2).sum(1) - 0.25) / 6,
    ),
    "NLLLoss": (nn.NLLLoss(), (X, CLASSES), lambda x, c: -PICKED[:, 0]),
    "PoissonNLLLoss": (
        nn.PoissonNLLLoss(),
        (X, Q),
        lambda x, q: np.exp(x) - q * x,
    ),
    "SmoothL1Loss": (
        nn.SmoothL1Loss(beta=0.5),
        (X, Y),
        lambda x, y: np.where(abs(x - y) < 0.5, (x - y) ** 2, abs(x - y) - 0.25),
    ),
    "SoftMarginLoss": (nn.SoftMarginLoss(), (X, SIGNS), lambda x, t: softplus(-t * x)),
    "TripletMarginLoss": (
        nn.TripletMarginLoss(eps=0.0, swap=True),
        (X, Y, P),
        lambda a, p, n: np.maximum(
            0, distance(a, p) - np.minimum(distance(a, n), distance(p, n)) + 1
        ),
    ),
    "TripletMarginWithDistanceLoss": (
        nn.TripletMarginWithDistanceLoss(
            distance_function=nn.PairwiseDistance(1.0, 0.0)
        ),
        (X, Y, P),
        lambda a, p, n: np.maximum(0, abs(a - p).sum(1) - abs(a - n).sum(1) + 1),
    ),
}


def cosine(x, y):
    return (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))


def distance(x, y):
    return np.sqrt(((x - y) ** 2).sum(1))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, reduction):
    layer, arrays, formula = LOSSES[name]
    layer = copy.deepcopy(layer)
    assert layer.reduction == "mean"
    layer.reduction = reduction
    inputs = [tensor(x) for x in arrays]
    want = formula(*arrays)
    if name == "MultiLabelSoftMarginLoss":
        want = want.mean(1)
    want = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](want)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # KLDivLoss recommends another reduction
        close(layer(*inputs), want, 1e-8)
        inputs[0].requires_grad_()
        assert rushlight.autograd.gradcheck(
            lambda x: layer(x, *inputs[1:]), [inputs[0]]
        )


def test_multilabel_margin_loss():
    x, y = tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]])
    terms = [max(0, 1 - (t - o)) for t in (0.8, 0.1) for o in (0.2, 0.4)]
    close(nn.MultiLabelMarginLoss()(x, y), sum(terms) / 4)


def test_ctc_loss_of_one_path():
    log_probs = tensor(np.log(softmax(X[:, None, :3], 2)))
    loss = nn.CTCLoss(reduction="sum")
    # Four steps and the labels 1, 2, 1, 2: there is one alignment.
    got = loss(log_probs, tensor([[1, 2, 1, 2]]), tensor([4]), tensor([4]))
    close(got, -log_probs.numpy()[np.arange(4), 0, [1, 2, 1, 2]].sum())
    assert loss(log_probs, tensor([[1, 1, 1]]), tensor([4]), tensor([3])) == math.inf
    loss = nn.CTCLoss(reduction="sum", zero_infinity=True)
    assert loss(log_probs, tensor([[1, 1, 1]]), tensor([4]), tensor([3])) == 0


@pytest.mark.parametrize(
    ("layer", "shape", "drawn"),
    [
        (nn.Dropout(0.5), (40, 50), (0, 1)),
        (nn.Dropout1d(0.5), (40, 50, 3), (0, 1)),
        (nn.Dropout1d(0.5), (50, 3), (0,)),
        (nn.Dropout2d(0.5), (40, 50, 3, 2), (0, 1)),
        (nn.Dropout3d(0.5), (40, 50, 3, 1, 2), (0, 1)),
        (nn.Dropout3d(0.5), (50, 3, 1, 2), (0,)),
    ],
)
def test_dropout_of_whole_channels(layer, shape, drawn):
    rushlight.manual_seed(0)
    kept = layer(rushlight.ones(*shape)).numpy()
    assert set(np.unique(kept)) == {0.0, 2.0}
    rest = tuple(d for d in range(len(shape)) if d not in drawn)
    np.testing.assert_array_equal(kept.min(rest), kept.max(rest))
    assert 0.3 < (kept == 0).mean() < 0.7
    x = rushlight.ones(*shape)
    assert (copy.deepcopy(layer).eval()(x) == 1).all()


def test_alpha_dropout_keeps_mean_and_variance():
    rushlight.manual_seed(0)
    x = rushlight.randn(300, 300)
    for layer, y in ((nn.AlphaDropout(0.3), x), (nn.FeatureAlphaDropout(0.3), x)):
        out = layer(y)
        assert abs(out.mean().item()) < 0.02
        assert abs(out.var().item() - 1) < 0.03
        # What is dropped takes one value.
        counts = np.unique(out.numpy(), return_counts=True)[1]
        assert 0.25 < counts.max() / out.numel() < 0.35


def test_distances():
    close(nn.PairwiseDistance(eps=0.0)(tensor(X), tensor(Y)), distance(X, Y))
    close(
        nn.PairwiseDistance(1.0, 0.0, True)(tensor(X), tensor(Y)),
        abs(X - Y).sum(1, keepdims=True),
    )
    close(nn.CosineSimilarity()(tensor(X), tensor(Y)), cosine(X, Y))
    close(nn.CosineSimilarity(0)(tensor(X), tensor(Y)), cosine(X.T, Y.T))


@pytest.mark.parametrize("bias", [True, False])
def test_bilinear(bias):
    layer = nn.Bilinear(6, 3, 5, bias=bias, dtype=rushlight.float64)
    got = layer(tensor(X), tensor(Y[:, :3]))
    want = np.einsum("ni,oij,nj->no", X, layer.weight.detach().numpy(), Y[:, :3])
    close(got, want + (layer.bias.detach().numpy() if bias else 0))
    assert layer.weight.abs().max().item() <= 1 / math.sqrt(6)


def test_embedding():
    layer = nn.Embedding(7, 3, padding_idx=-1)
    assert layer.padding_idx == 6
    assert layer.weight[6].tolist() == [0.0] * 3
    index = np.array([[1, 6, 1], [2, 0, 6]])
    out = layer(tensor(index))
    np.testing.assert_array_equal(
        out.detach().numpy(), layer.weight.detach().numpy()[index]
    )
    out.sum().backward()
    want = np.bincount(index.ravel(), minlength=7).astype("f")
    want[6] = 0
    np.testing.assert_array_equal(layer.weight.grad.numpy()[:, 0], want)


def test_embedding_of_int32_and_scaled_gradients():
    layer = nn.Embedding(4, 2, scale_grad_by_freq=True)
    index = tensor(np.array([1, 1, 3], dtype=np.int32))
    layer(index).sum().backward()
    assert layer.weight.grad.tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]]


@pytest.mark.parametrize("index", [7, -1])
@pytest.mark.parametrize("shape", [(), (1,), (2, 2)])
def test_embedding_says_which_index_is_wrong(index, shape):
    with pytest.raises(IndexError, match=f"embedding.*{index} is out of range"):
        nn.Embedding(7, 3)(tensor(np.full(shape, index)))


def test_embedding_shortens_rows():
    layer = nn.Embedding(3, 2, max_norm=1.0)
    with rushlight.no_grad():
        layer.weight.fill_(3.0)
    layer(tensor([1]))
    close(layer.weight[1].norm(), 1.0, 1e-5)
    assert layer.weight[0].tolist() == [3.0, 3.0]


@pytest.mark.parametrize("layer", [nn.Embedding, nn.EmbeddingBag])
def test_sparse_gradients_are_refused(layer):
    with pytest.raises(NotImplementedError, match="sparse=False"):
        layer(3, 2, sparse=True)(tensor([[1]]))
    with rushlight.no_grad():
        layer(3, 2, sparse=True)(tensor([[1]]))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag(mode):
    table = np.random.default_rng(0).standard_normal((7, 3))
    layer = nn.EmbeddingBag.from_pretrained(tensor(table), freeze=False, mode=mode)
    index = np.array([[1, 5], [2, 2]])
    want = getattr(table[index], mode)(1)
    close(layer(tensor(index)), want)
    close(layer(tensor(index.ravel()), tensor([0, 2])), want)
    assert layer.weight.requires_grad


def test_adaptive_softmax_is_a_distribution():
    layer = nn.AdaptiveLogSoftmaxWithLoss(16, 12, [3, 7], 2.0)
    x = rushlight.randn(5, 16)
    table = layer.log_prob(x)
    close(table.exp().sum(1), np.ones(5), 1e-5)
    target = np.array([0, 3, 6, 7, 11])
    out = layer(x, tensor(target))
    close(out.output, table.detach().numpy()[np.arange(5), target], 1e-5)
    close(out.loss, -out.output.detach().numpy().mean(), 1e-6)
    np.testing.assert_array_equal(
        layer.predict(x).numpy(), table.detach().numpy().argmax(1)
    )
    one = layer(x[3], rushlight.tensor(7))
    close(one.output, out.output[3].item(), 1e-5)
    out.loss.backward()
    assert all(p.grad is not None for p in layer.parameters())


@pytest.mark.parametrize(
    "layer",
    [nn.PReLU(3), nn.Embedding(4, 2, 1), nn.Bilinear(2, 3, 4), nn.CrossEntropyLoss()],
    ids=lambda layer: type(layer).__name__,
)
def test_pickled_layers_are_the_same(layer):
    again = pickle.loads(pickle.dumps(layer))
    assert repr(again) == repr(layer)
    for key, value in layer.state_dict().items():
        assert (again.state_dict()[key] == value).all()
