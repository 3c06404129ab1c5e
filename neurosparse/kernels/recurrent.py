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
    first, last = rows
    base, batch = row_start[first], abs(tile)
    n_steps = dy.shape[1] // batch
    for n in range(n_steps):
        begin = (n_steps - 1 - n if tile < 0 else n) * batch
        for i in range(first, last):
            slots = row_start[i], row_start[i + 1]
            own = gradient[slots[0] - base :]
            c = begin
            # As many vectors at a time as the step has: those of a row of `x` and `dx` stay in registers.
            while c + 4 * WIDTH <= begin + batch:
                _push_four(slots, target, seen, x, dx, dy, (i, c), own)
                c += 4 * WIDTH
            if c + 2 * WIDTH <= begin + batch:
                _push_two(slots, target, seen, x, dx, dy, (i, c), own)
                c += 2 * WIDTH
            if c < begin + batch:
                _push_one(slots, target, seen, x, dx, dy, (i, c), own)


@kernel
def _push_one(slots, target, seen, x, dx, dy, place, gradient):
    """Do as `push_steps` for one row and one vector of a step."""
    weight, ceiling, _ = seen
    i, c = place
    here = lanes.load(x, i, c)
    back = lanes.spread(np.float32(0.0))
    for slot in range(slots[0], slots[1]):
        d = lanes.load(dy, target[slot], c)
        gradient[slot - slots[0]] += lanes.total(lanes.multiply(here, d))
        back = lanes.multiply_add(lanes.spread(weight[slot]), d, back)
    if dx.shape[0]:
        lanes.store(dx, i, c, lanes.where_open(here, ceiling, back))


@kernel
def _push_two(slots, target, seen, x, dx, dy, place, gradient):
    """Do as `push_steps` for one row and two vectors of a step."""
    weight, ceiling, _ = seen
    i, c = place
    here, here2 = lanes.load(x, i, c), lanes.load(x, i, c + WIDTH)
    back = back2 = lanes.spread(np.float32(0.0))
    for slot in range(slots[0], slots[1]):
        j = target[slot]
        d, d2 = lanes.load(dy, j, c), lanes.load(dy, j, c + WIDTH)
        gradient[slot - slots[0]] += lanes.total(lanes.multiply_add(here2, d2, lanes.multiply(here, d)))
        w = lanes.spread(weight[slot])
        back, back2 = lanes.multiply_add(w, d, back), lanes.multiply_add(w, d2, back2)
    if dx.shape[0]:
        lanes.store(dx, i, c, lanes.where_open(here, ceiling, back))
        lanes.store(dx, i, c + WIDTH, lanes.where_open(here2, ceiling, back2))


@kernel
def _push_four(slots, target, seen, x, dx, dy, place, gradient):
    """Do as `push_steps` for one row and four vectors of a step."""
    weight, ceiling, _ = seen
    i, c = place
    c2, c3, c4 = c + WIDTH, c + 2 * WIDTH, c + 3 * WIDTH
    here, here2, here3, here4 = lanes.load(x, i, c), lanes.load(x, i, c2), lanes.load(x, i, c3), lanes.load(x, i, c4)
    back = back2 = back3 = back4 = lanes.spread(np.float32(0.0))
    for slot in range(slots[0], slots[1]):
        j = target[slot]
        d, d2, d3, d4 = lanes.load(dy, j, c), lanes.load(dy, j, c2), lanes.load(dy, j, c3), lanes.load(dy, j, c4)
        acc = lanes.multiply_add(here2, d2, lanes.multiply(here, d))
        acc2 = lanes.multiply_add(here4, d4, lanes.multiply(here3, d3))
        gradient[slot - slots[0]] += lanes.total(lanes.add(acc, acc2))
        w = lanes.spread(weight[slot])
        back, back2 = lanes.multiply_add(w, d, back), lanes.multiply_add(w, d2, back2)
        back3, back4 = lanes.multiply_add(w, d3, back3), lanes.multiply_add(w, d4, back4)
    if dx.shape[0]:
        lanes.store(dx, i, c, lanes.where_open(here, ceiling, back))
        lanes.store(dx, i, c2, lanes.where_open(here2, ceiling, back2))
        lanes.store(dx, i, c3, lanes.where_open(here3, ceiling, back3))
        lanes.store(dx, i, c4, lanes.where_open(here4, ceiling, back4))


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
