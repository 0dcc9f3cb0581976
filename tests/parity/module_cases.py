"""Uses of nn.Module written once for both libraries; each returns plain data.

A case is a function of the library; what it returns, or the exception it raises, is
compared by test_module_api.py.
"""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import module_classes

CASES: dict = {}


def case(function):
    CASES[function.__name__] = function
    return function


def net(lib):
    n = lib.nn
    lib.manual_seed(0)
    return n.Sequential(
        OrderedDict(
            a=n.Linear(3, 4), act=n.ReLU(), deep=n.Sequential(n.Linear(4, 2), n.Tanh())
        )
    )


def names(pairs):
    return [name for name, _ in pairs]


# ---- registration and attributes -------------------------------------------------


@case
def buffers_persistent_or_not(lib):
    m = lib.nn.Module()
    m.register_buffer("a", lib.ones(2))
    m.register_buffer("b", lib.ones(2), persistent=False)
    m.register_buffer("c", None)
    before = list(m.state_dict())
    m.register_buffer("a", lib.zeros(1), persistent=False)
    m.register_buffer("b", lib.zeros(1))
    m.c = lib.ones(1)
    m.d = lib.nn.Buffer(lib.ones(1), persistent=False)
    m.e = lib.nn.Buffer(lib.ones(1))
    m.d = lib.ones(3)
    return before, list(m.state_dict()), names(m.named_buffers())


@case
def a_name_changes_its_kind(lib):
    n = lib.nn
    m = n.Module()
    log = []

    def note():
        tables = (m._parameters, m._buffers, m._modules)
        log.append([list(table) for table in tables] + ["x" in m.__dict__])

    m.x = 3
    note()
    m.x = n.Parameter(lib.ones(1))
    note()
    m.x = n.Linear(1, 1)
    note()
    del m.x
    note()
    m.register_buffer("x", lib.ones(1), persistent=False)
    m.x = n.Parameter(lib.ones(1))
    note()
    m.x = None
    note()
    log.append(m.x is None)
    log.append(sorted(m._non_persistent_buffers_set))
    return log


@case
def parameter_none_then_set(lib):
    m = lib.nn.Module()
    m.register_parameter("p", None)
    log = [names(m.named_parameters()), list(m.state_dict())]
    m.p = lib.nn.Parameter(lib.ones(2))
    return [*log, names(m.named_parameters()), list(m.state_dict())]


def refused(name, call):
    CASES[f"refused {name}"] = call


refused("buffer dot", lambda lib: lib.nn.Module().register_buffer("a.b", lib.ones(1)))
refused("buffer empty", lambda lib: lib.nn.Module().register_buffer("", lib.ones(1)))
refused("buffer no str", lambda lib: lib.nn.Module().register_buffer(3, lib.ones(1)))
refused("buffer taken", lambda lib: lib.nn.Module().register_buffer("eval", None))
refused("buffer no tensor", lambda lib: lib.nn.Module().register_buffer("a", [1.0]))
refused("parameter dot", lambda lib: lib.nn.Module().register_parameter("a.b", None))
refused("parameter empty", lambda lib: lib.nn.Module().register_parameter("", None))
refused("parameter no str", lambda lib: lib.nn.Module().register_parameter(3, None))
refused("parameter taken", lambda lib: lib.nn.Module().register_parameter("eval", None))
refused(
    "parameter tensor",
    lambda lib: lib.nn.Module().register_parameter("a", lib.ones(1)),
)
refused(
    "parameter non-leaf",
    lambda lib: lib.nn.Module().register_parameter("a", _non_leaf_parameter(lib)),
)


def _non_leaf_parameter(lib):
    p = lib.nn.Parameter(lib.ones(1))
    q = lib.nn.Parameter(lib.ones(1))
    with lib.no_grad():
        q.requires_grad_(False)
    q.mul_(p)
    return q


