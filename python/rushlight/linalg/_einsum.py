"""einsum and tensordot: sums of products, done by bmm."""

from __future__ import annotations

import math

from rushlight import _ops
from rushlight._core import Tensor
from rushlight.linalg._support import check_tensor, put

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def einsum(*args):
    """Sums products of elements whose subscripts agree.

    Args:
        equation (str): a subscript (letter) per dim of each operand, '->' and the
            subscripts of the result. A repeated one takes a diagonal, one that the
            result lacks is summed, '...' stands for dims that broadcast. Without '->'
            the result has the subscripts that occur once, in alphabetical order.
        operands (Tensor): a dim of size 1 broadcasts. Instead of an equation each
            operand may be followed by a list of ints below 52, and the last by the
            result's.

    Returns:
        Tensor

    Raises:
        RuntimeError: for an equation that is malformed or does not fit the operands.

    Example::

        >>> a = rushlight.tensor([[1., 2.], [3., 4.]])
        >>> rushlight.einsum('ii', a)
        tensor(5.)
        >>> rushlight.einsum('ij,kj->ik', a, a)
        tensor([[ 5., 11.],
                [11., 25.]])
    """
    equation, operands = _arguments(args)
    labels, output = _parse(equation, operands)
    named = [_diagonals(x, names) for x, names in zip(operands, labels)]
    _check_sizes(named)
    named = [_drop_lonely(i, named, output) for i in range(len(named))]
    while len(named) > 1:
        i, j = (0, 1) if len(named) == 2 else _next_pair(named, output)
        kept = set(output).union(
            *(names for k, (_, names) in enumerate(named) if k not in (i, j))
        )
        merged = _contract(named[i], named[j], kept)
        named = [x for k, x in enumerate(named) if k not in (i, j)]
        # The pair's place is the first one's, so that two remain left to right.
        named.insert(min(i, len(named)), merged)
    x, names = named[0]
    gone = tuple(d for d, n in enumerate(names) if n not in output)
    if gone:
        x = _ops.sum(x, gone)
        names = [n for n in names if n in output]
    return x.permute([names.index(n) for n in output])


def _arguments(args):
    if not args:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or "
            "at "
            "least one operand and its subscripts list"
        )
    if isinstance(args[0], Tensor):
        # operand, list, operand, list, ..., [list of the result]
        operands, terms = list(args[0:-1:2]), list(args[1::2])
        output = args[-1] if len(args) % 2 else None
        text = ",".join(_spell(t) for t in terms)
        if output is not None:
            text += "->" + _spell(output)
        return text, _check_operands(operands)
    equation, operands = args[0], list(args[1:])
    if not isinstance(equation, str):
        raise TypeError(
            f"einsum(): argument 'equation' must be str, not {type(equation).__name__}"
        )
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    return equation, _check_operands(operands)


def _check_operands(operands):
    for x in operands:
        if not isinstance(x, Tensor):
            raise TypeError(
                f"einsum(): operands must be Tensors, not {type(x).__name__}"
            )
    if not operands:
        raise ValueError("einsum(): must provide at least one operand")
    return operands


def _spell(subscripts):
    text = ""
    for s in subscripts:
        if s is Ellipsis:
            text += "..."
        elif isinstance(s, int) and 0 <= s < 52:
            text += _LETTERS[s]
        else:
            raise ValueError(
                "einsum(): invalid subscript in subscript list, subscripts must be "
                "within "
                f"the range [0, 52), got {s!r}"
            )
    return text


def _parse_term(text, what):
    """The labels of a term; '...' as one entry."""
    labels, i = [], 0
    while i < len(text):
        c = text[i]
        if c == " ":
            i += 1
        elif c == ".":
            if text[i : i + 3] != "...":
                raise RuntimeError(
                    f"einsum(): found '.' for {what} that is not part of any ellipsis"
                )
            if "..." in labels:
                raise RuntimeError(
                    f"einsum(): found '.' for {what} for which an ellipsis was "
                    "already found"
                )
            labels.append("...")
            i += 3
        elif c in _LETTERS:
            labels.append(c)
            i += 1
        else:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {i} in the equation "
                "string, "
                "subscripts must be in [a-zA-Z]"
            )
    return labels


