"""A softmax over many classes that is fast for frequent ones (Grave et al. 2016)."""

from __future__ import annotations

from collections import namedtuple

import rushlight
from rushlight import _ops
from rushlight.nn.modules.container import ModuleList, Sequential
from rushlight.nn.modules.linear import Linear
from rushlight.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log probabilities of classes that are sorted by frequency, and their loss.

    The most frequent classes share a layer with one entry for each cluster of rarer
    ones; a cluster has two layers of its own, the narrower the rarer it is (Grave et
    al. 2016, section 4).

    Args:
        in_features: size of each input sample.
        n_classes: the number of classes.
        cutoffs: where the clusters begin, ascending, between 1 and ``n_classes - 1``.
        div_value: how much narrower each cluster is than the one before. Default: 4.
        head_bias: learn an offset in the first layer. Default: ``False``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, in_features)`` or ``(in_features,)``, target ``(N,)`` or ``()``.
        Returns ``output``, the targets' log probabilities, and ``loss``, minus their
        mean.

    Raises:
        ValueError: the cutoffs do not fit.
        RuntimeError: in ``forward``, when the shapes do not fit or a target is no
            class.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5])
        >>> x = rushlight.zeros(3, 16)
        >>> layer(x, rushlight.tensor([0, 4, 9])).output.shape
        rushlight.Size([3])
        >>> layer.log_prob(x).shape
        rushlight.Size([3, 10])
    """

    def __init__(
        self,
        in_features,
        n_classes,
        cutoffs,
        div_value=4.0,
        head_bias=False,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            cutoffs != sorted(set(cutoffs))
            or cutoffs[0] <= 0
            or cutoffs[-1] > n_classes - 1
            or any(int(c) != c for c in cutoffs)
        ):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers in "
                "increasing order, where each value is between 1 and n_classes-1, got "
                f"{cutoffs} with n_classes={n_classes}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        place = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **place)
        self.tail = ModuleList()
        for i, (begin, end) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            width = int(in_features // (div_value ** (i + 1)))
            self.tail.append(
                Sequential(
                    Linear(in_features, width, bias=False, **place),
                    Linear(width, end - begin, bias=False, **place),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all initial weights again."""
        self.head.reset_parameters()
        for narrow, wide in self.tail:
            narrow.reset_parameters()
            wide.reset_parameters()

    def _check_shapes(self, input, target):
        if target.dim() > 1:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported; got "
                f"shape {tuple(target.shape)}"
            )
        if target.dim() == 1 and input.shape[:1] != target.shape[:1]:
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension, "
                f"got {tuple(input.shape)} and {tuple(target.shape)}"
            )
        if input.dim() != target.dim() + 1:
            raise RuntimeError(
                f"{target.dim()}D target tensor expects {target.dim() + 1}D input "
                f"tensors, but found inputs with size {tuple(input.shape)}"
            )

    def forward(self, input_, target_):
        self._check_shapes(input_, target_)
        is_batched = target_.dim() > 0
        input = input_ if is_batched else input_.unsqueeze(0)
        target = target_ if is_batched else target_.unsqueeze(0)
        used = 0
        output = input.new_zeros(target.shape[0])
        # Which entry of the head a row wants: its class, or its cluster.
        entries = target.new_empty(target.shape[0])
        for i, (begin, end) in enumerate(zip([0, *self.cutoffs], self.cutoffs)):
            inside = (target >= begin) & (target < end)
            rows = inside.nonzero().squeeze(1)
            if rows.numel() == 0:
                continue
            used += rows.numel()
            if i == 0:
                entries.index_copy_(0, rows, target[inside])
                continue
            relative = (target[inside] - begin).unsqueeze(1)
            entries.index_fill_(0, rows, self.shortlist_size + i - 1)
            scores = self.tail[i - 1](input.index_select(0, rows))
            chosen = _ops.log_softmax(scores, 1).gather(1, relative)
            output = output.index_copy(0, rows, chosen.squeeze(1))
        if used != target.shape[0]:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in "
                f"range [{target.min().item()}, {target.max().item()}] were found. "
            )
        head = _ops.log_softmax(self.head(input), 1)
        output = output + head.gather(1, entries.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if is_batched else output.squeeze(0), loss)

    def _get_full_log_prob(self, input, head_output):
        head = _ops.log_softmax(head_output, 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            share = head[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(_ops.log_softmax(cluster(input), 1) + share)
        return rushlight.cat(parts, 1)

    def log_prob(self, input) -> rushlight.Tensor:
        """Return the log probabilities of all classes, shape ``(N, n_classes)``.

        Args:
            input: shape ``(N, in_features)``.
        """
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input) -> rushlight.Tensor:
        """Return the most probable classes, shape ``(N,)``.

        Clusters are only computed for rows that may lie in one.

        Args:
            input: shape ``(N, in_features)``.
        """
        head_output = self.head(input)
        output = head_output.argmax(1)
        rare = output >= self.shortlist_size
        if not rare.any():
            return output
        log_prob = self._get_full_log_prob(input[rare], head_output[rare])
        output[rare] = log_prob.argmax(1)
        return output
