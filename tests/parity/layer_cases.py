"""Layers and their inputs, written once for both libraries."""

from __future__ import annotations

import numpy as np


class Case:
    """``build(nn)`` makes a layer; each of ``inputs`` makes an array from a generator.

    Floating point arrays require a gradient, unless they are :class:`Fixed`.
    """

    def __init__(self, build, *inputs):
        self.build, self.inputs = build, inputs


def normal(*shape):
    return lambda rng: rng.standard_normal(shape).astype(np.float32)


def positive(*shape):
    return lambda rng: (rng.random(shape) * 0.9 + 0.05).astype(np.float32)


def constant(make):
    """An input without a gradient."""

    def fixed(rng):
        return Fixed(make(rng))

    return fixed


class Fixed:
    def __init__(self, array):
        self.array = array


def whole(high, *shape, low=0):
    return lambda rng: rng.integers(low, high, shape)


def signs(*shape):
    return constant(lambda rng: np.where(rng.random(shape) < 0.5, -1, 1).astype("f"))


X = normal(3, 4)

ACTIVATIONS = {
    "CELU": Case(lambda n: n.CELU(1.5), X),
    "CELU_inplace": Case(lambda n: n.CELU(inplace=True), constant(X)),
    "ELU": Case(lambda n: n.ELU(0.7), X),
    "ELU_inplace": Case(lambda n: n.ELU(0.7, True), constant(X)),
    "GELU": Case(lambda n: n.GELU(), X),
    "GELU_tanh": Case(lambda n: n.GELU("tanh"), X),
    "GLU": Case(lambda n: n.GLU(), X),
    "GLU_dim": Case(lambda n: n.GLU(dim=0), normal(4, 3)),
    "Hardshrink": Case(lambda n: n.Hardshrink(), X),
    "Hardshrink_int": Case(lambda n: n.Hardshrink(1), X),
    "Hardsigmoid": Case(lambda n: n.Hardsigmoid(), X),
    "Hardswish": Case(lambda n: n.Hardswish(), X),
    "Hardswish_inplace": Case(lambda n: n.Hardswish(inplace=True), constant(X)),
    "Hardtanh": Case(lambda n: n.Hardtanh(-0.5, 0.4), X),
    "Hardtanh_inplace": Case(lambda n: n.Hardtanh(inplace=True), constant(X)),
    "LeakyReLU": Case(lambda n: n.LeakyReLU(0.2), X),
    "LeakyReLU_inplace": Case(lambda n: n.LeakyReLU(0.2, True), constant(X)),
    "LogSigmoid": Case(lambda n: n.LogSigmoid(), X),
    "LogSoftmax": Case(lambda n: n.LogSoftmax(1), X),
    "Mish": Case(lambda n: n.Mish(), X),
    "Mish_inplace": Case(lambda n: n.Mish(True), constant(X)),
    "PReLU": Case(lambda n: n.PReLU(), X),
    "PReLU_channels": Case(lambda n: n.PReLU(4, 0.1), normal(2, 4, 3)),
    "RReLU": Case(lambda n: n.RReLU(0.1, 0.4), X),
    "RReLU_inplace": Case(lambda n: n.RReLU(inplace=True), constant(X)),
    "ReLU": Case(lambda n: n.ReLU(), X),
    "ReLU_inplace": Case(lambda n: n.ReLU(inplace=True), constant(X)),
    "ReLU6": Case(lambda n: n.ReLU6(), X),
    "ReLU6_inplace": Case(lambda n: n.ReLU6(True), constant(X)),
    "SELU": Case(lambda n: n.SELU(), X),
    "SELU_inplace": Case(lambda n: n.SELU(True), constant(X)),
    "SiLU": Case(lambda n: n.SiLU(), X),
    "SiLU_inplace": Case(lambda n: n.SiLU(inplace=True), constant(X)),
    "Sigmoid": Case(lambda n: n.Sigmoid(), X),
    "Softmax": Case(lambda n: n.Softmax(-1), X),
    "Softmax2d": Case(lambda n: n.Softmax2d(), normal(2, 3, 2, 2)),
    "Softmax2d_one": Case(lambda n: n.Softmax2d(), normal(3, 2, 2)),
    "Softmin": Case(lambda n: n.Softmin(1), X),
    "Softplus": Case(lambda n: n.Softplus(2, 0.5), X),
    "Softplus_default": Case(lambda n: n.Softplus(), X),
    "Softshrink": Case(lambda n: n.Softshrink(0.3), X),
    "Softsign": Case(lambda n: n.Softsign(), X),
    "Tanh": Case(lambda n: n.Tanh(), X),
    "Tanhshrink": Case(lambda n: n.Tanhshrink(), X),
    "Threshold": Case(lambda n: n.Threshold(0.1, 20), X),
    "Threshold_inplace": Case(lambda n: n.Threshold(0.1, 20.0, True), constant(X)),
}

