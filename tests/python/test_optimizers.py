"""The optimizers of one formula each, and L-BFGS, against their formulas in NumPy."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import rushlight
from rushlight import nn, optim

START = np.array([1.0, -2.0, 0.5, 0.0])
GRADS = np.random.default_rng(0).standard_normal((8, 4))


def adadelta(p, g, s, step, lr=1.0, rho=0.9, eps=1e-6):
    s["square_avg"] = rho * s["square_avg"] + (1 - rho) * g**2
    d = np.sqrt(s["acc_delta"] + eps) / np.sqrt(s["square_avg"] + eps) * g
    s["acc_delta"] = rho * s["acc_delta"] + (1 - rho) * d**2
    return p - lr * d


def adagrad(p, g, s, step, lr=1e-2, lr_decay=0, eps=1e-10):
    s["sum"] = s["sum"] + g**2
    return p - lr / (1 + (step - 1) * lr_decay) * g / (np.sqrt(s["sum"]) + eps)


def adamax(p, g, s, step, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
    s["exp_avg"] = betas[0] * s["exp_avg"] + (1 - betas[0]) * g
    s["exp_inf"] = np.maximum(betas[1] * s["exp_inf"], np.abs(g) + eps)
    return p - lr / (1 - betas[0] ** step) * s["exp_avg"] / s["exp_inf"]


def asgd(p, g, s, step, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6):
    # eta and mu are float32 numbers, as PyTorch keeps them.
    eta = lr if step == 1 else lr / (1 + lambd * lr * (step - 1)) ** alpha
    mu = 1 if step == 1 else 1 / max(1, step - 1 - t0)
    eta, mu = float(np.float32(eta)), float(np.float32(mu))
    p = p * (1 - lambd * eta) - eta * g
    s["ax"] = s["ax"] + (p - s["ax"]) * mu
    return p


def nadam(p, g, s, step, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
    def mu(t):
        return betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay))

    product = math.prod(mu(t) for t in range(1, step + 1))
    s["exp_avg"] = betas[0] * s["exp_avg"] + (1 - betas[0]) * g
    s["exp_avg_sq"] = betas[1] * s["exp_avg_sq"] + (1 - betas[1]) * g**2
    mean = mu(step + 1) * s["exp_avg"] / (1 - product * mu(step + 1))
    mean = mean + (1 - mu(step)) * g / (1 - product)
    root = np.sqrt(s["exp_avg_sq"] / (1 - betas[1] ** step))
    return p - lr * mean / (root + eps)


def radam(p, g, s, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    s["exp_avg"] = betas[0] * s["exp_avg"] + (1 - betas[0]) * g
    s["exp_avg_sq"] = betas[1] * s["exp_avg_sq"] + (1 - betas[1]) * g**2
    mean = s["exp_avg"] / (1 - betas[0] ** step)
    longest = 2 / (1 - betas[1]) - 1
    length = longest - 2 * step * betas[1] ** step / (1 - betas[1] ** step)
    if length <= 5:
        return p - lr * mean
    rect = (length - 4) * (length - 2) * longest
    rect = math.sqrt(rect / ((longest - 4) * (longest - 2) * length))
    scale = math.sqrt(1 - betas[1] ** step) / (np.sqrt(s["exp_avg_sq"]) + eps)
    return p - lr * mean * rect * scale


def rmsprop(p, g, s, step, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0, centered=False):
    s["square_avg"] = alpha * s["square_avg"] + (1 - alpha) * g**2
    spread = s["square_avg"]
    if centered:
        s["grad_avg"] = alpha * s["grad_avg"] + (1 - alpha) * g
        spread = spread - s["grad_avg"] ** 2
    move = g / (np.sqrt(spread) + eps)
    if momentum:
        move = s["momentum_buffer"] = momentum * s["momentum_buffer"] + move
    return p - lr * move


def rprop(p, g, s, step, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    if step == 1:
        s["step_size"] = np.full_like(p, lr)
    turn = np.sign(g * s["prev"])
    size = s["step_size"] * np.where(turn > 0, etas[1], np.where(turn < 0, etas[0], 1))
    s["step_size"] = np.clip(size, *step_sizes)
    s["prev"] = np.where(turn < 0, 0, g)
    return p - np.sign(s["prev"]) * s["step_size"]


FORMULAS = {
    optim.Adadelta: adadelta,
    optim.Adagrad: adagrad,
    optim.Adamax: adamax,
    optim.ASGD: asgd,
    optim.NAdam: nadam,
    optim.RAdam: radam,
    optim.RMSprop: rmsprop,
    optim.Rprop: rprop,
}
STATES = {
    optim.Adadelta: ["square_avg", "acc_delta"],
    optim.Adagrad: ["sum"],
    optim.Adamax: ["exp_avg", "exp_inf"],
    optim.ASGD: ["ax"],
    optim.NAdam: ["exp_avg", "exp_avg_sq"],
    optim.RAdam: ["exp_avg", "exp_avg_sq"],
    optim.RMSprop: ["square_avg", "momentum_buffer", "grad_avg"],
    optim.Rprop: ["prev", "step_size"],
}
OPTIONS = [
    (optim.Adadelta, {}),
    (optim.Adadelta, {"lr": 0.5, "rho": 0.6, "eps": 1e-3}),
    (optim.Adagrad, {}),
    (optim.Adagrad, {"lr": 0.5, "lr_decay": 0.3, "eps": 1e-3}),
    (optim.Adamax, {}),
    (optim.Adamax, {"lr": 0.5, "betas": (0.5, 0.7), "eps": 0.1}),
    (optim.ASGD, {}),
    (optim.ASGD, {"lr": 0.5, "lambd": 0.1, "alpha": 0.5, "t0": 2}),
    (optim.NAdam, {}),
    (optim.NAdam, {"lr": 0.5, "betas": (0.5, 0.7), "momentum_decay": 0.3}),
    (optim.RAdam, {}),
    (optim.RAdam, {"lr": 0.5, "betas": (0.5, 0.9), "eps": 0.1}),
    (optim.RMSprop, {}),
    (optim.RMSprop, {"alpha": 0.5, "eps": 0.1}),
    (optim.RMSprop, {"momentum": 0.5}),
    (optim.RMSprop, {"centered": True, "lr": 0.5}),
    (optim.RMSprop, {"centered": True, "momentum": 0.9, "alpha": 0.7}),
    (optim.Rprop, {}),
    (optim.Rprop, {"lr": 0.5, "etas": (0.4, 2.0), "step_sizes": (0.1, 0.9)}),
]
IDS = [f"{kind.__name__}{i}" for i, (kind, _) in enumerate(OPTIONS)]
EVERY = pytest.mark.parametrize("kind", FORMULAS, ids=lambda kind: kind.__name__)


def decays(kind):
    return kind is not optim.Rprop


def expected(kind, options, grads, *, weight_decay=0.0, decoupled=False):
    value = START.copy()
    state = {name: np.zeros_like(value) for name in STATES[kind]}
    for step, grad in enumerate(grads, 1):
        if decoupled:
            value = value * (1 - options.get("lr", 1e-3) * weight_decay)
        else:
            grad = grad + weight_decay * value
        value = FORMULAS[kind](value, grad, state, step, **options)
    return value, state


def run(kind, options, grads=GRADS, dtype=rushlight.float64, start=START):
    param = nn.Parameter(rushlight.tensor(start.tolist(), dtype=dtype))
    optimizer = kind([param], **options)
    for grad in grads:
        param.grad = rushlight.tensor(grad.tolist(), dtype=dtype)
        optimizer.step()
    return param.detach(), optimizer


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=IDS)
def test_formulas(kind, options, maximize):
    value, state = expected(kind, options, -GRADS if maximize else GRADS)
    got, optimizer = run(kind, {**options, "maximize": maximize})
    np.testing.assert_allclose(got.numpy(), value, rtol=1e-7, atol=1e-9)
    (entry,) = optimizer.state_dict()["state"].values()
    for name in optimizer._used_states(optimizer.param_groups[0]):
        if name is not None:
            np.testing.assert_allclose(
                entry[name].numpy(), state[name], rtol=1e-7, atol=1e-9, err_msg=name
            )
    assert entry["step"].item() == len(GRADS)


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=IDS)
def test_weight_decay(kind, options):
    if not decays(kind):
        with pytest.raises(TypeError):
            run(kind, {"weight_decay": 0.1})
        return
    value, _ = expected(kind, options, GRADS, weight_decay=0.3)
    got, _ = run(kind, {**options, "weight_decay": 0.3})
    np.testing.assert_allclose(got.numpy(), value, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", [optim.NAdam, optim.RAdam])
def test_decoupled_weight_decay(kind):
    options = {"lr": 0.1}
    value, _ = expected(kind, options, GRADS, weight_decay=0.3, decoupled=True)
    got, _ = run(kind, {**options, "weight_decay": 0.3, "decoupled_weight_decay": True})
    np.testing.assert_allclose(got.numpy(), value, rtol=1e-7, atol=1e-9)


def test_adagrad_starts_from_a_sum():
    value = START - 0.01 * GRADS[0] / (np.sqrt(0.5 + GRADS[0] ** 2) + 1e-10)
    got, _ = run(optim.Adagrad, {"initial_accumulator_value": 0.5}, GRADS[:1])
    np.testing.assert_allclose(got.numpy(), value, rtol=1e-12)
    # The state is there before the first step, as in PyTorch.
    param = nn.Parameter(rushlight.zeros(2))
    assert list(optim.Adagrad([param]).state[param]) == ["step", "sum"]


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=IDS)
def test_single_and_half_precision(kind, options):
    value, _ = expected(kind, options, GRADS)
    got, _ = run(kind, options, dtype=rushlight.float32)
    assert got.dtype == rushlight.float32
    np.testing.assert_allclose(got.numpy(), value, rtol=1e-5, atol=1e-5)
    got, _ = run(kind, {**options, "eps": 1e-3} if decays(kind) and "eps" in
                 kind([nn.Parameter(rushlight.zeros(1))]).defaults else options,
                 dtype=rushlight.bfloat16)  # fmt: skip
    assert got.dtype == rushlight.bfloat16
    assert np.isfinite(got.float().numpy()).all()


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=IDS)
def test_differentiable_steps_are_the_same_steps(kind, options):
    for extra in ({}, {"weight_decay": 0.1} if decays(kind) else {}):
        plain, _ = run(kind, {**options, **extra})
        # Parameters and gradients that are no leaves, through which autograd goes.
        scale = rushlight.ones((), dtype=rushlight.float64, requires_grad=True)
        param = rushlight.tensor(START.tolist(), dtype=rushlight.float64) * scale
        optimizer = kind([param], differentiable=True, **options, **extra)
        for grad in GRADS:
            param.grad = rushlight.tensor(grad.tolist(), dtype=rushlight.float64)
            optimizer.step()
        # Factors made of counts are in single precision here.
        np.testing.assert_allclose(
            param.detach().numpy(), plain.numpy(), rtol=1e-6, atol=1e-6
        )
        param.sum().backward()
        assert scale.grad is not None


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *OPTIONS,
        (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (optim.SGD, {"lr": 0.1, "weight_decay": 0.1}),
        (optim.Adam, {"lr": 0.1, "amsgrad": True}),
        (optim.AdamW, {"lr": 0.1}),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_gradients_through_steps(kind, options):
    """The derivative by a factor of the gradients, against finite differences."""
    if kind is optim.Rprop:
        pytest.skip("only the sign of a gradient counts")

    def after(factor):
        param = rushlight.tensor(START.tolist(), dtype=rushlight.float64)
        param = param.requires_grad_().clone()
        optimizer = kind([param], differentiable=True, **options)
        for at, grad in enumerate(GRADS[:3]):
            tensor = rushlight.tensor(grad.tolist(), dtype=rushlight.float64)
            # SGD starts its momentum from a detached gradient, as PyTorch's does.
            param.grad = tensor * factor if at > 0 else tensor
            optimizer.step()
        return (param * param).sum()

    factor = rushlight.tensor(1.3, dtype=rushlight.float64, requires_grad=True)
    after(factor).backward()
    h = 1e-6
    high, low = (after(rushlight.tensor(1.3 + d, dtype=rushlight.float64)).item()
                 for d in (h, -h))  # fmt: skip
    np.testing.assert_allclose(
        factor.grad.item(), (high - low) / (2 * h), rtol=1e-5, atol=1e-8
    )


def test_gradient_by_the_learning_rate():
    rate = rushlight.tensor(0.1, requires_grad=True)
    param = rushlight.ones(2, requires_grad=True).clone()
    optimizer = optim.SGD([param], lr=rate, differentiable=True)
    param.grad = rushlight.tensor([2.0, 3.0])
    optimizer.step()
    param.sum().backward()
    assert rate.grad.item() == -5.0


@EVERY
def test_complex_parameters_are_pairs_of_numbers(kind):
    real, _ = run(kind, {}, start=START)
    param = nn.Parameter(rushlight.view_as_complex(
        rushlight.tensor(START.reshape(2, 2).tolist(), dtype=rushlight.float64)
    ))  # fmt: skip
    optimizer = kind([param])
    for grad in GRADS:
        param.grad = rushlight.view_as_complex(
            rushlight.tensor(grad.reshape(2, 2).tolist(), dtype=rushlight.float64)
        )
        optimizer.step()
    got = rushlight.view_as_real(param.detach()).reshape(-1)
    np.testing.assert_allclose(got.numpy(), real.numpy(), rtol=1e-12)


@EVERY
def test_shapes_strides_and_missing_gradients(kind):
    base = rushlight.ones(4, 4)
    params = [
        nn.Parameter(rushlight.ones(2, 3).t()),
        nn.Parameter(rushlight.ones(())),
        nn.Parameter(rushlight.ones(0)),
        nn.Parameter(base[1:3, ::2]),
        nn.Parameter(rushlight.ones(5)),
        nn.Parameter(rushlight.ones(100_000)),
    ]
    optimizer = kind(params)
    for param in params:
        if param is not params[4]:
            param.grad = rushlight.ones(param.shape)
    optimizer.step()
    assert params[4].tolist() == [1.0] * 5
    moved = params[1].item()
    assert moved != 1.0
    for param in (params[0], params[3], params[5]):
        np.testing.assert_allclose(param.detach().numpy(), moved, rtol=1e-6)
    assert base[0].tolist() == [1.0] * 4
    assert base[1].tolist()[1::2] == [1.0, 1.0]


@EVERY
def test_groups_with_options_of_their_own(kind):
    a, b = (nn.Parameter(rushlight.ones(2)) for _ in range(2))
    still = {"params": [a], "lr": 0.0}
    if kind is optim.Rprop:
        still["step_sizes"] = (0.0, 50)
    optimizer = kind([still, {"params": [b]}])
    a.grad = b.grad = rushlight.ones(2)
    optimizer.step()
    assert a.tolist() == [1.0, 1.0]
    assert b.tolist() != [1.0, 1.0]


@EVERY
def test_tensor_learning_rate(kind):
    number, _ = run(kind, {"lr": 0.25})
    for rate in (rushlight.tensor(0.25), rushlight.tensor([[0.25]])):
        got, optimizer = run(kind, {"lr": rate})
        assert got.tolist() == number.tolist()
        assert optimizer.param_groups[0]["lr"] is rate


def test_adam_takes_tensor_betas():
    betas = (0.5, 0.75)
    number, _ = run(optim.Adam, {"betas": betas})
    tensors = tuple(rushlight.tensor([beta]) for beta in betas)
    got, optimizer = run(optim.Adam, {"betas": tensors})
    assert got.tolist() == number.tolist()
    assert [beta.dim() for beta in optimizer.param_groups[0]["betas"]] == [0, 0]


@EVERY
def test_copies_and_pickles_go_on_alike(kind):
    _, optimizer = run(kind, {}, GRADS[:4])
    twins = [copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))]
    fresh = kind([nn.Parameter(optimizer.param_groups[0]["params"][0].clone())])
    fresh.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    results = []
    for one in (optimizer, *twins, fresh):
        (param,) = one.param_groups[0]["params"]
        for grad in GRADS[4:]:
            param.grad = rushlight.tensor(grad.tolist(), dtype=rushlight.float64)
            one.step()
        results.append(param.tolist())
        assert repr(one) == repr(optimizer)
    assert results[1] == results[2] == results[0]
    # Loading casts numbers to the parameter's dtype, as PyTorch does: float32 no more.
    np.testing.assert_allclose(results[3], results[0], rtol=1e-6)


@EVERY
def test_older_states_load(kind):
    _, optimizer = run(kind, {}, GRADS[:2])
    state = copy.deepcopy(optimizer.state_dict())
    for entry in state["state"].values():
        for name in optimizer._count_names:
            entry[name] = entry[name].item()
    for group in state["param_groups"]:
        for name in ("foreach", "maximize", "differentiable"):
            del group[name]
    (param,) = optimizer.param_groups[0]["params"]
    fresh = kind([nn.Parameter(param.detach().clone())])
    fresh.load_state_dict(state)
    (other,) = fresh.param_groups[0]["params"]
    for one, p in ((optimizer, param), (fresh, other)):
        p.grad = rushlight.tensor(GRADS[2].tolist(), dtype=rushlight.float64)
        one.step()
    assert param.tolist() == other.tolist()


@EVERY
def test_capturable_needs_an_accelerator(kind):
    param = nn.Parameter(rushlight.ones(2))
    if kind is optim.Adagrad:
        with pytest.raises(TypeError):
            kind([param], capturable=True)
        return
    optimizer = kind([param], capturable=True)
    param.grad = rushlight.ones(2)
    with pytest.raises(AssertionError, match="accelerator"):
        optimizer.step()
    assert param.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad])
def test_fused_is_for_real_numbers(kind):
    param = nn.Parameter(rushlight.ones(2, dtype=rushlight.complex64))
    optimizer = kind([param], fused=True)
    param.grad = rushlight.ones(2, dtype=rushlight.complex64)
    with pytest.raises(RuntimeError, match="floating point"):
        optimizer.step()


def test_step_hooks_and_closures():
    param = nn.Parameter(rushlight.ones(2))
    optimizer = optim.RMSprop([param])
    seen = []
    optimizer.register_step_pre_hook(lambda *_: seen.append("pre"))
    optimizer.register_step_post_hook(lambda *_: seen.append("post"))

    def closure():
        seen.append("closure")
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    with rushlight.no_grad():
        assert optimizer.step(closure).item() == 2.0
    assert seen == ["pre", "closure", "post"]
    assert param.tolist() != [1.0, 1.0]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda p: optim.Adadelta(p, rho=1.1), "Invalid rho value: 1.1"),
        (lambda p: optim.Adadelta(p, eps=-1), "Invalid epsilon value"),
        (lambda p: optim.Adagrad(p, lr_decay=-1), "Invalid lr_decay value"),
        (
            lambda p: optim.Adagrad(p, initial_accumulator_value=-1),
            "Invalid initial_accumulator_value value",
        ),
        (lambda p: optim.Adamax(p, betas=(0, 1.0)), "index 1: 1.0"),
        (lambda p: optim.ASGD(p, weight_decay=-1), "Invalid weight_decay value"),
        (lambda p: optim.NAdam(p, momentum_decay=-1), "Invalid momentum_decay value"),
        (lambda p: optim.RAdam(p, lr=-1), "Invalid learning rate: -1"),
        (lambda p: optim.RMSprop(p, momentum=-1), "Invalid momentum value"),
        (lambda p: optim.RMSprop(p, alpha=-1), "Invalid alpha value"),
        (lambda p: optim.Rprop(p, etas=(1.5, 2)), "Invalid eta values: 1.5, 2"),
        (
            lambda p: optim.Rprop(p, lr=rushlight.ones(2)),
            "Tensor lr must be 1-element",
        ),
        (
            lambda p: optim.Adam(p, lr=rushlight.tensor(0.1), foreach=True),
            "lr as a Tensor is not supported",
        ),
        (
            lambda p: optim.LBFGS([{"params": p}, {"params": [parameter()]}]),
            "doesn't support per-parameter options",
        ),
    ],
)
def test_wrong_options(make, match):
    with pytest.raises(ValueError, match=match):
        make([parameter()])


def parameter():
    return nn.Parameter(rushlight.zeros(2))


def test_fused_updates_check_their_arguments():
    update, one = rushlight._ops._fused_update_, rushlight.ones(2)
    entry = {"step": rushlight.zeros(()), "sum": rushlight.ones(2)}
    names, options = (("sum",), ("step",)), (0.1, 0, False, 0, 1e-10)

    def call(rule="adagrad", params=(one,), grads=(one,), entries=None, names=names,
             options=options):  # fmt: skip
        entries = [entry] if entries is None else entries
        update(rule, list(params), list(grads), entries, *names, options)

    for error, wrong in [
        (ValueError, {"rule": "adabelief"}),
        (RuntimeError, {"grads": []}),
        (RuntimeError, {"grads": [rushlight.ones(3)]}),
        (RuntimeError, {"grads": [rushlight.ones(2, dtype=rushlight.float64)]}),
        (RuntimeError, {"options": (0.1,)}),
        (RuntimeError, {"names": ((), ("step",))}),
        (RuntimeError, {"names": ((None,), ("step",))}),
        (RuntimeError, {"names": (("sum",), ("sum",))}),
        (RuntimeError, {"entries": []}),
        (KeyError, {"names": (("total",), ("step",))}),
        (KeyError, {"entries": [{}]}),
        (TypeError, {"entries": [3]}),
        (TypeError, {"entries": [{"step": 1, "sum": one}]}),
        (TypeError, {"params": [3]}),
        (TypeError, {"options": (0.1, 0, False, 0, "eps")}),
    ]:
        with pytest.raises(error):
            call(**wrong)
    assert one.tolist() == [1.0, 1.0]
    assert entry["step"].item() == 0
    assert entry["sum"].tolist() == [1.0, 1.0]


@EVERY
def test_steps_are_seen_by_autograd(kind):
    param = nn.Parameter(rushlight.ones(2))
    loss = (param * param).sum()
    param.grad = rushlight.ones(2)
    kind([param]).step()
    with pytest.raises(RuntimeError, match=r"in-?place"):
        loss.backward()


def rosenbrock(x):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_a_minimum(search):
    param = nn.Parameter(rushlight.tensor([-1.2, 1.0, 0.5], dtype=rushlight.float64))
    optimizer = optim.LBFGS(
        [param],
        lr=1 if search else 1e-3,
        max_iter=1000,
        tolerance_grad=1e-10,
        tolerance_change=1e-14,
        line_search_fn=search,
    )
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = rosenbrock(param)
        loss.backward()
        return loss

    first = optimizer.step(closure)
    assert first.item() == rosenbrock(np.array([-1.2, 1.0, 0.5]))
    state = optimizer.state[param]
    assert state["func_evals"] == calls
    if search:
        np.testing.assert_allclose(param.tolist(), [1.0] * 3, atol=1e-6)
    else:
        assert rosenbrock(param).item() < first.item()


def test_lbfgs_solves_a_quadratic_in_as_many_steps_as_dimensions():
    """With exact line searches BFGS directions are conjugate (Nocedal 2006, 6.3)."""
    matrix = np.diag([1.0, 10.0, 100.0])
    a = rushlight.tensor(matrix.tolist(), dtype=rushlight.float64)
    param = nn.Parameter(rushlight.tensor([1.0, 1, 1], dtype=rushlight.float64))
    optimizer = optim.LBFGS(
        [param],
        max_iter=30,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        loss = param @ (a @ param) / 2
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(param.tolist(), [0.0] * 3, atol=1e-7)
    # Again at the minimum: one call, nothing moves.
    before = optimizer.state[param]["func_evals"]
    optimizer.step(closure)
    assert optimizer.state[param]["func_evals"] == before + 1


def test_lbfgs_several_parameters_and_missing_gradients():
    a = nn.Parameter(rushlight.tensor([3.0]))
    b = nn.Parameter(rushlight.tensor([[1.0 + 2.0j]]))
    unused = nn.Parameter(rushlight.ones(2))
    optimizer = optim.LBFGS([a, b, unused], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (a**2).sum() + (b * b.conj()).real.sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 14.0
    np.testing.assert_allclose(a.tolist(), [0.0], atol=1e-5)
    np.testing.assert_allclose(abs(b.item()), 0.0, atol=1e-5)
    assert unused.tolist() == [1.0, 1.0]


def test_lbfgs_errors():
    param = parameter()
    optimizer = optim.LBFGS([param], line_search_fn="armijo")

    def closure():
        loss = ((param - 1) ** 2).sum()
        param.grad = None
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optimizer.step(closure)
    with pytest.raises(TypeError):
        optimizer.step()
