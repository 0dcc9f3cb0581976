"""Augmentations that choose among many operations by themselves."""

from __future__ import annotations

import enum

import rushlight
from rushlight import nn
from rushlight.vision.transforms import _augment, _draws
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms._modes import InterpolationMode
from rushlight.vision.transforms.transforms.warps import fill_of

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoAugmentPolicy",
    "RandAugment",
    "TrivialAugmentWide",
]


# Solarize's magnitude is a byte.
_FULL = 255.0


class AutoAugmentPolicy(enum.Enum):
    """The data sets that :class:`AutoAugment` has policies for."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


def _draw(space, step, steps, height, width):
    """An operation's name and signed magnitude; ``step()`` gives the magnitude's."""
    name = space.names[_draws.integer(0, len(space.names))]
    if not space.has_magnitude(name):
        return name, 0.0
    magnitude = space.magnitude(name, step(), steps, height, width, _FULL)
    if space.is_signed(name) and _draws.integer(0, 2):
        magnitude = -magnitude
    return name, magnitude


class AutoAugment(nn.Module):
    """Two operations of a policy that was found by search (Cubuk et al. 2019).

    Args:
        policy: an :class:`AutoAugmentPolicy`. Default: that of ImageNet.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, a number or one a channel. Default: 0.

    Shape:
        uint8 tensors ``(..., 1 or 3, H, W)``, or Pillow images.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> image = rushlight.zeros(3, 8, 8, dtype=rushlight.uint8)
        >>> transforms.AutoAugment()(image).shape
        rushlight.Size([3, 8, 8])
    """

    def __init__(
        self,
        policy=AutoAugmentPolicy.IMAGENET,
        interpolation=InterpolationMode.NEAREST,
        fill=None,
    ) -> None:
        super().__init__()
        self.policy = policy
        self.interpolation = interpolation
        self.fill = fill
        self.policies = _augment.policies(getattr(policy, "value", policy))

    @staticmethod
    def get_params(transform_num):
        """Draw which pair, and the probabilities and signs of its operations."""
        index = _draws.integer(0, transform_num)
        return index, rushlight.rand(2), rushlight.randint(2, (2,))

    def forward(self, img):
        fill = fill_of(img, self.fill)
        _, height, width = F.get_dimensions(img)
        index, probabilities, signs = self.get_params(len(self.policies))
        for i, (name, probability, step) in enumerate(self.policies[index]):
            if not probabilities[i] <= probability:
                continue
            magnitude = 0.0
            if step is not None:
                magnitude = _augment.AUTO.magnitude(
                    name, step, 10, height, width, _FULL
                )
            if _augment.AUTO.is_signed(name) and signs[i] == 0:
                magnitude = -magnitude
            img = _augment.apply(F, img, name, magnitude, self.interpolation, fill)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(policy={self.policy}, fill={self.fill})"


class RandAugment(nn.Module):
    """Some operations, all of the same strength (Cubuk et al. 2020).

    Args:
        num_ops: how many. Default: 2.
        magnitude: the strength, a step below ``num_magnitude_bins``. Default: 9.
        num_magnitude_bins: the number of steps. Default: 31.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, a number or one a channel. Default: 0.

    Shape:
        uint8 tensors ``(..., 1 or 3, H, W)``, or Pillow images.
    """

    def __init__(
        self,
        num_ops=2,
        magnitude=9,
        num_magnitude_bins=31,
        interpolation=InterpolationMode.NEAREST,
        fill=None,
    ) -> None:
        super().__init__()
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img):
        fill = fill_of(img, self.fill)
        _, height, width = F.get_dimensions(img)
        for _ in range(self.num_ops):
            name, magnitude = _draw(
                _augment.RAND,
                lambda: self.magnitude,
                self.num_magnitude_bins,
                height,
                width,
            )
            img = _augment.apply(F, img, name, magnitude, self.interpolation, fill)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_ops={self.num_ops}, "
            f"magnitude={self.magnitude}, "
            f"num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


class TrivialAugmentWide(nn.Module):
    """One operation of a random strength, up to strong ones (Müller, Hutter 2021).

    Args:
        num_magnitude_bins: the number of strengths. Default: 31.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, a number or one a channel. Default: 0.

    Shape:
        uint8 tensors ``(..., 1 or 3, H, W)``, or Pillow images.
    """

    def __init__(
        self,
        num_magnitude_bins=31,
        interpolation=InterpolationMode.NEAREST,
        fill=None,
    ) -> None:
        super().__init__()
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img):
        fill = fill_of(img, self.fill)
        _, height, width = F.get_dimensions(img)
        steps = self.num_magnitude_bins
        name, magnitude = _draw(
            _augment.WIDE, lambda: _draws.integer(0, steps), steps, height, width
        )
        return _augment.apply(F, img, name, magnitude, self.interpolation, fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


class AugMix(nn.Module):
    """A mix of the image and of chains of operations on it (Hendrycks et al. 2020).

    Args:
        severity: the strength of the operations, 1 to 10. Default: 3.
        mixture_width: the number of chains. Default: 3.
        chain_depth: operations of a chain; below 1, 1 to 3 at random. Default: -1.
        alpha: the parameter of the Dirichlet and Beta distributions of the weights.
            Default: 1.
        all_ops: with those of colours too. Default: ``True``.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.

    Shape:
        uint8 tensors ``(..., 1 or 3, H, W)``, or Pillow images.

    Raises:
        ValueError: a severity outside.
    """

    def __init__(
        self,
        severity=3,
        mixture_width=3,
        chain_depth=-1,
        alpha=1.0,
        all_ops=True,
        interpolation=InterpolationMode.BILINEAR,
        fill=None,
    ) -> None:
        super().__init__()
        check_severity(severity)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, orig_img):
        fill = fill_of(orig_img, self.fill)
        _, height, width = F.get_dimensions(orig_img)
        is_tensor = isinstance(orig_img, rushlight.Tensor)
        img = orig_img if is_tensor else F.pil_to_tensor(orig_img)
        space = _augment.MIX if self.all_ops else _augment.MIX_WITHOUT_COLORS

        def change(batch):
            name, magnitude = _draw(
                space, lambda: _draws.integer(0, self.severity), 10, height, width
            )
            return _augment.apply(F, batch, name, magnitude, self.interpolation, fill)

        batch = img.reshape(*[1] * max(4 - img.ndim, 0), *img.shape)
        mixed = mix(self, batch, change).reshape(img.shape).to(img.dtype)
        return mixed if is_tensor else F.to_pil_image(mixed)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(severity={self.severity}, "
            f"mixture_width={self.mixture_width}, chain_depth={self.chain_depth}, "
            f"alpha={self.alpha}, all_ops={self.all_ops}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


def check_severity(severity) -> None:
    """Raises ValueError outside of 1 to 10."""
    if not 1 <= severity <= 10:
        raise ValueError(
            f"The severity must be between [1, 10]. Got {severity} instead."
        )


def mix(settings, batch, change):
    """A batch and chains of ``change`` on it, weighted at random: floats."""
    rows, ones = batch.shape[0], [1] * (batch.ndim - 1)
    kept = _draws.dirichlet([settings.alpha] * 2, rows).to(batch.device)
    chains = _draws.dirichlet([settings.alpha] * settings.mixture_width, rows)
    weights = chains.to(batch.device) * kept[:, 1:]
    total = kept[:, 0].view(rows, *ones) * batch
    for i in range(settings.mixture_width):
        chained = batch
        depth = settings.chain_depth
        for _ in range(depth if depth > 0 else _draws.integer(1, 4)):
            chained = change(chained)
        total.add_(weights[:, i].view(rows, *ones) * chained)
    return total
