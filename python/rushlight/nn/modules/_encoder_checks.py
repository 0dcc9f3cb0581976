"""When PyTorch's encoder takes its path over nested tensors, which zeroes padding.

There are no nested tensors here; the padded places of the result are set to 0 instead,
where PyTorch would do so, so that both give the same.
"""

from __future__ import annotations

import rushlight


def never_nested(layer, is_encoder_layer) -> str:
    """Why an encoder of this layer cannot take that path, or ``""``."""
    name = "encoder_layer"
    if not is_encoder_layer:
        return f"{name} was not TransformerEncoderLayer"
    attention = layer.self_attn
    checks = (
        (layer.norm_first, "norm_first was True"),
        (
            not attention.batch_first,
            "self_attn.batch_first was not True(use batch_first for speed)",
        ),
        (
            not attention._qkv_same_embed_dim,
            "self_attn._qkv_same_embed_dim was not True",
        ),
        (attention.in_proj_bias is None, "self_attn was passed bias=False"),
        (not layer.activation_relu_or_gelu, "activation_relu_or_gelu was not True"),
        (
            layer.norm1.eps != layer.norm2.eps,
            f"norm1.eps was not equal to {name}.norm2.eps",
        ),
        (attention.num_heads % 2 == 1, "self_attn.num_heads is odd"),
    )
    return next((f"{name}.{text}" for failed, text in checks if failed), "")


def zeroes_padding(encoder, src, mask, allowed) -> bool:
    """Whether PyTorch would run ``encoder`` over nested tensors now.

    Args:
        encoder: a TransformerEncoder.
        src: its input.
        mask: its mask.
        allowed: bool of shape ``(N, L)``, the places that are no padding, or ``None``.
    """
    first = encoder.layers[0]
    if (
        not getattr(encoder, "use_nested_tensor", False)
        or first.training
        or src.dim() != 3
        or allowed is None
        or mask is not None
        or rushlight.is_autocast_enabled()
    ):
        return False
    if getattr(encoder, "mask_check", True) and not _left_aligned(allowed):
        return False
    attention = first.self_attn
    tensors = (
        src,
        attention.in_proj_weight,
        attention.in_proj_bias,
        *attention.out_proj.parameters(),
        *(
            p
            for layer in (first.norm1, first.norm2, first.linear1, first.linear2)
            for p in layer.parameters()
        ),
    )
    return not (rushlight.is_grad_enabled() and any(x.requires_grad for x in tensors))


def _left_aligned(allowed) -> bool:
    # No place is allowed behind one that is not.
    return not bool((allowed[:, 1:] & ~allowed[:, :-1]).any())
