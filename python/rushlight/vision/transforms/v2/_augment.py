"""Transforms of samples and batches: erasing, mixing, the traces of JPEG."""

from __future__ import annotations

import math

import rushlight
from rushlight.nn.functional import one_hot
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import transforms as first
from rushlight.vision.transforms._arguments import check_sequence
from rushlight.vision.transforms.transforms.colors import check_erasing, erasing_value
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2._geometry import warn_of_passing
from rushlight.vision.transforms.v2._queries import (
    has_any,
    labels_getter_of,
    query_chw,
    query_size,
)
from rushlight.vision.transforms.v2._transform import AtRandom, Transform
from rushlight.vision.transforms.v2._tree import flatten

__all__ = ["JPEG", "CutMix", "MixUp", "RandomErasing"]

_PLACES = (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints, tv_tensors.Mask)


class RandomErasing(AtRandom):
    """Write a value or noise over a random box of images, at random.

    Args:
        p: the probability. Default: 0.5.
        scale: the box's least and largest part of the area. Default: (0.02, 0.33).
        ratio: the least and largest height by width. Default: (0.3, 3.3).
        value: one number, one a channel, or ``"random"`` for normal noise. Default: 0.
        inplace: write into the image. Default: ``False``.

    Raises:
        TypeError: an argument of another type.
        ValueError: an argument outside of its range.
    """

    get_params = staticmethod(first.RandomErasing.get_params)

    def __init__(
        self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0.0, inplace=False
    ) -> None:
        super().__init__(p=p)
        check_erasing(scale, ratio, value)
        self.scale = scale
        self.ratio = ratio
        self.value = erasing_value(value)
        self.inplace = inplace

    def _call_kernel(self, functional, inpt, *args, **kwargs):
        if isinstance(inpt, _PLACES):
            warn_of_passing(self, inpt)
        return super()._call_kernel(functional, inpt, *args, **kwargs)

    def make_params(self, flat_inputs):
        size = query_chw(flat_inputs)
        if self.value is not None and len(self.value) not in (1, size[0]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{size[0]} (number of inpt channels), got {self.value}"
            )
        drawn = _draws.erased_box(*size, self.scale, self.ratio, self.value)
        return {"drawn": drawn}

    def transform(self, inpt, params):
        if params["drawn"] is None:
            return inpt
        return self._call_kernel(F.erase, inpt, *params["drawn"], self.inplace)


class _Mix(Transform):
    """What mixes each image of a batch, and its label, with the one before."""

    def __init__(self, *, alpha=1.0, num_classes=None, labels_getter="default") -> None:
        super().__init__()
        self.alpha = float(alpha)
        self.num_classes = num_classes
        self._labels_getter = labels_getter_of(labels_getter)

    def _draw(self) -> float:
        """The part of each image that stays, of a Beta distribution."""
        return _draws.dirichlet([self.alpha, self.alpha])[0, 0].item()

    def forward(self, *inputs):
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, rebuild = flatten(sample)
        chosen = self._chosen(leaves)
        if has_any(leaves, is_pil_image, *_PLACES):
            raise ValueError(
                f"{type(self).__name__}() does not support PIL images, bounding boxes, "
                "keypoints and masks."
            )
        labels = self._labels_getter(sample)
        self._check_labels(labels)
        drawn = [leaf for leaf, wanted in zip(leaves, chosen) if wanted]
        params = {**self.make_params(drawn), "batch_size": labels.shape[0]}

        def mixed(leaf, wanted):
            if leaf is labels:
                return self._mixed_labels(leaf, params["kept"])
            return self.transform(leaf, params) if wanted else leaf

        return rebuild(map(mixed, leaves, chosen))

    def _check_labels(self, labels) -> None:
        if not isinstance(labels, rushlight.Tensor):
            raise ValueError(
                f"The labels must be a tensor, but got {type(labels)} instead."
            )
        if labels.ndim not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability "
                "based with shape (batch_size, num_classes), but got a tensor of shape "
                f"{tuple(labels.shape)} instead."
            )
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError(
                "num_classes must be passed if the labels are index-based (1D)"
            )
        if labels.ndim == 2 and self.num_classes not in (None, labels.shape[-1]):
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must "
                f"match num_classes: {labels.shape[-1]} != {self.num_classes}. You can "
                "leave num_classes to None."
            )

    def _mixed_labels(self, labels, kept):
        if labels.ndim == 1:
            labels = one_hot(labels, num_classes=self.num_classes)
        return _mixed(labels if labels.is_floating_point() else labels.float(), kept)

    def transform(self, inpt, params):
        dims = 5 if isinstance(inpt, tv_tensors.Video) else 4
        if inpt.ndim != dims:
            raise ValueError(
                f"Expected a batched input with {dims} dims, but got {inpt.ndim} "
                "dimensions instead."
            )
        if inpt.shape[0] != params["batch_size"]:
            raise ValueError(
                "The batch size of the image or video does not match the batch size of "
                f"the labels: {inpt.shape[0]} != {params['batch_size']}."
            )
        result = self._mixed_images(inpt.as_subclass(rushlight.Tensor), params)
        if isinstance(inpt, tv_tensors.TVTensor):
            return tv_tensors.wrap(result, like=inpt)
        return result


