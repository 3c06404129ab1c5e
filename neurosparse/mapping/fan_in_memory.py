"""The memory model of content-addressed fan-in: a synapse is an entry of its target neuron, a sender has a tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurosparse.errors import OverBudget, shortage
from neurosparse.graph import Graph, Population
from neurosparse.hardware.fan_in_memory import FanInProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.core import Core, LaidOut, Limits, PlanOptions
from neurosparse.mapping.numbered import FROM_OUTSIDE, inputs_of, neurons_of, place_in_order, slice_size, synapses_of
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.place import Place
from neurosparse.mapping.slots import fan_in_limits, live_by_core, most_slots, slots_in


@dataclass(frozen=True)
class FanInMemory:
    """How neurons with their own entries hold a network: as many synapses a neuron as it has entries."""

    profile: FanInProfile
    synapses = "cam_entries"
    convolutions = "none"

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a full slice; 0 for spikes from outside."""
        return slice_size(population, self.profile.cores.neurons, options)

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the cores of a network, with as many slots as their neurons have entries."""
        entries, figures = self.profile.cam.entries, self.profile.cores
        tags = self._tags(graph)
        placed = place_in_order(graph, self.profile, figures.neurons, figures.shared, options)
        spots = {name: tuple(spot for _, spot in parts) for name, parts in placed.items()}
        self._check_destinations(graph, spots)
        limits: dict[str, Limits] = {}
        cores = []
        for name, parts in placed.items():
            bounds = fan_in_limits(graph, name, entries, options)
            limits |= bounds
            for part, spot in parts:
                there_is = entries * part.neurons
                most = most_slots(graph, name, part.neurons, bounds, synapses_of(part, spot, placed, options))
                slots = slots_in(graph, name, most, options.room(there_is), lambda _, slots: slots)
                memories = {"cam": Usage(sum(slots.values()), there_is, "entries"), "tags": tags}
                cores.append(Core(name, part.start, part.stop, spot.x, spot.y, spot.p, {}, memories, slots))
        return LaidOut(tuple(cores), limits)

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return the entries in use on each core."""
        return tuple({self.synapses: live} for live in live_by_core(graph, cores, found))

    def _tags(self, graph: Graph) -> Usage:
        """Return the use of the machine's tags; raise OverBudget where there are too few."""
        figures = self.profile.tags
        inputs, neurons = inputs_of(graph), neurons_of(graph)
        used = Usage(figures.per_input * inputs + figures.per_neuron * neurons, figures.available, "tags")
        if not used.fits:
            raise OverBudget(
                f"the network does not fit on {self.profile.name}: too few tags to name {inputs:,} inputs"
                f" and {neurons:,} neurons",
                numbers=shortage(used.used, used.available, "tags"),
                help=f"an input takes {figures.per_input}, a neuron {figures.per_neuron}; make the layers smaller",
            )
        return used

    def _check_destinations(self, graph: Graph, spots: Mapping[str, tuple[Place, ...]]) -> None:
        """Raise OverBudget where a sender would have to reach more chips than it has destinations."""
        figures = self.profile.destinations
        for population in graph.populations:
            targets = [p.post for p in graph.projections if p.pre == population.name]
            chips = {spot.x for target in targets for spot in spots[target]}
            outside = population.model in FROM_OUTSIDE
            there_is = figures.per_input if outside else figures.per_neuron - figures.watching
            if len(chips) > there_is:
                raise OverBudget(
                    f"population {population.name!r} cannot reach all its targets on {self.profile.name}",
                    numbers={
                        "needs": f"{len(chips)} chips",
                        "there is": f"{there_is} destination{'s' if there_is > 1 else ''} a sender",
                        "too much": str(len(chips) - there_is),
                    },
                    help="make the target populations small enough to lie on fewer chips",
                )
