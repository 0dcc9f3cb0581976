"""Transforms of samples one after another, in random order, or one of them."""

from __future__ import annotations

from collections.abc import Sequence

import rushlight
from rushlight import nn
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms.v2._transform import Transform, check_probability

__all__ = ["Compose", "RandomApply", "RandomChoice", "RandomOrder"]


def _check(transforms, kinds=(Sequence,)) -> None:
    if not isinstance(transforms, kinds):
        raise TypeError(
            "Argument transforms should be a sequence of callables, got "
            f"{type(transforms)}"
        )
    if not transforms:
        raise ValueError("Pass at least one transform")


def _through(transforms, inputs):
    """The inputs through all transforms; several stay several."""
    for transform in transforms:
        outputs = transform(*inputs)
        inputs = outputs if len(inputs) > 1 else (outputs,)
    return inputs if len(inputs) > 1 else inputs[0]


class Compose(Transform):
    """Transforms one after another.

    Args:
        transforms: a sequence of callables.

    Raises:
        TypeError: no sequence.
        ValueError: an empty one.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> both = v2.Compose([v2.CenterCrop(2), v2.ToDtype(rushlight.float32)])
        >>> image, label = both(rushlight.zeros(3, 4, 4, dtype=rushlight.uint8), 7)
        >>> image.shape, image.dtype, label
        (rushlight.Size([3, 2, 2]), rushlight.float32, 7)
    """

    def __init__(self, transforms) -> None:
        super().__init__()
        _check(transforms)
        self.transforms = transforms

    def forward(self, *inputs):
        return _through(self.transforms, inputs)

    def extra_repr(self) -> str:
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomApply(Transform):
    """A list of transforms, all of them or, at random, none.

    Args:
        transforms: a sequence or :class:`~rushlight.nn.ModuleList` of callables.
        p: the probability of all. Default: 0.5.

    Raises:
        TypeError: no sequence.
        ValueError: an empty one, or no probability.
    """

    def __init__(self, transforms, p=0.5) -> None:
        super().__init__()
        _check(transforms, (Sequence, nn.ModuleList))
        self.transforms = transforms
        check_probability(p)
        self.p = p

    def forward(self, *inputs):
        return _through(self.transforms if _draws.chance(self.p) else (), inputs)

    def extra_repr(self) -> str:
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomChoice(Transform):
    """One transform of a list, chosen at random.

    Args:
        transforms: a sequence of callables.
        p: a weight for each. Default: all the same.

    Raises:
        TypeError: no sequence.
        ValueError: an empty one, or another number of weights.
    """

    def __init__(self, transforms, p=None) -> None:
        _check(transforms)
        if p is None:
            p = [1] * len(transforms)
        elif len(p) != len(transforms):
            raise ValueError(
                "Length of p doesn't match the number of transforms: "
                f"{len(p)} != {len(transforms)}"
            )
        super().__init__()
        self.transforms = transforms
        self.p = [weight / sum(p) for weight in p]

    def forward(self, *inputs):
        index = int(rushlight.multinomial(rushlight.tensor(self.p), 1))
        return self.transforms[index](*inputs)


class RandomOrder(Transform):
    """All transforms of a list, in random order.

    Args:
        transforms: a sequence of callables.

    Raises:
        TypeError: no sequence.
        ValueError: an empty one.
    """

    def __init__(self, transforms) -> None:
        _check(transforms)
        super().__init__()
        self.transforms = transforms

    def forward(self, *inputs):
        order = rushlight.randperm(len(self.transforms)).tolist()
        return _through([self.transforms[index] for index in order], inputs)
