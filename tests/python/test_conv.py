"""Convolutions: a NumPy reference, layouts, dtypes, both gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F


def windows(x, kernel, stride, padding, dilation):
    """Shape (n, c, h', w', kh, kw)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, reach, (2, 3))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def reference(x, w, b=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    view = windows(x, w.shape[2:], stride, padding, dilation)
    n, _, h, width = view.shape[:4]
    view = view.reshape(n, groups, w.shape[1], h, width, *w.shape[2:])
    filters = w.reshape(groups, -1, *w.shape[1:])
    y = np.einsum("ngchwyx,gocyx->ngohw", view, filters).reshape(n, -1, h, width)
    return y if b is None else y + b[:, None, None]


def draw(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0, 5, shape).astype(dtype)
    x = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.normal(size=shape)
    return x.astype(dtype)


# input, weight, stride, padding, dilation, groups: all kernels, ends of rows, vectors.
CASES = [
    ((2, 1, 9, 28), (16, 1, 3, 3), (1, 1), (0, 0), (1, 1), 1),
    ((2, 1, 7, 17), (5, 1, 5, 5), (1, 1), (2, 2), (1, 1), 1),
    ((2, 16, 8, 8), (32, 16, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    ((1, 20, 6, 15), (50, 20, 3, 2), (1, 1), (1, 0), (1, 1), 1),
    ((2, 8, 9, 10), (24, 8, 1, 1), (1, 1), (0, 0), (1, 1), 1),
    ((1, 64, 4, 4), (48, 64, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    ((3, 6, 11, 13), (33, 6, 3, 3), (2, 2), (1, 1), (1, 1), 1),
    ((2, 3, 12, 37), (4, 3, 3, 3), (2, 2), (1, 1), (1, 1), 1),
    ((1, 4, 13, 11), (17, 4, 3, 2), (3, 2), (3, 4), (2, 3), 1),
    ((2, 8, 10, 20), (8, 1, 3, 3), (1, 1), (1, 1), (1, 1), 8),
    ((1, 4, 9, 35), (8, 1, 3, 3), (2, 2), (1, 1), (1, 1), 4),
    ((2, 6, 5, 6), (34, 3, 2, 3), (1, 2), (1, 2), (1, 1), 2),
    ((1, 2, 3, 3), (3, 2, 3, 3), (1, 1), (0, 0), (1, 1), 1),
    ((2, 2, 5, 4), (2, 2, 1, 4), (4, 4), (0, 0), (1, 1), 1),
    ((1, 3, 2, 2), (4, 3, 1, 1), (3, 3), (2, 2), (1, 1), 1),
]


def arguments(case):
    return dict(zip(("stride", "padding", "dilation", "groups"), case[2:], strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case, dtype):
    arrays = [draw(case[0]), draw(case[1], seed=1), draw(case[1][0], seed=2)]
    x, w, b = (rl.tensor(a.astype(dtype)).requires_grad_() for a in arrays)
    y = F.conv2d(x, w, b, **arguments(case))
    expected = reference(
        *(a.astype(dtype).astype("float64") for a in arrays), **arguments(case)
    )
    tolerance = 2e-6 if dtype == "float32" else 1e-14

    def close(found, value):
        assert tuple(found.shape) == value.shape
        np.testing.assert_allclose(
            found.detach().numpy(),
            value,
            rtol=tolerance,
            atol=tolerance * np.abs(value).max(),
        )

    close(y, expected)
    weight = draw(expected.shape, seed=3)
    y.backward(rl.tensor(weight.astype(dtype)))
    # The function is linear in each argument: so the reference gives its gradients.
    stride, padding, dilation, groups = case[2:]
    kernel = case[1][2:]
    view = windows(arrays[0], kernel, stride, padding, dilation)
    n, _, h, width = view.shape[:4]
    view = view.reshape(n, groups, case[1][1], h, width, *kernel)
    parts = weight.reshape(n, groups, -1, h, width)
    close(w.grad, np.einsum("ngchwyx,ngohw->gocyx", view, parts).reshape(case[1]))
    close(b.grad, weight.sum((0, 2, 3)))
    spread = np.einsum(
        "ngohw,gocyx->ngchwyx", parts, arrays[1].reshape(groups, -1, *case[1][1:])
    ).reshape(n, -1, h, width, *kernel)
    padded = np.zeros(
        (n, case[0][1], *(s + 2 * p for s, p in zip(case[0][2:], padding, strict=True)))
    )
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            padded[
                :,
                :,
                top : top + h * stride[0] : stride[0],
                left : left + width * stride[1] : stride[1],
            ][:, :, :h, :width] += spread[..., i, j]
    inside = [slice(p, p + s) for s, p in zip(case[0][2:], padding, strict=True)]
    close(x.grad, padded[(slice(None), slice(None), *inside)])


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "complex64", "float16"])
def test_dtypes(dtype):
    x, w = draw((2, 3, 5, 6), dtype), draw((4, 3, 2, 3), dtype, 1)
    wide = "complex128" if dtype == "complex64" else "float64"
    expected = reference(x.astype(wide), w.astype(wide), padding=(1, 1))
    found = F.conv2d(rl.tensor(x), rl.tensor(w), padding=1)
    assert found.dtype == getattr(rl, dtype)
    tolerance = {"float16": 2e-3, "complex64": 1e-6}.get(dtype, 0)
    np.testing.assert_allclose(
        found.numpy(), expected.astype(dtype), rtol=tolerance, atol=10 * tolerance
    )


def test_bfloat16_rounds_once():
    x, w = (
        rl.tensor(draw((1, 8, 6, 6), "float32")),
        rl.tensor(draw((4, 8, 3, 3), "float32", 1)),
    )
    x, w = x.to(rl.bfloat16), w.to(rl.bfloat16)
    found = F.conv2d(x, w)
    assert found.dtype == rl.bfloat16
    assert found.tolist() == F.conv2d(x.float(), w.float()).to(rl.bfloat16).tolist()


def test_layouts():
    x, w = draw((4, 6, 7, 3)), draw((3, 3, 2, 5), seed=1)
    expected = F.conv2d(
        rl.tensor(np.ascontiguousarray(x.transpose(0, 3, 1, 2))),
        rl.tensor(np.ascontiguousarray(w.transpose(3, 0, 1, 2))),
    )
    found = F.conv2d(rl.tensor(x).permute(0, 3, 1, 2), rl.tensor(w).permute(3, 0, 1, 2))
    assert found.tolist() == expected.tolist()
    narrow = rl.tensor(draw((2, 5, 8, 9)))[:, 1:4, ::2, 1:]
    filters = rl.tensor(draw((2, 3, 2, 2)))
    assert (
        F.conv2d(narrow, filters).tolist()
        == F.conv2d(narrow.contiguous(), filters).tolist()
    )


def test_batch_dim_may_be_missing():
    x, w = rl.tensor(draw((3, 5, 6))), rl.tensor(draw((4, 3, 2, 2), seed=1))
    y = F.conv2d(x, w)
    assert y.shape == (4, 4, 5)
    assert y.tolist() == F.conv2d(x.unsqueeze(0), w)[0].tolist()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((0, 4, 5, 5), (0, 2, 3, 3)), ((1, 0, 5, 5), (1, 2, 3, 3))],
    ids=str,
)
def test_empty(shape, expected):
    x, w = (
        rl.zeros(*shape).requires_grad_(),
        rl.ones(2, shape[1], 3, 3).requires_grad_(),
    )
    y = F.conv2d(x, w, rl.tensor([1.0, 2.0]))
    assert y.shape == expected
    assert y[:, 1].tolist() == [[[2.0] * 3] * 3] * expected[0]
    y.sum().backward()
    assert x.grad.shape == shape
    assert w.grad.tolist() == rl.zeros_like(w).tolist()


def test_nan_stays_where_it_is():
    x = rl.zeros(1, 1, 6, 20)
    x[0, 0, 2, 19] = float("nan")
    y = F.conv2d(x, rl.ones(16, 1, 3, 3), padding=1).isnan()
    assert y.sum().item() == 16 * 3 * 2
    assert y[0, 0, 1:4, 18:].all().item()
    grad = _ops.conv2d_backward_weight(
        rl.ones(1, 16, 4, 18), x, (16, 1, 3, 3), 1, 0, 1, 1
    )
    assert grad.isnan()[0, 0].tolist() == [[False, False, True]] * 3


@pytest.mark.parametrize("case", [CASES[0], CASES[2], CASES[9], CASES[6]], ids=str)
def test_same_bits_for_any_thread_count(case):
    x = rl.tensor(draw((40, *case[0][1:]), "float32"))
    w = rl.tensor(draw(case[1], "float32", 1))
    before, found = rl.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            rl.set_num_threads(threads)
            y = F.conv2d(x, w, None, *case[2:])
            dx = _ops.conv2d_backward_input(y, w, x.shape, *case[2:])
            dw = _ops.conv2d_backward_weight(y, x, w.shape, *case[2:])
            found.append([t.numpy().tobytes() for t in (y, dx, dw)])
    finally:
        rl.set_num_threads(before)
    assert found[0] == found[1] == found[2]


GRADIENTS = [
    ((2, 2, 4, 5), (3, 2, 2, 3), (1, 1), (0, 0), (1, 1), 1),
    ((1, 4, 5, 5), (4, 2, 3, 2), (2, 1), (1, 1), (1, 2), 2),
    ((3, 3, 4), (2, 3, 2, 2), (1, 1), (1, 0), (1, 1), 1),
]


@pytest.mark.parametrize("case", GRADIENTS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_second_gradients(case, dtype):
    x = rl.tensor(draw(case[0], dtype)).requires_grad_()
    w = rl.tensor(draw(case[1], dtype, 1)).requires_grad_()
    b = rl.tensor(draw(case[1][0], dtype, 2)).requires_grad_()

    def conv(x, w, b):
        return F.conv2d(x, w, b, **arguments(case))

    assert gradcheck(conv, (x, w, b))
    assert gradgradcheck(conv, (x, w, b))


@pytest.mark.parametrize("shape", [(2, 3, 7), (3, 7)], ids=str)
def test_conv1d(shape):
    x, w, b = draw(shape), draw((4, 3, 3), seed=1), draw(4, seed=2)
    full = x.reshape(-1, 3, 1, 7)
    expected = reference(full, w[:, :, None], b, (1, 2), (0, 1), (1, 2))
    expected = expected.reshape(*shape[:-2], 4, -1)
    tensors = [rl.tensor(v).requires_grad_() for v in (x, w, b)]

    def conv(x, w, b):
        return rl.conv1d(x, w, b, stride=2, padding=1, dilation=2)

    np.testing.assert_allclose(conv(*tensors).detach().numpy(), expected, rtol=1e-12)
    assert gradcheck(conv, tensors)
    assert gradgradcheck(conv, tensors)


ones = rl.ones
ERRORS = [
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 3, 3, 3)),
        r"input\[1, 4, 5, 5\] to have 3 ch.*4 ch",
    ),
    (
        lambda: F.conv2d(ones(4, 5), ones(2, 4, 3, 3)),
        r"3D \(unbatched\) or 4D .* size: \[4, 5\]",
    ),
    (lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3)), "4-dimensional weight"),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 7, 3)),
        "can't be greater than actual input",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), ones(3)),
        "bias to be 1-dim.* 2 elements",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), stride=0),
        "non-positive stride",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), padding=-1),
        "negative padding",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), dilation=0),
        "dilation should be greater",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), groups=0),
        "non-positive groups",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(3, 2, 3, 3), groups=2),
        "divisible by 2 at dimension 0",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3).double()),
        "same dtype.*float32 and .*64",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 0, 3)),
        "kernel size should be greater",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), padding=2**62),
        "size overflow",
    ),
    (
        lambda: F.conv2d(ones(1, 4, 5, 5), ones(2, 4, 3, 3), dilation=2**62),
        "size overflow",
    ),
    (lambda: rl.conv1d(ones(5), ones(2, 4, 3)), r"2D \(unbatched\) or 3D"),
    (lambda: rl.conv1d(ones(1, 3, 5), ones(2, 4, 3)), "to have 4 channels, but got 3"),
    (
        lambda: rl.conv1d(ones(1, 4, 5), ones(2, 4, 7)),
        "can't be greater than actual input",
    ),
    (
        lambda: _ops.conv2d_backward_input(
            ones(1, 2, 2, 2), ones(2, 4, 3, 3), (1, 4, 5, 5), 1, 0, 1, 1
        ),
        r"expected grad_output of shape \[1, 2, 3, 3\]",
    ),
    (
        lambda: _ops.conv2d_backward_weight(
            ones(1, 2, 2, 2), ones(1, 4, 5, 5), (2, 4, 3, 3), 1, 0, 1, 1
        ),
        r"expected grad_output of shape \[1, 2, 3, 3\]",
    ),
]


@pytest.mark.parametrize(
    ("call", "match"), ERRORS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_errors(call, match):
    with pytest.raises(RuntimeError, match=match):
        call()


def test_bool_has_no_kernel():
    with pytest.raises(NotImplementedError, match=r"conv2d.*'bool'"):
        F.conv2d(ones(1, 1, 3, 3).to(rl.bool), ones(1, 1, 2, 2).to(rl.bool))
