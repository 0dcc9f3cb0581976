"""PyTorch's own optimizer records (optim_db) against Rushlight's optimizers.

Every record's inputs run for some steps in both libraries with the same parameters and
gradients, in every mode that the record supports; parameters, states and options are
compared after each step. Known differences stand in ``optim_db_gaps.txt``.
"""

from __future__ import annotations

import copy
import pathlib
import re
import warnings

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")
pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
from opdb.scope import Gaps  # noqa: E402
from rushlight import nn, optim  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_optimizers import (
        OptimizerErrorEnum,
        optim_db,
    )

GAPS = Gaps(pathlib.Path(__file__).with_name("optim_db_gaps.txt").read_text())
RECORDS = {info.name: info for info in optim_db}
SHAPES = [(3, 5), (), (130,), (0,), (2, 1, 4)]
STEPS = 10
# Relative to the largest value of a tensor, and absolute.
TOLERANCE = {"float32": 2e-5, "complex64": 2e-5, "float64": 1e-9, "complex128": 1e-9}
MODES = {
    "default": {},
    "foreach": {"foreach": True},
    "differentiable": {"differentiable": True},
    "fused": {"fused": True},
}


def modes(info):
    supported = {"default", *info.supported_impls}
    return [mode for mode in MODES if mode in supported]


def variants(info):
    dtypes = ["float32", "float64"]
    if info.supports_complex:
        dtypes += ["complex64", "complex128"]
    return [
        f"{dtype} {mode}"
        for dtype in dtypes
        for mode in modes(info)
        # Both raise: test_fused_refuses_complex_parameters.
        if not (mode == "fused" and dtype.startswith("complex"))
    ]


CASES = [(name, v) for name, info in RECORDS.items() for v in variants(info)]


def ours(x):
    """A value of PyTorch's as Rushlight's: tensors copied, containers rebuilt."""
    if isinstance(x, torch.nn.Parameter):
        return nn.Parameter(ours(x.detach()))
    if isinstance(x, torch.Tensor):
        copied = rushlight.from_numpy(x.detach().numpy().copy())
        if x.grad is not None:
            copied.grad = ours(x.grad)
        return copied
    if isinstance(x, dict):
        return type(x)({ours(k): ours(v) for k, v in x.items()})
    if isinstance(x, (list, tuple)):
        return type(x)(ours(v) for v in x)
    return x


def theirs(x):
    """A value of Rushlight's as PyTorch's."""
    if isinstance(x, rushlight.Tensor):
        return torch.from_numpy(x.detach().numpy().copy())
    if isinstance(x, dict):
        return type(x)({theirs(k): theirs(v) for k, v in x.items()})
    if isinstance(x, (list, tuple)):
        return type(x)(theirs(v) for v in x)
    return x


def random(rng, shape, dtype):
    value = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        value = value + 1j * rng.standard_normal(shape)
    return np.asarray(value).astype(dtype)


def check_same(mine, other, tolerance, where):
    """Raise unless two states or parts of them are alike, layout and values."""
    if isinstance(other, torch.Tensor):
        assert isinstance(mine, rushlight.Tensor), where
        assert str(mine.dtype).split(".")[-1] == str(other.dtype).split(".")[-1], where
        assert tuple(mine.shape) == tuple(other.shape), where
        a, b = mine.detach().numpy(), other.detach().numpy()
        scale = np.abs(b).max(initial=1.0)
        np.testing.assert_allclose(
            a, b, rtol=tolerance, atol=tolerance * scale, err_msg=where
        )
    elif isinstance(other, dict):
        assert list(mine) == list(other), where
        for key, value in other.items():
            check_same(mine[key], value, tolerance, f"{where}[{key!r}]")
    elif isinstance(other, (list, tuple)):
        assert type(mine) is type(other) and len(mine) == len(other), where
        for at, value in enumerate(other):
            check_same(mine[at], value, tolerance, f"{where}[{at}]")
    elif isinstance(other, float):
        assert type(mine) is float, where
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)
    else:
        assert type(mine) is type(other) and mine == other, where


def squared_distance(library, params, goals):
    """A loss with a different curvature for every element."""
    total = 0
    for at, (param, goal) in enumerate(zip(params, goals, strict=True)):
        gap = param - goal
        square = (gap * gap.conj()).real if gap.is_complex() else gap * gap
        total = total + (square * (1 + at)).sum() + (square * square).sum() * 0.1
    return total


