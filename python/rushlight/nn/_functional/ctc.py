"""Connectionist temporal classification (Graves et al. 2006)."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight.nn import _reduction
from rushlight.nn._functional._support import check_tensors

_NEVER = float("-inf")


def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """Negative log likelihood of label sequences, summed over all their alignments.

    The gradient is the one with regard to logits: it takes ``log_probs`` to be the
    result of ``log_softmax``.

    Args:
        log_probs (Tensor): float32 or float64, shape ``(T, N, C)`` or ``(T, C)``.
        targets (Tensor): labels, shape ``(N, S)``, or all in one, ``(sum(lengths),)``.
        input_lengths (Tensor or sequence of int): how many of the T steps count for
            each sample, shape ``(N,)`` or ``()``.
        target_lengths (Tensor or sequence of int): the number of labels of each sample.
        blank (int): the class that stands for no label. Default: 0.
        reduction (str): ``"mean"`` (each loss divided by its target's length first),
            ``"sum"`` or ``"none"``. Default: ``"mean"``.
        zero_infinity (bool): 0 for targets too long for their input, and no gradient.

    Returns:
        Tensor: 0-d, or with ``"none"`` of shape ``(N,)`` or ``()``.

    Raises:
        RuntimeError: when shapes, lengths or labels do not fit.
        ValueError: when the reduction does not exist.

    Example::

        >>> log_probs = rushlight.full((2, 1, 2), 0.5).log()
        >>> rushlight.nn.functional.ctc_loss(log_probs, rushlight.ones(1, 1), [2], [1])
        tensor(0.2877)
    """
    code = _reduction.get_enum(reduction)
    return _ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, code, zero_infinity
    )


def _ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank, code, zero_infinity
):
    op = "ctc_loss"
    check_tensors(op, log_probs, targets)
    if isinstance(input_lengths, Tensor) != isinstance(target_lengths, Tensor):
        raise TypeError(
            f"{op}(): input_lengths and target_lengths must both be tensors or both "
            "sequences of ints"
        )
    if log_probs.dtype not in (rushlight.float32, rushlight.float64):
        raise NotImplementedError(f'"{op}" not implemented for {log_probs.dtype}')
    batched = log_probs.dim() == 3
    if log_probs.dim() == 2:
        log_probs = log_probs.unsqueeze(1)
    elif not batched:
        raise RuntimeError(
            f"{op}(): expected log_probs of shape (T, N, C) or (T, C), got "
            f"{tuple(log_probs.shape)}"
        )
    if not log_probs.numel():
        raise RuntimeError(
            f"{op}(): log_probs tensor must not be empty, got {tuple(log_probs.shape)}"
        )
    steps, rows, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError(
            f"{op}(): blank must be in label range, 0 to {classes - 1}, got {blank}"
        )
    inputs = _lengths(op, "input_lengths", input_lengths, rows, steps)
    lengths = _lengths(op, "target_lengths", target_lengths, rows, None)
    labels = _labels(op, targets, lengths, rows, classes)
    losses = _Alignments.apply(
        log_probs,
        labels,
        rushlight.tensor(inputs),
        rushlight.tensor(lengths),
        blank,
        zero_infinity,
    )
    if code == 1:
        counts = rushlight.tensor(
            lengths, dtype=losses.dtype, device=losses.device
        ).clamp(min=1)
        return (losses / counts).mean()
    if code == 2:
        return losses.sum()
    return losses if batched else losses.squeeze(0)


def _lengths(op, name, values, rows, most):
    if isinstance(values, Tensor):
        if values.is_floating_point() or values.is_complex():
            raise RuntimeError(f"{op}(): {name} must be integral, got {values.dtype}")
        values = values.reshape(-1).tolist()
    values = [int(v) for v in values]
    if len(values) != rows:
        raise RuntimeError(
            f"{op}(): {name} must be of size batch_size, {rows}, got {len(values)}"
        )
    for v in values:
        if v < 0 or (most is not None and v > most):
            raise RuntimeError(
                f"{op}(): Expected {name} to have values of 0 to "
                f"{'any' if most is None else most}, but got value {v}"
            )
    return values


def _labels(op, targets, lengths, rows, classes):
    """The labels row by row, (N, longest); what lies behind a target's end is 0."""
    if targets.is_complex():
        raise RuntimeError(f"{op}(): targets must be integral, got {targets.dtype}")
    targets = targets.to(rushlight.int64)
    longest = max(lengths)
    place = rushlight.arange(longest)
    used = place < rushlight.tensor(lengths).unsqueeze(1)
    labels = rushlight.zeros(rows, longest, dtype=rushlight.int64)
    if targets.dim() == 1:
        if targets.numel() != sum(lengths):
            raise RuntimeError(
                f"{op}(): Expected tensor to have size {sum(lengths)} at dimension 0, "
                f"but got size {targets.numel()} for argument 'targets'"
            )
        labels.masked_scatter_(used, targets)
    else:
        if targets.dim() != 2 or targets.shape[0] != rows:
            raise RuntimeError(
                f"{op}(): Expected targets of shape ({rows}, S) or (sum(lengths),), "
                f"got {tuple(targets.shape)}"
            )
        if targets.shape[1] < longest:
            raise RuntimeError(
                f"{op}(): Expected tensor to have size at least {longest} at dimension "
                f"1, but got size {targets.shape[1]} for argument 'targets'"
            )
        labels = _ops.where(used, targets[:, :longest], labels)
    if labels.numel() and not (0 <= int(labels.min()) <= int(labels.max()) < classes):
        raise RuntimeError(
            f"{op}(): labels must be 0 to {classes - 1}, got {int(labels.min())} to "
            f"{int(labels.max())}"
        )
    return labels


def _log_sum(*terms):
    """The logarithm of a sum of exponentials, where all may be -inf."""
    largest = terms[0]
    for term in terms[1:]:
        largest = _ops.maximum(largest, term)
    base = largest.masked_fill(largest == _NEVER, 0.0)
    total = (terms[0] - base).exp()
    for term in terms[1:]:
        total = total + (term - base).exp()
    return total.log() + base


def _moved(alpha, by, allowed=None):
    """Values ``by`` states later; -inf where there are none or they may not come."""
    edge = rushlight.full(
        (alpha.shape[0], by), _NEVER, dtype=alpha.dtype, device=alpha.device
    )
    moved = rushlight.cat([edge, alpha], 1)[:, : alpha.shape[1]]
    return moved if allowed is None else moved.masked_fill(~allowed, _NEVER)


def _paths(emissions, skips, inputs):
    """Log probabilities of all beginnings of paths, for every step and state.

    Args:
        emissions: (T, N, S), the states' log probabilities.
        skips: (N, S), where a state may follow the one before the last.
        inputs: (N,), the number of steps of each sample.
    """
    steps, _, states = emissions.shape
    place = rushlight.arange(states)
    alpha = emissions[0].masked_fill(place > 1, _NEVER)
    result = [alpha]
    for t in range(1, steps):
        step = _log_sum(alpha, _moved(alpha, 1), _moved(alpha, 2, skips))
        alive = (inputs > t).unsqueeze(1)
        alpha = _ops.where(alive, step + emissions[t], alpha)
        result.append(alpha)
    return rushlight.stack(result)


def _turned(x, lengths, dim):
    """The first ``lengths[n]`` entries along a dim in reverse, the others as they are.

    The samples are dim 1 of a 3-d tensor whose steps are dim 0 or states dim 2.
    """
    size = x.shape[dim]
    place = rushlight.arange(size).unsqueeze(1)
    index = _ops.where(place < lengths, lengths - 1 - place, place)
    index = index.unsqueeze(2) if dim == 0 else index.t().unsqueeze(0)
    return x.gather(dim, index.expand(x.shape))


class _Alignments(rushlight.autograd.Function):
    """Losses (N,) by Graves et al. 2006, equations 6 to 8; the gradient is their 16."""

    @staticmethod
    def forward(ctx, log_probs, labels, inputs, lengths, blank, zero_infinity):
        rows = labels.shape[0]
        states = rushlight.full((rows, 2 * labels.shape[1] + 1), blank)
        states[:, 1::2] = labels
        index = states.unsqueeze(0).expand(log_probs.shape[0], *states.shape)
        emissions = log_probs.gather(2, index)
        counts = 2 * lengths + 1
        inside = rushlight.arange(states.shape[1]) < counts.unsqueeze(1)
        emissions = emissions.masked_fill(~inside, _NEVER)
        alpha = _paths(emissions, _skips(states, blank), inputs)
        ends = _turned(alpha[-1:], counts, 2)[0]
        ends = _log_sum(*ends[:, :2].unbind(1)) if ends.shape[1] > 1 else ends[:, 0]
        # Without a step there is a path for an empty target alone.
        nothing = rushlight.where(lengths == 0, 0.0, _NEVER).to(ends.dtype)
        losses = -_ops.where(inputs == 0, nothing, ends)
        ctx.save_for_backward(log_probs, losses, states, alpha, emissions)
        ctx.rest = inputs, counts, blank, zero_infinity
        if zero_infinity:
            losses = losses.masked_fill(losses == float("inf"), 0.0)
        return losses.clone()

    @staticmethod
    def backward(ctx, g):
        log_probs, losses, states, alpha, emissions = ctx.saved_tensors
        inputs, counts, blank, zero_infinity = ctx.rest
        gradient = _Once.apply(
            g,
            log_probs,
            losses,
            states,
            alpha,
            emissions,
            inputs,
            counts,
            blank,
            zero_infinity,
        )
        return gradient, None, None, None, None, None


def _skips(states, blank):
    other = states[:, 2:] != states[:, :-2]
    may = (states[:, 2:] != blank) & other
    edge = rushlight.zeros(states.shape[0], 2, dtype=rushlight.bool)
    return rushlight.cat([edge, may], 1)[:, : states.shape[1]]


class _Once(rushlight.autograd.Function):
    """The gradient of _Alignments, which has none itself."""

    @staticmethod
    def forward(
        ctx, g, log_probs, losses, states, alpha, emissions, inputs, counts, blank, zero
    ):
        # Paths from the end are paths from the beginning of all in reverse.
        turned = _turned(_turned(emissions, inputs, 0), counts, 2)
        order = _turned(states.unsqueeze(0), counts, 2)[0]
        beta = _paths(turned, _skips(order, blank), inputs)
        beta = _turned(_turned(beta, counts, 2), inputs, 0)
        # The emission of the state itself is in both.
        size = losses.reshape(1, -1, 1)
        through = (alpha + beta - emissions + size).masked_fill(
            emissions == _NEVER, _NEVER
        )
        index = states.unsqueeze(0).expand(emissions.shape)
        shares = rushlight.zeros(
            *log_probs.shape, dtype=log_probs.dtype, device=log_probs.device
        )
        shares = shares.scatter_add(2, index, through.exp())
        gradient = (log_probs.exp() - shares) * g.reshape(1, -1, 1)
        lost = size == float("inf")
        gradient = gradient.masked_fill(lost, 0.0 if zero else float("nan"))
        steps = rushlight.arange(log_probs.shape[0]).reshape(-1, 1, 1)
        return gradient.masked_fill(steps >= inputs.reshape(1, -1, 1), 0.0)

    @staticmethod
    def backward(ctx, g):
        raise RuntimeError(
            "ctc_loss(): the derivative of its gradient is not implemented"
        )
