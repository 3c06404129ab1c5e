"""Signs within limits: a row part may hold only so many connections of a sign, also where weights change theirs."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel


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