refused("module dot", lambda lib: lib.nn.Module().add_module("a.b", None))
refused("module empty", lambda lib: lib.nn.Module().add_module("", None))
refused("module no str", lambda lib: lib.nn.Module().add_module(3, None))
refused("module taken", lambda lib: lib.nn.Module().register_module("eval", None))
refused("module no module", lambda lib: lib.nn.Module().add_module("a", 3))
refused("unknown attribute", lambda lib: lib.nn.Linear(1, 1).weigth)
refused("delete unknown", lambda lib: delattr(lib.nn.Linear(1, 1), "weigth"))
refused("number to parameter", lambda lib: setattr(lib.nn.Linear(1, 1), "weight", 3))
refused(
    "tensor to parameter",
    lambda lib: setattr(lib.nn.Linear(1, 1), "weight", lib.ones(1)),
)
refused("number to module", lambda lib: setattr(net(lib), "act", 3))
refused(
    "number to buffer",
    lambda lib: setattr(module_classes.of(lib).Counter(), "seen", 3),
)
refused("early parameter", lambda lib: module_classes.of(lib).Early("parameter"))
refused("early buffer", lambda lib: module_classes.of(lib).Early("buffer"))
refused("early module", lambda lib: module_classes.of(lib).Early("module"))
refused("early register", lambda lib: module_classes.of(lib).Early("register"))
refused("constructor keyword", lambda lib: lib.nn.Module(size=3))
refused("constructor argument", lambda lib: lib.nn.Module(3))
refused("no forward", lambda lib: lib.nn.Module()(3))
refused("train no bool", lambda lib: lib.nn.Module().train(1))
refused("to integers", lambda lib: net(lib).to(lib.int32))
refused("extra state", lambda lib: _first_words(lib.nn.Module().get_extra_state))
refused(
    "set extra state",
    lambda lib: _first_words(lambda: lib.nn.Module().set_extra_state(3)),
)


def _first_words(call):
    # PyTorch goes on with where to report a bug.
    try:
        call()
    except RuntimeError as error:
        return str(error).partition(" be called")[0]


# ---- paths -------------------------------------------------------------------------

for path in ["", "deep", "deep.0", "deep.0.weight", "nope", "deep.nope.x", "a..b"]:
    refused(f"submodule {path}", lambda lib, p=path: repr(net(lib).get_submodule(p)))
    refused(
        f"parameter {path}",
        lambda lib, p=path: list(net(lib).get_parameter(p).shape),
    )
    refused(f"buffer {path}", lambda lib, p=path: net(lib).get_buffer(p))


def _set_submodule(lib, *args, **kwargs):
    m = net(lib)
    m.set_submodule(*args, **kwargs)
    return repr(m)


for path in ["", "deep", "deep.1", "deep.new", "deep.0.weight", "no.no", "new"]:
    for strict in (False, True):
        refused(
            f"set_submodule {path} {strict}",
            lambda lib, p=path, s=strict: _set_submodule(
                lib, p, lib.nn.Identity(), strict=s
            ),
        )
refused("set_submodule number", lambda lib: _set_submodule(lib, "deep", 3))


@case
def paths_to_buffers(lib):
    m = lib.nn.Sequential(module_classes.of(lib).Counter())
    return m.get_buffer("0.seen").tolist()


# ---- walking ------------------------------------------------------------------------


def shared(lib):
    n = lib.nn
    one = n.Linear(2, 2)
    m = n.Sequential(one, n.Sequential(one, n.Linear(2, 2)))
    m[1][1].weight = one.weight
    m.register_buffer("u", lib.ones(1))
    m[1].register_buffer("v", m.u)
    m.extra = None
    m.register_module("none", None)
    return m


@case
def walks(lib):
    m = shared(lib)
    log = []
    for recurse in (True, False):
        for unique in (True, False):
            options = {"recurse": recurse, "remove_duplicate": unique}
            log.append(names(m.named_parameters(**options)))
            log.append(names(m.named_parameters("pre", **options)))
            log.append(names(m.named_buffers("pre", **options)))
        log.append(len(list(m.parameters(recurse))))
        log.append(len(list(m.buffers(recurse))))
    for unique in (True, False):
        log.append(names(m.named_modules(remove_duplicate=unique)))
        log.append(names(m.named_modules(None, "p", unique)))
        log.append(len(list(m.modules(remove_duplicate=unique))))
    log.append(names(m.named_children()))
    log.append(len(list(m.children())))
    return log


@case
def apply_order(lib):
    log = []
    m = net(lib)
    log.append(m.apply(lambda x: log.append(type(x).__name__)) is m)
    return log


@case
def dir_of_a_model(lib):
    m = net(lib)
    m.own = 1
    mine = ["a", "act", "deep", "own", "0", "weight", "training"]
    deep = dir(m.deep)
    return [x in dir(m) for x in mine], "0" in deep, dir(m) == sorted(dir(m))


@case
def modes(lib):
    m = net(lib)
    log = [m.eval() is m, [x.training for x in m.modules()]]
    m.deep.train()
    log.append([x.training for x in m.modules()])
    m.train(False)
    log.append([x.training for x in m.modules()])
    return log


