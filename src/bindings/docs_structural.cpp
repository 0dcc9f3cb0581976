// Docstrings of ops that move elements: indexing, scattering, joining, views.
#include "docs.h"

namespace rushlight::python {
namespace {

constexpr Doc kDocs[] = {
    {"cat", R"(Tensors put one behind the other along a dim.

Args:
    tensors (sequence of Tensor): of equal shapes but for ``dim``; empty 1-d ones are
        skipped.
    dim (int): the dim along which they are put.

Returns:
    Tensor: of the promoted dtype; its size along ``dim`` is the sum of theirs.

Example::

    >>> rushlight.cat([rushlight.zeros(2), rushlight.ones(1)])
    tensor([0., 0., 1.])
)"},
    {"diagonal", R"(The diagonals of the matrices of two dims; a view.

Args:
    input (Tensor): of two dims or more.
    offset (int): above the main diagonal, or below where negative.
    dim1 (int): the rows.
    dim2 (int): the columns.

Returns:
    Tensor: of ``input``'s shape without ``dim1`` and ``dim2``, the diagonal as last dim.

Example::

    >>> rushlight.diagonal(rushlight.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
)"},
    {"dstack", R"(Tensors put behind each other along the third dim.

Args:
    tensors (sequence of Tensor): of shape (n,), seen as (1, n, 1), of (n, m), seen as
        (n, m, 1), or of three dims or more.

Returns:
    Tensor: of three dims or more.

Example::

    >>> rushlight.dstack([rushlight.tensor([1, 2]), rushlight.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
)"},
    {"flatten", R"(Several dims as one; a view where possible, else a copy.

Args:
    input (Tensor): of any shape.
    start_dim (int): the first of them.
    end_dim (int): the last of them.

Returns:
    Tensor: with one dim in the place of those; 1-d of a 0-d one.

Example::

    >>> rushlight.flatten(rushlight.zeros(2, 3, 4), 1).shape
    rushlight.Size([2, 12])
)"},
    {"gather", R"(The elements that ``index`` names along a dim.

``result[i, j] = input[index[i, j], j]`` for two dims and ``dim`` 0.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64, of as many dims, not larger than ``input`` in the other dims.
    sparse_grad (bool): accepted; gradients are dense.

Returns:
    Tensor: of ``index``'s shape.

Raises:
    IndexError: for an index out of range.

Example::

    >>> x = rushlight.tensor([[1, 2], [3, 4]])
    >>> rushlight.gather(x, 1, rushlight.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
)"},
    {"hstack", R"(Tensors put beside each other: along the second dim, or the first of 1-d ones.

Args:
    tensors (sequence of Tensor): of equal shapes but for that dim.

Returns:
    Tensor: of the promoted dtype, of their number of dims.

Example::

    >>> rushlight.hstack([rushlight.tensor([1, 2]), rushlight.tensor([3])])
    tensor([1, 2, 3])
)"},
    {"index_add", R"(``input`` with slices of ``source`` added where ``index`` says.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64 or int32, of shape (n,); places may repeat.
    source (Tensor): of ``input``'s shape, but n along ``dim``.
    alpha (Number): the factor of ``source``.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> at = rushlight.tensor([0, 0, 2])
    >>> rushlight.index_add(rushlight.zeros(3), 0, at, rushlight.ones(3))
    tensor([2., 0., 1.])
)"},
    {"index_copy", R"(``input`` with slices replaced by those of ``source``.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64, of shape (n,); the last of equal places stays.
    source (Tensor): of ``input``'s shape, but n along ``dim``.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> at = rushlight.tensor([2, 0])
    >>> rushlight.index_copy(rushlight.zeros(3), 0, at, rushlight.tensor([1., 2.]))
    tensor([2., 0., 1.])
)"},
    {"index_fill", R"(``input`` with slices set to one value.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64, of shape (n,).
    value (Number or Tensor): the value; a tensor is 0-d.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.index_fill(rushlight.zeros(3), 0, rushlight.tensor([0, 2]), 5)
    tensor([5., 0., 5.])
)"},
    {"index_put", R"(``input`` with the elements at ``indices`` replaced, or added to.

Args:
    input (Tensor): of any shape.
    indices (sequence of Tensor): int64, one per dim, broadcast together; or bool masks.
    values (Tensor): broadcast to the shape of ``input[indices]``.
    accumulate (bool): add, so that equal places sum up.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> at = (rushlight.tensor([0, 2]),)
    >>> rushlight.index_put(rushlight.zeros(3), at, rushlight.tensor([1., 2.]))
    tensor([1., 0., 2.])
)"},
    {"index_select", R"(The slices that ``index`` names along a dim, copied.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64 or int32, of shape (n,); places may repeat.

Returns:
    Tensor: of ``input``'s shape, but n along ``dim``.

Raises:
    IndexError: for an index out of range.

Example::

    >>> x = rushlight.tensor([[1, 2], [3, 4]])
    >>> rushlight.index_select(x, 1, rushlight.tensor([1]))
    tensor([[2],
            [4]])
)"},
    {"masked_fill", R"(``input`` with the elements that a mask marks set to one value.

Args:
    input (Tensor): of any shape.
    mask (Tensor): bool, broadcast to ``input``.
    value (Number or Tensor): the value; a tensor is 0-d.

Returns:
    Tensor: of the broadcast shape.

Example::

    >>> x = rushlight.tensor([1, -2])
    >>> rushlight.masked_fill(x, x < 0, 0)
    tensor([1, 0])
)"},
    {"masked_scatter", R"(``input`` with the elements that a mask marks taken from ``source`` in order.

Args:
    input (Tensor): of any shape.
    mask (Tensor): bool, broadcast to ``input``.
    source (Tensor): of ``input``'s dtype, with at least as many elements as are marked.

Returns:
    Tensor: of the broadcast shape.

Example::

    >>> x = rushlight.tensor([1, -2, -3])
    >>> rushlight.masked_scatter(x, x < 0, rushlight.tensor([8, 9]))
    tensor([1, 8, 9])
)"},
    {"masked_select", R"(The elements that a mask marks, in row-major order.

Args:
    input (Tensor): of any shape.
    mask (Tensor): bool, broadcast with ``input``.

Returns:
    Tensor: 1-d, a copy.

Example::

    >>> x = rushlight.tensor([1, -2, 3])
    >>> rushlight.masked_select(x, x > 0)
    tensor([1, 3])
)"},
    {"narrow", R"(``length`` slices along a dim, from ``start`` on; a view.

Args:
    input (Tensor): of one dim or more.
    dim (int): the dim to cut.
    start (int or Tensor): the first slice; counted from the end where negative.
    length (int): how many.

Returns:
    Tensor: of ``input``'s shape, but ``length`` along ``dim``.

Example::

    >>> rushlight.narrow(rushlight.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
)"},
    {"scatter", R"(``input`` with elements of ``src`` written to the places that ``index`` names.

``result[index[i, j], j] = src[i, j]`` for two dims and ``dim`` 0.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64, of as many dims, not larger than ``src``, nor than ``input``
        in the other dims.
    src (Tensor or Number): of ``input``'s dtype, or one value.
    value (Number, optional): in the place of ``src``.
    reduce (str, optional): 'add' or 'multiply' to combine with what is there.

Returns:
    Tensor: of ``input``'s shape.

Raises:
    RuntimeError: for an index out of range.

Example::

    >>> at = rushlight.tensor([[0], [2]])
    >>> rushlight.scatter(rushlight.zeros(2, 3), 1, at, 1.0)
    tensor([[1., 0., 0.],
            [0., 0., 1.]])
)"},
    {"scatter_add", R"(``input`` with elements of ``src`` added at the places that ``index`` names.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64, of as many dims; places may repeat.
    src (Tensor): of ``input``'s dtype, not smaller than ``index``.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> at = rushlight.tensor([0, 0, 2])
    >>> rushlight.scatter_add(rushlight.zeros(3), 0, at, rushlight.ones(3))
    tensor([2., 0., 1.])
)"},
    {"scatter_reduce", R"(``input`` combined with elements of ``src`` at the places that ``index`` names.

Args:
    input (Tensor): of any shape.
    dim (int): the dim that is indexed.
    index (Tensor): int64, of as many dims; places may repeat.
    src (Tensor): of ``input``'s dtype, not smaller than ``index``.
    reduce (str): 'sum', 'prod', 'mean', 'amax' or 'amin'.
    include_self (bool): whether the element of ``input`` takes part.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> x, at = rushlight.zeros(2), rushlight.tensor([0, 0, 1])
    >>> rushlight.scatter_reduce(x, 0, at, rushlight.tensor([1., 5., -2.]), "amax")
    tensor([5., 0.])
)"},
    {"squeeze", R"(Without dims of size 1; a view.

Args:
    input (Tensor): of any shape.
    dim (int or sequence of int, optional): the dims to drop where their size is 1;
        default all.

Returns:
    Tensor: the same elements.

Example::

    >>> rushlight.squeeze(rushlight.zeros(1, 3, 1), 0).shape
    rushlight.Size([3, 1])
)"},
    {"stack", R"(Tensors of one shape put behind each other along a new dim.

Args:
    tensors (sequence of Tensor): n of equal shapes.
    dim (int): where the new dim of size n stands.

Returns:
    Tensor: of one dim more.

Example::

    >>> rushlight.stack([rushlight.tensor([1, 2]), rushlight.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
)"},
    {"take", R"(The elements at places counted in row-major order.

Args:
    input (Tensor): of any shape.
    index (Tensor): int64, of any shape.

Returns:
    Tensor: of ``index``'s shape.

Example::

    >>> rushlight.take(rushlight.tensor([[1, 2], [3, 4]]), rushlight.tensor([0, 3]))
    tensor([1, 4])
)"},
    {"take_along_dim", R"(The elements that ``index`` names along a dim, the other dims broadcast.

Args:
    input (Tensor): of any shape.
    indices (Tensor): int64, of as many dims, such as :func:`argsort` gives.
    dim (int, optional): the dim that is indexed; default the flattened tensor.

Returns:
    Tensor: of the broadcast shape, that of ``indices`` along ``dim``.

Example::

    >>> x = rushlight.tensor([[3, 1], [2, 4]])
    >>> rushlight.take_along_dim(x, x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
)"},
    {"tril", R"(Matrices with zeros above a diagonal.

Args:
    input (Tensor): of shape (..., n, m).
    diagonal (int): the last one kept, above the main one, or below where negative.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.tril(rushlight.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
)"},
    {"triu", R"(Matrices with zeros below a diagonal.

Args:
    input (Tensor): of shape (..., n, m).
    diagonal (int): the first one kept, above the main one, or below where negative.

Returns:
    Tensor: of ``input``'s shape.

Example::

    >>> rushlight.triu(rushlight.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
)"},
    {"unflatten", R"(One dim as several; a view.

Args:
    input (Tensor): of one dim or more.
    dim (int): the dim to split.
    sizes (sequence of int): of the dims in its place; one may be -1.

Returns:
    Tensor: the same elements.

Example::

    >>> rushlight.unflatten(rushlight.zeros(2, 6), 1, (3, -1)).shape
    rushlight.Size([2, 3, 2])
)"},
    {"unfold", R"(Windows of ``size`` elements along a dim, ``step`` apart; a view.

Args:
    dimension (int): the dim that they are cut from.
    size (int): elements of a window.
    step (int): from the start of one to the start of the next.

Returns:
    Tensor: with the number of windows along ``dimension`` and a new last dim of ``size``.

Example::

    >>> rushlight.arange(5).unfold(0, 2, 2)
    tensor([[0, 1],
            [2, 3]])
)"},
    {"view_as_complex", R"(Pairs of the last dim as complex numbers; a view.

Args:
    input (Tensor): of shape (..., 2), of a floating-point dtype.

Returns:
    Tensor: complex, of shape (...).

Example::

    >>> rushlight.view_as_complex(rushlight.tensor([[1., 2.]]))
    tensor([1.+2.j])
)"},
    {"view_as_real", R"(Complex numbers as pairs of real and imaginary part; a view.

Args:
    input (Tensor): complex, of any shape.

Returns:
    Tensor: of shape (..., 2).

Example::

    >>> rushlight.view_as_real(rushlight.tensor([1 + 2j]))
    tensor([[1., 2.]])
)"},
    {"vstack", R"(Tensors put below each other along the first dim; 1-d ones are rows.

Args:
    tensors (sequence of Tensor): of equal shapes but for that dim.

Returns:
    Tensor: of two dims or more.

Example::

    >>> rushlight.vstack([rushlight.tensor([1, 2]), rushlight.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
)"},
    {"zero_", R"(Sets every element to 0; returns the tensor itself.
)"},
};
static_assert(sorted_by_name(kDocs));

}  // namespace

std::span<const Doc> structural_docs() { return kDocs; }

}  // namespace rushlight::python
