"""The normalisations against PyTorch: values, gradients, strides, statistics."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

TOLERANCE = {"float32": 2e-5, "float64": 1e-9, "bfloat16": 4e-2, "float16": 4e-3}
SHAPES = [(4, 8), (4, 8, 3), (2, 8, 6, 5), (3, 8, 28, 28), (2, 8, 3, 4, 5), (700, 8)]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape) * 2 + 3


def functional(lib):
    return lib.nn.functional


def batch(training, momentum=0.3):
    def call(lib, x, w=None, b=None):
        mean, var = (
            lib.tensor(draw(8, seed=s) ** 2 + 1, dtype=x.dtype) for s in (11, 12)
        )
        y = functional(lib).batch_norm(x, mean, var, w, b, training, momentum)
        return y, mean, var

    return call


def instance(use_input_stats):
    def call(lib, x, w=None, b=None):
        mean, var = (
            lib.tensor(draw(8, seed=s) ** 2 + 1, dtype=x.dtype) for s in (11, 12)
        )
        y = functional(lib).instance_norm(x, mean, var, w, b, use_input_stats, 0.3)
        return y, mean, var

    return call


CALLS = {
    "layer": lambda lib, x, w=None, b=None: (
        functional(lib).layer_norm(
            x, x.shape[-1:], *(None if p is None else p[: x.shape[-1]] for p in (w, b))
        )
        if x.shape[-1] <= 8
        else functional(lib).layer_norm(x, x.shape[-1:])
    ),
    "rms": lambda lib, x, w=None, b=None: functional(lib).rms_norm(
        x, x.shape[-1:], None if w is None or x.shape[-1] > 8 else w[: x.shape[-1]]
    ),
    **{
        f"group {n}": lambda lib, x, w=None, b=None, n=n: lib.group_norm(x, n, w, b)
        for n in (1, 2, 8)
    },
    "batch": batch(True),
    "evaluation": batch(False),
    "instance": lambda lib, x, w=None, b=None: functional(lib).instance_norm(
        x, None, None, w, b
    ),
    "instance running": instance(True),
    "instance evaluation": instance(False),
}


def run(lib, name, arrays, gradient, dtype, prepare):
    leaves = [
        lib.tensor(a).to(getattr(lib, dtype)).detach().requires_grad_() for a in arrays
    ]
    result = CALLS[name](lib, prepare(lib, leaves[0]), *leaves[1:])
    y, *running = result if isinstance(result, tuple) else (result,)
    y.backward(lib.tensor(gradient).to(y.dtype))
    grads = [x.grad for x in leaves]
    return y, [y.detach(), *running, *grads]


def compare(name, shape, parameters, dtype, prepare=lambda lib, x: x):
    arrays = [draw(*shape), *[draw(8, seed=i) for i in range(1, parameters + 1)]]
    probe = prepare(torch, torch.tensor(arrays[0]))
    gradient = draw(*probe.shape, seed=9)
    theirs, expected = run(torch, name, arrays, gradient, dtype, prepare)
    ours, found = run(rushlight, name, arrays, gradient, dtype, prepare)
    assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert tuple(ours.stride()) == tuple(theirs.stride())
    for a, b in zip(found, expected):
        assert (a is None) == (b is None)
        if a is None:
            continue
        b = b.double().numpy()
        bound = TOLERANCE[dtype] * max(1, abs(b).max())
        np.testing.assert_allclose(a.double().numpy(), b, rtol=0, atol=bound)


def takes(name, shape):
    return not ("instance" in name and len(shape) == 2) and not (
        name == "group 8" and len(shape) == 2
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name, dtype):
    for shape in SHAPES:
        if takes(name, shape):
            for parameters in range(3):
                compare(name, shape, parameters, dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", CALLS)
def test_half_precision(name, dtype):
    """Against PyTorch in float64: its own half precision is further off in places."""
    for shape in filter(lambda shape: takes(name, shape), SHAPES[:4]):
        arrays = [draw(*shape), draw(8, seed=1), draw(8, seed=2)]
        arrays = [
            torch.tensor(a).to(getattr(torch, dtype)).double().numpy() for a in arrays
        ]
        gradient = draw(*shape, seed=9)
        gradient = torch.tensor(gradient).to(getattr(torch, dtype)).double().numpy()
        same = lambda lib, x: x  # noqa: E731
        ours, found = run(rushlight, name, arrays, gradient, dtype, same)
        theirs, _ = run(torch, name, arrays, gradient, dtype, same)
        assert str(ours.dtype) == str(theirs.dtype).replace("torch", "rushlight")
        _, expected = run(torch, name, arrays, gradient, "float64", same)
        for a, b in zip(found, expected):
            assert (a is None) == (b is None)
            if a is not None:
                b = b.numpy()
                bound = TOLERANCE[dtype] * max(1, abs(b).max())
                np.testing.assert_allclose(a.double().numpy(), b, rtol=0, atol=bound)


LAYOUTS = {
    "transposed": lambda lib, x: x.transpose(-1, -2),
    "sliced": lambda lib, x: x[:, :, 1:, ::2],
    "channels last": lambda lib, x: x.contiguous(memory_format=lib.channels_last),
    "channels last slice": lambda lib, x: x.contiguous(memory_format=lib.channels_last)[
        :, :, 1:
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [n for n in CALLS if n not in ("layer", "rms")])
def test_layouts(name, layout):
    compare(name, (2, 8, 6, 5), 2, "float64", LAYOUTS[layout])


@pytest.mark.parametrize("name", ["layer", "batch", "group 2"])
def test_names_of_the_tape(name):
    names = []
    for lib in (rushlight, torch):
        x = lib.ones(4, 8).requires_grad_()
        y = CALLS[name](lib, x)
        y = y[0] if isinstance(y, tuple) else y
        names.append(y.grad_fn.name())
    assert names[0] == names[1]


@pytest.mark.parametrize("shape", [(0, 8), (3, 0), (0, 8, 4), (2, 8, 0)], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_empty(name, shape):
    def outcome(lib):
        x = lib.ones(*shape).requires_grad_()
        try:
            y = CALLS[name](lib, x)
        except Exception as error:
            return next(
                t.__name__
                for t in (IndexError, ValueError, RuntimeError)
                if isinstance(error, t)
            )
        y = y[0] if isinstance(y, tuple) else y
        y.sum().backward()
        return tuple(y.shape), tuple(x.grad.shape)

    assert outcome(rushlight) == outcome(torch)
