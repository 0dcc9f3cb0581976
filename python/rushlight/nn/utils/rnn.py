"""Batches of sequences of different lengths: padded, or packed step by step.

A packed batch holds the first elements of all sequences, then all second elements, and
so on, the longest sequence first: what a recurrent layer reads at one step lies
together, and a sequence that has ended takes no room.
"""

from __future__ import annotations

import itertools
from collections import namedtuple
from collections.abc import Iterable

import rushlight
from rushlight._core import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpad_sequence",
    "pack_sequence",
    "unpack_sequence",
]

PackedSequence_ = namedtuple(
    "PackedSequence_", "data batch_sizes sorted_indices unsorted_indices"
)


def _each(function, *tensors):
    return [None if t is None else function(t) for t in tensors]


class PackedSequence(PackedSequence_):
    """The elements of a batch of sequences, step by step; a named tuple.

    :func:`pack_padded_sequence` and :func:`pack_sequence` make it; recurrent layers
    take it and give it back.

    Args:
        data (Tensor): the elements, shape ``(sum(batch_sizes), *)``; or a pair of data
            and batch sizes.
        batch_sizes (Tensor, optional): int64 on the CPU: how many sequences have an
            element at each step.
        sorted_indices (Tensor, optional): the order in which the sequences were taken.
        unsorted_indices (Tensor, optional): that order's inverse, computed when left
            out.

    Raises:
        ValueError: the batch sizes are not on the CPU.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import PackedSequence
        >>> data, sizes = rushlight.tensor([1, 3, 2]), rushlight.tensor([2, 1])
        >>> PackedSequence(data, sizes).batch_sizes
        tensor([2, 1])
    """

    def __new__(
        cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None
    ):
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError(
                    "PackedSequence(): without batch_sizes, expected data to be a list "
                    f"or tuple of data and batch sizes, got {type(data).__name__}"
                )
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "PackedSequence(): batch_sizes should always be on CPU, got "
                f"{batch_sizes.device}; make packed sequences with pack_sequence() or "
                "pack_padded_sequence()"
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _with(self, data, function):
        # The batch sizes stay on the CPU.
        indices = _each(function, self.sorted_indices, self.unsorted_indices)
        return type(self)(data, self.batch_sizes, *indices)

    def pin_memory(self):
        """Copy the tensors to page-locked memory; the arguments of ``Tensor``'s."""
        return self._with(self.data.pin_memory(), lambda t: t.pin_memory())

    def to(self, *args, **kwargs):
        """Move or convert ``data``, with the arguments of :meth:`Tensor.to`.

        Returns:
            PackedSequence: itself where nothing changes. The indices follow to
            another device and keep their dtype.
        """
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return self._with(data, lambda t: t.to(data.device))

    def cuda(self, *args, **kwargs):
        """Move to a GPU."""
        if not args:
            kwargs.setdefault("device", "cuda")
        return self.to(*args, **kwargs)

    def cpu(self, *args, **kwargs):
        """Move to the CPU."""
        kwargs["device"] = "cpu"
        return self.to(*args, **kwargs)

    def double(self):
        """Convert ``data`` to float64."""
        return self.to(dtype=rushlight.float64)

    def float(self):
        """Convert ``data`` to float32."""
        return self.to(dtype=rushlight.float32)

    def half(self):
        """Convert ``data`` to float16."""
        return self.to(dtype=rushlight.float16)

    def long(self):
        """Convert ``data`` to int64."""
        return self.to(dtype=rushlight.int64)

    def int(self):
        """Convert ``data`` to int32."""
        return self.to(dtype=rushlight.int32)

    def short(self):
        """Convert ``data`` to int16."""
        return self.to(dtype=rushlight.int16)

    def char(self):
        """Convert ``data`` to int8."""
        return self.to(dtype=rushlight.int8)

    def byte(self):
        """Convert ``data`` to uint8."""
        return self.to(dtype=rushlight.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether ``data`` is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self):
        """Whether ``data`` is in page-locked memory."""
        return self.data.is_pinned()


