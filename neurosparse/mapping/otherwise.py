"""What would be otherwise for a budget: the most synapses, neurons on a core, and rows of limited length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from neurosparse.errors import NeurosparseError
from neurosparse.mapping.layout import Plan, PlanOptions
from neurosparse.mapping.most import most_synapses
from neurosparse.mapping.plan import make_plan

_FEWEST = 8
_LONGEST_LIMIT = 256


@dataclass(frozen=True)
class Alternative:
    """The same budget with one thing otherwise.

    Attributes
    ----------
    option, value
        What is otherwise, as the command line names it.
    fits : bool
    cores, slots : int
        Cores that hold it, and synapse slots that are sure; 0 where it does not fit.
    largest : int
        The most that a core's synapses may come to, in the unit of its first memory.
    unit : str
    """

    option: str
    value: int
    fits: bool
    cores: int = 0
    slots: int = 0
    largest: int = 0
    unit: str = ""


@dataclass(frozen=True)
class Otherwise:
    """What would be otherwise.

    Attributes
    ----------
    most_synapses : int
        The largest budget that is sure to fit, split by the rule.
    alternatives : tuple of Alternative
        The plan as it is (its option is empty) first.
    """

    most_synapses: int
    alternatives: tuple[Alternative, ...]


def otherwise_of(plan: Plan) -> Otherwise:
    """Return what would be otherwise for a plan that fits."""
    most = most_synapses(plan.graph, plan.profile, **asdict(plan.options))
    return Otherwise(most, (_alternative("", 0, plan), *_alternatives(plan)))


def _alternatives(plan: Plan) -> Iterator[Alternative]:
    """Yield half as many neurons on a core, a quarter and so on, then rows of one synapse, of two and so on."""
    neurons = plan.profile.most_neurons // 2
    while neurons >= _FEWEST:
        yield _try(plan, "--neurons-per-core", neurons, replace(plan.options, neurons_per_core=neurons))
        neurons //= 2
    limit = 1
    while limit <= min(_LONGEST_LIMIT, plan.profile.most_neurons):
        yield _try(plan, "--max-row-length", limit, replace(plan.options, max_row_length=limit))
        limit *= 2


def _try(plan: Plan, option: str, value: int, options: PlanOptions) -> Alternative:
    """Return the plan with other options."""
    try:
        return _alternative(option, value, make_plan(plan.graph, plan.profile, **asdict(options)))
    except NeurosparseError:
        return Alternative(option, value, False)


def _alternative(option: str, value: int, plan: Plan) -> Alternative:
    """Return what a table says of a plan that fits."""
    synapses = [core.main.used - sum(core.regions.values()) for core in plan.cores]
    slots = sum(sum(core.slots.values()) for core in plan.cores)
    unit = plan.cores[0].main.unit
    return Alternative(option, value, True, len(plan.places), slots, max(synapses), unit)
