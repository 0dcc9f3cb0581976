"""Dropout layers."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _DropoutNd(Module):
    def __init__(self, p=0.5, inplace=False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(
                f"dropout probability has to be between 0 and 1, but got {p}"
            )
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zero elements at random while training, and scale the rest by ``1 / (1 - p)``.

    Args:
        p: the probability of zeroing an element. Default: 0.5.
        inplace: write into the input. Default: ``False``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Dropout(0.5).eval()(rushlight.ones(2))
        tensor([1., 1.])
    """

    def forward(self, input):
        if not self.training and 0.0 <= self.p <= 1.0:
            return input
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Zero whole channels of sequences at random while training.

    What remains is scaled by ``1 / (1 - p)``.

    Args:
        p: the probability of zeroing a channel. Default: 0.5.
        inplace: write into the input. Default: ``False``.

    Shape:
        Input and output ``(N, C, L)`` or ``(C, L)``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Dropout1d(1.0)(rushlight.ones(1, 2, 2)).flatten()
        tensor([0., 0., 0., 0.])
    """

    def forward(self, input):
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Zero whole channels of images at random while training.

    What remains is scaled by ``1 / (1 - p)``.

    Args:
        p: the probability of zeroing a channel. Default: 0.5.
        inplace: write into the input. Default: ``False``.

    Shape:
        Input and output ``(N, C, H, W)``, or ``(N, C, L)``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Dropout2d(1.0)(rushlight.ones(1, 2, 1, 2)).flatten()
        tensor([0., 0., 0., 0.])
    """

    def forward(self, input):
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Zero whole channels of volumes at random while training.

    What remains is scaled by ``1 / (1 - p)``.

    Args:
        p: the probability of zeroing a channel. Default: 0.5.
        inplace: write into the input. Default: ``False``.

    Shape:
        Input and output ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Dropout3d(1.0)(rushlight.ones(1, 2, 1, 1, 1)).flatten()
        tensor([0., 0.])
    """

    def forward(self, input):
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean 0 and variance 1, for networks of :class:`SELU`.

    Dropped elements take SELU's lower limit (Klambauer et al. 2017).

    Args:
        p: the probability of dropping an element. Default: 0.5.
        inplace: kept as an attribute; the input is never written. Default: ``False``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.AlphaDropout(0.5).eval()(rushlight.ones(2))
        tensor([1., 1.])
    """

    def forward(self, input):
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """:class:`AlphaDropout` of whole channels.

    Args:
        p: the probability of dropping a channel. Default: 0.5.
        inplace: kept as an attribute; the input is never written. Default: ``False``.

    Shape:
        Input and output ``(N, C, *)``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.FeatureAlphaDropout(0.5).eval()(rushlight.ones(1, 2, 1))
        tensor([[[1.],
                 [1.]]])
    """

    def forward(self, input):
        return F.feature_alpha_dropout(input, self.p, self.training)
