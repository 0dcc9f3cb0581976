"""Transforms of samples: dtypes, kinds, normalisation, blur, noise; leaving out."""

from __future__ import annotations

import warnings

import rushlight
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import functional as first_functional
from rushlight.vision.transforms import transforms as first
from rushlight.vision.transforms._convert import is_numpy
from rushlight.vision.transforms.transforms.colors import blur_sizes
from rushlight.vision.transforms.transforms.conversions import check_linear, linear
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2._queries import (
    get_bounding_boxes,
    get_keypoints,
    has_any,
    labels_getter_of,
    setup_number_or_seq,
)
from rushlight.vision.transforms.v2._transform import Transform
from rushlight.vision.transforms.v2._tree import flatten
from rushlight.vision.transforms.v2.functional._misc import valid_boxes, valid_points

__all__ = [
    "ClampBoundingBoxes",
    "ClampKeyPoints",
    "ConvertBoundingBoxFormat",
    "ConvertImageDtype",
    "GaussianBlur",
    "GaussianNoise",
    "Identity",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "SanitizeBoundingBoxes",
    "SanitizeKeyPoints",
    "SetClampingMode",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToPureTensor",
    "ToTensor",
    "UniformTemporalSubsample",
]

_FRAMES = (tv_tensors.Image, tv_tensors.Video)


class Identity(Transform):
    """Nothing changes."""

    def transform(self, inpt, params):
        return inpt


class Lambda(Transform):
    """A function as a transform.

    Args:
        lambd: a callable of one input.
        *types: the types that it is for. Default: all.

    Example:
        >>> from rushlight.vision.transforms import v2
        >>> v2.Lambda(lambda text: text.upper(), str)({"name": "x", "age": 3})
        {'name': 'X', 'age': 3}
    """

    _transformed_types = (object,)

    def __init__(self, lambd, *types) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or self._transformed_types

    def transform(self, inpt, params):
        return self.lambd(inpt) if isinstance(inpt, self.types) else inpt

    def extra_repr(self) -> str:
        name = getattr(self.lambd, "__name__", None)
        types = f"types={[kind.__name__ for kind in self.types]}"
        return f"{name}, {types}" if name else types


class _OfTensors(Transform):
    """Not of Pillow images."""

    def check_inputs(self, flat_inputs) -> None:
        if has_any(flat_inputs, is_pil_image):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")


class LinearTransformation(_OfTensors):
    """Each image as a row, minus a mean, times a matrix: whitening, for example.

    Args:
        transformation_matrix: ``(D, D)`` with ``D = C * H * W``.
        mean_vector: ``(D,)``.

    Raises:
        ValueError: the shapes, devices or dtypes do not fit.
    """

    _transformed_types = (F.is_pure_tensor, *_FRAMES)

    def __init__(self, transformation_matrix, mean_vector) -> None:
        super().__init__()
        check_linear(transformation_matrix, mean_vector)
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def transform(self, inpt, params):
        result = linear(inpt, self.transformation_matrix, self.mean_vector)
        if isinstance(inpt, _FRAMES):
            return tv_tensors.wrap(result, like=inpt)
        return result


class Normalize(_OfTensors):
    """Subtract each channel's mean and divide by its standard deviation.

    Args:
        mean: one value a channel.
        std: one value a channel.
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> v2.Normalize([0.5], [0.25])(rushlight.ones(1, 1, 2))
        tensor([[[2., 2.]]])
    """

    def __init__(self, mean, std, inplace=False) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.inplace = inplace

    def transform(self, inpt, params):
        return self._call_kernel(F.normalize, inpt, self.mean, self.std, self.inplace)


