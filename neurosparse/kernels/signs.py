"""The signs of connections: within the limits of rows where weights change theirs, and as they were drawn where not."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rewire import sign_of


@kernel
def settle_signs(slots, blocks, limits):
    """Bring rows that have too many connections of a sign on a core back to their limit.

    Of the sign that has too many, the smallest become zeros of the other sign: that is the nearest point where the
    limits hold. There is room, as long as no row part has more than twice its limit in all.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store without gaps.
    blocks : int64 (n_projections, 5)
    limits : int64 (n_projections, 3)
        Per projection: post neurons of the projections before it, `max_row_length`, `max_fan_in`.

    Returns
    -------
    int64
        How many were set to zero.
    """
    row_start, target, weight, _ = slots
    settled = 0
    for p in range(blocks.shape[0]):
        row0, row1, _, width, _ = blocks[p]
        longest = limits[p, 1]
        if longest >= width:
            continue
        for row in range(row0, row1):
            begin = row_start[row]
            while begin < row_start[row + 1]:
                core = target[begin] // width
                end, positive = begin, np.int64(0)
                while end < row_start[row + 1] and target[end] // width == core:
                    positive += math.copysign(1.0, weight[end]) > 0.0
                    end += 1
                sign = 1.0 if positive > longest else -1.0
                for _ in range(max(positive, end - begin - positive) - longest):
                    smallest = np.int64(-1)
                    for slot in range(begin, end):
                        if math.copysign(1.0, weight[slot]) == sign and (
                            smallest < 0 or abs(weight[slot]) < abs(weight[smallest])
                        ):
                            smallest = slot
                    weight[smallest] = np.float32(-sign * 0.0)
                    settled += 1
                begin = end
    return settled


@kernel
def count_other_signs(slots, moment):
    """Return how many connections have another sign than `sign_of` gives their pair.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        The whole store without gaps.
    moment : (seed, step, signs), each int64
        As `sign_of` takes it.

    Returns
    -------
    int64
    """
    row_start, target, weight, _ = slots
    others = 0
    for row in range(row_start.size - 1):
        for slot in range(row_start[row], row_start[row + 1]):
            is_positive = math.copysign(1.0, weight[slot]) > 0.0
            others += is_positive != (sign_of(moment, row, np.int64(target[slot])) == 1)
    return others
