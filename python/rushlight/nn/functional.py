"""Functions behind the layers, under PyTorch's names."""

from __future__ import annotations

from rushlight import _lazy
from rushlight.nn._functional.activation import (
    log_softmax,
    relu,
    sigmoid,
    softmax,
    tanh,
    threshold,
)
from rushlight.nn._functional.dropout import dropout
from rushlight.nn._functional.linear import linear, one_hot
from rushlight.nn._functional.loss import cross_entropy, nll_loss

# module -> its functions, imported when first asked for.
FUNCTIONS: dict[str, str] = {
    "rushlight._functions": "relu_",
    "rushlight._shapes": (
        "channel_shuffle native_channel_shuffle pixel_shuffle pixel_unshuffle"
    ),
    "rushlight.linalg._distance": "pdist",
    "rushlight.nn._functional.averaging": (
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d avg_pool1d "
        "avg_pool2d avg_pool3d lp_pool1d lp_pool2d lp_pool3d"
    ),
    "rushlight.nn._functional.chosen_windows": (
        "adaptive_max_pool1d adaptive_max_pool1d_with_indices adaptive_max_pool2d "
        "adaptive_max_pool2d_with_indices adaptive_max_pool3d "
        "adaptive_max_pool3d_with_indices fractional_max_pool2d "
        "fractional_max_pool2d_with_indices fractional_max_pool3d "
        "fractional_max_pool3d_with_indices max_unpool1d max_unpool2d max_unpool3d"
    ),
    "rushlight.nn._functional.conv": "conv1d conv2d conv3d conv_tbc",
    "rushlight.nn._functional.conv_transpose": (
        "conv_transpose1d conv_transpose2d conv_transpose3d"
    ),
    "rushlight.nn._functional.padding": "pad",
    "rushlight.nn._functional.pooling": (
        "max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices "
        "max_pool3d max_pool3d_with_indices"
    ),
    "rushlight.nn._functional.resizing": (
        "interpolate upsample upsample_bilinear upsample_nearest"
    ),
    "rushlight.nn._functional.sampling": "affine_grid grid_sample",
    "rushlight.nn._functional.sliding": "fold unfold",
    "rushlight.nn._functional.attention": (
        "multi_head_attention_forward scaled_dot_product_attention"
    ),
    "rushlight.nn._functional.binary_losses": (
        "binary_cross_entropy binary_cross_entropy_with_logits kl_div "
        "multilabel_soft_margin_loss soft_margin_loss"
    ),
    "rushlight.nn._functional.ctc": "ctc_loss",
    "rushlight.nn._functional.distance": (
        "bilinear cosine_similarity normalize pairwise_distance"
    ),
    "rushlight.nn._functional.dropout": (
        "alpha_dropout dropout1d dropout2d dropout3d feature_alpha_dropout"
    ),
    "rushlight.nn._functional.embedding": "embedding embedding_bag",
    "rushlight.nn._functional.gating": "glu gumbel_softmax softmin",
    "rushlight.nn._functional.margin_losses": (
        "cosine_embedding_loss hinge_embedding_loss margin_ranking_loss "
        "multi_margin_loss multilabel_margin_loss triplet_margin_loss "
        "triplet_margin_with_distance_loss"
    ),
    "rushlight.nn._functional.normalization": (
        "batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm"
    ),
    "rushlight.nn._functional.piecewise_units": (
        "hardshrink hardsigmoid hardswish hardtanh hardtanh_ leaky_relu leaky_relu_ "
        "prelu relu6 rrelu rrelu_ softshrink threshold_"
    ),
    "rushlight.nn._functional.regression_losses": (
        "gaussian_nll_loss huber_loss l1_loss mse_loss poisson_nll_loss smooth_l1_loss"
    ),
    "rushlight.nn._functional.smooth_units": (
        "celu celu_ elu elu_ gelu logsigmoid mish selu selu_ silu softplus softsign "
        "tanhshrink"
    ),
}

__getattr__, __dir__ = _lazy.module_getattr(globals(), FUNCTIONS, ())

__all__ = [
    "cross_entropy",
    "dropout",
    "linear",
    "log_softmax",
    "nll_loss",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
    "threshold",
]
__all__ += [name for names in FUNCTIONS.values() for name in names.split()]
