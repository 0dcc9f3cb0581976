"""Schedules that are a function of the epoch alone."""

from __future__ import annotations

import bisect
import math
import types
from collections import Counter

from rushlight.optim._scheduler import LRScheduler, group_values


class _FunctionLR(LRScheduler):
    """Base of schedules that take a function of the epoch, or one a group."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1) -> None:
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        if not isinstance(lr_lambda, (list, tuple)):
            self.lr_lambdas = [lr_lambda] * count
        elif len(lr_lambda) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(lr_lambda)}")
        else:
            self.lr_lambdas = list(lr_lambda)
        self._check_functions()
        super().__init__(optimizer, last_epoch)

    def _check_functions(self) -> None:
        """Raise for what cannot be called; by default the first step does."""

    def state_dict(self):
        """Return everything but the optimizer; of functions only objects' fields."""
        state = super().state_dict()
        # Last, as in PyTorch.
        functions = state.pop("lr_lambdas")
        state["lr_lambdas"] = [function_state(fn) for fn in functions]
        return state

    def load_state_dict(self, state_dict) -> None:
        """Take over the values of a :meth:`state_dict`, keeping the functions."""
        self.__dict__.update({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for fn, fields in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if fields is not None:
                fn.__dict__.update(fields)


def function_state(function):
    """Return what a state holds of a function: an object's fields, else ``None``."""
    if function is None or isinstance(function, types.FunctionType):
        return None
    return function.__dict__.copy()


class LambdaLR(_FunctionLR):
    """The initial rate times a function of the epoch.

    Args:
        optimizer: the optimizer.
        lr_lambda: a function from the epoch to a factor, or a list of one a group.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        ValueError: the list's length is not the number of groups.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.lr_scheduler.LambdaLR(
        ...     optimizer, lambda epoch: 1 / (1 + epoch)
        ... )
        >>> optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.5]
    """

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        return [
            base * fn(self.last_epoch)
            for fn, base in zip(self.lr_lambdas, self.base_lrs, strict=True)
        ]


class MultiplicativeLR(_FunctionLR):
    """The rate before times a function of the epoch.

    Args:
        optimizer: the optimizer.
        lr_lambda: a function from the epoch to a factor, or a list of one a group.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        TypeError: something in the list is no function.
        ValueError: the list's length is not the number of groups.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.lr_scheduler.MultiplicativeLR(
        ...     optimizer, lambda epoch: 0.5
        ... )
        >>> optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.5]
    """

    def _check_functions(self) -> None:
        for fn in self.lr_lambdas:
            if not callable(fn):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(fn).__name__}"
                )

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self._is_initial:
            return rates
        return [
            rate * fn(self.last_epoch)
            for fn, rate in zip(self.lr_lambdas, rates, strict=True)
        ]


