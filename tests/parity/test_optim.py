"""Optimizers and schedules against PyTorch: values, state layout, reprs, errors."""

from __future__ import annotations

import importlib

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
from rushlight import nn, optim  # noqa: E402

OPTIMIZERS = {
    "sgd": lambda o, p: o.SGD(p, 0.1),
    "momentum": lambda o, p: o.SGD(p, 0.1, 0.9, dampening=0.1, weight_decay=0.01),
    "nesterov": lambda o, p: o.SGD(p, 0.1, 0.9, nesterov=True, maximize=True),
    "adam": lambda o, p: o.Adam(p, 0.01),
    "adam_l2": lambda o, p: o.Adam(p, 0.01, weight_decay=0.1, maximize=True),
    "amsgrad": lambda o, p: o.Adam(p, 0.01, (0.5, 0.7), amsgrad=True),
    "adamw": lambda o, p: o.AdamW(p, 0.01, amsgrad=True),
}
SHAPES = [(3, 5), (), (130,), (0,)]


def params(dtype):
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    return (
        [nn.Parameter(rushlight.from_numpy(v.copy())) for v in values],
        [torch.nn.Parameter(torch.from_numpy(v.copy())) for v in values],
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_steps_and_state(name, dtype):
    ours, theirs = params(dtype)
    mine = OPTIMIZERS[name](optim, ours)
    other = OPTIMIZERS[name](torch.optim, theirs)
    assert repr(mine) == repr(other)
    rng = np.random.default_rng(1)
    tol = 1e-6 if dtype == "float32" else 1e-14
    for step in range(5):
        for at, (p, t) in enumerate(zip(ours, theirs, strict=True)):
            if step == 0 and at == 0:
                continue
            grad = rng.standard_normal(SHAPES[at]).astype(dtype)
            p.grad = rushlight.from_numpy(grad.copy())
            t.grad = torch.from_numpy(grad.copy())
        mine.step()
        other.step()
        for p, t in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                p.detach().numpy(), t.detach().numpy(), rtol=tol, atol=tol
            )
    state, expected = mine.state_dict(), other.state_dict()
    assert state["param_groups"] == expected["param_groups"]
    assert list(state["state"]) == list(expected["state"])
    for number, entry in expected["state"].items():
        assert list(state["state"][number]) == list(entry)
        for key, value in entry.items():
            got = state["state"][number][key]
            assert str(got.dtype).split(".")[-1] == str(value.dtype).split(".")[-1]
            np.testing.assert_allclose(got.numpy(), value.numpy(), rtol=tol, atol=tol)


SCHEDULES = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda n: 0.9**n),
    "step": lambda s, o: s.StepLR(o, 3),
    "multistep": lambda s, o: s.MultiStepLR(o, [2, 7, 7], 0.3),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "linear": lambda s, o: s.LinearLR(o, total_iters=6),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 4, 0.01),
    "one_cycle": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=20),
    "one_cycle_3": lambda s, o: s.OneCycleLR(
        o, [1.0, 2.0], epochs=4, steps_per_epoch=5, three_phase=True,
        anneal_strategy="linear",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_schedules(name, kind):
    histories = []
    for module, scheduler, parameter, zeros in (
        (optim, optim.lr_scheduler, nn.Parameter, rushlight.zeros),
        (torch.optim, torch.optim.lr_scheduler, torch.nn.Parameter, torch.zeros),
    ):
        groups = [{"params": parameter(zeros(1))}, {"params": parameter(zeros(1))}]
        groups[1]["lr"] = 0.3
        optimizer = getattr(module, kind)(groups, lr=0.7)
        schedule = SCHEDULES[name](scheduler, optimizer)
        history = []
        for _ in range(18):
            optimizer.step()
            schedule.step()
            history.append(
                [
                    {k: v for k, v in group.items() if k != "params"}
                    for group in optimizer.param_groups
                ]
            )
        state = schedule.state_dict()
        state.pop("lr_lambdas", None)
        histories.append((history, state))
    assert histories[0][0] == histories[1][0]
    assert histories[0][1] == histories[1][1]


def test_plateau():
    metrics = np.random.default_rng(0).random(40).tolist()
    seen = []
    for module, parameter, zeros in (
        (optim, nn.Parameter, rushlight.zeros),
        (torch.optim, torch.nn.Parameter, torch.zeros),
    ):
        optimizer = module.SGD([parameter(zeros(1))], 1.0)
        schedule = module.lr_scheduler.ReduceLROnPlateau(
            optimizer, "max", 0.5, 2, cooldown=1, threshold_mode="abs"
        )
        history = []
        for metric in metrics:
            schedule.step(metric)
            history.append(optimizer.param_groups[0]["lr"])
        seen.append((history, schedule.state_dict()))
    assert seen[0] == seen[1]


def test_state_dict_moves_between_the_libraries():
    ours, theirs = params("float32")
    mine, other = optim.Adam(ours), torch.optim.Adam(theirs)
    for t in theirs:
        t.grad = torch.ones_like(t)
    other.step()
    state = other.state_dict()
    for entry in state["state"].values():
        for key, value in entry.items():
            entry[key] = rushlight.from_numpy(value.numpy().copy())
    mine.load_state_dict(state)
    assert mine.state[ours[0]]["step"].item() == 1.0


def test_weights_averaged_over_training():
    """AveragedModel with each of its functions, and its state, against PyTorch."""
    results = []
    for library in (rushlight, torch):
        swa = library.optim.swa_utils
        makes = [
            {},
            {"avg_fn": swa.get_ema_avg_fn(0.9)},
            {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9)},
            {"multi_avg_fn": swa.get_swa_multi_avg_fn(), "use_buffers": True},
        ]
        model = library.nn.Linear(3, 2)
        model.register_buffer("seen", library.zeros(2))
        averages = [swa.AveragedModel(model, **options) for options in makes]
        rng = np.random.default_rng(0)
        for _ in range(6):
            with library.no_grad():
                for tensor in (*model.parameters(), *model.buffers()):
                    value = rng.standard_normal(tuple(tensor.shape)).astype("float32")
                    tensor.copy_(library.from_numpy(value))
            for average in averages:
                average.update_parameters(model)
        results.append(
            [{k: v.numpy() for k, v in a.state_dict().items()} for a in averages]
        )
    for mine, theirs in zip(*results, strict=True):
        assert list(mine) == list(theirs)
        for key, value in theirs.items():
            assert mine[key].dtype == value.dtype
            np.testing.assert_allclose(mine[key], value, rtol=1e-6, atol=1e-7)


