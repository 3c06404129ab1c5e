"""Where the synapses of a projection lie on a machine, counted: all that a memory model needs to know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Occupancy:
    """Where the synapses of a projection lie.

    Attributes
    ----------
    live : tuple of int
        Synapses on each core of the target, in slice order.
    rows : (int, int)
        The longest excitatory and the longest inhibitory row: the most synapses of one sign from one source onto one
        core, anywhere in the projection.
    lengths : tuple of mapping of int to int
        On each core, how many sources have so many synapses there, of both signs together; sources without are left
        out.
    fan_in : int
        The most synapses of a post neuron.
    """

    live: tuple[int, ...]
    rows: tuple[int, int]
    lengths: tuple[Mapping[int, int], ...]
    fan_in: int
