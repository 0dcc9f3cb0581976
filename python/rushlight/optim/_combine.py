"""Schedules made of schedules."""

from __future__ import annotations

from bisect import bisect_right

from rushlight.optim._plateau import ReduceLROnPlateau
from rushlight.optim._scheduler import LRScheduler, group_values, set_group_value


class _CombinedLR(LRScheduler):
    """Base of schedules that step others."""

    _schedulers: list[LRScheduler]

    def _check_schedulers(self, schedulers, optimizer) -> None:
        name = type(self).__name__
        for at, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(
                    f"{name} at index {at} should have `optimizer` as its attribute."
                )
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it "
                    "requires additional kwargs to be specified when calling `step`, "
                    f"but got one at index {at} in the given schedulers sequence."
                )
            if optimizer != scheduler.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, "
                    f"but got scheduler {type(scheduler).__name__} at index {at} has "
                    f"{scheduler.optimizer}, which is different from "
                    f"{type(optimizer).__name__}."
                )

    def state_dict(self):
        """Return everything but the optimizer, with the states of the schedules."""
        state = super().state_dict()
        # Last, as in PyTorch.
        schedulers = state.pop("_schedulers")
        state["_schedulers"] = [scheduler.state_dict() for scheduler in schedulers]
        return state

    def load_state_dict(self, state_dict) -> None:
        """Take over the values of a :meth:`state_dict`."""
        state_dict = dict(state_dict)
        states = state_dict.pop("_schedulers")
        super().load_state_dict(state_dict)
        for scheduler, state in zip(self._schedulers, states, strict=True):
            scheduler.load_state_dict(state)


class SequentialLR(_CombinedLR):
    """One schedule after the other.

    Args:
        optimizer: the optimizer.
        schedulers: the schedules, all of this optimizer.
        milestones: the epochs at which the second and later ones start.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        TypeError: something in the list is no schedule.
        ValueError: a schedule is of another optimizer or watches a metric, or there is
            not one milestone less than schedules.

    Example:
        >>> import rushlight
        >>> from rushlight.optim.lr_scheduler import ConstantLR, ExponentialLR
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> first = ConstantLR(optimizer, factor=0.5, total_iters=10)
        >>> second = ExponentialLR(optimizer, gamma=0.25)
        >>> schedule = rushlight.optim.lr_scheduler.SequentialLR(
        ...     optimizer, [first, second], milestones=[1]
        ... )
        >>> schedule.get_last_lr()
        [0.5]
        >>> for _ in range(2):
        ...     optimizer.step(); schedule.step(); schedule.get_last_lr()
        [1.0]
        [0.25]
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler, but got no "
                "scheduler."
            )
        self._check_schedulers(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one "
                "more than the number of milestone points, but got number of schedulers"
                f" {len(schedulers)} and the number of milestones to be equal to "
                f"{len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            set_group_value(group, "lr", group["initial_lr"])
        # Every schedule has made its first step already: only one of them should have.
        self.recursive_undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched=None) -> None:
        """Take one epoch back from all schedules inside this one, or inside another."""
        sched = self if sched is None else sched
        if hasattr(sched, "_schedulers"):
            for inner in sched._schedulers:
                self.recursive_undo(inner)
        elif hasattr(sched, "last_epoch"):
            sched.last_epoch -= 1

    def step(self) -> None:  # type: ignore[override]
        """Go on by one epoch, in the schedule whose turn it is."""
        self.last_epoch += 1
        at = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[at]
        if at > 0 and self._milestones[at - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_CombinedLR):
    """Several schedules at once, each changing what the one before left.

    Args:
        schedulers: the schedules, all of one optimizer.
        optimizer: the optimizer. Default: the first schedule's.

    Raises:
        TypeError: something in the list is no schedule.
        ValueError: the list is empty, or a schedule is of another optimizer or watches
            a metric.

    Example:
        >>> import rushlight
        >>> from rushlight.optim.lr_scheduler import ConstantLR, ExponentialLR
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.lr_scheduler.ChainedScheduler(
        ...     [ConstantLR(optimizer, factor=0.5), ExponentialLR(optimizer, gamma=0.5)]
        ... )
        >>> optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.25]
    """

    def __init__(self, schedulers, optimizer=None) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, "
                "but got no scheduler."
            )
        optimizer = optimizer or schedulers[0].optimizer
        self._check_schedulers(schedulers, optimizer)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = group_values(optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Go on by one epoch in every schedule."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = group_values(self.optimizer, "lr")
