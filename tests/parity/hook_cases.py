"""Hooks of modules written once for both libraries; each case returns plain data."""

from __future__ import annotations

import module_classes

CASES: dict = {}


def case(function):
    CASES[function.__name__] = function
    return function


def values(x):
    if isinstance(x, (tuple, list)):
        return [values(item) for item in x]
    if isinstance(x, dict):
        return {key: values(item) for key, item in x.items()}
    return x.tolist() if hasattr(x, "tolist") else x


def scale(lib):
    return module_classes.of(lib).Scale()


def ones(lib):
    return lib.ones(3, requires_grad=True)


@case
def forward_pre_hooks(lib):
    m, log = scale(lib), []
    m.register_forward_pre_hook(lambda mod, args: log.append(("a", values(args))))
    m.register_forward_pre_hook(lambda mod, args: args[0] + 1)
    m.register_forward_pre_hook(
        lambda mod, args, kwargs: ((args[0] * 2,), {**kwargs, "factor": 3.0}),
        with_kwargs=True,
    )
    m.register_forward_pre_hook(
        lambda mod, args: log.append(("first", values(args))), prepend=True
    )
    handle = m.register_forward_pre_hook(lambda mod, args: (args[0] * 10,))
    log.append(values(m(ones(lib), factor=5.0)))
    handle.remove()
    handle.remove()
    log.append(values(m(ones(lib))))
    return log


@case
def forward_pre_hook_wrong_pair(lib):
    m = scale(lib)
    m.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True)
    m(ones(lib))


@case
def forward_hooks(lib):
    m, log = scale(lib), []
    m.register_forward_hook(
        lambda mod, args, out: log.append((values(args), values(out)))
    )
    m.register_forward_hook(lambda mod, args, out: out + 1)
    m.register_forward_hook(
        lambda mod, args, kwargs, out: log.append((kwargs, values(out))),
        with_kwargs=True,
    )
    m.register_forward_hook(
        lambda mod, args, out: log.append("first"), prepend=True, always_call=True
    )
    log.append(values(m(ones(lib), factor=5.0)))
    return log


@case
def always_called_hooks(lib):
    m, log = scale(lib), []
    m.register_forward_hook(lambda mod, args, out: log.append("never"))
    m.register_forward_hook(
        lambda mod, args, out: log.append(("always", values(out))), always_call=True
    )
    m.register_forward_hook(
        lambda mod, args, kwargs, out: log.append(("kwargs", kwargs)),
        always_call=True,
        with_kwargs=True,
    )
    try:
        m(ones(lib), fail=True)
    except ValueError as error:
        log.append(str(error))
    return log


@case
def always_called_hook_fails_too(lib):
    m = scale(lib)

    def broken(mod, args, out):
        raise KeyError("hook")

    m.register_forward_hook(broken, always_call=True)
    m(ones(lib), fail=True)


@case
def hook_fails(lib):
    m, log = scale(lib), []

    def broken(mod, args, out):
        raise KeyError("hook")

    m.register_forward_hook(broken)
    m.register_forward_hook(
        lambda mod, args, out: log.append(values(out)), always_call=True
    )
    try:
        m(ones(lib))
    except KeyError as error:
        log.append(str(error))
    return log


@case
def full_backward_hooks(lib):
    m, log = scale(lib), []
    x = ones(lib)
    m.register_full_backward_hook(
        lambda mod, gin, gout: log.append((values(gin), values(gout)))
    )
    m.register_full_backward_hook(lambda mod, gin, gout: (gin[0] * 2,))
    m.register_full_backward_hook(
        lambda mod, gin, gout: log.append("first"), prepend=True
    )
    m.register_full_backward_pre_hook(lambda mod, gout: log.append(values(gout)))
    m.register_full_backward_pre_hook(lambda mod, gout: (gout[0] * 3,))
    m.register_full_backward_pre_hook(
        lambda mod, gout: log.append("pre first"), prepend=True
    )
    m(x).sum().backward()
    log.append((values(x.grad), values(m.w.grad)))
    return log


@case
def full_backward_hook_of_several(lib):
    m, log = module_classes.of(lib).Pair(), []
    x, y = ones(lib), lib.full((3,), 2.0)
    m.register_full_backward_hook(
        lambda mod, gin, gout: log.append((values(gin), values(gout)))
    )
    m.register_full_backward_pre_hook(lambda mod, gout: log.append(values(gout)))
    a, _ = m(x, y)
    a.sum().backward()
    log.append(values(x.grad))
    return log


@case
def full_backward_hook_without_input_grad(lib):
    m, log = scale(lib), []
    m.register_full_backward_hook(
        lambda mod, gin, gout: log.append((values(gin), values(gout)))
    )
    m(lib.ones(3)).sum().backward()
    log.append(values(m.w.grad))
    return log


