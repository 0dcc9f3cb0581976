"""One pass over a dataset, as far as it can be saved and taken up again."""

from __future__ import annotations

from typing import Any


class Epoch:
    """Where a pass over a loader stands.

    Attributes:
        base_seed: the workers' seeds come from it.
        generator: the loader's, or ``None``.
        before: its state before the pass.
        stream: the order of indices.
        number: of the pass, among those of the same workers.
        batches: how many have been handed out.
        finished: whether there are no more.
        waiting: indices drawn from the stream, but not handed out, by task.
        places: where each worker (or this process) stands in the dataset: a dict, what
            has a ``state`` method, or ``None``.
        last_worker: who made the last batch handed out.
    """

    def __init__(self, base_seed, generator, before, stream, num_workers) -> None:
        self.base_seed = base_seed
        self.generator = generator
        self.before = before
        self.stream = stream
        self.number = 0
        self.batches = 0
        self.finished = False
        self.waiting: dict[int, Any] = {}
        self.places: list[Any] = [None] * max(num_workers, 1)
        self.last_worker = -1

    def state(self) -> dict:
        """Return the place as a dict of plain values and tensors."""
        if not self.batches:
            return {"batches": 0, "generator": self.before}
        places = [
            place.state() if hasattr(place, "state") else place for place in self.places
        ]
        return {
            "batches": self.batches,
            "base_seed": self.base_seed,
            # Where the sampler has a place of its own, it sets it back further.
            "generator": self.generator and self.generator.get_state(),
            "indices": self.stream.state(list(self.waiting.values())),
            "places": places,
            "last_worker": self.last_worker,
        }


def check_state(state, iterable, num_workers) -> None:
    """Check a state against the loader that it is loaded into.

    Raises:
        TypeError: it is no dict.
        ValueError: it is none of a loader, or of one with other workers, each of which
            has read its own part of the dataset.
    """
    if not isinstance(state, dict):
        raise TypeError(
            f"DataLoader.load_state_dict(): expected a dict, got {type(state).__name__}"
        )
    if "batches" not in state or "generator" not in state:
        raise ValueError(
            "DataLoader.load_state_dict(): expected what state_dict() returned, got a "
            f"dict with the keys {sorted(map(str, state))}"
        )
    if not state["batches"]:
        return
    places = state["places"]
    apart = iterable or any(place is not None for place in places)
    if apart and len(places) != max(num_workers, 1):
        raise ValueError(
            f"DataLoader.load_state_dict(): the state is of {len(places)} workers, "
            f"each at its own place in the dataset, but num_workers={num_workers}"
        )
