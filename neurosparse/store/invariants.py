"""What must hold of a projection's rows at every moment."""

from __future__ import annotations

import numpy as np

from neurosparse.errors import BrokenInvariant
from neurosparse.store.layout import ProjectionLayout
from neurosparse.store.projection import Projection


def check_budget(projection: Projection, layout: ProjectionLayout, *, exact: bool) -> None:
    """Raise BrokenInvariant if more connections are live than the projection's budget, or fewer where it is exact."""
    row_start = projection.slots[0]
    live = int(row_start[-1] - row_start[0])
    if live > layout.budget or (exact and live < layout.budget):
        raise BrokenInvariant(f"{layout.name}: {live:,} connections, the budget is {layout.budget:,}")


def check_rows(projection: Projection, layout: ProjectionLayout, counted: np.ndarray, capacity: np.ndarray) -> None:
    """Prove that rows are sorted, without a connection twice, and within the cores' capacities and their limits.

    Parameters
    ----------
    projection : Projection
    layout : ProjectionLayout
    counted : ndarray of int64, shape (n_cores,)
        How many connections the store has counted on each core of the projection.
    capacity : ndarray of int64, shape (n_cores,)
        How many each core holds.

    Raises
    ------
    BrokenInvariant
        One of them does not hold; the message says which and where.
    """
    name, (row_start, arena, weight, _) = layout.name, projection.slots
    target = arena[row_start[0] : row_start[-1]]
    if target.size and (target.min() < 0 or target.max() >= projection.n_post):
        raise BrokenInvariant(f"{name}: a target lies outside 0..{projection.n_post - 1}")
    row = np.repeat(np.arange(projection.n_pre, dtype=np.int32), np.diff(row_start))
    if np.any((row[1:] == row[:-1]) & (target[1:] <= target[:-1])):
        raise BrokenInvariant(f"{name}: a row is unsorted or holds a connection twice")
    live = np.bincount(target // projection.width, minlength=len(layout.capacity))
    if not np.array_equal(live, counted):
        raise BrokenInvariant(f"{name}: the counts per core are {counted}, the rows hold {live}")
    if np.any(live > capacity):
        raise BrokenInvariant(f"{name}: a core holds more than its capacity: {live} of {capacity}")
    _check_limits(layout, row, target, weight[row_start[0] : row_start[-1]])


def _check_limits(layout: ProjectionLayout, row: np.ndarray, target: np.ndarray, weight: np.ndarray) -> None:
    """Raise BrokenInvariant unless row parts and fan-ins are within the limits of a projection."""
    name, longest, widest = layout.name, layout.max_row_length, layout.max_fan_in
    if longest is not None:
        part = (row * np.int64(len(layout.capacity)) + target // layout.width) * 2 + np.signbit(weight)
        found = int(np.unique(part, return_counts=True)[1].max(initial=0))
        if found > longest:
            raise BrokenInvariant(f"{name}: a row holds {found:,} of one sign on a core, the limit is {longest:,}")
    if widest is not None and (found := int(np.bincount(target, minlength=1).max())) > widest:
        raise BrokenInvariant(f"{name}: a neuron has a fan-in of {found:,}, the limit is {widest:,}")
