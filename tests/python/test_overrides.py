"""__torch_function__: subclasses, other classes, modes; and NumPy's keywords."""

from __future__ import annotations

import copy
import pickle

import pytest

import rushlight
from rushlight import overrides
from rushlight.overrides import DisableTorchFunctionSubclass, TorchFunctionMode


class Plain(rushlight.Tensor):
    """A subclass with the default override."""


class Logged(rushlight.Tensor):
    """A subclass that writes down what is called."""

    log: list = []

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.log.append(func)
        return super().__torch_function__(func, types, args, kwargs)


CALLS = """
x + 1; 1 - x; x * x; x == x; x[0]; x[x > 0]; x[0:1]; -x; abs(x); x @ x; x ** 2; 2 ** x
x // 2; rushlight.exp(x); x.exp(); x.sum(); x.max(); x.view(3, 1); x.reshape(3, 1)
x.detach(); x.clone(); x.unsqueeze(0); x.expand(2, 3); x.permute(0); x.float()
x.to(rushlight.float64); x.data; x.T; rushlight.cat((x, x)); rushlight.stack([x, x])
rushlight.where(x > 0, x, x); x.new_zeros(2); rushlight.ones_like(x)
rushlight.zeros(3) + x; rushlight.std(x); rushlight.linalg.norm(x); rushlight.fft.fft(x)
rushlight.nn.functional.relu(x); rushlight.einsum("i,i->i", x, x)
rushlight.nn.functional.linear(x[None], x[None]); x.cumsum(0); x.softmax(0); x.add_(1)
"""


@pytest.mark.parametrize("call", CALLS.replace("\n", ";").strip("; ").split(";"))
def test_results_keep_the_subclass(call):
    x = rushlight.tensor([1.0, 2.0, 3.0]).as_subclass(Plain)
    result = eval(call.strip(), {"x": x, "rushlight": rushlight})
    plain = eval(
        call.strip(), {"x": rushlight.tensor([1.0, 2.0, 3.0]), "rushlight": rushlight}
    )
    assert type(result) is Plain
    assert type(plain) is rushlight.Tensor
    with DisableTorchFunctionSubclass():
        assert rushlight.equal(result.as_subclass(rushlight.Tensor), plain)


def test_tuples_of_results_keep_the_subclass():
    x = rushlight.tensor([[3.0, 1.0]]).as_subclass(Plain)
    for result in (x.max(0), x.sort(), x.split(1, 1), x.unbind(), list(x), x.topk(1)):
        assert [type(r) for r in result] == [Plain] * len(result)
    assert type(x.sort()) is type(rushlight.zeros(1).sort())
    assert type(x.shape) is rushlight.Size
    assert type(x.tolist()) is list


def test_what_gives_plain_tensors():
    x = rushlight.ones(2).as_subclass(Plain)
    assert type(rushlight.tensor(x)) is rushlight.Tensor
    weight = rushlight.nn.Parameter(rushlight.ones(2))
    assert type(weight * 2) is rushlight.Tensor
    assert type(x + weight) is Plain
    with DisableTorchFunctionSubclass():
        assert type(x + 1) is rushlight.Tensor


def test_gradients_pass_subclasses():
    leaf = rushlight.tensor([1.0, 2.0], requires_grad=True)
    (leaf.as_subclass(Plain) ** 2).sum().backward()
    assert leaf.grad.tolist() == [2.0, 4.0]


def test_a_subclass_of_a_subclass_wins_and_strangers_do_not_mix():
    class Finer(Plain):
        pass

    fine, plain = (
        rushlight.ones(2).as_subclass(Finer),
        rushlight.ones(2).as_subclass(Plain),
    )
    assert type(fine + plain) is Finer
    assert type(plain + fine) is Finer

    class Other(rushlight.Tensor):
        pass

    with pytest.raises(TypeError):
        rushlight.maximum(plain, rushlight.ones(2).as_subclass(Other))


