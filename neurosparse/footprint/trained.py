"""A trained network as a network with known connections: as an export hands it over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from neurosparse.description.connectors import FromList
from neurosparse.description.network import RECEPTORS, NetworkDescription, Population, Projection
from neurosparse.graph import Graph


def described(
    graph: Graph, weights: Sequence[csr_array], *, neurons_per_core: int | None = None, delay: float = 1.0
) -> NetworkDescription:
    """Return a network in the words of the machine: each of its projections an excitatory and an inhibitory one.

    Parameters
    ----------
    graph : Graph
        Names, cell types and what is recorded; its sizes give way to those of the weights.
    weights : sequence of csr_array, each (n_pre * delays, n_post)
        One for each projection of the graph, with a row for each delay of a source (see `Graph.matrix`). A weight of
        zero has the sign of its sign bit, as a newborn has. A projection without a synapse of a sign is not made for
        it.
    neurons_per_core : int, optional
    delay : float
        ms, of the fastest connections; each step of a projection's delays takes 1 ms more.

    Returns
    -------
    NetworkDescription
        Its lists are sorted by source, then target.
    """
    sizes: dict[str, int] = {}
    projections = []
    for projection, matrix in zip(graph.projections, weights, strict=True):
        matrix = matrix.sorted_indices()
        sizes |= {projection.pre: matrix.shape[0] // projection.delays, projection.post: matrix.shape[1]}
        row = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        source, delays = row // projection.delays, delay + row % projection.delays
        inhibitory = np.signbit(matrix.data)
        for receptor, chosen in zip(RECEPTORS, (~inhibitory, inhibitory), strict=True):
            if chosen.any():
                # Sorted by source and delay as they are, they may not be by source and target.
                places = np.flatnonzero(chosen)
                places = places[np.lexsort((matrix.indices[places], source[places]))]
                size = np.abs(matrix.data[places]).astype(np.float64)
                target = matrix.indices[places].astype(np.int32)
                listed = FromList(source[places], target, size, delays[places])
                projections.append(Projection(projection.pre, projection.post, receptor, listed))
    populations = tuple(
        Population(
            p.name, sizes.get(p.name, p.size), p.model, p.records, neurons_per_core=_limit(p.model, neurons_per_core)
        )
        for p in graph.populations
    )
    return NetworkDescription(populations, tuple(projections))


def _limit(model: str, neurons_per_core: int | None) -> int | None:
    """Return the user's limit where it holds: a source of given spikes is not cut."""
    return None if model == "SpikeSourceArray" else neurons_per_core
