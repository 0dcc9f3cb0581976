"""The triangular schedules."""

from __future__ import annotations

import math

from rushlight.optim._decay import function_state
from rushlight.optim._scheduler import (
    LRScheduler,
    MomentumCycle,
    check_optimizer,
    per_group,
    set_group_value,
)


class CyclicLR(MomentumCycle, LRScheduler):
    """Move the rate up and down between two bounds (Smith 2017).

    It is stepped after every batch.

    Args:
        optimizer: the optimizer.
        base_lr: the lowest rate, a number or one a group.
        max_lr: the highest rate, a number or one a group.
        step_size_up: the number of steps up. Default: 2000.
        step_size_down: the number of steps down. Default: ``step_size_up``.
        mode: ``"triangular"``, ``"triangular2"``, which halves the height every cycle,
            or ``"exp_range"``, which lowers it by ``gamma`` every step.
        gamma: the factor of ``"exp_range"``. Default: 1.
        scale_fn: a function that scales the height, instead of ``mode``.
        scale_mode: whether ``scale_fn`` takes the number of the ``"cycle"``, from 1, or
            of the step, ``"iterations"``. Default: ``"cycle"``.
        cycle_momentum: move the momentum (or the first beta) against the rate.
            Default: ``True``.
        base_momentum: the lowest momentum. Default: 0.8.
        max_momentum: the highest momentum. Default: 0.9.
        last_epoch: the last step already done when resuming. Default: -1.

    Raises:
        ValueError: the mode is unknown, a list's length is not the number of groups, or
            the optimizer has no momentum to move.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0, momentum=0.9)
        >>> schedule = rushlight.optim.lr_scheduler.CyclicLR(
        ...     optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2
        ... )
        >>> for _ in range(3):
        ...     optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.5]
        [1.0]
        [0.5]
    """

    def __init__(
        self,
        optimizer,
        base_lr,
        max_lr,
        step_size_up=2000,
        step_size_down=None,
        mode="triangular",
        gamma=1.0,
        scale_fn=None,
        scale_mode="cycle",
        cycle_momentum=True,
        base_momentum=0.8,
        max_momentum=0.9,
        last_epoch=-1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for rate, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_group_value(group, "lr", rate)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.max_momentums, self.base_momentums = self._start_momentum(
                optimizer, max_momentum, base_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x) -> float:
        """Return the factor of the height for a cycle's or a step's number."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        if self.mode == "triangular2":
            return 1 / 2.0 ** (x - 1)
        return self.gamma**x

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``; set the momentum."""
        self._warn_if_called_directly()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        place = 1.0 + self.last_epoch / self.total_size - cycle
        rising = place <= self.step_ratio
        height = (
            place / self.step_ratio if rising else (place - 1) / (self.step_ratio - 1)
        )
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(
                self.optimizer.param_groups,
                self.base_momentums,
                self.max_momentums,
                strict=True,
            ):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [
            low + (high - low) * height * scale
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self):
        """Return everything but the optimizer; of a function an object's fields."""
        state = super().state_dict()
        state["_scale_fn_custom"] = function_state(state.pop("_scale_fn_custom"))
        return state

    def load_state_dict(self, state_dict) -> None:
        """Take over the values of a :meth:`state_dict`, keeping the function."""
        state_dict = dict(state_dict)
        fields = state_dict.pop("_scale_fn_custom")
        super().load_state_dict(state_dict)
        if fields is not None:
            self._scale_fn_custom.__dict__.update(fields)