class Pair:
    """The same parameters and optimizer in both libraries."""

    def __init__(self, info, dtype, kwargs):
        rng = np.random.default_rng(0)
        self.rng, self.dtype, self.info = rng, dtype, info
        values = [random(rng, shape, dtype) for shape in SHAPES]
        self.goals = [random(rng, shape, dtype) for shape in SHAPES]
        differentiable = kwargs.get("differentiable", False)
        self.theirs = [self._theirs(v, differentiable) for v in values]
        self.ours = [self._ours(v, differentiable) for v in values]
        self.optimizers = (
            getattr(optim, info.name)(self._groups(self.ours), **ours(kwargs)),
            info.optim_cls(self._groups(self.theirs), **kwargs),
        )

    def _theirs(self, value, differentiable):
        leaf = torch.from_numpy(value.copy()).requires_grad_()
        return leaf.clone() if differentiable else torch.nn.Parameter(leaf.detach())

    def _ours(self, value, differentiable):
        leaf = rushlight.from_numpy(value.copy()).requires_grad_()
        return leaf.clone() if differentiable else nn.Parameter(leaf.detach())

    def _groups(self, params):
        if not self.info.supports_param_groups:
            return params
        return [{"params": params[:3]}, {"params": params[3:], "lr": 0.01}]

    def set_gradients(self, skipped=None):
        for at, (mine, other) in enumerate(zip(self.ours, self.theirs, strict=True)):
            if at == skipped:
                continue
            grad = random(self.rng, SHAPES[at], self.dtype)
            mine.grad = rushlight.from_numpy(grad.copy())
            other.grad = torch.from_numpy(grad.copy())

    def step(self, skipped=None):
        mine, other = self.optimizers
        if self.info.step_requires_closure:
            losses = [
                optimizer.step(self._closure(library, optimizer, params, convert))
                for library, optimizer, params, convert in (
                    (rushlight, mine, self.ours, rushlight.from_numpy),
                    (torch, other, self.theirs, torch.from_numpy),
                )
            ]
            check_same(losses[0], losses[1], TOLERANCE[self.dtype], "loss")
            return
        self.set_gradients(skipped)
        assert mine.step() is None and other.step() is None

    def _closure(self, library, optimizer, params, convert):
        goals = [convert(goal.copy()) for goal in self.goals]

        def closure():
            optimizer.zero_grad()
            loss = squared_distance(library, params, goals)
            loss.backward()
            return loss

        return closure

    def check(self, where):
        tolerance = TOLERANCE[self.dtype]
        check_same(self.ours, self.theirs, tolerance, f"{where}: params")
        mine, other = (optimizer.state_dict() for optimizer in self.optimizers)
        check_same(mine, other, tolerance, f"{where}: state")


def failures_of(name, variant):
    """What differs in any of a record's inputs."""
    info = RECORDS[name]
    dtype, mode = variant.split()
    problems = []
    for given in info.optim_inputs_func(device="cpu", dtype=getattr(torch, dtype)):
        kwargs = {**copy.deepcopy(given.kwargs), **MODES[mode]}
        try:
            pair = Pair(info, dtype, kwargs)
            # A gradient that comes later; PyTorch's fused SGD takes none such.
            late = 1 if mode != "fused" else None
            with warnings.catch_warnings():
                # The gradients of parameters that are no leaves are read on purpose.
                warnings.filterwarnings("ignore", "The .grad attribute of a Tensor")
                # Later steps of L-BFGS find nothing left but rounding errors.
                for step in range(1 if info.step_requires_closure else STEPS):
                    pair.step(skipped=late if step == 0 else None)
                    pair.check(f"step {step}")
        except Exception as error:
            problems.append(f"{given.desc}: {type(error).__name__}: {error}"[:400])
    return problems


def settle(name, variant, problems):
    """Fail for differences that are not listed, and for lines that list none."""
    listed = GAPS.of(name, variant)
    if listed and not problems:
        pytest.fail(f"listed in optim_db_gaps.txt, but passes: {listed}")
    if not listed and problems:
        pytest.fail("\n".join(problems))
    if listed:
        pytest.skip(GAPS.lines[listed[0]])


@pytest.mark.parametrize(("name", "variant"), CASES, ids=[f"{n} {v}" for n, v in CASES])
def test_steps(name, variant):
    settle(name, variant, failures_of(name, variant))


