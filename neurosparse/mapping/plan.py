"""Planning: populations cut, placed on cores, and synapse slots found for each core, or the reason why it cannot be."""

from __future__ import annotations

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import Graph, Projection
from neurosparse.hardware.profile import Profile
from neurosparse.mapping import advice
from neurosparse.mapping.core import Core, PlanOptions
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.model import model_of
from neurosparse.units import format_bytes

__all__ = ["Core", "Plan", "PlanOptions", "make_plan"]


def make_plan(
    graph: Graph,
    profile: Profile,
    *,
    neurons_per_core: int | None = None,
    synapses_per_core: int | None = None,
    timesteps: int = 1000,
    max_row_length: int | tuple[int, ...] | None = None,
    max_fan_in: int | tuple[int, ...] | None = None,
    budget: float | int | None = None,
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
    max_row_length, max_fan_in : int or tuple of int, optional
        The most synapses of one sign from one source onto one core, and the most of one neuron: one number for all
        projections, or one each.
    budget : float or int, optional
        What the synapses may take of a core's memory: a fraction of its share (float, above 0 to 1), or bytes (int).

    Raises
    ------
    OverBudget
        Cores, SDRAM, DTCM or synapse slots do not suffice: with needs, there is, too much, and what would fit.
    BadInput
        A limit makes no sense, or the profile has no figures for a cell type.
    """
    options = PlanOptions(neurons_per_core, synapses_per_core, timesteps, max_row_length, max_fan_in, budget)
    counts = {
        "neurons on a core": neurons_per_core,
        "synapses on a core": synapses_per_core,
        "timesteps": timesteps,
        "synapses a row": _least(max_row_length, graph),
        "inputs a neuron": _least(max_fan_in, graph),
        "bytes of budget": budget if isinstance(budget, int) else None,
    }
    for name, value in counts.items():
        if value is not None and value < 1:
            raise BadInput(f"{value} {name} make no sense", help="at least 1")
    if isinstance(budget, float) and not 0.0 < budget <= 1.0:
        raise BadInput(f"a budget of {budget} of a core's memory makes no sense", help="above 0, at most 1")
    try:
        plan = _lay_out(graph, profile, options)
        _check_slots(plan)
    except OverBudget as fault:
        if budget is not None:
            share = f"{budget:.4g}" if isinstance(budget, float) else format_bytes(budget)
            fault.numbers["within a budget of"] = f"{share} of a core's memory"
        fault.help = fault.help or advice.neurons_that_fit(graph, profile, options, fits) or advice.SMALLER
        raise
    return plan


def _least(limit: int | tuple[int, ...] | None, graph: Graph) -> int | None:
    """Return the smallest of some limits; raise BadInput where there is neither one for all nor one for each."""
    if not isinstance(limit, tuple):
        return limit
    if len(limit) != len(graph.projections):
        raise BadInput(
            f"{len(limit)} limits for {len(graph.projections)} projections",
            help="give one for all of them, or one each in their order",
        )
    return min(limit)


def fits(graph: Graph, profile: Profile, options: PlanOptions) -> bool:
    """Say whether a network fits."""
    try:
        return not _short(_lay_out(graph, profile, options))
    except (OverBudget, BadInput):
        return False


def _lay_out(graph: Graph, profile: Profile, options: PlanOptions) -> Plan:
    """Return the plan, whether or not its slots suffice for the budgets."""
    _refuse_unknown(graph, profile)
    laid_out = model_of(profile).lay_out(graph, options)
    return Plan(profile, graph, options, laid_out.cores, laid_out.limits)


def _refuse_unknown(graph: Graph, profile: Profile) -> None:
    """Raise BadInput where nothing is known of how the machine holds weights shared over positions, or delays."""
    if model_of(profile).convolutions != "none":
        return
    for p in graph.projections:
        if p.kernel is not None:
            raise BadInput(
                f"projection {p.name!r} is a convolution, or reads a part or means of an image:"
                f" how {profile.name} holds that is not known",
                help="plan it for spinnaker, which holds every synapse by itself, or use fully connected layers",
            )
        if p.delays > 1:
            raise BadInput(
                f"projection {p.name!r} has delays of several timesteps: how {profile.name} holds them is not known",
                numbers={"needs": f"{p.delays:,} timesteps", "there is": "1"},
                help="plan it for spinnaker, or leave delays= and input_delays= out of lif layers",
            )


def _check_slots(plan: Plan) -> None:
    """Raise OverBudget where a projection's budget is more than its target's cores are sure to hold."""
    for projection in _short(plan):
        slots = plan.guaranteed(projection.name)
        raise OverBudget(
            f"projection {projection.name!r} cannot be guaranteed to fit on the cores of {plan.profile.name}"
            f"{_within(plan, projection.name)}",
            numbers={
                "needs": f"{projection.synapses:,} synapses",
                "there is": f"{slots:,} slots",
                "too much": f"{projection.synapses - slots:,}",
            },
            help=advice.budget_that_fits(plan, fits),
        )


def _short(plan: Plan) -> list[Projection]:
    """Return the projections that have more synapses than are sure to find slots."""
    return [p for p in plan.graph.projections if p.synapses > plan.guaranteed(p.name)]


def _within(plan: Plan, projection: str) -> str:
    """Return the limits on a projection in words, and whether there would be more room in another arrangement."""
    if plan.graph.is_shared(plan.graph.projection(projection)):
        return ", wherever in its kernel they are"
    limits = (("rows", plan.max_row_length(projection)), ("a fan-in", plan.max_fan_in(projection)))
    named = [f"{noun} of at most {limit:,}" for noun, limit in limits if limit is not None]
    most = sum(plan.capacity(projection))
    stuck = f" (the two together can leave no place although {most:,} fit in another arrangement)"
    return (f" with {' and '.join(named)}" if named else "") + (stuck if most > plan.guaranteed(projection) else "")
