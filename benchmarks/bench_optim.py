"""Steps of the optimizers, on a few tiny parameters and on many of 1e5 numbers."""

from __future__ import annotations

from _rows import Library, Row, Target

TITLE = "optimizers"

NAMES = (
    "SGD",
    "Adam",
    "AdamW",
    "Adadelta",
    "Adagrad",
    "Adamax",
    "ASGD",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
)
# A perceptron with two hidden layers.
TINY = ((64, 4), (64,), (64, 64), (64,), (2, 64), (2,))
LARGE = ((100_000,),) * 60


def _optimizer(name: str, shapes: tuple, **options):
    def setup(lib: Library) -> dict:
        params = []
        for seed, shape in enumerate(shapes):
            param = lib.nn.Parameter(lib.floats(*shape, seed=seed))
            param.grad = lib.floats(*shape, seed=seed + 100)
            params.append(param)
        return {"opt": getattr(lib.optim, name)(params, **options)}

    return setup


def perceptron(lib: Library) -> dict:
    lib.xp.manual_seed(0)
    nn = lib.nn
    net = nn.Sequential(
        nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
    )
    return {
        "net": net,
        "opt": lib.optim.Adam(net.parameters(), lr=1e-3),
        "loss": nn.MSELoss(),
        "x": lib.floats(32, 4),
        "y": lib.floats(32, 2, seed=1),
    }


ROWS = [
    Row(
        "training step, MLP 4-64-64-2, Adam, MSE, 32",
        perceptron,
        "opt.zero_grad(); loss(net(x), y).backward(); opt.step()",
        numpy=None,
        target=Target.STEP,
    ),
    *(
        Row(
            f"{name}, 6 tiny parameters",
            _optimizer(name, TINY),
            "opt.step()",
            numpy=None,
            target=Target.STEP,
        )
        for name in NAMES
    ),
    *(
        Row(
            f"{name}, 60 parameters of 1e5",
            # PyTorch's faster form for many parameters.
            _optimizer(name, LARGE, foreach=True),
            "opt.step()",
            numpy=None,
        )
        for name in NAMES
    ),
]
