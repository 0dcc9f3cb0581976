"""Tables of vectors that are looked up by index."""

from __future__ import annotations

from typing import Self

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


def _padding_row(name, padding_idx, rows):
    """The padding row counted from the start.

    Raises:
        AssertionError: there is no such row.
    """
    if padding_idx is None:
        return None
    if (padding_idx > 0 and padding_idx >= rows) or padding_idx < -rows:
        raise AssertionError(
            f"{name} must be within num_embeddings, got {padding_idx} of {rows}"
        )
    return padding_idx + rows if padding_idx < 0 else padding_idx


class _Table(Module):
    """What both layers have: the table, its first values and its padding row."""

    def _make_weight(self, weight, device, dtype, requires_grad=True):
        shape = (self.num_embeddings, self.embedding_dim)
        if weight is None:
            self.weight = Parameter(
                rushlight.empty(shape, device=device, dtype=dtype), requires_grad
            )
            self.reset_parameters()
            return
        if tuple(weight.shape) != shape:
            raise AssertionError(
                "Shape of weight does not match num_embeddings and embedding_dim: got "
                f"{tuple(weight.shape)}, expected {shape}"
            )
        self.weight = Parameter(weight, requires_grad)

    def reset_parameters(self) -> None:
        """Draw the table again, from the standard normal; the padding row is 0."""
        init.normal_(self.weight)
        self._fill_padding_idx_with_zero()

    def _fill_padding_idx_with_zero(self) -> None:
        if self.padding_idx is not None:
            with rushlight.no_grad():
                self.weight[self.padding_idx].fill_(0)


def _check_table(embeddings):
    if embeddings.dim() != 2:
        raise AssertionError(
            "Embeddings parameter is expected to be 2-dimensional, got shape "
            f"{tuple(embeddings.shape)}"
        )


class Embedding(_Table):
    """A table whose rows are looked up by index and learned.

    Args:
        num_embeddings: the number of rows.
        embedding_dim: the length of a row.
        padding_idx: a row that starts as 0 and gets no gradient; may count from the
            end. Default: none.
        max_norm: rows that are looked up and longer are shortened to this norm.
            Default: none.
        norm_type: the order of that norm. Default: 2.
        scale_grad_by_freq: divide a row's gradient by how often it is looked up.
            Default: ``False``.
        sparse: not available where a gradient is recorded. Default: ``False``.
        _weight: the table, instead of a random one.
        _freeze: do not learn the table.
        device: where the table lives. Default: the default device.
        dtype: the table's dtype. Default: the default dtype.

    Shape:
        Input int64 or int32 of any shape ``(*)``, output ``(*, embedding_dim)``.

    Raises:
        AssertionError: no such padding row, or ``_weight`` has another shape.
        NotImplementedError: in ``forward``, ``sparse`` with a gradient to record.

    Example:
        >>> import rushlight
        >>> table = rushlight.nn.Embedding(10, 3, padding_idx=0)
        >>> table(rushlight.tensor([0])).tolist()
        [[0.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = _padding_row("Padding_idx", padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self._make_weight(_weight, device, dtype, not _freeze)
        self.sparse = sparse

    def forward(self, input):
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq is not False:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return f"{text}, sparse=True" if self.sparse is not False else text

    @classmethod
    def from_pretrained(
        cls,
        embeddings,
        freeze=True,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
    ) -> Self:
        """Make a layer of a table that exists.

        Args:
            embeddings: the table, ``(num_embeddings, embedding_dim)``, shared with the
                layer.
            freeze: do not learn it. Default: ``True``.
            padding_idx: see the class; the row keeps its values.
            max_norm: see the class.
            norm_type: see the class.
            scale_grad_by_freq: see the class.
            sparse: see the class.

        Raises:
            AssertionError: the table is not 2-d.

        Example:
            >>> import rushlight
            >>> table = rushlight.tensor([[1.0, 2.0], [3.0, 4.0]])
            >>> rushlight.nn.Embedding.from_pretrained(table)(rushlight.tensor(1))
            tensor([3., 4.])
        """
        _check_table(embeddings)
        rows, width = embeddings.shape
        return cls(
            num_embeddings=rows,
            embedding_dim=width,
            _weight=embeddings,
            _freeze=freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )


class EmbeddingBag(_Table):
    """The mean, sum or maximum of rows of a learned table, bag by bag.

    Args:
        num_embeddings: the number of rows.
        embedding_dim: the length of a row.
        max_norm: rows that are looked up and longer are shortened to this norm.
            Default: none.
        norm_type: the order of that norm. Default: 2.
        scale_grad_by_freq: divide a row's gradient by how often it is looked up.
            Default: ``False``.
        mode: ``"mean"``, ``"sum"`` or ``"max"``. Default: ``"mean"``.
        sparse: not available where a gradient is recorded. Default: ``False``.
        _weight: the table, instead of a random one.
        include_last_offset: the last offset is where the last bag ends. Default:
            ``False``.
        padding_idx: a row that is left out of the bags; may count from the end.
            Default: none.
        device: where the table lives. Default: the default device.
        dtype: the table's dtype. Default: the default dtype.

    Shape:
        Input ``(B, n)``, a bag a row; or ``(N,)`` with offsets ``(B,)``, where the bags
        begin. ``per_sample_weights`` like the input. Output ``(B, embedding_dim)``.

    Raises:
        AssertionError: no such padding row, or ``_weight`` has another shape.
        NotImplementedError: in ``forward``, ``sparse`` with a gradient to record.

    Example:
        >>> import rushlight
        >>> table = rushlight.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> bag = rushlight.nn.EmbeddingBag.from_pretrained(table)
        >>> bag(rushlight.tensor([[0, 1]]))
        tensor([[2., 3.]])
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        _weight=None,
        include_last_offset=False,
        padding_idx=None,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.padding_idx = _padding_row("padding_idx", padding_idx, num_embeddings)
        self._make_weight(_weight, device, dtype)
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    def forward(self, input, offsets=None, per_sample_weights=None):
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings!r}, {self.embedding_dim!r}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm!r}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type!r}"
        if self.scale_grad_by_freq is not False:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq!r}"
        text += f", mode={self.mode!r}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx!r}"
        return text

    @classmethod
    def from_pretrained(
        cls,
        embeddings,
        freeze=True,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        include_last_offset=False,
        padding_idx=None,
    ) -> Self:
        """Make a layer of a table that exists.

        Args:
            embeddings: the table, ``(num_embeddings, embedding_dim)``, shared with the
                layer.
            freeze: do not learn it. Default: ``True``.
            max_norm: see the class.
            norm_type: see the class.
            scale_grad_by_freq: see the class.
            mode: see the class.
            sparse: see the class.
            include_last_offset: see the class.
            padding_idx: see the class.

        Raises:
            AssertionError: the table is not 2-d.
        """
        _check_table(embeddings)
        rows, width = embeddings.shape
        bag = cls(
            num_embeddings=rows,
            embedding_dim=width,
            _weight=embeddings,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bag.weight.requires_grad = not freeze
        return bag
