"""What holds for every core of one population with known inputs: its width, its inputs, its scales, its booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neurosparse.description.network import NetworkDescription, Population
from neurosparse.errors import BadInput, shortage
from neurosparse.footprint.delays import DelayPlan
from neurosparse.footprint.scaling import input_of, shifts, weight_scale
from neurosparse.footprint.values import PopulationFootprint, ProjectionFootprint, grouped
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping import cost
from neurosparse.mapping.cost import Booking, Incoming
from neurosparse.registry import unknown_name


def width_of(population: Population, profile: RowsProfile) -> int:
    """Return the neurons of a full slice; raise BadInput for a cell type without figures or a core too full."""
    known = [*profile.neuron_models, *profile.source_models, *profile.poisson_models]
    if population.model not in known:
        raise unknown_name(f"cell type on {profile.name}", population.model, known)
    asked = population.neurons_per_core
    if population.model in profile.source_models:
        return min(population.size, asked or population.size)
    poisson = profile.poisson_models.get(population.model)
    most = poisson.neurons if poisson else profile.core.neurons
    if asked is not None and asked > most:
        # population_vertex.py:463-474 and populations/population.py:650-656, sPyNNaker 1!7.4.1.
        raise BadInput(
            f"population {population.name!r} asks for more neurons on a core than {profile.name} takes",
            numbers=shortage(asked, most),
            help=f"ask for {most} or fewer, or leave it open",
        )
    return min(population.size, asked or most)


def narrowed(network: NetworkDescription, profile: RowsProfile, neurons: int) -> NetworkDescription:
    """Return a network with at most so many neurons on a core; sources of given or random spikes stay as they are."""
    populations = tuple(
        replace(p, neurons_per_core=min(neurons, p.neurons_per_core or neurons))
        if p.model in profile.neuron_models
        else p
        for p in network.populations
    )
    return replace(network, populations=populations)


def population_footprint(
    population: Population,
    network: NetworkDescription,
    profile: RowsProfile,
    width: int,
    into: Sequence[ProjectionFootprint],
    delays: DelayPlan,
) -> PopulationFootprint:
    """Return what holds for every core of a population; `into` are the projections that end in it, in their order."""
    if population.model not in profile.neuron_models:
        return PopulationFootprint(population.name, population.model, population.size, width, 0, 0, (), (), ())
    model = profile.neuron_models[population.model]
    incoming, inputs = [], []
    by_source = grouped(into, lambda projection: projection.pre).values()
    for projection in (projection for group in by_source for projection in group):
        pre = network.population(projection.pre)
        incoming.append(
            Incoming(
                pre.name,
                pre.size,
                width_of(pre, profile),
                projection.undelayed.booked,
                projection.stages,
                projection.delayed.booked,
            )
        )
        connector = network.projections[projection.index].connector
        inputs.append(input_of(connector, projection.receptor, projection.fan_in, network.timestep))
    shift = shifts(inputs, model, profile.ring_buffer, network.timestep)
    longest = delays.longest[population.name]
    return PopulationFootprint(
        population.name,
        population.model,
        population.size,
        width,
        delays.slots[population.name],
        cost.ring_buffer_bytes(profile, model, width, longest),
        shift,
        tuple(weight_scale(s, model, profile.ring_buffer) for s in shift),
        tuple(incoming),
    )


def booked_by(
    footprint: PopulationFootprint, population: Population, profile: RowsProfile, interval: int
) -> dict[str, Booking]:
    """Return what a core of neurons books; raise OverBudget where its synaptic matrix cannot be addressed."""
    model = profile.neuron_models[footprint.model]
    try:
        return cost.neuron_core(profile, model, footprint.width, footprint.incoming, population.records, interval)
    except BadInput as fault:
        fault.where = fault.where or f"population {population.name!r}"
        raise
