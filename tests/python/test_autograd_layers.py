"""First and second derivatives of every layer, against finite differences."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight import nn
from rushlight.autograd import gradcheck, gradgradcheck


def values(*shape, seed=0, scale=1.0):
    rl.manual_seed(seed)
    return rl.randn(*shape, dtype=rl.float64) * scale


def layer(make, *shapes, seed=0, **more):
    """A case: the layer's maker and its inputs' shapes."""
    name = more.pop("id", None) or make.__name__
    return pytest.param(make, shapes, more, id=name)


IMAGE = (2, 2, 4, 5)
LAYERS = [
    layer(lambda: nn.Linear(3, 2), (4, 3), id="Linear"),
    layer(lambda: nn.Bilinear(3, 2, 2), (2, 3), (2, 2), id="Bilinear"),
    layer(lambda: nn.Conv1d(2, 3, 3, padding=1), (2, 2, 5), id="Conv1d"),
    layer(lambda: nn.Conv2d(2, 2, (2, 3), stride=2), IMAGE, id="Conv2d"),
    layer(lambda: nn.Conv2d(2, 4, 2, groups=2, dilation=2), IMAGE, id="grouped"),
    layer(
        lambda: nn.Conv2d(2, 2, 3, padding="same", padding_mode="reflect"),
        IMAGE,
        id="reflected",
    ),
    layer(lambda: nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 2), id="Conv3d"),
    layer(lambda: nn.ConvTranspose1d(2, 2, 3, stride=2), (1, 2, 3), id="transposed1"),
    layer(
        lambda: nn.ConvTranspose2d(2, 1, 2, output_padding=1, stride=2),
        (1, 2, 2, 3),
        id="transposed2",
    ),
    layer(lambda: nn.AvgPool2d(2), IMAGE, id="AvgPool2d"),
    layer(lambda: nn.MaxPool1d(2), (2, 2, 6), id="MaxPool1d"),
    layer(lambda: nn.MaxPool2d(2, stride=1), IMAGE, id="MaxPool2d"),
    layer(lambda: nn.AdaptiveAvgPool2d(2), IMAGE, id="AdaptiveAvgPool2d"),
    layer(lambda: nn.AdaptiveMaxPool2d(2), IMAGE, id="AdaptiveMaxPool2d"),
    layer(lambda: nn.LPPool2d(3, 2), IMAGE, id="LPPool2d", positive=True),
    layer(lambda: nn.BatchNorm1d(3), (5, 3), id="BatchNorm1d"),
    layer(lambda: nn.BatchNorm2d(2), IMAGE, id="BatchNorm2d"),
    layer(lambda: nn.BatchNorm1d(3).eval(), (5, 3), id="BatchNorm1d.eval"),
    layer(lambda: nn.InstanceNorm2d(2, affine=True), IMAGE, id="InstanceNorm2d"),
    layer(lambda: nn.GroupNorm(2, 4), (2, 4, 3), id="GroupNorm"),
    layer(lambda: nn.LayerNorm((2, 3)), (4, 2, 3), id="LayerNorm"),
    layer(lambda: nn.RMSNorm(3), (4, 3), id="RMSNorm"),
    layer(lambda: nn.LocalResponseNorm(2), IMAGE, id="LocalResponseNorm"),
    layer(lambda: nn.RNN(2, 3), (3, 2, 2), id="RNN"),
    layer(lambda: nn.LSTM(2, 2, bidirectional=True), (3, 2, 2), id="LSTM"),
    layer(lambda: nn.GRU(2, 2, num_layers=2), (3, 2, 2), id="GRU"),
    layer(lambda: nn.LSTMCell(2, 2), (2, 2), id="LSTMCell"),
    layer(lambda: nn.GRUCell(2, 2), (2, 2), id="GRUCell"),
    layer(lambda: nn.RNNCell(2, 2), (2, 2), id="RNNCell"),
    layer(
        lambda: nn.MultiheadAttention(4, 2),
        (3, 1, 4),
        (3, 1, 4),
        (3, 1, 4),
        id="MultiheadAttention",
    ),
    layer(
        lambda: nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0),
        (3, 1, 4),
        id="TransformerEncoderLayer",
    ),
    layer(lambda: nn.PixelShuffle(2), (1, 4, 2, 2), id="PixelShuffle"),
    layer(
        lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
        (1, 1, 2, 3),
        id="bilinear",
    ),
    layer(
        lambda: nn.Upsample(scale_factor=2, mode="bicubic"), (1, 1, 2, 3), id="bicubic"
    ),
    layer(lambda: nn.ReflectionPad2d(1), (1, 1, 3, 3), id="ReflectionPad2d"),
    layer(lambda: nn.CosineSimilarity(), (2, 3), (2, 3), id="CosineSimilarity"),
    layer(lambda: nn.PairwiseDistance(), (2, 3), (2, 3), id="PairwiseDistance"),
    layer(lambda: nn.Unfold(2), IMAGE, id="Unfold"),
    layer(lambda: nn.Flatten(), (2, 2, 2), id="Flatten"),
]
LAYERS += [
    layer(lambda name=name: getattr(nn, name)(), (3, 4), id=name)
    for name in (
        "CELU ELU GELU GLU Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU "
        "ReLU6 SELU SiLU Sigmoid Softplus Softsign Tanh Tanhshrink Hardsigmoid "
        "Hardshrink Softshrink"
    ).split()
]
LAYERS += [
    layer(lambda name=name: getattr(nn, name)(dim=1), (3, 4), id=name)
    for name in ("Softmax", "LogSoftmax", "Softmin")
]
LOSSES = [
    layer(lambda name=name: getattr(nn, name)(), (3, 4), (3, 4), id=name)
    for name in "MSELoss L1Loss SmoothL1Loss HuberLoss SoftMarginLoss".split()
] + [
    layer(lambda: nn.CrossEntropyLoss(), (3, 4), id="CrossEntropyLoss", target="index"),
    layer(
        lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
        (3, 4),
        id="smoothed",
        target="index",
    ),
    layer(lambda: nn.NLLLoss(), (3, 4), id="NLLLoss", target="index"),
    layer(lambda: nn.MultiMarginLoss(), (3, 4), id="MultiMarginLoss", target="index"),
    layer(
        lambda: nn.BCEWithLogitsLoss(), (3, 4), id="BCEWithLogitsLoss", target="unit"
    ),
    layer(
        lambda: nn.KLDivLoss(reduction="batchmean"),
        (3, 4),
        id="KLDivLoss",
        target="unit",
    ),
    layer(lambda: nn.PoissonNLLLoss(), (3, 4), id="PoissonNLLLoss", target="unit"),
    layer(
        lambda: nn.TripletMarginLoss(), (3, 4), (3, 4), (3, 4), id="TripletMarginLoss"
    ),
]


VOLUME = (1, 2, 3, 4, 3)
OTHERS = [
    layer(lambda: nn.Embedding(4, 3), id="Embedding", target="index"),
    layer(
        lambda: nn.Embedding(4, 3, scale_grad_by_freq=True), id="scaled", target="index"
    ),
    layer(lambda: nn.AvgPool1d(2), (2, 2, 6), id="AvgPool1d"),
    layer(lambda: nn.AvgPool3d(2), VOLUME, id="AvgPool3d"),
    layer(lambda: nn.MaxPool3d(2), VOLUME, id="MaxPool3d"),
    layer(lambda: nn.AdaptiveAvgPool1d(2), (2, 2, 5), id="AdaptiveAvgPool1d"),
    layer(lambda: nn.AdaptiveAvgPool3d(2), VOLUME, id="AdaptiveAvgPool3d"),
    layer(lambda: nn.AdaptiveMaxPool1d(2), (2, 2, 5), id="AdaptiveMaxPool1d"),
    layer(lambda: nn.AdaptiveMaxPool3d(2), VOLUME, id="AdaptiveMaxPool3d"),
    layer(lambda: nn.LPPool1d(2, 2), (2, 2, 6), id="LPPool1d", positive=True),
    layer(lambda: nn.LPPool3d(2, 2), VOLUME, id="LPPool3d", positive=True),
    layer(lambda: nn.ConvTranspose3d(2, 1, 2), VOLUME, id="ConvTranspose3d"),
    layer(lambda: nn.BatchNorm3d(2), VOLUME, id="BatchNorm3d"),
    layer(lambda: nn.InstanceNorm1d(2), (2, 2, 4), id="InstanceNorm1d"),
    layer(lambda: nn.InstanceNorm3d(2), VOLUME, id="InstanceNorm3d"),
    layer(lambda: nn.CrossMapLRN2d(2), IMAGE, id="CrossMapLRN2d"),
    layer(lambda: nn.ChannelShuffle(2), (1, 4, 2, 2), id="ChannelShuffle"),
    layer(lambda: nn.PixelUnshuffle(2), (1, 1, 4, 4), id="PixelUnshuffle"),
    layer(lambda: nn.Fold((3, 3), 2), (1, 8, 4), id="Fold"),
    layer(lambda: nn.Unflatten(1, (2, 2)), (3, 4), id="Unflatten"),
    layer(lambda: nn.Softmax2d(), IMAGE, id="Softmax2d"),
    layer(lambda: nn.Threshold(0.1, 2.0), (3, 4), id="Threshold"),
    layer(lambda: nn.RReLU().eval(), (3, 4), id="RReLU"),
    layer(lambda: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE, id="up bilinear"),
    layer(lambda: nn.UpsamplingNearest2d(scale_factor=2), IMAGE, id="up nearest"),
    layer(
        lambda: nn.TransformerDecoderLayer(4, 2, 5, dropout=0.0),
        (3, 1, 4),
        (2, 1, 4),
        id="TransformerDecoderLayer",
    ),
    layer(lambda: nn.BCELoss(), (3, 4), id="BCELoss", target="unit", unit=True),
    layer(
        lambda: nn.CosineEmbeddingLoss(),
        (3, 4),
        (3, 4),
        id="CosineEmbeddingLoss",
        target="signs",
    ),
    layer(
        lambda: nn.MarginRankingLoss(),
        (3,),
        (3,),
        id="MarginRankingLoss",
        target="signs",
    ),
    layer(
        lambda: nn.HingeEmbeddingLoss(), (3,), id="HingeEmbeddingLoss", target="signs"
    ),
    layer(
        lambda: nn.MultiLabelSoftMarginLoss(),
        (3, 4),
        id="MultiLabelSoftMarginLoss",
        target="unit",
    ),
    layer(
        lambda: nn.TripletMarginWithDistanceLoss(),
        (3, 4),
        (3, 4),
        (3, 4),
        id="TripletMarginWithDistanceLoss",
    ),
]
OTHERS += [
    layer(
        lambda name=name, n=n: getattr(nn, f"{name}Pad{n}d")(
            *((1, 0.5) if name == "Constant" else (1,))
        ),
        (1, 2, *(3, 2, 2)[:n]),
        id=f"{name}Pad{n}d",
    )
    for name in ("Constant", "Zero", "Circular", "Reflection", "Replication")
    for n in (1, 2, 3)
]


@pytest.mark.parametrize(("make", "shapes", "more"), LAYERS + LOSSES + OTHERS)
def test_derivatives(make, shapes, more):
    rl.manual_seed(1)
    module = make().double()
    inputs = tuple(values(*s, seed=i + 2) for i, s in enumerate(shapes))
    if more.get("unit"):
        inputs = tuple(x.sigmoid() for x in inputs)
    if more.get("positive"):
        inputs = tuple(x.abs() + 0.5 for x in inputs)
    extra = ()
    if more.get("target") == "index":
        extra = (rl.tensor([1, 0, 3]),)
    elif more.get("target") == "signs":
        extra = (rl.tensor([1.0, -1.0, 1.0], dtype=rl.float64),)
    elif more.get("target") == "unit":
        extra = (values(*shapes[0], seed=9).sigmoid(),)
    parameters = tuple(p for p in module.parameters() if p.requires_grad)
    inputs = tuple(x.requires_grad_() for x in inputs)

    def run(*tensors):
        result = module(*tensors[: len(inputs)], *extra)
        while isinstance(result, tuple):
            result = result[0]
        return result

    assert gradcheck(run, inputs + parameters, fast_mode=True, atol=1e-4)
    assert gradgradcheck(run, inputs + parameters, fast_mode=True, atol=1e-4)
