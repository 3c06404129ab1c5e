"""The whole numbers that a machine keeps for weights: rounding, and what one step is worth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from neurosparse.nn.trained import TrainedNetwork


def step_for(largest: float, most: int) -> float:
    """Return the smallest power of two whose multiples up to `most` reach `largest`; 1 where there is nothing to reach.

    Parameters
    ----------
    largest : float
        The largest size of a weight.
    most : int
        The largest whole number that the machine holds.
    """
    if largest <= 0.0:
        return 1.0
    step = 2.0 ** math.ceil(math.log2(largest / most))
    # The logarithm may round past a power of two, either way.
    if step * most < largest:
        return step * 2.0
    return step / 2.0 if step / 2.0 * most >= largest else step


def most_of(bits: int, signed: bool = True) -> int:
    """Return the largest whole number of `bits` bits, one of which is the sign where weights are `signed`."""
    return max(2 ** (bits - 1 if signed else bits) - 1, 1)


def rounded(network: TrainedNetwork, most: int) -> TrainedNetwork:
    """Return the network with each weight on the grid of its projection: whole steps, at most `most` of either sign.

    A step is a power of two, one for each projection. A weight that rounds to zero keeps its sign bit and stays a
    synapse; biases stay as they are.
    """
    return TrainedNetwork(tuple(replace(p, weight=_on_grid(p.weight, most)) for p in network.projections))


def _on_grid(weight: csr_array, most: int) -> csr_array:
    """Return a matrix of the same synapses whose weights are whole steps."""
    step = np.float32(step_for(float(np.abs(weight.data).max(initial=0.0)), most))
    whole = np.rint(np.abs(weight.data) / step)
    data = np.copysign(whole * step, weight.data).astype(np.float32)
    return csr_array((data, weight.indices, weight.indptr), shape=weight.shape)
