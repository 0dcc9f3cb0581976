"""The cosine schedule with restarts."""

from __future__ import annotations

import math

from rushlight.optim._scheduler import LRScheduler


class CosineAnnealingWarmRestarts(LRScheduler):
    """Lower the rate along half a cosine, again and again (Loshchilov and Hutter 2017).

    Args:
        optimizer: the optimizer.
        T_0: epochs until the first restart.
        T_mult: how much longer every next period is. Default: 1.
        eta_min: the lowest rate. Default: 0.
        last_epoch: the last epoch already done when resuming. Default: -1.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(1))
        >>> optimizer = rushlight.optim.SGD([weight], lr=1.0)
        >>> schedule = rushlight.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        ...     optimizer, T_0=2
        ... )
        >>> for _ in range(2):
        ...     optimizer.step(); schedule.step(); schedule.get_last_lr()
        [0.5]
        [1.0]
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type "
                f"{type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list:
        """Return the groups' learning rates at this point of the period."""
        self._warn_if_called_directly()
        low = self.eta_min
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [low + (base - low) * height / 2 for base in self.base_lrs]

    def step(self, epoch=None) -> None:
        """Go on by one epoch, or to any point, and set the learning rates.

        Args:
            epoch: where to go, also between two epochs, as ``1.5``.

        Raises:
            ValueError: ``epoch`` is negative.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch)
        self._get_lr_called_within_step = True
        try:
            self._set_lrs(self.get_lr())
        finally:
            self._get_lr_called_within_step = False

    def _go_to(self, epoch) -> None:
        self.T_i, self.T_cur = self.T_0, epoch
        if epoch < self.T_0:
            return
        growth = self.T_mult
        if growth == 1:
            self.T_cur = epoch % self.T_0
            return
        # The periods before are T_0 times a geometric series.
        restarts = int(math.log(epoch / self.T_0 * (growth - 1) + 1, growth))
        self.T_cur = epoch - self.T_0 * (growth**restarts - 1) / (growth - 1)
        self.T_i = self.T_0 * growth**restarts
