"""Containers of modules and parameters, written once for both libraries."""

from __future__ import annotations

from collections import OrderedDict

CASES: dict = {}


def case(function):
    CASES[function.__name__] = function
    return function


def attempt(call):
    """The result's repr, or the exception's type and text."""
    try:
        return repr(call())
    except Exception as error:
        return type(error).__name__, str(error)


def linears(lib, count=4):
    return [lib.nn.Linear(1, size + 1) for size in range(count)]


def sizes(container):
    return [layer.out_features for layer in container]


@case
def sequential(lib):
    n = lib.nn
    s = n.Sequential(*linears(lib))
    log = [len(s), sizes(s), sizes(s[1:3]), list(s[1:3]._modules), s[-1].out_features]
    named = n.Sequential(OrderedDict(x=n.ReLU(), y=n.Tanh(), z=n.Sigmoid()))
    log += [list(named._modules), repr(named[1:]), repr(named.y)]
    del named[1]
    log.append(list(named._modules))
    del named[1]
    log.append(list(named._modules))
    s[0] = n.Linear(1, 9)
    log.append(sizes(s))
    s.append(n.Linear(1, 7)).append(n.Linear(1, 8))
    log.append(sizes(s))
    del s[1]
    log += [sizes(s), list(s._modules)]
    del s[1:3]
    log += [sizes(s), list(s._modules)]
    log += [s.pop(0).out_features, sizes(s), list(s._modules)]
    s.insert(0, n.Linear(1, 3))
    s.insert(-1, n.Linear(1, 4))
    log += [sizes(s), list(s._modules)]
    s.extend(linears(lib, 2))
    log.append(sizes(s))
    log.append(sizes(s + n.Sequential(*linears(lib, 1))))
    log.append(sizes(n.Sequential(*linears(lib, 2)) * 2))
    log.append(sizes(2 * n.Sequential(*linears(lib, 2))))
    t = n.Sequential(*linears(lib, 2))
    t *= 3
    t += n.Sequential(*linears(lib, 1))
    log += [sizes(t), list(t._modules)]
    log.append([x for x in dir(t) if x.isdigit()])
    return log


@case
def sequential_refuses(lib):
    n = lib.nn
    s = n.Sequential(*linears(lib, 2))
    return [
        attempt(lambda: s[5]),
        attempt(lambda: s["a"]),
        attempt(lambda: s.__delitem__(5)),
        attempt(lambda: s.__setitem__(7, n.ReLU())),
        attempt(lambda: s.__setitem__(0, 7)),
        attempt(lambda: s.insert(9, n.ReLU())),
        attempt(lambda: s.insert(0, 3)),
        attempt(lambda: s.append(3)),
        attempt(lambda: s.extend([3])),
        attempt(lambda: s.pop(4)),
        attempt(lambda: s + [n.ReLU()]),
        attempt(lambda: s * 0),
        attempt(lambda: s * 1.5),
        attempt(lambda: n.Sequential([n.ReLU()])),
        attempt(lambda: n.Sequential({"a": n.ReLU()})),
    ]


@case
def module_list(lib):
    n = lib.nn
    m = n.ModuleList(linears(lib))
    log = [len(m), sizes(m), sizes(m[1:3]), m[-1].out_features, list(m[::2]._modules)]
    m[1] = n.Linear(1, 9)
    m[-1] = n.Linear(1, 8)
    log.append(sizes(m))
    del m[0]
    log += [sizes(m), list(m._modules)]
    del m[1:]
    log += [sizes(m), list(m._modules)]
    m += linears(lib, 2)
    m.append(n.Linear(1, 6)).extend(linears(lib, 1))
    log.append(sizes(m))
    m.insert(1, n.Linear(1, 5))
    log += [sizes(m), list(m._modules), m.pop(2).out_features, sizes(m)]
    log += [sizes(m + linears(lib, 1)), m[0] in m, n.ReLU() in m, sizes(reversed(m))]
    return log


@case
def module_list_refuses(lib):
    n = lib.nn
    m = n.ModuleList(linears(lib, 2))
    return [
        attempt(lambda: m[2]),
        attempt(lambda: m[-3]),
        attempt(lambda: m["a"]),
        attempt(lambda: m.__setitem__(2, n.ReLU())),
        attempt(lambda: m.__delitem__(2)),
        attempt(lambda: m.extend(3)),
        attempt(lambda: m.append(3)),
        attempt(lambda: m(3)),
        attempt(lambda: n.ModuleList(n.ReLU())),
    ]


