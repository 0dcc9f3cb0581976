"""The transforms as functions, of tensors and all kinds of ``tv_tensors``.

Each looks at what its first argument is: an image is resized, a mask likewise but to
the nearest value, and boxes are scaled. ``..._image``, ``..._mask`` and so on are the
functions of plain tensors that do it.

Example:
    >>> import rushlight
    >>> from rushlight.vision import tv_tensors
    >>> from rushlight.vision.transforms.v2 import functional as F
    >>> mask = tv_tensors.Mask(rushlight.tensor([[1, 2]]))
    >>> F.horizontal_flip(mask)
    Mask([[2, 1]])
"""

from __future__ import annotations

from rushlight.vision.transforms._modes import InterpolationMode
from rushlight.vision.transforms.functional import pil_to_tensor, to_pil_image
from rushlight.vision.transforms.v2.functional._color import *
from rushlight.vision.transforms.v2.functional._deprecated import (
    get_image_size,
    to_tensor,
)
from rushlight.vision.transforms.v2.functional._meta import *
from rushlight.vision.transforms.v2.functional._misc import *
from rushlight.vision.transforms.v2.functional._registry import (
    is_pure_tensor,
    register_kernel,
)
from rushlight.vision.transforms.v2.functional._size import *
from rushlight.vision.transforms.v2.functional._warp import *
