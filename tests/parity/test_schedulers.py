"""Learning rate schedules step by step against PyTorch, their states and errors."""

from __future__ import annotations

import copy
import warnings

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

STEPS = 100


class Damped:
    """A function object, whose fields a schedule's state holds."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, epoch):
        return self.factor**epoch


SCHEDULES = {
    "lambda": lambda s, o: s.LambdaLR(o, [lambda n: 0.95**n, Damped(0.9)]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda n: 0.95 + 0.001 * n),
    "multiplicative objects": lambda s, o: s.MultiplicativeLR(
        o, [Damped(0.999), Damped(1.001)]
    ),
    "step": lambda s, o: s.StepLR(o, 7, 0.8),
    "multistep": lambda s, o: s.MultiStepLR(o, [2, 7, 7, 50], 0.3),
    "constant": lambda s, o: s.ConstantLR(o, 0.4, 12),
    "constant default": lambda s, o: s.ConstantLR(o),
    "linear": lambda s, o: s.LinearLR(o, 0.2, 0.9, total_iters=30),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.97),
    "polynomial": lambda s, o: s.PolynomialLR(o, 40, 1.7),
    "polynomial default": lambda s, o: s.PolynomialLR(o),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 13, 0.01),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 9),
    "restarts longer": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.02),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.5, 9),
    "cyclic 2": lambda s, o: s.CyclicLR(
        o, [0.01, 0.02], [0.5, 0.4], 9, 5, "triangular2", base_momentum=[0.7, 0.75]
    ),
    "cyclic exp": lambda s, o: s.CyclicLR(o, 0.01, 0.5, 9, mode="exp_range", gamma=0.9),
    "cyclic own": lambda s, o: s.CyclicLR(
        o, 0.01, 0.5, 9, scale_fn=Damped(0.9), scale_mode="iterations",
        cycle_momentum=False,
    ),
    "one cycle": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=110),
    "one cycle 3": lambda s, o: s.OneCycleLR(
        o, [1.0, 2.0], epochs=4, steps_per_epoch=26, three_phase=True,
        anneal_strategy="linear",
    ),
    "sequential": lambda s, o: s.SequentialLR(
        o,
        [
            s.ConstantLR(o, 0.1, 10),
            s.ExponentialLR(o, 0.9),
            s.CosineAnnealingLR(o, 20),
        ],
        [10, 40],
    ),
    "sequential at once": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o), s.StepLR(o, 3)], [0]
    ),
    "sequential nested": lambda s, o: s.SequentialLR(
        o,
        [
            s.SequentialLR(o, [s.LinearLR(o), s.StepLR(o, 3)], [6]),
            s.PolynomialLR(o, 30),
        ],
        [15],
    ),
    "chained": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 5), s.ExponentialLR(o, 0.95), s.StepLR(o, 20)]
    ),
    "chained sequential": lambda s, o: s.ChainedScheduler(
        [
            s.SequentialLR(o, [s.LinearLR(o), s.ExponentialLR(o, 0.99)], [5]),
            s.MultiplicativeLR(o, lambda n: 0.999),
        ],
        o,
    ),
    "swa": lambda s, o: s.swa.SWALR(o, 0.05, 12),
    "swa linear": lambda s, o: s.swa.SWALR(o, [0.05, 0.2], 7, "linear"),
    "swa at once": lambda s, o: s.swa.SWALR(o, 0.05, 0),
}  # fmt: skip


class Names:
    """The schedules of a library, those of swa_utils under ``swa``."""

    def __init__(self, library):
        self.library = library
        self.swa = library.optim.swa_utils

    def __getattr__(self, name):
        return getattr(self.library.optim.lr_scheduler, name)


def make_optimizer(library, kind="SGD", tensors=False):
    def rate(value):
        return library.tensor(value) if tensors else value

    groups = [
        {"params": [library.nn.Parameter(library.zeros(1))]},
        {"params": [library.nn.Parameter(library.zeros(1))], "lr": rate(0.3)},
    ]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(library.optim, kind)(groups, lr=rate(0.7), **options)


def number(value):
    """A state's or group's value with tensors as numbers."""
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return ("tensor", value.item())
    if isinstance(value, dict):
        return {k: number(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [number(v) for v in value]
    return value


def options_of(optimizer):
    return [
        {k: number(v) for k, v in group.items() if k != "params"}
        for group in optimizer.param_groups
    ]


def state_of(schedule):
    """The state without what only one library keeps: bound functions."""
    state = number(schedule.state_dict())
    for name in ("anneal_func", "_scale_fn_ref"):
        state.pop(name, None)
    return state


def both():
    return rushlight, torch


# Both warn where a sequence inside of a sequence makes its first step.
NESTED = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")


@NESTED
@pytest.mark.parametrize("tensors", [False, True], ids=["numbers", "tensors"])
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_and_states(name, kind, tensors):
    histories = []
    for library in both():
        optimizer = make_optimizer(library, kind, tensors)
        schedule = SCHEDULES[name](Names(library), optimizer)
        history = [options_of(optimizer)]
        for _ in range(STEPS):
            optimizer.step()
            schedule.step()
            history.append([*options_of(optimizer), number(schedule.get_last_lr())])
        histories.append((history, state_of(schedule)))
    for step, (mine, theirs) in enumerate(zip(*(h[0] for h in histories), strict=True)):
        assert mine == theirs, f"step {step}"
    assert histories[0][1] == histories[1][1]


CLOSED = ("step", "multistep", "constant", "linear", "exponential", "polynomial",
          "cosine", "restarts", "restarts longer", "lambda")  # fmt: skip


@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    histories = []
    for library in both():
        optimizer = make_optimizer(library)
        schedule = SCHEDULES[name](Names(library), optimizer)
        optimizer.step()
        history = []
        for epoch in [1, 5, 6, 2, 0, 14, 30, 45, 99]:
            schedule.step(epoch)
            history.append(options_of(optimizer))
        # The chainable form goes on from there.
        for _ in range(5):
            schedule.step()
            history.append(options_of(optimizer))
        histories.append((history, state_of(schedule)))
    assert histories[0] == histories[1]


def test_restarts_between_epochs():
    histories = []
    for library in both():
        optimizer = make_optimizer(library)
        schedule = library.optim.lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, 3, 2
        )
        history = []
        for at in range(60):
            schedule.step(at / 4)
            history.append((options_of(optimizer), state_of(schedule)))
        histories.append(history)
    assert histories[0] == histories[1]


@NESTED
@pytest.mark.parametrize("name", SCHEDULES)
def test_resuming_from_a_state(name):
    """Half a run, its states loaded into new objects, and the other half."""
    histories = []
    for library in both():
        optimizer = make_optimizer(library)
        schedule = SCHEDULES[name](Names(library), optimizer)
        for _ in range(20):
            optimizer.step()
            schedule.step()
        again = make_optimizer(library)
        resumed = SCHEDULES[name](Names(library), again)
        again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        resumed.load_state_dict(copy.deepcopy(schedule.state_dict()))
        history = []
        for _ in range(20):
            for pair in ((optimizer, schedule), (again, resumed)):
                pair[0].step()
                pair[1].step()
            assert options_of(optimizer) == options_of(again)
            history.append(options_of(again))
        histories.append((history, state_of(resumed)))
    assert histories[0] == histories[1]


LAST_EPOCH = {
    "step": lambda s, o: s.StepLR(o, 3, 0.8, last_epoch=10),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 13, last_epoch=10),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 9, last_epoch=10),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.5, 9, last_epoch=10),
    "polynomial": lambda s, o: s.PolynomialLR(o, 40, last_epoch=10),
    "constant": lambda s, o: s.ConstantLR(o, 0.4, 12, last_epoch=10),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, Damped(0.9), last_epoch=10),
    "lambda": lambda s, o: s.LambdaLR(o, Damped(0.9), last_epoch=10),
    "linear": lambda s, o: s.LinearLR(o, last_epoch=3),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9, last_epoch=10),
    "swa": lambda s, o: s.swa.SWALR(o, 0.05, last_epoch=10),
}


@pytest.mark.parametrize("name", LAST_EPOCH)
def test_last_epoch(name):
    histories = []
    for library in both():
        optimizer = make_optimizer(library)
        with pytest.raises(KeyError):
            LAST_EPOCH[name](Names(library), optimizer)
        optimizer = make_optimizer(library)
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.9
        schedule = LAST_EPOCH[name](Names(library), optimizer)
        history = [options_of(optimizer)]
        for _ in range(15):
            optimizer.step()
            schedule.step()
            history.append(options_of(optimizer))
        histories.append((history, state_of(schedule)))
    assert histories[0] == histories[1]


PLATEAUS = {
    "min rel": {"mode": "min", "patience": 2},
    "max abs": {"mode": "max", "factor": 0.5, "cooldown": 1, "threshold_mode": "abs"},
    "min abs": {"threshold": 0.1, "threshold_mode": "abs", "patience": 0},
    "max rel": {"mode": "max", "patience": 1, "min_lr": [0.1, 0.2], "eps": 1e-3},
}


@pytest.mark.parametrize("tensors", [False, True], ids=["numbers", "tensors"])
@pytest.mark.parametrize("name", PLATEAUS)
def test_plateaus(name, tensors):
    generator = torch.Generator().manual_seed(0)
    metrics = torch.rand(STEPS, generator=generator).tolist()
    histories = []
    for library in both():
        optimizer = make_optimizer(library, tensors=tensors)
        schedule = library.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, **PLATEAUS[name]
        )
        history = []
        for at, metric in enumerate(metrics):
            schedule.step(library.tensor(metric) if at % 2 else metric)
            history.append((options_of(optimizer), state_of(schedule)))
        histories.append(history)
    assert histories[0] == histories[1]


def outcome(call):
    """The exception's type, and the warnings' types and first words."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            call()
            error = None
        except Exception as raised:
            error = type(raised).__name__
    return error, [(w.category.__name__, str(w.message)[:40]) for w in seen]


