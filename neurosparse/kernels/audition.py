"""Auditions: dormant connections whose gradient is added up for a while, so that the most useful are born."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.limits import book, count_filled, is_open
from neurosparse.kernels.rewire import ANEW, coded, decoded, sign_of
from neurosparse.kernels.rows import position


@kernel
def listen(candidate, score, first_row, x, dy):
    """Add this batch's gradient of the mean loss to the score of every candidate of a projection.

    Parameters
    ----------
    candidate : int64 (n,)
        `coded` (row, column, any sign), rows counted from the start of the arena; sorted, for the sake of the cache.
    score : float32 (n,)
        Counted up by ``sum over the batch of x[i] dy[j]``.
    first_row : int64
        First row of the projection.
    x : float32 (n_pre, batch)
    dy : float32 (n_post, batch)
    """
    batch = dy.shape[1]
    for n in range(candidate.size):
        row, column, _ = decoded(candidate[n])
        i = row - first_row
        acc = lanes.spread(np.float32(0.0))
        for c in range(0, batch, WIDTH):
            acc = lanes.multiply_add(lanes.load(x, i, c), lanes.load(dy, column, c), acc)
        score[n] += lanes.total(acc)


@kernel
def rank(candidate, score, moment):
    """Put the candidates with the largest scores first, each with the sign that its gradient asks for.

    Where signs are not drawn anew (see `sign_of`), a candidate whose gradient asks for the other sign scores nothing.

    Parameters
    ----------
    candidate : int64 (n,)
        `coded`; reordered, the signs written.
    score : float32 (n,)
        Sums of gradients; becomes their sizes, falling.
    moment : (seed, step, signs), each int64
    """
    for n in range(candidate.size):
        row, column, _ = decoded(candidate[n])
        is_positive = np.int64(score[n] < np.float32(0.0))
        size = abs(score[n])
        if moment[2] != ANEW and sign_of(moment, row, column) != is_positive:
            is_positive, size = np.int64(1) - is_positive, np.float32(0.0)
        candidate[n] = coded(row, column, is_positive)
        score[n] = -size
    order = np.argsort(score)
    candidate[:] = candidate[order]
    score[:] = -score[order]


@kernel
def take_best(slots, blocks, limits, queue, span, live, capacity, births, newborn, size):
    """Take up to `births` connections from the fronts of the queues of some projections, the largest score first.

    Parameters
    ----------
    slots, blocks, limits, span, live, capacity
        As `draw_within_limits` takes them; `limits` may have no row.
    queue : (candidate int64 (n,), score float32 (n,), place int64 (n_projections, 2), scale float32 (n_projections,))
        As `rank` left each projection's part; `place` says where the next of a projection stands, counted on, and where
        its part ends; `scale` makes the size that a newborn begins with of its score.
    newborn, size : int64 (n,), float32 (n,)
        Written: `coded` newborn and what they begin with.

    Returns
    -------
    int64
        How many were taken.
    """
    row_start, target, weight, _ = slots
    candidate, score, place, scale = queue
    rows = row_start, target, weight
    is_limited = limits.shape[0] > 0
    filled = count_filled(rows, blocks, limits, span, live, capacity, births)
    count = 0
    while count < births:
        p = np.int64(-1)
        for other in range(span[0], span[1]):
            at = place[other, 0]
            if at < place[other, 1] and (p < 0 or score[at] > score[place[p, 0]]):
                p = other
        if p < 0 or score[place[p, 0]] == np.float32(0.0):
            break
        at = place[p, 0]
        place[p, 0] += 1
        row, column, is_positive = decoded(candidate[at])
        core = blocks[p, 4] + column // blocks[p, 3]
        slot = position(target, row_start[row], row_start[row + 1], column)
        if live[core] >= capacity[core] or (slot < row_start[row + 1] and target[slot] == column):
            continue
        if is_limited:
            if not is_open(rows, blocks[p], limits[p], filled, row, column, is_positive):
                continue
            book(blocks[p], limits[p], filled, row, column, is_positive)
        else:
            live[core] += 1
        newborn[count] = candidate[at]
        size[count] = scale[p] * score[at]
        count += 1
    return count
