"""The most synapses of a network that are sure to fit a machine, and the limit on rows that makes room."""

from __future__ import annotations

from typing import Any

from neurosparse.architecture.architecture import Architecture
from neurosparse.errors import OverBudget
from neurosparse.graph import Graph
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.core import PlanOptions
from neurosparse.mapping.model import model_of
from neurosparse.mapping.plan import fits, make_plan
from neurosparse.mapping.wiring import budgets_of, graph_of


def most_synapses(graph: Graph, profile: Profile, **options: Any) -> int:
    """Return the most synapses, split over the projections of a network by the rule, that are sure to fit.

    Parameters
    ----------
    graph : Graph
        Whatever its budgets are.
    options
        Limits as `make_plan` takes them.

    Raises
    ------
    OverBudget
        Not even one synapse a projection fits.
    """

    def hold(total: int) -> bool:
        return fits(graph.with_budget(total), profile, PlanOptions(**options))

    low, high = len(graph.projections), graph.all_pairs
    make_plan(graph.with_budget(low), profile, **options)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if hold(middle) else (low, middle - 1)
    return low


def most_that_fit(graph: Graph, profile: Profile, **options: Any) -> tuple[int, dict[str, Any]]:
    """Return the most synapses that are sure to fit, and the limits with which they do: a limit on rows may be added.

    Rows that nothing limits may all be as long as one of them, so few are sure to fit. With a limit every source is
    sure of twice that many on a core, up to the longest rows that all fit at once: beyond, few are sure again. A limit
    is added where there is none and where more fit with it.

    Parameters
    ----------
    graph, options
        As `most_synapses` takes them.

    Raises
    ------
    OverBudget
        Not even one synapse a projection fits.
    """

    def most(rows: int | None) -> int:
        try:
            return most_synapses(graph, profile, **{**options, "max_row_length": rows})
        except OverBudget:
            return 0

    if options.get("max_row_length") is not None:
        return most_synapses(graph, profile, **options), options
    free = most(None)
    shortest = most(1) if free < graph.all_pairs else 0
    if not shortest:
        return most_synapses(graph, profile, **options), options
    low, high = 1, profile.most_neurons
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if most(middle) >= shortest else (low, middle - 1)
    limited = most(low)
    return (limited, {**options, "max_row_length": low}) if limited > free else (free, options)


def graph_within(
    architecture: Architecture,
    profile: Profile,
    connectivity: float | tuple[float, ...] | None,
    synapses: int | tuple[int, ...] | None,
    limits: dict[str, Any],
) -> tuple[Graph, dict[str, Any]]:
    """Return the graph of a network on a machine, and the limits within which it is to be planned.

    Its budgets are those that are asked for (see `budgets_of`); where nothing but a budget of memory is, as many
    synapses as are sure to fit, within the limits with which most do (see `most_that_fit`).
    """
    # What no source says how a machine holds is no graph of spikes for it either: it is refused there or in the plan.
    unrolls = model_of(profile).convolutions != "shared"
    if connectivity is None and synapses is None and limits["budget"] is not None:
        bare = graph_of(architecture, [0] * len(architecture.matrices), unrolls)
        synapses, limits = most_that_fit(bare, profile, **limits)
    return graph_of(architecture, budgets_of(architecture, connectivity, synapses), unrolls), limits
