"""The memory model of axon lists: every source with synapses on a core has an axon there, and a list in its memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from neurosparse.errors import OverBudget
from neurosparse.graph import Graph, Population
from neurosparse.hardware.axon_lists import AxonProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.limits import row_room
from neurosparse.mapping.core import Core, LaidOut, Limits, PlanOptions
from neurosparse.mapping.numbered import place_in_order, slice_size
from neurosparse.mapping.occupancy import Occupancy
from neurosparse.mapping.slots import fan_in_limits, most_slots, slots_in


def index_bits(profile: AxonProfile, width: int) -> int:
    """Return the bits that name one of `width` neurons in a list (nengo_loihi/block.py:663-673, nengo-loihi 1.1.0)."""
    needed = (width - 1).bit_length()
    return min(bits for bits in profile.axon_list.index_bits if bits >= needed)


def list_bytes(profile: AxonProfile, synapses: int, width: int) -> int:
    """Return the bytes of the list of one axon with so many synapses onto a core of `width` neurons.

    Blocks of synapses with a header each, every block rounded up to whole words. Source: nengo_loihi/block.py:516-538
    ``bits_per_axon`` with the index of every synapse stored (compression 0), nengo-loihi 1.1.0.
    """
    figures = profile.axon_list
    synapse = profile.weights.bits + index_bits(profile, width) + figures.delay_bits + figures.tag_bits
    blocks, rest = divmod(synapses, figures.block_synapses)

    def words(count: int) -> int:
        return -(-(count * synapse + figures.block_bits) // figures.word_bits)

    total = blocks * words(figures.block_synapses) + (words(rest) if rest else 0)
    return total * figures.word_bits // 8


def list_hull(profile: AxonProfile, longest: int, width: int) -> tuple[tuple[int, int], ...]:
    """Return the concave hull, (synapses, bytes), over the bytes of lists of 0 to `longest` synapses."""
    hull: list[tuple[int, int]] = []
    for n in range(longest + 1):
        size = list_bytes(profile, n, width)
        while len(hull) > 1 and _is_below(hull[-1], hull[-2], (n, size)):
            hull.pop()
        hull.append((n, size))
    return tuple(hull)


def _is_below(point: tuple[int, int], left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Say whether a point lies on or below the line between its neighbours."""
    rise, run = right[1] - left[1], right[0] - left[0]
    return (point[1] - left[1]) * run <= rise * (point[0] - left[0])


def lists_bound(hull: Sequence[tuple[int, int]], n_pre: int, synapses: int) -> int:
    """Return the most bytes that the lists of `n_pre` sources can come to with so many synapses in all.

    The bytes of a list lie below the concave hull over its length; on the hull, the sum over the sources is largest
    where all lists are as long as the mean.
    """
    for (n, low), (m, high) in pairwise(hull):
        if synapses <= n_pre * m:
            return n_pre * low + (synapses - n_pre * n) * (high - low) // (m - n)
    return n_pre * hull[-1][1]


@dataclass(frozen=True)
class AxonLists:
    """How cores of axon lists hold a network: one population a core, its synapses in the lists of its sources."""

    profile: AxonProfile
    synapses = "axon_lists"
    convolutions = "none"

    def width(self, population: Population, options: PlanOptions) -> int:
        """Return the neurons of a full slice; 0 for spikes from outside."""
        return slice_size(population, self.profile.cores.neurons, options)

    def lay_out(self, graph: Graph, options: PlanOptions) -> LaidOut:
        """Return the cores of a network, with slots whose worst lists fit and whose sources have axons."""
        figures = self.profile.cores
        placed = place_in_order(graph, self.profile, figures.neurons, figures.shared, options)
        limits: dict[str, Limits] = {}
        cores = []
        for name, parts in placed.items():
            bounds = fan_in_limits(graph, name, None, options)
            limits |= bounds
            reached = sum(len(placed[p.post]) for p in graph.projections if p.pre == name)
            # All slices but the last are equally wide, and hold the same.
            holds = {n: self._slots(graph, name, n, bounds, options) for n in {part.neurons for part, _ in parts}}
            for part, spot in parts:
                slots, used = holds[part.neurons]
                leaving = part.neurons * reached
                if leaving > self.profile.axons.outgoing:
                    raise OverBudget(
                        f"population {name!r} does not fit on a core of {self.profile.name}: too few outgoing axons",
                        numbers={
                            "needs": f"{leaving:,} axons of {part.neurons:,} neurons to {reached} cores",
                            "there is": f"{self.profile.axons.outgoing:,}",
                            "too much": f"{leaving - self.profile.axons.outgoing:,}",
                        },
                    )
                arriving = sum(min(graph.population(p.pre).size, slots[p.name]) for p in graph.incoming(name))
                memories = {
                    "synapse_memory": Usage(used, self.profile.axon_list.memory),
                    "incoming_axons": Usage(arriving, self.profile.axons.incoming, "axons"),
                    "outgoing_axons": Usage(leaving, self.profile.axons.outgoing, "axons"),
                }
                cores.append(Core(name, part.start, part.stop, spot.x, spot.y, spot.p, {}, memories, slots))
        return LaidOut(tuple(cores), limits)

    def filled(
        self, graph: Graph, options: PlanOptions, cores: Sequence[Core], found: Mapping[str, Occupancy]
    ) -> tuple[dict[str, int], ...]:
        """Return the bytes of the lists on each core."""
        filled = []
        for core in cores:
            width = self.width(graph.population(core.population), options)
            lengths = [found[p.name].lengths[core.start // width] for p in graph.incoming(core.population)]
            bytes_ = sum(n * list_bytes(self.profile, k, core.neurons) for row in lengths for k, n in row.items())
            filled.append({self.synapses: bytes_})
        return tuple(filled)

    def _slots(
        self, graph: Graph, population: str, neurons: int, limits: dict[str, Limits], options: PlanOptions
    ) -> tuple[dict[str, int], int]:
        """Return the slots of a core of so many neurons, and the most bytes that they can take."""
        sources = {p.name: graph.population(p.pre).size for p in graph.incoming(population)}
        longest = {name: row_room(neurons, limits[name].max_row_length) for name in sources}
        hulls = {name: list_hull(self.profile, longest[name], neurons) for name in sources}

        def bytes_of(name: str, slots: int) -> int:
            return lists_bound(hulls[name], sources[name], slots)

        most = most_slots(graph, population, neurons, limits, options.synapses_per_core)
        room = options.room(self.profile.axon_list.memory)
        slots = slots_in(graph, population, most, room, bytes_of)
        slots = slots_in(graph, population, slots, self.profile.axons.incoming, lambda name, n: min(sources[name], n))
        return slots, sum(bytes_of(name, n) for name, n in slots.items())
