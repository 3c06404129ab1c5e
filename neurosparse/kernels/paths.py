"""Live paths through a chain of projections: which neurons lie on one, what lies on none, and births on them."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.limits import book, count_filled, is_open
from neurosparse.kernels.rewire import PATIENCE, add_if_new, coded, new_table, sign_of
from neurosparse.kernels.rng import PATH, below, bits, mask_for, stream
from neurosparse.kernels.rows import position

_SHIFT = np.int64(32)


@kernel
def keep_to_paths(slots, blocks, groups, live, ends):
    """Release connections that lie on no path from an input to an output, and list the ends of those that do.

    A pre neuron is reached if it is an input that is ever on, or the target of a connection from one that is reached; a
    post neuron reaches if it is an output, or has a connection to one that reaches. A connection between others has
    no gradient, or one that changes nothing. No more are released than there is room for on the paths of their group
    of projections: the others have nowhere better to go, and may become the beginnings of new paths.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store without gaps: a chain of projections, the post neurons of one being the rows of the next.
    blocks : int64 (n_projections, 5)
    groups : int64 (n_groups, 3)
        Projections that share one budget (see `replace_dead`).
    live : int64 (n_cores,)
        Counted down by what is released.
    ends : (inputs, open_rows, open_posts, counts)
        Whether each input is ever on, uint8 (n_inputs,); written: the rows that are reached, int32 (n_rows,), those of
        a projection from its first row's place on; the post neurons that reach, int32 (n_posts,); and for each
        projection how many rows and posts there are, and where its posts begin, int64 (n_projections, 3).

    Returns
    -------
    int64
        How many connections were released.
    """
    row_start, target, weight, velocity = slots
    open_rows, open_posts, counts = ends[1:]
    reached, reaches = _flags(row_start, target, blocks, ends[0], counts[:, 2])
    write = 0
    for group in range(groups.shape[0]):
        room = 0
        for p in range(groups[group, 0], groups[group, 1]):
            row0, row1, n_post = blocks[p, 0], blocks[p, 1], blocks[p, 2]
            post0 = counts[p, 2]
            counts[p, 0] = _list(reached, row0, row1, open_rows)
            counts[p, 1] = _list(reaches, post0, post0 + n_post, open_posts)
            room += counts[p, 0] * counts[p, 1]
            for row in range(row0, row1):
                for slot in range(row_start[row], row_start[row + 1]):
                    room -= reached[row] and reaches[post0 + target[slot]]
        for p in range(groups[group, 0], groups[group, 1]):
            row0, row1, _, width, core0 = blocks[p]
            post0 = counts[p, 2]
            begin = row_start[row0]
            for row in range(row0, row1):
                end = row_start[row + 1]
                row_start[row] = write
                for slot in range(begin, end):
                    j = target[slot]
                    if room > 0 and not (reached[row] and reaches[post0 + j]):
                        live[core0 + j // width] -= 1
                        room -= 1
                        continue
                    if write < slot:
                        target[write], weight[write] = j, weight[slot]
                        if velocity.size:
                            velocity[write] = velocity[slot]
                    write += 1
                begin = end
            # The next projection's first row reads where this one ended.
            row_start[row1] = begin
    released = row_start[row_start.size - 1] - write
    row_start[row_start.size - 1] = write
    return released


@kernel
def _flags(row_start, target, blocks, inputs, before):
    """Return which rows are reached, uint8 (n_rows,), and which posts reach, uint8 (n_posts,).

    `inputs` says which inputs are ever on, `before` how many posts the projections before each have.
    """
    last = blocks.shape[0] - 1
    reached = np.zeros(blocks[last, 1], np.uint8)
    reaches = np.zeros(before[last] + blocks[last, 2], np.uint8)
    reached[: inputs.size] = inputs
    for p in range(last):
        row1 = blocks[p, 1]
        for row in range(blocks[p, 0], row1):
            if reached[row]:
                for slot in range(row_start[row], row_start[row + 1]):
                    reached[row1 + target[slot]] = 1
    reaches[before[last] :] = 1
    for p in range(last, 0, -1):
        row0 = blocks[p, 0]
        for row in range(row0, blocks[p, 1]):
            for slot in range(row_start[row], row_start[row + 1]):
                if reaches[before[p] + target[slot]]:
                    reaches[before[p - 1] + row - row0] = 1
                    break
    return reached, reaches


@kernel
def count_on_paths(row_start, target, blocks):
    """Return how many connections of each projection of a chain lie on a path from an input to an output.

    Returns
    -------
    int64 (n_projections,)
    """
    count = np.zeros(blocks.shape[0], np.int64)
    before = np.zeros(blocks.shape[0], np.int64)
    for p in range(1, blocks.shape[0]):
        before[p] = before[p - 1] + blocks[p - 1, 2]
    inputs = np.ones(blocks[0, 1], np.uint8)
    reached, reaches = _flags(row_start, target, blocks, inputs, before)
    for p in range(blocks.shape[0]):
        for row in range(blocks[p, 0], blocks[p, 1]):
            if reached[row]:
                for slot in range(row_start[row], row_start[row + 1]):
                    count[p] += reaches[before[p] + target[slot]]
    return count


@kernel
def _list(flags, first, last, places):
    """Write which flags in [first, last) are set, counted from `first`, to `places` from there on; return how many."""
    count = 0
    for place in range(first, last):
        if flags[place]:
            places[first + count] = place - first
            count += 1
    return count


@kernel
def _pairs(block, count, both):
    """Return how many pairs of a projection are drawn from; those with two live ends count twice if one is enough."""
    if both:
        return count[0] * count[1]
    return count[0] * block[2] + (block[1] - block[0]) * count[1]


@kernel
def draw_on_paths(slots, blocks, limits, ends, span, live, capacity, births, moment, both):
    """Draw up to `births` connections one at a time, uniform over the feasible ones between ends of live paths.

    Where one end is enough, a newborn may be the beginning of a new path; pairs with two live ends are drawn twice as
    often then, if there are any left.

    Parameters
    ----------
    slots, blocks, limits, span, live, capacity, births, moment
        As `draw_within_limits` takes them; `limits` may have no row.
    ends
        As `keep_to_paths` left them.
    both : bool
        Whether both ends must lie on live paths, or one is enough.

    Returns
    -------
    int64 (n,)
        `coded` newborn in the order drawn; fewer than `births` where `PATIENCE` draws in a row were refused.
    """
    row_start, target, weight, _ = slots
    _, open_rows, open_posts, counts = ends
    total = 0
    for p in range(span[0], span[1]):
        total += _pairs(blocks[p], counts[p], both)
    newborn = np.empty(births if total else 0, np.int64)
    pairs = new_table(newborn.size)
    rows = row_start, target, weight
    is_limited = limits.shape[0] > 0
    filled = count_filled(rows, blocks, limits, span, live, capacity, newborn.size)
    key = bits(stream(moment[0], moment[1], PATH), np.uint64(2 * span[0] + both))
    mask = mask_for(total)
    index = np.uint64(0)
    birth = refused = 0
    while birth < newborn.size and refused < PATIENCE:
        refused += 1
        rank, index = below(key, index, total, mask)
        p = span[0]
        while rank >= _pairs(blocks[p], counts[p], both):
            rank -= _pairs(blocks[p], counts[p], both)
            p += 1
        row0, n_post, width, core0 = blocks[p, 0], blocks[p, 2], blocks[p, 3], blocks[p, 4]
        from_live, to_live = both, both
        n_rows, n_posts = counts[p, 0], counts[p, 1]
        if not both:
            from_live = rank < n_rows * n_post
            to_live = not from_live
            rank -= n_rows * n_post * to_live
        columns = n_posts if to_live else n_post
        row, column = rank // columns, rank % columns
        row = row0 + (np.int64(open_rows[row0 + row]) if from_live else row)
        column = np.int64(open_posts[counts[p, 2] + column]) if to_live else column
        core = core0 + column // width
        slot = position(target, row_start[row], row_start[row + 1], column)
        if live[core] >= capacity[core] or (slot < row_start[row + 1] and target[slot] == column):
            continue
        is_positive = sign_of(moment, row, column)
        if is_limited and not is_open(rows, blocks[p], limits[p], filled, row, column, is_positive):
            continue
        if not add_if_new(pairs, (row << _SHIFT) | column):
            continue
        if is_limited:
            book(blocks[p], limits[p], filled, row, column, is_positive)
        else:
            live[core] += 1
        newborn[birth] = coded(row, column, is_positive)
        birth += 1
        refused = 0
    return newborn[:birth]
