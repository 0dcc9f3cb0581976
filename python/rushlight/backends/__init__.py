"""What computes: questions that programs ask and switches they set, as in PyTorch.

Rushlight has kernels of its own in place of most of these libraries. A switch that asks
for speed or for less precision (``cudnn.benchmark``, ``allow_tf32``) is kept and read
back and has nothing to switch; one that asks for the same results each time
(``cudnn.deterministic``) is met already, as all algorithms are deterministic.
"""

from __future__ import annotations

from rushlight.backends import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