@case
def module_dict(lib):
    n = lib.nn
    d = n.ModuleDict({"a": n.ReLU(), "b": n.Tanh()})
    log = [list(d), len(d), "a" in d, "z" in d, repr(list(d.values()))]
    d["c"] = n.Sigmoid()
    d.update([("d", n.ReLU()), ["e", n.Tanh()]])
    d.update(n.ModuleDict({"f": n.ReLU()}))
    d.update(OrderedDict(a=n.Identity()))
    log += [list(d.keys()), [k for k, _ in d.items()], repr(d)]
    log += [repr(d.pop("b")), list(d)]
    del d["c"]
    log.append(list(d))
    d.clear()
    return [*log, len(d), repr(d)]


@case
def module_dict_refuses(lib):
    n = lib.nn
    d = n.ModuleDict({"a": n.ReLU()})
    return [
        attempt(lambda: d["z"]),
        attempt(lambda: d.pop("z")),
        attempt(lambda: d.__delitem__("z")),
        attempt(lambda: d.__setitem__("keys", n.ReLU())),
        attempt(lambda: d.__setitem__("b", 3)),
        attempt(lambda: d.__setitem__(3, n.ReLU())),
        attempt(lambda: d.update(3)),
        attempt(lambda: d.update([("a", n.ReLU(), 3)])),
        attempt(lambda: d(3)),
    ]


@case
def parameter_list(lib):
    n = lib.nn
    p = n.ParameterList([lib.ones(2), n.Parameter(lib.zeros(1)), "text"])
    log = [len(p), repr(p), list(p.state_dict()), [type(x).__name__ for x in p]]
    p.append(lib.ones(1)).extend([lib.zeros(2), 3])
    p += [lib.ones(3, 2)]
    p[0] = lib.zeros(4)
    log += [repr(p), repr(p[1:3]), p[-1].tolist(), len(list(p.parameters()))]
    log.append([x for x in dir(p) if x.isdigit()])
    return log


@case
def parameter_list_refuses(lib):
    p = lib.nn.ParameterList([lib.ones(2)])
    return [
        attempt(lambda: p[1]),
        attempt(lambda: p[-2]),
        attempt(lambda: p.__setitem__(1, lib.ones(1))),
        attempt(lambda: p.extend(3)),
        attempt(lambda: p.extend(lib.ones(1))),
        attempt(lambda: p(3)),
    ]


@case
def parameter_dict(lib):
    n = lib.nn
    p = n.ParameterDict({"b": lib.ones(2), "a": n.Parameter(lib.zeros(1)), "t": "x"})
    log = [list(p), len(p), repr(p), list(p.state_dict()), "a" in p, "z" in p]
    p["c"] = lib.ones(2, 3, dtype=lib.float64)
    log += [p.get("z"), p.get("z", 4), p.get("a").tolist(), list(reversed(p))]
    log.append(p.setdefault("d", lib.ones(1)).requires_grad)
    log.append(p.setdefault("d", lib.zeros(1)).tolist())
    log.append(p.setdefault("e"))
    log += [p.popitem(), list(p), p.pop("t"), list(p)]
    q = p.copy()
    log += [type(q).__name__, list(q), q["a"] is p["a"]]
    p.update([("x", lib.ones(1)), ["w", lib.zeros(1)]])
    p.update(OrderedDict(v=lib.ones(1), u=lib.zeros(1)))
    p.update({"n": lib.ones(1), "m": lib.zeros(1)})
    log += [list(p.keys()), [k for k, _ in p.items()], len(list(p.values()))]
    log.append(list(p | n.ParameterDict({"zz": lib.ones(1)})))
    q |= {"y": lib.ones(1)}
    log += [list(q), list(p.fromkeys(["k", "l"], lib.ones(1)))]
    log.append(list({"first": lib.ones(1)} | q))
    del p["x"]
    p.extra = lib.nn.Parameter(lib.ones(1))
    log += [list(p), [k for k, _ in p.named_parameters()]]
    p.clear()
    return [*log, len(p), [k for k, _ in p.named_parameters()], repr(n.ParameterDict())]


@case
def parameter_dict_refuses(lib):
    p = lib.nn.ParameterDict({"a": lib.ones(2)})
    return [
        attempt(lambda: p["z"]),
        attempt(lambda: p.pop("z")),
        attempt(lambda: p.__delitem__("z")),
        attempt(lambda: p.update(3)),
        attempt(lambda: p.update([("a", 1, 2)])),
        attempt(lambda: p(3)),
    ]