@case
def full_backward_hook_gives_too_many(lib):
    m = scale(lib)
    m.register_full_backward_hook(lambda mod, gin, gout: (gin[0], gin[0]))
    m(ones(lib)).sum().backward()


@case
def full_backward_pre_hook_gives_too_many(lib):
    m = scale(lib)
    m.register_full_backward_pre_hook(lambda mod, gout: (gout[0], gout[0]))
    m(ones(lib)).sum().backward()


@case
def full_backward_hook_on_a_dict(lib):
    class Named(lib.nn.Module):
        def forward(self, x):
            return {"y": x * 2}

    m, log = Named(), []
    m.register_full_backward_hook(lambda mod, gin, gout: log.append("ran"))
    x = ones(lib)
    m(x)["y"].sum().backward()
    return log, values(x.grad)


@case
def no_backward_hook_under_no_grad(lib):
    m, log = scale(lib), []
    m.register_full_backward_hook(lambda *args: log.append("ran"))
    with lib.no_grad():
        out = m(ones(lib))
    return out.requires_grad, log


@case
def mixed_backward_hooks(lib):
    m = scale(lib)
    m.register_full_backward_hook(lambda *args: None)
    m.register_backward_hook(lambda *args: None)


@case
def mixed_backward_hooks_other_way(lib):
    m = scale(lib)
    m.register_backward_hook(lambda *args: None)
    m.register_full_backward_hook(lambda *args: None)


@case
def double_backward_through_a_hook(lib):
    m, log = scale(lib), []
    m.register_full_backward_hook(lambda mod, gin, gout: (gin[0] * 2,))
    x = ones(lib)
    (g,) = lib.autograd.grad((m(x) ** 2).sum(), x, create_graph=True)
    log.append(values(g))
    g.sum().backward()
    log.append(values(x.grad))
    return log


@case
def global_forward_hooks(lib):
    module = lib.nn.modules.module
    log = []
    handles = [
        module.register_module_forward_pre_hook(
            lambda mod, args: log.append(("pre", type(mod).__name__))
        ),
        module.register_module_forward_hook(
            lambda mod, args, out: log.append(("post", type(mod).__name__))
        ),
        module.register_module_forward_hook(
            lambda mod, args, kwargs, out: log.append(("kwargs", kwargs)),
            with_kwargs=True,
        ),
    ]
    try:
        m = scale(lib)
        m.register_forward_hook(lambda mod, args, out: log.append("own"))
        m.register_forward_pre_hook(lambda mod, args: log.append("own pre"))
        log.append(values(lib.nn.Sequential(m, lib.nn.ReLU())(ones(lib))))
    finally:
        for handle in handles:
            handle.remove()
    log.append(values(m(ones(lib), factor=2.0)))
    return log


@case
def global_always_called_hook(lib):
    log = []
    handle = lib.nn.modules.module.register_module_forward_hook(
        lambda mod, args, out: log.append(values(out)), always_call=True
    )
    try:
        scale(lib)(ones(lib), fail=True)
    except ValueError as error:
        log.append(str(error))
    finally:
        handle.remove()
    return log


@case
def global_backward_hooks(lib):
    module = lib.nn.modules.module
    log = []
    handles = [
        module.register_module_full_backward_pre_hook(
            lambda mod, gout: log.append(("pre", type(mod).__name__, values(gout)))
        ),
        module.register_module_full_backward_hook(
            lambda mod, gin, gout: log.append((type(mod).__name__, values(gin)))
        ),
    ]
    try:
        x = ones(lib)
        m = scale(lib)
        m.register_full_backward_hook(lambda mod, gin, gout: log.append("own"))
        lib.nn.Sequential(m, lib.nn.ReLU())(x).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    return log, values(x.grad)


@case
def registration_hooks(lib):
    module = lib.nn.modules.module
    log = []
    handles = [
        module.register_module_parameter_registration_hook(
            lambda mod, name, p: log.append(("parameter", name))
        ),
        module.register_module_buffer_registration_hook(
            lambda mod, name, b: log.append(("buffer", name))
        ),
        module.register_module_module_registration_hook(
            lambda mod, name, m: log.append(("module", name))
        ),
        module.register_module_buffer_registration_hook(lambda mod, name, b: b + 1),
    ]
    try:
        m = lib.nn.Module()
        m.p = lib.nn.Parameter(lib.ones(1))
        m.register_parameter("q", None)
        m.register_buffer("b", lib.ones(1))
        m.child = lib.nn.ReLU()
        m.add_module("other", lib.nn.Linear(1, 1))
        m.child = None
        log.append(values(m.b))
    finally:
        for handle in handles:
            handle.remove()
    return log
