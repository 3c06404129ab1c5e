"""What a run reached, as one document: equal runs give equal bytes, so no clock and no path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from neurosparse.errors import BadInput
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.nn.compact import effective
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.report.compaction import compaction
from neurosparse.report.explanation import explanation
from neurosparse.report.occupancy import held, occupancies
from neurosparse.report.tables import fullest_core, report_rows

SCHEMA = "neurosparse.report/2"


def facts(
    plan: Plan,
    network: TrainedNetwork,
    configuration: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    accuracy: Mapping[str, float | None],
    averaged: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the report of a run, schema ``neurosparse.report/2``.

    Parameters
    ----------
    plan : Plan
    network : TrainedNetwork
        Its projections are those of the plan's graph.
    configuration : mapping
        The resolved settings with where each comes from, as plain values.
    history : sequence of mapping
        One row an epoch; of the last, ``step`` and ``steps_over_budget`` count over the whole run.
    accuracy : mapping of str to float or None
        ``train``, ``validation`` and ``test`` as fractions.
    averaged : mapping of str to float, optional
        The number of ``samples`` of the posterior, and the accuracy of their mean prediction on ``validation`` and
        ``test``, as fractions.

    Returns
    -------
    dict
        Plain values. ``fits`` says that every core holds no more than it can, in bytes and in synapses, that rows and
        fan-ins keep their limits, that no more synapses live than the budget allows, and that this was so after every
        step.

    Raises
    ------
    BadInput
        The network is not the one of the plan.
    """
    _check_match(plan, network)
    whole = held(plan, network)
    found = occupancies(plan, whole)
    budgets = {p.name: p.synapses for p in plan.graph.projections}
    live, budget = network.synapses, sum(budgets.values())
    last = history[-1] if history else {"step": 0, "steps_over_budget": 0}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "fits": False,
        "accuracy": {name: accuracy.get(name) for name in ("train", "validation", "test")},
        **({"averaged": dict(averaged)} if averaged else {}),
        "synapses": {
            "live": live,
            **({"effective": sum(effective(network))} if network.architecture is None else {}),
            **({"unrolled": whole.synapses} if whole.synapses != live else {}),
            "budget": budget,
            "steps": int(last["step"]),
            "steps_over_budget": int(last["steps_over_budget"]),
            "projections": [_projection(p, found[p.name], budgets[p.name]) for p in network.projections],
        },
        "biases": sum(int(p.bias.size) for p in network.projections),
        "cores": _cores(plan, found),
        "compacted": compaction(plan, whole) if whole.architecture is None else None,
        "fullest": {},
        "explanation": explanation(plan, whole),
        "profile": {
            "name": plan.profile.name,
            "fingerprint": plan.profile.fingerprint,
            "kind": plan.profile.kind,
            "covers": list(plan.profile.covers),
            "does_not_cover": list(plan.profile.does_not_cover),
        },
        "configuration": dict(configuration),
    }
    rows = report_rows(document)
    index = fullest_core(rows)
    memory, fraction = rows[index].fullest
    document["fullest"] = {"core": index, "memory": memory, "fraction": fraction}
    document["fits"] = (
        all(usage.fits for row in rows for usage in row.memories.values())
        and all((row.live or 0) <= row.capacity for row in rows)
        and all(_within(plan, name, place) for name, place in found.items())
        and live <= budget
        and not last["steps_over_budget"]
    )
    return document


def _within(plan: Plan, projection: str, found: Occupancy) -> bool:
    """Say whether the rows and fan-ins of a projection keep the limits of its plan."""
    limits = ((found.longest, plan.max_row_length(projection)), (found.fan_in, plan.max_fan_in(projection)))
    return all(limit is None or longest <= limit for longest, limit in limits)


def _check_match(plan: Plan, network: TrainedNetwork) -> None:
    """Raise BadInput unless the network is the one that the plan is for."""
    planned = {p.name: plan.graph.matrix(p) for p in plan.graph.projections}
    trained = {p.name: tuple(p.weight.shape) for p in network.projections}
    if planned != trained:
        raise BadInput(
            "the trained network is not the one of the plan",
            numbers={"planned": str(planned), "trained": str(trained)},
        )


def _projection(projection: TrainedProjection, place: Occupancy, budget: int) -> dict[str, Any]:
    """Return what a report says of a projection."""
    n_pre, n_post = projection.weight.shape
    return {
        "name": projection.name,
        "pre": projection.pre,
        "post": projection.post,
        "live": projection.weight.nnz,
        "budget": budget,
        "pairs": n_pre * n_post,
        "longest_row": {
            name: max(rows) for name, *rows in zip(("excitatory", "inhibitory"), place.rows, place.delayed, strict=True)
        },
        "largest_fan_in": place.fan_in,
    }


def _cores(plan: Plan, found: Mapping[str, Occupancy]) -> list[dict[str, Any]]:
    """Return what a report says of each core."""
    filled = plan.filled(found)
    cores = []
    for core, regions in zip(plan.cores, filled, strict=True):
        (first, room), *others = core.memories.items()
        memories = {first: replace(room, used=sum(regions.values())), **dict(others)}
        cores.append(
            {
                "population": core.population,
                "slice": [core.start, core.stop],
                "chip": [core.x, core.y],
                "core": core.p,
                "neurons": core.neurons,
                "synapses": {
                    "live": sum(found[name].live[core.start // plan.width(core.population)] for name in core.slots),
                    "capacity": sum(core.slots.values()),
                },
                "regions": regions,
                "memories": {name: asdict(usage) for name, usage in memories.items()},
                "holds": max(regions, key=lambda name: regions[name]),
            }
        )
    return cores
