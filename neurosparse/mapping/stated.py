"""The memory model of a machine whose use of memory no source tells: it holds what the user says that a core holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurosparse.errors import BadInput
from neurosparse.graph import Graph, Population
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.stated import StatedProfile
from neurosparse.mapping.core import Core, LaidOut, Limits, PlanOptions
from neurosparse.mapping.numbered import place_in_order, slice_size
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.slots import fan_in_limits, live_by_core, most_slots


@dataclass(frozen=True)
class Stated:
    """How processors hold a network, by the user's own numbers: one population a core."""

    profile: StatedProfile
    synapses = "synapses"
    convolutions = "shared"

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a full slice; 0 for spikes from outside.

        Raises
        ------
        BadInput
            The user has not said how many neurons a core holds, or how many synapses.
        """
        if options.neurons_per_core is None or options.synapses_per_core is None:
            raise BadInput(
                f"what the memory of a core of {self.profile.name} holds is not known: no source states it",
                help="say what your own program holds:  --neurons-per-core N --synapses-per-core M",
            )
        return slice_size(population, options.neurons_per_core, options)

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the cores of a network with the slots that the user states."""
        for population in graph.populations:
            self.width(population, options)
        assert options.neurons_per_core is not None
        assert options.synapses_per_core is not None
        placed = place_in_order(graph, self.profile, options.neurons_per_core, False, options)
        limits: dict[str, Limits] = {}
        cores = []
        for name, parts in placed.items():
            bounds = fan_in_limits(graph, name, None, options)
            limits |= bounds
            for part, spot in parts:
                slots = most_slots(graph, name, part.neurons, bounds, options.synapses_per_core, part.start)
                memories = {"your_limit": Usage(sum(slots.values()), options.synapses_per_core, "synapses")}
                cores.append(Core(name, part.start, part.stop, spot.x, spot.y, spot.p, {}, memories, slots))
        return LaidOut(tuple(cores), limits)

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return the synapses on each core."""
        return tuple({self.synapses: live} for live in live_by_core(graph, cores, found))
