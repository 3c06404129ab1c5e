"""A whole rewiring in one call: gaps closed, the newborn of every budget drawn and grown in."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.limits import draw_within_limits
from neurosparse.kernels.rewire import PATIENCE, close_gaps, draw_newborn, grow


@kernel
def draw(slots, blocks, limits, span, live, capacity, births, seed, step):
    """Draw newborn as `draw_within_limits` does, or as `draw_newborn` where `limits` has no row."""
    if limits.shape[0]:
        return draw_within_limits(slots, blocks, limits, span, live, capacity, births, (seed, step), PATIENCE)
    return draw_newborn(slots, blocks, span, live, capacity, births, seed, step)


@kernel
def replace_dead(slots, segment_row, segment_end, live, died, capacity, blocks, limits, groups, seed, step):
    """Close the gaps and give every group of projections its full number of connections again.

    Parameters
    ----------
    slots, segment_row, segment_end, live, died, capacity, blocks, limits
        As `close_gaps` and `draw` take them.
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
            drawn = draw(slots, blocks, limits, (first, last), live, capacity, births, seed, step)
            newborn[count : count + drawn.size] = drawn
            count += drawn.size
    grow(slots, newborn[:count])
    return count
