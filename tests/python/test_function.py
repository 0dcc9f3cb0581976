"""User-defined Functions, and gradcheck itself."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.autograd import Function, gradcheck, gradgradcheck
from rushlight.autograd.gradcheck import GradcheckError


def leaf(*values, dtype=None):
    return rl.tensor(list(values), dtype=dtype or rl.float64, requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx, x, power=3):
        ctx.save_for_backward(x)
        ctx.power = power
        return x**power

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.power * x ** (ctx.power - 1), None


def test_function():
    assert gradcheck(Cube.apply, leaf(0.5, 1.5))
    assert gradgradcheck(Cube.apply, leaf(0.5, 1.5))
    y = Cube.apply(leaf(2.0), 2)
    assert y.grad_fn.name() == "CubeBackward"
    assert y.item() == 4
    assert not Cube.apply(rl.ones(1)).requires_grad
    y.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()


def test_function_saved_value_overwritten():
    x = leaf(1.0) * 1
    y = Cube.apply(x)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.sum().backward()


def test_function_several_outputs():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, a, b):
            seen.append(ctx.needs_input_grad)
            index = rl.arange(2)
            ctx.mark_non_differentiable(index)
            return a * 2, b * 3, index

        @staticmethod
        def backward(ctx, ga, gb, gi):
            seen.append([g.tolist() for g in (ga, gb)])
            return ga * 2, gb * 3

    a, b = leaf(1.0), rl.ones(1, dtype=rl.float64)
    x, _y, index = Two.apply(a, b)
    assert not index.requires_grad
    x.sum().backward()
    assert seen == [(True, False), [[1], [0]]]
    assert a.grad.item() == 2


def test_function_without_materialized_grads():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, ga, gb):
            seen.append((ga is None, gb is None))
            return gb * 3

    a = leaf(1.0)
    Two.apply(a)[1].sum().backward()
    assert seen == [(True, False)]


def test_function_mark_dirty():
    class Fill(Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 7

    x = leaf(1.0)
    y = x * 1
    z = Fill.apply(y)
    assert z is y
    z.sum().backward()
    assert x.grad.item() == 7


def test_function_setup_context_and_errors():
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    assert gradcheck(Square.apply, leaf(0.5))

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(RuntimeError, match="incorrect number of gradients"):
        Wrong.apply(leaf(1.0)).sum().backward()
    with pytest.raises(NotImplementedError, match="forward"):
        Function.apply(leaf(1.0))

    class Identity(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 4

    x = leaf(1.0)
    Identity.apply(x).sum().backward()
    assert x.grad.item() == 4


def test_gradcheck_notices():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2.1

    x = leaf(1.0, 2.0)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(Wrong.apply, x)
    assert not gradcheck(Wrong.apply, x, raise_exception=False)
    assert not gradcheck(Wrong.apply, x, raise_exception=False, fast_mode=True)
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, x)
    with pytest.raises(ValueError, match="require gradient"):
        gradcheck(lambda x: x * 2, rl.ones(2))
    with pytest.warns(UserWarning, match="double precision"):
        gradcheck(lambda x: x * 2, rl.ones(2, requires_grad=True), atol=1, rtol=1)
    with pytest.raises(RuntimeError, match="stride 0"):
        gradcheck(lambda x: x * 2, leaf(1.0).detach().expand(3).requires_grad_())
    z = rl.tensor([1 + 2j], dtype=rl.complex128, requires_grad=True)
    assert gradcheck(lambda z: z * z.conj(), z)
    assert gradcheck(lambda z: z * z.conj(), z, fast_mode=True)
    with pytest.raises(GradcheckError):
        gradcheck(lambda z: Wrong.apply(z), z)


def test_gradients_that_are_no_tensors():
    class Strange(rl.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return "x"

    def with_hook(register, hook):
        y = rl.ones(3, requires_grad=True) * 2
        getattr(y.grad_fn, register)(hook)
        return y

    made = (
        lambda: Strange.apply(rl.ones(3, requires_grad=True)),
        lambda: with_hook(
            "register_hook", lambda inputs, outputs: ("x",) * len(inputs)
        ),
        lambda: with_hook("register_prehook", lambda outputs: (3,)),
    )
    for make in made:
        with pytest.raises(
            (TypeError, RuntimeError), match="expected a Tensor or None as gradient"
        ):
            make().sum().backward()
    with pytest.raises(TypeError, match="element 0 of tensors must be a Tensor"):
        rl.autograd.backward("x")


def test_numbers_of_gradients():
    x = leaf(1.0, 2.0)
    for call in (
        lambda: rl.autograd.grad([x * 2, x * 3], x, grad_outputs=rl.ones(2)),
        lambda: rl.autograd.backward([x * 2, x * 3], rl.ones(2)),
    ):
        with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients"):
            call()
    product = x * leaf(3.0, 4.0)
    product.grad_fn.register_hook(lambda inputs, outputs: (inputs[0],))
    with pytest.raises(RuntimeError, match="expected 2 gradients from a hook of mul"):
        product.sum().backward()
    product = x * 2
    product.grad_fn.register_prehook(lambda outputs: ())
    with pytest.raises(TypeError, match="a tuple of 1 gradients from a pre-hook"):
        product.sum().backward()