def error_of(kind, params, kwargs, when):
    """What making an optimizer, or its first step, raises or warns of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            optimizer = kind(params, **kwargs)
            if when is OptimizerErrorEnum.STEP_ERROR:
                optimizer.step()
    except Exception as error:
        return error
    return None


def error_failures(info):
    kind = getattr(optim, info.name, None)
    if kind is None:
        return ["there is no such optimizer"]
    problems = []
    for case in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        given, when = case.optimizer_error_input, case.error_on
        params = given.params
        if params is None:
            params = [torch.nn.Parameter(torch.ones(2, 2))]
        # PyTorch writes what it fills in into the groups it gets: ours first.
        mine = error_of(kind, ours_sharing(params), ours(given.kwargs), when)
        other = error_of(info.optim_cls, params, given.kwargs, when)
        if type(mine) is not type(other):
            problems.append(f"{given.desc}: {mine!r}, but PyTorch {other!r}")
        elif other is not None and not re.search(case.error_regex, str(mine)):
            problems.append(f"{given.desc}: {mine} lacks {case.error_regex}")
    return problems


def ours_sharing(params):
    """Parameters converted so that one given twice is one again."""
    known = {}

    def convert(x):
        if isinstance(x, torch.Tensor):
            if id(x) not in known:
                known[id(x)] = ours(x)
            return known[id(x)]
        if isinstance(x, dict):
            return {key: convert(value) for key, value in x.items()}
        if isinstance(x, (list, tuple)):
            return type(x)(convert(item) for item in x)
        return x

    return convert(params)


@pytest.mark.parametrize("name", RECORDS)
def test_errors(name):
    settle(name, "errors", error_failures(RECORDS[name]))


def state_failures(name):
    """What goes wrong when states move between the libraries in mid-training."""
    info = RECORDS[name]
    problems = []
    for given in info.optim_inputs_func(device="cpu", dtype=torch.float64):
        try:
            check_moves(info, given)
        except Exception as error:
            problems.append(f"{given.desc}: {type(error).__name__}: {error}"[:400])
    return problems


def check_moves(info, given):
    kwargs = copy.deepcopy(given.kwargs)
    if info.step_requires_closure:
        # Few iterations a step: near the minimum the memory of L-BFGS holds
        # differences of nearly equal gradients, whose digits depend on the machine's
        # vectors.
        kwargs.setdefault("max_iter", 2)
    pair = Pair(info, "float64", kwargs)
    for _ in range(3):
        pair.step()
    mine, other = pair.optimizers
    # Deep copies and pickles first: they must not share their state.
    states = copy.deepcopy(mine.state_dict()), copy.deepcopy(other.state_dict())
    mine.load_state_dict(ours(states[1]))
    other.load_state_dict(theirs(states[0]))
    for step in range(3):
        pair.step()
        pair.check(f"step {step} after the exchange")
    # Older layouts: counts were numbers, and newer options were not there.
    older = []
    for state in states:
        state = copy.deepcopy(state)
        for entry in state["state"].values():
            for key in ("step", "eta", "mu", "mu_product"):
                if key in entry:
                    entry[key] = entry[key].item()
        for group in state["param_groups"]:
            for flag in info.not_og_supported_flags:
                group.pop(flag, None)
        older.append(state)
    mine.load_state_dict(older[0])
    other.load_state_dict(older[1])
    pair.step()
    check_same(pair.ours, pair.theirs, 1e-9, "older layout: params")
    # The order of options that were added differs from a new optimizer's in both.
    for a, b in zip(mine.param_groups, other.param_groups, strict=True):
        plain = [{k: v for k, v in g.items() if k != "params"} for g in (a, b)]
        assert sorted(plain[0]) == sorted(plain[1])


@pytest.mark.parametrize("name", RECORDS)
def test_states_move_between_the_libraries(name):
    settle(name, "states", state_failures(name))


@pytest.mark.parametrize(
    "name", [n for n, info in RECORDS.items() if "fused" in modes(info)]
)
def test_fused_refuses_complex_parameters(name):
    pair = Pair(RECORDS[name], "complex64", {"fused": True})
    pair.set_gradients()
    for optimizer in pair.optimizers:
        with pytest.raises(RuntimeError, match="floating point Tensors"):
            optimizer.step()


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_in_single_precision(dtype, search):
    pair = Pair(RECORDS["LBFGS"], dtype, {"line_search_fn": search})
    for step in range(3):
        pair.step()
        check_same(pair.ours, pair.theirs, TOLERANCE[dtype], f"step {step}")


def test_gaps_name_records():
    for name, variant in GAPS.lines:
        assert name in RECORDS, f"optim_db_gaps.txt: no record {name} {variant}"
