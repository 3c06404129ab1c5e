"""Rewiring in place: close the gaps the dead left, draw the newborn one at a time, grow them in from the back."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.blocks import move
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import BIRTH, SIGN, below, bits, mask_for, stream
from neurosparse.kernels.rows import dormant_column, dormant_row, position

_SHIFT = np.int64(32)
_LOW = np.int64(0xFFFFFFFF)
_EMPTY = np.int64(-1)
# Draws that may be refused in a row before the cores with room are looked for.
_PATIENCE = 64
_ONE = np.uint64(1)
_HASH = np.uint64(0x9E3779B97F4A7C15)
_TOP = np.uint64(32)


@kernel
def _move_slots(slots, to, start, stop):
    """Move the slots [start, stop) to where slot `to` begins."""
    _, target, weight, velocity = slots
    move(target, to, start, stop)
    move(weight, to, start, stop)
    if velocity.size:
        move(velocity, to, start, stop)


@kernel
def close_gaps(slots, segment_row, segment_end, live, died):
    """Move the survivors of every segment left until no gap is between them, and book the deaths.

    Parameters
    ----------
    slots : (row_start int64 (n_rows + 1,), target, weight, velocity)
        The whole store. Inside a segment the rows are in order and without gaps.
    segment_row : int64 (n_segments + 1,)
        First row of each segment, ascending; the last entry is the number of rows.
    segment_end : int64 (n_segments,)
        The slot after the last survivor of each segment.
    live : int64 (n_cores,)
        Counted down by the deaths.
    died : int64 (n_parts, n_cores)
        Deaths counted by each part of a split visit; set to zero.
    """
    row_start = slots[0]
    write = 0
    for segment in range(segment_end.size):
        first, last = segment_row[segment], segment_row[segment + 1]
        begin, end = row_start[first], segment_end[segment]
        shift = begin - write
        if shift > 0:
            _move_slots(slots, write, begin, end)
            for row in range(first, last):
                row_start[row] -= shift
        write = end - shift
    row_start[row_start.size - 1] = write
    for part in range(died.shape[0]):
        for core in range(live.size):
            live[core] -= died[part, core]
            died[part, core] = 0


@kernel
def _count(row_start, blocks, span, live, capacity):
    """Return how many pairs of some projections are dormant, and how many of those may be born in all."""
    dormant = 0
    feasible = 0
    for p in range(span[0], span[1]):
        row0, row1, n_post, width, core0 = blocks[p]
        dormant += (row1 - row0) * n_post - (row_start[row1] - row_start[row0])
        for core in range(core0, core0 + (n_post + width - 1) // width):
            posts = min(width, n_post - (core - core0) * width)
            feasible += max(min(capacity[core], (row1 - row0) * posts) - live[core], 0)
    return dormant, feasible


@kernel
def _pair(row_start, target, blocks, first, rank):
    """Return row, column and core of dormant pair number `rank`, counted from projection `first` on."""
    p = first
    while True:
        row0, row1, n_post, width, core0 = blocks[p]
        here = (row1 - row0) * n_post - (row_start[row1] - row_start[row0])
        if rank < here:
            break
        rank -= here
        p += 1
    row, rank = dormant_row(row_start, row0, row1, n_post, rank)
    column = dormant_column(target, row_start[row], row_start[row + 1], rank)
    return row, column, core0 + column // width


@kernel
def _pair_with_room(row_start, target, blocks, span, live, capacity, key, index):
    """Return row, column and core of a pair uniform over the dormant ones on cores that are not full, and the index.

    The core is drawn in proportion to its dormant pairs, newborn counted as live; on it pairs are drawn until one has
    no synapse. A newborn may still be drawn again, for the caller to refuse.
    """
    room = 0
    for p in range(span[0], span[1]):
        row0, row1, n_post, width, core0 = blocks[p]
        for core in range(core0, core0 + (n_post + width - 1) // width):
            if live[core] < capacity[core]:
                room += (row1 - row0) * min(width, n_post - (core - core0) * width) - live[core]
    rank, index = below(key, index, room, mask_for(room))
    for p in range(span[0], span[1]):
        row0, row1, n_post, width, core0 = blocks[p]
        for core in range(core0, core0 + (n_post + width - 1) // width):
            if live[core] >= capacity[core]:
                continue
            posts = min(width, n_post - (core - core0) * width)
            pairs = (row1 - row0) * posts
            if rank >= pairs - live[core]:
                rank -= pairs - live[core]
                continue
            while True:
                place, index = below(key, index, pairs, mask_for(pairs))
                row, column = row0 + place // posts, (core - core0) * width + place % posts
                slot = position(target, row_start[row], row_start[row + 1], column)
                if slot == row_start[row + 1] or target[slot] != column:
                    return row, column, core, index
    return np.int64(-1), np.int64(-1), np.int64(-1), index


@kernel
def _add_if_new(table, pair):
    """Put `pair` into an open-addressing hash table of a power of two; return whether it was not there yet."""
    mask = np.uint64(table.size - 1)
    place = (np.uint64(pair) * _HASH >> _TOP) & mask
    while table[place] != _EMPTY:
        if table[place] == pair:
            return False
        place = (place + _ONE) & mask
    table[place] = pair
    return True


@kernel
def draw_newborn(slots, blocks, span, live, capacity, births, seed, step):
    """Draw `births` connections one at a time, each uniform over all feasible dormant pairs of some projections.

    The law of Algorithm 1 of Bellec et al. 2018, lines 7 to 10, with the cores' capacities as a prior: a pair is
    feasible while it has no synapse and its core is not full. A pair is drawn by its rank among the dormant ones
    and refused, and drawn again, where its core is full or it was drawn before in this call, which leaves the draw
    uniform over what is feasible. Where that is refused too often, the core is drawn before the pair: the same law.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store without gaps; not changed.
    blocks : int64 (n_projections, 5)
        Per projection: first row, row after the last, post neurons, post neurons a core, first core.
    span : (int64, int64)
        First projection to draw from and the one after the last.
    live, capacity : int64 (n_cores,)
        `live` is counted up.
    births : int64
    seed, step : int64
        Name the random stream, with the first projection.

    Returns
    -------
    int64 (n,)
        ``row << 32 | column`` of each newborn, sorted; fewer than `births` where fewer pairs are feasible.
    """
    row_start, target, _, _ = slots
    dormant, feasible = _count(row_start, blocks, span, live, capacity)
    newborn = np.empty(min(births, feasible), np.int64)
    table = np.full(np.int64(mask_for(4 * newborn.size)) + 1, _EMPTY)
    key = bits(stream(seed, step, BIRTH), np.uint64(span[0]))
    mask = mask_for(dormant)
    index = np.uint64(0)
    birth = refused = 0
    while birth < newborn.size:
        if refused < _PATIENCE:
            rank, index = below(key, index, dormant, mask)
            row, column, core = _pair(row_start, target, blocks, span[0], rank)
        else:
            # Nearly all that is dormant lies on full cores: draw a core with room first, then a pair on it.
            row, column, core, index = _pair_with_room(row_start, target, blocks, span, live, capacity, key, index)
        refused += 1
        pair = (row << _SHIFT) | column
        if live[core] < capacity[core] and _add_if_new(table, pair):
            live[core] += 1
            newborn[birth] = pair
            birth += 1
            refused = 0
    newborn.sort()
    return newborn


@kernel
def grow(slots, newborn, seed, step):
    """Insert sorted newborn connections into a store without gaps, moving what stands behind them to the right.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store; it must have room for as many more.
    newborn : int64 (n,)
        As `draw_newborn` returns it.
    seed, step : int64
        Name the random stream of the signs; a newborn has weight +0.0 or -0.0, its sign fair and fixed for life.
    """
    row_start, target, weight, velocity = slots
    key = stream(seed, step, SIGN)
    end = row_start[row_start.size - 1]
    for n in range(newborn.size - 1, -1, -1):
        row, column = newborn[n] >> _SHIFT, newborn[n] & _LOW
        begin = position(target, row_start[row], min(end, row_start[row + 1]), column)
        _move_slots(slots, begin + n + 1, begin, end)
        if velocity.size:
            velocity[begin + n] = 0.0
        target[begin + n] = column
        sign = np.float32(1.0) if bits(key, np.uint64(newborn[n])) & _ONE else np.float32(-1.0)
        weight[begin + n] = math.copysign(np.float32(0.0), sign)
        end = begin
    for n in range(newborn.size):
        # Every row start after this newborn's row and up to the next one's has n + 1 newborn before it.
        upto = newborn[n + 1] >> _SHIFT if n + 1 < newborn.size else row_start.size - 1
        for row in range((newborn[n] >> _SHIFT) + 1, upto + 1):
            row_start[row] += n + 1


@kernel
def replace_dead(slots, segment_row, segment_end, live, died, capacity, blocks, groups, seed, step):
    """Close the gaps and give every group of projections its full number of connections again.

    Parameters
    ----------
    slots, segment_row, segment_end, live, died, capacity, blocks
        As in `close_gaps` and `draw_newborn`.
    groups : int64 (n_groups, 3)
        Projections that share one budget, in order and covering all: the first, the one after the last, the budget.
    seed, step : int64
        Name the random streams.

    Returns
    -------
    int64
        How many connections were born.
    """
    close_gaps(slots, segment_row, segment_end, live, died)
    row_start = slots[0]
    missing = groups[:, 2].sum() - row_start[row_start.size - 1]
    if missing == 0:
        return 0
    newborn = np.empty(missing, np.int64)
    count = 0
    for group in range(groups.shape[0]):
        first, last, budget = groups[group]
        births = budget - (row_start[blocks[last - 1, 1]] - row_start[blocks[first, 0]])
        if births > 0:
            drawn = draw_newborn(slots, blocks, (first, last), live, capacity, births, seed, step)
            newborn[count : count + drawn.size] = drawn
            count += drawn.size
    grow(slots, newborn[:count], seed, step)
    return count
