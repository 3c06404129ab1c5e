"""Synapse slots: how many synapses each core is sure to hold, wherever training puts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.limits import most_on_core
from neurosparse.mapping.cost import matrix_bound
from neurosparse.shares import share_out


@dataclass(frozen=True)
class Demand:
    """A projection that wants slots on the cores of its target.

    Attributes
    ----------
    name : str
    n_pre, block : int
        Neurons of its source, and the most of them on one core.
    synapses : int
        Its budget; slots and bytes are shared out in proportion to it.
    max_row_length, max_fan_in : int, optional
        The most synapses of one sign and one delay from one source onto one core, and of one target neuron.
    delays, in_a_row, stages : int
        How many delays a connection may have, how many of them share a row at most, and stages of the delay extension.
    """

    name: str
    n_pre: int
    block: int
    synapses: int
    max_row_length: int | None = None
    max_fan_in: int | None = None
    delays: int = 1
    in_a_row: int = 1
    stages: int = 0

    def most(self, width: int) -> int:
        """Return the most synapses that a core with so many neurons can hold, whatever its memory."""
        sources = self.n_pre * self.delays
        return most_on_core(sources, width, sources * width, self.max_row_length, self.max_fan_in)

    def worst(self, slots: Sequence[int], widths: Sequence[int], profile: RowsProfile) -> int:
        """Return the most bytes that it can add to a core with so many slots on cores of so many neurons."""
        rows = longest_rows(slots, widths, self.max_row_length, self.in_a_row)
        return matrix_bound(profile, self.n_pre, self.block, rows, self.stages)


def matrix_room(share: int, fixed: int, profile: RowsProfile, budget: float | int | None = None) -> int:
    """Return the bytes that the rows of a core may take.

    Parameters
    ----------
    share, fixed : int
        Bytes of the core, and what of them is booked with an empty matrix.
    budget : float or int, optional
        What the synaptic matrix may take: a fraction of the core's share, or bytes.
    """
    if budget is None:
        return share - fixed
    most = int(budget * share) if isinstance(budget, float) else budget
    return min(share - fixed, most - profile.row.matrix_base)


def longest_rows(
    slots: Sequence[int], widths: Sequence[int], max_row_length: int | None = None, delays: int = 1
) -> int:
    """Return the most synapses that the longest excitatory and the longest inhibitory row can sum to.

    Rows are as long on every core as the longest of the projection, so the two may come from different cores.
    On one core, a row takes one synapse a neuron and delay, and both rows together no more than the core's slots.

    Parameters
    ----------
    slots, widths : sequence of int
        The slots and the neurons of each core.
    max_row_length : int, optional
        The limit on a row, where there is one.
    delays : int
        How many delays share a row.
    """
    rows = [min(width, max_row_length or width) * delays for width in widths]
    one_core = max(min(slot, 2 * row) for slot, row in zip(slots, rows, strict=True))
    single = sorted((min(slot, row) for slot, row in zip(slots, rows, strict=True)), reverse=True)
    return max(one_core, sum(single[:2]) if len(single) > 1 else 0)


def core_slots(
    demands: Sequence[Demand],
    widths: Sequence[int],
    room: int,
    profile: RowsProfile,
    synapses_per_core: int | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Return the slots of each projection on each core of one population.

    All pairs of neurons, or all that the limits on rows and fan-in allow, where their rows fit at full length.
    Otherwise the bytes, and the user's limit, are shared out over the projections in proportion to their budgets, and
    each gets the most slots whose worst arrangement fits.

    Parameters
    ----------
    widths : sequence of int
        Neurons of each core.
    room : int
        Bytes that the synaptic matrix may take on every one of these cores.
    synapses_per_core : int, optional
        The most synapses that the user wants on a core, all projections together.

    Returns
    -------
    tuple of tuple of int, shape (n_projections, n_cores)
    """
    if not demands:
        return ()
    weights = [demand.synapses for demand in demands]
    most = [[demand.most(width) for width in widths] for demand in demands]
    limits = [max(row) for row in most]
    if synapses_per_core is not None:
        limits = list(share_out(synapses_per_core, weights, limits))
    needs = [_worst(profile, demand, widths, limit) for demand, limit in zip(demands, limits, strict=True)]
    if sum(needs) > room:
        parts = share_out(max(0, room), weights, needs)
        limits = [
            _most_slots(profile, demand, widths, limit, part)
            for demand, limit, part in zip(demands, limits, parts, strict=True)
        ]
    return tuple(tuple(min(limit, fit) for fit in row) for limit, row in zip(limits, most, strict=True))


def worst_matrix(
    demands: Sequence[Demand], slots: Sequence[Sequence[int]], widths: Sequence[int], profile: RowsProfile
) -> int:
    """Return the most bytes that the synaptic matrix of each core can come to with so many slots."""
    return profile.row.matrix_base + sum(
        demand.worst(row, widths, profile) for demand, row in zip(demands, slots, strict=True)
    )


def _worst(profile: RowsProfile, demand: Demand, widths: Sequence[int], slots: int) -> int:
    """Return the most bytes that a projection with `slots` on each core can add to a core."""
    return demand.worst([min(slots, demand.most(width)) for width in widths], widths, profile)


def _most_slots(profile: RowsProfile, demand: Demand, widths: Sequence[int], limit: int, room: int) -> int:
    """Return the most slots on a core, up to `limit`, whose worst arrangement takes at most `room` bytes; or 0."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _worst(profile, demand, widths, middle) <= room else (low, middle - 1)
    return low
