"""Measuring a network with known connections: what the tool chain would book, place and write, or why it would fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurosparse.description.network import NetworkDescription, Population
from neurosparse.errors import BadInput
from neurosparse.footprint import reserved
from neurosparse.footprint.delays import DelayPlan, plan_delays
from neurosparse.footprint.keys import KeyBlock, Sender, allocate, keys_of_delays, keys_of_neurons, keys_of_source
from neurosparse.footprint.population import booked_by, population_footprint, width_of
from neurosparse.footprint.projection import projection_footprint
from neurosparse.footprint.room import boards_of, check_chip, check_cores, check_senders
from neurosparse.footprint.scaling import spikes_of_poisson
from neurosparse.footprint.values import CoreFootprint, Footprint, PopulationFootprint, grouped
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping import cost
from neurosparse.mapping.cost import Booking
from neurosparse.mapping.delays import extension_of
from neurosparse.mapping.dtcm import dtcm_usage
from neurosparse.mapping.place import Load, Place, place
from neurosparse.registry import unknown_name


def measure(
    network: NetworkDescription, profile: RowsProfile, *, boards: int | None = None, timesteps: int = 1000
) -> Footprint:
    """Return what a network takes on a machine.

    Parameters
    ----------
    boards : int, optional
        The most boards there are; as many as it takes where None, as a virtual machine of the tool chain grows.
    timesteps : int
        Steps for which recordings and spikes to send are booked (the tool chain books 1,000 at least).

    Raises
    ------
    OverBudget
        It does not fit: which projection, source or core is the cause, needs, there is, too much, and what would fit.
    BadInput
        A cell type, variable or delay is not known to the machine, or something is not covered by the memory model.
    """
    _refuse_uncovered(network, profile)
    widths = {population.name: width_of(population, profile) for population in network.populations}
    check_cores(network, profile, widths, boards)
    delays = plan_delays(network, profile, widths)
    found = {
        k: projection_footprint(k, network.projections[k], network, profile, widths, delays)
        for k in _order_of_rows(network)
    }
    projections = tuple(found[k] for k in sorted(found))
    into = grouped(projections, lambda projection: projection.post)
    populations = tuple(
        population_footprint(p, network, profile, widths[p.name], into.get(p.name, []), delays)
        for p in network.populations
    )
    vertices = _vertices(network, profile, populations, delays)
    loads = [
        Load(name, tuple(cost.total(core.booked, timesteps) for core in cores)) for name, cores in vertices.items()
    ]
    check_chip(network, profile, vertices, projections, timesteps)
    needed = boards_of(loads, profile, boards)
    places = place(loads, profile, needed)
    keys = _keys(network, profile, vertices, delays)
    check_senders(network, profile, widths, delays)
    chips = _chips(loads, places, profile, needed)
    cores = []
    for (name, parts), load, spots in zip(vertices.items(), loads, places, strict=True):
        for k, (part, used, spot) in enumerate(zip(parts, load.sdram, spots, strict=True)):
            memories = {"sdram": Usage(used, used + chips[spot.x, spot.y].free), **part.memories}
            key = keys[name].of_core(k) if name in keys else None
            cores.append(replace(part, x=spot.x, y=spot.y, p=spot.p, memories=memories, key=key))
    return Footprint(profile, network, timesteps, needed, populations, projections, tuple(cores), keys, chips)


def _chips(
    loads: Sequence[Load], places: Sequence[Sequence[Place]], profile: RowsProfile, boards: int
) -> dict[tuple[int, int], Usage]:
    """Return the SDRAM of each chip that holds a core, with what the monitors take of it."""
    chips = {(chip.x, chip.y): chip for chip in board_chips(profile, boards)}
    used: dict[tuple[int, int], int] = {}
    for load, spots in zip(loads, places, strict=True):
        for size, spot in zip(load.sdram, spots, strict=True):
            xy = spot.x, spot.y
            used[xy] = used.get(xy, chips[xy].monitor_sdram) + size
    return {xy: Usage(size, chips[xy].sdram) for xy, size in used.items()}


def _order_of_rows(network: NetworkDescription) -> list[int]:
    """Return the projections in the order in which the tool chain looks at their rows, and fails of the first too long.

    Target by target, and source by source as they first come (population_vertex.py get_synapses_size).
    """
    targets = {population.name: k for k, population in enumerate(network.populations)}
    pairs = [(projection.pre, projection.post) for projection in network.projections]
    first = {pair: k for k, pair in reversed(list(enumerate(pairs)))}
    return sorted(range(len(pairs)), key=lambda k: (targets[pairs[k][1]], first[pairs[k]]))


def _refuse_uncovered(network: NetworkDescription, profile: RowsProfile) -> None:
    """Raise BadInput where the memory model does not cover something: it never guesses."""
    uncovered = []
    for k, projection in enumerate(network.projections):
        if projection.plasticity:
            uncovered.append((f"plastic synapses ({projection.plasticity})", f"projections[{k}]"))
    for k, population in enumerate(network.populations):
        if population.synapse_cores:
            uncovered.append(("synapses on cores of their own (split cores)", f"populations[{k}].n_synapse_cores"))
        if population.sampling is not None and population.model not in profile.neuron_models:
            uncovered.append((f"sampling {population.model}", f"populations[{k}].sampling"))
    if network.timestep < 1.0:
        uncovered.append(("timesteps below 1 ms, where cores may be split", "timestep"))
    for what, where in uncovered:
        raise BadInput(
            f"the memory model does not cover {what}",
            where=where,
            help="no plan is made, because it would be a guess; static synapses on combined cores are covered",
        )


def _vertices(
    network: NetworkDescription, profile: RowsProfile, populations: Sequence[PopulationFootprint], delays: DelayPlan
) -> dict[str, list[CoreFootprint]]:
    """Return the cores of every population and delay extension, booked but not placed, in the order of placing."""
    vertices = {
        population.name: _cores_of(population, network, profile, delays.longest.get(population.name, 0))
        for population in populations
    }
    for pre in delays.extensions:
        name = extension_of(pre)
        if name in vertices:
            raise BadInput(f"the delay extension of {pre!r} would be called {name}, as a population is")
        booked, written = cost.delay_core(profile.delay_extension), reserved.of_delays(profile, profile.delay_extension)
        vertices[name] = [
            CoreFootprint(name, core.start, core.stop, 0, 0, 0, booked, written, {}, None) for core in vertices[pre]
        ]
    return vertices


def _cores_of(
    footprint: PopulationFootprint, network: NetworkDescription, profile: RowsProfile, longest: int
) -> list[CoreFootprint]:
    """Return the cores of a population with what they book, not placed yet."""
    population = network.population(footprint.name)
    interval = _interval(population, network.timestep)
    recorded = "spikes" in population.records
    for variable in population.records:
        if footprint.model not in profile.neuron_models and variable != "spikes":
            raise unknown_name("variable to record", variable, ["spikes"])
    booked: Mapping[str, Booking] = {}
    dtcm: dict[str, Usage] = {}
    if footprint.model in profile.neuron_models:
        model = profile.neuron_models[footprint.model]
        booked = booked_by(footprint, population, profile, interval)
        used = dtcm_usage(profile, model, footprint.width, footprint.incoming, population.records, longest)
        dtcm = {"dtcm": used} if used else {}
    cores = []
    for start in range(0, population.size, footprint.width):
        neurons = min(footprint.width, population.size - start)
        if footprint.model in profile.neuron_models:
            written = reserved.of_neurons(profile, model, neurons, footprint.incoming, population.records, booked)
        elif footprint.model in profile.poisson_models:
            poisson = profile.poisson_models[footprint.model]
            spikes = spikes_of_poisson(population.rate or 0.0, network.timestep) if recorded else 0.0
            booked = cost.poisson_core(poisson, neurons, spikes, recorded)
            written = reserved.of_poisson(poisson, booked)
        else:
            source = profile.source_models[footprint.model]
            at_once = neurons if population.spikes_per_step is None else min(neurons, population.spikes_per_step)
            booked, written = cost.source_core(source, at_once, recorded, network.timestep), reserved.of_source(source)
        cores.append(CoreFootprint(population.name, start, start + neurons, 0, 0, 0, booked, written, dtcm, None))
    return cores


def _interval(population: Population, timestep: float) -> int:
    """Return the steps between two records (neuron_recorder.py:513-534)."""
    if population.sampling is None:
        return 1
    steps = int(population.sampling / timestep)
    if population.sampling != steps * timestep:
        raise BadInput(
            f"population {population.name!r} is sampled every {population.sampling:g} ms",
            numbers={"timestep": f"{timestep:g} ms"},
            help="a sampling interval is a whole number of timesteps",
        )
    return steps


def _keys(
    network: NetworkDescription,
    profile: RowsProfile,
    vertices: Mapping[str, Sequence[CoreFootprint]],
    delays: DelayPlan,
) -> dict[str, KeyBlock]:
    """Return the keys of everything that sends: in the order of first projections, then delay extensions."""
    colours = profile.routing.colour_bits
    senders = []
    for name in dict.fromkeys(projection.pre for projection in network.projections):
        cores = vertices[name]
        widest = max(core.neurons for core in cores)
        given = network.population(name).model in profile.source_models
        keys = keys_of_source(widest, colours) if given else keys_of_neurons(widest, colours)
        senders.append(Sender(name, len(cores), keys))
    for pre, stages in delays.extensions.items():
        cores = vertices[pre]
        keys = keys_of_delays(max(core.neurons for core in cores), stages, colours)
        senders.append(Sender(extension_of(pre), len(cores), keys))
    return allocate(senders, profile.routing)
