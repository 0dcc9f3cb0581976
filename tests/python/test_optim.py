"""Optimizers and schedules, against their formulas in NumPy."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import rushlight
from rushlight import nn, optim
from rushlight.optim import lr_scheduler

START = np.array([1.0, -2.0, 0.5])
GRADS = [np.array([0.1, -0.3, 2.0]), np.array([-0.2, 0.4, 1.0]), np.array([0, 1.0, -1])]


def run(make, dtype=rushlight.float64):
    param = nn.Parameter(rushlight.tensor(START.tolist(), dtype=dtype))
    optimizer = make([param])
    for grad in GRADS:
        param.grad = rushlight.tensor(grad.tolist(), dtype=dtype)
        optimizer.step()
    return param.detach().numpy(), optimizer


@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0, 0, False), (0.9, 0, False), (0.9, 0.3, False), (0.9, 0, True)],
)
@pytest.mark.parametrize("weight_decay", [0, 0.1])
@pytest.mark.parametrize("maximize", [False, True])
def test_sgd(momentum, dampening, nesterov, weight_decay, maximize):
    options = {
        "momentum": momentum,
        "dampening": dampening,
        "weight_decay": weight_decay,
        "nesterov": nesterov,
        "maximize": maximize,
    }
    got, optimizer = run(lambda p: optim.SGD(p, lr=0.1, **options))
    value, buffer = START.copy(), None
    for grad in GRADS:
        grad = (-grad if maximize else grad) + weight_decay * value
        if momentum:
            if buffer is None:
                buffer = grad
            else:
                buffer = momentum * buffer + (1 - dampening) * grad
            grad = grad + momentum * buffer if nesterov else buffer
        value = value - 0.1 * grad
    np.testing.assert_allclose(got, value, rtol=1e-14)
    state = optimizer.state_dict()["state"]
    if momentum:
        np.testing.assert_allclose(
            state[0]["momentum_buffer"].numpy(), buffer, rtol=1e-14
        )
    else:
        assert state == {}


@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("weight_decay", [0, 0.1])
@pytest.mark.parametrize("maximize", [False, True])
def test_adam(kind, amsgrad, weight_decay, maximize):
    got, optimizer = run(
        lambda p: kind(
            p,
            lr=0.1,
            betas=(0.8, 0.95),
            eps=1e-6,
            amsgrad=amsgrad,
            weight_decay=weight_decay,
            maximize=maximize,
        )
    )
    value, mean, square, largest = START.copy(), 0, 0, 0
    for step, grad in enumerate(GRADS, 1):
        grad = -grad if maximize else grad
        if kind is optim.AdamW:
            value = value * (1 - 0.1 * weight_decay)
        else:
            grad = grad + weight_decay * value
        mean = 0.8 * mean + 0.2 * grad
        square = 0.95 * square + 0.05 * grad**2
        largest = np.maximum(largest, square)
        root = np.sqrt((largest if amsgrad else square) / (1 - 0.95**step))
        value = value - 0.1 * mean / (1 - 0.8**step) / (root + 1e-6)
    np.testing.assert_allclose(got, value, rtol=1e-12)
    entry = optimizer.state_dict()["state"][0]
    assert entry["step"].item() == 3
    np.testing.assert_allclose(entry["exp_avg"].numpy(), mean, rtol=1e-12)
    np.testing.assert_allclose(entry["exp_avg_sq"].numpy(), square, rtol=1e-12)
    assert ("max_exp_avg_sq" in entry) == amsgrad


def test_parameters_of_many_shapes_and_missing_gradients():
    params = [
        nn.Parameter(rushlight.ones(2, 3).t().contiguous().t()),
        nn.Parameter(rushlight.ones(())),
        nn.Parameter(rushlight.ones(0)),
        nn.Parameter(rushlight.ones(5)),
    ]
    for param in params[:3]:
        param.grad = rushlight.ones(param.shape)
    for optimizer in (optim.SGD(params, lr=0.5, momentum=0.9), optim.Adam(params)):
        optimizer.step()
        assert len(optimizer.state_dict()["state"]) == 3
    assert params[3].tolist() == [1.0] * 5
    assert params[1].item() < 0.5


def test_strided_gradient():
    param = nn.Parameter(rushlight.zeros(2, 3))
    param.grad = rushlight.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).t()
    optim.SGD([param], lr=1.0).step()
    assert param.tolist() == [[-1.0, -3.0, -5.0], [-2.0, -4.0, -6.0]]


def test_parameter_that_is_a_slice_of_a_larger_tensor():
    base = rushlight.zeros(4, 4)
    param = nn.Parameter(base[1:3, ::2])
    param.grad = rushlight.ones(2, 2)
    optim.SGD([param], lr=1.0).step()
    assert base.sum().item() == -4
    assert param.tolist() == [[-1.0, -1.0], [-1.0, -1.0]]


@pytest.mark.parametrize("dtype", [rushlight.float16, rushlight.bfloat16])
def test_small_float_types(dtype):
    for make in (lambda p: optim.SGD(p, 0.5, 0.9), lambda p: optim.Adam(p, 0.5)):
        param = nn.Parameter(rushlight.ones(3, dtype=dtype))
        param.grad = rushlight.ones(3, dtype=dtype)
        make([param]).step()
        assert param.dtype == dtype
        np.testing.assert_allclose(param.tolist(), 0.5, atol=0.004)


def test_mixed_dtypes_and_large_parameters():
    sizes = [
        (200_000, "float32"),
        (3, "float64"),
        (50_000, "float32"),
        (7, "complex64"),
    ]
    params = [
        nn.Parameter(rushlight.ones(size, dtype=getattr(rushlight, dtype)))
        for size, dtype in sizes
    ]
    for param in params:
        param.grad = rushlight.ones(param.shape, dtype=param.dtype)
    for make in (lambda p: optim.SGD(p, 0.25, 0.5), lambda p: optim.Adam(p, 0.25)):
        with rushlight.no_grad():
            for param in params:
                param.fill_(1.0)
        make(params).step()
        for param in params:
            np.testing.assert_allclose(param.detach().numpy(), 0.75, rtol=1e-6)


def test_duplicate_parameter_is_updated_twice():
    param = nn.Parameter(rushlight.zeros(100_000))
    param.grad = rushlight.ones(100_000)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = optim.SGD([param, param], lr=1.0)
    optimizer.step()
    assert param.detach().numpy().tolist() == [-2.0] * 100_000


def test_fused_steps_check_their_arguments():
    ops, one = rushlight._ops, rushlight.ones(2)
    for params, grads in [([one], []), ([one], [rushlight.ones(3)]), (["x"], [one])]:
        with pytest.raises((RuntimeError, TypeError)):
            ops._fused_sgd_(params, grads, [None], 0.1, 0.0, 0.0, 0.0, False, False)
    step = rushlight.zeros((), dtype=rushlight.int64)
    with pytest.raises(RuntimeError):
        ops._fused_adam_(
            *([one], [one], [one], [one], [], [step]),
            *(0.1, 0.9, 0.99, 0.0, 1e-8, False, False, False),
        )
    assert one.tolist() == [1.0, 1.0]


def test_step_is_seen_by_autograd():
    param = nn.Parameter(rushlight.ones(2))
    loss = (param * param).sum()
    param.grad = rushlight.ones(2)
    optim.SGD([param], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"in-?place"):
        loss.backward()


def test_training_reduces_the_loss():
    rushlight.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    x = rushlight.randn(64, 2)
    y = (x[:, :1] * x[:, 1:]).detach()
    for make in (
        lambda p: optim.SGD(p, 0.1, momentum=0.9),
        lambda p: optim.AdamW(p, 0.01),
    ):
        model = copy.deepcopy(net)
        optimizer = make(model.parameters())
        losses = []
        for _ in range(60):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * losses[0]


def test_groups_and_repr():
    a, b = nn.Parameter(rushlight.zeros(1)), nn.Parameter(rushlight.zeros(1))
    optimizer = optim.SGD([{"params": a, "lr": 1.0}, {"params": [b]}], lr=0.1)
    a.grad = b.grad = rushlight.ones(1)
    optimizer.step()
    assert a.item() == -1.0
    assert b.item() == pytest.approx(-0.1)
    assert repr(optim.SGD([a], lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n"
        "    foreach: None\n    fused: None\n    lr: 0.1\n    maximize: False\n"
        "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )
    named = optim.SGD([("a", a)], lr=0.1)
    assert named.state_dict()["param_groups"][0]["param_names"] == ["a"]


def parameter():
    return nn.Parameter(rushlight.zeros(2))


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda p: optim.SGD([], 0.1), ValueError, "empty parameter list"),
        (lambda p: optim.SGD(p, 0.1), TypeError, "iterable of Tensors or dicts"),
        (lambda p: optim.SGD([3], 0.1), TypeError, "can only optimize Tensors"),
        (lambda p: optim.SGD([p * 2], 0.1), ValueError, "non-leaf"),
        (lambda p: optim.SGD([p], -1), ValueError, "Invalid learning rate: -1"),
        (lambda p: optim.SGD([p], momentum=-1), ValueError, "Invalid momentum value"),
        (lambda p: optim.SGD([p], nesterov=True), ValueError, "Nesterov"),
        (lambda p: optim.SGD([p], weight_decay=-1), ValueError, "weight_decay"),
        (lambda p: optim.SGD([p], fused=True, foreach=True), RuntimeError, "together"),
        (
            lambda p: optim.SGD([p], differentiable=True, fused=True),
            RuntimeError,
            "does not support `differentiable`",
        ),
        (lambda p: optim.Adam([p], betas=(1.0, 0.9)), ValueError, "index 0: 1.0"),
        (lambda p: optim.Adam([p], eps=-1), ValueError, "Invalid epsilon value"),
        (lambda p: optim.Adam([p], betas=(0, 0.9)), ValueError, "both floats"),
        (lambda p: optim.SGD([{"params": {p}}]), TypeError, "ordered collections"),
        (
            lambda p: optim.SGD([{"params": p}, {"params": p}]),
            ValueError,
            "more than one parameter group",
        ),
        (lambda p: optim.SGD([p]).add_param_group([p]), TypeError, "must be a dict"),
        (
            lambda p: optim.SGD([("a", p), parameter()]),
            ValueError,
            "Some param names are missing",
        ),
        (
            lambda p: optim.Optimizer([p], {"lr": optim.optimizer.required}),
            ValueError,
            "required optimization parameter lr",
        ),
        (
            lambda p: optim.Optimizer([p], {}).step(),
            NotImplementedError,
            "does not define",
        ),
    ],
)
def test_wrong_arguments(make, error, match):
    with pytest.raises(error, match=match):
        make(parameter())


def test_duplicate_parameters_warn():
    param = parameter()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([param, param], 0.1)


@pytest.mark.parametrize("kind", [optim.Adam, optim.SGD])
def test_state_dict_resumes(kind):
    def make(p):
        return kind(p, lr=0.1) if kind is optim.Adam else kind(p, 0.1, momentum=0.9)

    params = [parameter(), parameter()]
    twins = [parameter(), parameter()]
    first, second = make(params), make(twins)
    for step in range(4):
        for param, twin in zip(params, twins, strict=True):
            param.grad = rushlight.tensor([1.0, 2.0 - step])
            twin.grad = param.grad.clone()
        if step == 2:
            with rushlight.no_grad():
                for param, twin in zip(params, twins, strict=True):
                    twin.copy_(param)
            second.load_state_dict(copy.deepcopy(first.state_dict()))
        first.step()
        if step >= 2:
            second.step()
    for param, twin in zip(params, twins, strict=True):
        assert param.tolist() == twin.tolist()
    state = first.state_dict()
    assert state["param_groups"][0]["params"] == [0, 1]
    assert sorted(state["state"]) == [0, 1]
    with pytest.raises(ValueError, match="different number of parameter groups"):
        first.load_state_dict({"state": {}, "param_groups": []})
    with pytest.raises(ValueError, match="doesn't match the size"):
        make([parameter()]).load_state_dict(state)


def test_load_state_dict_casts_to_the_parameter():
    param = parameter()
    optimizer = optim.Adam([param])
    param.grad = rushlight.ones(2)
    optimizer.step()
    double = nn.Parameter(rushlight.zeros(2, dtype=rushlight.float64))
    other = optim.Adam([double])
    other.load_state_dict(optimizer.state_dict())
    entry = other.state[double]
    assert entry["exp_avg"].dtype == rushlight.float64
    assert entry["step"].dtype == rushlight.float32


def test_pickle():
    optimizer = optim.SGD([parameter()], 0.1, momentum=0.9)
    again = pickle.loads(pickle.dumps(optimizer))
    assert repr(again) == repr(optimizer)
    again.zero_grad()
    again.step()


def test_zero_grad_and_closure():
    param = parameter()
    optimizer = optim.SGD([param], lr=1.0)

    def closure():
        optimizer.zero_grad()
        loss = ((param - 1) ** 2).sum()
        loss.backward()
        return loss

    with rushlight.no_grad():
        assert optimizer.step(closure).item() == 2.0
    assert param.tolist() == [2.0, 2.0]
    optimizer.zero_grad(set_to_none=False)
    assert param.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert param.grad is None
    optimizer.step()


def test_step_hooks():
    calls = []
    optimizer = optim.SGD([parameter()], 0.1)
    pre = optimizer.register_step_pre_hook(lambda o, a, k: calls.append("pre"))
    optimizer.register_step_post_hook(lambda o, a, k: calls.append("post"))
    with optim.optimizer.register_optimizer_step_pre_hook(
        lambda o, a, k: calls.append("global")
    ):
        optimizer.step()
    pre.remove()
    optimizer.step()
    assert calls == ["global", "pre", "post", "post"]
    optimizer.register_state_dict_post_hook(lambda o, s: {**s, "extra": 1})
    assert optimizer.state_dict()["extra"] == 1


def test_own_optimizer_gets_hooks():
    class Sign(optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        @rushlight.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for param in group["params"]:
                    param.sub_(param.grad.sign() * group["lr"])

    param = parameter()
    param.grad = rushlight.tensor([3.0, -4.0])
    optimizer = Sign([param])
    seen = []
    optimizer.register_step_post_hook(lambda o, a, k: seen.append(o))
    optimizer.step()
    np.testing.assert_allclose(param.tolist(), [-0.1, 0.1], rtol=1e-6)
    assert seen == [optimizer]


def rates(make, steps=8, lr=1.0, **options):
    optimizer = optim.SGD([parameter()], lr, **options)
    schedule = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert schedule.get_last_lr() == [optimizer.param_groups[0]["lr"]]
    return values


SCHEDULES = {
    "lambda": (
        lambda o: lr_scheduler.LambdaLR(o, lambda n: 0.5**n),
        lambda n: 0.5**n,
    ),
    "step": (lambda o: lr_scheduler.StepLR(o, 3, 0.5), lambda n: 0.5 ** (n // 3)),
    "multistep": (
        lambda o: lr_scheduler.MultiStepLR(o, [2, 2, 5], 0.5),
        lambda n: 0.5 ** (2 * (n >= 2) + (n >= 5)),
    ),
    "exponential": (lambda o: lr_scheduler.ExponentialLR(o, 0.9), lambda n: 0.9**n),
    "linear": (
        lambda o: lr_scheduler.LinearLR(o, 0.2, 1.0, 4),
        lambda n: 0.2 + 0.8 * min(n, 4) / 4,
    ),
    "cosine": (
        lambda o: lr_scheduler.CosineAnnealingLR(o, 5, 0.1),
        lambda n: 0.1 + 0.9 * (1 + math.cos(math.pi * n / 5)) / 2,
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_follow_their_formula(name):
    make, formula = SCHEDULES[name]
    np.testing.assert_allclose(rates(make), [formula(n) for n in range(8)], rtol=1e-12)


def test_one_cycle():
    values = rates(
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=11), 11, momentum=0.9
    )
    assert values[0] == pytest.approx(1 / 25)
    assert max(values) == pytest.approx(1.0, abs=0.05)
    assert values[10] == pytest.approx(1 / 25 / 1e4)
    optimizer = optim.SGD([parameter()], 0.1, momentum=0.9)
    with pytest.raises(ValueError, match="either total_steps OR"):
        lr_scheduler.OneCycleLR(optimizer, 1.0)
    with pytest.raises(ValueError, match="positive integer epochs"):
        lr_scheduler.OneCycleLR(optimizer, 1.0, epochs=0, steps_per_epoch=2)


def test_reduce_on_plateau():
    optimizer = optim.SGD([parameter()], 1.0)
    schedule = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.2
    )
    seen = []
    for metric in [3, 2, 2, 2, 2, 2, 2, 2, 2, 2]:
        schedule.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2]
    with pytest.raises(ValueError, match="mode best is unknown"):
        lr_scheduler.ReduceLROnPlateau(optimizer, mode="best")


def test_schedule_state_and_warnings():
    optimizer = optim.SGD([parameter()], 1.0)
    schedule = lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        schedule.step()
    state = schedule.state_dict()
    assert "optimizer" not in state
    other = lr_scheduler.StepLR(optim.SGD([parameter()], 1.0), 5)
    other.load_state_dict(state)
    assert other.step_size == 2
    with pytest.warns(UserWarning, match="get_last_lr"):
        schedule.get_lr()
    with pytest.raises(TypeError, match="not an Optimizer"):
        lr_scheduler.StepLR(3, 2)
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.StepLR(optim.SGD([parameter()], 1.0), 2, last_epoch=3)
