"""The logistic function and tanh of sixteen float32 numbers at once.

Both come from ``expm1(a) = 2**n (e**r - 1) + (2**n - 1)`` with ``a = n ln 2 + r`` and ``abs(r) <= ln(2) / 2``, where
the Taylor series of ``e**r - 1`` up to ``r**7`` is off by less than what float32 rounds. Errors stay below 2e-7.
"""

from __future__ import annotations

import math

from llvmlite import ir
from numba.extending import intrinsic

from neurosparse.kernels.lanes import VECTOR, WIDTH, lanes_type

# Products may be fused with sums, but nothing may be regrouped: the rounding below would be lost.
_FREE = ("contract",)
_WHOLE = ir.VectorType(ir.IntType(32), WIDTH)
# Added to a float32 of less than 2**22 it leaves the nearest whole number in the last bits.
_ROUNDER = 12582912.0
# ln 2 in two parts, of which the first has few bits: its whole multiples are exact.
_LN2_HIGH = 0.693359375
_LN2_LOW = math.log(2.0) - _LN2_HIGH
# exp of it is just inside of what float32 holds.
_FARTHEST = 87.0


def _constant(value):
    """Return `value` in every lane."""
    return ir.Constant(VECTOR, [value] * WIDTH)


def _times_plus(builder, a, b, c):
    """Return ``a * b + c``."""
    return builder.fadd(builder.fmul(a, b, flags=_FREE), c, flags=_FREE)


def _scale_and_rest(builder, a):
    """Return ``2**n`` and ``e**r - 1`` for ``a = n ln 2 + r``; NaN makes the rest NaN."""
    turned = _times_plus(builder, a, _constant(1.0 / math.log(2.0)), _constant(_ROUNDER))
    n = builder.fsub(turned, _constant(_ROUNDER), flags=_FREE)
    r = _times_plus(builder, n, _constant(-_LN2_HIGH), a)
    r = _times_plus(builder, n, _constant(-_LN2_LOW), r)
    series = _constant(1.0 / math.factorial(7))
    for k in range(6, 0, -1):
        series = _times_plus(builder, series, r, _constant(1.0 / math.factorial(k)))
    exponent = builder.shl(builder.bitcast(turned, _WHOLE), ir.Constant(_WHOLE, [23] * WIDTH))
    scale = builder.add(exponent, ir.Constant(_WHOLE, [127 << 23] * WIDTH))
    return builder.bitcast(scale, VECTOR), builder.fmul(series, r, flags=_FREE)


@intrinsic
def sigmoid(typing, a):
    """Return ``1 / (1 + exp(-a))`` of each lane; NaN stays NaN."""

    def build(context, builder, signature, arguments):
        (a,) = arguments
        for bound, beyond in ((_constant(_FARTHEST), ">"), (_constant(-_FARTHEST), "<")):
            a = builder.select(builder.fcmp_ordered(beyond, a, bound), bound, a)
        scale, rest = _scale_and_rest(builder, builder.fsub(_constant(-0.0), a, flags=_FREE))
        below = builder.fadd(_times_plus(builder, scale, rest, scale), _constant(1.0), flags=_FREE)
        return builder.fdiv(_constant(1.0), below, flags=_FREE)

    return lanes_type(lanes_type), build


@intrinsic
def tanh(typing, a):
    """Return the hyperbolic tangent of each lane, near zero as exact as float32 is; NaN stays NaN."""

    def build(context, builder, signature, arguments):
        (a,) = arguments
        sign = builder.and_(builder.bitcast(a, _WHOLE), ir.Constant(_WHOLE, [1 << 31] * WIDTH))
        size = builder.bitcast(builder.xor(builder.bitcast(a, _WHOLE), sign), VECTOR)
        # Beyond 10 the result is 1; the bound keeps 2**n a number.
        bound = _constant(10.0)
        size = builder.select(builder.fcmp_ordered(">", size, bound), bound, size)
        scale, rest = _scale_and_rest(builder, builder.fmul(size, _constant(-2.0), flags=_FREE))
        less = _times_plus(builder, scale, rest, builder.fsub(scale, _constant(1.0), flags=_FREE))
        value = builder.fdiv(less, builder.fadd(less, _constant(2.0), flags=_FREE), flags=_FREE)
        # `less` is in (-1, 0]: the quotient is minus the tangent of the size.
        flipped = builder.xor(builder.bitcast(value, _WHOLE), ir.Constant(_WHOLE, [1 << 31] * WIDTH))
        return builder.bitcast(
            builder.or_(builder.and_(flipped, ir.Constant(_WHOLE, [(1 << 31) - 1] * WIDTH)), sign), VECTOR
        )

    return lanes_type(lanes_type), build