def _mixed(values, kept):
    return values.roll(1, 0).mul_(1.0 - kept).add_(values.mul(kept))


class MixUp(_Mix):
    """Blend each image of a batch, and its label, with the one before (Zhang 2018).

    Args:
        alpha: the parameter of the Beta distribution of the weight. Default: 1.
        num_classes: the number of classes, for labels that are indices.
        labels_getter: a function of the sample that gives its labels, or
            ``"default"``: the second of a pair, or what is named so in a dict.

    Raises:
        ValueError: no such labels; images that are no batch of their size.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> images, labels = rushlight.zeros(2, 3, 4, 4), rushlight.tensor([0, 1])
        >>> v2.MixUp(num_classes=2)(images, labels)[1].sum(1)
        tensor([1., 1.])
    """

    def make_params(self, flat_inputs):
        return {"kept": self._draw()}

    def _mixed_images(self, images, params):
        return _mixed(images, params["kept"])


class CutMix(_Mix):
    """Put a box of each image of a batch into the next one (Yun et al. 2019).

    Args:
        alpha: the parameter of the Beta distribution of the area. Default: 1.
        num_classes: the number of classes, for labels that are indices.
        labels_getter: as of :class:`MixUp`. Default: ``"default"``.

    Raises:
        ValueError: no such labels; images that are no batch of their size.
    """

    def make_params(self, flat_inputs):
        kept = self._draw()
        height, width = query_size(flat_inputs)
        x, y = _draws.integer(0, width), _draws.integer(0, height)
        half = 0.5 * math.sqrt(1.0 - kept)
        across, down = int(half * width), int(half * height)
        columns = slice(max(x - across, 0), min(x + across, width))
        rows = slice(max(y - down, 0), min(y + down, height))
        area = (columns.stop - columns.start) * (rows.stop - rows.start)
        return {"kept": 1.0 - area / (width * height), "box": (rows, columns)}

    def _mixed_images(self, images, params):
        rows, columns = params["box"]
        result = images.clone()
        result[..., rows, columns] = images.roll(1, 0)[..., rows, columns]
        return result


class JPEG(Transform):
    """Write images as JPEG of a random quality and read them back.

    Args:
        quality: 1 to 100, or a range ``(least, most)``.

    Raises:
        TypeError: a bool, or no number and no sequence.
        ValueError: outside of 1 to 100.
    """

    def __init__(self, quality) -> None:
        super().__init__()
        if isinstance(quality, bool):
            raise TypeError("quality can't be bool")
        if isinstance(quality, int):
            quality = [quality, quality]
        else:
            check_sequence(quality, "quality", (2,))
        whole = all(isinstance(number, int) for number in quality)
        if not (whole and 1 <= quality[0] <= quality[1] <= 100):
            raise ValueError(
                f"quality must be an integer from 1 to 100, got quality ={quality!r}"
            )
        self.quality = quality

    def make_params(self, flat_inputs):
        return {"quality": _draws.integer(self.quality[0], self.quality[1] + 1)}

    def transform(self, inpt, params):
        return self._call_kernel(F.jpeg, inpt, quality=params["quality"])
