"""What a trained network would take of each core without the neurons that reach no output."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import Graph
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.model import model_of
from neurosparse.nn.compact import Compacted, compact
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.occupancy import occupancy


def compaction(plan: Plan, network: TrainedNetwork) -> dict[str, Any] | None:
    """Return what compaction would leave of a network, and what its synapses take of each core as it is and then.

    Parameters
    ----------
    plan : Plan
    network : TrainedNetwork
        The one of the plan.

    Returns
    -------
    dict or None
        ``neurons`` that stay by population, ``synapses`` that stay, and for each core that holds synapses its
        population, its slice as it is, and what the region of the synapses takes ``whole`` and ``compacted`` (0 where
        the core is no longer needed). None where the machine cannot hold the smaller network.
    """
    widths = {population.name: plan.width(population.name) for population in plan.graph.populations}
    small = compact(network, {name: width for name, width in widths.items() if width})
    try:
        fewer = _compacted_bytes(plan, small)
    except (BadInput, OverBudget):
        return None
    whole = _whole_bytes(plan, network)
    cores = [core for core in plan.cores if core.slots]
    return {
        "neurons": {name: int(kept.size) for name, kept in small.kept.items()},
        "synapses": small.network.synapses,
        "cores": [
            {
                "population": core.population,
                "slice": [core.start, core.stop],
                "whole": whole[core.population, core.start],
                "compacted": fewer.get((core.population, core.start), 0),
            }
            for core in cores
        ],
    }


def _whole_bytes(plan: Plan, network: TrainedNetwork) -> dict[tuple[str, int], int]:
    """Return what the synapses take of each core, by population and first neuron."""
    found = {p.name: occupancy(p, plan.width(p.post)) for p in network.projections}
    filled = plan.filled(found)
    return {
        (core.population, core.start): regions.get(plan.synapses, 0)
        for core, regions in zip(plan.cores, filled, strict=True)
    }


def _compacted_bytes(plan: Plan, small: Compacted) -> dict[tuple[str, int], int]:
    """Return what the synapses of the smaller network take of each core that it needs."""
    model = model_of(plan.profile)
    live = {p.name: p.weight.nnz for p in small.network.projections}
    graph = Graph(
        tuple(replace(p, size=int(small.kept[p.name].size)) for p in plan.graph.populations),
        tuple(replace(p, synapses=int(live[p.name])) for p in plan.graph.projections),
    )
    options = replace(plan.options, synapses_per_core=None, budget=None)
    cores = model.lay_out(graph, options).cores
    width = {p.name: model.width(p, options) for p in graph.populations}
    found = {p.name: occupancy(p, width[p.post]) for p in small.network.projections}
    filled = model.filled(graph, options, cores, found)
    return {
        (core.population, core.start): regions.get(model.synapses, 0)
        for core, regions in zip(cores, filled, strict=True)
    }