class GaussianBlur(Transform):
    """Blur images by a random amount.

    Args:
        kernel_size: odd pixels of the window, one number or ``(across, down)``.
        sigma: the range of standard deviations in pixels, or one. Default: (0.1, 2).

    Raises:
        ValueError: an even window, or a range that is not positive.
    """

    get_params = staticmethod(first.GaussianBlur.get_params)

    def __init__(self, kernel_size, sigma=(0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = blur_sizes(kernel_size)
        self.sigma = setup_number_or_seq(sigma, "sigma")
        if not 0.0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(
                "sigma values should be positive and of the form (min, max). Got "
                f"{self.sigma}"
            )

    def make_params(self, flat_inputs):
        return {"sigma": [_draws.uniform(*self.sigma)] * 2}

    def transform(self, inpt, params):
        return self._call_kernel(F.gaussian_blur, inpt, self.kernel_size, **params)


class GaussianNoise(Transform):
    """Add normal noise to images.

    Args:
        mean: the noise's mean, as a part of full intensity. Default: 0.
        sigma: its standard deviation, likewise. Default: 0.1.
        clip: keep the values in their range. Default: ``True``.
    """

    def __init__(self, mean=0.0, sigma=0.1, clip=True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt, params):
        return self._call_kernel(
            F.gaussian_noise, inpt, self.mean, self.sigma, self.clip
        )


class ToDtype(Transform):
    """Convert inputs to another dtype, images and videos scaled if asked for.

    Args:
        dtype: the dtype of images and videos, or a dict of dtypes by type, where
            ``"others"`` is of all that are not named and ``None`` changes nothing.
        scale: full intensity stays full intensity. Default: ``False``.

    Raises:
        ValueError: another ``dtype``; a type that the dict does not name.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> image = rushlight.tensor([[[0, 255]]], dtype=rushlight.uint8)
        >>> v2.ToDtype(rushlight.float32, scale=True)(image)
        tensor([[[0., 1.]]])
    """

    _transformed_types = (rushlight.Tensor,)

    def __init__(self, dtype, scale=False) -> None:
        super().__init__()
        if not isinstance(dtype, (dict, rushlight.dtype)):
            raise ValueError(
                f"dtype must be a dict or a rushlight.dtype, got {type(dtype)} instead"
            )
        if isinstance(dtype, dict) and rushlight.Tensor in dtype:
            if any(kind in dtype for kind in _FRAMES):
                warnings.warn(
                    "Got `dtype` values for `Tensor` and either `tv_tensors.Image` or "
                    "`tv_tensors.Video`. Note that a plain `Tensor` will *not* be "
                    "transformed by this (or any other transformation) in case a "
                    "`tv_tensors.Image` or `tv_tensors.Video` is present in the input.",
                    stacklevel=2,
                )
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt, params):
        can_scale = F.is_pure_tensor(inpt) or isinstance(inpt, _FRAMES)
        if isinstance(self.dtype, rushlight.dtype):
            dtype = self.dtype if can_scale else None
            if dtype is None:
                return inpt
        elif type(inpt) in self.dtype:
            dtype = self.dtype[type(inpt)]
        elif "others" in self.dtype:
            dtype = self.dtype["others"]
        else:
            raise ValueError(
                f"No dtype was specified for type {type(inpt)}. If you only need to "
                "convert the dtype of images or videos, you can just pass e.g. "
                "dtype=rushlight.float32. If you're passing a dict as dtype, you can "
                'use "others" as a catch-all key e.g. dtype={tv_tensors.Mask: '
                'rushlight.int64, "others": None} to pass-through the rest of the '
                "inputs."
            )
        if dtype is None:
            if self.scale and can_scale:
                warnings.warn(
                    "scale was set to True but no dtype was specified for images or "
                    "videos: no scaling will be done.",
                    stacklevel=2,
                )
            return inpt
        return self._call_kernel(F.to_dtype, inpt, dtype=dtype, scale=self.scale)


class ConvertImageDtype(Transform):
    """:class:`ToDtype` with ``scale=True``.

    Args:
        dtype: the dtype of images and videos. Default: float32.
    """

    def __init__(self, dtype=rushlight.float32) -> None:
        super().__init__()
        self.dtype = dtype

    def transform(self, inpt, params):
        return self._call_kernel(F.to_dtype, inpt, dtype=self.dtype, scale=True)


class PILToTensor(Transform):
    """Pillow images as tensors of their own values; the rest stays as it is."""

    _transformed_types = (is_pil_image,)

    def transform(self, inpt, params):
        return F.pil_to_tensor(inpt)


class ToImage(Transform):
    """Tensors, arrays and Pillow images as :class:`~rushlight.vision.tv_tensors.Image`.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> type(v2.ToImage()(rushlight.zeros(3, 4, 5))).__name__
        'Image'
    """

    _transformed_types = (F.is_pure_tensor, is_pil_image, is_numpy)

    def transform(self, inpt, params):
        return F.to_image(inpt)


class ToPILImage(Transform):
    """Tensors, images and arrays as Pillow images.

    Args:
        mode: Pillow's mode. Default: by the channels and the dtype.
    """

    _transformed_types = (F.is_pure_tensor, tv_tensors.Image, is_numpy)

    def __init__(self, mode=None) -> None:
        super().__init__()
        self.mode = mode

    def transform(self, inpt, params):
        return F.to_pil_image(inpt, mode=self.mode)


class ToPureTensor(Transform):
    """Plain tensors of all kinds of ``tv_tensors``."""

    _transformed_types = (tv_tensors.TVTensor,)

    def transform(self, inpt, params):
        return inpt.as_subclass(rushlight.Tensor)


class ToTensor(Transform):
    """Deprecated: ``Compose([ToImage(), ToDtype(float32, scale=True)])``."""

    _transformed_types = (is_pil_image, is_numpy)

    def __init__(self) -> None:
        warnings.warn(
            "The transform `ToTensor()` is deprecated and will be removed in a future "
            "release. Instead, please use `v2.Compose([v2.ToImage(), "
            "v2.ToDtype(rushlight.float32, scale=True)])`. Output is equivalent up to "
            "float precision.",
            stacklevel=2,
        )
        super().__init__()

    def transform(self, inpt, params):
        return first_functional.to_tensor(inpt)


class UniformTemporalSubsample(Transform):
    """Some images of videos, at equal distances, the first and the last among them.

    Args:
        num_samples: how many.
    """

    _transformed_types = (rushlight.Tensor,)

    def __init__(self, num_samples) -> None:
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt, params):
        return self._call_kernel(F.uniform_temporal_subsample, inpt, self.num_samples)


