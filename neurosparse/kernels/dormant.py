"""Dormant connections that walk: those near zero one by one, the deep ones as numbers (Algorithm 2 of DEEP R)."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.deep import (
    BEHIND_THE_WALL,
    COUNT,
    DROPPED,
    KEPT_DEEP,
    LAYERS,
    MOST_LAYERS,
    REFUSED,
    THINNEST,
    next_success,
    sink,
    sink_and_rise,
)
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.limits import book, count_filled, is_open, projection_of
from neurosparse.kernels.replace import count_births
from neurosparse.kernels.rewire import (
    add_if_new,
    close_gaps,
    coded,
    decoded,
    dormant_pair,
    find_place,
    grow,
    new_table,
    sign_of,
)
from neurosparse.kernels.rng import SURFACE, WALK, below, bits, mask_for, normal, stream, uniform

_ONE = np.uint64(1)
_SHIFT = np.int64(32)
_ROOT = math.sqrt(2.0 * math.pi)


@kernel
def let_walk(slots, gaps, cores, shape, table, law, moment, born):
    """Close the gaps, let every dormant connection take one step, and grow in those that came to zero or above.

    Lines 6 to 10 of Algorithm 2 of Bellec et al. 2018: ``theta <- max(theta + noise * nu, floor)``. Connections between
    `edge` and zero stand in a table. Below `edge` connections are deep: they are alike, and only how many are in each
    of some layers is known, where theta is uniform. Each candidate moves once: who died in this step has moved.

    A birth that budget, core or limits have no room for is refused, and who asked stays where it was.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store, with the gaps that `descend` left.
    gaps : (before int64 (n_rows + 1,), segment_row, segment_end)
        `before` is `row_start` as it was before the visits; the rest as `close_gaps` takes it.
    cores : (live, died, capacity)
    shape : (blocks, limits, groups)
        As `replace_dead` takes them; a group may have fewer connections than its budget.
    table : (entry int64 (n,), theta float32 (n,), depth int64 (n_projections, MOST_LAYERS), tally int64 (5,))
        The shallow: `coded` connections and where they are. How many of each projection are in each layer of the deep,
        from `edge` down. What `tally` counts.
    law : (noise, floor, edge), each float64
        sqrt(2 eta T); theta_min; where the deep begin: above `floor`, or at it where the table has room for every pair.
    moment : (seed, step, signs), each int64
        Name the random streams, and say where signs come from (see `sign_of`).
    born : int64 (n_projections,)
        Written: the births in each projection.
    """
    live, died, capacity = cores
    blocks, limits, groups = shape
    dead, theta = _the_dead(slots, gaps)
    close_gaps(slots, gaps[1], gaps[2], live, died)
    if table[3][LAYERS] == 0:
        _begin(slots, gaps[0], blocks, table, dead, law, moment)
    sink_and_rise(table, law, moment)
    deep = table[2].copy()
    walking = _bury(blocks, table, dead, theta, law)
    room, group_of = _room(slots[0], blocks, groups)
    most = np.int64(room.sum())
    rows = slots[0], slots[1], slots[2]
    filled = count_filled(
        rows, blocks, limits, (0, blocks.shape[0]), live, capacity, most if limits.shape[0] else np.int64(0)
    )
    newborn = np.empty(most, np.int64), np.empty(most, np.float32)
    all_of = blocks, limits, group_of
    count = _surface(slots, all_of, table, deep, law, moment, filled, room, newborn)
    count = _walk(rows, all_of, table, walking, law, moment, filled, room, newborn, count)
    grow(slots, newborn[0][:count], newborn[1][:count])
    born[:] = 0
    count_births(newborn[0][:count], blocks, born)


@kernel
def _the_dead(slots, gaps):
    """Return who died in the visits of a step, `coded`, and their theta, in the order of their slots.

    A row lost as many as it has fewer now than before; columns, signs and overshoots stand in the gaps.
    """
    row_start, target, weight, _ = slots
    before, segment_row, segment_end = gaps
    n_dead = row_start[row_start.size - 1]
    for segment in range(segment_end.size):
        n_dead -= segment_end[segment] - row_start[segment_row[segment]]
    dead, theta = np.empty(n_dead, np.int64), np.empty(n_dead, np.float32)
    n = 0
    for segment in range(segment_end.size):
        slot, last = segment_end[segment], segment_row[segment + 1]
        for row in range(segment_row[segment], last):
            end = segment_end[segment] if row + 1 == last else row_start[row + 1]
            for _ in range(before[row + 1] - before[row] - (end - row_start[row])):
                column = np.int64(target[slot])
                is_positive = np.int64(column >= 0)
                dead[n] = coded(np.int64(row), column if is_positive else ~column, is_positive)
                theta[n] = -weight[slot]
                slot += 1
                n += 1
    return dead, theta


@kernel
def _bury(blocks, table, dead, theta, law):
    """Put the dead behind the table and return how many stand before them.

    Those below the edge become deep at once; where the table is full the deepest of all do.
    """
    entry, shallow, _, tally = table
    _, floor, edge = law
    stays = np.empty(theta.size, np.bool_)
    for n in range(theta.size):
        stays[n] = theta[n] >= edge or edge == floor
        if not stays[n]:
            sink(blocks, table, dead[n], theta[n], law)
    dead, theta = dead[stays], theta[stays]
    count = tally[COUNT]
    excess = count + dead.size - entry.size
    if excess > 0:
        together, who = np.concatenate((shallow[:count], theta)), np.concatenate((entry[:count], dead))
        stays = np.ones(together.size, np.bool_)
        for n in np.argsort(together)[:excess]:
            stays[n] = False
            sink(blocks, table, who[n], together[n], law)
        kept = 0
        for n in range(count):
            if stays[n]:
                entry[kept], shallow[kept] = entry[n], shallow[n]
                kept += 1
        dead, theta = dead[stays[count:]], theta[stays[count:]]
        count = kept
        tally[DROPPED] += excess
    entry[count : count + dead.size] = dead
    shallow[count : count + dead.size] = theta
    tally[COUNT] = count + dead.size
    return count


@kernel
def _begin(slots, before, blocks, table, dead, law, moment):
    """Fill the empty table: each dormant pair but the newly dead with the share of the shallow; layers evenly."""
    row_start, target, _, _ = slots
    entry, theta, depth, tally = table
    noise, floor, edge = law
    tally[LAYERS] = 1
    if noise > 0.0:
        tally[LAYERS] = np.int64(min(max((edge - floor) / (THINNEST * noise), 1.0), np.float64(MOST_LAYERS)))
    known = _pairs_of(dead, dead.size)
    count = np.int64(0)
    for p in range(blocks.shape[0]):
        key, index = bits(stream(moment[0], np.int64(0), SURFACE), np.uint64(p)), np.uint64(0)
        deep, dormant = _dormant(before, blocks[p]), _dormant(row_start, blocks[p])
        rank, index = next_success(np.int64(-1), dormant, edge / floor, key, index)
        while rank < dormant and count < entry.size:
            _, row, column, _ = dormant_pair(row_start, target, blocks, p, rank)
            pair = coded(row, column, np.int64(0))
            if known[find_place(known, pair)] != pair:
                entry[count] = coded(row, column, sign_of(moment, row, column))
                theta[count] = edge * uniform(key, index)
                count += 1
                deep -= 1
            rank, index = next_success(rank, dormant, edge / floor, key, index + _ONE)
        for layer in range(tally[LAYERS]):
            depth[p, layer] = deep * (layer + 1) // tally[LAYERS] - deep * layer // tally[LAYERS]
    tally[COUNT] = count


@kernel
def _pairs_of(entry, more):
    """Return a hash table of the pairs of some connections with room for so many others."""
    known = new_table(entry.size + more + 1)
    for n in range(entry.size):
        row, column, _ = decoded(entry[n])
        add_if_new(known, coded(row, column, np.int64(0)))
    return known


@kernel
def _dormant(row_start, block):
    """Return how many pairs of a projection have no synapse."""
    return (block[1] - block[0]) * block[2] - (row_start[block[1]] - row_start[block[0]])


@kernel
def _room(row_start, blocks, groups):
    """Return how many more connections each group of projections may have, and the group of each projection."""
    room, group_of = np.empty(groups.shape[0], np.int64), np.empty(blocks.shape[0], np.int64)
    for g in range(groups.shape[0]):
        first, last, budget = groups[g]
        room[g] = budget - (row_start[blocks[last - 1, 1]] - row_start[blocks[first, 0]])
        group_of[first:last] = g
    return room, group_of


@kernel
def _let_in(rows, shape, entry, size, filled, room, born, count):
    """Book a connection if nothing speaks against it, as number `count` of the newborn; return whether."""
    blocks, limits, group_of = shape
    row, column, is_positive = decoded(entry)
    p = projection_of(blocks, row)
    core = blocks[p, 4] + column // blocks[p, 3]
    live, capacity = filled[0], filled[1]
    if room[group_of[p]] == 0 or live[core] >= capacity[core]:
        return False
    if limits.shape[0]:
        if not is_open(rows, blocks[p], limits[p], filled, row, column, is_positive):
            return False
        book(blocks[p], limits[p], filled, row, column, is_positive)
    else:
        live[core] += 1
    room[group_of[p]] -= 1
    born[0][count] = entry
    born[1][count] = size
    return True


@kernel
def _surface(slots, shape, table, deep, law, moment, filled, room, born):
    """Let the deep take a step: who comes above the edge is drawn, enters the table, or is born; return how many are.

    A step of size s, of density proportional to s exp(-s^2 / 2 noise^2) among those that pass the edge, is cut by it
    uniformly: the landing has a density proportional to Q(height / noise), Q the tail of the normal distribution, and
    so has the depth that it came from. It is drawn for every layer that steps may reach and counts where it began
    there.

    Parameters
    ----------
    deep : int64 (n_projections, MOST_LAYERS)
        Who takes a step.
    """
    row_start, target, weight, _ = slots
    blocks, _, group_of = shape
    entry, theta, depth, tally = table
    noise, floor, edge = law
    layers = tally[LAYERS]
    height = (edge - floor) / layers
    if height <= 0.0 or noise <= 0.0:
        return np.int64(0)
    reached = min(layers, np.int64(min(6.0 * noise / height, float(layers))) + 1)
    coming = np.zeros((blocks.shape[0], reached), np.int64)
    base = stream(moment[0], moment[1], SURFACE)
    for p in range(blocks.shape[0]):
        for layer in range(reached):
            span = height + (BEHIND_THE_WALL * noise if layer == layers - 1 else 0.0)
            key, chance = bits(base, np.uint64(2 * (p * MOST_LAYERS + layer))), noise / (_ROOT * span)
            position, index = next_success(np.int64(-1), deep[p, layer], chance, key, np.uint64(0))
            while position < deep[p, layer]:
                coming[p, layer] += 1
                position, index = next_success(position, deep[p, layer], chance, key, index)
    known = np.empty(0, np.int64)
    rows = row_start, target, weight
    count = np.int64(0)
    for p in range(blocks.shape[0]):
        dormant = _dormant(row_start, blocks[p])
        mask = mask_for(dormant)
        for layer in range(reached):
            key, index = bits(base, np.uint64(2 * (p * MOST_LAYERS + layer) + 1)), np.uint64(0)
            top = layer * height
            bottom = top + height + (BEHIND_THE_WALL * noise if layer == layers - 1 else 0.0)
            for _ in range(coming[p, layer]):
                step = noise * math.sqrt(-2.0 * math.log(uniform(key, index)))
                below_edge = step * uniform(key, index + _ONE)
                index += _ONE + _ONE
                if below_edge < top or below_edge >= bottom:
                    continue
                landing = np.float32(edge + step - below_edge)
                # Who stays deep needs no name.
                if landing >= np.float32(0.0) and room[group_of[p]] == 0:
                    tally[REFUSED] += 1
                    continue
                if landing < np.float32(0.0) and tally[COUNT] == entry.size:
                    tally[KEPT_DEEP] += 1
                    continue
                if known.size == 0:
                    known = _pairs_of(entry[: tally[COUNT]], coming.sum())
                while True:
                    rank, index = below(key, index, dormant, mask)
                    _, row, column, _ = dormant_pair(row_start, target, blocks, p, rank)
                    if add_if_new(known, coded(row, column, np.int64(0))):
                        break
                synapse = coded(row, column, sign_of(moment, row, column))
                if landing < np.float32(0.0):
                    entry[tally[COUNT]], theta[tally[COUNT]] = synapse, landing
                    tally[COUNT] += 1
                elif _let_in(rows, shape, synapse, landing, filled, room, born, count):
                    count += 1
                else:
                    tally[REFUSED] += 1
                    continue
                depth[p, layer] -= 1
    return count


@kernel
def _walk(rows, shape, table, before, law, moment, filled, room, born, count):
    """Let the first `before` of the table take a step; return how many are born now."""
    entry, theta, _, tally = table
    noise, floor, edge = np.float32(law[0]), np.float32(law[1]), np.float32(law[2])
    key = stream(moment[0], moment[1], WALK)
    kept = 0
    for n in range(tally[COUNT]):
        if n < before:
            moved = max(theta[n] + noise * normal(key, np.uint64(n)), floor)
            if moved < edge:
                sink(shape[0], table, entry[n], moved, law)
                continue
            if moved < np.float32(0.0):
                theta[n] = moved
            elif _let_in(rows, shape, entry[n], moved, filled, room, born, count):
                count += 1
                continue
            else:
                tally[REFUSED] += 1
        entry[kept], theta[kept] = entry[n], theta[n]
        kept += 1
    tally[COUNT] = kept
    return count
