"""Uses of nn.init written once for both libraries; each case returns plain data."""

from __future__ import annotations

CASES: dict = {}

# Everything else is exact or one product; orthogonal_ goes through two LAPACKs.
FILLS = {
    "uniform_": [{}, {"a": -2.0, "b": 3.0}],
    "normal_": [{}, {"mean": 1.0, "std": 3.0}],
    "trunc_normal_": [
        {},
        {"mean": 1.0, "std": 0.5, "a": 0.0, "b": 1.5},
        {"mean": 0.0, "std": 1.0, "a": 2.0, "b": 3.0},
        {"mean": 9.0, "std": 1.0, "a": -1.0, "b": 1.0},
    ],
    "xavier_uniform_": [{}, {"gain": 3.0}],
    "xavier_normal_": [{}, {"gain": 3.0}],
    "kaiming_uniform_": [
        {},
        {"a": 0.3, "mode": "fan_out"},
        {"nonlinearity": "relu"},
        {"mode": "FAN_IN", "nonlinearity": "tanh"},
        {"mode": "fan"},
        {"nonlinearity": "gelu"},
    ],
    "kaiming_normal_": [{}, {"a": 0.3, "mode": "fan_out"}, {"nonlinearity": "selu"}],
    "orthogonal_": [{}, {"gain": 2.0}],
    "constant_": [{"val": 0.3}],
    "ones_": [{}],
    "zeros_": [{}],
    "eye_": [{}],
    "dirac_": [{}, {"groups": 2}, {"groups": 4}],
}
SHAPES = [(3, 5), (5, 3), (4, 2, 3), (6, 3, 2, 2), (2, 2, 1, 1, 1), (7,), (), (0, 3)]


def fill(lib, name, options, shape, dtype, own_generator):
    tensor = lib.full(shape, 7.0, dtype=getattr(lib, dtype))
    if dtype == "float64":
        # A view with strides of its own.
        tensor = lib.full((*shape, 2), 7.0, dtype=lib.float64)[..., 0]
    tensor.requires_grad_()
    lib.manual_seed(3)
    draws = name not in ("constant_", "ones_", "zeros_", "eye_", "dirac_")
    if own_generator and draws:
        options = {**options, "generator": lib.Generator().manual_seed(5)}
    result = getattr(lib.nn.init, name)(tensor, **options)
    after = lib.rand(1).tolist()
    plain = [result is tensor, tensor.requires_grad, tensor.is_leaf, after]
    return plain, tensor.detach().double().tolist()


for name, variants in FILLS.items():
    for at, options in enumerate(variants):
        for shape in SHAPES:
            for dtype in ("float32", "float64", "bfloat16"):
                if name == "orthogonal_" and dtype == "bfloat16":
                    continue
                for own in (False, True):
                    CASES[f"{name} {at} {shape} {dtype} {own}"] = (
                        lambda lib, a=(name, options, shape, dtype, own): fill(lib, *a)
                    )


def gain(lib, *args):
    return lib.nn.init.calculate_gain(*args)


for args in (
    *((name,) for name in ("linear", "conv3d", "conv_transpose1d", "sigmoid", "tanh")),
    *((name,) for name in ("relu", "leaky_relu", "selu", "gelu", "Relu")),
    ("leaky_relu", 0.2),
    ("leaky_relu", True),
    ("leaky_relu", "0.2"),
    ("relu", 0.2),
):
    CASES[f"calculate_gain {args}"] = lambda lib, args=args: gain(lib, *args)

for name in FILLS:
    old = name[:-1]
    if name not in ("trunc_normal_", "ones_", "zeros_"):

        def deprecated(lib, old=old, options=FILLS[name][0]):
            shape = (3, 2, 1) if old == "dirac" else (3, 2)
            lib.manual_seed(1)
            function = getattr(lib.nn.init, old)
            return function.__name__, function(lib.zeros(shape), **options).tolist()

        CASES[f"deprecated {old}"] = deprecated
