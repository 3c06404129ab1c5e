"""Sixteen float32 numbers as one value: what makes a synapse one vector operation over the batch.

Plain loops over the batch leave a quarter of the speed to remainder loops and narrow registers. Rows of
activations are padded to a multiple of `WIDTH`, so no remainder exists, and the compiler maps a value of this type
to whatever vector registers the processor has.
"""

from __future__ import annotations

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

WIDTH = 16

VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
#: Vectors that a loop may hold in registers: as many sums as hide how long a multiply-add takes, and fit.
HELD = 8 if binding.get_host_cpu_features().get("avx512f") else 4
#: The ceiling of `where_open` for what no rectifier made.
ALWAYS_OPEN = np.float32(-1.0)

_FREE = ("contract", "reassoc")


class LanesType(types.Type):
    """numba's type of `WIDTH` float32 numbers side by side."""

    def __init__(self) -> None:
        super().__init__(name=f"float32x{WIDTH}")


lanes_type = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    """A vector register."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, VECTOR)


def pointer_to(context, builder, kind, array, place):
    """Return the address of the item of `array` at the indices `place` as a pointer to a vector."""
    struct = context.make_array(kind)(context, builder, array)
    item = cgutils.get_item_pointer(context, builder, kind, struct, list(place))
    return builder.bitcast(item, VECTOR.as_pointer())


def spread_value(builder, value):
    """Return a vector with the float32 `value` in every lane."""
    vector = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, ir.IntType(32)(0))
    every = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(vector, vector, every)


@intrinsic
def load(typing, array, row, column):
    """Return ``array[row, column:column + WIDTH]`` of a C-ordered float32 matrix."""

    def build(context, builder, signature, arguments):
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1:])
        return builder.load(pointer, align=4)

    return lanes_type(array, types.intp, types.intp), build


@intrinsic
def store(typing, array, row, column, value):
    """Write `value` to ``array[row, column:column + WIDTH]``."""

    def build(context, builder, signature, arguments):
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1:3])
        builder.store(arguments[3], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, lanes_type), build


@intrinsic
def load_run(typing, array, start):
    """Return ``array[start:start + WIDTH]`` of a contiguous float32 vector."""

    def build(context, builder, signature, arguments):
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1:])
        return builder.load(pointer, align=4)

    return lanes_type(array, types.intp), build


@intrinsic
def store_run(typing, array, start, value):
    """Write `value` to ``array[start:start + WIDTH]``."""

    def build(context, builder, signature, arguments):
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1:2])
        builder.store(arguments[2], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes_type), build


@intrinsic
def spread(typing, value):
    """Return `value` in every lane."""

    def build(context, builder, signature, arguments):
        return spread_value(builder, arguments[0])

    return lanes_type(types.float32), build


@intrinsic
def add(typing, a, b):
    """Return ``a + b``."""

    def build(context, builder, signature, arguments):
        return builder.fadd(*arguments, flags=_FREE)

    return lanes_type(lanes_type, lanes_type), build


@intrinsic
def multiply(typing, a, b):
    """Return ``a * b``."""

    def build(context, builder, signature, arguments):
        return builder.fmul(*arguments, flags=_FREE)

    return lanes_type(lanes_type, lanes_type), build


@intrinsic
def multiply_add(typing, a, b, c):
    """Return ``a * b + c``, contracted where the processor can."""

    def build(context, builder, signature, arguments):
        a, b, c = arguments
        return builder.fadd(builder.fmul(a, b, flags=_FREE), c, flags=_FREE)

    return lanes_type(lanes_type, lanes_type, lanes_type), build


@intrinsic
def positive_part(typing, a):
    """Return each lane of `a`, or zero where it is not above zero; NaN stays NaN."""

    def build(context, builder, signature, arguments):
        (a,) = arguments
        zero = ir.Constant(VECTOR, [0.0] * WIDTH)
        return builder.select(builder.fcmp_ordered("<=", a, zero), zero, a)

    return lanes_type(lanes_type), build


@intrinsic
def staircase(typing, a, ceiling, levels):
    """Return each lane of `a` rounded to the nearest of `levels` equal steps up to `ceiling`, or to zero.

    What lies above becomes exactly `ceiling` and what lies below +0: their gates are shut. What is rounded to zero from
    less than half a step away becomes -0: its gate is open, which `where_open` reads from the sign, and which no sum
    notices. NaN stays NaN.
    """

    def build(context, builder, signature, arguments):
        a, ceiling, levels = arguments
        # The sign of a zero matters to none of these. A flag of their own keeps numba from adding others, with which
        # they would be regrouped and rounded otherwise than numpy does.
        exact = ("nsz",)
        many, top = spread_value(builder, levels), spread_value(builder, ceiling)
        scale, size = builder.fdiv(many, top, flags=exact), builder.fdiv(top, many, flags=exact)
        half, zero = ir.Constant(VECTOR, [0.5] * WIDTH), ir.Constant(VECTOR, [0.0] * WIDTH)
        height = builder.fadd(builder.fmul(a, scale, flags=exact), half, flags=exact)
        floor = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(VECTOR, [VECTOR]), f"llvm.floor.v{WIDTH}f32"
        )
        value = builder.fmul(builder.call(floor, [height]), size, flags=exact)
        open_zero = builder.fcmp_ordered("<", height, ir.Constant(VECTOR, [1.0] * WIDTH))
        value = builder.select(open_zero, ir.Constant(VECTOR, [-0.0] * WIDTH), value)
        value = builder.select(builder.fcmp_ordered("<=", height, zero), zero, value)
        return builder.select(builder.fcmp_ordered(">=", height, many), top, value)

    return lanes_type(lanes_type, types.float32, types.float32), build


@intrinsic
def where_open(typing, gate, ceiling, a):
    """Return each lane of `a` where `gate`, an activation, is below `ceiling` and not +0, else zero.

    Activations are what `positive_part` or `staircase` returns; a ceiling below zero says that `gate` is no such thing,
    and leaves every lane open.
    """

    def build(context, builder, signature, arguments):
        gate, ceiling, a = arguments
        whole = ir.VectorType(ir.IntType(32), WIDTH)
        below = builder.fcmp_ordered("<", gate, spread_value(builder, ceiling))
        above = builder.icmp_unsigned("!=", builder.bitcast(gate, whole), ir.Constant(whole, [0] * WIDTH))
        gates = builder.select(builder.and_(below, above), a, ir.Constant(VECTOR, [0.0] * WIDTH))
        no_gates = builder.fcmp_ordered("<", ceiling, ir.Constant(ir.FloatType(), 0.0))
        return builder.select(no_gates, a, gates)

    return lanes_type(lanes_type, types.float32, lanes_type), build


@intrinsic
def with_sign(typing, size, sign):
    """Return each lane of `size` with the sign bit of the same lane of `sign`."""

    def build(context, builder, signature, arguments):
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(VECTOR, [VECTOR, VECTOR]), f"llvm.copysign.v{WIDTH}f32"
        )
        return builder.call(function, arguments)

    return lanes_type(lanes_type, lanes_type), build


@intrinsic
def at_least(typing, a, b):
    """Return 1 in each lane where `a` is at least `b`, 0 where it is below, and NaN where one of them is."""

    def build(context, builder, signature, arguments):
        a, b = arguments
        one, zero = ir.Constant(VECTOR, [1.0] * WIDTH), ir.Constant(VECTOR, [0.0] * WIDTH)
        ordered = builder.select(builder.fcmp_ordered(">=", a, b), one, zero)
        return builder.select(builder.fcmp_unordered("uno", a, b), builder.fadd(a, b), ordered)

    return lanes_type(lanes_type, lanes_type), build


@intrinsic
def choose(typing, where, a, b):
    """Return each lane of `a` where that of `where` is not zero, else of `b`; NaN is not zero."""

    def build(context, builder, signature, arguments):
        where, a, b = arguments
        zero = builder.fcmp_ordered("==", where, ir.Constant(VECTOR, [0.0] * WIDTH))
        return builder.select(zero, b, a)

    return lanes_type(lanes_type, lanes_type, lanes_type), build


@intrinsic
def any_not_zero(typing, a):
    """Return whether a lane of `a` is not zero; NaN is not."""

    def build(context, builder, signature, arguments):
        (a,) = arguments
        found = builder.fcmp_unordered("!=", a, ir.Constant(VECTOR, [0.0] * WIDTH))
        return builder.icmp_unsigned("!=", builder.bitcast(found, ir.IntType(WIDTH)), ir.IntType(WIDTH)(0))

    return types.boolean(lanes_type), build


@intrinsic
def any_below_zero(typing, a):
    """Return whether a lane of `a` is below zero; NaN and minus zero are not."""

    def build(context, builder, signature, arguments):
        (a,) = arguments
        below = builder.fcmp_ordered("<", a, ir.Constant(VECTOR, [0.0] * WIDTH))
        return builder.icmp_unsigned("!=", builder.bitcast(below, ir.IntType(WIDTH)), ir.IntType(WIDTH)(0))

    return types.boolean(lanes_type), build


@intrinsic
def total(typing, a):
    """Return the sum of the lanes, added in one fixed order on every machine."""

    def build(context, builder, signature, arguments):
        (vector,) = arguments
        width = WIDTH
        while width > 1:
            width //= 2
            upper = ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(width, 2 * width)))
            lower = ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(width)))
            vector = builder.fadd(
                builder.shuffle_vector(vector, vector, lower), builder.shuffle_vector(vector, vector, upper)
            )
        return builder.extract_element(vector, ir.IntType(32)(0))

    return types.float32(lanes_type), build
