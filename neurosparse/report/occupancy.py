"""Counting where the synapses of a trained projection lie: by core, by row and by neuron."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurosparse.graph import Projection
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping.cost import delay_slots, neuron_model
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.nn.unrolled import unrolled
from neurosparse.spiking.native import spikes_in_training


def occupancy(projection: TrainedProjection, width: int, delays: int = 1, reach: int | None = None) -> Occupancy:
    """Count the synapses of a projection by core, its rows and its fan-ins.

    Parameters
    ----------
    width : int
        Neurons of a full slice of the target.
    delays : int
        How many delays connections may have: row ``i * delays + d`` of the weights is of source i, d + 1 timesteps.
    reach : int, optional
        Timesteps that the target's cores reach by themselves; all where None.

    Returns
    -------
    Occupancy
        A weight of exactly 0 has the sign of its sign bit: a newborn that has not moved yet is a synapse as well.
    """
    weight = projection.weight
    n_pre, n_post = weight.shape
    n_cores = -(-n_post // width)
    core = weight.indices.astype(np.int64) // width
    row = np.repeat(np.arange(n_pre, dtype=np.int64), np.diff(weight.indptr))
    source, delay = row // delays, row % delays + 1
    inhibitory = np.signbit(weight.data)

    def longest(rows: np.ndarray, among: np.ndarray) -> tuple[int, int]:
        signs = [_longest(rows * n_cores + core, chosen & among) for chosen in (~inhibitory, inhibitory)]
        return signs[0], signs[1]

    last = int(delay.max(initial=1))
    reach = reach or last
    return Occupancy(
        live=tuple(np.bincount(core, minlength=n_cores).tolist()),
        rows=longest(source, delay <= reach),
        delayed=longest(source, delay >= reach) if last > reach else (0, 0),
        longest=max(longest(row, delay <= last)),
        longest_delay=last,
        lengths=_lengths(source, core, n_cores),
        fan_in=int(np.bincount(weight.indices, minlength=1).max()),
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
        once = plan.graph.is_shared(known) and not unrolls
        width = projection.weight.shape[1] if once else plan.width(known.post)
        where = occupancy(projection, width, known.delays, _reach(plan, known.post))
        found[projection.name] = replace(where, live=_live_once(plan, known, projection)) if once else where
    return found


def _live_once(plan: Plan, known: Projection, projection: TrainedProjection) -> tuple[int, ...]:
    """Return the weights on each core, where every weight is on all cores with a neuron of its column."""
    assert known.kernel is not None
    column = np.bincount(projection.weight.indices, minlength=known.kernel.columns)
    cores = [core for core in plan.cores if known.name in core.slots]
    begins = [core.start // known.kernel.positions for core in cores]
    counts = [known.kernel.columns_of(core.start, core.stop) for core in cores]
    return tuple(int(column[begin : begin + n].sum()) for begin, n in zip(begins, counts, strict=True))


def held(plan: Plan, network: TrainedNetwork) -> TrainedNetwork:
    """Return a network as its machine holds it: with every synapse by itself where it unrolls convolutions.

    Every weight of spiking layers is one synapse as it is.
    """
    unrolls = plan.convolutions == "unrolled" and not spikes_in_training(network.architecture)
    return unrolled(network) if unrolls else network


def _reach(plan: Plan, population: str) -> int | None:
    """Return the timesteps that the ring buffers of a population reach; None for a machine without rows."""
    if not isinstance(plan.profile, RowsProfile):
        return None
    model = neuron_model(plan.profile, plan.graph.population(population).model)
    return delay_slots(plan.profile, model, plan.width(population))


def _longest(place: np.ndarray, chosen: np.ndarray) -> int:
    """Return how many of the chosen synapses lie in one place at most."""
    _, counts = np.unique(place[chosen], return_counts=True)
    return int(counts.max(initial=0))


def _lengths(source: np.ndarray, core: np.ndarray, n_cores: int) -> tuple[dict[int, int], ...]:
    """Return, of each core, how many sources have so many synapses there."""
    parts, counts = np.unique(source * n_cores + core, return_counts=True)
    pairs, sources = np.unique(np.stack([parts % n_cores, counts]), axis=1, return_counts=True)
    lengths: tuple[dict[int, int], ...] = tuple({} for _ in range(n_cores))
    for k, length, many in zip(*pairs.tolist(), sources.tolist(), strict=True):
        lengths[k][length] = many
    return lengths
