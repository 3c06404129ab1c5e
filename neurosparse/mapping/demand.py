"""What the populations of a network ask of the cores that hold them: machine projections and bytes by region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neurosparse.graph import Graph, Population
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping import cost
from neurosparse.mapping.delays import delays_of
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.partition import slice_width


def incoming(
    population: Population,
    graph: Graph,
    profile: RowsProfile,
    neurons_per_core: int | None,
    found: Mapping[str, Occupancy] | None = None,
) -> list[cost.Incoming]:
    """Return the machine's projections into a population: an excitatory and an inhibitory one for each of ours.

    Grouped by source, as the tool chain lays them out. With what is `found` of each projection, those without a synapse
    are left out, as they are never built; without, all are there and hold no rows.
    """
    projections = graph.incoming(population.name)
    first_seen = {projection.pre: k for k, projection in reversed(list(enumerate(projections)))}
    result = []
    for projection in sorted(projections, key=lambda projection: first_seen[projection.pre]):
        pre = graph.population(projection.pre)
        block = slice_width(pre, profile, neurons_per_core)
        delays = delays_of(projection, graph, profile, neurons_per_core)
        rows = delayed = (0, 0)
        if found is not None:
            there = found[projection.name]
            rows, delayed, delays = there.rows, there.delayed, replace(delays, longest=there.longest_delay)
        result += [
            cost.Incoming(pre.name, pre.size, block, row, delays.stages, late)
            for row, late in zip(rows, delayed, strict=True)
            if found is None or row or late
        ]
    return result


def population_regions(
    population: Population,
    graph: Graph,
    profile: RowsProfile,
    neurons_per_core: int | None,
    timesteps: int,
    found: Mapping[str, Occupancy] | None = None,
) -> dict[str, int]:
    """Return the bytes booked in each region of every core of a population; without `found`, an empty matrix."""
    if population.model in profile.source_models:
        bookings = cost.source_core(profile.source_models[population.model], population.size)
    else:
        model = cost.neuron_model(profile, population.model)
        width = slice_width(population, profile, neurons_per_core)
        sources = incoming(population, graph, profile, neurons_per_core, found)
        bookings = cost.neuron_core(profile, model, width, sources, population.records)
    return cost.booked_bytes(bookings, timesteps)