def test_functions_that_an_override_is_told():
    x = rushlight.ones(2, 3).as_subclass(Logged)
    calls = {
        rushlight.exp: lambda: rushlight.exp(x),
        rushlight.std: lambda: rushlight.std(x),
        rushlight.where: lambda: rushlight.where(x.bool(), x, x),
        rushlight.Tensor.exp: lambda: x.exp(),
        rushlight.Tensor.std: lambda: x.std(),
        rushlight.Tensor.view: lambda: x.view(6),
        rushlight.Tensor.mul: lambda: x * 2,
        rushlight.Tensor.matmul: lambda: x @ rushlight.ones(3, 1),
        rushlight.Tensor.__getitem__: lambda: x[0],
        rushlight.Tensor.__rsub__: lambda: 1 - x,
        rushlight.linalg.svd: lambda: rushlight.linalg.svd(x),
    }
    for function, call in calls.items():
        Logged.log.clear()
        call()
        assert function in Logged.log, function
    assert overrides.resolve_name(rushlight.std) == "rushlight.std"
    assert overrides.resolve_name(rushlight.Tensor.exp) == "rushlight.Tensor.exp"
    assert overrides.resolve_name(len) is None


class Scalar:
    """A class that is no Tensor, with functions of its own."""

    handled: dict = {}

    def __init__(self, value):
        self.value = value

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func not in cls.handled:
            return NotImplemented
        return cls.handled[func](*args, **(kwargs or {}))


Scalar.handled[rushlight.mean] = lambda s: s.value
Scalar.handled[rushlight.add] = lambda a, b: "added"
Scalar.handled[rushlight.std] = lambda s, dim=None: dim
Scalar.handled[rushlight.cat] = lambda parts, dim=0: len(parts)


def test_other_classes():
    assert rushlight.mean(Scalar(5)) == 5
    assert rushlight.add(Scalar(1), rushlight.ones(1)) == "added"
    assert rushlight.add(rushlight.ones(1), Scalar(1)) == "added"
    assert rushlight.std(Scalar(1), dim=3) == 3
    assert rushlight.cat([rushlight.ones(1), Scalar(1)]) == 2
    with pytest.raises(TypeError, match=r"no implementation found for 'rushlight.exp'"):
        rushlight.exp(Scalar(1))
    with pytest.raises(TypeError, match="unsupported operand"):
        rushlight.ones(1) * Scalar(1)
    assert overrides.is_tensor_like(Scalar(1))
    assert not overrides.is_tensor_like(1)


def test_errors_of_calls_without_overrides_are_their_own():
    with pytest.raises(TypeError, match="must be Tensor"):
        rushlight.exp("a")


def test_functions_for_overridable_functions():
    def mine(a, b):
        if overrides.has_torch_function((a, b)):
            return overrides.handle_torch_function(mine, (a, b), a, b)
        return "mine"

    Scalar.handled[mine] = lambda a, b: "theirs"
    assert mine(1, 2) == "mine"
    assert mine(1, Scalar(2)) == "theirs"
    wrapped = overrides.wrap_torch_function(lambda a: (a,))(lambda a: "mine")
    assert wrapped(1) == "mine"
    Scalar.handled[wrapped] = lambda a: "theirs"
    assert wrapped(Scalar(1)) == "theirs"
    assert not overrides.has_torch_function_unary(rushlight.ones(1))
    assert overrides.has_torch_function_variadic(1, Scalar(1))
    found = overrides.get_overridable_functions()
    assert rushlight.exp in found[rushlight]
    assert rushlight.Tensor.exp in found[rushlight.Tensor]
    assert overrides.is_tensor_method_or_property(rushlight.Tensor.exp)
    assert rushlight.is_tensor in overrides.get_ignored_functions()


