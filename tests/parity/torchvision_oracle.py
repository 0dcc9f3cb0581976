"""torchvision's Python part as an oracle; a test that imports this skips without it.

torchvision's compiled operators load only beside the CUDA build of PyTorch, and its
import stops where it describes ``nms`` to PyTorch's tracer. So the operators that it
describes are declared first; calling one still raises.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

try:
    import torchvision
except ModuleNotFoundError:
    pytest.skip("needs torchvision==0.28.0", allow_module_level=True)
except RuntimeError:
    _BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    # Lives as long as the operators shall.
    _declared = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _declared.define(_name + _BOXES)
    import torchvision  # noqa: F401
