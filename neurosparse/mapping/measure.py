"""Measuring a network with known connections: what the tool chain would book, place and write, or why it would fail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from neurosparse.description.connectors import FromList
from neurosparse.description.network import RECEPTORS, NetworkDescription, Population, Projection
from neurosparse.errors import BadInput, OverBudget
from neurosparse.hardware.compressed_rows import RowsProfile as Profile
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping import cost, reserved
from neurosparse.mapping.cost import Booking, Incoming
from neurosparse.mapping.delays import DelayPlan, plan_delays
from neurosparse.mapping.footprint import CoreFootprint, Footprint, PopulationFootprint, ProjectionFootprint
from neurosparse.mapping.keys import KeyBlock, Sender, allocate, keys_of_neurons, keys_of_source
from neurosparse.mapping.place import Load, boards_for, place, shares
from neurosparse.mapping.rows import Rows, fan_in, lost_synapses, rows_between
from neurosparse.mapping.scaling import input_of, shifts, spikes_of_poisson, weight_scale
from neurosparse.registry import unknown_name
from neurosparse.units import format_bytes


def measure(
    network: NetworkDescription, profile: Profile, *, boards: int | None = None, timesteps: int = 1000
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
    _refuse_uncovered(network)
    widths = {population.name: _width(population, profile) for population in network.populations}
    delays = plan_delays(network, profile, widths)
    projections = tuple(
        _projection(k, projection, network, profile, widths, delays) for k, projection in enumerate(network.projections)
    )
    populations = tuple(
        _population(population, network, profile, widths[population.name], projections, delays)
        for population in network.populations
    )
    vertices = _vertices(network, profile, populations, delays)
    loads = [
        Load(name, tuple(cost.total(core.booked, timesteps) for core in cores)) for name, cores in vertices.items()
    ]
    needed = _boards(loads, profile, boards)
    places = place(loads, profile, needed)
    keys = _keys(network, profile, vertices, delays)
    available = shares(loads, places, profile, needed)
    cores = []
    for (name, parts), load, spots in zip(vertices.items(), loads, places, strict=True):
        for k, (part, used, spot) in enumerate(zip(parts, load.sdram, spots, strict=True)):
            memories = {"sdram": Usage(used, available[spot]), **part.memories}
            key = keys[name].of_core(k) if name in keys else None
            cores.append(replace(part, x=spot.x, y=spot.y, p=spot.p, memories=memories, key=key))
    chips = {(chip.x, chip.y): chip for chip in board_chips(profile, needed)}
    used_by: dict[tuple[int, int], int] = {}
    for core in cores:
        used_by.setdefault((core.x, core.y), chips[core.x, core.y].monitor_sdram)
        used_by[core.x, core.y] += core.memories["sdram"].used
    return Footprint(
        profile, network, timesteps, needed, populations, projections, tuple(cores), keys,
        {xy: Usage(used, chips[xy].sdram) for xy, used in used_by.items()},
    )  # fmt: skip


def _refuse_uncovered(network: NetworkDescription) -> None:
    """Raise BadInput where the memory model does not cover something: it never guesses."""
    uncovered = []
    for k, projection in enumerate(network.projections):
        if projection.plasticity:
            uncovered.append((f"plastic synapses ({projection.plasticity})", f"projections[{k}]"))
    for k, population in enumerate(network.populations):
        if population.synapse_cores:
            uncovered.append(("synapses on cores of their own (split cores)", f"populations[{k}].n_synapse_cores"))
    if network.timestep < 1.0:
        uncovered.append(("timesteps below 1 ms, where cores may be split", "timestep"))
    for what, where in uncovered:
        raise BadInput(
            f"the memory model does not cover {what}",
            where=where,
            help="no plan is made, because it would be a guess; static synapses on combined cores are covered",
        )


def _width(population: Population, profile: Profile) -> int:
    """Return the neurons of a full slice; raise BadInput for a cell type without figures."""
    known = [*profile.neuron_models, *profile.source_models, *profile.poisson_models]
    if population.model not in known:
        raise unknown_name(f"cell type on {profile.name}", population.model, known)
    if population.model in profile.source_models:
        most = population.size
    elif population.model in profile.poisson_models:
        most = profile.poisson_models[population.model].neurons
    else:
        most = profile.core.neurons
    return min(population.size, most, population.neurons_per_core or most)


def _projection(
    index: int,
    projection: Projection,
    network: NetworkDescription,
    profile: Profile,
    widths: Mapping[str, int],
    delays: DelayPlan,
) -> ProjectionFootprint:
    """Return the rows of a projection; raise OverBudget where they are longer than the machine can hold."""
    pre, post = network.population(projection.pre), network.population(projection.post)
    if post.model not in profile.neuron_models:
        raise BadInput(
            f"projection {projection.name!r} ends in {post.model}, which takes no input", where=f"projections[{index}]"
        )
    width, connector = widths[post.name], projection.connector
    reach = delays.slots[post.name] * network.timestep
    stages = delays.stages.get((pre.name, post.name), 0)
    undelayed = rows_between(connector, pre.size, post.size, width, 0.0, reach)
    delayed = Rows(0, 0)
    if stages:
        delayed = rows_between(
            connector, pre.size, post.size, width, float(np.nextafter(reach, math.inf)), reach * (stages + 1)
        )
    for rows in (undelayed, delayed):
        if rows.booked > profile.row.longest:
            _refuse_row(rows, index, projection, network, profile, width)
    sizes = [cost.row_bytes(profile, rows.booked) if rows.booked else 0 for rows in (undelayed, delayed)]
    listed = isinstance(connector, FromList)
    return ProjectionFootprint(
        index=index,
        pre=pre.name,
        post=post.name,
        receptor=RECEPTORS.index(projection.receptor),
        stages=stages,
        undelayed=undelayed,
        delayed=delayed,
        row_bytes=sizes[0],
        delayed_row_bytes=sizes[1],
        matrix_bytes=pre.size * sizes[0],
        delayed_matrix_bytes=pre.size * stages * sizes[1],
        fan_in=fan_in(connector, pre.size, post.size),
        synapses=len(connector) if isinstance(connector, FromList) else None,
        unconnected=_unconnected(connector, pre.size) if isinstance(connector, FromList) else None,
        lost=lost_synapses(connector, pre.size, post.size, width, delays.slots[post.name], stages, network.timestep,
                           undelayed.booked, delayed.booked) if listed else 0,
    )  # fmt: skip


def _unconnected(connector: FromList, n_pre: int) -> int:
    """Return how many sources have no synapse."""
    return n_pre - int(np.count_nonzero(np.bincount(connector.source, minlength=n_pre)))


def _refuse_row(
    rows: Rows, index: int, projection: Projection, network: NetworkDescription, profile: Profile, width: int
) -> None:
    """Raise OverBudget for a row that is too long: the cause, and the neurons on a core that fit."""
    pre, post = network.population(projection.pre), network.population(projection.post)
    most = profile.row.longest

    def longest(neurons: int) -> int:
        return rows_between(projection.connector, pre.size, post.size, neurons, 0.0, math.inf).booked

    low, high = 0, width - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if longest(middle) <= most else (low, middle - 1)
    culprit = ""
    if rows.source is not None and rows.longest > most:
        culprit = f": neuron {rows.source} of {pre.name!r} has {rows.longest} onto core {rows.core} of {post.name!r}"
    elif rows.longest <= most:
        culprit = f": its list is not sorted by source, so the tool chain takes {rows.longest} for {rows.booked}"
    raise OverBudget(
        f"a synaptic row of projection {projection.name!r} is too long for {profile.name}{culprit}",
        numbers={
            "needs": f"{rows.booked} synapses",
            "there is": f"{most} a row",
            "too much": str(rows.booked - most),
        },
        where=f"projections[{index}]",
        help=(
            "sort the list by source, then target"
            if rows.longest <= most
            else f"{low} neurons of {post.name!r} on a core fit"
            if low
            else "one neuron has too many synapses from one source: join them to fewer with larger weights"
        ),
    )


def _population(
    population: Population,
    network: NetworkDescription,
    profile: Profile,
    width: int,
    projections: Sequence[ProjectionFootprint],
    delays: DelayPlan,
) -> PopulationFootprint:
    """Return what holds for every core of a population."""
    if population.model not in profile.neuron_models:
        return PopulationFootprint(population.name, population.model, population.size, width, 0, 0, (), (), ())
    model = profile.neuron_models[population.model]
    into = [projection for projection in projections if projection.post == population.name]
    sources = list(dict.fromkeys(projection.pre for projection in into))
    into.sort(key=lambda projection: sources.index(projection.pre))
    incoming, inputs = [], []
    for projection in into:
        pre = network.population(projection.pre)
        incoming.append(
            Incoming(
                pre.name,
                pre.size,
                _width(pre, profile),
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


def _vertices(
    network: NetworkDescription, profile: Profile, populations: Sequence[PopulationFootprint], delays: DelayPlan
) -> dict[str, list[CoreFootprint]]:
    """Return the cores of every population and delay extension, booked but not placed, in the order of placing."""
    vertices = {
        population.name: _cores_of(population, network, profile, delays.longest.get(population.name, 0))
        for population in populations
    }
    for pre in delays.extensions:
        booked, written = cost.delay_core(profile.delay_extension), reserved.of_delays(profile, profile.delay_extension)
        vertices[f"{pre}_delayed"] = [
            CoreFootprint(f"{pre}_delayed", core.start, core.stop, 0, 0, 0, booked, written, {}, None)
            for core in vertices[pre]
        ]
    return vertices


def _cores_of(
    footprint: PopulationFootprint, network: NetworkDescription, profile: Profile, longest: int
) -> list[CoreFootprint]:
    """Return the cores of a population with what they book, not placed yet."""
    population = network.population(footprint.name)
    interval = _interval(population, network.timestep)
    booked: Mapping[str, Booking] = {}
    dtcm: dict[str, Usage] = {}
    if footprint.model in profile.neuron_models:
        model = profile.neuron_models[footprint.model]
        booked = _booked(footprint, population, profile, interval)
        used = cost.dtcm(profile, model, footprint.width, footprint.incoming, population.records, longest)
        dtcm = {"dtcm": used} if used else {}
    cores = []
    for start in range(0, population.size, footprint.width):
        neurons = min(footprint.width, population.size - start)
        if footprint.model in profile.neuron_models:
            written = reserved.of_neurons(profile, model, neurons, footprint.incoming, population.records, booked)
        elif footprint.model in profile.poisson_models:
            poisson = profile.poisson_models[footprint.model]
            spikes = spikes_of_poisson(population.rate or 0.0, network.timestep)
            booked = cost.poisson_core(poisson, neurons, spikes, "spikes" in population.records)
            written = reserved.of_poisson(poisson, booked)
        else:
            source = profile.source_models[footprint.model]
            at_once = neurons if population.spikes_per_step is None else min(neurons, population.spikes_per_step)
            booked, written = cost.source_core(source, at_once), reserved.of_source(source)
        cores.append(CoreFootprint(population.name, start, start + neurons, 0, 0, 0, booked, written, dtcm, None))
    return cores


def _booked(
    footprint: PopulationFootprint, population: Population, profile: Profile, interval: int
) -> dict[str, Booking]:
    """Return what a core of neurons books; raise OverBudget where its synaptic matrix cannot be addressed."""
    model = profile.neuron_models[footprint.model]
    try:
        return cost.neuron_core(profile, model, footprint.width, footprint.incoming, population.records, interval)
    except BadInput as fault:
        fault.where = fault.where or f"population {population.name!r}"
        raise


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


def _boards(loads: Sequence[Load], profile: Profile, most: int | None) -> int:
    """Return how many boards the machine has; raise OverBudget where fewer are allowed, or a core fits on no chip."""
    there_is = profile.chip.sdram - profile.monitors.sdram
    for load in loads:
        if max(load.sdram) > there_is:
            raise OverBudget(
                f"population {load.population!r} does not fit on a chip of {profile.name}: "
                "one core of it books too much SDRAM",
                numbers={
                    "needs": format_bytes(max(load.sdram)),
                    "there is": format_bytes(there_is),
                    "too much": format_bytes(max(load.sdram) - there_is),
                },
            )
    needed, chips = boards_for(loads, profile)
    there_are = profile.board.chips * (most or 1)
    if needed > 1 and (profile.board.grid is None or (most is not None and needed > most)):
        raise OverBudget(
            f"the network does not fit on {most or 1} board{'s' if most and most > 1 else ''} of {profile.name}",
            numbers={
                "needs": f"{chips} chips ({sum(len(load.sdram) for load in loads):,} cores)",
                "there is": str(there_are),
                "too much": str(chips - there_are),
            },
            help="take more boards, put more neurons on a core, or make the populations smaller",
        )
    return needed


def _keys(
    network: NetworkDescription, profile: Profile, vertices: Mapping[str, Sequence[CoreFootprint]], delays: DelayPlan
) -> dict[str, KeyBlock]:
    """Return the keys of everything that sends: in the order of first projections, then delay extensions."""
    colours = profile.routing.colour_bits
    senders = []
    for name in dict.fromkeys(projection.pre for projection in network.projections):
        cores = vertices[name]
        widest = max(core.neurons for core in cores)
        given = network.population(name).model in profile.source_models
        keys = keys_of_source(widest, colours) if given else keys_of_neurons(widest, 1, colours)
        senders.append(Sender(name, len(cores), keys))
    for pre, stages in delays.extensions.items():
        cores = vertices[pre]
        keys = keys_of_neurons(max(core.neurons for core in cores), stages, colours)
        senders.append(Sender(f"{pre}_delayed", len(cores), keys))
    return allocate(senders, profile.routing)