def _parse(equation, operands):
    """Labels of every dim of every operand, and of the result. Ellipsis dims are ints,
    counted from the last."""
    left, arrow, right = equation.partition("->")
    if ">" in left.replace("->", "") or (not arrow and "-" in left):
        raise RuntimeError("einsum(): expected '->' in the equation string")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(
            f"einsum(): {'fewer' if len(operands) > len(terms) else 'more'} operands "
            "were "
            f"specified in the equation than were provided: {len(terms)} and "
            f"{len(operands)}"
        )
    labels, covered = [], 0
    for i, (text, x) in enumerate(zip(terms, operands)):
        term = _parse_term(text, f"operand {i}")
        spare = x.dim() - (len(term) - ("..." in term))
        if spare < 0 or (spare > 0 and "..." not in term):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(term)}) "
                "does not "
                f"match the number of dimensions ({x.dim()}) for operand {i}"
                + (" and no ellipsis was given" if "..." not in term else "")
            )
        covered = max(covered, spare)
        dims = []
        for label in term:
            dims += range(spare - 1, -1, -1) if label == "..." else [label]
        labels.append(dims)
    rest = list(range(covered - 1, -1, -1))
    if not arrow:
        counts: dict = {}
        for label in (n for term in labels for n in term if isinstance(n, str)):
            counts[label] = counts.get(label, 0) + 1
        return labels, rest + sorted(n for n, count in counts.items() if count == 1)
    known = {n for term in labels for n in term}
    output = []
    for label in _parse_term(right, "the output"):
        if label == "...":
            output += rest
        elif label in output:
            raise RuntimeError(
                f"einsum(): output subscript {label} appears more than once in the "
                "output"
            )
        elif label not in known:
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation "
                "for any "
                "input operand"
            )
        else:
            output.append(label)
    return labels, output


def _diagonals(x, names):
    """Repeated labels become one dim, the diagonal."""
    names = list(names)
    for label in dict.fromkeys(names):
        while names.count(label) > 1:
            first = names.index(label)
            second = names.index(label, first + 1)
            if x.shape[first] != x.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand of shape "
                    f"{tuple(x.shape)} but the sizes don't match, {x.shape[second]} != "
                    f"{x.shape[first]}"
                )
            x = _ops.diagonal(x, 0, first, second)
            names = [n for d, n in enumerate(names) if d not in (first, second)] + [
                label
            ]
    return x, names


def _check_sizes(named):
    sizes: dict = {}
    for i, (x, names) in enumerate(named):
        for n, size in zip(names, x.shape):
            if sizes.get(n, 1) == 1:
                sizes[n] = size
            elif size not in (1, sizes[n]):
                raise RuntimeError(
                    "einsum(): operands do not broadcast with remapped shapes: "
                    f"subscript {n} "
                    f"has size {size} for operand {i} of shape {tuple(x.shape)} and "
                    f"{sizes[n]} "
                    "before"
                )


def _drop_lonely(i, named, output):
    """An operand summed over the labels that nothing else has."""
    x, names = named[i]
    others = set(output).union(*(n for k, (_, n) in enumerate(named) if k != i))
    gone = tuple(d for d, n in enumerate(names) if n not in others)
    if not gone or len(named) == 1:
        return x, names
    return _ops.sum(x, gone), [n for n in names if n in others]


def _next_pair(named, output):
    """The pair whose product is smallest next to its operands, then cheapest."""
    best, found = None, (0, 1)
    sizes = {n: s for x, names in named for n, s in zip(names, x.shape) if s != 1}
    extent = lambda names: math.prod(sizes.get(n, 1) for n in names)  # noqa: E731
    for i in range(len(named)):
        for j in range(i + 1, len(named)):
            a, b = set(named[i][1]), set(named[j][1])
            rest = set(output).union(
                *(n for k, (_, n) in enumerate(named) if k not in (i, j))
            )
            kept = (a | b) & rest
            score = (extent(kept) - extent(a) - extent(b), extent(a | b))
            if best is None or score < best:
                best, found = score, (i, j)
    return found


def _contract(first, second, kept):
    """The product of two operands, summed over labels that are not in ``kept``."""
    (a, a_names), (b, b_names) = first, second
    # A size 1 that broadcasts is no dim of a sum of products.
    sizes = dict(zip(a_names, a.shape))
    for n, size in zip(b_names, b.shape):
        if sizes.get(n, 1) == 1:
            sizes[n] = size
    a, a_names = _sum_missing(a, a_names, b, b_names, kept, sizes)
    b, b_names = _sum_missing(b, b_names, a, a_names, kept, sizes)
    a_dims, b_dims = dict(zip(a_names, a.shape)), dict(zip(b_names, b.shape))
    shared = [n for n in a_names if n in b_dims and n in kept]
    summed = [n for n in a_names if n in b_dims and n not in kept]
    only_a = [n for n in a_names if n not in b_dims]
    only_b = [n for n in b_names if n not in a_dims]
    names = shared + only_a + only_b
    size = lambda group: math.prod(sizes[n] for n in group)  # noqa: E731
    if not summed and (not only_a or not only_b):
        # No sum: an elementwise product moves less memory.
        return _align(a, a_names, names) * _align(b, b_names, names), names
    left = _grouped(a, a_names, (shared, only_a, summed), sizes)
    right = _grouped(b, b_names, (shared, summed, only_b), sizes)
    if left.dtype != right.dtype:
        exact = [not (x.is_floating_point() or x.is_complex()) for x in (left, right)]
        if not all(exact):
            raise RuntimeError(
                "einsum(): expected all operands to have the same dtype, got "
                f"{left.dtype} and {right.dtype}"
            )
        # One of them has been summed, which makes int64 of narrow integers.
        left, right = left.long(), right.long()
    lead = size(shared)
    if lead == 1:
        product = _ops.mm(left.reshape(left.shape[1:]), right.reshape(right.shape[1:]))
    else:
        product = _ops.bmm(left, right)
    return product.reshape([sizes[n] for n in names]), names


