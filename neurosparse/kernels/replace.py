"""A whole rewiring in one call: gaps closed, the newborn of every budget found and grown in."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.audition import take_best
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.limits import draw_within_limits
from neurosparse.kernels.paths import draw_on_paths, keep_to_paths
from neurosparse.kernels.rewire import PATIENCE, close_gaps, decoded, draw_newborn, grow


@kernel
def draw(slots, blocks, limits, span, live, capacity, births, moment):
    """Draw newborn as `draw_within_limits` does, or as `draw_newborn` where `limits` has no row."""
    if limits.shape[0]:
        return draw_within_limits(slots, blocks, limits, span, live, capacity, births, moment, PATIENCE)
    return draw_newborn(slots, blocks, span, live, capacity, births, moment)


@kernel
def _lacking(row_start, blocks, group):
    """Return how many connections a group of projections lacks."""
    first, last, budget = group
    return budget - (row_start[blocks[last - 1, 1]] - row_start[blocks[first, 0]])


@kernel
def replace_dead(slots, gaps, cores, born, shape, ends, queue, manner, moment):
    """Close the gaps and give every group of projections its full number of connections again.

    Newborn come from the best of auditions, where there were any; where those do not suffice, from the feasible pairs
    on live paths, where births keep to them; then from those with one end on such a path, which may begin new ones; and
    then from all feasible pairs.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store.
    gaps : (segment_row, segment_end)
        As `close_gaps` takes them; the segments have no gaps afterwards.
    cores : (live, died, capacity)
        As `close_gaps` takes them, and int64 (n_cores,).
    born : int64 (n_projections,)
        Counted up by the births in each projection.
    shape : (blocks, limits, groups)
        `groups`, int64 (n_groups, 3): projections that share one budget, in order and covering all: the first, the one
        after the last, the budget.
    ends
        As `keep_to_paths` left them; `open_rows` is empty where births keep to no path.
    queue
        As `take_best` takes it; no candidates where nothing was auditioned.
    manner : (passes_on, releases), each bool
        Whether newborn that were not auditioned begin with the overshoots of the dead, one after the other, or at 0;
        whether connections that lie on no path are released first.
    moment : (seed, step, signs), each int64
        Name the random streams.
    """
    row_start = slots[0]
    live, died, capacity = cores
    overshoot = close_gaps(slots, gaps[0], gaps[1], live, died)
    if not manner[0]:
        overshoot = overshoot[:0]
    blocks, limits, groups = shape
    if manner[1]:
        keep_to_paths(slots, blocks, groups, live, ends)
    missing = 0
    for group in range(groups.shape[0]):
        missing += max(_lacking(row_start, blocks, groups[group]), 0)
    noted = 0
    for source in range(4):
        if missing == 0 or (source == 0 and queue[0].size == 0) or (0 < source < 3 and ends[1].size == 0):
            continue
        newborn = np.empty(missing, np.int64)
        size = np.zeros(missing if source == 0 or noted < overshoot.size else 0, np.float32)
        count = 0
        for group in range(groups.shape[0]):
            births = _lacking(row_start, blocks, groups[group])
            span = groups[group, 0], groups[group, 1]
            if births <= 0:
                continue
            if source == 0:
                count += take_best(
                    slots, blocks, limits, queue, span, live, capacity, births, newborn[count:], size[count:]
                )
                continue
            if source < 3:
                drawn = draw_on_paths(slots, blocks, limits, ends, span, live, capacity, births, moment, source == 1)
            else:
                drawn = draw(slots, blocks, limits, span, live, capacity, births, moment)
            newborn[count : count + drawn.size] = drawn
            count += drawn.size
        if source > 0 and size.size:
            some = min(count, overshoot.size - noted)
            size[:some] = overshoot[noted : noted + some]
            noted += some
        grow(slots, newborn[:count], size[:count])
        count_births(newborn[:count], blocks, born)
        missing -= count
    for segment in range(gaps[1].size):
        gaps[1][segment] = row_start[gaps[0][segment + 1]]


@kernel
def count_births(newborn, blocks, born):
    """Count sorted `coded` newborn by projection: `born`, int64 (n_projections,), is counted up."""
    p = 0
    for n in range(newborn.size):
        row, _, _ = decoded(newborn[n])
        while row >= blocks[p, 1]:
            p += 1
        born[p] += 1
