"""Boxes and points on a canvas: tensors that know its size."""

from __future__ import annotations

import enum

from rushlight.vision.tv_tensors._base import TVTensor

__all__ = [
    "BoundingBoxFormat",
    "BoundingBoxes",
    "KeyPoints",
    "is_rotated_bounding_format",
]


class BoundingBoxFormat(enum.Enum):
    """What the four numbers of a box are, all in pixels.

    ``XYXY``: two corners; ``XYWH``: the upper left corner and the size; ``CXCYWH``: the
    middle and the size. Rotated boxes are not there.
    """

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"


_ROTATED = ("XYWHR", "CXCYWHR", "XYXYXYXY")


def as_format(format) -> BoundingBoxFormat:
    """A format by itself or by its name.

    Raises:
        NotImplementedError: a format of rotated boxes.
        KeyError: an unknown name.
    """
    if isinstance(format, str):
        if format.upper() in _ROTATED:
            raise NotImplementedError(
                f"BoundingBoxFormat: {format.upper()} is of rotated boxes, which are "
                "not supported; there are XYXY, XYWH and CXCYWH"
            )
        return BoundingBoxFormat[format.upper()]
    return format


def is_rotated_bounding_format(format) -> bool:
    """Whether a format, or the name of one, is of rotated boxes.

    Raises:
        ValueError: neither a format nor a name.

    Example:
        >>> from rushlight.vision.tv_tensors import is_rotated_bounding_format
        >>> is_rotated_bounding_format("XYXY")
        False
    """
    if isinstance(format, BoundingBoxFormat):
        return False
    if isinstance(format, str):
        return format in _ROTATED
    raise ValueError(f"format should be str or BoundingBoxFormat, got {type(format)}")


class BoundingBoxes(TVTensor):
    """Boxes on a canvas, ``(N, 4)``.

    Args:
        data: a tensor, or what :func:`rushlight.as_tensor` takes; of ``(4,)`` it becomes
            ``(1, 4)``.
        format: a :class:`BoundingBoxFormat` or its name.
        canvas_size: ``(height, width)`` of the image that the boxes are of.
        clamping_mode: whether transforms cut the boxes at the canvas: ``"soft"`` and
            ``"hard"`` do (they differ for rotated boxes), ``None`` does not.
        dtype: the dtype. Default: that of ``data``.
        device: the device. Default: that of ``data``.
        requires_grad: whether autograd records. Default: as of ``data``.

    Raises:
        ValueError: other dims or another clamping mode.
        KeyError: an unknown format.
        NotImplementedError: a format of rotated boxes.

    Example:
        >>> from rushlight.vision import tv_tensors
        >>> tv_tensors.BoundingBoxes([0, 1, 2, 3], format="XYXY", canvas_size=(9, 9))
        BoundingBoxes([[0, 1, 2, 3]], format=BoundingBoxFormat.XYXY, canvas_size=(9, 9), clamping_mode=soft)
    """  # noqa: E501

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]
    clamping_mode: str | None

    def __new__(
        cls,
        data,
        *,
        format,
        canvas_size,
        clamping_mode="soft",
        dtype=None,
        device=None,
        requires_grad=None,
    ):
        tensor = cls._to_tensor(data, dtype, device, requires_grad)
        return cls._made(tensor, format, canvas_size, clamping_mode)

    @classmethod
    def _made(cls, tensor, format, canvas_size, clamping_mode):
        if tensor.ndim == 1:
            tensor = tensor.unsqueeze(0)
        elif tensor.ndim != 2:
            raise ValueError(f"Expected a 1D or 2D tensor, got {tensor.ndim}D")
        if clamping_mode not in (None, "hard", "soft"):
            raise ValueError(
                f"clamping_mode must be None, hard or soft, got {clamping_mode}."
            )
        return cls._labelled(tensor, as_format(format), canvas_size, clamping_mode)

    @classmethod
    def _labelled(cls, tensor, format, canvas_size, clamping_mode):
        boxes = tensor.as_subclass(cls)
        boxes.format = format
        boxes.canvas_size = canvas_size
        boxes.clamping_mode = clamping_mode
        return boxes

    @classmethod
    def wrap(cls, tensor, like, **kwargs):
        """A tensor as boxes of the format, canvas and clamping of others."""
        return cls._made(
            tensor,
            kwargs.get("format", like.format),
            kwargs.get("canvas_size", like.canvas_size),
            kwargs.get("clamping_mode", like.clamping_mode),
        )

    @classmethod
    def _rewrap(cls, tensor, like):
        return cls._labelled(tensor, like.format, like.canvas_size, like.clamping_mode)

    def __repr__(self, *, tensor_contents=None) -> str:
        return self._described(
            format=self.format,
            canvas_size=self.canvas_size,
            clamping_mode=self.clamping_mode,
        )


class KeyPoints(TVTensor):
    """Points ``(x, y)`` on a canvas, ``(..., 2)``.

    Args:
        data: a tensor, or what :func:`rushlight.as_tensor` takes; of ``(2,)`` it
            becomes ``(1, 2)``.
        canvas_size: ``(height, width)`` of the image that the points are of.
        dtype: the dtype. Default: that of ``data``.
        device: the device. Default: that of ``data``.
        requires_grad: whether autograd records. Default: as of ``data``.

    Raises:
        ValueError: another last dim.
    """

    canvas_size: tuple[int, int]

    def __new__(cls, data, *, canvas_size, dtype=None, device=None, requires_grad=None):
        tensor = cls._to_tensor(data, dtype, device, requires_grad)
        return cls._made(tensor, canvas_size)

    @classmethod
    def _made(cls, tensor, canvas_size):
        if tensor.ndim == 1:
            tensor = tensor.unsqueeze(0)
        elif tensor.shape[-1] != 2:
            raise ValueError(
                f"Expected a tensor of shape (..., 2), not {tuple(tensor.shape)}"
            )
        return cls._labelled(tensor, canvas_size)

    @classmethod
    def _labelled(cls, tensor, canvas_size):
        points = tensor.as_subclass(cls)
        points.canvas_size = canvas_size
        return points

    @classmethod
    def wrap(cls, tensor, like, **kwargs):
        """A tensor as points on the canvas of others."""
        return cls._made(tensor, kwargs.get("canvas_size", like.canvas_size))

    @classmethod
    def _rewrap(cls, tensor, like):
        return cls._labelled(tensor, like.canvas_size)

    def __repr__(self, *, tensor_contents=None) -> str:
        return self._described(canvas_size=self.canvas_size)
