"""Weights on a grid, as a machine of few bits keeps them: whole multiples of a power of two."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels.jit import kernel


@kernel
def to_grid(slots, grid, most):
    """Write the weights of a projection, each rounded to a whole number of steps, signs kept at zero too.

    The step is the smallest power of two whose multiples up to `most` reach the largest weight.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        Rows of one projection.
    grid : float32 (n_slots,)
        Written where the rows of the projection lie.
    most : int64
        The largest whole number that the machine holds.
    """
    row_start, _, weight, _ = slots
    begin, end = row_start[0], row_start[row_start.size - 1]
    largest = np.float32(0.0)
    for slot in range(begin, end):
        largest = max(largest, abs(weight[slot]))
    step = np.float32(step_for(largest, most))
    for slot in range(begin, end):
        grid[slot] = math.copysign(np.rint(abs(weight[slot]) / step) * step, weight[slot])


@kernel
def step_for(largest, most):
    """Return the smallest power of two whose multiples up to `most` reach `largest`; 1 where that is 0.

    Parameters
    ----------
    largest : float32
    most : int64

    Returns
    -------
    float64
    """
    if not largest > 0.0:
        return 1.0
    mantissa, exponent = math.frexp(np.float64(largest) / most)
    step = math.ldexp(1.0, exponent - 1 if mantissa == 0.5 else exponent)
    # A quotient that was rounded down to a power of two.
    return 2.0 * step if step * most < largest else step
