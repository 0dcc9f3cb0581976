"""PyTorch's names of nodes, where they do not follow from the op's name here.

A row is the name, or a function of the result's number of dims, of the saved arguments
by name (without those that a backward pass has freed) and of the arguments that get
gradients.
"""

from __future__ import annotations


def _by_dim(name):
    # Overloads: 0 over all dims, 1 over some.
    return lambda ndim, saved, _: f"{name}Backward{int(saved.get('dim') is not None)}"


def _matmul(ndim, saved, inputs):
    return ("DotBackward0", "MvBackward0", "MmBackward0", "UnsafeViewBackward0")[
        min(ndim, 3)
    ]


def _linear(ndim, saved, inputs):
    if ndim != 2:
        return "ViewBackward0"
    return "AddmmBackward0" if "bias" in inputs else "MmBackward0"


def _pow(ndim, saved, inputs):
    # Overloads: 0 the exponent is a number, 2 the base is, 1 neither.
    number = (int, float, complex)
    if "other" not in inputs:
        tensor = "other" in saved and not isinstance(saved["other"], number)
        return f"PowBackward{int(tensor)}"
    if "input" in inputs or not isinstance(saved.get("input", 1), number):
        return "PowBackward1"
    return "PowBackward2"


NAMES = {
    "sum": _by_dim("Sum"),
    "mean": _by_dim("Mean"),
    "prod": _by_dim("Prod"),
    "matmul": _matmul,
    "linear": _linear,
    "pow": _pow,
    "flatten": "ViewBackward0",
    "unflatten": "ViewBackward0",
    "to": "ToCopyBackward0",
    "max_all": "MaxBackward1",
    "min_all": "MinBackward1",
    "median_all": "MedianBackward0",
    "conv1d": "ConvolutionBackward0",
    "conv2d": "ConvolutionBackward0",
    "conv3d": "ConvolutionBackward0",
    "conv_transpose1d": "ConvolutionBackward0",
    "conv_transpose2d": "ConvolutionBackward0",
    "conv_transpose3d": "ConvolutionBackward0",
    "chunk": "SplitBackward0",
    "split_int": "SplitBackward0",
    "split_sizes": "SplitWithSizesBackward0",
    "square": "PowBackward0",
    "outer": "MulBackward0",
    "movedim": "PermuteBackward0",
    "narrow": "SliceBackward0",
}