def test_modes():
    class Names(TorchFunctionMode):
        def __init__(self):
            self.names = []

        def __torch_function__(self, func, types, args=(), kwargs=None):
            self.names.append(func.__name__)
            return func(*args, **(kwargs or {}))

    with Names() as outer, Names() as inner:
        x = rushlight.ones(2)
        x + 1
        rushlight.exp(x)
    rushlight.exp(x)
    assert inner.names == ["ones", "add", "exp"]
    assert outer.names == inner.names


def test_modes_see_the_calls_that_are_otherwise_shortest():
    class Names(TorchFunctionMode):
        def __init__(self):
            self.names = []

        def __torch_function__(self, func, types, args=(), kwargs=None):
            self.names.append(func.__name__)
            return func(*args, **(kwargs or {}))

    x = rushlight.ones(2, 3)
    for _ in range(3):  # so that idle objects wait
        x[0], x[0:1], x[None], x.view(6), x.t()
    with Names() as mode:
        x.view(3, 2)
        x.reshape(6)
        x[0]
        x[0:1]
        x[None]
        x.t()
        x.transpose(0, 1)
        x.clone()
        x.sum()
        x.max()
        x.min()
        x += x
        x[0] = 1
    assert [name.strip("_") for name in mode.names] == (
        "view reshape getitem getitem getitem t transpose clone sum max min add setitem"
    ).split()


def test_public_functions_are_copied_and_pickled_by_name():
    assert pickle.loads(pickle.dumps(rushlight.std)) is rushlight.std
    assert copy.deepcopy(rushlight.std) is rushlight.std


X = rushlight.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])


@pytest.mark.parametrize(
    "name",
    "sum mean amax argmin std sort cumsum softmax unbind logsumexp max squeeze".split(),
)
def test_axis_is_dim(name):
    for call in (getattr(rushlight, name), getattr(rushlight.Tensor, name)):
        results = (call(X, dim=1), call(X, axis=1))
        first, second = (r if isinstance(r, tuple) else (r,) for r in results)
        assert all(rushlight.equal(a, b) for a, b in zip(first, second, strict=True))


def test_numpy_keywords():
    assert rushlight.sum(X, axis=1, keepdims=True).shape == (2, 1)
    assert X.std(axis=0, keepdims=True).shape == (1, 3)
    assert X.max(axis=0, keepdims=True).values.shape == (1, 3)
    assert (
        rushlight.unsqueeze(X, axis=0).shape == X.unsqueeze(axis=0).shape == (1, 2, 3)
    )
    assert rushlight.cat((X, X), axis=1).shape == (2, 6)
    assert rushlight.exp(x=X).equal(X.exp())
    assert rushlight.maximum(x1=X, x2=-X).equal(X)
    assert rushlight.linalg.norm(X, axis=1).shape == (2,)
    assert rushlight.fft.fft(X, axis=0).shape == (2, 3)
    with pytest.raises(TypeError, match="got both 'dim' and 'axis'"):
        rushlight.sum(X, dim=1, axis=1)
    with pytest.raises(TypeError):
        rushlight.exp(X, axis=1)


def test_attributes_are_taken_over():
    x = rushlight.tensor([[1.0, 2.0]]).as_subclass(Logged)
    tensor = rushlight.Tensor
    Logged.log = []
    assert x.shape == (1, 2)
    assert type(x.T) is Logged
    assert x.grad is None
    x.requires_grad = True
    accesses = [tensor.shape.__get__, tensor.T.__get__, tensor.grad.__get__]
    assert [*accesses, tensor.requires_grad.__set__] == Logged.log
    assert x.requires_grad
    x.sum().backward()
    assert type(x.grad) is rushlight.Tensor  # as it is, not converted
    with DisableTorchFunctionSubclass():
        Logged.log = []
        assert x.ndim == 2
        assert Logged.log == []