DROPOUT = {
    "Dropout": Case(lambda n: n.Dropout(0.3), normal(5, 6)),
    "Dropout_inplace": Case(lambda n: n.Dropout(0.3, True), constant(normal(5, 6))),
    "Dropout_none": Case(lambda n: n.Dropout(0.0), X),
    "Dropout_all": Case(lambda n: n.Dropout(1), X),
    "Dropout1d": Case(lambda n: n.Dropout1d(), normal(3, 5, 2)),
    "Dropout1d_one": Case(lambda n: n.Dropout1d(0.4), normal(5, 2)),
    "Dropout1d_inplace": Case(lambda n: n.Dropout1d(0.4, True), constant(X)),
    "Dropout2d": Case(lambda n: n.Dropout2d(0.4), normal(3, 5, 2, 2)),
    "Dropout3d": Case(lambda n: n.Dropout3d(0.4), normal(3, 5, 2, 1, 2)),
    "Dropout3d_one": Case(lambda n: n.Dropout3d(0.4), normal(5, 2, 1, 2)),
    "Dropout3d_inplace": Case(
        lambda n: n.Dropout3d(0.4, True), constant(normal(5, 2, 1, 2))
    ),
    "AlphaDropout": Case(lambda n: n.AlphaDropout(0.3), normal(5, 6)),
    "FeatureAlphaDropout": Case(lambda n: n.FeatureAlphaDropout(0.3), normal(4, 5, 2)),
}

OTHERS = {
    "PairwiseDistance": Case(lambda n: n.PairwiseDistance(), X, X),
    "PairwiseDistance_p": Case(lambda n: n.PairwiseDistance(1.0, 1e-3, True), X, X),
    "CosineSimilarity": Case(lambda n: n.CosineSimilarity(), X, X),
    "CosineSimilarity_dim": Case(lambda n: n.CosineSimilarity(0, 1e-3), X, X),
    "Bilinear": Case(lambda n: n.Bilinear(3, 4, 5), normal(2, 3), normal(2, 4)),
    "Bilinear_no_bias": Case(
        lambda n: n.Bilinear(3, 4, 5, bias=False), normal(3), normal(4)
    ),
    "Embedding": Case(lambda n: n.Embedding(7, 3), whole(7, 2, 4)),
    "Embedding_padding": Case(lambda n: n.Embedding(7, 3, padding_idx=-2), whole(7, 9)),
    "Embedding_all": Case(
        lambda n: n.Embedding(7, 3, 0, 1.0, 1.5, scale_grad_by_freq=True), whole(7, 9)
    ),
    "EmbeddingBag": Case(lambda n: n.EmbeddingBag(7, 3), whole(7, 2, 4)),
    "EmbeddingBag_offsets": Case(
        lambda n: n.EmbeddingBag(7, 3, mode="max", padding_idx=2),
        whole(7, 9),
        lambda rng: np.array([0, 4, 4]),
    ),
    "EmbeddingBag_sum": Case(
        # Not with scale_grad_by_freq: PyTorch divides by the counts of other rows.
        lambda n: n.EmbeddingBag(7, 3, 1.0, 3.0, mode="sum", include_last_offset=True),
        whole(7, 9),
        lambda rng: np.array([0, 4, 9]),
    ),
    "EmbeddingBag_weighted": Case(
        lambda n: n.EmbeddingBag(7, 3, mode="sum"),
        whole(7, 9),
        lambda rng: np.array([0, 4, 4]),
        positive(9),
    ),
    "AdaptiveLogSoftmaxWithLoss": Case(
        lambda n: n.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10, 15], 2.0),
        normal(9, 16),
        whole(20, 9),
    ),
    "AdaptiveLogSoftmaxWithLoss_one": Case(
        lambda n: n.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], head_bias=True),
        normal(16),
        lambda rng: np.array(12),
    ),
}

