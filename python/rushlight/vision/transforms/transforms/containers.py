"""Transforms one after another, in random order, or one of them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from rushlight import nn
from rushlight.vision.transforms import _draws

__all__ = [
    "Compose",
    "Lambda",
    "RandomApply",
    "RandomChoice",
    "RandomOrder",
    "RandomTransforms",
]


def _listed(container, transforms, first="") -> str:
    lines = "".join(f"\n    {transform}" for transform in transforms)
    return f"{type(container).__name__}({first}{lines}\n)"


class Compose:
    """Transforms one after another.

    Args:
        transforms: a list of callables, each of one image.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> both = transforms.Compose(
        ...     [transforms.CenterCrop(2), transforms.RandomVerticalFlip()]
        ... )
        >>> both(rushlight.zeros(3, 4, 4)).shape
        rushlight.Size([3, 2, 2])
    """

    def __init__(self, transforms) -> None:
        self.transforms = transforms

    def __call__(self, img):
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(self, self.transforms)


class Lambda:
    """A function as a transform.

    Args:
        lambd: a callable of one image.

    Raises:
        TypeError: it cannot be called.
    """

    def __init__(self, lambd) -> None:
        if not callable(lambd):
            raise TypeError(
                f"Argument lambd should be callable, got {type(lambd).__name__!r}"
            )
        self.lambd = lambd

    def __call__(self, img):
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomTransforms:
    """What :class:`RandomOrder` and :class:`RandomChoice` share; no transform itself.

    Args:
        transforms: a sequence of callables.

    Raises:
        TypeError: no sequence.
    """

    def __init__(self, transforms) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError(
                f"Argument transforms should be a sequence, got {type(transforms)}"
            )
        self.transforms = transforms

    def __call__(self, *args, **kwargs):
        raise NotImplementedError(
            f"{type(self).__name__} does not say what it does: subclasses define "
            "__call__"
        )

    def __repr__(self) -> str:
        return _listed(self, self.transforms)


class RandomApply(nn.Module):
    """A list of transforms, all of them or, at random, none.

    Args:
        transforms: a sequence or :class:`~rushlight.nn.ModuleList` of callables.
        p: the probability of all. Default: 0.5.
    """

    def __init__(self, transforms, p=0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img):
        if not _draws.chance(self.p):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(self, self.transforms, f"\n    p={self.p}")


class RandomOrder(RandomTransforms):
    """All transforms of a list, in an order of Python's ``random``.

    Args:
        transforms: a sequence of callables.
    """

    def __call__(self, img):
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for index in order:
            img = self.transforms[index](img)
        return img


class RandomChoice(RandomTransforms):
    """One transform of a list, chosen by Python's ``random``.

    Args:
        transforms: a sequence of callables.
        p: a weight for each. Default: all the same.

    Raises:
        TypeError: no sequences.
    """

    def __init__(self, transforms, p=None) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError(f"Argument p should be a sequence, got {type(p)}")
        self.p = p

    def __call__(self, *args):
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"
