"""The part of a dataset that one of several processes reads."""

from __future__ import annotations

import rushlight
from rushlight.utils.data.sampler import _Resumable

__all__ = ["DistributedSampler"]


class DistributedSampler(_Resumable):
    """Indices of one process of several, each of which reads a part of the dataset.

    The parts are equally long: some indices come twice, or are left out with
    ``drop_last``.

    Args:
        dataset: the whole dataset.
        num_replicas: how many processes there are. It must be given, since there are
            no process groups to ask.
        rank: which of them this one is, from 0. It must be given.
        shuffle: use a random order, which depends on ``seed`` and the epoch and is the
            same in all processes. Default: ``True``.
        seed: the seed, the same in all processes. Default: 0.
        drop_last: leave out the last indices if they do not suffice for one each,
            instead of repeating the first. Default: ``False``.

    Raises:
        RuntimeError: ``num_replicas`` or ``rank`` is missing.
        ValueError: ``rank`` is not in 0 to ``num_replicas - 1``.

    Example:
        >>> from rushlight.utils.data import DistributedSampler
        >>> list(DistributedSampler(range(5), 2, 1, shuffle=False))
        [1, 3, 0]
    """

    def __init__(
        self,
        dataset,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            missing = "num_replicas" if num_replicas is None else "rank"
            raise RuntimeError(
                "Requires distributed package to be available: DistributedSampler "
                f"needs {missing} to be given"
            )
        if rank >= num_replicas or rank < 0:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval "
                f"[0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        whole, rest = divmod(len(dataset), num_replicas)
        self.num_samples = whole + (rest > 0 and not drop_last)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self):
        size = len(self.dataset)
        if self.shuffle:
            generator = rushlight.Generator()
            generator.manual_seed(self.seed + self.epoch)
            order = rushlight.randperm(size, generator=generator).tolist()
        else:
            order = list(range(size))
        repeats = -(-self.total_size // size) if size else 1
        order = (order * repeats)[: self.total_size]
        return self._begin().over(order[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration; without it all are the same.

        Args:
            epoch: the number of the pass over the dataset.
        """
        self.epoch = epoch

    def state_dict(self) -> dict:
        """Return the place of the latest iteration, and the epoch."""
        return {**super().state_dict(), "epoch": self.epoch}

    def load_state_dict(self, state_dict) -> None:
        """Let the next iteration begin where another one stood, in its epoch."""
        super().load_state_dict(state_dict)
        self.epoch = state_dict["epoch"]