def invert_permutation(permutation) -> Tensor | None:
    """Return the permutation that undoes another one.

    Args:
        permutation (Tensor, optional): indices 0 to n - 1 in any order, shape ``(n,)``.

    Returns:
        Tensor: shape ``(n,)``; None for None.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import invert_permutation
        >>> invert_permutation(rushlight.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    positions = rushlight.arange(
        permutation.numel(), dtype=permutation.dtype, device=permutation.device
    )
    return rushlight.empty_like(permutation).scatter_(0, permutation, positions)


def _check_lengths(lengths, rows, steps):
    op = "pack_padded_sequence()"
    if lengths.dim() != 1:
        raise RuntimeError(
            f"{op}: 'lengths' argument should be a 1D CPU int64 tensor, but got "
            f"{lengths.dim()}D tensor of shape {tuple(lengths.shape)}"
        )
    if len(lengths) != rows:
        raise RuntimeError(
            f"{op}: expected `len(lengths)` to be equal to batch_size, but got "
            f"{len(lengths)} (batch_size={rows})"
        )
    values = lengths.tolist()
    if min(values) <= 0:
        raise RuntimeError(
            f"{op}: Length of all samples has to be greater than 0, but found an "
            f"element in 'lengths' that is <= 0: {min(values)}"
        )
    if any(a < b for a, b in itertools.pairwise(values)):
        raise RuntimeError(
            f"{op}: `lengths` array must be sorted in decreasing order when "
            "`enforce_sorted` is True; pass enforce_sorted=False to have the sequences "
            "sorted"
        )
    if values[0] > steps:
        raise RuntimeError(
            f"{op}: a length of {values[0]} exceeds the {steps} steps of the input"
        )


def pack_padded_sequence(
    input, lengths, batch_first=False, enforce_sorted=True
) -> PackedSequence:
    """Pack a padded batch of sequences.

    Args:
        input (Tensor): shape ``(T, B, *)``, or ``(B, T, *)`` with ``batch_first``.
        lengths (Tensor or sequence of int): how many elements of each sequence count,
            shape ``(B,)``.
        batch_first: the layout of the input. Default: ``False``.
        enforce_sorted: expect the longest sequence first; otherwise sort them.
            Default: ``True``.

    Returns:
        PackedSequence: its data has shape ``(sum(lengths), *)``.

    Raises:
        RuntimeError: nothing to pack, a length below 1 or above T, a wrong number of
            lengths, or unsorted ones with ``enforce_sorted``.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import pack_padded_sequence
        >>> padded = rushlight.tensor([[1, 2, 3], [4, 0, 0]])
        >>> pack_padded_sequence(padded, [3, 1], batch_first=True).data
        tensor([1, 4, 2, 3])
    """
    lengths = rushlight.as_tensor(lengths, device="cpu").to(rushlight.int64)
    if input.numel() == 0:
        raise RuntimeError(
            "pack_padded_sequence(): Cannot pack empty tensors, got "
            f"{tuple(input.shape)}"
        )
    rows_dim = 0 if batch_first else 1
    order = None
    if not enforce_sorted:
        lengths, order = rushlight.sort(lengths, descending=True)
        order = order.to(input.device)
        input = input.index_select(rows_dim, order)
    if batch_first:
        input = input.transpose(0, 1)
    steps, rows = input.shape[0], input.size(1)
    _check_lengths(lengths, rows, steps)
    present = rushlight.arange(int(lengths[0])).unsqueeze(1) < lengths
    data = input[: len(present)][present.to(input.device)]
    return PackedSequence(data, present.sum(1), order)


def _padding(like, steps, value):
    """Rows of padding as long as may be wanted, one in memory."""
    # Cast as copy_ does it: 2.7 becomes 2 among integers.
    one = rushlight.full((), value).to(like.dtype).to(like.device)
    return one.expand(steps, *like.shape[1:])


def pad_packed_sequence(
    sequence, batch_first=False, padding_value=0.0, total_length=None
) -> tuple[Tensor, Tensor]:
    """Undo :func:`pack_padded_sequence`.

    Args:
        sequence (PackedSequence): what to pad.
        batch_first: the layout of the result. Default: ``False``.
        padding_value (float): written behind the sequences' ends. Default: 0.
        total_length (int, optional): T, at least the longest sequence's length.

    Returns:
        tuple: the padded sequences, ``(T, B, *)`` or ``(B, T, *)``, in the order in
        which they were packed, and their lengths, int64 ``(B,)``.

    Raises:
        ValueError: a sequence is longer than ``total_length``.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import pack_sequence, pad_packed_sequence
        >>> packed = pack_sequence([rushlight.tensor([1, 2]), rushlight.tensor([3])])
        >>> pad_packed_sequence(packed, batch_first=True)
        (tensor([[1, 2],
                [3, 0]]), tensor([2, 1]))
    """
    data, sizes, _, unsorted_indices = sequence
    longest = sizes.size(0)
    steps = longest if total_length is None else total_length
    if steps < longest:
        raise ValueError(
            "pad_packed_sequence(): Expected total_length to be at least the length of "
            f"the longest sequence in input, but got total_length={total_length} and "
            f"max sequence length being {longest}"
        )
    counts = sizes.tolist()
    rows = counts[0]
    padding = _padding(data, max(rows, 1), padding_value)
    parts = []
    for x in data.split(counts):
        parts.append(x)
        if len(x) < rows:
            parts.append(padding[: rows - len(x)])
    parts += [padding[:rows]] * (steps - longest)
    padded = rushlight.cat(parts).reshape(steps, rows, *data.shape[1:])
    if batch_first:
        padded = padded.transpose(0, 1)
    lengths = (sizes.unsqueeze(1) > rushlight.arange(rows)).sum(0)
    if unsorted_indices is None:
        return padded, lengths
    return (
        padded.index_select(0 if batch_first else 1, unsorted_indices),
        lengths[unsorted_indices.cpu()],
    )


def _sequence_shape(x, position):
    if not isinstance(x, Tensor):
        raise TypeError(
            f"pad_sequence(): expected Tensor as element {position}, but got "
            f"{type(x).__name__}"
        )
    if x.dim() == 0:
        raise RuntimeError(
            f"pad_sequence(): element {position} has no dim, expected shape (L, *)"
        )
    return x.shape


def pad_sequence(
    sequences, batch_first=False, padding_value=0.0, padding_side="right"
) -> Tensor:
    """Stack sequences of different lengths, padded to the longest.

    Args:
        sequences (iterable of Tensor): shapes ``(L_i, *)`` with the same ``*``; the
            result has the first one's dtype.
        batch_first: whether the sequences stand in dim 0. Default: ``False``.
        padding_value (float): what is written beside them. Default: 0.
        padding_side: where, ``"right"`` or ``"left"``. Default: ``"right"``.

    Returns:
        Tensor: shape ``(max(L), B, *)``, or ``(B, max(L), *)``.

    Raises:
        RuntimeError: no sequences, one without a dim, or an unknown side.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import pad_sequence
        >>> pad_sequence([rushlight.tensor([1, 2]), rushlight.tensor([3])], True)
        tensor([[1, 2],
                [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence(): Expected iterable for input sequences, but got arg of "
            f"type: {type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("pad_sequence(): received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            "pad_sequence(): Expected padding_side to be one of left or right, but got "
            f"{padding_side}"
        )
    shapes = [_sequence_shape(x, i) for i, x in enumerate(sequences)]
    first, (_, *rest) = sequences[0], shapes[0]
    lengths = [n for n, *_ in shapes]
    if any(shape[1:] != shapes[0][1:] for shape in shapes):
        sequences = [x.expand(n, *rest) for x, n in zip(sequences, lengths)]
    steps = max(lengths)
    padding = _padding(first, steps, padding_value)
    parts = []
    for x, n in zip(sequences, lengths):
        pair = [x if x.dtype == first.dtype else x.to(first.dtype)]
        if n < steps:
            pair.append(padding[: steps - n])
        parts += pair if padding_side == "right" else pair[::-1]
    padded = rushlight.cat(parts).reshape(len(lengths), steps, *rest)
    return padded if batch_first else padded.transpose(0, 1).contiguous()


def unpad_sequence(padded_sequences, lengths, batch_first=False) -> list[Tensor]:
    """Undo :func:`pad_sequence`.

    Args:
        padded_sequences (Tensor): shape ``(T, B, *)``, or ``(B, T, *)`` with
            ``batch_first``.
        lengths (Tensor): the sequences' lengths, shape ``(B,)``.
        batch_first: the layout of the input. Default: ``False``.

    Returns:
        list of Tensor: shapes ``(lengths[i], *)``.

    Raises:
        ValueError: the number of lengths is not B.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import unpad_sequence
        >>> padded = rushlight.tensor([[1, 3], [2, 0]])
        >>> unpad_sequence(padded, rushlight.tensor([2, 1]))
        [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    if len(padded_sequences) != len(lengths):
        raise ValueError(
            f"unpad_sequence(): expected a length for each of {len(padded_sequences)} "
            f"sequences, got {len(lengths)}"
        )
    # A copy each: the padding is not kept alive.
    return [
        x[: max(int(n), 0)].clone()
        for x, n in zip(padded_sequences.unbind(0), lengths.tolist())
    ]


def pack_sequence(sequences, enforce_sorted=True) -> PackedSequence:
    """Pack a list of sequences.

    Args:
        sequences (list of Tensor): shapes ``(L_i, *)``.
        enforce_sorted: expect the longest first; otherwise sort them.
            Default: ``True``.

    Returns:
        PackedSequence: its data has shape ``(sum(L), *)``.

    Raises:
        RuntimeError: no sequences, an empty one, or unsorted ones with
            ``enforce_sorted``.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import pack_sequence
        >>> pack_sequence([rushlight.tensor([1, 2]), rushlight.tensor([3])]).data
        tensor([1, 3, 2])
    """
    sequences = list(sequences)
    lengths = rushlight.tensor([x.size(0) for x in sequences], dtype=rushlight.int64)
    return pack_padded_sequence(
        pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted
    )


def unpack_sequence(packed_sequences) -> list[Tensor]:
    """Undo :func:`pack_sequence`.

    Args:
        packed_sequences (PackedSequence): what to unpack.

    Returns:
        list of Tensor: the sequences, in the order in which they were packed.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils.rnn import pack_sequence, unpack_sequence
        >>> unpack_sequence(pack_sequence([rushlight.ones(2), rushlight.zeros(1)]))
        [tensor([1., 1.]), tensor([0.])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
