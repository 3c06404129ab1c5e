"""Gates of rectified numbers: no gradient passes those that are closed."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH


@kernel
def close_gates(x, dx, rows, ceiling):
    """Set the gradient to zero where the gates of `x` are closed.

    Parameters
    ----------
    x, dx : float32 (n, batch)
        The numbers, and their gradient, which is changed in place.
    rows : (int64, int64)
        The first row, and the one after the last.
    ceiling : float32
        See `lanes.where_open`.
    """
    if ceiling < np.float32(0.0):
        return
    for i in range(rows[0], rows[1]):
        for b in range(0, x.shape[1], WIDTH):
            lanes.store(dx, i, b, lanes.where_open(lanes.load(x, i, b), ceiling, lanes.load(dx, i, b)))