class ConvertBoundingBoxFormat(Transform):
    """Boxes in another format.

    Args:
        format: a :class:`~rushlight.vision.tv_tensors.BoundingBoxFormat` or its name.
    """

    _transformed_types = (tv_tensors.BoundingBoxes,)

    def __init__(self, format) -> None:
        super().__init__()
        self.format = format

    def transform(self, inpt, params):
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """Boxes cut at their canvas.

    Args:
        clamping_mode: ``"soft"``, ``"hard"``, ``None``, or ``"auto"`` for that of the
            boxes. Default: ``"auto"``.
    """

    _transformed_types = (tv_tensors.BoundingBoxes,)

    def __init__(self, clamping_mode="auto") -> None:
        super().__init__()
        self.clamping_mode = clamping_mode

    def transform(self, inpt, params):
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class ClampKeyPoints(Transform):
    """Points moved onto their canvas."""

    _transformed_types = (tv_tensors.KeyPoints,)

    def transform(self, inpt, params):
        return F.clamp_keypoints(inpt)


class SetClampingMode(Transform):
    """Say whether the transforms that follow cut boxes at their canvas.

    Args:
        clamping_mode: ``"soft"``, ``"hard"`` or ``None``.

    Raises:
        ValueError: something else.
    """

    _transformed_types = (tv_tensors.BoundingBoxes,)

    def __init__(self, clamping_mode) -> None:
        super().__init__()
        if clamping_mode not in (None, "soft", "hard"):
            raise ValueError(
                f"clamping_mode must be soft, hard or None, got {clamping_mode}"
            )
        self.clamping_mode = clamping_mode

    def transform(self, inpt, params):
        boxes = inpt.clone()
        boxes.clamping_mode = self.clamping_mode
        return boxes


