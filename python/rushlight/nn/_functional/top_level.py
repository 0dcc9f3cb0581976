"""Functions of ``rushlight`` whose arguments differ from nn.functional's of that name.

Reductions are codes here (0 none, 1 mean, 2 sum; the default is 0, as it is when
PyTorch's are called from Python), weights come before statistics or indices, and
arguments that only choose another library's kernel are taken and ignored.
"""

from __future__ import annotations

from rushlight._results import give
from rushlight.nn._functional import (
    binary_losses,
    margin_losses,
    normalization,
    piecewise_units,
)
from rushlight.nn._functional import embedding as _tables
from rushlight.nn._functional._support import check_tensors
from rushlight.nn._functional.ctc import _ctc_loss
from rushlight.nn._functional.regression_losses import _poisson_nll


def batch_norm(
    input,
    weight,
    bias,
    running_mean,
    running_var,
    training,
    momentum,
    eps,
    cudnn_enabled,
):
    """:func:`rushlight.nn.functional.batch_norm` with all arguments.

    Shape:
        Input (N, C, *), the weight, bias and running statistics (C,); output as the
        input.

    Example::

        >>> x = rushlight.tensor([[1.], [3.]])
        >>> rushlight.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    return normalization._batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps
    )


def instance_norm(
    input,
    weight,
    bias,
    running_mean,
    running_var,
    use_input_stats,
    momentum,
    eps,
    cudnn_enabled,
):
    """:func:`rushlight.nn.functional.instance_norm` with all arguments.

    Shape:
        Input (N, C, *), the weight, bias and running statistics (C,); output as the
        input.
    """
    return normalization._instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
    )


def layer_norm(
    input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True
):
    """See :func:`rushlight.nn.functional.layer_norm`."""
    return normalization.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True):
    """See :func:`rushlight.nn.functional.group_norm`; groups of one value are taken."""
    check_tensors("group_norm", input)
    return normalization._group_norm(input, num_groups, weight, bias, eps)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """See :func:`rushlight.nn.functional.rrelu`; with a generator of one's own."""
    return piecewise_units._rrelu(
        "rrelu", input, lower, upper, training, generator, False
    )


def embedding(
    weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False, *, out=None
):
    """:func:`rushlight.nn.functional.embedding` with the table first.

    Shape:
        Weight (V, D), indices (*), output (*, D).

    Example::

        >>> table = rushlight.tensor([[1., 2.], [3., 4.]])
        >>> rushlight.embedding(table, rushlight.tensor([1]))
        tensor([[3., 4.]])
    """
    result = _tables._embedding(
        weight, indices, padding_idx, scale_grad_by_freq, sparse
    )
    return give("embedding", result, out)


def embedding_renorm_(input, indices, max_norm, norm_type):
    """Shortens the rows of a table at ``indices`` to ``max_norm``, in place."""
    check_tensors("embedding_renorm_", input)
    _tables._renorm_rows("embedding_renorm_", input, indices, max_norm, norm_type)
    return input


def embedding_bag(
    weight,
    indices,
    offsets,
    scale_grad_by_freq=False,
    mode=0,
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """:func:`rushlight.nn.functional.embedding_bag` of bags in one 1-d tensor.

    The mode is 0 for sums, 1 for means, 2 for maxima.

    Returns:
        tuple: the bags ``(B, D)``, the bag of each index, the number of indices of each
        bag, and for maxima the row that each comes from.
    """
    return _tables._embedding_bag(
        weight,
        indices,
        offsets,
        scale_grad_by_freq,
        mode,
        sparse,
        per_sample_weights,
        include_last_offset,
        padding_idx,
    )


def binary_cross_entropy_with_logits(
    input, target, weight=None, pos_weight=None, reduction=0
):
    """See :func:`rushlight.nn.functional.binary_cross_entropy_with_logits`."""
    op = "binary_cross_entropy_with_logits"
    check_tensors(op, input, target, weight, pos_weight)
    return binary_losses._with_logits(input, target, weight, pos_weight, reduction)


def kl_div(input, target, reduction=0, *, log_target=False):
    """See :func:`rushlight.nn.functional.kl_div`."""
    check_tensors("kl_div", input, target)
    return binary_losses._kl_div(input, target, reduction, log_target)


def hinge_embedding_loss(input, target, margin=1.0, reduction=0):
    """See :func:`rushlight.nn.functional.hinge_embedding_loss`."""
    check_tensors("hinge_embedding_loss", input, target)
    return margin_losses._hinge_embedding(input, target, margin, reduction)


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction=0):
    """See :func:`rushlight.nn.functional.cosine_embedding_loss`."""
    return margin_losses._checked_cosine_embedding(
        input1, input2, target, margin, reduction
    )


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction=0):
    """See :func:`rushlight.nn.functional.margin_ranking_loss`."""
    check_tensors("margin_ranking_loss", input1, input2, target)
    return margin_losses._margin_ranking(input1, input2, target, margin, reduction)


def poisson_nll_loss(input, target, log_input, full, eps, reduction):
    """See :func:`rushlight.nn.functional.poisson_nll_loss`."""
    check_tensors("poisson_nll_loss", input, target)
    return _poisson_nll(input, target, log_input, full, eps, reduction)


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction=0
):
    """See :func:`rushlight.nn.functional.triplet_margin_loss`."""
    return margin_losses._triplet_margin(
        anchor, positive, negative, margin, p, eps, swap, reduction
    )


def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction=0,
    zero_infinity=False,
):
    """See :func:`rushlight.nn.functional.ctc_loss`."""
    return _ctc_loss(
        log_probs,
        targets,
        input_lengths,
        target_lengths,
        blank,
        reduction,
        zero_infinity,
    )
