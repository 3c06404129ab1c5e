"""Weights rounded to what a machine keeps: the largest of each projection, and whole steps of a size."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel


@kernel
def largest_sizes(row_start, blocks, weight, largest):
    """Write the largest size of a live weight of each projection; zero where it has none.

    Parameters
    ----------
    row_start : int64 (n_rows + 1,)
    blocks : int64 (n_projections, 5)
        Per projection: first row, row after the last, and what is not read here.
    weight : float32 (n_slots,)
    largest : float32 (n_projections,)
        Written.
    """
    for p in range(blocks.shape[0]):
        found = np.float32(0.0)
        for slot in range(row_start[blocks[p, 0]], row_start[blocks[p, 1]]):
            found = max(found, abs(weight[slot]))
        largest[p] = found


@kernel
def to_grid(row_start, blocks, weight, step, seen):
    """Write each live weight as whole steps of its projection, the nearest, halves to even, with its own sign bit.

    Parameters
    ----------
    row_start, blocks, weight
        As `largest_sizes` takes them.
    step : float32 (n_projections,)
        Powers of two.
    seen : float32 (n_slots,)
        Written where slots are live.
    """
    for p in range(blocks.shape[0]):
        size = step[p]
        for slot in range(row_start[blocks[p, 0]], row_start[blocks[p, 1]]):
            w = weight[slot]
            seen[slot] = math.copysign(np.rint(abs(w) / size) * size, w)
