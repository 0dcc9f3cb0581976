"""Boxes as two corners ``(x1, y1, x2, y2)``: areas, overlaps, clipping, suppression."""

from __future__ import annotations

import rushlight

__all__ = [
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "generalized_box_iou",
    "nms",
    "remove_small_boxes",
]


def _check_boxes(op, boxes, count=None) -> None:
    if boxes.dim() != 2 or boxes.size(1) != 4:
        raise RuntimeError(
            f"{op}: boxes must have the shape (N, 4), got {tuple(boxes.shape)}"
        )
    if count is not None and tuple(count.shape) != (boxes.size(0),):
        raise RuntimeError(
            f"{op}: expected one value for each of {boxes.size(0)} boxes, got shape "
            f"{tuple(count.shape)}"
        )


def nms(boxes, scores, iou_threshold) -> rushlight.Tensor:
    """Keep the best of boxes that overlap: greedy suppression, best score first.

    Args:
        boxes: ``(N, 4)``, corners.
        scores: ``(N,)``.
        iou_threshold: a box that overlaps a kept one by more is dropped.

    Returns:
        int64 indices of the boxes kept, by falling score.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.ops import nms
        >>> boxes = rushlight.tensor([[0., 0, 9, 9], [0, 0, 9, 8], [20, 20, 29, 29]])
        >>> nms(boxes, rushlight.tensor([0.8, 0.9, 0.7]), 0.5)
        tensor([1, 2])
    """
    _check_boxes("nms", boxes, scores)
    with rushlight.no_grad():
        order = scores.argsort(descending=True, stable=True)
        boxes = boxes[order]
        areas = box_area(boxes)
        kept = []
        left = rushlight.arange(boxes.size(0), device=boxes.device)
        while left.numel():
            best, left = left[:1], left[1:]
            kept.append(best)
            if left.numel():
                overlap = _ious(boxes[best], areas[best], boxes[left], areas[left])
                left = left[overlap[0] <= iou_threshold]
        return order[rushlight.cat(kept)] if kept else order


def batched_nms(boxes, scores, idxs, iou_threshold) -> rushlight.Tensor:
    """:func:`nms` within each category: boxes of different ones never compete.

    Args:
        boxes: ``(N, 4)``, corners.
        scores: ``(N,)``.
        idxs: ``(N,)``, the category of each box.
        iou_threshold: a box that overlaps a kept one by more is dropped.

    Returns:
        int64 indices of the boxes kept, by falling score.
    """
    _check_boxes("batched_nms", boxes, idxs)
    keep = rushlight.zeros_like(scores, dtype=rushlight.bool)
    for category in idxs.unique():
        members = (idxs == category).nonzero()[:, 0]
        chosen = nms(boxes[members], scores[members], iou_threshold)
        keep[members[chosen]] = True
    kept = keep.nonzero()[:, 0]
    return kept[scores[kept].argsort(descending=True, stable=True)]


def remove_small_boxes(boxes, min_size) -> rushlight.Tensor:
    """int64 indices of the boxes whose sides are both at least ``min_size``."""
    _check_boxes("remove_small_boxes", boxes)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return ((width >= min_size) & (height >= min_size)).nonzero()[:, 0]


def clip_boxes_to_image(boxes, size) -> rushlight.Tensor:
    """Boxes ``(..., 4)`` cut to an image of ``size`` ``(height, width)``."""
    height, width = size
    xs = boxes[..., 0::2].clamp(min=0, max=width)
    ys = boxes[..., 1::2].clamp(min=0, max=height)
    return rushlight.stack((xs, ys), dim=-1).reshape(boxes.shape)


