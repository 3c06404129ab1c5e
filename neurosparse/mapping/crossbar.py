"""The memory model of a crossbar: every neuron owns a column of cells, a synapse takes one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurosparse.errors import OverBudget, shortage
from neurosparse.graph import Graph, Population
from neurosparse.hardware.crossbar import CrossbarProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.core import Core, LaidOut, Limits, PlanOptions
from neurosparse.mapping.numbered import inputs_of, neurons_of, place_in_order, slice_size, synapses_of
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.slots import fan_in_limits, live_by_core, most_slots, slots_in


@dataclass(frozen=True)
class Crossbar:
    """How crossbars hold a network: as many synapses a neuron as its column has cells."""

    profile: CrossbarProfile
    synapses = "cells"
    convolutions = "none"

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a full slice; 0 for spikes from outside."""
        return slice_size(population, self.profile.cores.neurons, options)

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the cores of a network, with as many slots as its columns have cells."""
        rows, figures = self.profile.array.rows, self.profile.cores
        shared = self._addresses(graph)
        placed = place_in_order(graph, self.profile, figures.neurons, figures.shared, options)
        limits: dict[str, Limits] = {}
        cores = []
        for name, parts in placed.items():
            bounds = fan_in_limits(graph, name, rows, options)
            limits |= bounds
            for part, spot in parts:
                cells = rows * part.neurons
                most = most_slots(graph, name, part.neurons, bounds, synapses_of(part, spot, placed, options))
                slots = slots_in(graph, name, most, options.room(cells), lambda _, slots: slots)
                memories = {"crossbar": Usage(sum(slots.values()), cells, "cells"), **shared}
                cores.append(Core(name, part.start, part.stop, spot.x, spot.y, spot.p, {}, memories, slots))
        return LaidOut(tuple(cores), limits)

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return the cells in use on each core."""
        return tuple({self.synapses: live} for live in live_by_core(graph, cores, found))

    def _addresses(self, graph: Graph) -> dict[str, Usage]:
        """Return the use of the addresses that neurons and inputs share; nothing where rows are no addresses.

        Raises
        ------
        OverBudget
            There are too few of them.
        """
        if not self.profile.array.row_is_address:
            return {}
        used = Usage(inputs_of(graph) + neurons_of(graph), self.profile.array.rows, "addresses")
        if not used.fits:
            raise OverBudget(
                f"the network does not fit on {self.profile.name}: inputs and neurons need an address each",
                numbers=shortage(used.used, used.available, "addresses"),
                help=f"at most {used.available:,} inputs and neurons together fit",
            )
        return {"addresses": used}