def _sum_missing(x, names, other, other_names, kept, sizes):
    # Dims that only one side has and nobody keeps, and dims of size 1 against larger
    # ones.
    other_sizes = dict(zip(other_names, other.shape))
    gone = []
    for d, n in enumerate(names):
        lonely = n not in other_sizes and n not in kept
        spread = x.shape[d] == 1 and sizes[n] != 1
        if lonely or spread:
            gone.append(d)
    if not gone:
        return x, names
    return _ops.sum(x, tuple(gone)), [n for d, n in enumerate(names) if d not in gone]


def _align(x, names, wanted):
    x = x.permute([names.index(n) for n in wanted if n in names])
    for d, n in enumerate(wanted):
        if n not in names:
            x = x.unsqueeze(d)
    return x


def _grouped(x, names, groups, sizes):
    """x as three dims, one a group of labels."""
    order = [names.index(n) for group in groups for n in group]
    if order != list(range(len(order))):
        x = x.permute(order)
    return x.reshape([math.prod(sizes[n] for n in group) for group in groups])


def tensordot(a, b, dims=2, out=None):
    """The sum of products over dims of both.

    Args:
        a, b (Tensor): of one dtype.
        dims (int or pair of lists): how many last dims of ``a`` and first of ``b``, or
            which ones of each.

    Returns:
        Tensor: the other dims of ``a``, then those of ``b``.

    Raises:
        RuntimeError: where sizes differ (1 broadcasts).

    Example::

        >>> a = rushlight.arange(6.).reshape(2, 3)
        >>> rushlight.tensordot(a, a, dims=([1], [1]))
        tensor([[ 5., 14.],
                [14., 50.]])
    """
    op = "tensordot"
    check_tensor(op, a, "a")
    check_tensor(op, b, "b", 2)
    if isinstance(dims, Tensor):
        if dims.numel() > 1:
            first, second = dims[0].tolist(), dims[1].tolist()
            dims = (first, second)
        else:
            dims = int(dims.item())
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"{op} expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(
                f"{op} expects dims < ndim_a or ndim_b, but got dims={dims}"
            )
        first, second = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        first, second = dims
        if isinstance(first, int) or isinstance(second, int):
            raise TypeError(f"{op}(): dims must be an int or a pair of lists of ints")
        first, second = list(first), list(second)
    if len(first) != len(second):
        raise RuntimeError(f"{op}(): both dimension lists should have same length")
    first, second = _positions(op, first, a.dim()), _positions(op, second, b.dim())
    for i, j in zip(first, second):
        if a.shape[i] != b.shape[j] and 1 not in (a.shape[i], b.shape[j]):
            raise RuntimeError(
                f"{op}(): contracted dimensions need to match, but first has size "
                f"{a.shape[i]} in dim {i} and second has size {b.shape[j]} in dim {j}"
            )
        if a.shape[i] != b.shape[j]:
            if a.shape[i] == 1:
                b = _ops.sum(b, j, True, dtype=b.dtype)
            else:
                a = _ops.sum(a, i, True, dtype=a.dtype)
    rest_a = [d for d in range(a.dim()) if d not in first]
    rest_b = [d for d in range(b.dim()) if d not in second]
    n = math.prod(a.shape[d] for d in first)
    left = a.permute(rest_a + first).reshape(math.prod(a.shape[d] for d in rest_a), n)
    right = b.permute(second + rest_b).reshape(n, math.prod(b.shape[d] for d in rest_b))
    result = _ops.mm(left, right).reshape(
        [a.shape[d] for d in rest_a] + [b.shape[d] for d in rest_b]
    )
    return put(op, result, out)


def _positions(op, dims, n):
    found = []
    for d in dims:
        if not -n <= d < max(n, 1):
            raise IndexError(
                f"{op}(): Dimension out of range (expected to be in range of "
                f"[{-n}, {n - 1}], but got {d})"
            )
        d %= n
        if d in found:
            raise RuntimeError(
                f"{op}(): dim {d} appears multiple times in the list of dims"
            )
        found.append(d)
    return found
