"""Tables of few columns: operands whose rows do not follow each other in memory."""

import numpy
import pytest

import rushlight

COLUMNS = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 33, 63, 64, 65]
ROWS = 140
DTYPES = ["uint8", "int16", "float16", "int32", "float32", "int64", "complex128"]


def table(rows, columns, dtype, seed=0):
    random = numpy.random.default_rng(seed)
    return random.integers(0, 50, (rows, columns)).astype(dtype)


def layouts(rows, columns, dtype):
    """The ways a table may lie in memory: a name, the memory, strides and offset."""
    width = 2 * columns + 1
    for name, strides, offset in (
        ("dense", (columns, 1), 0),
        ("rows apart", (width, 1), 1),
        ("both apart", (width, 2), 0),
        ("turned", (1, rows), 0),
        ("turned, apart", (2, 2 * rows + 3), 2),
        ("a row", (0, 1), 3),
        ("a row apart", (0, 2), 0),
        ("a column", (1, 0), 0),
        ("a column apart", (3, 0), 0),
        ("one", (0, 0), 5),
    ):
        size = max((rows - 1) * strides[0] + (columns - 1) * strides[1] + offset + 1, 7)
        memory = table(1, size, dtype, sum(map(ord, name)))[0]
        yield name, memory, (rows, columns), strides, offset


def writable(*arguments):
    return [layout for layout in layouts(*arguments) if 0 not in layout[3]]


def in_numpy(layout):
    _, memory, shape, strides, offset = layout
    steps = [stride * memory.itemsize for stride in strides]
    return numpy.lib.stride_tricks.as_strided(memory[offset:], shape, steps)


def tensor_of(layout):
    _, memory, shape, strides, offset = layout
    return rushlight.from_numpy(memory.copy()).as_strided(shape, strides, offset)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", COLUMNS)
def test_all_pairs_of_layouts(columns, dtype):
    for one in layouts(ROWS, columns, dtype):
        for other in layouts(ROWS, columns, dtype):
            a, b = in_numpy(one), in_numpy(other)
            x, y = tensor_of(one), tensor_of(other)
            assert ((x == y).numpy() == (a == b)).all(), (one[0], other[0])
            assert ((x + y).numpy() == a + b).all(), (one[0], other[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", COLUMNS)
def test_copies_between_layouts(columns, dtype):
    for one in layouts(ROWS, columns, dtype):
        a, source = in_numpy(one), tensor_of(one)
        assert (source.contiguous().numpy() == a).all(), one[0]
        assert (source.t().contiguous().numpy() == a.T).all(), one[0]
        assert (source.to(rushlight.complex128).numpy() == a.astype(complex)).all(), (
            one[0]
        )
        for other in writable(ROWS, columns, dtype):
            name, memory, shape, strides, offset = other
            expected = memory.copy()
            in_numpy((name, expected, shape, strides, offset))[...] = a
            base = rushlight.from_numpy(memory.copy())
            base.as_strided(shape, strides, offset).copy_(source)
            # What lies between the target's elements stays as it was.
            assert (base.numpy() == expected).all(), (one[0], name)


@pytest.mark.parametrize("columns", COLUMNS)
def test_in_place_and_out_into_layouts(columns):
    row = table(1, columns, "float32", 7)
    for layout in writable(ROWS, columns, "float32"):
        name, memory, shape, strides, offset = layout
        expected = memory.copy()
        in_numpy((name, expected, shape, strides, offset))[...] *= row
        base = rushlight.from_numpy(memory.copy())
        view = base.as_strided(shape, strides, offset)
        view.mul_(rushlight.from_numpy(row))
        assert (base.numpy() == expected).all(), name
        first = view.clone()
        rushlight.sub(first, rushlight.from_numpy(row), out=view)
        in_numpy((name, expected, shape, strides, offset))[...] -= row
        assert (base.numpy() == expected).all(), name
        view.fill_(3)
        in_numpy((name, expected, shape, strides, offset))[...] = 3
        assert (base.numpy() == expected).all(), name


@pytest.mark.parametrize("columns", COLUMNS)
def test_where_of_layouts(columns):
    mask = table(ROWS, columns, "int64", 8) > 25
    for one in layouts(ROWS, columns, "float32"):
        for other in layouts(ROWS, columns, "float32"):
            result = rushlight.where(
                rushlight.from_numpy(mask), tensor_of(one), tensor_of(other)
            )
            expected = numpy.where(mask, in_numpy(one), in_numpy(other))
            assert (result.numpy() == expected).all(), (one[0], other[0])


@pytest.mark.parametrize("threads", [1, 2])
def test_several_dims_and_threads(threads):
    before = rushlight.get_num_threads()
    rushlight.set_num_threads(threads)
    try:
        points = table(30 * 40 * 50, 3, "float32").reshape(30, 40, 50, 3)
        centre = table(40, 3, "float32", 1).reshape(40, 1, 3)
        x, y = rushlight.from_numpy(points), rushlight.from_numpy(centre)
        assert ((x - y).numpy() == points - centre).all()
        assert (
            (x[..., :2] * y[..., 1:]).numpy() == points[..., :2] * centre[..., 1:]
        ).all()
        image = rushlight.from_numpy(points.reshape(1200, 50, 3))
        planes = image.permute(2, 0, 1)
        assert (planes.contiguous().numpy() == planes.numpy()).all()
        assert (planes.contiguous().permute(1, 2, 0).contiguous() == image).all()
        assert (planes.to(rushlight.int32).numpy() == planes.numpy()).all()
    finally:
        rushlight.set_num_threads(before)
