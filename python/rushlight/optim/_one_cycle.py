"""The one-cycle schedule."""

from __future__ import annotations

import math

from rushlight.optim._scheduler import (
    LRScheduler,
    MomentumCycle,
    check_optimizer,
    per_group,
)


class OneCycleLR(MomentumCycle, LRScheduler):
    """Raise the rate to a maximum and lower it far below the start (Smith 2018).

    It is stepped after every batch.

    Args:
        optimizer: the optimizer.
        max_lr: the highest rate, a number or one a group.
        total_steps: the number of steps; or from ``epochs * steps_per_epoch``.
        epochs: the number of epochs.
        steps_per_epoch: the number of steps in each.
        pct_start: the share of the steps in which the rate rises. Default: 0.3.
        anneal_strategy: ``"cos"`` or ``"linear"``. Default: ``"cos"``.
        cycle_momentum: move the momentum (or the first beta) against the rate.
            Default: ``True``.
        base_momentum: the lowest momentum. Default: 0.85.
        max_momentum: the highest momentum. Default: 0.95.
        div_factor: the first rate is ``max_lr`` divided by it. Default: 25.
        final_div_factor: the last rate is the first divided by it. Default: 1e4.
        three_phase: come back to the first rate before going below. Default: ``False``.
        last_epoch: the last step already done when resuming. Default: -1.

    Raises:
        ValueError: an option is out of its range, or more steps are done than declared.
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps=None,
        epochs=None,
        steps_per_epoch=None,
        pct_start=0.3,
        anneal_strategy="cos",
        cycle_momentum=True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor=25.0,
        final_div_factor=1e4,
        three_phase=False,
        last_epoch=-1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _count_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(
                f"Expected float between 0 and 1 pct_start, but got {pct_start}"
            )
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                "anneal_strategy must be one of 'cos' or 'linear', instead got "
                f"{anneal_strategy}"
            )
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        groups = optimizer.param_groups
        highest = per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(groups, highest, strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(optimizer, max_momentum, base_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _anneal(self, start, end, share):
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)
        return (end - start) * share + start

    def get_lr(self) -> list:
        """Return the groups' learning rates for ``last_epoch``; set the momentum."""
        self._warn_if_called_directly()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        first = 0.0
        for phase in self._schedule_phases:
            last = phase["end_step"]
            if step <= last or phase is self._schedule_phases[-1]:
                break
            first = last
        share = (step - first) / (last - first)
        rates = []
        for group in self.optimizer.param_groups:
            start, end = group[phase["start_lr"]], group[phase["end_lr"]]
            rates.append(self._anneal(start, end, share))
            if self.cycle_momentum:
                start = group[phase["start_momentum"]]
                end = group[phase["end_momentum"]]
                self._set_momentum(group, self._anneal(start, end, share))
        return rates


def _count_steps(total_steps, epochs, steps_per_epoch):
    given = {"total_steps": total_steps}
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ValueError(
                "You must define either total_steps OR (epochs AND steps_per_epoch)"
            )
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())


def _phases(total_steps, pct_start, three_phase):
    def phase(end_step, start_lr, end_lr, start_momentum, end_momentum):
        return {
            "end_step": end_step,
            "start_lr": start_lr,
            "end_lr": end_lr,
            "start_momentum": start_momentum,
            "end_momentum": end_momentum,
        }

    high, low = "max_momentum", "base_momentum"
    rise_end = float(pct_start * total_steps) - 1
    rise = phase(rise_end, "initial_lr", "max_lr", high, low)
    if not three_phase:
        return [rise, phase(total_steps - 1, "max_lr", "min_lr", low, high)]
    back_end = float(2 * pct_start * total_steps) - 2
    return [
        rise,
        phase(back_end, "max_lr", "initial_lr", low, high),
        phase(total_steps - 1, "initial_lr", "min_lr", high, high),
    ]
