"""Functions behind layers: derivatives by finite differences, values by NumPy."""

from __future__ import annotations

import doctest
import importlib
import itertools
import math

import numpy as np
import pytest

import rushlight as rl
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F

MODULES = sorted({*F.FUNCTIONS, "rushlight.nn._functional.top_level"})


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"rushlight": rl})
    assert result.failed == 0


def test_every_name_is_there():
    for name in F.__all__:
        assert callable(getattr(F, name)), name
    assert len(set(F.__all__)) == len(F.__all__)
    assert not hasattr(F, "no_such_function")


def draw(*shape, seed=0, low=-2.0, high=2.0):
    return np.random.default_rng(seed).uniform(low, high, shape)


def leaf(*shape, seed=0, low=-2.0, high=2.0):
    return rl.tensor(draw(*shape, seed=seed, low=low, high=high), requires_grad=True)


def ints(high, *shape, seed=0):
    return rl.tensor(np.random.default_rng(seed).integers(0, high, shape))


def units():
    return {
        "celu": lambda x: F.celu(x, 1.5),
        "elu": lambda x: F.elu(x, 0.5),
        "gelu": F.gelu,
        "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
        "glu": lambda x: F.glu(x, 0),
        "hardshrink": F.hardshrink,
        "hardsigmoid": F.hardsigmoid,
        "hardswish": F.hardswish,
        "hardtanh": F.hardtanh,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
        "logsigmoid": F.logsigmoid,
        "mish": F.mish,
        "relu6": F.relu6,
        "rrelu": F.rrelu,
        "selu": F.selu,
        "silu": F.silu,
        "softmin": lambda x: F.softmin(x, 0),
        "softplus": lambda x: F.softplus(x, 2.0, 1.0),
        "softshrink": F.softshrink,
        "softsign": F.softsign,
        "tanhshrink": F.tanhshrink,
    }


@pytest.mark.parametrize("name", units())
def test_gradients_of_activations(name):
    x = leaf(2, 3, seed=4)
    assert gradcheck(units()[name], (x,))
    assert gradgradcheck(units()[name], (x,), fast_mode=True)


