"""Attention: the scaled dot product, and several heads of it."""

from __future__ import annotations

import math
import warnings

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight.nn._functional._support import check_tensors, widen
from rushlight.nn._functional.dropout import dropout
from rushlight.nn._functional.linear import linear
from rushlight.nn._functional.padding import pad


def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    *,
    scale=None,
    enable_gqa=False,
):
    """``softmax(query @ key.mT * scale + mask) @ value`` (Vaswani et al. 2017, eq. 1).

    Args:
        query (Tensor): shape ``(*, Hq, L, E)``.
        key (Tensor): shape ``(*, H, S, E)``.
        value (Tensor): shape ``(*, H, S, Ev)``.
        attn_mask (Tensor, optional): of a shape that broadcasts to ``(*, L, S)``; bool,
            True where attention is allowed, or floating point and added to the scores.
        dropout_p (float): the share of weights that is dropped; 0 outside of training.
        is_causal (bool): position i attends to 0 ... i alone; not with a mask.
        scale (float, optional): by default ``1 / sqrt(E)``.
        enable_gqa (bool): each head of key and value serves ``Hq / H`` heads of query.

    Returns:
        Tensor: shape ``(*, Hq, L, Ev)``. A position that may attend to none gives 0.

    Raises:
        RuntimeError: when shapes, dtypes or options do not go together.

    Example::

        >>> x = rushlight.ones(1, 2, 3)
        >>> rushlight.nn.functional.scaled_dot_product_attention(x, x, x)
        tensor([[[1., 1., 1.],
                 [1., 1., 1.]]])
    """
    if attn_mask is None and dropout_p == 0.0 and isinstance(query, Tensor):
        # What the kernel checks is not checked before.
        shape = query.shape
        if (
            len(shape) == 4
            and isinstance(key, Tensor)
            and isinstance(value, Tensor)
            and shape == key.shape
            and shape == value.shape
            and shape[3]
            and not query.is_cuda
        ):
            scale = 1.0 / math.sqrt(shape[3]) if scale is None else scale
            return _ops.attention(query, key, value, None, is_causal, scale)[0]
    _check(query, key, value, attn_mask, is_causal, dropout_p)
    if scale is None:
        scale = 1.0 / math.sqrt(max(query.shape[-1], 1))
    if dropout_p == 0 and _can_fuse(query, key, value, attn_mask, enable_gqa):
        return _fused(query, key, value, attn_mask, is_causal, scale)
    dtype = query.dtype
    query, key, value = widen(query), widen(key), widen(value)
    if enable_gqa:
        key, value = (_shared(query, x) for x in (key, value))
    # The factor is split between both, so that large products do not overflow.
    root = math.sqrt(abs(scale))
    scores = (query * math.copysign(root, scale)) @ (key * root).transpose(-2, -1)
    weights = attention_weights(scores, attn_mask, is_causal)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p)
    return (weights @ value).to(dtype)


def _can_fuse(query, key, value, mask, enable_gqa):
    """Whether one kernel computes it: on the CPU, without broadcast batches."""
    q, k, v = query.shape, key.shape, value.shape
    heads, groups = (q[-3], k[-3]) if min(len(q), len(k)) > 2 else (1, 1)
    return (
        len(q) == len(k) == len(v)
        and q[:-3] == k[:-3] == v[:-3]
        and k[:-2] == v[:-2]
        and (heads == groups or (enable_gqa and groups > 0 and heads % groups == 0))
        and query.device.type == "cpu"
        and (mask is None or len(q) == 4 or mask.dim() <= 2)
    )


def _fused(query, key, value, mask, is_causal, scale):
    """As one op, which wants four dims."""
    shape = query.shape
    if len(shape) == 4:
        return _ops.attention(query, key, value, mask, is_causal, scale)[0]
    query, key, value = (
        x.reshape(*[1] * (4 - x.dim()), *x.shape)
        if x.dim() < 4
        else x.reshape(-1, *x.shape[-3:])
        for x in (query, key, value)
    )
    out = _ops.attention(query, key, value, mask, is_causal, scale)[0]
    return out.reshape(*shape[:-1], out.shape[-1])


