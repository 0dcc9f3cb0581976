"""Division, powers, shifts of uint16, 32 and 64 (Note [Wide unsigned integers])."""

from __future__ import annotations

import rushlight
from rushlight.array_api._operands import bits_of, from_bits

_TOP = -(2**63)


def right_shift(x1, x2):
    """``x1 >> x2``, zeros moving in from above."""
    a, n = rushlight.broadcast_tensors(bits_of(x1), bits_of(x2))
    if x1.dtype is not rushlight.uint64:
        return from_bits(a >> n, x1.dtype)
    # The sign that an int64 shift copies downwards is masked away.
    shifted = (a >> n.clamp(0, 63)) & ~((_TOP >> n.clamp(0, 63)) << 1)
    return from_bits(rushlight.where((n < 0) | (n > 63), 0, shifted), x1.dtype)


def floor_divide(x1, x2):
    """``x1 // x2``."""
    return _divide(x1, x2)[0]


def remainder(x1, x2):
    """``x1 % x2``."""
    return _divide(x1, x2)[1]


def _divide(x1, x2):
    a, d = rushlight.broadcast_tensors(bits_of(x1), bits_of(x2))
    if x1.dtype is not rushlight.uint64:
        return tuple(from_bits(r, x1.dtype) for r in (a // d, a % d))
    # Half of a fits an int64; its quotient, doubled, is at most one too small. A
    # divisor of 2**63 and more goes into a at most once.
    large = d < 0
    small = rushlight.where(large, 1, d)
    half = (a >> 1) & ~_TOP
    quotient = (half // small) << 1
    rest = a - quotient * small
    quotient = quotient + ((rest ^ _TOP) >= (small ^ _TOP)).long()
    once = ((a ^ _TOP) >= (d ^ _TOP)).long()
    quotient = rushlight.where(large, once, quotient)
    return from_bits(quotient, x1.dtype), from_bits(a - quotient * d, x1.dtype)


def power(x1, x2):
    """``x1 ** x2`` modulo the range."""
    a, n = rushlight.broadcast_tensors(bits_of(x1), bits_of(x2))
    # Powers of an odd number modulo 2**64 repeat after 2**62; of an even one they are 0
    # from the exponent 64 on.
    period = 2**62
    n = rushlight.where((n < 0) | (n >= period), (n & (period - 1)) | period, n)
    return from_bits(a**n, x1.dtype)
