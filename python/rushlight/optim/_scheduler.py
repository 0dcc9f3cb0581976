"""The base class of learning rate schedules."""

from __future__ import annotations

import functools
import warnings
import weakref
from typing import Any

import rushlight
from rushlight.optim.optimizer import Optimizer

EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being "
    "deprecated where possible. Please use `scheduler.step()` to step the scheduler. "
    "During the deprecation, if epoch is different from None, the closed form is used "
    "instead of the new chainable form, where available. Please open an issue if you "
    "are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)
_ORDER_URL = (
    "See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


class LRScheduler:
    """Base class of learning rate schedules.

    A subclass computes the groups' learning rates in :meth:`get_lr` from
    ``last_epoch``, usually from the rates of the epoch before.

    Args:
        optimizer: the optimizer whose groups' ``"lr"`` is set.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        TypeError: ``optimizer`` is no ``Optimizer``.
        KeyError: resuming, but a group has no ``"initial_lr"``.
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for at, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{at}] when "
                    "resuming scheduler with last_epoch >= 0: load the optimizer's "
                    "state_dict first, or start with last_epoch=-1"
                )
        self.base_lrs = group_values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer as a dict."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the values of a :meth:`state_dict`."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """Return the groups' learning rates as last set."""
        return self._last_lr

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        raise NotImplementedError

    def _warn_if_called_directly(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, "
                "please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def step(self, epoch=None) -> None:
        """Go on by one epoch and set the learning rates.

        Args:
            epoch: deprecated: the epoch to go to.
        """
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self) -> None:
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate "
                "scheduler initialization. Please, make sure to call "
                f"`optimizer.step()` before `lr_scheduler.step()`. {_ORDER_URL}",
                UserWarning,
                stacklevel=3,
            )
        elif not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. "
                "In PyTorch 1.1.0 and later, you should call them in the opposite "
                "order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to "
                "do this will result in PyTorch skipping the first value of the "
                f"learning rate schedule. {_ORDER_URL}",
                UserWarning,
                stacklevel=3,
            )

    def _update_lr(self, epoch=None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                closed_form = getattr(self, "_get_closed_form_lr", self.get_lr)
                values = closed_form()
        finally:
            self._get_lr_called_within_step = False
        self._set_lrs(values)

    def _set_lrs(self, values) -> None:
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            set_group_value(group, "lr", value)
        self._last_lr = group_values(self.optimizer, "lr")


def check_optimizer(optimizer) -> None:
    """Raise ``TypeError`` unless it is an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def group_values(optimizer, key):
    """Return an option's value in every group; tensors are copied."""
    return [_copied(group[key]) for group in optimizer.param_groups]


def set_group_value(group, key, value) -> None:
    """Set a group's option; a tensor keeps its identity."""
    if isinstance(group[key], rushlight.Tensor):
        group[key].fill_(float(value))
    else:
        group[key] = value


def per_group(name, optimizer, value):
    """Return an argument as a list of one value a group; tensors are copied."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * count
    elif len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has "
            f"{len(value)} values, param_groups has {count}."
        )
    return [_copied(item) for item in value]


class MomentumCycle:
    """Moves the momentum, or Adam's first beta, of an optimizer's groups."""

    use_beta1: bool

    def _start_momentum(self, optimizer, highest, lowest, last_epoch):
        """Set every group to its highest momentum; return the values of the groups."""
        defaults = optimizer.defaults
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option "
                "enabled"
            )
        self.use_beta1 = "betas" in defaults
        highest = per_group("max_momentum", optimizer, highest)
        lowest = per_group("base_momentum", optimizer, lowest)
        if last_epoch == -1:
            groups = optimizer.param_groups
            for group, high, low in zip(groups, highest, lowest, strict=True):
                self._set_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return highest, lowest

    def _set_momentum(self, group, value) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


def _copied(value):
    return value.clone() if isinstance(value, rushlight.Tensor) else value


def _note_steps(optimizer):
    """Let ``optimizer.step`` record that it ran, for the order check."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    # Weakly: the optimizer owns this function.
    owner = weakref.ref(optimizer)
    step = optimizer.step.__func__

    @functools.wraps(step)
    def noted_step(*args, **kwargs):
        self = owner()
        self._opt_called = True
        return step(self, *args, **kwargs)

    noted_step._wrapped_by_lr_sched = True
    optimizer.step = noted_step