class _Sanitize(Transform):
    """What leaves out boxes or points, and their labels along."""

    def __init__(self, labels_getter, **limits) -> None:
        super().__init__()
        for name, value in limits.items():
            setattr(self, name, value)
        self.labels_getter = labels_getter
        self._labels_getter = labels_getter_of(labels_getter)

    def forward(self, *inputs):
        sample = inputs if len(inputs) > 1 else inputs[0]
        labels = self._labels(sample)
        leaves, rebuild = flatten(sample)
        places, valid = self._valid(leaves)
        for label in labels:
            if label.shape[0] != places.shape[0]:
                raise ValueError(
                    f"Number of boxes or points (shape={tuple(places.shape)}) must "
                    "match the number of labels. Found labels with "
                    f"shape={tuple(label.shape)}."
                )

        def left(leaf):
            if any(leaf is label for label in labels):
                return leaf[valid]
            return self.transform(leaf, {"valid": valid})

        return rebuild(map(left, leaves))

    def _labels(self, sample) -> tuple:
        labels = self._labels_getter(sample)
        if labels is None:
            return ()
        found = tuple(labels) if isinstance(labels, (tuple, list)) else (labels,)
        for label in found:
            if not isinstance(label, rushlight.Tensor):
                raise ValueError(
                    "The labels in the input to forward() must be a tensor or None, "
                    f"got {type(label)} instead."
                )
        return found

    def _valid(self, leaves):
        raise NotImplementedError(f"{type(self).__name__} does not define _valid")


class SanitizeBoundingBoxes(_Sanitize):
    """Leave out boxes that are too small or reach beyond the canvas.

    Their labels and masks are left out along. Needed after :class:`RandomIoUCrop`.

    Args:
        min_size: the least width and height. Default: 1.
        min_area: the least area. Default: 1.
        labels_getter: a function of the sample that gives its labels, a tensor or
            several; ``"default"``: the second of a pair, or what is named so in a dict;
            or ``None`` for no labels.

    Raises:
        ValueError: a size or area below 1; no boxes; labels that do not fit them.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms import v2
        >>> boxes = tv_tensors.BoundingBoxes(
        ...     [[0, 0, 4, 4], [3, 3, 3, 4]], format="XYXY", canvas_size=(5, 5)
        ... )
        >>> sample = {"boxes": boxes, "labels": rushlight.tensor([7, 8])}
        >>> v2.SanitizeBoundingBoxes()(sample)["labels"]
        tensor([7])
    """

    def __init__(self, min_size=1.0, min_area=1.0, labels_getter="default") -> None:
        if min_size < 1:
            raise ValueError(f"min_size must be >= 1, got {min_size}.")
        if min_area < 1:
            raise ValueError(f"min_area must be >= 1, got {min_area}.")
        super().__init__(labels_getter, min_size=min_size, min_area=min_area)

    def _valid(self, leaves):
        boxes = get_bounding_boxes(leaves)
        return boxes, valid_boxes(
            boxes, boxes.format, boxes.canvas_size, self.min_size, self.min_area
        )

    def transform(self, inpt, params):
        if not isinstance(inpt, (tv_tensors.BoundingBoxes, tv_tensors.Mask)):
            return inpt
        valid = params["valid"]
        if inpt.ndim == 0 or inpt.shape[0] != valid.shape[0]:
            return inpt  # a mask of classes, not of objects
        return tv_tensors.wrap(inpt[valid], like=inpt)


class SanitizeKeyPoints(_Sanitize):
    """Leave out points that are not on the canvas, and their labels along.

    Args:
        labels_getter: as of :class:`SanitizeBoundingBoxes`. Default: ``None``.

    Raises:
        ValueError: no points; labels that do not fit them.
    """

    def __init__(self, labels_getter=None) -> None:
        super().__init__(labels_getter)

    def _valid(self, leaves):
        points = get_keypoints(leaves)
        return points, valid_points(points, points.canvas_size)

    def transform(self, inpt, params):
        if not isinstance(inpt, tv_tensors.KeyPoints):
            return inpt
        return tv_tensors.wrap(inpt[params["valid"]], like=inpt)
