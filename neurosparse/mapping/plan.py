"""Planning: populations cut, placed on cores, and synapse slots found for each core, or the reason why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import Graph, Population, Projection
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.profile import Profile
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping import advice, cost
from neurosparse.mapping.budget import Demand, core_slots, worst_matrix
from neurosparse.mapping.demand import incoming, population_regions
from neurosparse.mapping.layout import Core, Plan, PlanOptions
from neurosparse.mapping.partition import Slice, partition, slice_width
from neurosparse.mapping.place import Load, Place, full_above, place
from neurosparse.units import format_bytes

__all__ = ["Core", "Plan", "PlanOptions", "make_plan"]

# The exported networks delay every spike by one timestep.
_DELAY = 1


def make_plan(
    graph: Graph,
    profile: Profile,
    *,
    neurons_per_core: int | None = None,
    synapses_per_core: int | None = None,
    timesteps: int = 1000,
) -> Plan:
    """Return the plan of a network on a machine.

    Parameters
    ----------
    graph : Graph
        Its projections' synapses are budgets; each becomes an excitatory and an inhibitory projection of the machine.
    neurons_per_core, synapses_per_core : int, optional
        The user's own limits; those of the machine hold as well.
    timesteps : int
        Steps for which the machine books recordings and spikes to send (the tool chain books at least 1000).

    Raises
    ------
    OverBudget
        Cores, SDRAM, DTCM or synapse slots do not suffice: with needs, there is, too much, and what would fit.
    BadInput
        A limit makes no sense, or the profile has no figures for a cell type.
    """
    options = PlanOptions(neurons_per_core, synapses_per_core, timesteps)
    for name, value in (("synapses on a core", synapses_per_core), ("timesteps", timesteps)):
        if value is not None and value < 1:
            raise BadInput(f"{value} {name} make no sense", help="at least 1")
    try:
        plan = _lay_out(graph, profile, options)
        _check_slots(plan)
    except OverBudget as fault:
        fault.help = fault.help or advice.neurons_that_fit(graph, profile, options, _fits) or advice.SMALLER
        raise
    return plan


def _fits(graph: Graph, profile: Profile, options: PlanOptions) -> bool:
    """Say whether a network fits."""
    try:
        return not _short(_lay_out(graph, profile, options))
    except OverBudget:
        return False


def _lay_out(graph: Graph, profile: Profile, options: PlanOptions) -> Plan:
    """Return the plan, whether or not its slots suffice for the budgets."""
    slices = partition(graph, profile, options.neurons_per_core)
    regions = {
        population.name: population_regions(population, graph, profile, options.neurons_per_core, options.timesteps)
        for population in graph.populations
    }
    for population in graph.populations:
        _check_chip(population, graph, profile, options, sum(regions[population.name].values()))
    loads = [Load(parts[0].population, (sum(regions[parts[0].population].values()),) * len(parts)) for parts in slices]
    places = place(loads, profile)
    shares = _shares(loads, places, profile)
    cores = []
    for population, parts, spots in zip(graph.populations, slices, places, strict=True):
        cores += _cores_of(population, parts, spots, graph, profile, options, regions[population.name], shares)
    return Plan(profile, graph, options, tuple(cores))


def _cores_of(
    population: Population,
    slices: tuple[Slice, ...],
    places: tuple[Place, ...],
    graph: Graph,
    profile: Profile,
    options: PlanOptions,
    booked: Mapping[str, int],
    shares: Mapping[Place, int],
) -> list[Core]:
    """Return the cores of one population with their slots."""
    projections = graph.incoming(population.name)
    widths = [part.neurons for part in slices]
    demands = []
    for projection in projections:
        pre = graph.population(projection.pre)
        block = slice_width(pre, profile, options.neurons_per_core)
        demands.append(Demand(projection.name, pre.size, block, projection.synapses))
    regions = {name: size for name, size in booked.items() if name != cost.MATRIX}
    fixed = sum(booked.values())
    # Rows are equally long on all cores of a projection, so the core with the least room decides for all.
    room = min(shares[spot] for spot in places) - fixed
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
            memories={"sdram": Usage(used, shares[spot]), **({"dtcm": dtcm} if dtcm else {})},
            slots={demand.name: row[k] for demand, row in zip(demands, slots, strict=True)},
        )
        for k, (part, spot) in enumerate(zip(slices, places, strict=True))
    ]


def _shares(loads: list[Load], places: tuple[tuple[Place, ...], ...], profile: Profile) -> dict[Place, int]:
    """Return the bytes of SDRAM that each core may use.

    The rule: what the monitors leave of a chip is divided equally among the cores placed on it; a core whose own
    regions need more than that takes what they need, and the others divide the rest equally. Not divided is the last
    bit by which the tool chain would take the chip for full, so that it finds every core where the plan puts it,
    however much of the slots training fills.
    """
    needs: dict[tuple[int, int], list[tuple[int, Place]]] = {}
    for load, spots in zip(loads, places, strict=True):
        for size, spot in zip(load.sdram, spots, strict=True):
            needs.setdefault((spot.x, spot.y), []).append((size, spot))
    chips = {(chip.x, chip.y): chip for chip in board_chips(profile)}
    shares = {}
    for xy, cores in needs.items():
        left = full_above(profile) - chips[xy].monitor_sdram
        if sum(size for size, _ in cores) > left:
            left = chips[xy].application_sdram
        # From the neediest on: once one needs no more than an equal part, none of the others does.
        for taken, (size, spot) in enumerate(sorted(cores, key=lambda core: -core[0])):
            shares[spot] = max(size, left // (len(cores) - taken))
            left -= shares[spot]
    return shares


def _dtcm(population: Population, graph: Graph, profile: Profile, options: PlanOptions) -> Usage | None:
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

    def usage(width: int) -> Usage | None:
        return cost.dtcm(profile, model, width, sources, population.records, _DELAY)

    width = slice_width(population, profile, options.neurons_per_core)
    used = usage(width)
    if used is not None and not used.fits:
        raise OverBudget(
            f"population {population.name!r} does not fit on a core of {profile.name}: too little DTCM",
            numbers={
                "needs": format_bytes(used.used),
                "there is": format_bytes(used.available),
                "too much": format_bytes(used.over),
            },
            help=advice.neurons_in_dtcm(width, usage),
        )
    return used


def _check_chip(population: Population, graph: Graph, profile: Profile, options: PlanOptions, needed: int) -> None:
    """Raise OverBudget where one core of a population books more SDRAM than a chip has."""
    there_is = profile.chip.sdram - profile.monitors.sdram
    if needed <= there_is:
        return
    once = sum(population_regions(population, graph, profile, options.neurons_per_core, 0).values())
    steps = (there_is - once) * options.timesteps // (needed - once)
    raise OverBudget(
        f"population {population.name!r} does not fit on a chip of {profile.name}: one core of it books too much SDRAM",
        numbers={
            "needs": format_bytes(needed),
            "there is": format_bytes(there_is),
            "too much": format_bytes(needed - there_is),
        },
        help=f"{steps:,} timesteps fit:  --timesteps {steps}" if steps > 0 else "make the population smaller",
    )


def _check_slots(plan: Plan) -> None:
    """Raise OverBudget where a projection's budget is more than the slots of its target's cores."""
    for projection in _short(plan):
        slots = sum(plan.capacity(projection.name))
        raise OverBudget(
            f"projection {projection.name!r} cannot be guaranteed to fit on the cores of {plan.profile.name}",
            numbers={
                "needs": f"{projection.synapses:,} synapses",
                "there is": f"{slots:,} slots",
                "too much": f"{projection.synapses - slots:,}",
            },
            help=advice.budget_that_fits(plan, _fits),
        )


def _short(plan: Plan) -> list[Projection]:
    """Return the projections that have more synapses than slots."""
    return [p for p in plan.graph.projections if p.synapses > sum(plan.capacity(p.name))]