CASES = {
    "prelu": (F.prelu, leaf(2, 3, 2), leaf(3)),
    "batch_norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        leaf(4, 2, 2),
        leaf(2),
        leaf(2, seed=1),
    ),
    "instance_norm": (
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
        leaf(2, 2, 3),
        leaf(2),
        leaf(2, seed=1),
    ),
    "layer_norm": (lambda x, w: F.layer_norm(x, (3,), w), leaf(2, 3), leaf(3)),
    "group_norm": (lambda x, w: F.group_norm(x, 2, w), leaf(2, 4, 2), leaf(4)),
    "rms_norm": (lambda x, w: F.rms_norm(x, (3,), w), leaf(2, 3), leaf(3)),
    "local_response_norm": (
        lambda x: F.local_response_norm(x, 2, 0.5),
        leaf(1, 3, 2),
    ),
    "normalize": (F.normalize, leaf(2, 3)),
    "embedding": (lambda w: F.embedding(ints(4, 2, 2), w), leaf(4, 2)),
    "embedding_bag": (
        lambda w, p: F.embedding_bag(
            ints(4, 2, 2), w, mode="sum", per_sample_weights=p
        ),
        leaf(4, 2),
        leaf(2, 2),
    ),
    "embedding_bag max": (
        lambda w: F.embedding_bag(ints(4, 2, 2), w, mode="max"),
        leaf(4, 2),
    ),
    "bilinear": (F.bilinear, leaf(2, 2), leaf(2, 3), leaf(2, 2, 3), leaf(2)),
    "cosine_similarity": (F.cosine_similarity, leaf(2, 3), leaf(2, 3, seed=1)),
    "pairwise_distance": (F.pairwise_distance, leaf(2, 3), leaf(2, 3, seed=1)),
    "binary_cross_entropy": (
        F.binary_cross_entropy,
        leaf(3, low=0.1, high=0.9),
        leaf(3, seed=1, low=0.1, high=0.9),
    ),
    "binary_cross_entropy_with_logits": (
        lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w),
        leaf(3),
        leaf(3, seed=1),
        leaf(3, seed=2),
    ),
    "kl_div": (
        lambda x, t: F.kl_div(x, t, reduction="batchmean"),
        leaf(3),
        leaf(3, low=0.1),
    ),
    "smooth_l1_loss": (F.smooth_l1_loss, leaf(3), leaf(3, seed=1)),
    "huber_loss": (F.huber_loss, leaf(3), leaf(3, seed=1)),
    "poisson_nll_loss": (
        lambda x, t: F.poisson_nll_loss(x, t, full=True),
        leaf(3),
        leaf(3, low=1.5, high=4),
    ),
    "gaussian_nll_loss": (
        F.gaussian_nll_loss,
        leaf(3),
        leaf(3, seed=1),
        leaf(3, low=0.5),
    ),
    "soft_margin_loss": (F.soft_margin_loss, leaf(3), leaf(3, seed=1)),
    "multi_margin_loss": (
        lambda x: F.multi_margin_loss(x, ints(3, 2), p=2),
        leaf(2, 3),
    ),
    "multilabel_margin_loss": (
        lambda x: F.multilabel_margin_loss(x, rl.tensor([2, 0, -1, 1])),
        leaf(4),
    ),
    "cosine_embedding_loss": (
        lambda x, y: F.cosine_embedding_loss(x, y, rl.tensor([1, -1])),
        leaf(2, 3),
        leaf(2, 3, seed=1),
    ),
    "triplet_margin_loss": (
        lambda *x: F.triplet_margin_loss(*x, swap=True),
        leaf(2, 3),
        leaf(2, 3, seed=1),
        leaf(2, 3, seed=2),
    ),
    "attention": (
        F.scaled_dot_product_attention,
        leaf(2, 3, 2),
        leaf(2, 2, 2, seed=1),
        leaf(2, 2, 3, seed=2),
    ),
    "gru_cell": (rl.gru_cell, leaf(2, 2), leaf(2, 2), leaf(6, 2), leaf(6, 2, seed=1)),
    "lstm_cell": (
        lambda x, h, c, w, v: rl.lstm_cell(x, (h, c), w, v),
        leaf(1, 2),
        leaf(1, 2, seed=1),
        leaf(1, 2, seed=2),
        leaf(8, 2),
        leaf(8, 2, seed=1),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:kl_div")
def test_gradients(name):
    function, *inputs = CASES[name]
    assert gradcheck(function, tuple(inputs))
    assert gradgradcheck(function, tuple(inputs), fast_mode=True)


def close(got, expected, tolerance=1e-12):
    expected = np.asarray(expected)
    assert tuple(got.shape) == expected.shape
    np.testing.assert_allclose(
        got.detach().numpy(), expected, rtol=tolerance, atol=tolerance
    )


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


EXPECTED = {
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "gelu": lambda x: x * np.vectorize(lambda v: 0.5 * math.erfc(-v / 2**0.5), "d")(x),
    "hardshrink": lambda x: np.where(abs(x) > 0.5, x, 0),
    "hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hardswish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hardtanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "logsigmoid": lambda x: np.log(sigmoid(x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "relu6": lambda x: np.clip(x, 0, 6),
    "rrelu": lambda x: np.where(x > 0, x, 11 / 48 * x),
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softshrink": lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0),
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - np.tanh(x),
}


def layouts(array):
    """The same values in memory of several kinds, with what they are in NumPy."""
    x = rl.tensor(array)
    yield x, array
    yield x.t(), array.T
    yield x[1:, ::2], array[1:, ::2]
    yield x[:1].expand(3, -1), np.broadcast_to(array[:1], (3, array.shape[1]))
    yield x[0, 0], array[0, 0]
    yield x[:0], array[:0]


@pytest.mark.parametrize("name", EXPECTED)
def test_activations_in_any_layout(name):
    for x, array in layouts(draw(4, 5, low=-7, high=7)):
        close(getattr(F, name)(x), EXPECTED[name](array), 1e-9)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm", "group_norm", "batch_norm"])
def test_norms_in_any_layout(name):
    def standard(a, axes):
        return (a - a.mean(axes, keepdims=True)) / a.std(axes, keepdims=True)

    expected = {
        "layer_norm": lambda a: standard(a, -1),
        "rms_norm": lambda a: a / np.sqrt((a * a).mean(-1, keepdims=True)),
        "group_norm": lambda a: standard(a, -1),
        "batch_norm": lambda a: standard(a, 0),
    }[name]
    call = {
        "layer_norm": lambda x: F.layer_norm(x, x.shape[-1:], eps=0.0),
        "rms_norm": lambda x: F.rms_norm(x, x.shape[-1:], eps=0.0),
        "group_norm": lambda x: F.group_norm(x, 1, eps=0.0),
        "batch_norm": lambda x: F.batch_norm(x, None, None, training=True, eps=1e-300),
    }[name]
    for x, array in list(layouts(draw(4, 5)))[:3]:
        close(call(x), expected(array), 1e-9)


def test_half_precision_is_rounded_once():
    x = draw(100, low=-4, high=4)
    for dtype, bits in ((rl.float16, 11), (rl.bfloat16, 8)):
        half = rl.tensor(x).to(dtype)
        exact = EXPECTED["mish"](half.double().numpy())
        error = abs(F.mish(half).double().numpy() - exact)
        # Half a unit in the last place, and float32's own error.
        assert (error <= (0.51 * 2.0 ** (1 - bits)) * abs(exact)).all()


def test_gradient_by_frequency_and_padding():
    weight = rl.ones(4, 2, requires_grad=True)
    index = rl.tensor([1, 3, 1, 1, 2, 3])
    rl.embedding(weight, index, 2, True).sum().backward()
    close(weight.grad, [[0, 0], [1, 1], [0, 0], [1, 1]])
    weight.grad = None
    F.embedding_bag(
        index.reshape(2, 3), weight, mode="sum", scale_grad_by_freq=True
    ).sum().backward()
    close(weight.grad, [[0, 0], [1, 1], [1, 1], [1, 1]])


def test_sparse_gradients_are_refused():
    weight, index = rl.ones(4, 2, requires_grad=True), rl.tensor([[1]])
    for function in (F.embedding, F.embedding_bag):
        with pytest.raises(NotImplementedError, match="sparse"):
            function(index, weight, sparse=True)
        with rl.no_grad():
            assert function(index, weight, sparse=True).sum() == 2


def test_max_bags_take_the_first_of_equals():
    weight = rl.tensor([[1.0], [5.0], [5.0]], requires_grad=True)
    F.embedding_bag(rl.tensor([[0, 2, 1]]), weight, mode="max").sum().backward()
    close(weight.grad, [[0], [0], [1]])


@pytest.mark.parametrize("labels", [[], [1], [1, 1], [2, 1, 2]])
def test_ctc_loss_sums_over_all_alignments(labels):
    steps, classes, blank = 5, 3, 0
    logits = draw(steps, classes)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        merged = [v for v, _ in itertools.groupby(path) if v != blank]
        if merged == labels:
            total += math.prod(probabilities[t, c] for t, c in enumerate(path))
    x = rl.tensor(logits, requires_grad=True)

    def loss(x):
        return F.ctc_loss(
            x.log_softmax(1),
            rl.tensor(labels, dtype=rl.int64),
            rl.tensor(steps),
            rl.tensor(len(labels)),
            reduction="sum",
        )

    close(loss(x), -math.log(total), 1e-12)
    assert gradcheck(loss, (x,))


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.ctc_loss(rl.zeros(2, 1, 3), rl.tensor([[3]]), [2], [1]),
        lambda: F.ctc_loss(rl.zeros(2, 1, 3), rl.tensor([[-1]]), [2], [1]),
        lambda: rl.embedding_bag(
            rl.ones(3, 2), rl.tensor([1, 2]), rl.tensor([0, 2, 1])
        ),
        lambda: rl.lstm(
            rl.ones(2, 1, 1),
            (rl.ones(1, 1, 1), rl.ones(1, 1, 1)),
            [],
            False,
            1,
            0.0,
            True,
            False,
            False,
        ),
        lambda: rl.gru(
            rl.ones(2, 1),
            rl.tensor([1, 2]),
            rl.ones(1, 1, 1),
            [],
            False,
            1,
            0.0,
            True,
            False,
        ),
    ],
    ids=["large label", "negative label", "offsets", "parameters", "batch sizes"],
)
def test_errors_where_pytorch_reads_other_memory(call):
    with pytest.raises(RuntimeError):
        call()