@case
def requires_grad_and_zero_grad(lib):
    m = net(lib)
    m(lib.ones(2, 3)).sum().backward()
    m.a.zero_grad(set_to_none=False)
    log = [float(m.a.weight.grad.abs().sum()), m.deep[0].weight.grad is None]
    m.zero_grad()
    log.append(m.a.weight.grad is None)
    log.append(m.requires_grad_(False) is m)
    log.append([p.requires_grad for p in m.parameters()])
    return log


# ---- conversions --------------------------------------------------------------------


def dtypes(m):
    tensors = [*m.named_parameters(), *m.named_buffers()]
    return [(name, str(t.dtype).rpartition(".")[2]) for name, t in tensors]


@case
def conversions(lib):
    def mixed():
        m = net(lib)
        m.register_buffer("count", lib.ones(2, dtype=lib.int64))
        m.register_buffer("mean", lib.ones(2))
        return m

    log = []
    for change in (
        lambda m: m.half(),
        lambda m: m.bfloat16(),
        lambda m: m.double(),
        lambda m: m.double().float(),
        lambda m: m.to(lib.float64),
        lambda m: m.to("cpu", lib.float16),
        lambda m: m.to(device="cpu"),
        lambda m: m.to(lib.ones(1, dtype=lib.float64)),
        lambda m: m.to(dtype=lib.bfloat16, non_blocking=True),
        lambda m: m.type(lib.float64),
        lambda m: m.cpu(),
        lambda m: m.to_empty(device="cpu"),
        lambda m: m.to_empty(device="cpu", recurse=False),
        lambda m: m.share_memory(),
    ):
        m = mixed()
        before = [id(p) for p in m.parameters()]
        log.append(change(m) is m)
        log.append(dtypes(m))
        log.append(before == [id(p) for p in m.parameters()])
        log.append([p.requires_grad and p.is_leaf for p in m.parameters()])
    return log


@case
def conversion_keeps_gradients(lib):
    m = net(lib)
    m(lib.ones(2, 3)).sum().backward()
    grads = [p.grad for p in m.parameters()]
    m.double()
    return (
        [p.grad is g for p, g in zip(m.parameters(), grads, strict=True)],
        [str(p.grad.dtype).rpartition(".")[2] for p in m.parameters()],
    )


@case
def channels_last(lib):
    m = lib.nn.Conv2d(2, 3, 3)
    m.to(memory_format=lib.channels_last)
    return m.weight.stride(), m.bias.stride(), m.weight.is_leaf


# ---- saving and loading ------------------------------------------------------------


@case
def state_dict_arguments(lib):
    m = net(lib)
    given = OrderedDict(first=1)
    out = m.state_dict(destination=given, prefix="p.", keep_vars=True)
    return (
        out is given,
        list(out),
        out["p.a.weight"] is m.a.weight,
        hasattr(out, "_metadata"),
        {k: dict(v) for k, v in m.state_dict(prefix="q.")._metadata.items()},
        m.state_dict()["a.weight"].requires_grad,
    )


@case
def state_dict_hooks(lib):
    m = net(lib)
    log = []
    m.register_state_dict_pre_hook(
        lambda mod, prefix, keep: log.append(("pre", mod is m, prefix, keep))
    )
    m.deep.register_state_dict_pre_hook(
        lambda mod, prefix, keep: log.append(("deep", prefix, keep))
    )

    def post(mod, state, prefix, meta):
        log.append(("post", prefix, list(state), dict(meta)))
        state[prefix + "more"] = 1

    handle = m.register_state_dict_post_hook(post)
    m.deep._register_state_dict_hook(
        lambda mod, state, prefix, meta: log.append(("own", prefix, list(state)))
    )
    log.append(list(m.state_dict(prefix="x.")))
    handle.remove()
    m._register_state_dict_hook(lambda mod, state, prefix, meta: {"only": 1})
    log.append(m.state_dict())
    return log


@case
def post_hook_must_return_none(lib):
    m = net(lib)
    m.register_state_dict_post_hook(lambda *args: {})
    m.state_dict()


@case
def post_hook_not_twice(lib):
    m = net(lib)

    def hook(*args):
        return None

    m.register_state_dict_post_hook(hook)
    m._register_state_dict_hook(hook)


@case
def load_hooks(lib):
    m = net(lib)
    log = []
    m.register_load_state_dict_pre_hook(
        lambda mod, state, prefix, meta, strict, missing, unexpected, errors: (
            log.append(("pre", mod is m, prefix, strict, len(state), dict(meta)))
        )
    )
    m.deep._register_load_state_dict_pre_hook(
        lambda state, prefix, *rest: log.append(("deep", prefix, sorted(state)))
    )

    def after(mod, keys):
        log.append((mod is m, list(keys.missing_keys), list(keys.unexpected_keys)))
        keys.missing_keys.clear()

    m.register_load_state_dict_post_hook(after)
    state = m.state_dict()
    del state["a.bias"]
    log.append(repr(m.load_state_dict(state)))
    log.append(list(m.load_state_dict({"a.bias": lib.ones(4)}, strict=False)))
    return log


