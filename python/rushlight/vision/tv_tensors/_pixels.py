"""Images, videos and masks."""

from __future__ import annotations

from rushlight.vision._pillow import is_pil_image
from rushlight.vision.tv_tensors._base import TVTensor

__all__ = ["Image", "Mask", "Video"]


def _pixels(data):
    """A Pillow image as a tensor, anything else as it is."""
    if is_pil_image(data):
        from rushlight.vision.transforms._convert import pil_to_tensor

        return pil_to_tensor(data)
    return data


class Image(TVTensor):
    """A tensor of images, ``(..., C, H, W)``.

    Args:
        data: a tensor, what :func:`rushlight.as_tensor` takes, or a Pillow image; of
            ``(H, W)`` it becomes ``(1, H, W)``.
        dtype: the dtype. Default: that of ``data``.
        device: the device. Default: that of ``data``.
        requires_grad: whether autograd records. Default: as of ``data``.

    Raises:
        ValueError: less than two dims.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import tv_tensors
        >>> tv_tensors.Image(rushlight.zeros(4, 5)).shape
        rushlight.Size([1, 4, 5])
    """

    def __new__(cls, data, *, dtype=None, device=None, requires_grad=None):
        tensor = cls._to_tensor(_pixels(data), dtype, device, requires_grad)
        if tensor.ndim < 2:
            raise ValueError(f"Tensor must be 2D or higher, got {tensor.ndim}D tensor.")
        if tensor.ndim == 2:
            tensor = tensor.unsqueeze(0)
        return tensor.as_subclass(cls)

    def __repr__(self, *, tensor_contents=None) -> str:
        return self._described()


class Video(TVTensor):
    """A tensor of videos, ``(..., T, C, H, W)``.

    Args:
        data: a tensor, or what :func:`rushlight.as_tensor` takes.
        dtype: the dtype. Default: that of ``data``.
        device: the device. Default: that of ``data``.
        requires_grad: whether autograd records. Default: as of ``data``.

    Raises:
        ValueError: less than four dims.
    """

    def __new__(cls, data, *, dtype=None, device=None, requires_grad=None):
        tensor = cls._to_tensor(data, dtype, device, requires_grad)
        if tensor.ndim < 4:
            raise ValueError(
                f"Video: expected (..., T, C, H, W), got {tensor.ndim} dims"
            )
        return tensor.as_subclass(cls)

    def __repr__(self, *, tensor_contents=None) -> str:
        return self._described()


class Mask(TVTensor):
    """A tensor of masks, ``(..., H, W)``: of classes, or one an object.

    Args:
        data: a tensor, what :func:`rushlight.as_tensor` takes, or a Pillow image.
        dtype: the dtype. Default: that of ``data``.
        device: the device. Default: that of ``data``.
        requires_grad: whether autograd records. Default: as of ``data``.
    """

    def __new__(cls, data, *, dtype=None, device=None, requires_grad=None):
        tensor = cls._to_tensor(_pixels(data), dtype, device, requires_grad)
        return tensor.as_subclass(cls)