def test_lstm_against_numpy():
    hidden, width, steps = 3, 2, 4
    w, v = draw(4 * hidden, width), draw(4 * hidden, hidden, seed=1)
    x = draw(steps, 1, width, seed=2)
    h, c = np.zeros(hidden), np.zeros(hidden)
    outputs = []
    for t in range(steps):
        i, f, g, o = np.split(w @ x[t, 0] + v @ h, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    zero = rl.zeros(1, 1, hidden, dtype=rl.float64)
    output, last, cell = rl.lstm(
        rl.tensor(x),
        (zero, zero),
        (rl.tensor(w), rl.tensor(v)),
        False,
        1,
        0.0,
        False,
        False,
        False,
    )
    close(output[:, 0], outputs)
    close(last[0, 0], h)
    close(cell[0, 0], c)


def test_attention_against_numpy():
    q, k, v = draw(3, 4), draw(5, 4, seed=1), draw(5, 2, seed=2)
    scores = q @ k.T / 2
    scores[:, 3] = -np.inf
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    mask = rl.tensor([True, True, True, False, True])
    got = F.scaled_dot_product_attention(*map(rl.tensor, (q, k, v)), mask)
    close(got, weights @ v)


def test_attention_without_keys_has_no_nan():
    x = leaf(2, 2)
    result = F.scaled_dot_product_attention(
        x, x, x, rl.tensor([[True, True], [False, False]])
    )
    result.sum().backward()
    assert not bool(result[1].any())
    assert bool(x.grad.isfinite().all())


def test_dropped_heads_are_reproducible():
    x, eye = leaf(4, 2, 4), rl.eye(4, dtype=rl.float64)

    def run(training):
        rl.manual_seed(0)
        return F.multi_head_attention_forward(
            x,
            x,
            x,
            4,
            2,
            eye.repeat(3, 1),
            None,
            None,
            None,
            False,
            0.5,
            eye,
            None,
            training=training,
        )

    a, b, c = run(True), run(True), run(False)
    assert rl.equal(a[0], b[0])
    assert not rl.allclose(a[0], c[0])
    close(c[1].sum(-1), np.ones((2, 4)))
