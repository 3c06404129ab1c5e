"""Gradients through time: products step by step, in the order in which steps are visited on the way back.

Steps lie one after the other in the rows of all matrices. As every sum runs step by step, the result does not depend on
how many steps are there at a time.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rng import NOISE, stream
from neurosparse.kernels.spikes import add_lanes, push_spikes
from neurosparse.kernels.update import note_dead, settle

# Slots visited at a time, as in `update`.
_BLOCK = 1024


@kernel
def descend_steps(slots, seen, x, dx, dy, tile, sums, law, moment, rows, died, width):
    """Do as `update.descend`, with gradients that are those of all steps, one added after the other.

    Parameters
    ----------
    slots, seen, law, moment, rows, died, width
        As `update.descend` takes them.
    x, dx, dy, tile
        As `push_steps` takes them; a tile of 0 is for spikes (see `spikes.push_spikes`).
    sums : float32 (n_slots of the projection,) or (0,)
        The gradients where they have been gathered already: `seen`, `x`, `dx`, `dy` and `tile` are ignored then.

    Returns
    -------
    int64
        The slot after the last survivor.
    """
    row_start, target, _, _ = slots
    first, last = rows
    key = stream(moment[0], moment[1], NOISE)
    gradient = np.empty(_BLOCK, np.float32)
    spiking = tile == 0 and sums.size == 0
    parts = np.empty((_BLOCK if spiking else 0, WIDTH), np.float32)
    scratch = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int32)
    noted = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.int32)
    origin, start = row_start[0], row_start[first]
    row, gone = first, 0
    while row < last:
        # As many whole rows as a block holds, and at least one.
        upto = row + 1
        while upto < last and row_start[upto + 1] - start <= _BLOCK:
            upto += 1
        stop = row_start[upto]
        if stop - start > gradient.size:
            gradient = np.empty(stop - start, np.float32)
            parts = np.empty((stop - start if spiking else 0, WIDTH), np.float32)
            scratch = np.empty(stop - start, np.int64), np.empty(stop - start, np.int32)
        if sums.size:
            gradient[: stop - start] = sums[start - origin : stop - origin]
        elif spiking:
            parts[: stop - start] = np.float32(0.0)
            push_spikes(row_start, target, seen, x, dx, dy, (row, upto), parts)
            add_lanes(parts, gradient[: stop - start])
        else:
            gradient[: stop - start] = np.float32(0.0)
            push_steps(row_start, target, seen, x, dx, dy, (row, upto), gradient, tile)
        gone, noted = settle(slots, law, key, (row, upto), start, gradient, scratch, (gone, noted), died, width)
        row, start = upto, stop
    return note_dead(slots, start, gone, noted)


@kernel
def push_steps(row_start, target, seen, x, dx, dy, rows, gradient, tile):
    """Add to the gradient of every live slot of some rows its products step by step, and compute ``dx``.

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
