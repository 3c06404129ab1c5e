"""Products step by step of time: on ranges of columns of matrices whose rows hold all steps, one after the other."""

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


@kernel
def push_steps(row_start, target, seen, x, dx, dy, rows, gradient, tile):
    """Add to the gradient of every live slot of some rows its products step by step, and compute ``dx``.

    The order of all sums is that of the steps as they are visited: the result does not depend on how many of them one
    call gets.

    Parameters
    ----------
    row_start : int64 (n_pre + 1,)
    target : int32 (n_slots,)
    seen : (weight float32 (n_slots,), ceiling float32, levels float32)
        As `update.descend` takes it.
    x : float32 (n_pre, n_steps * batch)
    dx : float32 (n_pre, n_steps * batch) or (0, 0)
        Becomes the gradient of what made `x` where its gate is open, unless nobody asks.
    dy : float32 (n_post, n_steps * batch)
    rows : (int64, int64)
        First row and the one after the last.
    gradient : float32 (any,)
        Of the slots from the first of the first row on.
    tile : int64
        Columns of a step; negative where steps are visited from the last to the first.
    """
    weight, ceiling, _ = seen
    first, last = rows
    base, batch = row_start[first], abs(tile)
    n_steps = dy.shape[1] // batch
    push = dx.shape[0] > 0
    zero = lanes.spread(np.float32(0.0))
    for n in range(n_steps):
        begin = (n_steps - 1 - n if tile < 0 else n) * batch
        for i in range(first, last):
            if push:
                for c in range(begin, begin + batch, WIDTH):
                    lanes.store(dx, i, c, zero)
            for slot in range(row_start[i], row_start[i + 1]):
                j = target[slot]
                acc = zero
                if push:
                    w = lanes.spread(weight[slot])
                    for c in range(begin, begin + batch, WIDTH):
                        d = lanes.load(dy, j, c)
                        acc = lanes.multiply_add(lanes.load(x, i, c), d, acc)
                        lanes.store(dx, i, c, lanes.multiply_add(w, d, lanes.load(dx, i, c)))
                else:
                    for c in range(begin, begin + batch, WIDTH):
                        acc = lanes.multiply_add(lanes.load(x, i, c), lanes.load(dy, j, c), acc)
                gradient[slot - base] += lanes.total(acc)
            if push:
                for c in range(begin, begin + batch, WIDTH):
                    lanes.store(dx, i, c, lanes.where_open(lanes.load(x, i, c), ceiling, lanes.load(dx, i, c)))


@kernel
def add_steps(dy, sums, tile):
    """Add the sum of every row of `dy`, step by step, to the first column of `sums`.

    Parameters
    ----------
    dy : float32 (n_post, n_steps * batch)
    sums : float32 (n_post, any)
    tile : int64
        As `push_steps` takes it.
    """
    batch = abs(tile)
    n_steps = dy.shape[1] // batch
    for j in range(dy.shape[0]):
        for n in range(n_steps):
            begin = (n_steps - 1 - n if tile < 0 else n) * batch
            acc = lanes.load(dy, j, begin)
            for c in range(begin + WIDTH, begin + batch, WIDTH):
                acc = lanes.add(acc, lanes.load(dy, j, c))
            sums[j, 0] += lanes.total(acc)
