"""The products of a step of time, on columns of matrices whose rows hold all steps, one after the other."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rows import position


@kernel
def add_product(rows, x, y, columns, posts):
    """Add ``sum_i w_ij x[i]`` to ``y[j]`` for a range of post neurons and a range of columns.

    Every sum runs over i upwards, as that of `products.forward` does.

    Parameters
    ----------
    rows : (row_start int64 (n_pre + 1,), target int32 (n_slots,), weight float32 (n_slots,))
    x : float32 (n_pre, any)
    y : float32 (n_post, any)
    columns : (int64, int64, int64)
        First column of `x`, first column of `y`, and how many: a multiple of `lanes.WIDTH`.
    posts : (int64, int64)
        First post neuron and the one after the last.
    """
    row_start, target, weight = rows
    first, last = posts
    from_x, from_y, count = columns
    whole = first == 0 and last == y.shape[0]
    for i in range(row_start.size - 1):
        begin, end = row_start[i], row_start[i + 1]
        if not whole:
            begin, end = position(target, begin, end, first), position(target, begin, end, last)
        for slot in range(begin, end):
            j = target[slot]
            w = lanes.spread(weight[slot])
            for c in range(0, count, WIDTH):
                here = lanes.multiply_add(w, lanes.load(x, i, from_x + c), lanes.load(y, j, from_y + c))
                lanes.store(y, j, from_y + c, here)


@kernel
def push_back(rows, dy, dx, pres):
    """Compute ``dx[i] = sum_j w_ij dy[j]`` for a range of pre neurons; every sum runs over j upwards.

    Parameters
    ----------
    rows : (row_start int64 (n_pre + 1,), target int32 (n_slots,), weight float32 (n_slots,))
    dy : float32 (n_post, batch)
    dx : float32 (n_pre, batch)
        Written for the range of `pres` alone.
    pres : (int64, int64)
        First pre neuron and the one after the last.
    """
    row_start, target, weight = rows
    zero = lanes.spread(np.float32(0.0))
    for i in range(pres[0], pres[1]):
        begin, end = row_start[i], row_start[i + 1]
        c = 0
        # Two vectors at a time stay in registers.
        while c + 2 * WIDTH <= dy.shape[1]:
            back = back2 = zero
            for slot in range(begin, end):
                j = target[slot]
                w = lanes.spread(weight[slot])
                back = lanes.multiply_add(w, lanes.load(dy, j, c), back)
                back2 = lanes.multiply_add(w, lanes.load(dy, j, c + WIDTH), back2)
            lanes.store(dx, i, c, back)
            lanes.store(dx, i, c + WIDTH, back2)
            c += 2 * WIDTH
        if c < dy.shape[1]:
            back = zero
            for slot in range(begin, end):
                back = lanes.multiply_add(lanes.spread(weight[slot]), lanes.load(dy, target[slot], c), back)
            lanes.store(dx, i, c, back)
