"""What all transforms of nested samples share."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from rushlight import nn
from rushlight._core import Tensor
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms.v2._queries import check_type, has_any
from rushlight.vision.transforms.v2._tree import flatten
from rushlight.vision.transforms.v2.functional import is_pure_tensor
from rushlight.vision.transforms.v2.functional._registry import call

__all__ = ["Transform"]

_SHOWN = (bool, int, float, str, tuple, list, enum.Enum)


class Transform(nn.Module):
    """Base class of transforms, of one input, several, or a nested sample.

    A subclass defines :meth:`transform` of one input, and where it draws or computes
    something for all of a sample, :meth:`make_params`. Plain tensors are taken for
    images; of several, or beside images and videos, only the first one or none is
    transformed, for the others are labels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> class Double(v2.Transform):
        ...     def transform(self, inpt, params):
        ...         return inpt * 2
        >>> Double()({"image": rushlight.ones(1, 1, 1), "name": "one"})
        {'image': tensor([[[2.]]]), 'name': 'one'}
    """

    _transformed_types: tuple[type | Callable, ...] = (Tensor, is_pil_image)

    def check_inputs(self, flat_inputs) -> None:
        """Raise for a sample that the transform does not take.

        Args:
            flat_inputs: all inputs of the sample.
        """

    def make_params(self, flat_inputs) -> dict[str, Any]:
        """What holds for all of a sample, as drawn for it.

        Args:
            flat_inputs: the inputs that will be transformed.
        """
        return {}

    def transform(self, inpt, params):
        """One input transformed.

        Args:
            inpt: the input.
            params: what :meth:`make_params` gave.

        Raises:
            NotImplementedError: the subclass does not define it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define transform(inpt, params)"
        )

    def _call_kernel(self, functional, inpt, *args, **kwargs):
        """A functional where it has a kernel for the input, else the input itself."""
        return call(functional, inpt, *args, **kwargs)

    def forward(self, *inputs):
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, rebuild = flatten(sample)
        self.check_inputs(leaves)
        return rebuild(self._transformed(leaves))

    def _transformed(self, leaves):
        chosen = self._chosen(leaves)
        drawn = [leaf for leaf, wanted in zip(leaves, chosen) if wanted]
        params = self.make_params(drawn)
        return [
            self.transform(leaf, params) if wanted else leaf
            for leaf, wanted in zip(leaves, chosen)
        ]

    def _chosen(self, leaves) -> list[bool]:
        """For each input whether it is transformed."""
        images = (tv_tensors.Image, tv_tensors.Video, is_pil_image)
        is_plain_left = not has_any(leaves, *images)
        chosen = []
        for leaf in leaves:
            wanted = check_type(leaf, self._transformed_types)
            if wanted and is_pure_tensor(leaf):
                wanted, is_plain_left = is_plain_left, False
            chosen.append(wanted)
        return chosen

    def extra_repr(self) -> str:
        return ", ".join(
            f"{name}={value}"
            for name, value in vars(self).items()
            if not name.startswith("_")
            and name != "training"
            and isinstance(value, _SHOWN)
        )


def check_probability(p) -> None:
    """Raises ValueError outside of 0 to 1."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(
            f"`p` should be a floating point value in the interval [0.0, 1.0], got {p}."
        )


class AtRandom(Transform):
    """A transform of a sample with a probability."""

    def __init__(self, p=0.5) -> None:
        check_probability(p)
        super().__init__()
        self.p = p

    def forward(self, *inputs):
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, rebuild = flatten(sample)
        self.check_inputs(leaves)
        if not _draws.chance(self.p):
            return sample
        return rebuild(self._transformed(leaves))
