"""Batch normalisation, and what it shares with instance normalisation."""

from __future__ import annotations

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules.lazy import LazyModuleMixin
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import (
    Parameter,
    UninitializedBuffer,
    UninitializedParameter,
    is_lazy,
)

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "SyncBatchNorm",
]


class _NormBase(Module):
    """Parameters and running statistics of one number a channel."""

    # 2: num_batches_tracked is a buffer.
    _version = 2

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats

        def learned(wanted):
            if not wanted:
                return None
            return Parameter(rushlight.empty(num_features, device=device, dtype=dtype))

        self.register_parameter("weight", learned(affine))
        self.register_parameter("bias", learned(affine and bias))
        mean = var = count = None
        if track_running_stats:
            mean = rushlight.zeros(num_features, device=device, dtype=dtype)
            var = rushlight.ones(num_features, device=device, dtype=dtype)
            count = rushlight.tensor(0, dtype=rushlight.int64, device=device)
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Set the running mean to 0, the running variance to 1, the count to 0."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set the running statistics, and weight and bias to 1 and 0, again."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input):
        raise NotImplementedError(
            f"{type(self).__name__} does not say which inputs it takes: define "
            "_check_input_dim"
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, *problems
    ) -> None:
        version = local_metadata.get("version")
        if (version is None or version < 2) and self.track_running_stats:
            # Files of version 1 do not count batches.
            count = self.num_batches_tracked
            if count is None:
                count = rushlight.tensor(0, dtype=rushlight.int64)
            state_dict.setdefault(prefix + "num_batches_tracked", count)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *problems)