def groups_of(library):
    a, b = (library.nn.Parameter(library.zeros(2)) for _ in "ab")
    return a, b, library.optim.SGD([a], lr=0.1)


def named(library):
    a, _, _ = groups_of(library)
    return library.optim.SGD([("a", a)], lr=0.1)


GROUPS = {
    "a list": lambda lib, a, b, o: o.add_param_group([b]),
    "a set": lambda lib, a, b, o: o.add_param_group({"params": {b}}),
    "a generator": lambda lib, a, b, o: o.add_param_group({"params": (p for p in [b])}),
    "a tensor": lambda lib, a, b, o: o.add_param_group({"params": b, "lr": 3}),
    "no tensor": lambda lib, a, b, o: o.add_param_group({"params": [3]}),
    "the same": lambda lib, a, b, o: o.add_param_group({"params": [a]}),
    "twice": lambda lib, a, b, o: o.add_param_group({"params": [b, b]}),
    "no leaf": lambda lib, a, b, o: o.add_param_group({"params": [b * 2]}),
    "a name": lambda lib, a, b, o: o.add_param_group({"params": [("b", b)]}),
    "no name": lambda lib, a, b, o: named(lib).add_param_group({"params": [b]}),
    "other names": lambda lib, a, b, o: named(lib).add_param_group(
        {"params": [("b", b)]}
    ),
    "nothing": lambda lib, a, b, o: lib.optim.SGD([]),
    "no params": lambda lib, a, b, o: o.add_param_group({"lr": 1}),
    "a wrong state": lambda lib, a, b, o: o.load_state_dict(
        lib.optim.SGD([a, b]).state_dict()
    ),
    "more groups": lambda lib, a, b, o: o.load_state_dict(
        lib.optim.SGD([{"params": a}, {"params": b}]).state_dict()
    ),
    "an unknown option": lambda lib, a, b, o: lib.optim.SGD([a], rate=3),
    "a state that is none": lambda lib, a, b, o: o.load_state_dict({}),
    "a wrong hook": lambda lib, a, b, o: (
        o.register_step_pre_hook(lambda *_: 3),
        o.step(),
    ),
}


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group:UserWarning")
@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_checked_alike(name):
    seen = []
    for library in (rushlight, torch):
        a, b, optimizer = groups_of(library)
        try:
            GROUPS[name](library, a, b, optimizer)
            seen.append([sorted(group) for group in optimizer.param_groups])
        except Exception as error:
            seen.append(type(error).__name__)
    assert seen[0] == seen[1]


def test_hooks_of_states():
    seen = []
    for library in (rushlight, torch):
        a, _, optimizer = groups_of(library)
        log = []

        def note(name, log=log):
            return lambda *args: log.append((name, len(args)))

        for kind in (
            "step_pre",
            "step_post",
            "state_dict_pre",
            "state_dict_post",
            "load_state_dict_pre",
            "load_state_dict_post",
        ):
            register = getattr(optimizer, f"register_{kind}_hook")
            register(note(kind))
            if "state" in kind:
                register(note(f"{kind} first"), prepend=True)
        module = importlib.import_module(f"{library.__name__}.optim.optimizer")
        handles = [
            module.register_optimizer_step_pre_hook(note("global pre")),
            module.register_optimizer_step_post_hook(note("global post")),
        ]
        a.grad = library.ones(2)
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        for handle in handles:
            handle.remove()
        optimizer.step()
        seen.append(log)
    assert seen[0] == seen[1]
    assert len(seen[0]) > 10


@pytest.mark.parametrize(
    ("name", "fused"),
    [
        ("Adam", False),
        ("Adam", True),
        ("Adagrad", False),
        ("Adagrad", True),
        ("RMSprop", False),
        ("ASGD", False),
        ("NAdam", False),
    ],
)
def test_dtype_of_counts_follows_the_default(name, fused):
    seen = []
    for library in (rushlight, torch):
        library.set_default_dtype(library.float64)
        try:
            param = library.nn.Parameter(library.ones(2))
            options = {"fused": True} if fused else {}
            optimizer = getattr(library.optim, name)([param], **options)
            param.grad = library.ones(2)
            optimizer.step()
            entry = optimizer.state_dict()["state"][0]
        finally:
            library.set_default_dtype(library.float32)
        seen.append({k: str(v.dtype).split(".")[-1] for k, v in entry.items()})
    assert seen[0] == seen[1]