class StepLR(LRScheduler):
    """Multiply the rate by ``gamma`` every ``step_size`` epochs.

    Args:
        optimizer: the optimizer.
        step_size: epochs between changes.
        gamma: the factor. Default: 0.1.
        last_epoch: the last epoch already done when resuming. Default: -1.
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return rates
        return [rate * self.gamma for rate in rates]

    def _get_closed_form_lr(self):
        power = self.last_epoch // self.step_size
        return [base * self.gamma**power for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiply the rate by ``gamma`` at given epochs.

    Args:
        optimizer: the optimizer.
        milestones: the epochs.
        gamma: the factor. Default: 0.1.
        last_epoch: the last epoch already done when resuming. Default: -1.
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self.last_epoch not in self.milestones:
            return rates
        factor = self.gamma ** self.milestones[self.last_epoch]
        return [rate * factor for rate in rates]

    def _get_closed_form_lr(self):
        passed = bisect.bisect_right(
            sorted(self.milestones.elements()), self.last_epoch
        )
        return [base * self.gamma**passed for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiply the rate by ``gamma`` every epoch.

    Args:
        optimizer: the optimizer.
        gamma: the factor.
        last_epoch: the last epoch already done when resuming. Default: -1.
    """

    def __init__(self, optimizer, gamma, last_epoch=-1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        return rates if self._is_initial else [rate * self.gamma for rate in rates]

    def _get_closed_form_lr(self):
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """Lower the rate by a factor for the first epochs.

    Args:
        optimizer: the optimizer.
        factor: the factor, from 0 to 1. Default: 1/3.
        total_iters: the number of epochs it holds. Default: 5.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        ValueError: the factor is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.lr_scheduler.ConstantLR(
        ...     optimizer, factor=0.5, total_iters=1
        ... )
        >>> schedule.get_last_lr()
        [0.5]
        >>> optimizer.step(); schedule.step(); schedule.get_last_lr()
        [1.0]
    """

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError(
                "Constant multiplicative factor expected to be between 0 and 1."
            )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self.last_epoch == 0:
            return [rate * self.factor for rate in rates]
        if self.last_epoch != self.total_iters:
            return rates
        return [rate * (1.0 / self.factor) for rate in rates]

    def _get_closed_form_lr(self):
        over = self.last_epoch >= self.total_iters
        factor = self.factor + over * (1 - self.factor)
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """Change a factor of the rate linearly over the first epochs.

    Args:
        optimizer: the optimizer.
        start_factor: the first factor, above 0 and at most 1. Default: 1/3.
        end_factor: the last factor, from 0 to 1. Default: 1.
        total_iters: the number of epochs the change takes. Default: 5.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        ValueError: a factor is out of its range.
    """

    def __init__(
        self,
        optimizer,
        start_factor=1.0 / 3,
        end_factor=1.0,
        total_iters=5,
        last_epoch=-1,
    ) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less "
                "or equal to 1."
            )
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError(
                "Ending multiplicative factor expected to be between 0 and 1."
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in rates]
        if self._is_initial or self.last_epoch > self.total_iters:
            return rates
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return [rate * (1.0 + rise / before) for rate in rates]

    def _get_closed_form_lr(self):
        rise = self.end_factor - self.start_factor
        done = min(self.total_iters, self.last_epoch)
        factor = self.start_factor + rise * done / self.total_iters
        return [base * factor for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """Lower the rate to 0 along a power of the epochs that are left.

    Args:
        optimizer: the optimizer.
        total_iters: the number of epochs until 0. Default: 5.
        power: the power. Default: 1.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.lr_scheduler.PolynomialLR(
        ...     optimizer, total_iters=4, power=2.0
        ... )
        >>> optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.5625]
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self._is_initial or self.last_epoch > self.total_iters:
            return rates
        left = 1.0 - self.last_epoch / self.total_iters
        before = 1.0 - (self.last_epoch - 1) / self.total_iters
        factor = (left / before) ** self.power
        return [rate * factor for rate in rates]

    def _get_closed_form_lr(self):
        done = min(self.total_iters, self.last_epoch)
        factor = (1.0 - done / self.total_iters) ** self.power
        return [base * factor for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """Lower the rate along half a cosine (Loshchilov and Hutter 2017, equation 5).

    Args:
        optimizer: the optimizer.
        T_max: epochs until the lowest rate.
        eta_min: the lowest rate. Default: 0.
        last_epoch: the last epoch already done when resuming. Default: -1.
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``."""
        self._warn_if_called_directly()
        rates = group_values(self.optimizer, "lr")
        if self._is_initial:
            return rates
        epoch, period, low = self.last_epoch, self.T_max, self.eta_min
        if self._step_count == 1 and epoch > 0:
            return [
                low + (base - low) * (1 + math.cos(epoch * math.pi / period)) / 2
                for base in self.base_lrs
            ]
        if (epoch - 1 - period) % (2 * period) == 0:
            # The rate before was the lowest, where the quotient below divides by 0.
            return [
                rate + (base - low) * (1 - math.cos(math.pi / period)) / 2
                for base, rate in zip(self.base_lrs, rates, strict=True)
            ]
        now = 1 + math.cos(math.pi * epoch / period)
        before = 1 + math.cos(math.pi * (epoch - 1) / period)
        return [now / before * (rate - low) + low for rate in rates]

    def _get_closed_form_lr(self):
        low = self.eta_min
        height = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [low + (base - low) * height / 2 for base in self.base_lrs]
