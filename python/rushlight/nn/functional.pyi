# Made by tools/make_stubs.py.
from collections.abc import Sequence

from rushlight._core import Tensor, dtype
from rushlight._typing import Dims, Number

__all__ = [
    "conv2d",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
    "threshold",
]

def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Dims = 1,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    groups: int = 1,
) -> Tensor: ...
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: str | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor: ...
def dropout(
    input: Tensor, p: Number = 0.5, training: bool = True, inplace: bool = False
) -> Tensor: ...
def dropout2d(
    input: Tensor, p: Number = 0.5, training: bool = True, inplace: bool = False
) -> Tensor: ...
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor: ...
def log_softmax(
    input: Tensor,
    dim: Dims | None = None,
    _stacklevel: int = 3,
    dtype: dtype | None = None,
) -> Tensor: ...
def max_pool2d(
    input: Tensor,
    kernel_size: Dims,
    stride: Dims | None = None,
    padding: str | Dims = 0,
    dilation: Dims = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor: ...
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: str | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor: ...
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: str | None = None,
    reduction: str = "mean",
) -> Tensor: ...
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor: ...
def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: str = "constant",
    value: Number | Tensor | None = None,
) -> Tensor: ...
def relu(input: Tensor, inplace: bool = False) -> Tensor: ...
def sigmoid(input: Tensor) -> Tensor: ...
def softmax(
    input: Tensor,
    dim: Dims | None = None,
    _stacklevel: int = 3,
    dtype: dtype | None = None,
) -> Tensor: ...
def tanh(input: Tensor) -> Tensor: ...
def threshold(
    input: Tensor, threshold: float, value: Number | Tensor, inplace: bool = False
) -> Tensor: ...
