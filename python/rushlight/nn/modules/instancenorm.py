"""Instance normalisation layers."""

from __future__ import annotations

import warnings

from rushlight.nn import functional as F
from rushlight.nn.modules.batchnorm import _check_dims, _LazyNormBase, _NormBase

__all__ = [
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _InstanceNorm(_NormBase):
    # The number of spatial dims.
    _spatial: int

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        *,
        bias=True,
    ) -> None:
        super().__init__(
            num_features,
            eps,
            momentum,
            affine,
            track_running_stats,
            device,
            dtype,
            bias=bias,
        )

    def _check_input_dim(self, input):
        _check_dims(input, self._spatial + 1, self._spatial + 2)

    def _apply_instance_norm(self, input):
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )

    def _load_from_state_dict(
        self,
        state_dict,
        prefix,
        local_metadata,
        strict,
        missing_keys,
        unexpected_keys,
        error_msgs,
    ) -> None:
        if local_metadata.get("version") is None and not self.track_running_stats:
            # PyTorch before 0.4 tracked the statistics of every layer.
            keys = [prefix + name for name in ("running_mean", "running_var")]
            found = [key for key in keys if key in state_dict]
            if found:
                names = " and ".join(f'"{key}"' for key in found)
                kind = type(self).__name__
                error_msgs.append(
                    f"Unexpected running stats buffer(s) {names} for {kind} with "
                    "track_running_stats=False. If state_dict is a checkpoint saved "
                    f"before 0.4.0, this may be expected because {kind} does not track "
                    "running stats by default since 0.4.0. Please remove these keys "
                    "from state_dict. If the running stats are actually needed, "
                    f"instead set track_running_stats=True in {kind} to enable them. "
                    f"See the documentation of {kind} for details."
                )
                for key in found:
                    del state_dict[key]
        super()._load_from_state_dict(
            state_dict,
            prefix,
            local_metadata,
            strict,
            missing_keys,
            unexpected_keys,
            error_msgs,
        )

    def forward(self, input):
        self._check_input_dim(input)
        channels = input.dim() - self._spatial - 1
        if input.size(channels) != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={channels} to match num_features "
                    f"({self.num_features}), but got: {input.size(channels)}."
                )
            warnings.warn(
                f"input's size at dim={channels} does not match num_features. You can "
                "silence this warning by not passing in num_features, which is not "
                "used because affine=False",
                stacklevel=2,
            )
        if channels == 0:
            return self._apply_instance_norm(input.unsqueeze(0)).squeeze(0)
        return self._apply_instance_norm(input)


class InstanceNorm1d(_InstanceNorm):
    """Move every channel of every signal to mean 0 and variance 1 (Ulyanov et al.).

    Args:
        num_features: the number of channels, ``C``.
        eps: added to the variance. Default: 1e-5.
        momentum: how far the running values move. Default: 0.1.
        affine: learn a factor for each channel, and a summand. Default: ``False``.
        track_running_stats: keep running values, and use them in evaluation.
            Default: ``False``.
        device: where parameters and buffers live. Default: the default device.
        dtype: the parameters' and statistics' dtype. Default: the default dtype.
        bias: learn the summand. Default: ``True``.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``, output the same.

    Raises:
        ValueError: the input has another number of dims, another number of channels
            while ``affine`` is set, or in training a single value per channel.

    Example:
        >>> import rushlight
        >>> rushlight.nn.InstanceNorm1d(1)(rushlight.tensor([[1.0, 3.0]]))
        tensor([[-1.0000,  1.0000]])
    """

    _spatial = 1


class LazyInstanceNorm1d(_LazyNormBase, _InstanceNorm):
    """An :class:`InstanceNorm1d` that takes ``num_features`` from its first input.

    The other arguments are those of :class:`InstanceNorm1d`; ``affine`` and
    ``track_running_stats`` are ``True`` unless given.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyInstanceNorm1d()
        >>> _ = layer(rushlight.zeros(2, 3, 4))
        >>> layer.num_features
        3
    """

    _spatial = 1
    cls_to_become = InstanceNorm1d


class InstanceNorm2d(_InstanceNorm):
    """Move every channel of every image to mean 0 and variance 1.

    The arguments are those of :class:`InstanceNorm1d`.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``, output the same.

    Raises:
        ValueError: the input has another number of dims, another number of channels
            while ``affine`` is set, or in training a single value per channel.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.InstanceNorm2d(3)
        >>> tuple(layer(rushlight.zeros(2, 3, 4, 4)).shape)
        (2, 3, 4, 4)
    """

    _spatial = 2


class LazyInstanceNorm2d(_LazyNormBase, _InstanceNorm):
    """An :class:`InstanceNorm2d` that takes ``num_features`` from its first input.

    The other arguments are those of :class:`InstanceNorm1d`; ``affine`` and
    ``track_running_stats`` are ``True`` unless given.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyInstanceNorm2d()
        >>> _ = layer(rushlight.zeros(2, 3, 4, 4))
        >>> layer.num_features
        3
    """

    _spatial = 2
    cls_to_become = InstanceNorm2d


class InstanceNorm3d(_InstanceNorm):
    """Move every channel of every volume to mean 0 and variance 1.

    The arguments are those of :class:`InstanceNorm1d`.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``, output the same.

    Raises:
        ValueError: the input has another number of dims, another number of channels
            while ``affine`` is set, or in training a single value per channel.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.InstanceNorm3d(3)
        >>> tuple(layer(rushlight.zeros(2, 3, 4, 4, 4)).shape)
        (2, 3, 4, 4, 4)
    """

    _spatial = 3


class LazyInstanceNorm3d(_LazyNormBase, _InstanceNorm):
    """An :class:`InstanceNorm3d` that takes ``num_features`` from its first input.

    The other arguments are those of :class:`InstanceNorm1d`; ``affine`` and
    ``track_running_stats`` are ``True`` unless given.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyInstanceNorm3d()
        >>> _ = layer(rushlight.zeros(2, 3, 4, 4, 4))
        >>> layer.num_features
        3
    """

    _spatial = 3
    cls_to_become = InstanceNorm3d
