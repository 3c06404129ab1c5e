"""Products of connections that have delays, for signals that are mostly zero: a vector of zeros costs a look at it.

Row ``i * delays + d`` of a projection holds the connections of source i that take d whole steps longer than its fastest
ones. Steps lie one after the other in the rows of all matrices, `batch` columns each.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rows import position


@kernel
def add_spikes(rows, x, sums, step, timing, posts):
    """Add to ``sums[j]`` what arrives at one step, ``sum_i sum_d w_(i, d)j x[i]`` of ``least + d`` steps before.

    Every sum runs over the rows upwards.

    Parameters
    ----------
    rows : (row_start int64 (n_pre * delays + 1,), target int32 (n_slots,), weight float32 (n_slots,))
    x : float32 (n_pre, n_steps * batch)
    sums : float32 (n_post, batch)
    step : int64
    timing : (delays, least), each int64
        How many delays there are, and the steps that the fastest connections take; nothing is added if there are none.
    posts : (int64, int64)
        First post neuron and the one after the last.
    """
    row_start, target, weight = rows
    delays, least = timing
    first, last = posts
    batch = sums.shape[1]
    whole = first == 0 and last == sums.shape[0]
    delays = min(delays, step - least + 1)
    if delays <= 0:
        return
    for i in range(x.shape[0]):
        for d in range(delays):
            sent = (step - least - d) * batch
            row = i * timing[0] + d
            found = False
            begin = end = row_start[row]
            for c in range(0, batch, WIDTH):
                here = lanes.load(x, i, sent + c)
                if not lanes.any_not_zero(here):
                    continue
                if not found:
                    found = True
                    end = row_start[row + 1]
                    if not whole:
                        begin, end = position(target, begin, end, first), position(target, begin, end, last)
                for slot in range(begin, end):
                    j = target[slot]
                    lanes.store(
                        sums, j, c, lanes.multiply_add(lanes.spread(weight[slot]), here, lanes.load(sums, j, c))
                    )


@kernel
def gather_back(rows, later, below, step, timing, pres):
    """Compute ``below[i] = sum_d sum_j w_(i, d)j dy[j]`` of ``1 + d`` steps later, every sum over the rows upwards.

    Parameters
    ----------
    rows
        As `add_spikes` takes them.
    later : float32 (delays + 1, n_post, batch)
        Gradients of the sums of the steps after this one: those of step t are number ``t % (delays + 1)``.
    below : float32 (n_pre, batch)
        Written for the range of `pres` alone.
    step : int64
    timing : (delays, n_steps), each int64
        How many delays there are, and how many steps; there is nothing after the last step.
    pres : (int64, int64)
        First pre neuron and the one after the last.
    """
    row_start, target, weight = rows
    delays, n_steps = timing
    zero = lanes.spread(np.float32(0.0))
    for i in range(pres[0], pres[1]):
        c = 0
        # Two vectors at a time stay in registers.
        while c < below.shape[1]:
            two = c + 2 * WIDTH <= below.shape[1]
            back = back2 = zero
            for d in range(min(delays, n_steps - 1 - step)):
                dy = later[(step + 1 + d) % (delays + 1)]
                row = i * delays + d
                if two:
                    for slot in range(row_start[row], row_start[row + 1]):
                        j = target[slot]
                        w = lanes.spread(weight[slot])
                        back = lanes.multiply_add(w, lanes.load(dy, j, c), back)
                        back2 = lanes.multiply_add(w, lanes.load(dy, j, c + WIDTH), back2)
                else:
                    for slot in range(row_start[row], row_start[row + 1]):
                        back = lanes.multiply_add(lanes.spread(weight[slot]), lanes.load(dy, target[slot], c), back)
            lanes.store(below, i, c, back)
            if two:
                lanes.store(below, i, c + WIDTH, back2)
            c += WIDTH + two * WIDTH


@kernel
def push_spikes(row_start, target, seen, x, dx, dy, rows, sums):
    """Add to the gradient of every live slot of some rows its product, and compute ``dx``.

    Parameters
    ----------
    row_start, target, seen, x, dx, dy, rows
        As `through_time.push_steps` takes them, in columns of any steps.
    sums : float32 (any, WIDTH)
        A vector for each slot from the first of the first row on, whose lanes add up to its gradient. Columns are added
        from the last to the first but for vectors of `x` that are zero: so the result does not depend on how many steps
        are there at a time, if those visited first are the last.
    """
    weight, ceiling, _ = seen
    first, last = rows
    base, columns = row_start[first], dy.shape[1]
    filled = np.empty(columns // WIDTH, np.int64)
    zero = lanes.spread(np.float32(0.0))
    for i in range(first, last):
        begin, end = row_start[i], row_start[i + 1]
        n = 0
        for c in range(columns - WIDTH, -1, -WIDTH):
            if lanes.any_not_zero(lanes.load(x, i, c)):
                filled[n] = c
                n += 1
        for slot in range(begin, end):
            j = target[slot]
            acc = lanes.load(sums, slot - base, 0)
            for k in range(n):
                acc = lanes.multiply_add(lanes.load(x, i, filled[k]), lanes.load(dy, j, filled[k]), acc)
            lanes.store(sums, slot - base, 0, acc)
        if not dx.shape[0]:
            continue
        for c in range(0, columns, WIDTH):
            lanes.store(dx, i, c, zero)
        for slot in range(begin, end):
            j = target[slot]
            w = lanes.spread(weight[slot])
            for c in range(0, columns, WIDTH):
                lanes.store(dx, i, c, lanes.multiply_add(w, lanes.load(dy, j, c), lanes.load(dx, i, c)))
        for c in range(0, columns, WIDTH):
            lanes.store(dx, i, c, lanes.where_open(lanes.load(x, i, c), ceiling, lanes.load(dx, i, c)))


@kernel
def add_lanes(sums, gradient):
    """Write the gradient of every slot, whose lanes `push_spikes` has added up.

    Parameters
    ----------
    sums : float32 (n, WIDTH)
    gradient : float32 (n,)
    """
    for slot in range(gradient.size):
        gradient[slot] = lanes.total(lanes.load(sums, slot, 0))
