"""Slots of the projections into one core: shared out in proportion to their budgets, as many as are sure to fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neurosparse.errors import OverBudget
from neurosparse.graph import Graph, Projection
from neurosparse.limits import most_on_core
from neurosparse.mapping.core import Core, Limits, PlanOptions
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.shares import share_out


def fan_in_limits(graph: Graph, population: str, entries: int | None, options: PlanOptions) -> dict[str, Limits]:
    """Return the limits of the projections into a population whose neurons have so many entries for synapses each.

    The entries are shared out over the projections in proportion to their budgets, at least one each.

    Raises
    ------
    OverBudget
        There are more projections than entries.
    """
    projections = graph.incoming(population)
    if entries is None:
        shares: Sequence[int | None] = [None] * len(projections)
    else:
        if len(projections) > entries:
            raise OverBudget(
                f"population {population!r} has more projections than a neuron has synapses",
                numbers={"needs": f"{len(projections)}", "there is": f"{entries}"},
            )
        shares = at_least_one(entries, projections, [graph.population(p.pre).size for p in projections])
    limits = {}
    for p, share in zip(projections, shares, strict=True):
        # A share of one entry for every source binds nothing.
        binding = None if share == graph.population(p.pre).size else share
        limits[p.name] = options.limits(graph, p.name).within(Limits(max_fan_in=binding))
    return limits


def at_least_one(total: int, projections: Sequence[Projection], caps: Sequence[int]) -> tuple[int, ...]:
    """Return parts of `total` in proportion to the budgets of projections, none above its cap and none below 1."""
    parts = list(share_out(total, [p.synapses for p in projections], caps))
    while 0 in parts:
        if sum(parts) >= total:
            parts[parts.index(max(parts))] -= 1
        parts[parts.index(0)] = 1
    return tuple(parts)


def most_slots(
    graph: Graph, population: str, neurons: int, limits: dict[str, Limits], most_of_all: int | None, start: int = 0
) -> dict[str, int]:
    """Return the most synapses of each projection into a population that so many neurons of it, from `start`, can have.

    All pairs within the limits, or all weights of a kernel that the neurons have a part in; `most_of_all`, where there
    is one, is shared out in proportion to the budgets.
    """
    projections = graph.incoming(population)
    most = []
    for p in projections:
        (rows, _), bounds = graph.matrix(p), limits[p.name]
        columns = neurons if p.kernel is None else p.kernel.columns_of(start, start + neurons)
        most.append(most_on_core(rows, columns, rows * columns, bounds.max_row_length, bounds.max_fan_in))
    if most_of_all is not None:
        most = list(share_out(most_of_all, [p.synapses for p in projections], most))
    return {p.name: slots for p, slots in zip(projections, most, strict=True)}


def slots_in(
    graph: Graph, population: str, most: dict[str, int], room: int, worst: Callable[[str, int], int]
) -> dict[str, int]:
    """Return the most slots of each projection, up to `most`, whose worst arrangement fits in `room`.

    Where not all fit, the room is shared out in proportion to the budgets.

    Parameters
    ----------
    worst : callable
        The most that so many synapses of a projection, by name, can take; it does not fall with their number.
    """
    needs = {name: worst(name, slots) for name, slots in most.items()}
    if sum(needs.values()) <= room:
        return dict(most)
    weights = [p.synapses for p in graph.incoming(population)]
    parts = dict(zip(most, share_out(max(0, room), weights, list(needs.values())), strict=True))
    return {name: _largest(name, slots, parts[name], worst) for name, slots in most.items()}


def _largest(name: str, high: int, room: int, worst: Callable[[str, int], int]) -> int:
    """Return the most slots, up to `high`, whose worst arrangement takes at most `room`."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if worst(name, middle) <= room else (low, middle - 1)
    return low


def live_by_core(graph: Graph, cores: Sequence[Core], found: Mapping[str, Occupancy]) -> list[int]:
    """Return how many synapses live on each core, all projections together."""
    seen: dict[str, int] = {}
    live = []
    for core in cores:
        k = seen.get(core.population, 0)
        seen[core.population] = k + 1
        live.append(sum(found[p.name].live[k] for p in graph.incoming(core.population)))
    return live
