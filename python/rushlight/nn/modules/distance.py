"""Layers that compare vectors."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    """The norm of the difference of vectors, row by row.

    Args:
        p: the norm's order. Default: 2.
        eps: added to each difference, so that no gradient divides by 0. Default: 1e-6.
        keepdim: keep the vectors' dim with size 1. Default: ``False``.

    Shape:
        Inputs ``(N, D)`` or ``(D,)``, output ``(N,)`` or ``()``.

    Example:
        >>> import rushlight
        >>> distance = rushlight.nn.PairwiseDistance(eps=0.0)
        >>> distance(rushlight.tensor([[3.0, 4.0]]), rushlight.zeros(1, 2))
        tensor([5.])
    """

    def __init__(self, p=2.0, eps=1e-6, keepdim=False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1, x2):
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between vectors.

    Args:
        dim: the vectors' dim. Default: 1.
        eps: the least a product of lengths may be. Default: 1e-8.

    Shape:
        Inputs ``(*, D, *)``, output without the ``D``.

    Example:
        >>> import rushlight
        >>> cosine = rushlight.nn.CosineSimilarity(dim=0)
        >>> cosine(rushlight.tensor([3.0, 4.0]), rushlight.tensor([1.0, 0.0]))
        tensor(0.6000)
    """

    def __init__(self, dim=1, eps=1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1, x2):
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
