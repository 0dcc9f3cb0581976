"""Window functions against NumPy's and against their definitions."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

import rushlight as rl
from rushlight.signal import windows

LENGTHS = (2, 3, 8, 9)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize(
    "name, expected",
    [
        ("bartlett", np.bartlett),
        ("blackman", np.blackman),
        ("hamming", np.hamming),
        ("hann", np.hanning),
        ("kaiser", lambda n: np.kaiser(n, 12.0)),
    ],
)
def test_against_numpy(name, expected, n):
    window = getattr(windows, name)
    symmetric = window(n, dtype=rl.float64)
    np.testing.assert_allclose(symmetric.numpy(), expected(n), atol=1e-12)
    # One period of the window that is one longer.
    periodic = window(n, sym=False, dtype=rl.float64)
    np.testing.assert_allclose(periodic.numpy(), expected(n + 1)[:-1], atol=1e-12)
    assert window(n).dtype == rl.float32
    assert window(1).tolist() == [1] and window(0).shape == (0,)


@pytest.mark.parametrize("n", LENGTHS)
def test_definitions(n):
    i = np.arange(n)
    for name, expected, options in (
        ("cosine", np.sin(np.pi * (i + 0.5) / n), {}),
        ("exponential", np.exp(-abs(i - (n - 1) / 2) / 3), {"tau": 3.0}),
        ("exponential", np.exp(-abs(i - 1.5)), {"center": 1.5, "sym": False}),
        ("gaussian", np.exp(-(((i - (n - 1) / 2) / 2) ** 2) / 2), {"std": 2.0}),
        (
            "general_cosine",
            0.3 - 0.7 * np.cos(2 * np.pi * i / (n - 1)),
            {"a": (0.3, 0.7)},
        ),
        (
            "general_hamming",
            0.3 - 0.7 * np.cos(2 * np.pi * i / (n - 1)),
            {"alpha": 0.3},
        ),
    ):
        got = getattr(windows, name)(n, dtype=rl.float64, **options)
        np.testing.assert_allclose(got.numpy(), expected, atol=1e-12, err_msg=name)


def test_nuttall():
    # Its coefficients add up to 1 in the middle and to 0.0003628 at the ends.
    got = windows.nuttall(5, dtype=rl.float64).numpy()
    np.testing.assert_allclose(got[[0, 2, 4]], [0.0003628, 1, 0.0003628], atol=1e-12)


def test_one_value():
    assert windows.cosine(1).tolist() == [1]
    assert windows.gaussian(1).tolist() == windows.exponential(1).tolist() == [1]
    shifted = windows.exponential(1, center=2.0, sym=False, dtype=rl.float64)
    assert shifted.item() == pytest.approx(math.exp(-2))


@pytest.mark.parametrize("name", windows.__all__)
def test_arguments(name):
    window = getattr(windows, name)
    needed = {"a": [1.0]} if name == "general_cosine" else {}
    assert window(3, requires_grad=True, device="cpu", **needed).requires_grad
    with pytest.raises(ValueError, match="non-negative window length, got M=-1"):
        window(-1, **needed)
    with pytest.raises(ValueError, match="float32 or float64"):
        window(3, dtype=rl.float16, **needed)
    with pytest.raises(ValueError, match="strided"):
        window(3, layout=None, **needed)
    with pytest.raises(TypeError):
        window(3, True, **needed)
    kinds = {
        p.kind for n, p in inspect.signature(window).parameters.items() if n != "M"
    }
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_parameters_out_of_range():
    for call, text in (
        (lambda: windows.exponential(3, tau=0), "Tau must be positive"),
        (lambda: windows.exponential(3, center=1), "Center must be None"),
        (lambda: windows.gaussian(3, std=-1), "Standard deviation must be positive"),
        (lambda: windows.kaiser(3, beta=-1), "beta must be non-negative"),
        (lambda: windows.general_cosine(3, a=[]), "cannot be empty"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises(TypeError, match="list/tuple"):
        windows.general_cosine(3, a=1)
