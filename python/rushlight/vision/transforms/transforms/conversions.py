"""Transforms between images and tensors, and of values as a whole."""

from __future__ import annotations

from rushlight import nn
from rushlight.vision.transforms import functional as F

__all__ = [
    "ConvertImageDtype",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "ToPILImage",
    "ToTensor",
]


class ToTensor:
    """:func:`~rushlight.vision.transforms.functional.to_tensor`: bytes become 0 to 1.

    Example:
        >>> import numpy as np
        >>> from rushlight.vision import transforms
        >>> transforms.ToTensor()(np.array([[0, 255]], np.uint8))
        tensor([[[0., 1.]]])
    """

    def __call__(self, pic):
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """:func:`~rushlight.vision.transforms.functional.pil_to_tensor`, unscaled."""

    def __call__(self, pic):
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """:func:`~rushlight.vision.transforms.functional.to_pil_image`.

    Args:
        mode: Pillow's mode. Default: by the channels and the dtype.
    """

    def __init__(self, mode=None) -> None:
        self.mode = mode

    def __call__(self, pic):
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        mode = "" if self.mode is None else f"mode={self.mode}"
        return f"{type(self).__name__}({mode})"


class ConvertImageDtype(nn.Module):
    """:func:`~rushlight.vision.transforms.functional.convert_image_dtype`.

    Args:
        dtype: the dtype wanted.
    """

    def __init__(self, dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image):
        return F.convert_image_dtype(image, self.dtype)


class Normalize(nn.Module):
    """Subtract each channel's mean and divide by its standard deviation.

    Args:
        mean: one value a channel.
        std: one value a channel.
        inplace: write into the input. Default: ``False``.

    Shape:
        Floats ``(..., C, H, W)``.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> transforms.Normalize([0.5], [0.25])(rushlight.ones(1, 1, 2))
        tensor([[[2., 2.]]])
    """

    def __init__(self, mean, std, inplace=False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor):
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


def check_linear(matrix, mean) -> None:
    """Raises ValueError for a matrix and a mean that do not fit each other."""
    if matrix.size(0) != matrix.size(1):
        raise ValueError(
            "transformation_matrix should be square. Got "
            f"{tuple(matrix.size())} rectangular matrix."
        )
    if mean.size(0) != matrix.size(0):
        raise ValueError(
            f"mean_vector should have the same length {mean.size(0)} as any one of the "
            f"dimensions of the transformation_matrix [{tuple(matrix.size())}]"
        )
    if matrix.device != mean.device:
        raise ValueError(
            f"Input tensors should be on the same device. Got {matrix.device} and "
            f"{mean.device}"
        )
    if matrix.dtype != mean.dtype:
        raise ValueError(
            f"Input tensors should have the same dtype. Got {matrix.dtype} and "
            f"{mean.dtype}"
        )


def linear(tensor, matrix, mean):
    """Each image of ``(..., C, H, W)`` as a row, minus a mean, times a matrix."""
    *_, channels, height, width = tensor.shape
    size = channels * height * width
    if size != matrix.shape[0]:
        raise ValueError(
            "Input tensor and transformation matrix have incompatible shape."
            f"[{channels} x {height} x {width}] != {matrix.shape[0]}"
        )
    if tensor.device.type != mean.device.type:
        raise ValueError(
            "Input tensor should be on the same device as transformation matrix and "
            f"mean vector. Got {tensor.device} vs {mean.device}"
        )
    rows = tensor.reshape(-1, size) - mean
    return (rows @ matrix.to(rows.dtype)).reshape(tensor.shape)


class LinearTransformation(nn.Module):
    """Each image as a row, minus a mean, times a matrix: whitening, for example.

    Args:
        transformation_matrix: ``(D, D)`` with ``D = C * H * W``.
        mean_vector: ``(D,)``.

    Shape:
        ``(..., C, H, W)``.

    Raises:
        ValueError: the shapes, devices or dtypes do not fit.
    """

    def __init__(self, transformation_matrix, mean_vector) -> None:
        super().__init__()
        check_linear(transformation_matrix, mean_vector)
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor):
        return linear(tensor, self.transformation_matrix, self.mean_vector)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}("
            f"transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )
