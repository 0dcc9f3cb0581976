"""Values as a whole: normalisation, dtypes, blur, noise; kinds; what to leave out."""

from __future__ import annotations

import io

import rushlight
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image, pillow
from rushlight.vision.transforms import _convert
from rushlight.vision.transforms import functional as first
from rushlight.vision.transforms.functional.convert import erased, normalized
from rushlight.vision.transforms.v2.functional._meta import as_corners
from rushlight.vision.transforms.v2.functional._registry import (
    dispatched,
    is_pure_tensor,
    register,
)
from rushlight.vision.tv_tensors._places import as_format

__all__ = [
    "convert_image_dtype",
    "erase",
    "erase_image",
    "erase_video",
    "gaussian_blur",
    "gaussian_blur_image",
    "gaussian_blur_video",
    "gaussian_noise",
    "gaussian_noise_image",
    "gaussian_noise_video",
    "jpeg",
    "jpeg_image",
    "jpeg_video",
    "normalize",
    "normalize_image",
    "normalize_video",
    "sanitize_bounding_boxes",
    "sanitize_keypoints",
    "to_dtype",
    "to_dtype_image",
    "to_dtype_video",
    "to_image",
    "uniform_temporal_subsample",
    "uniform_temporal_subsample_video",
]


@dispatched
def normalize(inpt, mean, std, inplace=False):
    """Subtract each channel's mean and divide by its standard deviation.

    Args:
        inpt: a tensor, Image or Video of floats, ``(..., C, H, W)``.
        mean: one value a channel, or one for all.
        std: one value a channel, or one for all.
        inplace: write into ``inpt``. Default: ``False``.

    Raises:
        TypeError: not of floats.
        ValueError: less than three dims, or a deviation of zero.
    """


def normalize_image(image, mean, std, inplace=False):
    """:func:`normalize` of tensors."""
    return normalized(image, mean, std, inplace)


@dispatched
def gaussian_blur(inpt, kernel_size, sigma=None):
    """Blur an image with a Gaussian; beyond the border it is mirrored.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., C, H, W)``, or a Pillow image.
        kernel_size: odd pixels of the window, one number or ``(across, down)``.
        sigma: the standard deviation in pixels, one number or ``(across, down)``.
            Default: ``0.15 * kernel_size + 0.35``.

    Raises:
        TypeError: an argument of another type.
        ValueError: an even or negative window, a deviation that is not positive.
    """


def gaussian_blur_image(image, kernel_size, sigma=None):
    """:func:`gaussian_blur` of tensors, and of Pillow images."""
    return first.gaussian_blur(image, kernel_size, sigma)


@dispatched
def gaussian_noise(inpt, mean=0.0, sigma=0.1, clip=True):
    """Add normal noise to an image.

    Args:
        inpt: a tensor, Image or Video of floats or uint8.
        mean: the noise's mean, as a part of full intensity. Default: 0.
        sigma: its standard deviation, likewise. Default: 0.1.
        clip: keep the values in their range. Default: ``True``.

    Raises:
        ValueError: a negative deviation, another dtype, or a Pillow image.
    """


def gaussian_noise_image(image, mean=0.0, sigma=0.1, clip=True):
    """:func:`gaussian_noise` of tensors."""
    if sigma < 0:
        raise ValueError(f"sigma shouldn't be negative. Got {sigma}")
    if image.is_floating_point():
        noisy = rushlight.randn_like(image).mul_(sigma).add_(mean).add_(image)
        return noisy.clamp_(0, 1) if clip else noisy
    if image.dtype != rushlight.uint8:
        raise ValueError(
            "Input tensor is expected to be in uint8 or float dtype, got "
            f"dtype={image.dtype}"
        )
    noise = rushlight.randn_like(image, dtype=rushlight.float32)
    noise = noise.mul_(sigma * 255).add_(mean * 255).to(rushlight.int16)
    noisy = image + noise
    return (noisy.clamp_(0, 255) if clip else noisy).to(rushlight.uint8)


def _gaussian_noise_pil(image):
    raise ValueError("Gaussian Noise is not implemented for PIL images.")


@dispatched
def to_dtype(inpt, dtype=rushlight.float32, scale=False):
    """Convert to another dtype; values of images and videos are scaled if asked for.

    Args:
        inpt: a tensor or any of ``rushlight.vision.tv_tensors``.
        dtype: the dtype wanted. Default: float32.
        scale: full intensity stays full intensity: 1 of floats, the largest value of
            integers. Default: ``False``.

    Raises:
        RuntimeError: ``scale``, and float32 to int32 or int64, or float64 to int64.
        TypeError: ``scale``, and bool to or from integers.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> image = rushlight.tensor([0, 51, 255], dtype=rushlight.uint8)
        >>> F.to_dtype(image, rushlight.float32, scale=True)
        tensor([0.0000, 0.2000, 1.0000])
    """


