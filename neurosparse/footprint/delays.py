"""Delays: how far the ring buffers of each population reach, and what must be held back before it gets there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from neurosparse.description.network import NetworkDescription
from neurosparse.errors import BadInput
from neurosparse.footprint.rows import longest_delay
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping.cost import delay_slots, n_bits


@dataclass(frozen=True)
class DelayPlan:
    """Who reaches how far.

    Attributes
    ----------
    longest : mapping of str to int
        Of each population of neurons, the longest delay of its inputs (timesteps).
    slots : mapping of str to int
        Of each, the timesteps that its ring buffers reach.
    extensions : mapping of str to int
        Populations whose spikes must be held back, and in how many stages at most, in the order in which the tool
        chain finds them.
    stages : mapping of (str, str) to int
        Of the pairs (pre, post) that need it, those stages.
    """

    longest: Mapping[str, int]
    slots: Mapping[str, int]
    extensions: Mapping[str, int]
    stages: Mapping[tuple[str, str], int]


def plan_delays(network: NetworkDescription, profile: RowsProfile, widths: Mapping[str, int]) -> DelayPlan:
    """Return who reaches how far.

    Sources: spynnaker/pyNN/models/neuron/population_vertex.py:745-800 and
    spynnaker/pyNN/extra_algorithms/delay_support_adder.py:60-250, sPyNNaker 1!7.4.1.

    Raises
    ------
    BadInput
        A delay is beyond what ring buffers and extension reach together, or one source would have to be held back in
        stages of two lengths, which the tool chain cannot do.
    """
    into: dict[str, float] = {}
    between: dict[tuple[str, str], float] = {}
    for projection in network.projections:
        delay, pair = longest_delay(projection.connector, network.timestep), (projection.pre, projection.post)
        into[projection.post] = max(into.get(projection.post, 0.0), delay)
        between[pair] = max(between.get(pair, 0.0), delay)
    longest, slots = {}, {}
    for population in network.populations:
        if population.model not in profile.neuron_models:
            continue
        steps = math.ceil(into.get(population.name, 0.0) / network.timestep)
        most = delay_slots(profile, profile.neuron_models[population.model], widths[population.name])
        longest[population.name] = steps
        slots[population.name] = min(2 ** n_bits(steps), most)
    extensions: dict[str, tuple[int, int]] = {}
    edges = []
    # Source by source as they first come, and target by target.
    sources: dict[str, list[str]] = {}
    for pre, post in between:
        sources.setdefault(pre, []).append(post)
    for pre, posts in sources.items():
        for post in (post for post in posts if post in slots):
            needed = between[pre, post]
            reach = slots[post] * network.timestep
            if needed <= reach:
                continue
            _check_reach(network, profile, (pre, post), needed, reach)
            stages, per_stage = extensions.get(pre, (0, slots[post]))
            if per_stage != slots[post]:
                raise BadInput(
                    f"spikes of {pre!r} would have to be held back in stages of two lengths",
                    numbers={"stages of": f"{per_stage} and {slots[post]} timesteps"},
                    where=_entry(network, (pre, post), reach),
                    help="the tool chain cannot do that: put equally many neurons of its targets on a core, "
                    "or make a population of its own for the longer delays",
                )
            extensions[pre] = (max(stages, math.ceil(needed / reach) - 1), per_stage)
            edges.append((pre, post))
    found = {pre: stages for pre, (stages, _) in extensions.items()}
    return DelayPlan(longest, slots, found, {edge: found[edge[0]] for edge in edges})


def _check_reach(
    network: NetworkDescription, profile: RowsProfile, edge: tuple[str, str], needed: float, reach: float
) -> None:
    """Raise BadInput for a delay beyond the reach of ring buffers and extension."""
    furthest = reach * (profile.delay_extension.stages + 1)
    if needed > furthest:
        raise BadInput(
            f"a delay from {edge[0]!r} to {edge[1]!r} is beyond what {profile.name} reaches",
            numbers={
                "needs": f"{needed:g} ms",
                "there is": f"{furthest:g} ms",
                "too much": f"{needed - furthest:g} ms",
            },
            where=_entry(network, edge, furthest),
            help="fewer neurons of the target on a core reach further: half as many, twice as far",
        )


def _entry(network: NetworkDescription, edge: tuple[str, str], above: float) -> str:
    """Return the first projection of an edge that has a delay above so many ms."""
    return next(
        f"projections[{k}]"
        for k, projection in enumerate(network.projections)
        if (projection.pre, projection.post) == edge and longest_delay(projection.connector, network.timestep) > above
    )