def overridden(library):
    optimizer = make_optimizer(library)
    schedule = library.optim.lr_scheduler.StepLR(optimizer, 2)
    optimizer.step = lambda: None
    schedule.step()
    schedule.step()


def in_order(library):
    optimizer = make_optimizer(library)
    schedule = library.optim.lr_scheduler.StepLR(optimizer, 2)
    optimizer.step()
    schedule.step()
    schedule.step()


def with_new_group(library):
    optimizer = make_optimizer(library)
    schedule = library.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, patience=0, min_lr=[0.1, 0.1]
    )
    optimizer.add_param_group({"params": library.nn.Parameter(library.zeros(1))})
    schedule.step(1.0)
    schedule.step(2.0)


def scheduled(make):
    return lambda library: make(Names(library), make_optimizer(library))


def stepped(make, *args):
    return lambda library: make(Names(library), make_optimizer(library)).step(*args)


CALLS = {
    "overridden step": overridden,
    "in order": in_order,
    "new group": with_new_group,
    "nested": scheduled(
        lambda s, o: s.SequentialLR(
            o, [s.SequentialLR(o, [s.LinearLR(o)], []), s.StepLR(o, 3)], [3]
        )
    ),
    "order": lambda lib: stepped(lambda s, o: s.StepLR(o, 2))(lib),
    "epoch": stepped(lambda s, o: s.StepLR(o, 2), 3),
    "epoch of restarts": stepped(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2), 3),
    "negative epoch": stepped(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2), -3),
    "plateau's epoch": stepped(lambda s, o: s.ReduceLROnPlateau(o), 1.0, 3),
    "get_lr": scheduled(lambda s, o: s.PolynomialLR(o).get_lr()),
    "get_lr of restarts": scheduled(
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).get_lr()
    ),
    "get_lr of cyclic": scheduled(lambda s, o: s.CyclicLR(o, 0.1, 0.2).get_lr()),
    "get_lr of swa": scheduled(lambda s, o: s.swa.SWALR(o, 0.1).get_lr()),
    "get_lr of the base": scheduled(lambda s, o: s.LRScheduler(o)),
    "no optimizer": scheduled(lambda s, o: s.StepLR(3, 2)),
    "no optimizer, cyclic": scheduled(lambda s, o: s.CyclicLR(3, 0.1, 0.2)),
    "no function": scheduled(lambda s, o: s.MultiplicativeLR(o, 3)),
    "no function, lambda": scheduled(lambda s, o: s.LambdaLR(o, 3)),
    "functions": scheduled(lambda s, o: s.MultiplicativeLR(o, [abs])),
    "constant factor": scheduled(lambda s, o: s.ConstantLR(o, 1.5)),
    "linear start": scheduled(lambda s, o: s.LinearLR(o, 0)),
    "linear end": scheduled(lambda s, o: s.LinearLR(o, end_factor=2)),
    "T_0": scheduled(lambda s, o: s.CosineAnnealingWarmRestarts(o, 0)),
    "T_0 float": scheduled(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2.5)),
    "T_mult": scheduled(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 0)),
    "eta_min": scheduled(lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1, "0")),
    "cyclic mode": scheduled(lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="up")),
    "cyclic rates": scheduled(lambda s, o: s.CyclicLR(o, [0.1], 0.2)),
    "cyclic maxima": scheduled(lambda s, o: s.CyclicLR(o, 0.1, [0.2])),
    "cyclic momenta": scheduled(
        lambda s, o: s.CyclicLR(o, 0.1, 0.2, base_momentum=[0.1])
    ),
    "no momentum": lambda lib: Names(lib).CyclicLR(
        make_optimizer(lib, "Adagrad"), 0.1, 0.2
    ),
    "no momentum, one cycle": lambda lib: Names(lib).OneCycleLR(
        make_optimizer(lib, "Adagrad"), 0.1, total_steps=3
    ),
    "swa strategy": scheduled(lambda s, o: s.swa.SWALR(o, 0.1, 3, "step")),
    "swa epochs": scheduled(lambda s, o: s.swa.SWALR(o, 0.1, -3)),
    "swa rates": scheduled(lambda s, o: s.swa.SWALR(o, [0.1])),
    "sequential of none": scheduled(lambda s, o: s.SequentialLR(o, [], [])),
    "sequential of no schedule": scheduled(lambda s, o: s.SequentialLR(o, [3], [])),
    "sequential milestones": scheduled(
        lambda s, o: s.SequentialLR(o, [s.StepLR(o, 2)], [3])
    ),
    "sequential of plateau": scheduled(
        lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], [])
    ),
    "sequential of another": lambda lib: Names(lib).SequentialLR(
        make_optimizer(lib), [Names(lib).StepLR(make_optimizer(lib), 2)], []
    ),
    "chained of none": scheduled(lambda s, o: s.ChainedScheduler([])),
    "chained of plateau": scheduled(
        lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)])
    ),
    "chained of no schedule": scheduled(lambda s, o: s.ChainedScheduler([3], o)),
    "chained of another": lambda lib: Names(lib).ChainedScheduler(
        [Names(lib).StepLR(make_optimizer(lib), 2)], make_optimizer(lib)
    ),
    "plateau factor": scheduled(lambda s, o: s.ReduceLROnPlateau(o, factor=1.0)),
    "plateau mode": scheduled(lambda s, o: s.ReduceLROnPlateau(o, "best")),
    "plateau minima": scheduled(lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1])),
    "averages": lambda lib: lib.optim.swa_utils.get_ema_multi_avg_fn(1.5),
    "average": lambda lib: lib.optim.swa_utils.get_ema_avg_fn(-0.5),
    "two functions": lambda lib: lib.optim.swa_utils.AveragedModel(
        lib.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_errors_and_warnings(name):
    assert outcome(lambda: CALLS[name](rushlight)) == outcome(
        lambda: CALLS[name](torch)
    )