@case
def load_post_hook_returns(lib):
    m = net(lib)
    m.register_load_state_dict_post_hook(lambda *args: 3)
    m.load_state_dict(m.state_dict())


for name, change in {
    "same": lambda lib, s: None,
    "missing": lambda lib, s: s.pop("a.weight"),
    "unexpected": lambda lib, s: s.update(zzz=lib.ones(1)),
    "unexpected module": lambda lib, s: s.update({"q.zzz": lib.ones(1)}),
    "unexpected below": lambda lib, s: s.update({"a.q.zzz": lib.ones(1)}),
    "shape": lambda lib, s: s.update({"a.weight": lib.ones(1)}),
    "shapes": lambda lib, s: s.update({"a.weight": lib.ones(1), "a.bias": lib.ones(9)}),
    "no tensor": lambda lib, s: s.update({"a.weight": 3}),
    "extra": lambda lib, s: s.update({"a._extra_state": 3}),
    "dtype": lambda lib, s: s.update({"a.weight": s["a.weight"].double()}),
    "complex": lambda lib, s: s.update({"a.bias": lib.ones(4, dtype=lib.float16)}),
}.items():
    for strict in (True, False):
        for assign in (True, False):

            def load(lib, change=change, strict=strict, assign=assign):
                m = net(lib)
                state = m.state_dict()
                change(lib, state)
                out = m.load_state_dict(state, strict=strict, assign=assign)
                return list(out), repr(out), dtypes(m)

            CASES[f"load {name} strict={strict} assign={assign}"] = load

refused("load list", lambda lib: net(lib).load_state_dict([1]))


@case
def scalar_from_old_file(lib):
    m = lib.nn.Module()
    m.s = lib.nn.Parameter(lib.zeros(()))
    m.load_state_dict({"s": lib.ones(1)})
    return m.s.tolist()


@case
def load_into_none(lib):
    m = lib.nn.Linear(2, 2, bias=False)
    m.load_state_dict({"weight": lib.ones(2, 2), "bias": lib.ones(2)})


@case
def assign_keeps_requires_grad(lib):
    m = net(lib)
    m.a.requires_grad_(False)
    state = {k: v.clone() for k, v in m.state_dict().items()}
    state["deep.0.weight"] = lib.nn.Parameter(lib.ones(2, 4), requires_grad=False)
    m.load_state_dict(state, assign=True)
    return (
        [p.requires_grad for p in m.parameters()],
        m.a.weight.data_ptr() == state["a.weight"].data_ptr(),
        m.deep[0].weight is state["deep.0.weight"],
    )


@case
def extra_state(lib):
    cls = module_classes.of(lib)
    m, other = cls.Extra(), cls.Extra()
    m.value = {"n": 5}
    state = m.state_dict()
    log = [list(state), state["_extra_state"]]
    other.load_state_dict(state)
    log.append(other.value)
    log.append(list(other.load_state_dict({}, strict=False)))
    other.load_state_dict({})
    return log


# ---- copies and reprs --------------------------------------------------------------


@case
def deepcopy_and_pickle(lib):
    m = module_classes.of(lib).Counter()
    m.shared = m.linear
    m.linear.weight.requires_grad_(False)
    log = []
    for other in (copy.deepcopy(m), pickle.loads(pickle.dumps(m)), copy.copy(m)):
        log.append(list(other.state_dict()))
        log.append(other.shared is other.linear)
        log.append(other.linear.weight is m.linear.weight)
        log.append(other.linear.weight.tolist() == m.linear.weight.tolist())
        log.append([p.requires_grad for p in other.parameters()])
        log.append(sorted(other._non_persistent_buffers_set))
    return log


@case
def reprs(lib):
    cls = module_classes.of(lib)
    n = lib.nn
    m = net(lib)
    m.deep.add_module("none", None)
    return [
        repr(x)
        for x in (
            m,
            n.Module(),
            n.Sequential(),
            cls.TwoLines(),
            n.Sequential(cls.TwoLines()),
            cls.OneLineAndChild(),
            n.ModuleList([n.Linear(1, 1)] * 2 + [n.ReLU()] + [n.Linear(1, 1)]),
            n.ModuleList([n.Sequential(n.ReLU()), n.Sequential(n.ReLU())]),
            n.ModuleDict({"a": n.ReLU(), "b": n.ModuleDict()}),
        )
    ]
