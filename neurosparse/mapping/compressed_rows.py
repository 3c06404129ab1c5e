"""The memory model of compressed rows: every source has a row on every core of its targets, in a share of SDRAM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurosparse.errors import OverBudget, shortage
from neurosparse.graph import Graph, Population, Projection
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping import advice, cost
from neurosparse.mapping.budget import Demand, core_slots, matrix_room, worst_matrix
from neurosparse.mapping.core import Core, LaidOut, Limits, PlanOptions
from neurosparse.mapping.delays import check_delays, delays_of, extension_of
from neurosparse.mapping.demand import incoming, population_regions
from neurosparse.mapping.dtcm import dtcm_usage
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.partition import Slice, partition, slice_width
from neurosparse.mapping.place import Load, Place, place, shares
from neurosparse.units import format_bytes


@dataclass(frozen=True)
class CompressedRows:
    """How cores of compressed rows hold a network, as the SpiNNaker tool chain books it."""

    profile: RowsProfile
    synapses = cost.MATRIX
    convolutions = "unrolled"

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a full slice."""
        return slice_width(population, self.profile, options.neurons_per_core)

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the cores of a network, with slots whose worst rows fit in each core's share of its chip."""
        profile, per_core = self.profile, options.neurons_per_core
        slices = {parts[0].population: parts for parts in partition(graph, profile, per_core)}
        for projection in graph.projections:
            check_delays(projection, graph, profile, per_core)
        self._check_extensions(graph, per_core)
        regions = {
            population.name: population_regions(population, graph, profile, per_core, options.timesteps)
            for population in graph.populations
        }
        for population in graph.populations:
            _check_chip(population, graph, profile, options, sum(regions[population.name].values()))
        for name in self._held_back(graph, per_core):
            regions[extension_of(name)] = cost.booked_bytes(cost.delay_core(profile.delay_extension), options.timesteps)
            slices[extension_of(name)] = slices[name]
        loads = [Load(name, (sum(regions[name].values()),) * len(parts)) for name, parts in slices.items()]
        places = dict(zip(slices, place(loads, profile), strict=True))
        available = shares(loads, list(places.values()), profile)
        limits = {p.name: _limits(p, graph, profile, options) for p in graph.projections}
        cores = []
        for population in graph.populations:
            name = population.name
            spots, fixed = places[name], regions[name]
            cores += _cores_of(population, slices[name], spots, graph, profile, options, limits, fixed, available)
        for name in self._held_back(graph, per_core):
            late = extension_of(name)
            for part, spot in zip(slices[late], places[late], strict=True):
                memory = {"sdram": Usage(sum(regions[late].values()), available[spot])}
                cores.append(Core(late, part.start, part.stop, spot.x, spot.y, spot.p, regions[late], memory, {}))
        return LaidOut(tuple(cores), limits)

    def _held_back(self, graph: Graph, neurons_per_core: int | None) -> list[str]:
        """Return the populations whose spikes a delay extension may have to hold back."""
        return [p.pre for p in graph.projections if delays_of(p, graph, self.profile, neurons_per_core).stages]

    def _check_extensions(self, graph: Graph, neurons_per_core: int | None) -> None:
        """Raise OverBudget where the spikes of a population would be held back for two projections.

        The tool chain makes one delay extension of a source for all of its targets; what it books then is not known
        here.
        """
        held = self._held_back(graph, neurons_per_core)
        for name in held:
            if held.count(name) > 1:
                raise OverBudget(
                    f"two projections from {name!r} have delays beyond the ring buffers of their targets",
                    numbers={"projections": str(held.count(name)), "one delay extension serves": "1"},
                    help="give one of them shorter delays (delays= or input_delays=), or fewer neurons to a core",
                )

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return the bytes booked in each region of each core, the synaptic matrix included.

        A projection without synapses of a sign is not built for that sign, nor a delay extension that none needs.
        """
        per_core, steps = options.neurons_per_core, options.timesteps
        regions = {
            population.name: population_regions(population, graph, self.profile, per_core, steps, found)
            for population in graph.populations
        }
        for projection in graph.projections:
            delays = delays_of(projection, graph, self.profile, per_core)
            if delays.stages:
                booked = cost.booked_bytes(cost.delay_core(self.profile.delay_extension), steps)
                needed = found[projection.name].longest_delay > delays.slots
                regions[extension_of(projection.pre)] = booked if needed else dict.fromkeys(booked, 0)
        return tuple(dict(regions[core.population]) for core in cores)


def _limits(projection: Projection, graph: Graph, profile: RowsProfile, options: PlanOptions) -> Limits:
    """Return what binds a projection: what the user asks for, and what keeps rows that delays share short enough."""
    width = slice_width(graph.population(projection.post), profile, options.neurons_per_core)
    longest = delays_of(projection, graph, profile, options.neurons_per_core).row_limit(profile, width)
    return options.limits(graph, projection.name).within(Limits(longest))


def _cores_of(
    population: Population,
    slices: tuple[Slice, ...],
    places: tuple[Place, ...],
    graph: Graph,
    profile: RowsProfile,
    options: PlanOptions,
    bounds: Mapping[str, Limits],
    booked: Mapping[str, int],
    available: Mapping[Place, int],
) -> list[Core]:
    """Return the cores of one population with their slots."""
    projections = graph.incoming(population.name)
    widths = [part.neurons for part in slices]
    demands = []
    for projection in projections:
        pre = graph.population(projection.pre)
        block = slice_width(pre, profile, options.neurons_per_core)
        limits, synapses = bounds[projection.name], projection.synapses
        delays = delays_of(projection, graph, profile, options.neurons_per_core)
        if (kernel := projection.kernel) is not None:
            limits = limits.within(Limits(kernel.row_length(max(widths)), kernel.fan_in(pre.size)))
            synapses *= kernel.synapses
        demands.append(
            Demand(
                projection.name, pre.size, block, synapses, limits.max_row_length, limits.max_fan_in,
                delays.longest, delays.in_a_row, delays.stages,
            )
        )  # fmt: skip
    regions = {name: size for name, size in booked.items() if name != cost.MATRIX}
    fixed = sum(booked.values())
    # Rows are equally long on all cores of a projection, so the core with the least room decides for all.
    room = matrix_room(min(available[spot] for spot in places), fixed, profile, options.budget)
    slots = core_slots(demands, widths, room, profile, options.synapses_per_core)
    used = sum(regions.values()) + (worst_matrix(demands, slots, widths, profile) if cost.MATRIX in booked else 0)
    dtcm = _dtcm(population, graph, profile, options)
    return [
        Core(
            population=population.name,
            start=part.start,
            stop=part.stop,
            x=spot.x,
            y=spot.y,
            p=spot.p,
            regions=regions,
            memories={"sdram": Usage(used, available[spot]), **({"dtcm": dtcm} if dtcm else {})},
            slots={demand.name: row[k] for demand, row in zip(demands, slots, strict=True)},
        )
        for k, (part, spot) in enumerate(zip(slices, places, strict=True))
    ]


def _dtcm(population: Population, graph: Graph, profile: RowsProfile, options: PlanOptions) -> Usage | None:
    """Return the DTCM of a core of a population, None where the profile states none.

    Raises
    ------
    OverBudget
        It does not fit.
    """
    if population.model not in profile.neuron_models:
        return None
    model = cost.neuron_model(profile, population.model)
    sources = incoming(population, graph, profile, options.neurons_per_core)
    longest = max((projection.delays for projection in graph.incoming(population.name)), default=1)

    def usage(width: int) -> Usage | None:
        return dtcm_usage(profile, model, width, sources, population.records, longest)

    width = slice_width(population, profile, options.neurons_per_core)
    used = usage(width)
    if used is not None and not used.fits:
        raise OverBudget(
            f"population {population.name!r} does not fit on a core of {profile.name}: too little DTCM",
            numbers=shortage(used.used, used.available, write=format_bytes),
            help=advice.neurons_in_dtcm(width, usage),
        )
    return used


def _check_chip(population: Population, graph: Graph, profile: RowsProfile, options: PlanOptions, needed: int) -> None:
    """Raise OverBudget where one core of a population books more SDRAM than a chip has."""
    there_is = profile.chip.sdram - profile.monitors.sdram
    if needed <= there_is:
        return
    once = sum(population_regions(population, graph, profile, options.neurons_per_core, 0).values())
    steps = (there_is - once) * options.timesteps // (needed - once) if needed > once else 0
    raise OverBudget(
        f"population {population.name!r} does not fit on a chip of {profile.name}: one core of it books too much SDRAM",
        numbers=shortage(needed, there_is, write=format_bytes),
        help=f"{steps:,} timesteps fit:  --timesteps {steps}" if steps > 0 else "make the population smaller",
    )
