"""The first weights of connections."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import WEIGHT, normal, stream


@kernel
def scatter_weights(slots, spread, seed, step):
    """Give every live connection of a projection a half-normal size, its sign kept.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        Rows of one projection.
    spread : float32
        Standard deviation of the normal distribution whose size is taken.
    seed, step : int64
        Name the random stream.
    """
    row_start, _, weight, _ = slots
    key = stream(seed, step, WEIGHT)
    for slot in range(row_start[0], row_start[row_start.size - 1]):
        weight[slot] = math.copysign(spread * normal(key, np.uint64(slot)), weight[slot])
