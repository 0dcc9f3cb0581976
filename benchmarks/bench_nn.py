"""Layers, losses and whole training steps."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "neural networks"


def _conv(images: tuple[int, ...], kernel: tuple[int, ...], grad: bool = False):
    def setup(lib: Library) -> dict:
        return {
            "x": lib.floats(*images, grad=grad),
            "w": lib.floats(*kernel, seed=1, grad=grad),
            "b": lib.floats(kernel[0], seed=2, grad=grad),
        }

    return setup


def _conv_rows(name: str, images: tuple, kernel: tuple, options: str = "") -> list[Row]:
    call = f"F.conv2d(x, w, b{options})"
    return [
        Row(name, _conv(images, kernel), call, numpy=None),
        Row(
            f"{name}, + backward",
            _conv(images, kernel, grad=True),
            f"{call}.sum().backward()",
            numpy=None,
        ),
    ]


def _attention(shape: tuple[int, ...], grad: bool = False):
    return lambda lib: {
        name: lib.floats(*shape, seed=i, grad=grad) for i, name in enumerate("qkv")
    }


def _attention_rows(*shape: int) -> list[Row]:
    rows = []
    for kind, options in (("attention", ""), ("causal attention", ", is_causal=True")):
        name = f"{kind}, {'x'.join(str(n) for n in shape)}"
        call = f"F.scaled_dot_product_attention(q, k, v{options})"
        rows += [
            Row(name, _attention(shape), call, numpy=None),
            Row(
                f"{name}, + backward",
                _attention(shape, grad=True),
                f"{call}.sum().backward()",
                numpy=None,
            ),
        ]
    return rows


def scores(lib: Library) -> dict:
    return {"x": lib.floats(512, 1000), "y": lib.ints(1000, 512)}


def scores_grad(lib: Library) -> dict:
    return {"x": lib.floats(512, 1000, grad=True), "y": lib.ints(1000, 512)}


def linear(lib: Library) -> dict:
    lib.xp.manual_seed(0)
    return {"layer": lib.nn.Linear(512, 512), "x": lib.floats(64, 512)}


def dropout(lib: Library) -> dict:
    lib.xp.manual_seed(0)
    return {"layer": lib.nn.Dropout(0.5), "x": lib.floats(1_000_000)}


def _step(build, images: tuple[int, ...], classes: int, optimizer: str):
    def setup(lib: Library) -> dict:
        lib.xp.manual_seed(0)
        net = build(lib.nn)
        options = {"momentum": 0.9} if optimizer == "SGD" else {}
        return {
            "net": net,
            "opt": getattr(lib.optim, optimizer)(net.parameters(), lr=1e-3, **options),
            "loss": lib.nn.CrossEntropyLoss(),
            "x": lib.floats(*images),
            "y": lib.ints(classes, images[0]),
        }

    return setup


def mlp(nn):
    return nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))


def lenet(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


STEP = "opt.zero_grad(); loss(net(x), y).backward(); opt.step()"
SHIFTED = "(x - x.max(1, keepdims=True))"

ROWS = [
    *_conv_rows(
        "conv2d 64x1x28x28, 6 of 5x5", (64, 1, 28, 28), (6, 1, 5, 5), ", padding=2"
    ),
    *_conv_rows("conv2d 64x6x14x14, 16 of 5x5", (64, 6, 14, 14), (16, 6, 5, 5)),
    *_conv_rows(
        "conv2d 4x64x56x56, 64 of 3x3", (4, 64, 56, 56), (64, 64, 3, 3), ", padding=1"
    ),
    *_conv_rows(
        "conv2d 4x64x56x56, 128 of 3x3 /2",
        (4, 64, 56, 56),
        (128, 64, 3, 3),
        ", stride=2, padding=1",
    ),
    *_conv_rows("conv2d 4x256x14x14, 512 of 1x1", (4, 256, 14, 14), (512, 256, 1, 1)),
    Row(
        "conv2d 4x64x56x56, channels last",
        _conv((4, 56, 56, 64), (64, 64, 3, 3)),
        "F.conv2d(x.permute(0, 3, 1, 2), w, b, padding=1)",
        numpy=None,
    ),
    Row(
        "max_pool2d 2, 64x16x28x28",
        _conv((64, 16, 28, 28), (1, 1, 1, 1)),
        "F.max_pool2d(x, 2)",
        numpy=None,
    ),
    Row(
        "max_pool2d 2, 64x16x28x28, + backward",
        _conv((64, 16, 28, 28), (1, 1, 1, 1), True),
        "F.max_pool2d(x, 2).sum().backward()",
        numpy=None,
    ),
    Row(
        "softmax, 512x1000",
        scores,
        "F.softmax(x, 1)",
        f"(lambda e: e / e.sum(1, keepdims=True))(xp.exp{SHIFTED})",
    ),
    Row(
        "softmax over dim 0, 512x1000",
        scores,
        "F.softmax(x, 0)",
        "(lambda e: e / e.sum(0))(xp.exp(x - x.max(0)))",
    ),
    Row(
        "log_softmax, 512x1000",
        scores,
        "F.log_softmax(x, 1)",
        f"(lambda z: z - xp.log(xp.exp(z).sum(1, keepdims=True)))({SHIFTED})",
    ),
    Row("cross_entropy, 512x1000", scores, "F.cross_entropy(x, y)", numpy=None),
    Row(
        "cross_entropy, 512x1000, + backward",
        scores_grad,
        "F.cross_entropy(x, y).backward()",
        numpy=None,
    ),
    *_attention_rows(1, 2, 16, 64),
    *_attention_rows(8, 8, 128, 64),
    *_attention_rows(8, 8, 512, 64),
    Row("Linear(512, 512), batch 64", linear, "layer(x)", numpy=None),
    Row(
        "Linear(512, 512), batch 64, + backward",
        linear,
        "layer(x).sum().backward()",
        numpy=None,
    ),
    Row("Dropout(0.5), 1e6", dropout, "layer(x)", numpy=None),
    Row(
        "training step, MLP 10-32-3, Adam, 16",
        _step(mlp, (16, 10), 3, "Adam"),
        STEP,
        numpy=None,
    ),
    Row(
        "training step, MLP 10-32-3, SGD, 16",
        _step(mlp, (16, 10), 3, "SGD"),
        STEP,
        numpy=None,
    ),
    Row(
        "training step, LeNet, Adam, 64",
        _step(lenet, (64, 1, 28, 28), 10, "Adam"),
        STEP,
        numpy=None,
    ),
    Row(
        "forward, LeNet, 1",
        _step(lenet, (1, 1, 28, 28), 10, "SGD"),
        "net(x)",
        numpy=None,
    ),
]
