"""The Transformer of Vaswani et al. 2017, and its parts."""

from __future__ import annotations

import copy
import warnings

import rushlight
from rushlight.nn import functional as F
from rushlight.nn.init import xavier_uniform_
from rushlight.nn.modules._encoder_checks import never_nested, zeroes_padding
from rushlight.nn.modules.activation import GELU, ReLU
from rushlight.nn.modules.attention import MultiheadAttention
from rushlight.nn.modules.container import ModuleList
from rushlight.nn.modules.dropout import Dropout
from rushlight.nn.modules.linear import Linear
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.normalization import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]


def _generate_square_subsequent_mask(sz, device=None, dtype=None):
    mask = rushlight.full((sz, sz), float("-inf"), dtype=dtype, device=device)
    return mask.triu(1)


def _get_seq_len(src, batch_first):
    return src.shape[0] if src.dim() == 2 else src.shape[1 if batch_first else 0]


def _get_clones(module, N):
    if not isinstance(module, Module):
        raise TypeError(f"{type(module).__name__} is not a Module subclass")
    return ModuleList([copy.deepcopy(module) for _ in range(N)])


def _get_activation_fn(activation):
    if activation == "relu":
        return F.relu
    if activation == "gelu":
        return F.gelu
    raise RuntimeError(f"activation should be relu/gelu, not {activation}")


def _detect_is_causal_mask(mask, is_causal=None, size=None) -> bool:
    """Whether a mask is the causal one; compared only where the caller left it open."""
    if is_causal is not None or mask is None:
        return is_causal is True
    size = mask.shape[-2] if size is None else size
    causal = _generate_square_subsequent_mask(size, mask.device, mask.dtype)
    return mask.shape == causal.shape and bool((mask == causal).all())


def _numbers(mask, name, other, other_name, dtype):
    """A mask as numbers to add, with a warning where the other has another dtype."""
    from rushlight.nn._functional.attention import _canonical_mask

    other_type = None if other is None else other.dtype
    return _canonical_mask(mask, name, other_type, other_name, dtype)