def _check(query, key, value, attn_mask, is_causal, dropout_p):
    op = "scaled_dot_product_attention"
    check_tensors(op, query, key, value, attn_mask)
    inputs = (query, key, value)
    if not query.dtype is key.dtype is value.dtype:
        raise RuntimeError(
            f"{op}(): Expected query, key, and value to have the same dtype, but got "
            f"{', '.join(str(x.dtype) for x in inputs)}"
        )
    if min(x.dim() for x in inputs) < 2:
        raise RuntimeError(
            f"{op}(): Expected query, key, and value to all be at least 2 dimensional, "
            f"but got {', '.join(str(tuple(x.shape)) for x in inputs)}"
        )
    if not query.is_floating_point():
        raise RuntimeError(f"{op}(): expected floating point inputs, got {query.dtype}")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"{op}(): query {tuple(query.shape)}, key {tuple(key.shape)} and value "
            f"{tuple(value.shape)} do not fit; they are (*, L, E), "
            "(*, S, E) and (*, S, Ev)"
        )
    if not 0.0 <= dropout_p <= 1.0:
        raise RuntimeError(
            f"{op}(): dropout probability has to be between 0 and 1, but got "
            f"{dropout_p}"
        )
    if attn_mask is None:
        return
    if is_causal:
        raise RuntimeError(
            f"{op}(): Explicit attn_mask should not be set when is_causal=True"
        )
    kinds = (rushlight.bool, rushlight.float32, query.dtype)
    if attn_mask.dtype not in kinds:
        raise RuntimeError(
            f"{op}(): Expected attn_mask dtype to be bool or float or to match query "
            f"dtype, but got {attn_mask.dtype} and query's {query.dtype}"
        )


