"""Files that TensorBoard shows: :class:`SummaryWriter`. TensorBoard is not needed."""

from __future__ import annotations

from rushlight.utils.tensorboard._records import RecordWriter
from rushlight.utils.tensorboard.writer import SummaryWriter

__all__ = ["RecordWriter", "SummaryWriter"]