def to_dtype_image(image, dtype=rushlight.float32, scale=False):
    """:func:`to_dtype` of tensors."""
    if image.dtype == dtype or not scale:
        return image.to(dtype)
    kinds = (image.dtype, dtype)
    if rushlight.bool in kinds and not any(k.is_floating_point for k in kinds):
        raise TypeError(
            "Number of value bits is only defined for integer dtypes, but got "
            f"{rushlight.bool}."
        )
    return _convert.scaled_to(image, dtype)


def _to_dtype_plain(inpt, dtype=rushlight.float32):
    return inpt.to(dtype)


def convert_image_dtype(image, dtype=rushlight.float32):
    """:func:`to_dtype` of a tensor, with ``scale=True``.

    Args:
        image: a tensor.
        dtype: the dtype wanted. Default: float32.
    """
    return to_dtype_image(image, dtype, scale=True)


@dispatched
def erase(inpt, i, j, h, w, v, inplace=False):
    """Write a value or a patch over a box of an image.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., C, H, W)``, or a Pillow image.
        i: the box's first row.
        j: the box's first column.
        h: the box's height.
        w: the box's width.
        v: a tensor that broadcasts to ``(..., C, h, w)``.
        inplace: write into ``inpt``. Default: ``False``.
    """


def erase_image(image, i, j, h, w, v, inplace=False):
    """:func:`erase` of tensors."""
    return erased(image, i, j, h, w, v, inplace)


def _erase_pil(image, i, j, h, w, v, inplace=False):
    pixels = erased(_convert.pil_to_tensor(image), i, j, h, w, v, inplace)
    return _convert.to_pil_image(pixels, mode=image.mode)


@dispatched
def jpeg(image, quality):
    """Write an image as JPEG and read it back, for the traces that it leaves.

    Args:
        image: a uint8 tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a
            Pillow image.
        quality: 1 to 100.

    Raises:
        TypeError: another dtype.
        ModuleNotFoundError: Pillow, an optional dependency, is not installed.
    """


def _jpeg_pil(image, quality):
    file = io.BytesIO()
    image.save(file, format="JPEG", quality=quality)
    return pillow("Image", "jpeg").open(file).copy()


def jpeg_image(image, quality):
    """:func:`jpeg` of tensors, by Pillow."""
    if image.dtype != rushlight.uint8:
        raise TypeError(f"jpeg: expected a uint8 image, got {image.dtype}")
    if image.numel() == 0:
        return image.clone()
    images = image.reshape(-1, *image.shape[-3:])
    through = (_jpeg_pil(_convert.to_pil_image(one), quality) for one in images)
    pixels = [_convert.pil_to_tensor(one) for one in through]
    return rushlight.stack(pixels).view(image.shape)


@dispatched
def uniform_temporal_subsample(inpt, num_samples):
    """Some images of a video, at equal distances, the first and the last among them.

    Args:
        inpt: a tensor or Video of shape ``(..., T, C, H, W)``.
        num_samples: how many; with more than there are, some come twice.
    """


def uniform_temporal_subsample_video(video, num_samples):
    """:func:`uniform_temporal_subsample` of tensors."""
    last = video.shape[-4] - 1
    places = rushlight.linspace(0, last, num_samples, device=video.device)
    return video.index_select(-4, places.to(rushlight.int64))


normalize_video = normalize_image
gaussian_blur_video = gaussian_blur_image
gaussian_noise_video = gaussian_noise_image
to_dtype_video = to_dtype_image
erase_video = erase_image
jpeg_video = jpeg_image
register(normalize, normalize_image)
register(gaussian_blur, gaussian_blur_image, pil=gaussian_blur_image)
register(gaussian_noise, gaussian_noise_image, pil=_gaussian_noise_pil)
register(
    to_dtype,
    to_dtype_image,
    mask=_to_dtype_plain,
    boxes=_to_dtype_plain,
    points=_to_dtype_plain,
)
register(erase, erase_image, pil=_erase_pil)
register(jpeg, jpeg_image, pil=_jpeg_pil)
register(uniform_temporal_subsample, uniform_temporal_subsample_video)


def to_image(inpt):
    """A tensor, an array or a Pillow image as an Image.

    Args:
        inpt: a tensor ``(..., C, H, W)`` or ``(H, W)``, an array ``(H, W)`` or
            ``(H, W, C)``, or a Pillow image.

    Returns:
        A :class:`~rushlight.vision.tv_tensors.Image`.

    Raises:
        TypeError: something else.

    Example:
        >>> import numpy as np
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.to_image(np.zeros((4, 5, 3))).shape
        rushlight.Size([3, 4, 5])
    """
    if _convert.is_numpy(inpt):
        pixels = rushlight.from_numpy(inpt)
        if pixels.ndim == 2:
            pixels = pixels.unsqueeze(-1)
        inpt = pixels.permute(2, 0, 1).contiguous()
    elif is_pil_image(inpt):
        inpt = _convert.pil_to_tensor(inpt)
    elif not isinstance(inpt, rushlight.Tensor):
        raise TypeError(
            "Input can either be a pure Tensor, a numpy array, or a PIL image, but got "
            f"{type(inpt)} instead."
        )
    return tv_tensors.Image(inpt)


