"""The focal loss of dense detection."""

from __future__ import annotations

import rushlight
import rushlight.nn.functional as F

__all__ = ["sigmoid_focal_loss"]


def sigmoid_focal_loss(
    inputs, targets, alpha=0.25, gamma=2, reduction="none"
) -> rushlight.Tensor:
    """Binary cross-entropy that weighs hard examples more.

    ``alpha_t * (1 - p_t) ** gamma * -log(p_t)``, with ``p_t`` the probability of the
    true class: Lin et al., "Focal Loss for Dense Object Detection" (2017), equation 5.

    Args:
        inputs: scores before the sigmoid, of any shape.
        targets: 0 or 1 each, of the same shape and type.
        alpha: the weight of class 1, that of class 0 is ``1 - alpha``; -1: no
            weights. Default: 0.25.
        gamma: how far easy examples are weighed down. Default: 2.
        reduction: ``"none"``, ``"mean"`` or ``"sum"``. Default: ``"none"``.

    Raises:
        ValueError: ``alpha`` is out of range, or the reduction none of these.
    """
    if not (0 <= alpha <= 1 or alpha == -1):
        raise ValueError(
            f"Invalid alpha value: {alpha}. sigmoid_focal_loss takes 0 to 1, or -1 for "
            "no weights."
        )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(
            f"Invalid value for reduction: {reduction!r}. sigmoid_focal_loss takes "
            "'none', 'mean' or 'sum'."
        )
    p = rushlight.sigmoid(inputs)
    entropy = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    true = p * targets + (1 - p) * (1 - targets)
    loss = entropy * (1 - true) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss
