"""What a network with known connections takes on the machine, as a value: cores, rows, keys, scales and chips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from neurosparse.description.network import NetworkDescription
from neurosparse.footprint.keys import KeyBlock
from neurosparse.footprint.rows import Rows
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.cost import MATRIX, Booking, Incoming

Item = TypeVar("Item")


@dataclass(frozen=True)
class ProjectionFootprint:
    """The rows of one projection, the same on every core of its target.

    Attributes
    ----------
    index : int
        Its place among the projections of the network.
    receptor : int
        Synapse type: 0 excitatory, 1 inhibitory.
    stages : int
        Stages of the delay extension; 0 where it needs none.
    undelayed, delayed : Rows
    row_bytes, delayed_row_bytes : int
        Bytes of a row with its header; 0 where there are no rows.
    matrix_bytes, delayed_matrix_bytes : int
        Bytes of the rows of all sources on one core.
    fan_in : int
        The most synapses onto one neuron.
    synapses : int or None
        None where a rule stands for them.
    unconnected : int or None
        Sources without any synapse, which still have a row on every core.
    lost : int
        Synapses of the list that the tool chain leaves out without a word.
    """

    index: int
    pre: str
    post: str
    receptor: int
    stages: int
    undelayed: Rows
    delayed: Rows
    row_bytes: int
    delayed_row_bytes: int
    matrix_bytes: int
    delayed_matrix_bytes: int
    fan_in: int
    synapses: int | None
    unconnected: int | None
    lost: int


@dataclass(frozen=True)
class PopulationFootprint:
    """What holds for every core of a population.

    Attributes
    ----------
    width : int
        Neurons of a full slice.
    delay_slots : int
        Timesteps that the ring buffers reach; 0 for a source.
    ring_buffer_bytes : int
        Bytes of DTCM that they take.
    shifts : tuple of int
        Of each receptor, how far sums are shifted.
    scales : tuple of float
        Of each receptor, what a weight is multiplied by.
    incoming : tuple of Incoming
        The machine's projections into it, in the order of its synaptic matrix.
    """

    name: str
    model: str
    neurons: int
    width: int
    delay_slots: int
    ring_buffer_bytes: int
    shifts: tuple[int, ...]
    scales: tuple[float, ...]
    incoming: tuple[Incoming, ...]


@dataclass(frozen=True)
class CoreFootprint:
    """One core.

    Attributes
    ----------
    population : str
        A population, or ``NAME_delayed`` for the delay extension of one.
    start, stop : int
        Its neurons: start to stop - 1.
    x, y, p : int
        Chip and core.
    booked : mapping of str to Booking
        Bytes that the tool chain books in SDRAM, region by region.
    reserved : mapping of str to int
        Bytes that it then really reserves; regions filled while running are not in it.
    memories : mapping of str to Usage
        ``sdram``, of what it may take with all that its chip has left, and ``dtcm`` where the profile has figures for
        the cell type.
    key : int or None
        The first key of its spikes; None where nobody listens.
    """

    population: str
    start: int
    stop: int
    x: int
    y: int
    p: int
    booked: Mapping[str, Booking]
    reserved: Mapping[str, int]
    memories: Mapping[str, Usage]
    key: int | None

    @property
    def neurons(self) -> int:
        """Return the number of neurons."""
        return self.stop - self.start

    @property
    def matrix(self) -> int:
        """Return the bytes booked for its synaptic matrix."""
        return self.booked[MATRIX].fixed if MATRIX in self.booked else 0


@dataclass(frozen=True)
class Footprint:
    """A whole network on the machine.

    Attributes
    ----------
    timesteps : int
        Steps for which recordings and spikes to send are booked.
    boards : int
        Boards of the machine: as many as it takes, in whole units where boards come in units.
    cores : tuple of CoreFootprint
        In the order in which they are placed: populations, then delay extensions.
    keys : mapping of str to KeyBlock
        Of each population, or delay extension, that sends spikes.
    chips : mapping of (int, int) to Usage
        SDRAM of each chip that holds a core of the network, monitors included.
    """

    profile: RowsProfile
    network: NetworkDescription
    timesteps: int
    boards: int
    populations: tuple[PopulationFootprint, ...]
    projections: tuple[ProjectionFootprint, ...]
    cores: tuple[CoreFootprint, ...]
    keys: Mapping[str, KeyBlock]
    chips: Mapping[tuple[int, int], Usage]

    @property
    def overflowing(self) -> CoreFootprint | None:
        """Return the first core of which a memory does not hold what it is to hold, or None.

        That SDRAM suffices is known by then; what DTCM holds the tool chain does not ask, and it is not verified on
        hardware.
        """
        return next((core for core in self.cores if not all(usage.fits for usage in core.memories.values())), None)

    @cached_property
    def _populations(self) -> dict[str, PopulationFootprint]:
        """Return the populations by name."""
        return {population.name: population for population in self.populations}

    @cached_property
    def _cores(self) -> dict[str, list[CoreFootprint]]:
        """Return the cores by population or delay extension."""
        return grouped(self.cores, lambda core: core.population)

    @cached_property
    def _into(self) -> dict[str, list[ProjectionFootprint]]:
        """Return the projections by target, in their order."""
        return grouped(self.projections, lambda projection: projection.post)

    def population(self, name: str) -> PopulationFootprint:
        """Return what holds for the cores of a population."""
        return self._populations[name]

    def cores_of(self, name: str) -> tuple[CoreFootprint, ...]:
        """Return the cores of a population or delay extension, in slice order."""
        return tuple(self._cores.get(name, ()))

    def into(self, name: str) -> tuple[ProjectionFootprint, ...]:
        """Return the projections into a population, in the order of its synaptic matrix: grouped by source."""
        by_source = grouped(self._into.get(name, ()), lambda projection: projection.pre)
        return tuple(projection for group in by_source.values() for projection in group)


def grouped(items: Iterable[Item], key: Callable[[Item], str]) -> dict[str, list[Item]]:
    """Return items by key, keys and items in their order."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
