"""What would fit where something does not: the next step that an error message names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_FLOOR, Context, Decimal

from neurosparse.graph import Graph
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.core import PlanOptions
from neurosparse.mapping.layout import Plan
from neurosparse.units import format_bytes

SMALLER = "make the layers smaller"

Fits = Callable[[Graph, Profile, PlanOptions], bool]


def neurons_in_dtcm(width: int, usage: Callable[[int], Usage | None]) -> str:
    """Return how many neurons of a population fit in the DTCM of a core that `width` of them overflow."""
    low, high = 0, width
    while low < high:
        middle = (low + high + 1) // 2
        used = usage(middle)
        low, high = (middle, high) if used is None or used.fits else (low, middle - 1)
    if not low:
        return "not even one neuron fits on a core"
    return f"{low} neurons per core fit:  --neurons-per-core {low}"


def neurons_that_fit(graph: Graph, profile: Profile, options: PlanOptions, fits: Fits) -> str | None:
    """Return the most neurons on a core with which everything fits, in words; None where no number does.

    A network may fit with fewer neurons on a core (shorter rows) or with more (fewer cores), so the search tries
    numbers a sixteenth apart from the largest down, then all between the first that fits and the one above it.
    """
    high = profile.most_neurons + 1
    number = profile.most_neurons
    while number >= 1:
        if number != options.neurons_per_core and fits(graph, profile, replace(options, neurons_per_core=number)):
            while high - number > 1:
                middle = (high + number) // 2
                if fits(graph, profile, replace(options, neurons_per_core=middle)):
                    number = middle
                else:
                    high = middle
            return f"{number} neurons per core fit:  --neurons-per-core {number}"
        high, number = number, min(number - 1, number * 15 // 16)
    return None


def budget_that_fits(plan: Plan, fits: Fits) -> str:
    """Return in words what would make the budgets of a plan fit: more slots on a core, or fewer synapses."""
    graph, options = plan.graph, plan.options
    if options.synapses_per_core is not None and fits(graph, plan.profile, replace(options, synapses_per_core=None)):
        most = max(sum(core.slots.values()) for core in plan.cores)
        return f"your own limit leaves at most {most:,} a core; raise it or leave it out:  --synapses-per-core"
    words = []
    total = _largest_total(plan, fits)
    if total:
        pairs = sum(graph.pairs(projection) for projection in graph.projections)
        # Rounded down: who asks for that part of all pairs asks for no more than what fits.
        percent = Context(prec=3, rounding=ROUND_FLOOR).divide(Decimal(100 * total), Decimal(pairs))
        words.append(f"{total:,} synapses in all fit:  --synapses {total} (connectivity {float(percent):.3g}%)")
    others = (
        rows_that_fit(graph, plan.profile, options, fits),
        fan_in_that_fits(graph, plan.profile, options, fits),
        neurons_that_fit(graph, plan.profile, options, fits),
        memory_that_fits(plan, fits),
    )
    words += [other for other in others if other]
    return "; or ".join(words) or SMALLER


def rows_that_fit(graph: Graph, profile: Profile, options: PlanOptions, fits: Fits) -> str | None:
    """Return the longest rows, one limit for all projections, with which everything fits, in words; None where none do.

    Short rows take few bytes and leave few slots: what fits is a range, looked for from the shortest rows on, a
    sixteenth at a time, and then between the last that fits and the one above it.
    """
    most = min(profile.most_neurons, max(population.size for population in graph.populations))
    if isinstance(options.max_row_length, int):
        return _rows_above(graph, profile, options, (options.max_row_length + 1, most), fits)
    longest, rows, above = 0, 1, most + 1
    while rows < above:
        if fits(graph, profile, replace(options, max_row_length=rows)):
            longest = rows
        elif longest:
            above = rows
        if above <= most:
            rows = (longest + above + 1) // 2
        else:
            rows = min(max(rows + 1, rows * 17 // 16), most) if rows < most else above
    return f"rows of at most {longest} fit:  --max-row-length {longest}" if longest else None


def _rows_above(graph: Graph, profile: Profile, options: PlanOptions, span: tuple[int, int], fits: Fits) -> str | None:
    """Return the shortest rows in a span, above the user's own limit, with which everything fits, in words."""
    low, high = span
    if low > high or not fits(graph, profile, replace(options, max_row_length=high)):
        return None
    while low < high:
        middle = (low + high) // 2
        fit = fits(graph, profile, replace(options, max_row_length=middle))
        low, high = (low, middle) if fit else (middle + 1, high)
    return f"rows of up to {low} fit:  --max-row-length {low}"


def fan_in_that_fits(graph: Graph, profile: Profile, options: PlanOptions, fits: Fits) -> str | None:
    """Return the smallest fan-in above the user's own limit with which everything fits, in words."""
    if not isinstance(options.max_fan_in, int):
        return None
    low, high = options.max_fan_in + 1, max(graph.matrix(projection)[0] for projection in graph.projections)
    if low > high or not fits(graph, profile, replace(options, max_fan_in=high)):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(graph, profile, replace(options, max_fan_in=middle)) else (middle + 1, high)
    return f"a fan-in of up to {low} fits:  --max-fan-in {low}"


def memory_that_fits(plan: Plan, fits: Fits) -> str | None:
    """Return the smallest budget of memory with which everything fits, in words; None where there is no budget."""
    if plan.options.budget is None:
        return None
    low, high = 1, max(core.main.available for core in plan.cores)

    def holds(budget: int) -> bool:
        return fits(plan.graph, plan.profile, replace(plan.options, budget=budget))

    if not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return f"a budget of {format_bytes(low)} fits:  --budget {low}B"


def _largest_total(plan: Plan, fits: Fits) -> int:
    """Return the most synapses, split over the projections by the rule, that fit; 0 where none."""
    graph = plan.graph
    low, high = 0, sum(projection.synapses for projection in graph.projections)
    while low < high:
        middle = (low + high + 1) // 2
        holds = fits(graph.with_budget(middle), plan.profile, plan.options)
        low, high = (middle, high) if holds else (low, middle - 1)
    return low if low >= len(graph.projections) else 0