def sanitize_bounding_boxes(
    bounding_boxes, format=None, canvas_size=None, min_size=1.0, min_area=1.0
):
    """Leave out boxes that are too small or reach beyond the canvas.

    Args:
        bounding_boxes: :class:`~rushlight.vision.tv_tensors.BoundingBoxes`, or a tensor
            ``(N, 4)``.
        format: the format of a tensor; boxes know theirs.
        canvas_size: ``(height, width)`` for a tensor; boxes know theirs.
        min_size: the least width and height. Default: 1.
        min_area: the least area. Default: 1.

    Returns:
        The boxes that stay, and a mask ``(N,)`` of them.

    Raises:
        ValueError: what is missing for a tensor or too much for boxes.

    Example:
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> boxes = tv_tensors.BoundingBoxes(
        ...     [[0, 0, 4, 4], [3, 3, 3, 4]], format="XYXY", canvas_size=(5, 5)
        ... )
        >>> F.sanitize_bounding_boxes(boxes)[1]
        tensor([ True, False])
    """
    if is_pure_tensor(bounding_boxes):
        if format is None or canvas_size is None:
            raise ValueError(
                "format and canvas_size cannot be None if bounding_boxes is a pure "
                f"tensor. Got format={format} and canvas_size={canvas_size}."
            )
        valid = valid_boxes(
            bounding_boxes, as_format(format), canvas_size, min_size, min_area
        )
        return bounding_boxes[valid], valid
    if not isinstance(bounding_boxes, tv_tensors.BoundingBoxes):
        raise ValueError(
            "bounding_boxes must be a tv_tensors.BoundingBoxes instance or a pure "
            f"tensor, got {type(bounding_boxes)}."
        )
    if format is not None or canvas_size is not None:
        raise ValueError(
            "format and canvas_size must be None when bounding_boxes is a "
            f"tv_tensors.BoundingBoxes instance. Got format={format} and "
            f"canvas_size={canvas_size}."
        )
    valid = valid_boxes(
        bounding_boxes,
        bounding_boxes.format,
        bounding_boxes.canvas_size,
        min_size,
        min_area,
    )
    return tv_tensors.wrap(bounding_boxes[valid], like=bounding_boxes), valid


def valid_boxes(boxes, format, canvas_size, min_size, min_area):
    """Which boxes are large enough and on the canvas, ``(N,)`` of bool."""
    corners = as_corners(boxes.as_subclass(rushlight.Tensor), format)
    width, height = (corners[:, 2:] - corners[:, :2]).unbind(-1)
    large = (width >= min_size) & (height >= min_size) & (width * height >= min_area)
    most = rushlight.tensor([*canvas_size[::-1], *canvas_size[::-1]])
    inside = (corners >= 0) & (corners <= most.to(corners.device))
    return large & inside.all(-1)


def sanitize_keypoints(key_points, canvas_size=None):
    """Leave out points that are not on the canvas.

    Args:
        key_points: :class:`~rushlight.vision.tv_tensors.KeyPoints`, or a tensor
            ``(..., 2)``; of more dims, an entry of the first stays if all of it does.
        canvas_size: ``(height, width)`` for a tensor; points know theirs.

    Returns:
        The points that stay, and a mask of the first dim.

    Raises:
        ValueError: a canvas for points, or none for a tensor.
    """
    if is_pure_tensor(key_points):
        if canvas_size is None:
            raise ValueError(
                "canvas_size cannot be None if key_points is a pure tensor."
            )
        valid = valid_points(key_points, canvas_size)
        return key_points[valid], valid
    if not isinstance(key_points, tv_tensors.KeyPoints):
        raise ValueError(
            "key_points must be a tv_tensors.KeyPoints instance or a pure tensor, got "
            f"{type(key_points)}."
        )
    if canvas_size is not None:
        raise ValueError(
            "canvas_size must be None when key_points is a tv_tensors.KeyPoints "
            f"instance. Got canvas_size={canvas_size}."
        )
    valid = valid_points(key_points, key_points.canvas_size)
    return tv_tensors.wrap(key_points[valid], like=key_points), valid


def valid_points(points, canvas_size):
    """Which points are on the canvas, a mask of the first dim."""
    height, width = canvas_size
    x, y = points.as_subclass(rushlight.Tensor).unbind(-1)
    valid = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return valid.flatten(1).all(1) if valid.ndim > 1 else valid
