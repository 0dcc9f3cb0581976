"""Layers, their functions and initial values, against NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import functional as F


def array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def tensor(values):
    return rushlight.tensor(np.asarray(values).tolist())


def log_softmax(x, axis):
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def close(got, expected, tol=1e-5):
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=tol, atol=tol)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 3), (0, 3)])
def test_linear(shape):
    layer = nn.Linear(3, 2)
    x = array(*shape)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    close(layer(tensor(x).reshape(shape)), x @ weight.T + bias)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, (2, 1), "same"])
def test_conv2d_padding_modes_match_padded_input(mode, padding):
    layer = nn.Conv2d(1, 2, (3, 5), padding=padding, padding_mode=mode)
    x = array(2, 1, 5, 6)
    height, width = {1: (1, 1), (2, 1): (2, 1), "same": (1, 2)}[padding]
    kind = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    padded = np.pad(x, ((0, 0), (0, 0), (height, height), (width, width)), kind)
    close(layer(tensor(x)), correlate(padded, layer), tol=1e-4)


def correlate(x, layer):
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    windows = np.lib.stride_tricks.sliding_window_view(
        x, weight.shape[-2:], axis=(-2, -1)
    )
    return np.einsum("nchwkl,ockl->nohw", windows, weight) + bias[:, None, None]


def test_conv2d_same_puts_the_odd_column_last():
    layer = nn.Conv2d(1, 1, (2, 4), padding="same")
    x = array(1, 1, 3, 5)
    padded = np.pad(x, ((0, 0), (0, 0), (0, 1), (1, 2)))
    close(layer(tensor(x)), correlate(padded, layer))
    close(
        F.conv2d(tensor(x), layer.weight, layer.bias, padding="valid"),
        correlate(x, layer),
    )


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"groups": 0}, "positive"),
        ({"groups": 3}, "divisible"),
        ({"padding": "full"}, "Invalid padding string"),
        ({"padding": "same", "stride": 2}, "strided"),
        ({"padding_mode": "mirror"}, "padding_mode must be"),
    ],
)
def test_conv2d_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        nn.Conv2d(2, 4, 3, **arguments)


def test_max_pool2d_returns_positions():
    x = array(1, 2, 4, 6)
    pool = nn.MaxPool2d(2, return_indices=True)
    values, positions = pool(tensor(x))
    blocks = x.reshape(1, 2, 2, 2, 3, 2).max(axis=(3, 5))
    close(values, blocks)
    flat = x.reshape(1, 2, -1)
    picked = np.take_along_axis(flat, positions.numpy().reshape(1, 2, -1), axis=2)
    np.testing.assert_array_equal(picked.reshape(blocks.shape), blocks)
    assert repr(pool) == (
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    )


def test_pointwise_layers():
    x = array(3, 4)
    close(nn.ReLU()(tensor(x)), np.maximum(x, 0))
    close(nn.Sigmoid()(tensor(x)), 1 / (1 + np.exp(-x)))
    close(nn.Tanh()(tensor(x)), np.tanh(x))
    close(nn.Softmax(1)(tensor(x)), np.exp(log_softmax(x, 1)))
    close(nn.LogSoftmax(0)(tensor(x)), log_softmax(x, 0))
    close(F.threshold(tensor(x), 0.5, -1.0), np.where(x > 0.5, x, -1.0))
    inplace = tensor(x)
    assert nn.ReLU(inplace=True)(inplace) is inplace
    close(inplace, np.maximum(x, 0))
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        close(nn.Softmax()(tensor(x)), np.exp(log_softmax(x, 1)))


def test_dropout():
    rushlight.manual_seed(0)
    x = rushlight.ones(10000)
    kept = nn.Dropout(0.25)(x)
    values, counts = np.unique(kept.numpy(), return_counts=True)
    np.testing.assert_allclose(values, [0.0, 1 / 0.75], rtol=1e-6)
    assert abs(counts[0] - 2500) < 200
    assert nn.Dropout(0.25).eval()(x) is x
    assert nn.Dropout(1.0)(x).sum().item() == 0
    weight = rushlight.ones(4, requires_grad=True)
    out = F.dropout(weight, 0.5)
    out.sum().backward()
    np.testing.assert_array_equal(weight.grad.numpy(), out.detach().numpy())
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)


def test_flatten_unflatten():
    x = rushlight.zeros(2, 3, 4, 5)
    assert tuple(nn.Flatten()(x).shape) == (2, 60)
    assert tuple(nn.Flatten(0, 1)(x).shape) == (6, 4, 5)
    assert tuple(nn.Unflatten(-1, (5, -1))(x).shape) == (2, 3, 4, 5, 1)
    with pytest.raises(RuntimeError, match="don't multiply up"):
        nn.Unflatten(1, (2, 2))(x)
    with pytest.raises(TypeError, match="tuple of ints"):
        nn.Unflatten(1, (2, "a"))


LOGITS = array(5, 4, seed=1)
CLASSES = np.array([0, 3, 2, 2, 1])
WEIGHT = np.array([1.0, 2.0, 0.5, 3.0], dtype=np.float32)


def expected_cross_entropy(weight, reduction, smoothing, ignore):
    log_probs = log_softmax(LOGITS.astype(np.float64), 1)
    factors = np.ones(4) if weight is None else weight
    kept = ignore != CLASSES
    rows = np.arange(5)
    losses = -log_probs[rows, CLASSES] * factors[CLASSES]
    smooth = -(log_probs * factors).sum(1)
    losses = np.where(kept, (1 - smoothing) * losses + smoothing / 4 * smooth, 0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / factors[CLASSES][kept].sum()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("ignore", [-100, 2])
def test_cross_entropy_of_classes(reduction, weight, smoothing, ignore):
    loss = nn.CrossEntropyLoss(
        weight=None if weight is None else tensor(weight),
        reduction=reduction,
        label_smoothing=smoothing,
        ignore_index=ignore,
    )
    got = loss(tensor(LOGITS), rushlight.tensor(CLASSES.tolist()))
    close(got, expected_cross_entropy(weight, reduction, smoothing, ignore))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_of_probabilities(reduction, smoothing):
    target = np.exp(log_softmax(array(5, 4, seed=2), 1))
    mixed = target * (1 - smoothing) + smoothing / 4
    losses = -(log_softmax(LOGITS, 1) * mixed * WEIGHT).sum(1)
    expected = {"none": losses, "sum": losses.sum(), "mean": losses.sum() / 5}
    got = F.cross_entropy(
        tensor(LOGITS),
        tensor(target),
        weight=tensor(WEIGHT),
        reduction=reduction,
        label_smoothing=smoothing,
    )
    close(got, expected[reduction])


def test_cross_entropy_of_probabilities_ignores_no_class():
    x = rushlight.zeros(2, 3)
    with pytest.raises(RuntimeError, match="ignore_index is not supported"):
        F.cross_entropy(x, x, ignore_index=1)


def test_cross_entropy_shapes():
    x = array(2, 3, 4)
    target = np.array([[0, 1, 2, 0], [2, 2, 1, 0]])
    picked = np.take_along_axis(log_softmax(x, 1), target[:, None], axis=1)[:, 0]
    got = F.cross_entropy(
        tensor(x), rushlight.tensor(target.tolist()), reduction="none"
    )
    close(got, -picked)
    single = F.cross_entropy(tensor(x[0, :, 0]), rushlight.tensor(1))
    close(single, -log_softmax(x[0, :, 0], 0)[1])
    with pytest.raises(RuntimeError, match="shape"):
        F.cross_entropy(tensor(x), tensor(x[:1]))
    with pytest.raises(ValueError, match="not a valid value for reduction"):
        F.cross_entropy(tensor(x), rushlight.tensor(target.tolist()), reduction="avg")
    with pytest.raises(RuntimeError, match="label_smoothing"):
        F.cross_entropy(tensor(x), tensor(x), label_smoothing=2.0)


def test_nll_loss():
    log_probs = log_softmax(LOGITS, 1)
    target = rushlight.tensor(CLASSES.tolist())
    picked = -log_probs[np.arange(5), CLASSES]
    close(nn.NLLLoss()(tensor(log_probs), target), picked.mean())
    close(F.nll_loss(tensor(log_probs), target, reduction="none"), picked)
    with pytest.warns(UserWarning, match="reduction='sum'"):
        loss = nn.NLLLoss(size_average=False)
    close(loss(tensor(log_probs), target), picked.sum())


def test_mse_loss():
    a, b = array(3, 4), array(3, 4, seed=3)
    close(nn.MSELoss()(tensor(a), tensor(b)), ((a - b) ** 2).mean())
    close(nn.MSELoss(reduction="sum")(tensor(a), tensor(b)), ((a - b) ** 2).sum())
    close(F.mse_loss(tensor(a), tensor(b), reduction="none"), (a - b) ** 2)
    weight = np.abs(array(3, 4, seed=4))
    close(
        F.mse_loss(tensor(a), tensor(b), weight=tensor(weight)),
        ((a - b) ** 2 * weight).sum() / weight.sum(),
    )
    with pytest.warns(UserWarning, match="different to the input size"):
        F.mse_loss(tensor(a), tensor(b[:1]))


def test_one_hot():
    indices = rushlight.tensor([[0, 2], [1, 1]])
    np.testing.assert_array_equal(
        F.one_hot(indices, 4).numpy(), np.eye(4, dtype=np.int64)[indices.numpy()]
    )
    assert tuple(F.one_hot(indices).shape) == (2, 2, 3)
    with pytest.raises(RuntimeError, match="smaller than num_classes"):
        F.one_hot(indices, 2)
    with pytest.raises(RuntimeError, match="non-negative"):
        F.one_hot(rushlight.tensor([-1]))
    with pytest.raises(RuntimeError, match="index tensor"):
        F.one_hot(rushlight.zeros(2))


@pytest.mark.parametrize("widths", [(1, 2), (0, 1, 2, 0), (-1, 1), (0, 0, -1, -1)])
def test_pad_constant(widths):
    x = array(3, 4)
    pairs = [(0, 0), (0, 0)]
    for at in range(0, len(widths), 2):
        pairs[1 - at // 2] = widths[at : at + 2]
    padded = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in pairs], constant_values=5.0)
    cropped = padded[
        tuple(
            slice(max(-a, 0), size + max(a, 0) + max(b, 0) - max(-b, 0))
            for (a, b), size in zip(pairs, x.shape, strict=True)
        )
    ]
    close(F.pad(tensor(x), widths, value=5.0), cropped)


def test_pad_constant_twice_differentiable():
    x = rushlight.tensor(np.random.default_rng(0).normal(size=(2, 3, 4)))
    x.requires_grad_()

    def function(x):
        return F.pad(x * x, (1, -1, 0, 2, -1, 0), value=2.5)

    assert rushlight.autograd.gradcheck(function, [x])
    assert rushlight.autograd.gradgradcheck(function, [x])
    least, most = -(2**63), 2**63 - 1
    for widths in ((least, most), (most, most), (-5, 0), (0, least)):
        with pytest.raises(RuntimeError):
            F.pad(x, widths)


def test_pad_errors_and_gradient():
    x = rushlight.ones(1, 3, requires_grad=True)
    F.pad(x, (1, 1), mode="reflect").sum().backward()
    assert x.grad.tolist() == [[1.0, 3.0, 1.0]]
    for widths, mode, error in [
        ((1,), "constant", RuntimeError),
        ((1, 1, 1, 1, 1, 1), "constant", RuntimeError),
        ((3, 3), "reflect", RuntimeError),
        ((4, 4), "circular", RuntimeError),
        ((-2, -2), "constant", RuntimeError),
        ((1, 1), "mirror", NotImplementedError),
    ]:
        with pytest.raises(error, match="pad"):
            F.pad(x, widths, mode=mode)


def test_initial_ranges():
    rushlight.manual_seed(0)
    layer = nn.Linear(100, 50)
    bound = 1 / math.sqrt(100)
    weight = layer.weight.detach().numpy()
    assert np.abs(weight).max() <= bound
    assert np.abs(weight).max() > 0.95 * bound
    assert np.abs(layer.bias.detach().numpy()).max() <= bound
    values = nn.init.trunc_normal_(rushlight.empty(1000), 0, 1, -0.5, 0.5).numpy()
    assert np.abs(values).max() <= 0.5
    far = nn.init.trunc_normal_(rushlight.empty(1000), 0, 1, 1.5, 2.0).numpy()
    assert far.min() >= 1.5
    assert far.max() <= 2.0
    assert nn.init.dirac_(rushlight.empty(2, 2, 3, 3))[1, 1, 1, 1].item() == 1
    np.testing.assert_array_equal(
        nn.init.eye_(rushlight.empty(2, 3)).numpy(), np.eye(2, 3)
    )
    assert nn.init.ones_(rushlight.empty(2)).tolist() == [1.0, 1.0]
    assert nn.init.zeros_(rushlight.empty(2)).tolist() == [0.0, 0.0]
    std = nn.init.kaiming_normal_(rushlight.empty(200, 50), nonlinearity="relu")
    assert abs(std.numpy().std() - math.sqrt(2 / 50)) < 0.01
    std = nn.init.xavier_normal_(rushlight.empty(100, 50)).numpy().std()
    assert abs(std - math.sqrt(2 / 150)) < 0.01


def test_init_errors():
    with pytest.raises(ValueError, match="fewer than 2"):
        nn.init.xavier_uniform_(rushlight.empty(3))
    with pytest.raises(ValueError, match="not supported"):
        nn.init.kaiming_normal_(rushlight.empty(3, 3), mode="fan")
    with pytest.raises(ValueError, match="Unsupported nonlinearity"):
        nn.init.calculate_gain("step")
    with pytest.warns(FutureWarning, match="deprecated in favor of"):
        nn.init.constant(rushlight.empty(2), 1.0)
    with pytest.warns(UserWarning, match="no-op"):
        nn.init.kaiming_uniform_(rushlight.empty(0, 3))


def parameters_with_grads():
    params = [nn.Parameter(rushlight.zeros(2)), nn.Parameter(rushlight.zeros(1))]
    params[0].grad = rushlight.tensor([3.0, 0.0])
    params[1].grad = rushlight.tensor([4.0])
    return params


def test_clip_grad():
    params = parameters_with_grads()
    total = nn.utils.clip_grad_norm_(params, 1.0)
    assert total.item() == pytest.approx(5.0)
    close(params[0].grad, [0.6, 0.0])
    params = parameters_with_grads()
    assert nn.utils.clip_grad_norm_(params, 10.0, "inf").item() == 4.0
    assert params[1].grad.tolist() == [4.0]
    nn.utils.clip_grad_value_(params, 3.5)
    assert params[1].grad.tolist() == [3.5]
    params[0].grad[0] = float("nan")
    with pytest.raises(RuntimeError, match="non-finite"):
        nn.utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    with pytest.warns(UserWarning, match="empty generator"):
        nn.utils.clip_grad_norm_((p for p in []), 1.0)


def test_parameters_to_vector_and_back():
    layer = nn.Linear(2, 2)
    vector = nn.utils.parameters_to_vector(layer.parameters())
    assert tuple(vector.shape) == (6,)
    nn.utils.vector_to_parameters(rushlight.arange(6.0), layer.parameters())
    assert layer.weight.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert layer.bias.tolist() == [4.0, 5.0]
    with pytest.raises(TypeError):
        nn.utils.vector_to_parameters([1.0], layer.parameters())
