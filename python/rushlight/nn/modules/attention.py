"""Attention of several heads with learned projections."""

from __future__ import annotations

import rushlight
from rushlight.nn import functional as F
from rushlight.nn.init import constant_, xavier_normal_, xavier_uniform_
from rushlight.nn.modules.linear import NonDynamicallyQuantizableLinear
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention of several heads, with its projections (Vaswani et al. 2017, 3.2.2).

    Args:
        embed_dim: the size E of the queries and of the output.
        num_heads: a divisor of ``embed_dim``.
        dropout: the share of weights that is dropped in training. Default: 0.
        bias: learn offsets of the projections. Default: ``True``.
        add_bias_kv: learn a further key and value. Default: ``False``.
        add_zero_attn: add a further key and value of zeros. Default: ``False``.
        kdim: the size of the keys. Default: ``embed_dim``.
        vdim: the size of the values. Default: ``embed_dim``.
        batch_first: the batch is dim 0, not dim 1. Default: ``False``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Query ``(L, E)``, ``(L, N, E)`` or with ``batch_first`` ``(N, L, E)``; key and
        value the same with S instead of L. ``key_padding_mask`` ``(N, S)`` or ``(S,)``,
        ``attn_mask`` ``(L, S)`` or ``(N * num_heads, L, S)``; bool, True where
        attention is not allowed, or floating point and added to the scores.

        Returns the output, of the query's shape, and the weights: ``(N, L, S)``, or
        ``(N, num_heads, L, S)`` without ``average_attn_weights``, or ``None`` without
        ``need_weights``.

    Raises:
        ValueError: ``embed_dim`` or ``num_heads`` is not positive.
        AssertionError: ``num_heads`` does not divide ``embed_dim``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.MultiheadAttention(8, 2, batch_first=True)
        >>> x = rushlight.zeros(3, 5, 8)
        >>> out, weights = layer(x, x, x)
        >>> tuple(out.shape), tuple(weights.shape)
        ((3, 5, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, got "
                f"embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(
                "embed_dim must be divisible by num_heads, got "
                f"embed_dim={embed_dim} and num_heads={num_heads}"
            )
        place = {"device": device, "dtype": dtype}

        def parameter(*shape):
            return Parameter(rushlight.empty(shape, **place))

        apart = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
        if self._qkv_same_embed_dim:
            self.in_proj_weight = parameter(3 * embed_dim, embed_dim)
            for name in apart:
                self.register_parameter(name, None)
        else:
            for name, width in zip(apart, (embed_dim, self.kdim, self.vdim)):
                setattr(self, name, parameter(embed_dim, width))
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = parameter(3 * embed_dim)
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(
            embed_dim, embed_dim, bias=bias, **place
        )
        self.bias_k = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.bias_v = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        if self._qkv_same_embed_dim:
            xavier_uniform_(self.in_proj_weight)
        else:
            xavier_uniform_(self.q_proj_weight)
            xavier_uniform_(self.k_proj_weight)
            xavier_uniform_(self.v_proj_weight)
        if self.in_proj_bias is not None:
            constant_(self.in_proj_bias, 0.0)
            constant_(self.out_proj.bias, 0.0)
        if self.bias_k is not None:
            xavier_normal_(self.bias_k)
        if self.bias_v is not None:
            xavier_normal_(self.bias_v)

    def __setstate__(self, state):
        # Written before keys and values could have sizes of their own.
        state.setdefault("_qkv_same_embed_dim", True)
        super().__setstate__(state)

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        batch_first = self.batch_first and query.dim() == 3
        if batch_first:
            # One tensor stays one tensor: it is then projected once.
            if key is value:
                value = key = key.transpose(1, 0) if key is not query else None
            else:
                key, value = key.transpose(1, 0), value.transpose(1, 0)
            query = query.transpose(1, 0)
            if key is None:
                key = value = query
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(1, 0) if batch_first else out), weights

    def merge_masks(self, attn_mask, key_padding_mask, query):
        """Combine both masks into one for all heads.

        Args:
            attn_mask: ``(L, L)`` or ``(N * num_heads, L, L)``, or ``None``.
            key_padding_mask: ``(N, L)``, or ``None``.
            query: shape ``(N, L, E)``.

        Returns:
            The mask, and what it is: 1 for a ``key_padding_mask`` as it was, 2 for one
            of shape ``(N, num_heads, L, L)``; or ``None`` twice.
        """
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        rows, length, _ = query.shape
        if attn_mask.dim() == 3:
            merged = attn_mask.view(rows, -1, length, length)
        else:
            merged = attn_mask.view(1, 1, length, length)
            merged = merged.expand(rows, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            spread = key_padding_mask.view(rows, 1, 1, length)
            merged = merged + spread.expand(-1, self.num_heads, -1, -1)
        return merged, 2
