"""Averages of a model's parameters over the training."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable

import rushlight
from rushlight._core import Tensor
from rushlight.nn.modules.module import Module
from rushlight.optim._scheduler import LRScheduler, per_group

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """Return a function that averages lists of tensors with exponential weights.

    It writes ``decay * average + (1 - decay) * current`` into every average.

    Args:
        decay: how much of the average is kept, from 0 to 1. Default: 0.999.

    Raises:
        ValueError: ``decay`` is out of its range.

    Example:
        >>> import rushlight
        >>> average, current = rushlight.zeros(2), rushlight.ones(2)
        >>> update = rushlight.optim.swa_utils.get_ema_multi_avg_fn(0.75)
        >>> update([average], [current], 1)
        >>> average.tolist()
        [0.25, 0.25]
    """
    _check_decay(decay)

    @rushlight.no_grad()
    def ema_update(ema_param_list, current_param_list, _):
        for average, current in zip(ema_param_list, current_param_list, strict=True):
            if _is_number(average):
                average.lerp_(current, 1 - decay)
            else:
                average.copy_(average * decay + current * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """Return a function that averages lists of tensors with equal weights.

    Called with averages of ``n`` models, the current parameters and ``n``, it writes
    the averages of ``n + 1`` models. It raises ``RuntimeError`` for whole numbers.

    Example:
        >>> import rushlight
        >>> average, current = rushlight.zeros(2), rushlight.ones(2)
        >>> update = rushlight.optim.swa_utils.get_swa_multi_avg_fn()
        >>> update([average], [current], 1)
        >>> average.tolist()
        [0.5, 0.5]
    """

    @rushlight.no_grad()
    def swa_update(averaged_param_list, current_param_list, num_averaged):
        weight = 1 / (num_averaged + 1)
        for average, current in zip(
            averaged_param_list, current_param_list, strict=True
        ):
            if not _is_number(average):
                raise RuntimeError(
                    "get_swa_multi_avg_fn(): whole numbers have no average, got a "
                    f"tensor of {average.dtype}; use get_swa_avg_fn(), which rounds "
                    "them down, or use_buffers=False"
                )
            average.lerp_(current, float(weight))

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Tensor]:
    """Return a function that averages two tensors with exponential weights.

    Args:
        decay: how much of the average is kept, from 0 to 1. Default: 0.999.

    Raises:
        ValueError: ``decay`` is out of its range.

    Example:
        >>> import rushlight
        >>> average = rushlight.optim.swa_utils.get_ema_avg_fn(0.75)
        >>> average(rushlight.zeros(2), rushlight.ones(2), 1).tolist()
        [0.25, 0.25]
    """
    _check_decay(decay)

    @rushlight.no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable[..., Tensor]:
    """Return a function that averages two tensors, the first worth several models.

    Example:
        >>> import rushlight
        >>> average = rushlight.optim.swa_utils.get_swa_avg_fn()
        >>> average(rushlight.zeros(2), rushlight.ones(2), 1).tolist()
        [0.5, 0.5]
    """

    @rushlight.no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def _check_decay(decay) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] "
            "range."
        )


def _is_number(tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


class AveragedModel(Module):
    """A model of averaged parameters (Izmailov et al. 2018).

    The first :meth:`update_parameters` copies the parameters; later ones average them,
    with equal weights unless a function says otherwise. The functions are not part of
    the state.

    Args:
        model: the model, which is copied.
        device: where the copy is kept. Default: where the model is.
        avg_fn: makes a new average of an average, a parameter and the number of models
            in the average.
        multi_avg_fn: the same for lists of them, written into the averages.
        use_buffers: average the buffers too, instead of copying them.
            Default: ``False``.

    Raises:
        AssertionError: both functions are given.

    Example:
        >>> import rushlight
        >>> model = rushlight.nn.Linear(1, 1, bias=False)
        >>> averaged = rushlight.optim.swa_utils.AveragedModel(model)
        >>> for value in (1.0, 3.0):
        ...     with rushlight.no_grad():
        ...         model.weight.fill_(value)
        ...     averaged.update_parameters(model)
        Parameter containing:
        tensor([[1.]], requires_grad=True)
        Parameter containing:
        tensor([[3.]], requires_grad=True)
        >>> averaged.module.weight.item()
        2.0
    """

    def __init__(
        self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError(
                "Only one of avg_fn and multi_avg_fn should be provided"
            )
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        count = rushlight.tensor(0, dtype=rushlight.int64, device=device)
        self.register_buffer("n_averaged", count)
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        """Run the averaged model."""
        return self.module(*args, **kwargs)

    @rushlight.no_grad()
    def update_parameters(self, model) -> None:
        """Take a model's parameters into the average.

        Args:
            model: a model like the one this was made of.
        """
        pairs = list(self._pairs(model))
        if self.n_averaged == 0:
            for average, current in pairs:
                average.copy_(current)
        elif self.multi_avg_fn is not None:
            # One list a dtype and device, as a function for lists may want.
            lists: dict = {}
            for average, current in pairs:
                key = (average.device, average.dtype)
                averages, currents = lists.setdefault(key, ([], []))
                averages.append(average)
                currents.append(current)
            for (device, _), (averages, currents) in lists.items():
                self.multi_avg_fn(averages, currents, self.n_averaged.to(device))
        else:
            mean = get_swa_avg_fn() if self.avg_fn is None else self.avg_fn
            for average, current in pairs:
                count = self.n_averaged.to(average.device)
                average.copy_(mean(average, current, count))
        if not self.use_buffers:
            buffers = zip(self.module.buffers(), model.buffers(), strict=True)
            for mine, theirs in buffers:
                mine.detach().copy_(theirs.detach().to(mine.device))
        self.n_averaged += 1

    def _pairs(self, model):
        def tensors(module):
            if self.use_buffers:
                return itertools.chain(module.parameters(), module.buffers())
            return module.parameters()

        for average, current in zip(tensors(self.module), tensors(model), strict=False):
            yield average.detach(), current.detach().to(average.device)


@rushlight.no_grad()
def update_bn(loader, model, device=None) -> None:
    """Compute the running statistics of a model's batch norms anew.

    The model runs once over the data, in training mode; afterwards it is in the mode
    it was in.

    Args:
        loader: gives batches, each a tensor or a list whose first item is one.
        model: the model.
        device: where batches are moved first.
    """
    from rushlight.nn.modules.batchnorm import _BatchNorm

    momenta = {}
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        # None: the plain average of all batches.
        module.momentum = None
    for batch in loader:
        if isinstance(batch, (list, tuple)):
            batch = batch[0]
        if device is not None:
            batch = batch.to(device)
        model(batch)
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Move the rate to a constant one, at which models are averaged.

    Args:
        optimizer: the optimizer.
        swa_lr: the rate to move to, a number or one a group.
        anneal_epochs: how many epochs that takes. Default: 10.
        anneal_strategy: ``"cos"`` or ``"linear"``. Default: ``"cos"``.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        ValueError: the strategy is unknown, ``anneal_epochs`` is negative, or a list's
            length is not the number of groups.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.swa_utils.SWALR(
        ...     optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear"
        ... )
        >>> for _ in range(2):
        ...     optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.75]
        [0.5]
    """

    def __init__(
        self,
        optimizer,
        swa_lr,
        anneal_epochs=10,
        anneal_strategy="cos",
        last_epoch=-1,
    ) -> None:
        rates = per_group("swa_lr", optimizer, swa_lr)
        for rate, group in zip(rates, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                "anneal_strategy must be one of 'cos' or 'linear', instead got "
                f"{anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}"
            )
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t):
        """Return the share of the way that is made after a share of the epochs."""
        if self._anneal_strategy == "linear":
            return t
        return (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list:
        """Return the groups' learning rates for the next step."""
        self._warn_if_called_directly()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (
            self.anneal_func(max(0, min(1, at / max(1, self.anneal_epochs))))
            for at in (step - 1, step)
        )
        rates = []
        for group in self.optimizer.param_groups:
            rate, target = group["lr"], group["swa_lr"]
            # Where the rate came from, found from where it is.
            start = target if before == 1 else (rate - before * target) / (1 - before)
            rates.append(target * now + start * (1 - now))
        return rates
