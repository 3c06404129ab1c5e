"""Populations cut into slices, one a core, as the tool chain cuts them."""

from __future__ import annotations

from dataclasses import dataclass

from neurosparse.errors import BadInput, OverBudget, shortage
from neurosparse.graph import Graph, Population
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.profile import Profile
from neurosparse.hardware.topology import application_cores
from neurosparse.registry import unknown_name


@dataclass(frozen=True)
class Slice:
    """Neurons `start` to `stop` - 1 of a population, on one core."""

    population: str
    start: int
    stop: int

    @property
    def neurons(self) -> int:
        """Return the number of neurons."""
        return self.stop - self.start


def slice_width(population: Population, profile: RowsProfile, neurons_per_core: int | None = None) -> int:
    """Return the neurons of a full slice of a population.

    A source of given spikes is not cut; any other population is cut at what the user asks for and at what the tool
    chain puts on a core. Source: spynnaker/pyNN/models/neuron/population_vertex.py:428-434, sPyNNaker 1!7.4.1.

    Raises
    ------
    BadInput
        The machine has no figures for the population's cell type, or `neurons_per_core` is not positive.
    """
    if neurons_per_core is not None and neurons_per_core < 1:
        raise BadInput(f"{neurons_per_core} neurons on a core make no sense", help="at least 1")
    if population.model in profile.source_models:
        return population.size
    if population.model not in profile.neuron_models:
        known = [*profile.neuron_models, *profile.source_models]
        raise unknown_name(f"cell type on {profile.name}", population.model, known)
    return min(population.size, profile.core.neurons, neurons_per_core or profile.core.neurons)


def cut(population: Population, width: int) -> tuple[Slice, ...]:
    """Return the slices of a population: `width` neurons each, the last one perhaps shorter."""
    return tuple(
        Slice(population.name, start, min(start + width, population.size)) for start in range(0, population.size, width)
    )


def partition(graph: Graph, profile: RowsProfile, neurons_per_core: int | None = None) -> tuple[tuple[Slice, ...], ...]:
    """Return the slices of every population of `graph`, in its order.

    Raises
    ------
    OverBudget
        There are more slices than the board has cores for the application.
    BadInput
        As `slice_width` does.
    """
    widths = [slice_width(population, profile, neurons_per_core) for population in graph.populations]
    # Counted before they are made: a huge network is refused at once.
    sizes = [population.size for population in graph.populations]
    needed = sum(-(-size // width) for size, width in zip(sizes, widths, strict=True))
    there_is = application_cores(profile)
    if needed > there_is:
        raise too_few_cores(profile, needed, there_is)
    return tuple(cut(population, width) for population, width in zip(graph.populations, widths, strict=True))


def too_few_cores(profile: Profile, needed: int, there_is: int) -> OverBudget:
    """Return the error for a network that needs more cores than there are."""
    return OverBudget(
        f"the network does not fit on {profile.name}: too few cores", numbers=shortage(needed, there_is, "cores")
    )
