"""rushlight.fft, windows, stft and istft against PyTorch's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import DTYPES, outcome, same_error  # noqa: E402

ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
MANY = [n + end for n in ONE for end in ("n", "2")]


def array(x):
    if isinstance(x, (tuple, list)):
        return [array(v) for v in x]
    if not isinstance(x, (rl.Tensor, torch.Tensor)):
        return x
    x = x.detach()
    if isinstance(x, torch.Tensor):
        x = x.resolve_conj()
    name = str(x.dtype).rpartition(".")[2]
    return name, np.array(x.tolist()).reshape(tuple(x.shape))


def close(run, precision=None):
    ours, theirs = outcome_of(lambda: run(rl)), outcome_of(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
        return
    assert ours[0] == "value", f"theirs: {theirs}\nours:   {ours}"
    check(ours[1], theirs[1], precision)


def check(ours, theirs, precision):
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            check(a, b, precision)
    elif isinstance(theirs, tuple):
        assert ours[0] == theirs[0]
        assert ours[1].shape == theirs[1].shape
        single = theirs[0] in ("float32", "complex64")
        bound = precision or (2e-5 if single else 1e-11)
        if theirs[0] in ("float16", "bfloat16"):
            bound = 1e-2
        scale = 1 + np.abs(theirs[1]).max(initial=0, where=np.isfinite(theirs[1]))
        assert np.allclose(
            ours[1], theirs[1], rtol=bound, atol=bound * scale, equal_nan=True
        )
    else:
        assert ours == theirs


def outcome_of(call):
    result = outcome(lambda: Plain(array(call())))
    return ("value", result[1].value) if result[0] == "value" else result


class Plain:
    """Keeps `common.plain` from unpacking a value."""

    def __init__(self, value):
        self.value = value


def data(t, shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape) * 4
    if "complex" in dtype:
        values = values + 1j * rng.standard_normal(shape)
    return t.tensor(
        values.tolist(), dtype=t.complex128 if "complex" in dtype else t.float64
    ).to(getattr(t, dtype))


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_dim(name, dtype):
    for n, dim, norm in itertools.product(
        (None, 1, 4, 7, 0, -1), (-1, 0, 2), (None, "ortho", "forward")
    ):
        close(
            lambda t: getattr(t.fft, name)(data(t, (3, 6), dtype), n, dim, norm)  # noqa: B023
        )


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int32"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"norm": "ortho"},
        {"norm": "forward"},
        {"norm": "backward"},
        {"norm": "x"},
        {"s": (2, 5)},
        {"s": (4, -1)},
        {"s": (4, -2)},
        {"s": (2, 3), "dim": (0, 2)},
        {"dim": (2, 0)},
        {"dim": (1,)},
        {"dim": ()},
        {"dim": (0, 0)},
        {"dim": (0, 5)},
        {"s": (2,), "dim": (0, 1)},
        {"s": (2, 2, 2, 2), "dim": None},
    ],
    ids=str,
)
def test_many_dims(name, dtype, how):
    close(lambda t: getattr(t.fft, name)(data(t, (3, 4, 5), dtype), **how))


@pytest.mark.parametrize("name", ONE + MANY)
def test_layouts_and_shapes(name):
    for view in (
        lambda x: x.permute(2, 0, 1),
        lambda x: x[1:, ::2, 1:],
        lambda x: x[:, :1].expand(4, 3, 4),
        lambda x: x[0, 0, 0],
        lambda x: x[0, 0],
        lambda x: x[:, :0],
    ):

        def run(t):
            x = view(data(t, (4, 3, 4), "float64"))  # noqa: B023
            # PyTorch's library fails on a batch of none.
            if x.numel() == 0:
                if t is torch:
                    return getattr(t.fft, name)(x[:, 0:0].new_ones(4, 1, 4))[:, 0:0]
                return x.new_zeros(1) if name not in ONE else getattr(t.fft, name)(x)
            return getattr(t.fft, name)(x)

        if view(rl.zeros(4, 3, 4)).numel() == 0 and name not in ONE:
            continue
        close(run)


@pytest.mark.parametrize("name", ONE + MANY)
@pytest.mark.parametrize("n", [4, 5])
def test_gradients(name, n):
    def run(t):
        dtype = "float64" if name.startswith(("rfft", "ihfft")) else "complex128"
        x = data(t, (3, 4), dtype).requires_grad_()
        size = n if name in ONE else (3, n)
        y = getattr(t.fft, name)(x, size)
        if y.is_complex():
            y = t.view_as_real(y.resolve_conj())
        (g,) = t.autograd.grad((y * y * y).sum(), x, create_graph=True)
        real = t.view_as_real(g.resolve_conj()) if g.is_complex() else g
        (gg,) = t.autograd.grad((real * real).sum(), x)
        return g, gg

    close(run, 1e-8)


@pytest.mark.parametrize("code", """
t.fft.fftfreq(5)
t.fft.fftfreq(8, 0.1)
t.fft.fftfreq(8, d=2, dtype=t.float64)
t.fft.fftfreq(0)
t.fft.fftfreq(-1)
t.fft.fftfreq(4, dtype=t.int64)
t.fft.rfftfreq(5, 0.5)
t.fft.rfftfreq(8)
t.fft.fftshift(t.arange(5))
t.fft.fftshift(t.arange(24).view(2, 3, 4))
t.fft.fftshift(t.arange(24).view(2, 3, 4), 1)
t.fft.fftshift(t.arange(24).view(2, 3, 4), (0, -1))
t.fft.ifftshift(t.arange(24).view(2, 3, 4))
t.fft.ifftshift(t.arange(5), (0,))
t.fft.fftshift(t.arange(5), 3)
t.fft.fftshift(t.tensor(1))
t.fft.fft(t.ones(3), out=t.empty(0, dtype=t.complex64))
t.fft.fft(t.ones(3), out=t.empty(0, dtype=t.complex128))
t.fft.fft(t.ones(3), out=t.empty(0))
t.fft.irfft(t.ones(3), out=t.empty(0))
t.fft.fft(3)
""".strip().splitlines())  # fmt: skip
def test_others(code):
    close(lambda t: eval(code, {"t": t}))


@pytest.mark.parametrize("name", ["hann", "hamming", "bartlett", "blackman", "kaiser"])
def test_windows(name):
    for n, periodic, dtype in itertools.product(
        (0, 1, 2, 5, 32, -1), (True, False), ("float32", "float64", "float16", "int64")
    ):
        close(
            lambda t, n=n, periodic=periodic, dtype=dtype: getattr(t, f"{name}_window")(
                n, periodic, dtype=getattr(t, dtype)
            )
        )


def test_window_parameters():
    close(lambda t: t.hamming_window(7, True, 0.6, 0.3))
    close(lambda t: t.hamming_window(7, False, 0.6))
    close(lambda t: t.kaiser_window(7, True, 3.0))
    close(lambda t: t.kaiser_window(7, periodic=False, beta=0))


STFT = [
    {},
    {"hop_length": 3},
    {"win_length": 6},
    {"center": False},
    {"center": False, "align_to_window": True, "win_length": 5},
    {"align_to_window": True},
    {"normalized": True},
    {"onesided": False},
    {"pad_mode": "constant"},
    {"return_complex": False},
    {"return_complex": None},
    {"hop_length": 0},
    {"win_length": 9},
    {"n_fft": 0},
    {"n_fft": 7},
    {"n_fft": 60},
]


@pytest.mark.parametrize("how", STFT, ids=str)
@pytest.mark.parametrize("shape", [(20,), (2, 20), (2, 2, 20), (3,)])
@pytest.mark.parametrize("dtype", ["float32", "complex128", "int32"])
def test_stft(how, shape, dtype):
    how = {"n_fft": 8, "return_complex": True, **how}
    close(lambda t: t.stft(data(t, shape, dtype), **how))

    def windowed(t):
        x = data(t, shape, dtype)
        kind = t.float32 if dtype == "float32" else t.float64
        window = t.hann_window(how.get("win_length", how["n_fft"]), dtype=kind)
        return x.stft(window=window, **how)

    close(windowed)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"length": 17},
        {"length": 40},
        {"center": False, "window": "hamming"},
        {"center": False, "window": "hann"},
        {"normalized": True},
        {"onesided": True},
        {"onesided": False},
        {"hop_length": 9},
        {"hop_length": 3},
        {"win_length": 6},
        {"window": "zeros"},
        {"return_complex": True},
    ],
    ids=str,
)
def test_istft(how):
    def run(t):
        options = dict(how)
        window = options.pop("window", "ones")
        n = options.get("win_length", 8)
        window = getattr(
            t, window if window in ("ones", "zeros") else window + "_window"
        )(n)
        x = data(t, (2, 5, 11), "complex64")
        return t.istft(x, 8, window=window, **options)

    close(run, 1e-4)


def test_round_trip_and_gradient():
    def run(t):
        x = data(t, (2, 40), "float64").requires_grad_()
        window = t.hann_window(8, dtype=t.float64)
        y = x.stft(8, window=window, return_complex=True)
        z = (y * y.abs()).istft(8, window=window, length=40)
        (g,) = t.autograd.grad((z * z).sum(), x)
        return y, z, g

    close(run, 1e-8)
    close(
        lambda t: t.istft(
            data(t, (8, 5), "complex64"), 8, onesided=False, return_complex=True
        )
    )
    close(lambda t: t.istft(data(t, (5, 5), "float32"), 8))
    close(lambda t: t.istft(data(t, (4, 5), "complex64"), 8))
    close(lambda t: t.istft(data(t, (5, 0), "complex64"), 8))
