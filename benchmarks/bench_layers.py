"""Norms, activations and losses: tiny, and as in networks for images and text."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "layers"

TINY, IMAGES, WORDS = (32, 64), (32, 64, 56, 56), (8, 512, 768)


def _name(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _both(name: str, make, call: str) -> list[Row]:
    """A row of the call, and one with the backward pass."""

    def setup(grad: bool):
        return lambda lib: make(lib, grad)

    end = "" if "loss" in call or "entropy" in call else ".sum()"
    return [
        Row(name, setup(False), call, numpy=None),
        Row(f"{name}, + backward", setup(True), f"{call}{end}.backward()", numpy=None),
    ]


def _norm(name: str, shape: tuple[int, ...], call: str) -> list[Row]:
    channels = shape[-1] if "layer" in call or "rms" in call else shape[1]

    def make(lib: Library, grad: bool) -> dict:
        return {
            "x": lib.floats(*shape, grad=grad),
            "w": lib.floats(channels, seed=1, grad=grad),
            "b": lib.floats(channels, seed=2, grad=grad),
            "n": channels,
        }

    return _both(f"{name}, {_name(shape)}", make, call)


def _unit(name: str, call: str, shape: tuple[int, ...]) -> list[Row]:
    def make(lib: Library, grad: bool) -> dict:
        return {"x": lib.floats(*shape, grad=grad)}

    return _both(f"{name}, {_name(shape)}", make, f"F.{call}")


def _loss(name: str, function: str, shape: tuple[int, ...]) -> list[Row]:
    def make(lib: Library, grad: bool) -> dict:
        return {"x": lib.floats(*shape, grad=grad), "y": lib.floats(*shape, seed=1)}

    return _both(f"{name}, {_name(shape)}", make, f"F.{function}(x, y)")


def _embedding(rows: int, width: int, words: int) -> list[Row]:
    def make(lib: Library, grad: bool) -> dict:
        return {"w": lib.floats(rows, width, grad=grad), "i": lib.ints(rows, words)}

    return _both(
        f"embedding, {words} of {_name((rows, width))}", make, "F.embedding(i, w)"
    )


BATCH = "F.batch_norm(x, None, None, w, b, True)"
LAYER = "F.layer_norm(x, (n,), w, b)"
RMS = "F.rms_norm(x, (n,), w)"
GROUP = "F.group_norm(x, 8, w, b)"
INSTANCE = "F.instance_norm(x, None, None, w, b)"
UNITS = {
    "gelu": "gelu(x)",
    "gelu tanh": "gelu(x, approximate='tanh')",
    "silu": "silu(x)",
    "mish": "mish(x)",
    "hardswish": "hardswish(x)",
    "leaky_relu": "leaky_relu(x)",
    "elu": "elu(x)",
    "relu6": "relu6(x)",
    "softplus": "softplus(x)",
    "logsigmoid": "logsigmoid(x)",
    "dropout": "dropout(x, 0.1)",
}
LOSSES = {
    "mse_loss": "mse_loss",
    "l1_loss": "l1_loss",
    "smooth_l1_loss": "smooth_l1_loss",
    "huber_loss": "huber_loss",
    "bce with logits": "binary_cross_entropy_with_logits",
}

ROWS = [
    *_norm("batch_norm", TINY, BATCH),
    *_norm("batch_norm", IMAGES, BATCH),
    *_norm("batch_norm", (32, 512, 7, 7), BATCH),
    *_norm("batch_norm", (4096, 256), BATCH),
    *_norm("layer_norm", TINY, LAYER),
    *_norm("layer_norm", WORDS, LAYER),
    *_norm("rms_norm", TINY, RMS),
    *_norm("rms_norm", WORDS, RMS),
    *_norm("group_norm", TINY, GROUP),
    *_norm("group_norm", IMAGES, GROUP),
    *_norm("instance_norm", IMAGES, INSTANCE),
    *(
        row
        for unit in UNITS.items()
        for shape in (TINY, WORDS)
        for row in _unit(*unit, shape)
    ),
    *(
        row
        for loss in LOSSES.items()
        for shape in (TINY, IMAGES)
        for row in _loss(*loss, shape)
    ),
    *_embedding(100, 16, 64),
    *_embedding(30000, 768, 4096),
]
