"""Vision Transformer.

Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, Dehghani, Minderer,
Heigold, Gelly, Uszkoreit and Houlsby, "An Image is Worth 16x16 Words: Transformers for
Image Recognition at Scale" (2021), section 3.1 and table 1.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import rushlight
from rushlight import nn
from rushlight.vision.models._api import (
    WeightsEnum,
    build,
    builder,
    override,
    published,
)
from rushlight.vision.ops.misc import MLP, Conv2dNormActivation

__all__ = [
    "ViT_B_16_Weights",
    "ViT_B_32_Weights",
    "ViT_H_14_Weights",
    "ViT_L_16_Weights",
    "ViT_L_32_Weights",
    "VisionTransformer",
    "vit_b_16",
    "vit_b_32",
    "vit_h_14",
    "vit_l_16",
    "vit_l_32",
]

_LAYER_NORM = partial(nn.LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """One convolution of a stem that stands in the place of the patches."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: Callable[..., Any] = nn.BatchNorm2d
    activation_layer: Callable[..., Any] = nn.ReLU


class MLPBlock(MLP):
    """Two linear layers with GELU between them.

    Files with the layers' former names, ``linear_1`` and ``linear_2``, load too.
    """

    def __init__(self, in_dim, mlp_dim, dropout) -> None:
        super().__init__(
            in_dim,
            [mlp_dim, in_dim],
            activation_layer=nn.GELU,
            inplace=None,
            dropout=dropout,
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        for former, name in (("linear_1", "0"), ("linear_2", "3")):
            for kind in ("weight", "bias"):
                value = state_dict.pop(f"{prefix}{former}.{kind}", None)
                if value is not None:
                    state_dict[f"{prefix}{name}.{kind}"] = value
        super()._load_from_state_dict(state_dict, prefix, *args)


class EncoderBlock(nn.Module):
    """Attention and a perceptron, each after a normalisation and with a shortcut."""

    def __init__(
        self,
        num_heads,
        hidden_dim,
        mlp_dim,
        dropout,
        attention_dropout,
        norm_layer=_LAYER_NORM,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(
            hidden_dim, num_heads, dropout=attention_dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input):
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Learnt places, blocks and a normalisation."""

    def __init__(
        self,
        seq_length,
        num_layers,
        num_heads,
        hidden_dim,
        mlp_dim,
        dropout,
        attention_dropout,
        norm_layer=_LAYER_NORM,
    ) -> None:
        super().__init__()
        places = rushlight.empty(1, seq_length, hidden_dim).normal_(std=0.02)
        self.pos_embedding = nn.Parameter(places)
        self.dropout = nn.Dropout(dropout)
        blocks = OrderedDict()
        for index in range(num_layers):
            blocks[f"encoder_layer_{index}"] = EncoderBlock(
                num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
            )
        self.layers = nn.Sequential(blocks)
        self.ln = norm_layer(hidden_dim)

    def forward(self, input):
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Patches as words, a class token, and an encoder (Dosovitskiy 2021).

    Args:
        image_size: height and width of the images.
        patch_size: of a patch; it divides ``image_size``.
        num_layers: blocks.
        num_heads: heads of attention.
        hidden_dim: features of a word.
        mlp_dim: features inside a block's perceptron.
        dropout: the probability of the dropouts. Default: 0.
        attention_dropout: that of the attention's. Default: 0.
        num_classes: scores in the output. Default: 1000.
        representation_size: features of a layer before the last; ``None``: no such
            layer. Default: ``None``.
        norm_layer: makes a normalisation of some features. Default:
            :class:`~rushlight.nn.LayerNorm` with eps 1e-6.
        conv_stem_configs: convolutions in the place of the patches' one. Default: none.

    Shape:
        Input ``(N, 3, image_size, image_size)``; output ``(N, num_classes)``.

    Raises:
        AssertionError: the patches do not fill the image, or images of another size.
    """

    def __init__(
        self,
        image_size,
        patch_size,
        num_layers,
        num_heads,
        hidden_dim,
        mlp_dim,
        dropout=0.0,
        attention_dropout=0.0,
        num_classes=1000,
        representation_size=None,
        norm_layer=_LAYER_NORM,
        conv_stem_configs=None,
    ) -> None:
        super().__init__()
        if image_size % patch_size != 0:
            raise AssertionError(
                f"VisionTransformer: patches of {patch_size} do not fill an image of "
                f"{image_size}; image_size must be a multiple of patch_size"
            )
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        self.conv_proj = self._projection(conv_stem_configs)
        self.class_token = nn.Parameter(rushlight.zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(
            self.seq_length,
            num_layers,
            num_heads,
            hidden_dim,
            mlp_dim,
            dropout,
            attention_dropout,
            norm_layer,
        )
        heads: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is None:
            heads["head"] = nn.Linear(hidden_dim, num_classes)
        else:
            heads["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            heads["act"] = nn.Tanh()
            heads["head"] = nn.Linear(representation_size, num_classes)
        self.heads = nn.Sequential(heads)
        self._initialise()

    def _projection(self, stem):
        if stem is None:
            return nn.Conv2d(
                3, self.hidden_dim, kernel_size=self.patch_size, stride=self.patch_size
            )
        layers = OrderedDict()
        channels = 3
        for index, one in enumerate(stem):
            layers[f"conv_bn_relu_{index}"] = Conv2dNormActivation(
                channels,
                one.out_channels,
                kernel_size=one.kernel_size,
                stride=one.stride,
                norm_layer=one.norm_layer,
                activation_layer=one.activation_layer,
            )
            channels = one.out_channels
        layers["conv_last"] = nn.Conv2d(channels, self.hidden_dim, kernel_size=1)
        return nn.Sequential(layers)

    def _initialise(self) -> None:
        if isinstance(self.conv_proj, nn.Conv2d):
            projection = self.conv_proj
            fan_in = projection.in_channels * math.prod(projection.kernel_size)
            nn.init.trunc_normal_(projection.weight, std=math.sqrt(1 / fan_in))
        else:
            projection = self.conv_proj.conv_last
            nn.init.normal_(
                projection.weight,
                mean=0.0,
                std=math.sqrt(2.0 / projection.out_channels),
            )
        nn.init.zeros_(projection.bias)
        if self.representation_size is not None:
            before = self.heads.pre_logits
            nn.init.trunc_normal_(before.weight, std=math.sqrt(1 / before.in_features))
            nn.init.zeros_(before.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def _words(self, x):
        """The patches ``(N, patches, hidden_dim)`` of images."""
        size = (self.image_size, self.image_size)
        if tuple(x.shape[2:]) != size:
            raise AssertionError(
                f"VisionTransformer: expected images of shape (N, 3, {size[0]}, "
                f"{size[1]}), got {tuple(x.shape)}; resize them or pass image_size="
            )
        return self.conv_proj(x).flatten(2).permute(0, 2, 1)

    def forward(self, x):
        words = self._words(x)
        token = self.class_token.expand(words.shape[0], -1, -1)
        x = self.encoder(rushlight.cat([token, words], dim=1))
        return self.heads(x[:, 0])


def _vision_transformer(patch, layers, heads, hidden, mlp, weights, progress, **kwargs):
    if weights is not None and "min_size" in weights.meta:
        override(kwargs, "image_size", weights.meta["min_size"][0])
    image_size = kwargs.pop("image_size", 224)
    return build(
        VisionTransformer,
        weights,
        progress,
        image_size,
        patch,
        layers,
        heads,
        hidden,
        mlp,
        **kwargs,
    )


class ViT_B_16_Weights(WeightsEnum):
    """Published weights of :func:`vit_b_16`; ``min_size`` is the size they take."""

    IMAGENET1K_V1 = published(
        "vit_b_16-c867db91.pth", 86567656, 81.072, 95.318, min_size=(224, 224)
    )
    IMAGENET1K_SWAG_E2E_V1 = published(
        "vit_b_16_swag-9ac1b537.pth",
        86859496,
        85.304,
        97.65,
        min_size=(384, 384),
        crop=384,
        resize=384,
        interpolation="bicubic",
    )
    IMAGENET1K_SWAG_LINEAR_V1 = published(
        "vit_b_16_lc_swag-4e70ced5.pth",
        86567656,
        81.886,
        96.18,
        min_size=(224, 224),
        resize=224,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class ViT_B_32_Weights(WeightsEnum):
    """Published weights of :func:`vit_b_32`; ``min_size`` is the size they take."""

    IMAGENET1K_V1 = published(
        "vit_b_32-d86f8d99.pth", 88224232, 75.912, 92.466, min_size=(224, 224)
    )
    DEFAULT = IMAGENET1K_V1


class ViT_L_16_Weights(WeightsEnum):
    """Published weights of :func:`vit_l_16`; ``min_size`` is the size they take."""

    IMAGENET1K_V1 = published(
        "vit_l_16-852ce7e3.pth",
        304326632,
        79.662,
        94.638,
        min_size=(224, 224),
        resize=242,
    )
    IMAGENET1K_SWAG_E2E_V1 = published(
        "vit_l_16_swag-4f3808c9.pth",
        305174504,
        88.064,
        98.512,
        min_size=(512, 512),
        crop=512,
        resize=512,
        interpolation="bicubic",
    )
    IMAGENET1K_SWAG_LINEAR_V1 = published(
        "vit_l_16_lc_swag-4d563306.pth",
        304326632,
        85.146,
        97.422,
        min_size=(224, 224),
        resize=224,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class ViT_L_32_Weights(WeightsEnum):
    """Published weights of :func:`vit_l_32`; ``min_size`` is the size they take."""

    IMAGENET1K_V1 = published(
        "vit_l_32-c7638314.pth", 306535400, 76.972, 93.07, min_size=(224, 224)
    )
    DEFAULT = IMAGENET1K_V1


class ViT_H_14_Weights(WeightsEnum):
    """Published weights of :func:`vit_h_14`; ``min_size`` is the size they take."""

    IMAGENET1K_SWAG_E2E_V1 = published(
        "vit_h_14_swag-80465313.pth",
        633470440,
        88.552,
        98.694,
        min_size=(518, 518),
        crop=518,
        resize=518,
        interpolation="bicubic",
    )
    IMAGENET1K_SWAG_LINEAR_V1 = published(
        "vit_h_14_lc_swag-c1eb923e.pth",
        632045800,
        85.708,
        97.73,
        min_size=(224, 224),
        resize=224,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_SWAG_E2E_V1


@builder(ViT_B_16_Weights)
def vit_b_16(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> VisionTransformer:
    """ViT-B/16 (Dosovitskiy 2021).

    Args:
        weights: :class:`ViT_B_16_Weights`, a member's name, a file's path or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VisionTransformer`; ``image_size`` is 224 unless
            given.
    """
    return _vision_transformer(16, 12, 12, 768, 3072, weights, progress, **kwargs)


@builder(ViT_B_32_Weights)
def vit_b_32(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> VisionTransformer:
    """ViT-B/32 (Dosovitskiy 2021).

    Args:
        weights: :class:`ViT_B_32_Weights`, a member's name, a file's path or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VisionTransformer`; ``image_size`` is 224 unless
            given.
    """
    return _vision_transformer(32, 12, 12, 768, 3072, weights, progress, **kwargs)


@builder(ViT_L_16_Weights)
def vit_l_16(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> VisionTransformer:
    """ViT-L/16 (Dosovitskiy 2021).

    Args:
        weights: :class:`ViT_L_16_Weights`, a member's name, a file's path or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VisionTransformer`; ``image_size`` is 224 unless
            given.
    """
    return _vision_transformer(16, 24, 16, 1024, 4096, weights, progress, **kwargs)


@builder(ViT_L_32_Weights)
def vit_l_32(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> VisionTransformer:
    """ViT-L/32 (Dosovitskiy 2021).

    Args:
        weights: :class:`ViT_L_32_Weights`, a member's name, a file's path or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VisionTransformer`; ``image_size`` is 224 unless
            given.
    """
    return _vision_transformer(32, 24, 16, 1024, 4096, weights, progress, **kwargs)


@builder(ViT_H_14_Weights)
def vit_h_14(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> VisionTransformer:
    """ViT-H/14 (Dosovitskiy 2021).

    Args:
        weights: :class:`ViT_H_14_Weights`, a member's name, a file's path or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VisionTransformer`; ``image_size`` is 224 unless
            given.
    """
    return _vision_transformer(14, 32, 16, 1280, 5120, weights, progress, **kwargs)
