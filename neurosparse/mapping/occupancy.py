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
    rows, delayed : (int, int)
        The longest excitatory and the longest inhibitory row: the most synapses of one sign from one source onto one
        core, anywhere in the projection. `rows` are those of delays within what a core reaches by itself, `delayed`
        those of that reach and beyond, where there is anything beyond.
    longest : int
        The longest row of one sign and one delay, which is what a limit on rows counts.
    longest_delay : int
        Of any synapse, in timesteps.
    lengths : tuple of mapping of int to int
        On each core, how many sources have so many synapses there, of both signs together; sources without are left
        out.
    fan_in : int
        The most synapses of a post neuron.
    """

    live: tuple[int, ...]
    rows: tuple[int, int]
    delayed: tuple[int, int]
    longest: int
    longest_delay: int
    lengths: tuple[Mapping[int, int], ...]
    fan_in: int