def _shared(query, x):
    heads = query.shape[-3] if query.dim() > 2 else 0
    if query.dim() < 3 or x.dim() < 3 or heads % x.shape[-3]:
        raise RuntimeError(
            "scaled_dot_product_attention(): enable_gqa needs a number of query heads "
            "that the number of key and value heads divides, got shapes "
            f"{tuple(query.shape)} and {tuple(x.shape)}"
        )
    return x.repeat_interleave(heads // x.shape[-3], -3)


def attention_weights(scores, mask, is_causal):
    """The softmax of masked scores; 0 for rows where nothing is allowed."""
    never = float("-inf")
    if is_causal:
        shape = (scores.shape[-2], scores.shape[-1])
        mask = rushlight.ones(*shape, dtype=rushlight.bool, device=scores.device).tril()
    if mask is None:
        return _ops.softmax(scores, -1)
    if mask.dtype is rushlight.bool:
        scores = scores.masked_fill(~mask, never)
    else:
        scores = scores + widen(mask)
    nothing = (scores == never).all(-1, keepdim=True)
    if not bool(nothing.any()):
        return _ops.softmax(scores, -1)
    # Their gradient would be NaN.
    weights = _ops.softmax(scores.masked_fill(nothing, 0.0), -1)
    return weights.masked_fill(nothing, 0.0)


def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """Attention of several heads, with its projections (Vaswani et al. 2017, 3.2.2).

    Args:
        query (Tensor): shape ``(L, N, E)`` or ``(L, E)``.
        key (Tensor): shape ``(S, N, Ek)`` or ``(S, Ek)``.
        value (Tensor): shape ``(S, N, Ev)`` or ``(S, Ev)``.
        embed_dim_to_check (int): E.
        num_heads (int): a divisor of E.
        in_proj_weight (Tensor): the three projections one below the other, ``(3E, E)``.
        in_proj_bias (Tensor): shape ``(3E,)``, or ``None``.
        bias_k (Tensor): a further key, ``(1, 1, E)``, or ``None``.
        bias_v (Tensor): a further value, ``(1, 1, E)``, or ``None``.
        add_zero_attn (bool): a further key and value of zeros.
        dropout_p (float): the share of weights dropped in training.
        out_proj_weight (Tensor): shape ``(E, E)``.
        out_proj_bias (Tensor): shape ``(E,)``, or ``None``.
        training (bool): apply dropout.
        key_padding_mask (Tensor, optional): shape ``(N, S)`` or ``(S,)``; bool, True
            for keys to leave out, or floating point and added to the scores.
        need_weights (bool): return the weights too.
        attn_mask (Tensor, optional): shape ``(L, S)`` or ``(N * num_heads, L, S)``;
            bool, True where attention is not allowed, or floating point and added.
        use_separate_proj_weight (bool): use the next three, not ``in_proj_weight``.
        q_proj_weight (Tensor, optional): shape ``(E, E)``.
        k_proj_weight (Tensor, optional): shape ``(E, Ek)``.
        v_proj_weight (Tensor, optional): shape ``(E, Ev)``.
        static_k (Tensor, optional): projected keys, ``(N * num_heads, S,
            E / num_heads)``.
        static_v (Tensor, optional): projected values, of the same shape.
        average_attn_weights (bool): return the weights' mean over the heads.
        is_causal (bool): a hint that ``attn_mask`` is the causal mask.

    Returns:
        tuple: the result, ``(L, N, E)`` or ``(L, E)``; and the weights, ``(N, L, S)``,
        ``(N, num_heads, L, S)`` or without N, or ``None``.

    Raises:
        AssertionError: when shapes do not fit.
        RuntimeError: when a mask does not.

    Example::

        >>> x, eye = rushlight.ones(1, 2), rushlight.eye(2)
        >>> out, weights = rushlight.nn.functional.multi_head_attention_forward(
        ...     x, x, x, 2, 1, eye.repeat(3, 1), None, None, None, False, 0.0, eye, None
        ... )
        >>> out, weights
        (tensor([[1., 1.]]), tensor([[1.]]))
    """
    op = "multi_head_attention_forward"
    batched = _check_heads(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, rows, width = query.shape
    key_padding_mask = _canonical_mask(
        key_padding_mask,
        "key_padding_mask",
        None if attn_mask is None else attn_mask.dtype,
        "attn_mask",
        query.dtype,
        stacklevel=3,
    )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            f"{op}(): Need attn_mask if specifying the is_causal hint; "
            "Transformer.generate_square_subsequent_mask makes it"
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        if attn_mask is not None:
            attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
        is_causal = is_causal and key_padding_mask is None
    _require(
        width == embed_dim_to_check,
        f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}",
    )
    head = width // num_heads
    _require(
        head * num_heads == width,
        f"embed_dim {width} not divisible by num_heads {num_heads}",
    )
    if use_separate_proj_weight:
        _require(
            key.shape[:2] == value.shape[:2],
            f"key's sequence and batch dims {key.shape[:2]} do not match value's "
            f"{value.shape[:2]}",
        )
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = _projected_apart(query, key, value, weights, in_proj_bias)
    else:
        _require(
            key.shape == value.shape,
            f"key shape {key.shape} does not match value shape {value.shape}",
        )
        _require(
            in_proj_weight is not None,
            "use_separate_proj_weight is False but in_proj_weight is None",
        )
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    attn_mask = _checked_mask(attn_mask, length, key.shape[0], rows * num_heads)
    masks = [attn_mask, key_padding_mask]
    _require(
        (bias_k is None) == (bias_v is None),
        "bias_k and bias_v must both be set or both be None",
    )
    if bias_k is not None:
        _require(
            static_k is None and static_v is None,
            "bias cannot be added to static key and value.",
        )
        k = rushlight.cat([k, bias_k.repeat(1, rows, 1)])
        v = rushlight.cat([v, bias_v.repeat(1, rows, 1)])
        masks = [x if x is None else pad(x, (0, 1)) for x in masks]
    q = q.reshape(length, rows * num_heads, head).transpose(0, 1)
    k = _by_head("static_k", k, static_k, rows * num_heads, head)
    v = _by_head("static_v", v, static_v, rows * num_heads, head)
    if add_zero_attn:
        zero = rushlight.zeros(
            rows * num_heads, 1, head, dtype=k.dtype, device=k.device
        )
        k, v = rushlight.cat([k, zero], 1), rushlight.cat([v, zero], 1)
        masks = [x if x is None else pad(x, (0, 1)) for x in masks]
    attn_mask, key_padding_mask = masks
    keys = k.shape[1]
    if key_padding_mask is not None:
        _require(
            tuple(key_padding_mask.shape) == (rows, keys),
            f"Expected key_padding_mask of shape {(rows, keys)}, but got "
            f"{tuple(key_padding_mask.shape)}",
        )
        spread = key_padding_mask.reshape(rows, 1, 1, keys)
        spread = spread.expand(rows, num_heads, 1, keys)
        spread = spread.reshape(rows * num_heads, 1, keys)
        attn_mask = spread if attn_mask is None else attn_mask + spread
    drop = dropout_p if training else 0.0
    if need_weights:
        _require(
            not (is_causal and attn_mask is None),
            "is_causal needs a mask where the weights are returned",
        )
        q, k = q * math.sqrt(1.0 / head), k.transpose(-2, -1)
        if attn_mask is None:
            scores = _ops.bmm(q, k)
        else:
            scores = _ops.baddbmm(attn_mask, q, k)
        weights = _ops.softmax(scores, -1)
        if drop > 0.0:
            weights = dropout(weights, drop)
        result = (weights @ v).transpose(0, 1)
    else:
        by_row = (rows, num_heads)
        if attn_mask is not None:
            if attn_mask.shape[0] == 1:
                attn_mask = attn_mask.unsqueeze(0)
            else:
                attn_mask = attn_mask.reshape(*by_row, -1, keys)
        result = scaled_dot_product_attention(
            *(x.reshape(*by_row, -1, head) for x in (q, k, v)),
            attn_mask,
            drop,
            is_causal,
        ).permute(2, 0, 1, 3)
    result = linear(
        result.reshape(length * rows, width), out_proj_weight, out_proj_bias
    )
    result = result.reshape(length, rows, result.shape[1])
    if not batched:
        result = result.squeeze(1)
    if not need_weights:
        return result, None
    weights = weights.reshape(rows, num_heads, length, keys)
    if average_attn_weights:
        weights = weights.mean(1)
    return result, weights if batched else weights.squeeze(0)


def _require(condition, text):
    if not condition:
        raise AssertionError(f"multi_head_attention_forward(): {text}")


def _check_heads(query, key, value, key_padding_mask, attn_mask, num_heads):
    """Whether the inputs have a batch dim."""
    check_tensors("multi_head_attention_forward", query, key, value)
    dim = query.dim()
    _require(
        dim in (2, 3),
        f"query should be unbatched 2D or batched 3D tensor but received {dim}-D query "
        "tensor",
    )
    _require(
        key.dim() == value.dim() == dim,
        f"expected `key` and `value` to be {dim}-D as `query` but found {key.dim()}-D "
        f"and {value.dim()}-D tensors respectively",
    )
    if key_padding_mask is not None:
        _require(
            key_padding_mask.dim() == dim - 1,
            f"expected `key_padding_mask` to be `None` or {dim - 1}-D but found "
            f"{key_padding_mask.dim()}-D tensor instead",
        )
    if attn_mask is not None:
        _require(
            attn_mask.dim() in (2, 3),
            f"expected `attn_mask` to be `None`, 2-D or 3-D but found "
            f"{attn_mask.dim()}-D tensor instead",
        )
        if dim == 2 and attn_mask.dim() == 3:
            wanted = (num_heads, query.shape[0], key.shape[0])
            _require(
                tuple(attn_mask.shape) == wanted,
                f"Expected `attn_mask` shape to be {wanted} but got "
                f"{tuple(attn_mask.shape)}",
            )
    return dim == 3


def _canonical_mask(mask, name, other_type, other_name, dtype, stacklevel=4):
    """A mask as numbers to add to the scores; ``None`` stays.

    Args:
        mask: bool, True where attention is not allowed, or floating point; or ``None``.
        name: the mask's name, for messages.
        other_type: the dtype of the mask that comes with it, or ``None``.
        other_name: that mask's name.
        dtype: of the result for a bool mask.
        stacklevel: of the warning that the dtypes differ.

    Raises:
        AssertionError: the mask is of another kind.
    """
    if mask is None:
        return None
    is_float = mask.is_floating_point()
    _require(
        is_float or mask.dtype is rushlight.bool,
        f"only bool and floating types of {name} are supported, got {mask.dtype}",
    )
    if other_type is not None and other_type is not mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated "
            f"({mask.dtype} and {other_type}). Use same type for both instead.",
            stacklevel=stacklevel,
        )
    if is_float:
        return mask
    zeros = rushlight.zeros(*mask.shape, dtype=dtype, device=mask.device)
    return zeros.masked_fill_(mask, float("-inf"))


