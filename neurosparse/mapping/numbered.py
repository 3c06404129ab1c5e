"""Slices on machines whose cores are plainly numbered: in order, each on the first core that has room for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurosparse.graph import Graph, Population
from neurosparse.hardware.profile import Profile
from neurosparse.mapping.core import PlanOptions
from neurosparse.mapping.partition import Slice, cut, too_few_cores
from neurosparse.mapping.place import Place

#: PyNN cell types that only send spikes: they reach the machine from outside.
FROM_OUTSIDE = frozenset({"SpikeSourceArray", "SpikeSourcePoisson"})


def slice_size(population: Population, most: int, options: PlanOptions) -> int:
    """Return the neurons of a full slice on a core for `most` neurons; 0 for spikes from outside."""
    if population.model in FROM_OUTSIDE:
        return 0
    return min(population.size, most, options.neurons_per_core or most)


def inputs_of(graph: Graph) -> int:
    """Return how many neurons of a network send spikes from outside."""
    return sum(p.size for p in graph.populations if p.model in FROM_OUTSIDE)


def neurons_of(graph: Graph) -> int:
    """Return how many neurons of a network lie on the machine."""
    return sum(p.size for p in graph.populations) - inputs_of(graph)


def place_in_order(
    graph: Graph, profile: Profile, most: int, shared: bool, options: PlanOptions
) -> dict[str, tuple[tuple[Slice, Place], ...]]:
    """Return the slices of every population that takes cores, each with its core.

    Parameters
    ----------
    most : int
        Neurons of a core.
    shared : bool
        Whether slices of several populations may lie on one core.

    Raises
    ------
    OverBudget
        The machine has too few cores.
    """
    most = min(most, options.neurons_per_core or most)
    chips, per_chip = profile.numbering
    there_is = chips * per_chip
    widths = {p.name: slice_size(p, most, options) for p in graph.populations}
    on_cores = [p for p in graph.populations if widths[p.name]]
    # Counted before they are made: a huge network is refused at once.
    needed = -(-neurons_of(graph) // most) if shared else sum(-(-p.size // widths[p.name]) for p in on_cores)
    if needed > there_is:
        raise too_few_cores(profile, needed, there_is)
    room: list[int] = []
    placed: dict[str, tuple[tuple[Slice, Place], ...]] = {}
    for population in on_cores:
        slices = cut(population, widths[population.name])
        numbers = []
        for part in slices:
            number = next((k for k, free in enumerate(room) if shared and free >= part.neurons), len(room))
            if number == len(room):
                room.append(most)
            room[number] -= part.neurons
            numbers.append(number)
        spots = [Place(number // per_chip, 0, number % per_chip) for number in numbers]
        placed[population.name] = tuple(zip(slices, spots, strict=True))
    if len(room) > there_is:
        raise too_few_cores(profile, len(room), there_is)
    return placed


def synapses_of(
    part: Slice, spot: Place, placed: Mapping[str, Sequence[tuple[Slice, Place]]], options: PlanOptions
) -> int | None:
    """Return a slice's part of the synapses that the user wants on a core, by its part of the core's neurons."""
    if options.synapses_per_core is None:
        return None
    there = sum(other.neurons for parts in placed.values() for other, place in parts if place == spot)
    return options.synapses_per_core * part.neurons // there