def test_an_attribute_may_be_answered_or_refused():
    class Shapeless(rushlight.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func == rushlight.Tensor.shape.__get__:
                return "any"
            if func == rushlight.Tensor.dtype.__get__:
                return NotImplemented
            return super().__torch_function__(func, types, args, kwargs)

        @property
        def ndim(self):
            return -1

    x = rushlight.ones(2).as_subclass(Shapeless)
    assert (x.shape, x.ndim, x.itemsize) == ("any", -1, 4)
    assert Shapeless.shape is rushlight.Tensor.shape
    with pytest.raises(TypeError, match=r"rushlight.Tensor.dtype.__get__.*Shapeless"):
        x.dtype
    assert type(x).nbytes is rushlight.Tensor.nbytes


def test_attributes_cost_others_nothing():
    """Neither Tensor nor a subclass with the default override has them replaced."""
    kinds = [rushlight.Tensor, Plain, rushlight.nn.Parameter]
    for name, descriptor in rushlight._overriding.attributes().items():
        for kind in kinds:
            owner = next(base for base in kind.__mro__ if name in vars(base))
            assert not isinstance(vars(owner)[name], rushlight._overriding.Attribute)
        assert isinstance(vars(Logged)[name], rushlight._overriding.Attribute)
        assert getattr(Logged, name) is descriptor
    assert "shape" in rushlight._overriding.attributes()


def test_every_public_function_is_overridable_or_ignored():
    ignored = {id(f) for f in overrides.get_ignored_functions()}
    known = overrides.get_overridable_functions()
    taken = {id(f) for functions in known.values() for f in functions}
    for owner in known:
        for name in getattr(owner, "__all__", None) or dir(owner):
            value = getattr(owner, name)
            if name[0] != "_" and callable(value) and not isinstance(value, type):
                assert (id(value) in taken) != (id(value) in ignored), name
    assert rushlight.is_tensor in overrides.get_ignored_functions()
    assert rushlight.exp not in overrides.get_ignored_functions()


def test_testing_overrides_have_the_signatures():
    replaced = overrides.get_testing_overrides()
    functions = overrides.get_overridable_functions()
    assert replaced.keys() == {f for found in functions.values() for f in found}
    x = rushlight.ones(2)
    assert replaced[rushlight.Tensor.shape.__get__](x) == -1
    assert replaced[rushlight.matmul](x, other=x) == -1
    assert replaced[rushlight.Tensor.sum](x, 0, keepdim=True) == -1
    with pytest.raises(TypeError, match="missing a required argument"):
        replaced[rushlight.matmul](x)
    with pytest.raises(TypeError, match="unexpected keyword"):
        replaced[rushlight.linalg.svd](x, colour=1)


def test_a_class_that_replaces_everything():
    replaced = overrides.get_testing_overrides()

    class Stand:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return replaced[func](*args, **(kwargs or {}))

    for function in (rushlight.exp, rushlight.linalg.det, rushlight.std, rushlight.t):
        assert function(Stand()) == -1
    assert rushlight.matmul(rushlight.ones(2), Stand()) == -1


class Odd:
    """Nothing that a function could take for a Tensor."""


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("fliplr", ()),
        ("numel", ()),
        ("cov", ()),
        ("quantile", (0.5,)),
        ("histc", ()),
        ("fft.fftshift", ()),
        ("nansum", ()),
        ("nanmean", ()),
    ],
)
def test_error_names_the_argument_that_is_no_tensor(name, arguments):
    function = rushlight
    for part in name.split("."):
        function = getattr(function, part)
    for odd in (Odd(), 3, None, "text"):
        kind = type(odd).__name__
        with pytest.raises(TypeError, match=f"argument .* must be Tensor, not {kind}"):
            function(odd, *arguments)
    with pytest.raises(TypeError, match=r"argument 'input'.* must be Tensor, not Odd"):
        function(input=Odd(), **dict(zip(["q"], arguments)))


def test_error_of_another_attribute_stays():
    class Broken(Logged):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return cls.missing

    with pytest.raises(AttributeError, match="missing"):
        rushlight.fliplr(rushlight.ones(2, 2).as_subclass(Broken))
