"""A trained network with the weights that a machine keeps."""

from __future__ import annotations

from dataclasses import replace

from scipy.sparse import csr_array

from neurosparse.grid import on_grid
from neurosparse.nn.trained import TrainedNetwork


def rounded(network: TrainedNetwork, most: int) -> TrainedNetwork:
    """Return the network with each weight on the grid of its projection: whole steps, at most `most` of either sign.

    A step is a power of two, one for each projection. A weight that rounds to zero keeps its sign bit and stays a
    synapse; biases stay as they are.
    """
    return TrainedNetwork(tuple(replace(p, weight=_on_grid(p.weight, most)) for p in network.projections))


def _on_grid(weight: csr_array, most: int) -> csr_array:
    """Return a matrix of the same synapses whose weights are whole steps."""
    return csr_array((on_grid(weight.data, most), weight.indices, weight.indptr), shape=weight.shape)