class TransformerEncoderLayer(Module):
    """Self-attention and a feed-forward network, each with a residual and a norm.

    Args:
        d_model: the size E of the features.
        nhead: the number of heads, a divisor of ``d_model``.
        dim_feedforward: the width of the feed-forward network. Default: 2048.
        dropout: the probability of each dropout. Default: 0.1.
        activation: ``"relu"``, ``"gelu"`` or a function of a tensor. Default: relu.
        layer_norm_eps: ``eps`` of the norms. Default: 1e-5.
        batch_first: the batch is dim 0, not dim 1. Default: ``False``.
        norm_first: the norms come before attention and feed-forward network, not after
            the sums (Xiong et al. 2020). Default: ``False``.
        bias: learn offsets. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input and output ``(L, E)``, ``(L, N, E)`` or with ``batch_first``
        ``(N, L, E)``. The masks are those of :class:`MultiheadAttention`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> tuple(layer(rushlight.zeros(3, 5, 8)).shape)
        (3, 5, 8)
    """

    def __init__(
        self,
        d_model,
        nhead,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        place = {"bias": bias, "device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, batch_first=batch_first, **place
        )
        self.linear1 = Linear(d_model, dim_feedforward, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, **place)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        if isinstance(activation, str):
            activation = _get_activation_fn(activation)
        # A code that PyTorch's own layers carry: 1 for relu, 2 for gelu, 0 for others.
        self.activation_relu_or_gelu = 0
        if activation is F.relu or isinstance(activation, ReLU):
            self.activation_relu_or_gelu = 1
        elif activation is F.gelu or isinstance(activation, GELU):
            self.activation_relu_or_gelu = 2
        self.activation = activation

    def __setstate__(self, state):
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        padding = _numbers(
            src_key_padding_mask,
            "src_key_padding_mask",
            src_mask,
            "src_mask",
            src.dtype,
        )
        mask = _numbers(src_mask, "src_mask", None, "", src.dtype)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        return self.norm2(x + self._ff_block(x))

    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        x = self.self_attn(
            x,
            x,
            x,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            need_weights=False,
            is_causal=is_causal,
        )[0]
        return self.dropout1(x)

    def _ff_block(self, x):
        x = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return self.dropout2(x)


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's output, a feed-forward network.

    Args:
        d_model: the size E of the features.
        nhead: the number of heads, a divisor of ``d_model``.
        dim_feedforward: the width of the feed-forward network. Default: 2048.
        dropout: the probability of each dropout. Default: 0.1.
        activation: ``"relu"``, ``"gelu"`` or a function of a tensor. Default: relu.
        layer_norm_eps: ``eps`` of the norms. Default: 1e-5.
        batch_first: the batch is dim 0, not dim 1. Default: ``False``.
        norm_first: the norms come before the three parts, not after the sums (Xiong et
            al. 2020). Default: ``False``.
        bias: learn offsets. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Target and output ``(L, E)``, ``(L, N, E)`` or with ``batch_first``
        ``(N, L, E)``; memory the same with S instead of L. The masks are those of
        :class:`MultiheadAttention`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> target, memory = rushlight.zeros(3, 5, 8), rushlight.zeros(3, 7, 8)
        >>> tuple(layer(target, memory).shape)
        (3, 5, 8)
    """

    def __init__(
        self,
        d_model,
        nhead,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        place = {"bias": bias, "device": device, "dtype": dtype}
        heads = {"dropout": dropout, "batch_first": batch_first, **place}
        self.self_attn = MultiheadAttention(d_model, nhead, **heads)
        self.multihead_attn = MultiheadAttention(d_model, nhead, **heads)
        self.linear1 = Linear(d_model, dim_feedforward, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, **place)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, **place)
        self.norm3 = LayerNorm(d_model, eps=layer_norm_eps, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        if isinstance(activation, str):
            activation = _get_activation_fn(activation)
        self.activation = activation

    def __setstate__(self, state):
        state.setdefault("activation", F.relu)
        super().__setstate__(state)

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=False,
        memory_is_causal=False,
    ):
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory, memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, *other))
        return self.norm3(x + self._ff_block(x))

    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        x = self.self_attn(
            x,
            x,
            x,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            is_causal=is_causal,
            need_weights=False,
        )[0]
        return self.dropout1(x)

    def _mha_block(self, x, mem, attn_mask, key_padding_mask, is_causal=False):
        x = self.multihead_attn(
            x,
            mem,
            mem,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            is_causal=is_causal,
            need_weights=False,
        )[0]
        return self.dropout2(x)

    def _ff_block(self, x):
        x = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return self.dropout3(x)


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other.

    Args:
        encoder_layer: the layer that is copied.
        num_layers: how many copies.
        norm: a layer for the result. Default: none.
        enable_nested_tensor: in evaluation, without gradients, give 0 where
            ``src_key_padding_mask`` is True at the end of sequences. Default: ``True``.
        mask_check: look whether the padding is at the end. Default: ``True``.

    Shape:
        As of the layer.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> encoder = rushlight.nn.TransformerEncoder(layer, num_layers=2)
        >>> tuple(encoder(rushlight.zeros(3, 5, 8)).shape)
        (3, 5, 8)
    """

    def __init__(
        self,
        encoder_layer,
        num_layers,
        norm=None,
        enable_nested_tensor=True,
        mask_check=True,
    ) -> None:
        super().__init__()
        self.layers = _get_clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = never_nested(
            encoder_layer, isinstance(encoder_layer, TransformerEncoderLayer)
        )
        if enable_nested_tensor and reason:
            warnings.warn(
                "enable_nested_tensor is True, but self.use_nested_tensor is False "
                f"because {reason}",
                stacklevel=2,
            )
            self.use_nested_tensor = False

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """Run the layers.

        Args:
            src: the input.
            mask: the layers' ``src_mask``.
            src_key_padding_mask: the layers' ``src_key_padding_mask``.
            is_causal: whether ``mask`` is the causal mask. Default: look.
        """
        padding = _numbers(
            src_key_padding_mask, "src_key_padding_mask", mask, "mask", src.dtype
        )
        mask = _numbers(mask, "mask", None, "", src.dtype)
        batch_first = self.layers[0].self_attn.batch_first
        allowed = None if padding is None else ~padding.to(rushlight.bool)
        zeroed = zeroes_padding(self, src, mask, allowed)
        is_causal = _detect_is_causal_mask(
            mask, is_causal, _get_seq_len(src, batch_first)
        )
        output = src
        for layer in self.layers:
            output = layer(
                output,
                src_mask=mask,
                is_causal=is_causal,
                src_key_padding_mask=padding,
            )
        if zeroed:
            output = output.masked_fill(~allowed.unsqueeze(-1), 0.0)
        return output if self.norm is None else self.norm(output)


class TransformerDecoder(Module):
    """Copies of a decoder layer, one after the other.

    Args:
        decoder_layer: the layer that is copied.
        num_layers: how many copies.
        norm: a layer for the result. Default: none.

    Shape:
        As of the layer.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> decoder = rushlight.nn.TransformerDecoder(layer, num_layers=2)
        >>> target, memory = rushlight.zeros(3, 5, 8), rushlight.zeros(3, 7, 8)
        >>> tuple(decoder(target, memory).shape)
        (3, 5, 8)
    """

    def __init__(self, decoder_layer, num_layers, norm=None) -> None:
        super().__init__()
        self.layers = _get_clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        batch_first = self.layers[0].self_attn.batch_first
        tgt_is_causal = _detect_is_causal_mask(
            tgt_mask, tgt_is_causal, _get_seq_len(tgt, batch_first)
        )
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder and a decoder (Vaswani et al. 2017, figure 1).

    Args:
        d_model: the size E of the features. Default: 512.
        nhead: the number of heads. Default: 8.
        num_encoder_layers: Default: 6.
        num_decoder_layers: Default: 6.
        dim_feedforward: the width of the feed-forward networks. Default: 2048.
        dropout: the probability of each dropout. Default: 0.1.
        activation: ``"relu"``, ``"gelu"`` or a function of a tensor. Default: relu.
        custom_encoder: a module to use as the encoder. Default: none.
        custom_decoder: a module to use as the decoder. Default: none.
        layer_norm_eps: ``eps`` of the norms. Default: 1e-5.
        batch_first: the batch is dim 0, not dim 1. Default: ``False``.
        norm_first: see :class:`TransformerEncoderLayer`. Default: ``False``.
        bias: learn offsets. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Source ``(S, E)``, ``(S, N, E)`` or with ``batch_first`` ``(N, S, E)``; target
        and output the same with T instead of S. The masks are those of
        :class:`MultiheadAttention`.

    Raises:
        RuntimeError: in ``forward``, when batches or features differ in size.

    Example:
        >>> import rushlight
        >>> model = rushlight.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> tuple(model(rushlight.zeros(3, 5, 8), rushlight.zeros(3, 7, 8)).shape)
        (3, 7, 8)
    """

    def __init__(
        self,
        d_model=512,
        nhead=8,
        num_encoder_layers=6,
        num_decoder_layers=6,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        custom_encoder=None,
        custom_decoder=None,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        place = {"bias": bias, "device": device, "dtype": dtype}
        layer = (
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
        )
        if custom_encoder is None:
            encoder_layer = TransformerEncoderLayer(*layer, **place)
            norm = LayerNorm(d_model, eps=layer_norm_eps, **place)
            custom_encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            decoder_layer = TransformerDecoderLayer(*layer, **place)
            norm = LayerNorm(d_model, eps=layer_norm_eps, **place)
            custom_decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src,
        tgt,
        src_mask=None,
        tgt_mask=None,
        memory_mask=None,
        src_key_padding_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        src_is_causal=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        batch = 0 if self.batch_first else 1
        shapes = f"{tuple(src.shape)} and {tuple(tgt.shape)}"
        if src.dim() == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                f"the batch number of src and tgt must be equal, got shapes {shapes}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                "the feature number of src and tgt must be equal to d_model "
                f"({self.d_model}), got shapes {shapes}"
            )
        memory = self.encoder(
            src,
            mask=src_mask,
            src_key_padding_mask=src_key_padding_mask,
            is_causal=src_is_causal,
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(
        sz, device=None, dtype=None
    ) -> rushlight.Tensor:
        """Return the mask that lets position i see 0 ... i: -inf above the diagonal.

        Args:
            sz: the number of positions.
            device: where the mask lives. Default: the default device.
            dtype: the mask's dtype. Default: the default dtype.

        Example:
            >>> import rushlight
            >>> rushlight.nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        return _generate_square_subsequent_mask(sz, device, dtype)

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                xavier_uniform_(parameter)
