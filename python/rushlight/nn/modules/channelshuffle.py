"""A layer that mixes groups of channels."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """Deal out the channels of every group over all groups (Zhang et al. 2018).

    Args:
        groups: the number of groups, a divisor of the number of channels.

    Shape:
        Input and output ``(N, C, *)``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ChannelShuffle(2)
        >>> layer(rushlight.arange(4.0).reshape(1, 4, 1)).flatten()
        tensor([0., 2., 1., 3.])
    """

    def __init__(self, groups) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
