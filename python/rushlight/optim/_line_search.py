"""A line search for the strong Wolfe conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class _Point:
    """A step length with the loss, the gradient and the slope there."""

    t: Any
    loss: float
    grad: Any
    slope: Any


def strong_wolfe(
    evaluate,
    t,
    direction,
    loss,
    grad,
    slope,
    max_calls,
    decrease=1e-4,
    curvature=0.9,
    tolerance=1e-9,
):
    """Find a step length that lowers the loss and flattens the slope enough.

    Brackets such a length by growing the step, then narrows the bracket (Nocedal and
    Wright 2006, algorithms 3.5 and 3.6), with cubic interpolation (equation 3.59).

    Args:
        evaluate: gives loss and flat gradient at a step length.
        t: the first length.
        direction: the direction of the search.
        loss: the loss at length 0.
        grad: the gradient there.
        slope: the slope along the direction there, negative.
        max_calls: how often to interpolate at most.
        decrease: the share of the slope by which the loss must fall. Default: 1e-4.
        curvature: the share of the slope that may remain. Default: 0.9.
        tolerance: the bracket's smallest width along the direction. Default: 1e-9.

    Returns:
        Loss, gradient and length found, and how often ``evaluate`` was called.
    """
    widest = direction.abs().max()
    calls = 0

    def look(t):
        nonlocal calls
        calls += 1
        loss, grad = evaluate(t)
        return _Point(t, loss, grad, grad.dot(direction))

    start = previous = _Point(0, loss, grad.clone(), slope)
    point = look(t)

    def too_high(point):
        return point.loss > start.loss + decrease * point.t * slope

    def flat_enough(point):
        return abs(point.slope) <= -curvature * slope

    rounds, found = 0, False
    bracket = []
    while rounds < max_calls:
        if too_high(point) or (rounds > 1 and point.loss >= previous.loss):
            bracket = [previous, point]
            break
        if flat_enough(point):
            bracket, found = [point], True
            break
        if point.slope >= 0:
            bracket = [previous, point]
            break
        nearest = point.t + 0.01 * (point.t - previous.t)
        following = _cubic_minimum(previous, point, nearest, point.t * 10)
        previous, point = point, look(following)
        rounds += 1
    if rounds == max_calls:
        bracket = [start, point]

    stalled = False
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    while not found and rounds < max_calls:
        if abs(bracket[1].t - bracket[0].t) * widest < tolerance:
            break
        first, last = sorted((bracket[0].t, bracket[1].t))
        t, stalled = _kept_inside(
            _cubic_minimum(bracket[0], bracket[1], first, last), first, last, stalled
        )
        point = look(t)
        rounds += 1
        if too_high(point) or point.loss >= bracket[low].loss:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
            continue
        if flat_enough(point):
            found = True
        elif point.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = point
    best = bracket[low]
    return best.loss, best.grad, best.t, calls


def _cubic_minimum(a, b, lowest, highest):
    """Return where the cubic through two points with slopes is least, in the bounds."""
    tilt = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = tilt**2 - a.slope * b.slope
    if square < 0:
        return (lowest + highest) / 2.0
    root = square.sqrt()
    if not a.t <= b.t:
        a, b = b, a
    share = (b.slope + root - tilt) / (b.slope - a.slope + 2 * root)
    return min(max(b.t - (b.t - a.t) * share, lowest), highest)


def _kept_inside(t, first, last, stalled):
    """Move a length away from the bracket's ends where it comes to them repeatedly.

    Returns:
        The length, and whether it is near an end.
    """
    margin = 0.1 * (last - first)
    if min(last - t, t - first) >= margin:
        return t, False
    if not (stalled or t >= last or t <= first):
        return t, True
    return (last - margin if abs(t - last) < abs(t - first) else first + margin), False
