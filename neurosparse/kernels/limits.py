"""Drawing newborn under limits on rows and fan-in: uniform over (pre, post, sign), from the live synapses alone."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rewire import (
    ANEW,
    add_if_new,
    coded,
    count_dormant,
    decoded,
    dormant_pair,
    find_place,
    new_table,
    sign_of,
)
from neurosparse.kernels.rng import BIRTH, below, bits, mask_for, stream
from neurosparse.kernels.rows import position

_SHIFT = np.int64(32)
_ONE = np.uint64(1)
_ALL = np.int64(2**62)


@kernel
def draw_within_limits(slots, blocks, limits, span, live, capacity, births, moment, patience):
    """Draw `births` connections one at a time, each uniform over the feasible (pre, post, sign) of some projections.

    The law of Algorithm 1 of Bellec et al. 2018, lines 7 to 10, with limits as a prior: feasible is a pair without a
    synapse, whose core is not full, whose post neuron has fewer than `max_fan_in` synapses, and whose source has fewer
    than `max_row_length` of the sign on the core. A dormant pair and a sign are drawn and refused, and drawn again,
    where that is not so, which leaves the draw uniform. After `patience` refusals in a row, rows are drawn in
    proportion to what is feasible in them: the same law.

    Parameters
    ----------
    slots, blocks, span, live, capacity, births
        As `draw_newborn` takes them.
    limits : int64 (n_projections, 3)
        Per projection: post neurons of the projections before it, `max_row_length`, `max_fan_in`.
    moment : (seed, step, signs), each int64
        As `draw_newborn` takes it; signs that are not drawn anew go with limits on the fan-in alone.
    patience : int64

    Returns
    -------
    int64 (n,)
        `coded` newborn in the order drawn; fewer than `births` where fewer are feasible.
    """
    rows = slots[0], slots[1], slots[2]
    dormant, feasible = count_dormant(slots[0], blocks, span, live, capacity)
    newborn = np.empty(min(births, feasible), np.int64)
    pairs = new_table(newborn.size)
    filled = count_filled(rows, blocks, limits, span, live, capacity, newborn.size)
    fan_in = filled[2]
    key = bits(stream(moment[0], moment[1], BIRTH), np.uint64(span[0]))
    mask = mask_for(dormant)
    index = np.uint64(0)
    first, n_rows = blocks[span[0], 0], blocks[span[1] - 1, 1] - blocks[span[0], 0]
    upto = open_posts = np.empty(0, np.int64)
    birth = refused = 0
    while birth < newborn.size:
        if upto.size == 0 and refused < patience:
            rank, index = below(key, index, dormant, mask)
            p, row, column, core = dormant_pair(slots[0], slots[1], blocks, span[0], rank)
            is_positive = np.int64(bits(key, index) & _ONE)
            index += _ONE
        else:
            # Counting anew costs about as much as so many draws.
            if upto.size == 0 or refused > patience + n_rows + 2 * birth:
                open_posts = _open_posts(blocks, limits, span, filled)
                upto = _feasible_upto(rows, blocks, limits, span, filled, open_posts)
                if upto[n_rows - 1] == _taken(rows, blocks, limits, filled, newborn[:birth]):
                    break
                refused = 0
            # What is feasible only shrinks while newborn are drawn: counts taken once stay bounds of it.
            rank, index = below(key, index, upto[n_rows - 1], mask_for(upto[n_rows - 1]))
            row = position(upto, 0, n_rows, rank + 1)
            rank -= upto[row - 1] if row else 0
            row += first
            p = projection_of(blocks, row)
            core, column, is_positive, _ = _feasible_in_row(rows, blocks[p], limits[p], filled, open_posts, row, rank)
        refused += 1
        if column < 0 or not is_open(rows, blocks[p], limits[p], filled, row, column, is_positive):
            continue
        if not add_if_new(pairs, (row << _SHIFT) | column):
            continue
        refused = 0
        if moment[2] != ANEW:
            is_positive = sign_of(moment, row, column)
        newborn[birth] = coded(row, column, is_positive)
        birth += 1
        book(blocks[p], limits[p], filled, row, column, is_positive)
        if upto.size and fan_in[limits[p, 0] + column] == limits[p, 2]:
            open_posts[core] -= 1
    return newborn[:birth]


@kernel
def count_filled(rows, blocks, limits, span, live, capacity, births):
    """Return what says how full everything is that has a limit, and that `is_open` reads and `book` counts up.

    Parameters
    ----------
    rows : (row_start, target, weight)
    births : int64
        The most that will be booked.

    Returns
    -------
    (live, capacity, fan_in, parts, part_births)
        `parts` is a table of `coded` (row, core, sign), `part_births` what was born in each in this call.
    """
    parts = new_table(births)
    return live, capacity, _fan_in(rows, blocks, limits, span), parts, np.zeros(parts.size, np.int64)


@kernel
def book(block, limit, filled, row, column, is_positive):
    """Count a newborn."""
    live, _, fan_in, parts, part_births = filled
    core = block[4] + column // block[3]
    live[core] += 1
    part = coded(row, core, is_positive)
    place = find_place(parts, part)
    parts[place] = part
    part_births[place] += 1
    fan_in[limit[0] + column] += 1


@kernel
def _fan_in(rows, blocks, limits, span):
    """Return how many synapses each post neuron has, counted in some projections: int64 (n_posts,)."""
    row_start, target, _ = rows
    if limits.shape[0] == 0:
        return np.zeros(0, np.int64)
    last = limits.shape[0] - 1
    count = np.zeros(limits[last, 0] + blocks[last, 2], np.int64)
    for p in range(span[0], span[1]):
        for slot in range(row_start[blocks[p, 0]], row_start[blocks[p, 1]]):
            count[limits[p, 0] + target[slot]] += 1
    return count


@kernel
def is_open(rows, block, limit, filled, row, column, is_positive):
    """Say whether the limits leave room for a synapse of a sign; whether the pair is dormant is not asked.

    Parameters
    ----------
    rows : (row_start, target, weight)
    block, limit : int64 (5,) and (3,)
        Of the projection.
    filled
        As `count_filled` returns it.
    """
    row_start, target, weight = rows
    live, capacity, fan_in, parts, part_births = filled
    width, core = block[3], block[4] + column // block[3]
    if live[core] >= capacity[core] or fan_in[limit[0] + column] >= limit[2]:
        return False
    count = part_births[find_place(parts, coded(row, core, is_positive))]
    begin = column // width * width
    slot = position(target, row_start[row], row_start[row + 1], begin)
    while count < limit[1] and slot < row_start[row + 1] and target[slot] < begin + width:
        count += (math.copysign(1.0, weight[slot]) > 0.0) == (is_positive == 1)
        slot += 1
    return count < limit[1]


@kernel
def _open_posts(blocks, limits, span, filled):
    """Return how many post neurons of each core, of those of some projections, may have one more synapse."""
    live, _, fan_in, _, _ = filled
    count = np.zeros(live.size, np.int64)
    for p in range(span[0], span[1]):
        _, _, n_post, width, core0 = blocks[p]
        for post in range(n_post):
            count[core0 + post // width] += fan_in[limits[p, 0] + post] < limits[p, 2]
    return count


@kernel
def _feasible_in_row(rows, block, limit, filled, open_posts, row, rank):
    """Find number `rank` of what is feasible in a row: by core, then by post neuron, then by sign.

    Pairs born in this call count as dormant still, for the caller to refuse.

    Returns
    -------
    int64, int64, int64, int64
        Core, column, whether the sign is positive, and -1; or -1 three times and how many are feasible in the row where
        that is no more than `rank`.
    """
    row_start, target, weight = rows
    live, capacity, fan_in, parts, part_births = filled
    _, _, n_post, width, core0 = block
    found = np.int64(0)
    slot = row_start[row]
    for core in range(core0, core0 + (n_post + width - 1) // width):
        begin, end = (core - core0) * width, min((core - core0 + 1) * width, n_post)
        first, positive, occupied = slot, np.int64(0), np.int64(0)
        while slot < row_start[row + 1] and target[slot] < end:
            positive += math.copysign(1.0, weight[slot]) > 0.0
            occupied += fan_in[limit[0] + target[slot]] < limit[2]
            slot += 1
        dormant = open_posts[core] - occupied
        if live[core] >= capacity[core] or dormant == 0:
            continue
        negative = slot - first - positive
        may_plus = positive + part_births[find_place(parts, coded(row, core, np.int64(1)))] < limit[1]
        may_minus = negative + part_births[find_place(parts, coded(row, core, np.int64(0)))] < limit[1]
        here = dormant * (np.int64(may_plus) + np.int64(may_minus))
        if rank - found >= here:
            found += here
            continue
        rank -= found
        is_positive = np.int64(may_plus)
        if may_plus and may_minus:
            is_positive = rank & np.int64(1)
            rank >>= np.int64(1)
        for column in range(begin, end):
            if first < slot and target[first] == column:
                first += 1
            elif fan_in[limit[0] + column] < limit[2]:
                if rank == 0:
                    return core, column, is_positive, np.int64(-1)
                rank -= 1
    return np.int64(-1), np.int64(-1), np.int64(-1), found


@kernel
def _feasible_upto(rows, blocks, limits, span, filled, open_posts):
    """Return how much is feasible in the rows of some projections up to and with each: int64 (n_rows,)."""
    first = blocks[span[0], 0]
    upto = np.empty(blocks[span[1] - 1, 1] - first, np.int64)
    total = 0
    for p in range(span[0], span[1]):
        for row in range(blocks[p, 0], blocks[p, 1]):
            total += _feasible_in_row(rows, blocks[p], limits[p], filled, open_posts, row, _ALL)[3]
            upto[row - first] = total
    return upto


@kernel
def _taken(rows, blocks, limits, filled, newborn):
    """Return how much of what `_feasible_upto` counts lies on pairs that were born in this call."""
    count = 0
    for n in range(newborn.size):
        row, column, _ = decoded(newborn[n])
        p = projection_of(blocks, row)
        for is_positive in range(2):
            count += is_open(rows, blocks[p], limits[p], filled, row, column, is_positive)
    return count


@kernel
def projection_of(blocks, row):
    """Return the projection that a row belongs to."""
    p = 0
    while row >= blocks[p, 1]:
        p += 1
    return p
