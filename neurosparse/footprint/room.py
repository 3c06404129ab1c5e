"""Whether the cores of a measured network find room on chips and boards, and what would fit where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurosparse.description.network import NetworkDescription
from neurosparse.errors import OverBudget, shortage
from neurosparse.footprint.delays import DelayPlan, plan_delays
from neurosparse.footprint.population import booked_by, population_footprint, width_of
from neurosparse.footprint.projection import projection_footprint
from neurosparse.footprint.values import CoreFootprint, ProjectionFootprint
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.topology import application_cores
from neurosparse.mapping import cost
from neurosparse.mapping.place import Load, boards_for
from neurosparse.units import format_bytes


def check_chip(
    network: NetworkDescription,
    profile: RowsProfile,
    vertices: Mapping[str, Sequence[CoreFootprint]],
    projections: Sequence[ProjectionFootprint],
    timesteps: int,
) -> None:
    """Raise OverBudget where one core books more SDRAM than a chip has: what holds it, and what would fit."""
    there_is = profile.chip.sdram - profile.monitors.sdram
    for name, cores in vertices.items():
        sizes = cost.booked_bytes(max(cores, key=lambda core: cost.total(core.booked, timesteps)).booked, timesteps)
        needs = sum(sizes.values())
        if needs <= there_is:
            continue
        holds = max(sizes, key=lambda region: sizes[region])
        numbers = shortage(needs, there_is, write=format_bytes) | {
            f"held by {holds.replace('_', ' ')}": format_bytes(sizes[holds]),
        }
        where = f"populations[{[p.name for p in network.populations].index(name)}]"
        per_step = sum(booking.per_step for booking in cores[0].booked.values())
        help = "make the population smaller"
        if holds == cost.MATRIX:
            into = [p for p in projections if p.post == name]
            worst = max(into, key=lambda p: p.matrix_bytes + p.delayed_matrix_bytes)
            where = f"projections[{worst.index}]"
            rows = f"{network.population(worst.pre).size:,} rows of {worst.row_bytes:,} bytes"
            numbers[f"of it {worst.pre}-{worst.post}"] = f"{rows} on every core"
            fits = _width_that_fits(network, profile, name, there_is, timesteps)
            help = "give it fewer sources, or shorter rows"
            if fits:
                help = f"{fits} neurons of {name!r} on a core fit (max_neurons_per_core):  --neurons-per-core {fits}"
        elif per_step and needs - per_step * timesteps <= there_is:
            steps = (there_is - (needs - per_step * timesteps)) // per_step
            given = network.population(name).model in profile.source_models
            help = f"for this core {steps:,} timesteps fit:  --timesteps {steps}"
            if given:
                help += "; or cut the population into several, or say how many fire at once (spikes_per_step)"
        raise OverBudget(
            f"population {name!r} does not fit on a chip of {profile.name}: one core of it books too much SDRAM",
            numbers=numbers,
            where=where,
            help=help,
        )


def _width_that_fits(
    network: NetworkDescription, profile: RowsProfile, name: str, there_is: int, timesteps: int
) -> int | None:
    """Return the most neurons of a population on a core whose SDRAM a chip has; None where not even one fits."""

    def fits(neurons: int) -> bool:
        narrower = replace(
            network,
            populations=tuple(
                replace(p, neurons_per_core=neurons) if p.name == name else p for p in network.populations
            ),
        )
        widths = {p.name: width_of(p, profile) for p in narrower.populations}
        delays = plan_delays(narrower, profile, widths)
        into = [
            projection_footprint(k, projection, narrower, profile, widths, delays)
            for k, projection in enumerate(narrower.projections)
            if projection.post == name
        ]
        footprint = population_footprint(narrower.population(name), narrower, profile, widths[name], into, delays)
        booked = booked_by(footprint, narrower.population(name), profile, 1)
        return cost.total(booked, timesteps) <= there_is

    low, high = 0, width_of(network.population(name), profile) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low or None


def check_senders(
    network: NetworkDescription, profile: RowsProfile, widths: Mapping[str, int], delays: DelayPlan
) -> None:
    """Raise OverBudget where a core, or its delay extension, sends for more neurons than a population table can count.

    Source: spynnaker/pyNN/models/neuron/master_pop_table.py:427-431, 522-526, sPyNNaker 1!7.4.1.
    """
    there_is = profile.regions.population_table.max_neurons
    for k, projection in enumerate(network.projections):
        stages = max(1, delays.stages.get((projection.pre, projection.post), 0))
        needs = widths[projection.pre] * stages
        if needs > there_is:
            raise OverBudget(
                f"the neurons on one core of {projection.pre!r} cannot be told apart in a population table",
                numbers={
                    "needs": f"{needs:,} ({widths[projection.pre]:,} neurons, {stages} stages of delay)",
                    "there is": f"{there_is:,}",
                    "too much": f"{needs - there_is:,}",
                },
                where=f"projections[{k}]",
                help=f"{there_is // stages:,} neurons of {projection.pre!r} on a core fit",
            )


def check_cores(network: NetworkDescription, profile: RowsProfile, widths: Mapping[str, int], most: int | None) -> None:
    """Raise OverBudget, before any core is made, where the largest machine, or `most` boards, has fewer."""
    needs = sum(-(-population.size // widths[population.name]) for population in network.populations)
    largest = profile.board.grid.most if profile.board.grid is not None else 1
    boards = min(most or largest, largest)
    there_are = boards * application_cores(profile)
    if needs > there_are:
        raise OverBudget(
            f"the network does not fit on {boards:,} board{'s' if boards > 1 else ''} of {profile.name}",
            numbers=shortage(needs, there_are, "cores"),
            help=_more_boards(profile, -(-needs // application_cores(profile))),
        )


def _more_boards(profile: RowsProfile, boards: int) -> str:
    """Return what would fit where so many boards are needed at least."""
    grid = profile.board.grid
    smaller = "put more neurons on a core, or make the populations smaller"
    if grid is None or boards > grid.most:
        return smaller
    unit = len(grid.origins)
    return f"boards come in units of {unit}:  --boards {-(-boards // unit) * unit}; or {smaller}"


def boards_of(loads: Sequence[Load], profile: RowsProfile, most: int | None) -> int:
    """Return how many boards the machine has; raise OverBudget where fewer are allowed."""
    needed, chips = boards_for(loads, profile)
    if needed > 1 and (profile.board.grid is None or (most is not None and needed > most)):
        raise OverBudget(
            f"the network does not fit on {most or 1} board{'s' if most and most > 1 else ''} of {profile.name}",
            numbers={
                "needs": f"{needed} boards",
                "there is": str(most or 1),
                "too much": str(needed - (most or 1)),
                "for": f"{chips} chips ({sum(len(load.sdram) for load in loads):,} cores)",
            },
            help=_more_boards(profile, needed),
        )
    return needed
