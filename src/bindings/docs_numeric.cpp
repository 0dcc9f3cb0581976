// Docstrings of reductions, products, convolutions, samplers and settings.
#include "docs.h"

namespace rushlight::python {
namespace {

constexpr Doc kDocs[] = {
    {"addmm", R"(``beta * input + alpha * mat1 @ mat2``.

Args:
    input (Tensor): broadcast to (n, p); not read when ``beta`` is 0.
    mat1 (Tensor): of shape (n, m).
    mat2 (Tensor): of shape (m, p).
    beta (Number): the factor of ``input``.
    alpha (Number): the factor of the product.

Returns:
    Tensor: of shape (n, p).

Example::

    >>> rushlight.addmm(rushlight.ones(2), rushlight.eye(2), rushlight.eye(2))
    tensor([[2., 1.],
            [1., 2.]])
)"},
    {"addmv", R"(``beta * input + alpha * mat @ vec``.

Args:
    input (Tensor): broadcast to (n,); not read when ``beta`` is 0.
    mat (Tensor): of shape (n, m).
    vec (Tensor): of shape (m,).
    beta (Number): the factor of ``input``.
    alpha (Number): the factor of the product.

Returns:
    Tensor: of shape (n,).

Example::

    >>> rushlight.addmv(rushlight.zeros(2), rushlight.ones(2, 3), rushlight.ones(3))
    tensor([3., 3.])
)"},
    {"all", R"(Whether all elements are other than zero; True of none.

Args:
    input (Tensor): of any shape.
    dim (int or sequence of int, optional): the dims to reduce; default all.
    keepdim (bool): leave reduced dims at size 1.

Returns:
    Tensor: of ``input``'s shape without ``dim``, of dtype bool (uint8 stays uint8).

Example::

    >>> rushlight.all(rushlight.tensor([[1, 0], [1, 1]]), dim=1)
    tensor([False,  True])
)"},
    {"amax", R"(The largest element; its gradient is shared by all that are equal to it.

Args:
    input (Tensor): of any shape, of a real dtype.
    dim (int or sequence of int, optional): the dims to reduce; default all.
    keepdim (bool): leave reduced dims at size 1.

Returns:
    Tensor: of ``input``'s shape without ``dim``; NaN where some element is.

Raises:
    IndexError: when a reduced dim has no elements.

Example::

    >>> rushlight.amax(rushlight.tensor([[1, 5], [3, 2]]), dim=0)
    tensor([3, 5])
)"},
    {"amin", R"(The smallest element; its gradient is shared by all that are equal to it.

Args:
    input (Tensor): of any shape, of a real dtype.
    dim (int or sequence of int, optional): the dims to reduce; default all.
    keepdim (bool): leave reduced dims at size 1.

Returns:
    Tensor: of ``input``'s shape without ``dim``; NaN where some element is.

Raises:
    IndexError: when a reduced dim has no elements.

Example::

    >>> rushlight.amin(rushlight.tensor([[1, 5], [3, 2]]), dim=0)
    tensor([1, 2])
)"},
    {"any", R"(Whether some element is other than zero; False of none.

Args:
    input (Tensor): of any shape.
    dim (int or sequence of int, optional): the dims to reduce; default all.
    keepdim (bool): leave reduced dims at size 1.

Returns:
    Tensor: of ``input``'s shape without ``dim``, of dtype bool (uint8 stays uint8).

Example::

    >>> rushlight.any(rushlight.tensor([[0, 0], [1, 0]]), dim=1)
    tensor([False,  True])
)"},
    {"argmax", R"(The place of the largest element, the first of equal ones.

Args:
    input (Tensor): of any shape, of a real dtype.
    dim (int, optional): the dim to reduce; default all, counted in row-major order.
    keepdim (bool): leave the reduced dim at size 1.

Returns:
    Tensor: int64, of ``input``'s shape without ``dim``.

Example::

    >>> rushlight.argmax(rushlight.tensor([[1, 5], [3, 2]]), dim=1)
    tensor([1, 0])
)"},
    {"argmin", R"(The place of the smallest element, the first of equal ones.

Args:
    input (Tensor): of any shape, of a real dtype.
    dim (int, optional): the dim to reduce; default all, counted in row-major order.
    keepdim (bool): leave the reduced dim at size 1.

Returns:
    Tensor: int64, of ``input``'s shape without ``dim``.

Example::

    >>> rushlight.argmin(rushlight.tensor([[1, 5], [3, 2]]), dim=1)
    tensor([0, 1])
)"},
    {"baddbmm", R"(``beta * input + alpha * batch1 @ batch2``, matrix by matrix.

Args:
    input (Tensor): broadcast to (b, n, p); not read when ``beta`` is 0.
    batch1 (Tensor): of shape (b, n, m).
    batch2 (Tensor): of shape (b, m, p).
    beta (Number): the factor of ``input``.
    alpha (Number): the factor of the products.

Returns:
    Tensor: of shape (b, n, p).

Example::

    >>> a = rushlight.ones(2, 1, 3)
    >>> rushlight.baddbmm(rushlight.ones(1), a, a.mT, alpha=2)
    tensor([[[7.]],
    <BLANKLINE>
            [[7.]]])
)"},
    {"bmm", R"(The product of each pair of matrices.

Args:
    input (Tensor): of shape (b, n, m).
    mat2 (Tensor): of shape (b, m, p).

Returns:
    Tensor: of shape (b, n, p).

Example::

    >>> rushlight.bmm(rushlight.ones(4, 2, 3), rushlight.ones(4, 3, 5)).shape
    rushlight.Size([4, 2, 5])
)"},
    {"cauchy_", R"(Fills with draws from a Cauchy distribution.

Args:
    median (float): its centre.
    sigma (float): its half width at half height.
    generator (Generator, optional): the source of random numbers.

Returns:
    Tensor: the tensor itself, of any shape, of a floating-point dtype.
)"},
    {"conv1d", R"(The sum of products of a window moved over sequences, and filters.

Args:
    input (Tensor): of shape (N, C, L) or (C, L).
    weight (Tensor): of shape (O, C / groups, K).
    bias (Tensor, optional): of shape (O,).
    stride (int or sequence of int): the distance between windows.
    padding (int, sequence of int or str): zeros at both ends, or 'valid' or 'same'.
    dilation (int or sequence of int): the distance between the elements of a window.
    groups (int): channels are split into groups that do not meet.

Returns:
    Tensor: of shape (N, O, L'), L' = (L + 2 padding - dilation (K - 1) - 1) / stride + 1
    rounded down.

Example::

    >>> rushlight.conv1d(rushlight.ones(1, 1, 4), rushlight.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
)"},
    {"conv2d", R"(The sum of products of a window moved over images, and filters.

Args:
    input (Tensor): of shape (N, C, H, W) or (C, H, W).
    weight (Tensor): of shape (O, C / groups, KH, KW).
    bias (Tensor, optional): of shape (O,).
    stride (int or sequence of int): the distance between windows.
    padding (int, sequence of int or str): zeros at each side, or 'valid' or 'same'.
    dilation (int or sequence of int): the distance between the elements of a window.
    groups (int): channels are split into groups that do not meet.

Returns:
    Tensor: of shape (N, O, H', W'), each H' as in :func:`conv1d`.

Example::

    >>> x = rushlight.ones(1, 3, 8, 8)
    >>> rushlight.conv2d(x, rushlight.ones(4, 3, 3, 3), padding=1).shape
    rushlight.Size([1, 4, 8, 8])
)"},
    {"count_nonzero", R"(The number of elements other than zero.

Args:
    input (Tensor): of any shape.
    dim (int or sequence of int, optional): the dims to reduce; default all.

Returns:
    Tensor: int64, of ``input``'s shape without ``dim``.

Example::

    >>> rushlight.count_nonzero(rushlight.tensor([[1, 0], [2, 3]]), dim=1)
    tensor([1, 2])
)"},
    {"cumprod", R"(The product of each element and all before it.

Args:
    input (Tensor): of any shape.
    dim (int): the dim along which products are taken.
    dtype (dtype, optional): to convert ``input`` to first; default int64 for integers.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.cumprod(rushlight.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
)"},
    {"cumsum", R"(The sum of each element and all before it.

Args:
    input (Tensor): of any shape.
    dim (int): the dim along which sums are taken.
    dtype (dtype, optional): to convert ``input`` to first; default int64 for integers.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.cumsum(rushlight.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
)"},
    {"dot", R"(The sum of the products of two vectors.

Args:
    input (Tensor): of shape (n,).
    tensor (Tensor): of shape (n,).

Returns:
    Tensor: 0-d.

Example::

    >>> rushlight.dot(rushlight.tensor([1, 2]), rushlight.tensor([3, 4]))
    tensor(11)
)"},
    {"exponential_", R"(Fills with draws from an exponential distribution.

Args:
    lambd (float): its rate, the reciprocal of the mean.
    generator (Generator, optional): the source of random numbers.

Returns:
    Tensor: the tensor itself, of any shape, of a floating-point dtype.
)"},
    {"geometric_", R"(Fills with the number of trials until the first success.

Args:
    p (float): the probability of success of a trial, in (0, 1).
    generator (Generator, optional): the source of random numbers.

Returns:
    Tensor: the tensor itself, of any shape.
)"},
    {"get_num_threads", R"(The number of threads that work on one op.

Returns:
    int: at start ``OMP_NUM_THREADS``, or the number of cores.
)"},
    {"log_normal_", R"(Fills with ``exp`` of draws from a normal distribution.

Args:
    mean (float): the mean of that distribution.
    std (float): its standard deviation.
    generator (Generator, optional): the source of random numbers.

Returns:
    Tensor: the tensor itself, of any shape, of a floating-point dtype.
)"},
    {"log_softmax", R"(``log(softmax(input, dim))`` without overflow.

Args:
    input (Tensor): of any shape.
    dim (int): the dim along which the probabilities sum to 1.
    dtype (dtype, optional): to convert ``input`` to first.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.log_softmax(rushlight.zeros(2), 0)
    tensor([-0.6931, -0.6931])
)"},
    {"logcumsumexp", R"(``log(cumsum(exp(input), dim))`` without overflow.

Args:
    input (Tensor): of any shape, of a floating-point dtype.
    dim (int): the dim along which sums are taken.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.logcumsumexp(rushlight.zeros(3), 0)
    tensor([0.0000, 0.6931, 1.0986])
)"},
    {"logsumexp", R"(``log(sum(exp(input), dim))`` without overflow.

Args:
    input (Tensor): of any shape; integers become the default dtype.
    dim (int or sequence of int): the dims to reduce.
    keepdim (bool): leave reduced dims at size 1.

Returns:
    Tensor: of ``input``'s shape without ``dim``.

Example::

    >>> rushlight.logsumexp(rushlight.full((2,), 100.0), 0)
    tensor(100.6931)
)"},
    {"matmul", R"(The product of matrices, vectors or batches of matrices.

Args:
    input (Tensor): of shape (..., n, m), or (m,) for a row.
    other (Tensor): of shape (..., m, p), or (m,) for a column; batch dims are broadcast.

Returns:
    Tensor: of shape (..., n, p), without the dim of an operand that was a vector.

Example::

    >>> rushlight.matmul(rushlight.tensor([[1, 2], [3, 4]]), rushlight.tensor([1, 1]))
    tensor([3, 7])
)"},
    {"mean", R"(The mean.

Args:
    input (Tensor): of any shape, of a floating-point or complex dtype unless ``dtype``
        is given.
    dim (int or sequence of int, optional): the dims to reduce; default all.
    keepdim (bool): leave reduced dims at size 1.
    dtype (dtype, optional): to convert ``input`` to first.

Returns:
    Tensor: of ``input``'s shape without ``dim``; NaN of no elements.

Example::

    >>> rushlight.mean(rushlight.tensor([[1., 2.], [3., 5.]]), dim=1)
    tensor([1.5000, 4.0000])
)"},
    {"mm", R"(The product of two matrices.

Args:
    input (Tensor): of shape (n, m).
    mat2 (Tensor): of shape (m, p).

Returns:
    Tensor: of shape (n, p).

Example::

    >>> rushlight.mm(rushlight.ones(1, 3), rushlight.ones(3, 2))
    tensor([[3., 3.]])
)"},
    {"mv", R"(The product of a matrix and a vector.

Args:
    input (Tensor): of shape (n, m).
    vec (Tensor): of shape (m,).

Returns:
    Tensor: of shape (n,).

Example::

    >>> rushlight.mv(rushlight.ones(2, 3), rushlight.ones(3))
    tensor([3., 3.])
)"},
    {"normal_", R"(Fills with draws from a normal distribution.

Args:
    mean (float): its mean.
    std (float): its standard deviation, not negative.
    generator (Generator, optional): the source of random numbers.

Returns:
    Tensor: the tensor itself, of any shape, of a floating-point or complex dtype.
)"},
    {"outer", R"(The products of every element of one vector and every one of another.

Args:
    input (Tensor): of shape (n,).
    vec2 (Tensor): of shape (m,).

Returns:
    Tensor: of shape (n, m).

Example::

    >>> rushlight.outer(rushlight.tensor([1, 2]), rushlight.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
)"},
    {"prod", R"(The product of elements; 1 of none.

Args:
    input (Tensor): of any shape.
    dim (int, optional): the dim to reduce; default all.
    keepdim (bool): leave the reduced dim at size 1.
    dtype (dtype, optional): to convert ``input`` to first; default int64 for integers.

Returns:
    Tensor: of ``input``'s shape without ``dim``.

Example::

    >>> rushlight.prod(rushlight.tensor([[1, 2], [3, 4]]), dim=1)
    tensor([ 2, 12])
)"},
    {"promote_types", R"(The smallest dtype that holds the values of both.

Args:
    type1 (dtype): one.
    type2 (dtype): the other.

Returns:
    dtype: the dtype of the sum of two such tensors.

Example::

    >>> rushlight.promote_types(rushlight.int32, rushlight.float16)
    rushlight.float16
)"},
    {"set_num_threads", R"(Sets the number of threads that work on one op; results do not depend on it.

Args:
    num (int): at least 1.

Raises:
    RuntimeError: for less than 1.
)"},
    {"softmax", R"(``exp(input)`` divided by its sum along a dim.

Args:
    input (Tensor): of any shape.
    dim (int): the dim along which the results sum to 1.
    dtype (dtype, optional): to convert ``input`` to first.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.softmax(rushlight.tensor([0., 0., 1.]), 0)
    tensor([0.2119, 0.2119, 0.5761])
)"},
    {"sum", R"(The sum; 0 of no elements.

Args:
    input (Tensor): of any shape.
    dim (int or sequence of int, optional): the dims to reduce; default all.
    keepdim (bool): leave reduced dims at size 1.
    dtype (dtype, optional): to convert ``input`` to first; default int64 for integers.

Returns:
    Tensor: of ``input``'s shape without ``dim``.

Example::

    >>> rushlight.sum(rushlight.tensor([[1, 2], [3, 4]]), dim=0)
    tensor([4, 6])
)"},
    {"uniform_", R"(Fills with draws from a uniform distribution.

Args:
    a (float): the lower end, included.
    b (float): the upper end.
    generator (Generator, optional): the source of random numbers.

Returns:
    Tensor: the tensor itself, of any shape, of a floating-point dtype.
)"},
};
static_assert(sorted_by_name(kDocs));

}  // namespace

std::span<const Doc> numeric_docs() { return kDocs; }

}  // namespace rushlight::python
