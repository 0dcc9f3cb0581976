"""Augmentations of samples that choose among many operations by themselves."""

from __future__ import annotations

from rushlight._core import Tensor
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms import _augment, _draws
from rushlight.vision.transforms._convert import largest
from rushlight.vision.transforms.autoaugment import AutoAugment as _First
from rushlight.vision.transforms.autoaugment import (
    AutoAugmentPolicy,
    check_severity,
    mix,
)
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2._queries import check_type, fill_for, setup_fill
from rushlight.vision.transforms.v2._transform import Transform
from rushlight.vision.transforms.v2._tree import flatten

__all__ = ["AugMix", "AutoAugment", "RandAugment", "TrivialAugmentWide"]

_IMAGES = (tv_tensors.Image, is_pil_image, F.is_pure_tensor, tv_tensors.Video)
_OTHERS = (tv_tensors.BoundingBoxes, tv_tensors.Mask, tv_tensors.KeyPoints)


class _AutoAugment(Transform):
    """What changes the only image or video of a sample."""

    def __init__(self, *, interpolation="nearest", fill=None) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill
        self._fill = setup_fill(fill)

    def forward(self, *inputs):
        leaves, rebuild = flatten(inputs if len(inputs) > 1 else inputs[0])
        places = []
        for index, (leaf, wanted) in enumerate(zip(leaves, self._chosen(leaves))):
            if wanted and check_type(leaf, _IMAGES):
                places.append(index)
            elif isinstance(leaf, _OTHERS):
                raise TypeError(
                    f"Inputs of type {type(leaf).__name__} are not supported by "
                    f"{type(self).__name__}()"
                )
        if not places:
            raise TypeError("Found no image in the sample.")
        if len(places) > 1:
            raise TypeError(
                "Auto augment transformations are only properly defined for a single "
                f"image or video, but found {len(places)}."
            )
        leaves[places[0]] = self.transform(leaves[places[0]], {})
        return rebuild(leaves)

    def _apply(self, image, name, magnitude):
        if name == "Solarize":
            is_tensor = isinstance(image, Tensor)
            magnitude *= largest(image.dtype) if is_tensor else 255.0
        fill = fill_for(self._fill, type(image))
        return _augment.apply(F, image, name, magnitude, self.interpolation, fill)

    def _changed(self, image, space, step, steps, size, name=None):
        """An operation, drawn if not named; ``step()`` gives its magnitude's step."""
        if name is None:
            name = space.names[_draws.integer(0, len(space.names))]
        magnitude = 0.0
        if space.has_magnitude(name):
            magnitude = space.magnitude(name, step(), steps, *size)
            if space.is_signed(name) and _draws.chance(0.5):
                magnitude = -magnitude
        return self._apply(image, name, magnitude)


class AutoAugment(_AutoAugment):
    """Two operations of a policy that was found by search (Cubuk et al. 2019).

    Args:
        policy: an :class:`AutoAugmentPolicy`. Default: that of ImageNet.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        TypeError: a sample of no image, several, or with boxes, masks or points.
    """

    get_params = staticmethod(_First.get_params)

    def __init__(
        self, policy=AutoAugmentPolicy.IMAGENET, interpolation="nearest", fill=None
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self.policy = policy
        self._policies = _augment.policies(getattr(policy, "value", policy))

    def transform(self, inpt, params):
        size = F.get_size(inpt)
        pair = self._policies[_draws.integer(0, len(self._policies))]
        for name, probability, step in pair:
            if _draws.chance(probability):
                inpt = self._changed(
                    inpt, _augment.AUTO, lambda step=step: step, 10, size, name
                )
        return inpt


class RandAugment(_AutoAugment):
    """Some operations, all of the same strength (Cubuk et al. 2020).

    Args:
        num_ops: how many. Default: 2.
        magnitude: the strength, a step below ``num_magnitude_bins``. Default: 9.
        num_magnitude_bins: the number of steps. Default: 31.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        ValueError: a negative number of operations.
        TypeError: a sample of no image, several, or with boxes, masks or points.
    """

    def __init__(
        self,
        num_ops=2,
        magnitude=9,
        num_magnitude_bins=31,
        interpolation="nearest",
        fill=None,
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ValueError(
                f"num_ops should be a non-negative integer, but got {num_ops} instead."
            )
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def transform(self, inpt, params):
        size = F.get_size(inpt)
        for _ in range(self.num_ops):
            inpt = self._changed(
                inpt,
                _augment.RAND,
                lambda: self.magnitude,
                self.num_magnitude_bins,
                size,
            )
        return inpt


class TrivialAugmentWide(_AutoAugment):
    """One operation of a random strength, up to strong ones (Müller, Hutter 2021).

    Args:
        num_magnitude_bins: the number of strengths. Default: 31.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        TypeError: a sample of no image, several, or with boxes, masks or points.
    """

    def __init__(
        self, num_magnitude_bins=31, interpolation="nearest", fill=None
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self.num_magnitude_bins = num_magnitude_bins

    def transform(self, inpt, params):
        steps = self.num_magnitude_bins
        return self._changed(
            inpt,
            _augment.WIDE,
            lambda: _draws.integer(0, steps),
            steps,
            F.get_size(inpt),
        )


class AugMix(_AutoAugment):
    """A mix of an image and of chains of operations on it (Hendrycks et al. 2020).

    Args:
        severity: the strength of the operations, 1 to 10. Default: 3.
        mixture_width: the number of chains. Default: 3.
        chain_depth: operations of a chain; below 1, 1 to 3 at random. Default: -1.
        alpha: the parameter of the Dirichlet and Beta distributions of the weights.
            Default: 1.
        all_ops: with those of colours too. Default: ``True``.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        ValueError: a severity outside.
        TypeError: a sample of no image, several, or with boxes, masks or points.
    """

    def __init__(
        self,
        severity=3,
        mixture_width=3,
        chain_depth=-1,
        alpha=1.0,
        all_ops=True,
        interpolation="bilinear",
        fill=None,
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        check_severity(severity)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def transform(self, inpt, params):
        size = F.get_size(inpt)
        is_pil = is_pil_image(inpt)
        pixels = F.pil_to_tensor(inpt) if is_pil else inpt.as_subclass(Tensor)
        space = _augment.MIX if self.all_ops else _augment.MIX_WITHOUT_COLORS
        dims = 5 if isinstance(inpt, tv_tensors.Video) else 4

        def change(batch):
            return self._changed(
                batch, space, lambda: _draws.integer(0, self.severity), 10, size
            )

        batch = pixels.reshape(*[1] * max(dims - pixels.ndim, 0), *pixels.shape)
        mixed = mix(self, batch, change).reshape(pixels.shape).to(pixels.dtype)
        if is_pil:
            return F.to_pil_image(mixed)
        if isinstance(inpt, tv_tensors.TVTensor):
            return tv_tensors.wrap(mixed, like=inpt)
        return mixed