def _projected(query, key, value, weight, bias):
    if query is key and key is value:
        return linear(query, weight, bias).chunk(3, -1)
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return [
        linear(x, w, b) for x, w, b in zip((query, key, value), weight.chunk(3), biases)
    ]


def _projected_apart(query, key, value, weights, bias):
    width = query.shape[-1]
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    result = []
    for name, x, w, b in zip("qkv", (query, key, value), weights, biases):
        _require(
            w is not None,
            f"use_separate_proj_weight is True but {name}_proj_weight is None",
        )
        wanted = (width, x.shape[-1])
        _require(
            tuple(w.shape) == wanted,
            f"expecting {name}_proj_weight of shape {wanted}, but got {tuple(w.shape)}",
        )
        _require(
            b is None or tuple(b.shape) == (width,),
            f"expecting a bias of shape {(width,)} for {name}",
        )
        result.append(linear(x, w, b))
    return result


def _checked_mask(mask, length, keys, heads):
    if mask is None:
        return None
    wanted = (length, keys) if mask.dim() == 2 else (heads, length, keys)
    if tuple(mask.shape) != wanted:
        raise RuntimeError(
            f"multi_head_attention_forward(): The shape of the {mask.dim()}D attn_mask "
            f"is {tuple(mask.shape)}, but should be {wanted}."
        )
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def _by_head(name, x, static, heads, width):
    if static is None:
        return x.reshape(x.shape[0], heads, width).transpose(0, 1)
    _require(
        static.shape[0] == heads and static.shape[2] == width,
        f"expecting {name} of shape ({heads}, S, {width}), but got "
        f"{tuple(static.shape)}",
    )
    return static