MEAN_VARIANCE = (X, constant(X), positive(3, 4))
TRIPLET = (X, X, X)

LOSSES = {
    "BCELoss": Case(lambda n: n.BCELoss(), positive(3, 4), positive(3, 4)),
    "BCEWithLogitsLoss": Case(
        lambda n: n.BCEWithLogitsLoss(reduction="sum"), X, constant(positive(3, 4))
    ),
    "CTCLoss": Case(
        lambda n: n.CTCLoss(blank=1, zero_infinity=True),
        normal(5, 2, 3),
        lambda rng: np.array([[0, 2], [2, 2]]),
        lambda rng: np.array([5, 4]),
        lambda rng: np.array([2, 1]),
    ),
    "CosineEmbeddingLoss": Case(lambda n: n.CosineEmbeddingLoss(0.2), X, X, signs(3)),
    "CrossEntropyLoss": Case(lambda n: n.CrossEntropyLoss(), X, whole(4, 3)),
    "CrossEntropyLoss_smooth": Case(
        lambda n: n.CrossEntropyLoss(
            label_smoothing=0.2, ignore_index=1, reduction="sum"
        ),
        X,
        whole(4, 3),
    ),
    "GaussianNLLLoss": Case(lambda n: n.GaussianNLLLoss(), *MEAN_VARIANCE),
    "GaussianNLLLoss_full": Case(
        lambda n: n.GaussianNLLLoss(full=True, eps=0.2, reduction="none"),
        *MEAN_VARIANCE,
    ),
    "HingeEmbeddingLoss": Case(lambda n: n.HingeEmbeddingLoss(0.6), X, signs(3, 4)),
    "HuberLoss": Case(lambda n: n.HuberLoss("sum", 0.5), X, constant(X)),
    "KLDivLoss": Case(lambda n: n.KLDivLoss(reduction="batchmean"), X, positive(3, 4)),
    "KLDivLoss_log": Case(
        lambda n: n.KLDivLoss(reduction="sum", log_target=True), X, X
    ),
    "L1Loss": Case(lambda n: n.L1Loss(), X, constant(X)),
    "MSELoss": Case(lambda n: n.MSELoss(reduction="none"), X, constant(X)),
    "MarginRankingLoss": Case(
        lambda n: n.MarginRankingLoss(0.3), normal(5), normal(5), signs(5)
    ),
    "MultiLabelMarginLoss": Case(
        lambda n: n.MultiLabelMarginLoss(),
        X,
        lambda rng: np.array([[0, 2, -1, 1], [3, -1, 0, 0], [-1, 0, 0, 0]]),
    ),
    "MultiLabelSoftMarginLoss": Case(
        lambda n: n.MultiLabelSoftMarginLoss(), X, constant(positive(3, 4))
    ),
    "MultiMarginLoss": Case(lambda n: n.MultiMarginLoss(2, 0.5), X, whole(4, 3)),
    "NLLLoss": Case(lambda n: n.NLLLoss(ignore_index=1), X, whole(4, 3)),
    "PoissonNLLLoss": Case(
        lambda n: n.PoissonNLLLoss(full=True), X, constant(positive(3, 4))
    ),
    "PoissonNLLLoss_rate": Case(
        lambda n: n.PoissonNLLLoss(False, eps=0.1), positive(3, 4), constant(X)
    ),
    "SmoothL1Loss": Case(lambda n: n.SmoothL1Loss(beta=0.5), X, constant(X)),
    "SoftMarginLoss": Case(lambda n: n.SoftMarginLoss(), X, signs(3, 4)),
    "TripletMarginLoss": Case(lambda n: n.TripletMarginLoss(2.0, swap=True), *TRIPLET),
    "TripletMarginWithDistanceLoss": Case(
        lambda n: n.TripletMarginWithDistanceLoss(margin=2.0, swap=True), *TRIPLET
    ),
    "TripletMarginWithDistanceLoss_own": Case(
        lambda n: n.TripletMarginWithDistanceLoss(
            distance_function=n.PairwiseDistance(1.0), reduction="none"
        ),
        *TRIPLET,
    ),
}