class _BatchNorm(_NormBase):
    def _running_stats(self):
        """Count a batch; return running mean, variance, use of the batch, momentum."""
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            count = self.num_batches_tracked
            if count is not None:
                count.add_(1)
                if self.momentum is None:
                    # The plain mean of all batches so far.
                    momentum = 1.0 / float(count)
        mean, var = self.running_mean, self.running_var
        from_batch = self.training or (mean is None and var is None)
        if self.training and not self.track_running_stats:
            mean = var = None
        return mean, var, from_batch, momentum

    def forward(self, input):
        self._check_input_dim(input)
        mean, var, from_batch, momentum = self._running_stats()
        return F.batch_norm(
            input, mean, var, self.weight, self.bias, from_batch, momentum, self.eps
        )


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """A norm that learns ``num_features`` from its first input."""

    def __init__(
        self,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ) -> None:
        # Affine and tracking only afterwards: there is nothing to reset yet.
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = rushlight.tensor(
                0, dtype=rushlight.int64, device=device
            )

    def reset_parameters(self) -> None:
        """As :meth:`BatchNorm1d.reset_parameters`, once the shapes are known."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input) -> None:
        """Give parameters and statistics their shapes, by the shape of ``input``."""
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        for _, member in self._members():
            if is_lazy(member):
                member.materialize((self.num_features,))
        self.reset_parameters()


def _check_dims(input, *counts) -> None:
    if input.dim() not in counts:
        allowed = " or ".join(f"{count}D" for count in counts)
        raise ValueError(f"expected {allowed} input (got {input.dim()}D input)")


class BatchNorm1d(_BatchNorm):
    """Move every channel to mean 0 and variance 1 (Ioffe and Szegedy 2015).

    While training, mean and variance are those of the batch, and the running ones move
    towards them; in evaluation the running ones are used.

    Args:
        num_features: the number of channels, ``C``.
        eps: added to the variance. Default: 1e-5.
        momentum: how far the running values move; ``None`` keeps the mean over all
            batches instead. Default: 0.1.
        affine: learn a factor for each channel, and a summand. Default: ``True``.
        track_running_stats: keep running values; without them the batch's are used in
            evaluation too. Default: ``True``.
        device: where parameters and buffers live. Default: the default device.
        dtype: the parameters' and statistics' dtype. Default: the default dtype.
        bias: learn the summand. Default: ``True``.

    Shape:
        Input ``(N, C)`` or ``(N, C, L)``, output the same.

    Raises:
        ValueError: the input has another number of dims, or in training a single value
            per channel.

    Example:
        >>> import rushlight
        >>> rushlight.nn.BatchNorm1d(1)(rushlight.tensor([[1.0], [3.0]])).detach()
        tensor([[-1.0000],
                [ 1.0000]])
    """

    def _check_input_dim(self, input):
        _check_dims(input, 2, 3)


class LazyBatchNorm1d(_LazyNormBase, _BatchNorm):
    """A :class:`BatchNorm1d` that takes ``num_features`` from its first input.

    The other arguments are those of :class:`BatchNorm1d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyBatchNorm1d(affine=False)
        >>> _ = layer(rushlight.zeros(2, 3))
        >>> layer.num_features
        3
    """

    cls_to_become = BatchNorm1d

    def _check_input_dim(self, input):
        _check_dims(input, 2, 3)


class BatchNorm2d(_BatchNorm):
    """Move every channel of images to mean 0 and variance 1, over the whole batch.

    The arguments are those of :class:`BatchNorm1d`.

    Shape:
        Input ``(N, C, H, W)``, output the same.

    Raises:
        ValueError: the input is not 4-d, or has in training a single value per channel.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.BatchNorm2d(1).eval()
        >>> layer(rushlight.tensor([[[[2.0]]]])).detach()
        tensor([[[[2.0000]]]])
    """

    def _check_input_dim(self, input):
        _check_dims(input, 4)


class LazyBatchNorm2d(_LazyNormBase, _BatchNorm):
    """A :class:`BatchNorm2d` that takes ``num_features`` from its first input.

    The other arguments are those of :class:`BatchNorm1d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyBatchNorm2d()
        >>> _ = layer(rushlight.zeros(2, 3, 4, 4))
        >>> layer.num_features
        3
    """

    cls_to_become = BatchNorm2d

    def _check_input_dim(self, input):
        _check_dims(input, 4)


class BatchNorm3d(_BatchNorm):
    """Move every channel of volumes to mean 0 and variance 1, over the whole batch.

    The arguments are those of :class:`BatchNorm1d`.

    Shape:
        Input ``(N, C, D, H, W)``, output the same.

    Raises:
        ValueError: the input is not 5-d, or has in training a single value per channel.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.BatchNorm3d(2)
        >>> tuple(layer(rushlight.zeros(1, 2, 3, 4, 5)).shape)
        (1, 2, 3, 4, 5)
    """

    def _check_input_dim(self, input):
        _check_dims(input, 5)


class LazyBatchNorm3d(_LazyNormBase, _BatchNorm):
    """A :class:`BatchNorm3d` that takes ``num_features`` from its first input.

    The other arguments are those of :class:`BatchNorm1d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyBatchNorm3d()
        >>> _ = layer(rushlight.zeros(2, 3, 4, 4, 4))
        >>> layer.num_features
        3
    """

    cls_to_become = BatchNorm3d

    def _check_input_dim(self, input):
        _check_dims(input, 5)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose statistics may be taken over several processes.

    Rushlight runs in one process, so the statistics are those of its batch, as they are
    in PyTorch before a process group is initialised. Layers and checkpoints of models
    that were trained on several devices work unchanged.

    Args:
        num_features: the number of channels, ``C``.
        eps: added to the variance. Default: 1e-5.
        momentum: how far the running values move; ``None`` keeps the mean over all
            batches instead. Default: 0.1.
        affine: learn a factor for each channel, and a summand. Default: ``True``.
        track_running_stats: keep running values. Default: ``True``.
        process_group: ``None``: there are no process groups.
        device: where parameters and buffers live. Default: the default device.
        dtype: the parameters' and statistics' dtype. Default: the default dtype.
        bias: learn the summand. Default: ``True``.

    Shape:
        Input ``(N, C, *)``, output the same.

    Raises:
        NotImplementedError: for a process group.
        ValueError: the input has fewer than two dims, no channel, or in training a
            single value per channel.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.SyncBatchNorm(2)
        >>> tuple(layer(rushlight.zeros(3, 2)).shape)
        (3, 2)
    """

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        process_group=None,
        device=None,
        dtype=None,
        *,
        bias=True,
    ) -> None:
        if process_group is not None:
            raise NotImplementedError(
                "SyncBatchNorm: there are no process groups to share statistics in; "
                "leave process_group None to use those of this process"
            )
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
        self.process_group = process_group

    def _check_input_dim(self, input):
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError(
                "SyncBatchNorm number of input channels should be non-zero"
            )

    @classmethod
    def convert_sync_batchnorm(cls, module, process_group=None) -> Module:
        """Replace every ``BatchNorm*d`` in a model by a :class:`SyncBatchNorm`.

        Args:
            module: the model; its other layers, the parameters and buffers are kept.
            process_group: ``None``: there are no process groups.

        Returns:
            The model, or the new layer if ``module`` itself is a batch normalisation.

        Example:
            >>> from rushlight import nn
            >>> net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
            >>> type(nn.SyncBatchNorm.convert_sync_batchnorm(net)[1]).__name__
            'SyncBatchNorm'
        """
        result = module
        if isinstance(module, _BatchNorm):
            result = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                result.weight = module.weight
                result.bias = module.bias
            result.running_mean = module.running_mean
            result.running_var = module.running_var
            result.num_batches_tracked = module.num_batches_tracked
            result.training = module.training
        for name, child in module.named_children():
            result.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return result