def box_convert(boxes, in_fmt, out_fmt) -> rushlight.Tensor:
    """Boxes ``(..., 4)`` from one notation in another.

    Args:
        boxes: ``(..., 4)``.
        in_fmt: ``"xyxy"`` (corners), ``"xywh"`` (a corner and the size) or ``"cxcywh"``
            (the centre and the size).
        out_fmt: one of the same.

    Raises:
        ValueError: a notation is none of these.
    """
    allowed = ("xyxy", "xywh", "cxcywh")
    for notation in (in_fmt, out_fmt):
        if notation not in allowed:
            raise ValueError(
                f"box_convert: {notation!r} is not a notation; {allowed} are"
            )
    if in_fmt == out_fmt:
        return boxes.clone()
    a, b, c, d = boxes.unbind(-1)
    if in_fmt == "xywh":
        a, b, c, d = a, b, a + c, b + d
    elif in_fmt == "cxcywh":
        a, b, c, d = a - 0.5 * c, b - 0.5 * d, a + 0.5 * c, b + 0.5 * d
    if out_fmt == "xywh":
        a, b, c, d = a, b, c - a, d - b
    elif out_fmt == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return rushlight.stack((a, b, c, d), dim=-1)


def _upcast(values):
    """The values in a type whose products do not overflow."""
    if values.is_floating_point():
        wide = values.dtype in (rushlight.float32, rushlight.float64)
        return values if wide else values.float()
    wide = values.dtype in (rushlight.int32, rushlight.int64)
    return values if wide else values.int()


def box_area(boxes, fmt="xyxy") -> rushlight.Tensor:
    """The areas ``(N,)`` of boxes ``(N, 4)``.

    Args:
        boxes: ``(N, 4)``.
        fmt: their notation, as of :func:`box_convert`. Default: ``"xyxy"``.
    """
    boxes = _upcast(boxes)
    if fmt != "xyxy":
        width, height = box_convert(boxes, fmt, "xywh").unbind(-1)[2:]
        return width * height
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _extent(low, high):
    """The area between lower and upper corners; none where they cross."""
    sides = _upcast(high - low).clamp(min=0)
    return sides[..., 0] * sides[..., 1]


def _overlaps(boxes1, areas1, boxes2, areas2):
    """The areas of all intersections and unions, ``(N, M)``."""
    low = rushlight.maximum(boxes1[:, None, :2], boxes2[None, :, :2])
    high = rushlight.minimum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    inter = _extent(low, high)
    return inter, areas1[:, None] + areas2[None, :] - inter


def _ious(boxes1, areas1, boxes2, areas2):
    inter, union = _overlaps(boxes1, areas1, boxes2, areas2)
    return inter / union


def box_iou(boxes1, boxes2, fmt="xyxy") -> rushlight.Tensor:
    """Intersection over union of each pair of boxes.

    Args:
        boxes1: ``(N, 4)``.
        boxes2: ``(M, 4)``.
        fmt: their notation, as of :func:`box_convert`. Default: ``"xyxy"``, corners.

    Returns:
        ``(N, M)``.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.ops import box_iou
        >>> box_iou(rushlight.tensor([[0, 0, 2, 2]]), rushlight.tensor([[1, 0, 3, 2]]))
        tensor([[0.3333]])
    """
    _check_boxes("box_iou", boxes1)
    _check_boxes("box_iou", boxes2)
    if fmt != "xyxy":
        boxes1 = box_convert(boxes1, fmt, "xyxy")
        boxes2 = box_convert(boxes2, fmt, "xyxy")
    return _ious(boxes1, box_area(boxes1), boxes2, box_area(boxes2))


def generalized_box_iou(boxes1, boxes2) -> rushlight.Tensor:
    """Intersection over union, less the empty share of the smallest box around both.

    Rezatofighi et al., "Generalized Intersection over Union" (2019).

    Args:
        boxes1: ``(N, 4)``, corners.
        boxes2: ``(M, 4)``, corners.

    Returns:
        ``(N, M)``, between -1 and 1.
    """
    _check_boxes("generalized_box_iou", boxes1)
    _check_boxes("generalized_box_iou", boxes2)
    inter, union = _overlaps(boxes1, box_area(boxes1), boxes2, box_area(boxes2))
    low = rushlight.minimum(boxes1[:, None, :2], boxes2[None, :, :2])
    high = rushlight.maximum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    hull = _extent(low, high)
    return inter / union - (hull - union) / hull
