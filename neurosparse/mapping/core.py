"""Cores of a plan as values: what the user asked for, what each core holds, and the limits that bind training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurosparse.graph import Graph
from neurosparse.hardware.ledger import Usage


@dataclass(frozen=True)
class PlanOptions:
    """What the user asked for: limits on a core, and the timesteps that the machine books before it pauses.

    Attributes
    ----------
    neurons_per_core, synapses_per_core, timesteps
    max_row_length : int, tuple of int or None
        The most synapses of one sign from one source onto one core: for all projections, or for each in the order of
        the graph.
    max_fan_in : int, tuple of int or None
        The most synapses of one neuron, likewise.
    budget : float, int or None
        What the synapses may take of a core's first memory: a fraction of its share, or so many of its units.
    """

    neurons_per_core: int | None = None
    synapses_per_core: int | None = None
    timesteps: int = 1000
    max_row_length: int | tuple[int, ...] | None = None
    max_fan_in: int | tuple[int, ...] | None = None
    budget: float | int | None = None

    def limits(self, graph: Graph, projection: str) -> Limits:
        """Return what the user asked for of a projection of a network; nothing binds weights that are shared."""
        index = [known.name for known in graph.projections].index(projection)
        if graph.is_shared(graph.projections[index]):
            return Limits()
        row, fan_in = (
            limit[index] if isinstance(limit, tuple) else limit for limit in (self.max_row_length, self.max_fan_in)
        )
        return Limits(row, fan_in)

    def room(self, available: int) -> int:
        """Return what the synapses may take of so much memory."""
        if self.budget is None:
            return available
        return int(self.budget * available) if isinstance(self.budget, float) else min(available, self.budget)


@dataclass(frozen=True)
class Limits:
    """What binds the synapses of a projection beside the slots of its cores; None where nothing does.

    Attributes
    ----------
    max_row_length : int or None
        The most synapses of one sign from one source onto one core.
    max_fan_in : int or None
        The most synapses of one neuron.
    """

    max_row_length: int | None = None
    max_fan_in: int | None = None

    def within(self, other: Limits) -> Limits:
        """Return the tighter of two limits in each of the two ways."""
        return Limits(
            tighter(self.max_row_length, other.max_row_length),
            tighter(self.max_fan_in, other.max_fan_in),
        )


def tighter(a: int | None, b: int | None) -> int | None:
    """Return the smaller of two limits, either of which may be none."""
    known = [limit for limit in (a, b) if limit is not None]
    return min(known) if known else None


@dataclass(frozen=True)
class Core:
    """A core and what it is to hold; where populations share a core, each has its own entry.

    Attributes
    ----------
    population : str
    start, stop : int
        Its slice: neurons start to stop - 1.
    x, y, p : int
        Chip and core.
    regions : mapping of str to int
        What is booked in the first of the memories, region by region, without the synapses.
    memories : mapping of str to Usage
        The memories of the core in the order of their weight, with all the synapses that the slots may come to. On
        SpiNNaker ``sdram`` (bytes of the core's share of its chip) and, where the profile has figures for the cell
        type, ``dtcm`` (bytes, not verified on hardware).
    slots : mapping of str to int
        Synapses that the core is sure to hold, by projection.
    """

    population: str
    start: int
    stop: int
    x: int
    y: int
    p: int
    regions: Mapping[str, int]
    memories: Mapping[str, Usage]
    slots: Mapping[str, int]

    @property
    def neurons(self) -> int:
        """Return the number of neurons."""
        return self.stop - self.start

    @property
    def main(self) -> Usage:
        """Return the first of the memories: the one that `regions` divide and that the synapses fill."""
        return next(iter(self.memories.values()))


@dataclass(frozen=True)
class LaidOut:
    """What a memory model makes of a network.

    Attributes
    ----------
    cores : tuple of Core
        In the order of the populations, then of their slices; a population that takes no core has none.
    limits : mapping of str to Limits
        By projection, the machine's and the user's together.
    """

    cores: tuple[Core, ...]
    limits: Mapping[str, Limits]
