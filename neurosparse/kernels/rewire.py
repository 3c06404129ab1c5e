"""Rewiring in place: close the gaps the dead left, draw the newborn one at a time, grow them in from the back."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.blocks import move
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import BIRTH, SIGN, below, bits, mask_for, stream
from neurosparse.kernels.rows import dormant_column, dormant_row, position

_SHIFT = np.int64(32)
_COLUMN = np.int64(0x7FFFFFFF)
_EMPTY = np.int64(-1)
# Where the sign of a newborn comes from (see `sign_of`).
ANEW, FIXED, DALE = range(3)
# Draws that may be refused in a row before the cores with room are looked for.
PATIENCE = 64
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

    Returns
    -------
    float32 (n_dead,)
        What the visits left in the gaps: the overshoots of the dead, in the order of their slots.
    """
    row_start, weight = slots[0], slots[2]
    overshoot = np.empty(row_start[row_start.size - 1] - _survivors(row_start, segment_row, segment_end), np.float32)
    n = 0
    for segment in range(segment_end.size):
        for slot in range(segment_end[segment], row_start[segment_row[segment + 1]]):
            overshoot[n] = weight[slot]
            n += 1
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
    return overshoot


@kernel
def _survivors(row_start, segment_row, segment_end):
    """Return how many connections are left in all segments."""
    count = 0
    for segment in range(segment_end.size):
        count += segment_end[segment] - row_start[segment_row[segment]]
    return count


@kernel
def count_dormant(row_start, blocks, span, live, capacity):
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
def dormant_pair(row_start, target, blocks, first, rank):
    """Return projection, row, column and core of dormant pair number `rank`, counted from projection `first` on."""
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
    return p, row, column, core0 + column // width


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
def coded(row, column, is_positive):
    """Return a newborn as one number that sorts by row and column: ``row << 32 | column << 1 | is_positive``."""
    return (row << _SHIFT) | (column << np.int64(1)) | is_positive


@kernel
def decoded(newborn):
    """Return row, column and whether the sign is positive (1 or 0)."""
    return newborn >> _SHIFT, (newborn >> np.int64(1)) & _COLUMN, newborn & np.int64(1)


@kernel
def sign_of(moment, row, column):
    """Return whether a newborn is positive (1 or 0): a fair coin of the stream of the signs.

    Parameters
    ----------
    moment : (seed, step, signs), each int64
        `signs` is ANEW: each birth has a coin of its own; FIXED: each pair has one for all time, as in Algorithm 1 of
        Bellec et al. 2018; DALE: each pre neuron has one for all time, Dale's law. A run's seed is not negative, and
        its complement names other streams of the same run: what is for all time is the same under both.
    row, column : int64
    """
    if moment[2] == ANEW:
        key, index = stream(moment[0], moment[1], SIGN), (row << _SHIFT) | column
    else:
        key = stream(max(moment[0], ~moment[0]), np.int64(0), SIGN)
        index = (row << _SHIFT) | column if moment[2] == FIXED else row
    return np.int64(bits(key, np.uint64(index)) & _ONE)


@kernel
def new_table(entries):
    """Return an empty hash table that is at most a quarter full with so many entries."""
    return np.full(np.int64(mask_for(4 * entries)) + 1, _EMPTY)


@kernel
def find_place(table, entry):
    """Return where `entry` stands in an open-addressing hash table of a power of two, or where it would stand."""
    mask = np.uint64(table.size - 1)
    place = (np.uint64(entry) * _HASH >> _TOP) & mask
    while table[place] != _EMPTY and table[place] != entry:
        place = (place + _ONE) & mask
    return place


@kernel
def add_if_new(table, entry):
    """Put `entry` into a hash table; return whether it was not there yet."""
    place = find_place(table, entry)
    if table[place] == entry:
        return False
    table[place] = entry
    return True


@kernel
def draw_newborn(slots, blocks, span, live, capacity, births, moment):
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
    moment : (seed, step, signs), each int64
        Name the random stream, with the first projection, and say where signs come from (see `sign_of`).

    Returns
    -------
    int64 (n,)
        `coded` newborn in the order drawn; fewer than `births` where fewer pairs are feasible.
    """
    row_start, target, _, _ = slots
    dormant, feasible = count_dormant(row_start, blocks, span, live, capacity)
    newborn = np.empty(min(births, feasible), np.int64)
    table = new_table(newborn.size)
    key = bits(stream(moment[0], moment[1], BIRTH), np.uint64(span[0]))
    mask = mask_for(dormant)
    index = np.uint64(0)
    birth = refused = 0
    while birth < newborn.size:
        if refused < PATIENCE:
            rank, index = below(key, index, dormant, mask)
            _, row, column, core = dormant_pair(row_start, target, blocks, span[0], rank)
        else:
            # Nearly all that is dormant lies on full cores: draw a core with room first, then a pair on it.
            row, column, core, index = _pair_with_room(row_start, target, blocks, span, live, capacity, key, index)
        refused += 1
        pair = (row << _SHIFT) | column
        if live[core] < capacity[core] and add_if_new(table, pair):
            live[core] += 1
            newborn[birth] = coded(row, column, sign_of(moment, row, column))
            birth += 1
            refused = 0
    return newborn


@kernel
def grow(slots, newborn, size):
    """Insert newborn connections into a store without gaps, moving what stands behind them to the right.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store; it must have room for as many more.
    newborn : int64 (n,)
        `coded`, in any order, as `draw_newborn` and `draw_within_limits` return them; left sorted.
    size : float32 (n,) or (0,)
        What a newborn begins with, in the order of `newborn`: at least 0; 0 where the array is empty. A newborn of size
        0 has weight +0.0 or -0.0: it has its sign from the start.
    """
    if size.size:
        order = np.argsort(newborn)
        size = size[order]
        newborn[:] = newborn[order]
    else:
        newborn.sort()
    row_start, target, weight, velocity = slots
    end = row_start[row_start.size - 1]
    for n in range(newborn.size - 1, -1, -1):
        row, column, is_positive = decoded(newborn[n])
        begin = position(target, row_start[row], min(end, row_start[row + 1]), column)
        _move_slots(slots, begin + n + 1, begin, end)
        if velocity.size:
            velocity[begin + n] = 0.0
        target[begin + n] = column
        born = size[n] if size.size else np.float32(0.0)
        weight[begin + n] = born if is_positive else -born
        end = begin
    for n in range(newborn.size):
        # Every row start after this newborn's row and up to the next one's has n + 1 newborn before it.
        upto = newborn[n + 1] >> _SHIFT if n + 1 < newborn.size else row_start.size - 1
        for row in range((newborn[n] >> _SHIFT) + 1, upto + 1):
            row_start[row] += n + 1
