"""Moving whole blocks: a run of slots that overlaps itself, and a tile of samples turned into columns."""

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from neurosparse.kernels.lanes import VECTOR, WIDTH, pointer_to, spread_value


@intrinsic
def move(typing, array, to, start, stop):
    """Copy ``array[start:stop]`` of a contiguous vector to where slot `to` begins; the two may overlap."""

    def build(context, builder, signature, arguments):
        kind = signature.args[0]
        array, to, start, stop = arguments
        struct = context.make_array(kind)(context, builder, array)
        target = cgutils.get_item_pointer(context, builder, kind, struct, [to])
        source = cgutils.get_item_pointer(context, builder, kind, struct, [start])
        cgutils.raw_memmove(builder, target, source, builder.sub(stop, start), struct.itemsize)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, types.intp), build


@intrinsic
def transpose_tile(typing, samples, order, sample, count, feature, scale, x):
    """Turn a tile of `WIDTH` samples by `WIDTH` features into rows of `x`, in registers.

    Writes ``x[feature + k, sample + n] = samples[order[sample + n], feature + k] * scale`` for n below `count`, and
    zero for n from `count` to `WIDTH` - 1. `count` is at least 1; `samples` is C-ordered uint8 or float32.
    """

    def build(context, builder, signature, arguments):
        kind, order_kind, x_kind = signature.args[0], signature.args[1], signature.args[6]
        samples, order, sample, count, feature, scale, x = arguments
        matrix = context.make_array(kind)(context, builder, samples)
        chosen = context.make_array(order_kind)(context, builder, order)
        element = context.get_data_type(kind.dtype)
        wide = ir.VectorType(element, WIDTH).as_pointer()
        index = count.type
        rows = []
        for n in range(WIDTH):
            # Past the last sample any valid row will do: it is multiplied by zero.
            inside = builder.icmp_signed("<", index(n), count)
            place = builder.add(sample, builder.select(inside, index(n), index(0)))
            row = builder.load(cgutils.get_item_pointer(context, builder, order_kind, chosen, [place]))
            item = cgutils.get_item_pointer(context, builder, kind, matrix, [row, feature])
            values = builder.load(builder.bitcast(item, wide), align=kind.dtype.bitwidth // 8)
            if kind.dtype == types.uint8:
                values = builder.uitofp(values, VECTOR)
            factor = builder.select(inside, scale, ir.FloatType()(0.0))
            rows.append(builder.fmul(values, spread_value(builder, factor)))
        for k, column in enumerate(_transposed(builder, rows)):
            place = [builder.add(feature, feature.type(k)), sample]
            builder.store(column, pointer_to(context, builder, x_kind, x, place), align=4)
        return context.get_dummy_value()

    intp = types.intp
    return types.void(samples, order, intp, intp, intp, types.float32, x), build


def _transposed(builder, rows):
    """Return the columns of a square of vectors, by exchanging halves, quarters, ... between pairs of rows."""
    span = WIDTH // 2
    while span:
        low = [k if k & span == 0 else k - span + WIDTH for k in range(WIDTH)]
        high = [k + span if k & span == 0 else k + WIDTH for k in range(WIDTH)]
        masks = [ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), mask) for mask in (low, high)]
        after = list(rows)
        for k in range(WIDTH):
            if k & span == 0:
                for mask, place in zip(masks, (k, k + span), strict=True):
                    after[place] = builder.shuffle_vector(rows[k], rows[k + span], mask)
        rows = after
        span //= 2
    return rows
