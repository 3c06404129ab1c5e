"""What would be otherwise: neurons on a core, rows of limited length, and the rows that still fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurosparse.description.connectors import FromList
from neurosparse.description.network import NetworkDescription
from neurosparse.errors import NeurosparseError
from neurosparse.footprint.measure import measure
from neurosparse.footprint.population import narrowed
from neurosparse.footprint.rows import row_lengths
from neurosparse.footprint.values import Footprint
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping import cost

_FEWEST = 8


@dataclass(frozen=True)
class Width:
    """The network with other numbers of neurons on a core.

    Attributes
    ----------
    neurons : int
        The most on a core.
    fits : bool
    cores, chips, boards : int
        That it takes; 0 where it does not fit.
    largest : int
        Bytes of SDRAM that the fullest core books.
    """

    neurons: int
    fits: bool
    cores: int = 0
    chips: int = 0
    boards: int = 0
    largest: int = 0


@dataclass(frozen=True)
class RowLimit:
    """One projection with rows of limited length.

    Attributes
    ----------
    projection : str
    limit : int
        Synapses of one source onto one core at most.
    moved : int
        Synapses above it, which would have to go elsewhere.
    bytes, before : int
        Of its matrix on every core, with the limit and as it is.
    """

    projection: str
    limit: int
    moved: int
    bytes: int
    before: int


@dataclass(frozen=True)
class Room:
    """What the memory of a population's cores would still hold.

    Attributes
    ----------
    population : str
    free : int
        Bytes that each of its cores may still take, where they divide what their chip has left.
    row : int
        The longest rows that fit there, as long for every projection; the machine's own limit holds too.
    slots : int
        How many synapses such rows hold on all cores of the population.
    now : int
        How many the rows hold as they are.
    """

    population: str
    free: int
    row: int
    slots: int
    now: int


@dataclass(frozen=True)
class WhatIf:
    """All of it."""

    widths: tuple[Width, ...]
    limits: tuple[RowLimit, ...]
    rooms: tuple[Room, ...]


def what_if(footprint: Footprint, boards: int | None) -> WhatIf:
    """Return what would be otherwise for a network that fits."""
    return WhatIf(
        widths_of(footprint.network, footprint.profile, boards, footprint.timesteps),
        tuple(limit for k in range(len(footprint.projections)) for limit in _limits(footprint, k)),
        tuple(_room(footprint, p.name) for p in footprint.populations if footprint.into(p.name)),
    )


def widths_of(
    network: NetworkDescription, profile: RowsProfile, boards: int | None, timesteps: int
) -> tuple[Width, ...]:
    """Return the network with half as many neurons on a core, a quarter, and so on, from the most there may be."""
    tried = []
    neurons = profile.most_neurons
    while neurons >= _FEWEST:
        tried.append(_with_width(network, profile, neurons, boards, timesteps))
        neurons //= 2
    return tuple(tried)


def _with_width(
    network: NetworkDescription, profile: RowsProfile, neurons: int, boards: int | None, timesteps: int
) -> Width:
    """Return the network with at most so many neurons on a core."""
    try:
        footprint = measure(narrowed(network, profile, neurons), profile, boards=boards, timesteps=timesteps)
    except NeurosparseError:
        return Width(neurons, False)
    largest = max(core.memories["sdram"].used for core in footprint.cores)
    return Width(neurons, True, len(footprint.cores), len(footprint.chips), footprint.boards, largest)


def _limits(footprint: Footprint, index: int) -> list[RowLimit]:
    """Return what limits on the rows of one projection would save: powers of two below the longest."""
    projection = footprint.projections[index]
    connector = footprint.network.projections[index].connector
    if not isinstance(connector, FromList) or projection.undelayed.booked < 2:
        return []
    post = footprint.population(projection.post)
    lengths = row_lengths(connector, post.neurons, post.width)
    pre = footprint.population(projection.pre)
    rows, _ = cost.booked_rows(pre.neurons, pre.width)
    delayed = rows * projection.stages * projection.delayed_row_bytes
    limits: Sequence[int] = [2**k for k in range(8) if 2**k < projection.undelayed.booked]
    return [
        RowLimit(
            f"{projection.pre}-{projection.post} {footprint.network.projections[index].receptor}",
            limit,
            int(np.maximum(lengths - limit, 0).sum()),
            rows * cost.row_bytes(footprint.profile, limit) + delayed,
            rows * projection.row_bytes + delayed,
        )
        for limit in limits
    ]


def _room(footprint: Footprint, name: str) -> Room:
    """Return what the cores of a population would still hold."""
    population, cores = footprint.population(name), footprint.cores_of(name)
    together = Counter((core.x, core.y) for core in cores)
    free = min(footprint.chips[xy].free // count for xy, count in together.items())
    room = free + cores[0].matrix
    low, high = 0, min(footprint.profile.row.longest, population.width)

    def matrix(row: int) -> int:
        incoming = [replace(i, row=row) if i.row else i for i in population.incoming]
        return cost.matrix_bytes(footprint.profile, incoming)

    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if matrix(middle) <= room else (low, middle - 1)
    rows = [i.n_pre * len(cores) for i in population.incoming if i.row]
    now = sum(i.n_pre * len(cores) * i.row for i in population.incoming)
    return Room(name, free, low, sum(rows) * low, now)
