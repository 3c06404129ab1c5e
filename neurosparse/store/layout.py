"""The shape of a store, fixed before it is allocated: projections, budgets, cores, capacities and bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from neurosparse.errors import BadInput, OverBudget, shortage
from neurosparse.limits import guaranteed_on_core, most_on_core

SCOPES = ("projection", "network")
# What stands for no limit in the arrays that kernels take: more than any row or column has.
_FREE = 2**31


@dataclass(frozen=True)
class ProjectionLayout:
    """One projection of a store: its sizes, its budget, and the cores that hold its post neurons.

    Attributes
    ----------
    name : str
    n_pre, n_post : int
    budget : int
        Connections it starts with, and keeps where budgets are kept per projection.
    width : int
        Post neurons a core; the last core may have fewer.
    capacity : tuple of int
        Connections each core may hold, in the order of the post neurons.
    max_row_length : int, optional
        The most connections of one sign from one pre neuron onto one core.
    max_fan_in : int, optional
        The most connections of one post neuron.

    Raises
    ------
    BadInput
        A size or a limit is not positive or the cores do not cover the post neurons.
    OverBudget
        The budget is above the number of pairs, above what cores and limits allow, or above what they guarantee.
    """

    name: str
    n_pre: int
    n_post: int
    budget: int
    width: int
    capacity: tuple[int, ...]
    max_row_length: int | None = None
    max_fan_in: int | None = None

    def __post_init__(self) -> None:
        """Check the sizes and that the budget fits the cores."""
        if min(self.n_pre, self.n_post, self.width) < 1 or max(self.n_pre, self.n_post) >= 2**31:
            raise BadInput(f"{self.name}: sizes must be from 1 to 2**31 - 1, not {self.n_pre} x {self.n_post}")
        if len(self.capacity) != -(-self.n_post // self.width):
            raise BadInput(f"{self.name}: {len(self.capacity)} cores of {self.width} do not hold {self.n_post} neurons")
        for noun, limit in (("row", self.max_row_length), ("fan-in", self.max_fan_in)):
            if limit is not None and limit < 1:
                raise BadInput(f"{self.name}: a limit of {limit} on the {noun} makes no sense", help="at least 1")
        if not 0 <= self.budget <= self.room:
            raise OverBudget(
                f"projection {self.name!r} asks for more synapses than its cores hold",
                numbers=shortage(self.budget, self.room),
                help=f"at most {self.guaranteed:,} fit, wherever they grow",
            )
        if self.budget > self.guaranteed:
            raise OverBudget(
                f"projection {self.name!r} may get stuck below its budget: limits on rows and fan-in together can leave"
                " no place for the next connection although there is one for each in another arrangement",
                numbers={
                    "needs": f"{self.budget:,}",
                    "guaranteed": f"{self.guaranteed:,}",
                    "there is": f"{self.room:,}",
                },
                help=f"at most {self.guaranteed:,} fit, wherever they grow",
            )

    @property
    def posts(self) -> tuple[int, ...]:
        """Return how many post neurons each core has."""
        return tuple(min(self.width, self.n_post - first) for first in range(0, self.n_post, self.width))

    @property
    def room(self) -> int:
        """Return the most connections that the cores hold within the limits: no more than there are pairs."""
        cores = zip(self.posts, self.capacity, strict=True)
        return sum(most_on_core(self.n_pre, n, c, self.max_row_length, self.max_fan_in) for n, c in cores)

    @property
    def guaranteed(self) -> int:
        """Return how many connections are sure to find a place, wherever the others lie; at most `room`."""
        cores = zip(self.posts, self.capacity, strict=True)
        return sum(guaranteed_on_core(self.n_pre, n, c, self.max_row_length, self.max_fan_in) for n, c in cores)


def unbounded(name: str, n_pre: int, n_post: int, budget: int) -> ProjectionLayout:
    """Return the layout of a projection on one core that holds every pair."""
    return ProjectionLayout(name, n_pre, n_post, budget, n_post, (n_pre * n_post,))


@dataclass(frozen=True)
class Layout:
    """The projections of a store and whether each keeps its own budget or all share one.

    Attributes
    ----------
    projections : tuple of ProjectionLayout
    scope : str
        ``"projection"``: each keeps its budget. ``"network"``: their sum is kept, as in the paper.
    """

    projections: tuple[ProjectionLayout, ...]
    scope: str = "projection"

    def __post_init__(self) -> None:
        """Check that the scope is known."""
        if self.scope not in SCOPES:
            raise BadInput(f"there is no budget scope {self.scope!r}", help=f"known: {', '.join(SCOPES)}")

    @property
    def n_slots(self) -> int:
        """Return the whole budget K: the number of slots of the store."""
        return sum(p.budget for p in self.projections)

    @property
    def n_rows(self) -> int:
        """Return the number of rows of all projections."""
        return sum(p.n_pre for p in self.projections)

    def blocks(self) -> np.ndarray:
        """Return int64 (n_projections, 5): first row, row after the last, post neurons, width, first core."""
        table, row, core = [], 0, 0
        for p in self.projections:
            table.append((row, row + p.n_pre, p.n_post, p.width, core))
            row, core = row + p.n_pre, core + len(p.capacity)
        return np.array(table, np.int64)

    def limits(self) -> np.ndarray:
        """Return int64 (n_projections, 3): post neurons before it, most of a row part, most of a fan-in; or (0, 3).

        There are no rows where no projection has a limit.
        """
        if all(p.max_row_length is None and p.max_fan_in is None for p in self.projections):
            return np.empty((0, 3), np.int64)
        before = accumulate((p.n_post for p in self.projections), initial=0)
        return np.array(
            [
                (post, p.max_row_length or _FREE, p.max_fan_in or _FREE)
                for post, p in zip(before, self.projections, strict=False)
            ],
            np.int64,
        )

    def groups(self) -> np.ndarray:
        """Return int64 (n_groups, 3): first projection, the one after the last, and the budget they share."""
        if self.scope == "network":
            return np.array([(0, len(self.projections), self.n_slots)], np.int64)
        return np.array([(k, k + 1, p.budget) for k, p in enumerate(self.projections)], np.int64)

    def capacities(self) -> np.ndarray:
        """Return int64 (n_cores,): the capacity of every core of every projection."""
        return np.array([c for p in self.projections for c in p.capacity], np.int64)

    def nbytes(self, momentum: bool = False, rounded: bool = False) -> int:
        """Return the bytes the store will allocate: 8 a slot, 4 more for momentum and for a grid, 8 a row start."""
        return self.n_slots * (8 + 4 * momentum + 4 * rounded) + 8 * (self.n_rows + 1)


def shared_out(sizes: Sequence[int], budgets: Sequence[int], scope: str = "projection") -> Layout:
    """Return the layout of a chain of layers on cores without limits.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, input to output.
    budgets : sequence of int
        Connections of each projection, one fewer than `sizes`.
    """
    chain = zip(sizes[:-1], sizes[1:], budgets, strict=True)
    return Layout(tuple(unbounded(f"layer{k}", a, b, n) for k, (a, b, n) in enumerate(chain, 1)), scope)
