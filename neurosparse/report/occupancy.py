"""Counting where the synapses of a trained projection lie: by core, by row and by neuron."""

from __future__ import annotations

import numpy as np

from neurosparse.mapping.layout import Plan
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.nn.unrolled import unrolled


def occupancy(projection: TrainedProjection, width: int) -> Occupancy:
    """Count the synapses of a projection by core, its rows and its fan-ins.

    Parameters
    ----------
    width : int
        Neurons of a full slice of the target.

    Returns
    -------
    Occupancy
        A weight of exactly 0 has the sign of its sign bit: a newborn that has not moved yet is a synapse as well.
    """
    weight = projection.weight
    n_pre, n_post = weight.shape
    n_cores = -(-n_post // width)
    core = weight.indices.astype(np.int64) // width
    source = np.repeat(np.arange(n_pre, dtype=np.int64), np.diff(weight.indptr))
    inhibitory = np.signbit(weight.data)
    longest = []
    for chosen in (~inhibitory, inhibitory):
        _, counts = np.unique(source[chosen] * n_cores + core[chosen], return_counts=True)
        longest.append(int(counts.max(initial=0)))
    live = np.bincount(core, minlength=n_cores)
    fan_in = int(np.bincount(weight.indices, minlength=1).max())
    return Occupancy(
        tuple(int(count) for count in live), (longest[0], longest[1]), _lengths(source, core, n_cores), fan_in
    )


def occupancies(plan: Plan, network: TrainedNetwork) -> dict[str, Occupancy]:
    """Return where the synapses of each projection lie, by its name.

    Parameters
    ----------
    network : TrainedNetwork
        As the machine holds it (see `held`).
    """
    planned = {p.name: p for p in plan.graph.projections}
    unrolls = plan.convolutions == "unrolled"
    found = {}
    for projection in network.projections:
        known = planned[projection.name]
        width = plan.width(known.post) if known.kernel is None or unrolls else known.kernel.columns
        found[projection.name] = occupancy(projection, width)
    return found


def held(plan: Plan, network: TrainedNetwork) -> TrainedNetwork:
    """Return a network as its machine holds it: with every synapse by itself where it unrolls convolutions."""
    return unrolled(network) if plan.convolutions == "unrolled" else network


def _lengths(source: np.ndarray, core: np.ndarray, n_cores: int) -> tuple[dict[int, int], ...]:
    """Return, of each core, how many sources have so many synapses there."""
    parts, counts = np.unique(source * n_cores + core, return_counts=True)
    pairs, sources = np.unique(np.stack([parts % n_cores, counts]), axis=1, return_counts=True)
    lengths: tuple[dict[int, int], ...] = tuple({} for _ in range(n_cores))
    for k, length, many in zip(*pairs.tolist(), sources.tolist(), strict=True):
        lengths[k][length] = many
    return lengths
