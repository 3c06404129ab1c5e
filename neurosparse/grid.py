"""The whole numbers that a machine keeps for weights: what one step is worth, and weights rounded to whole steps."""

from __future__ import annotations

import math

import numpy as np

#: The finest number that float32 holds.
_FINEST = 2.0**-149


def step_for(largest: float, most: int) -> float:
    """Return the smallest power of two whose multiples up to `most` reach `largest`; 1 where there is nothing to reach.

    Parameters
    ----------
    largest : float
        The largest size of a weight; where it is zero or not finite there is nothing to reach.
    most : int
        The largest whole number that the machine holds.
    """
    if not 0.0 < largest < math.inf:
        return 1.0
    step = max(2.0 ** math.ceil(math.log2(largest / most)), _FINEST)
    # The logarithm may round past a power of two, either way.
    if step * most < largest:
        return step * 2.0
    return step / 2.0 if step > _FINEST and step / 2.0 * most >= largest else step


def most_of(bits: int, signed: bool = True) -> int:
    """Return the largest whole number of `bits` bits, one of which is the sign where weights are `signed`."""
    return max(2 ** (bits - 1 if signed else bits) - 1, 1)


def on_grid(weight: np.ndarray, most: int) -> np.ndarray:
    """Return the weights of a projection as whole steps of one power of two, at most `most` of either sign.

    Rounded to the nearest, halves to even; a weight that rounds to zero keeps its sign bit. What is on the grid stays.

    Parameters
    ----------
    weight : ndarray of float32

    Returns
    -------
    ndarray of float32, same shape
    """
    step = np.float32(step_for(float(np.abs(weight).max(initial=0.0)), most))
    return np.copysign(np.rint(np.abs(weight) / step) * step, weight).astype(np.float32)
