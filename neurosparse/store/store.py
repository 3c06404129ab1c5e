"""The synapse store: compressed rows of all projections in one arena, allocated once at the budget."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from neurosparse.errors import BrokenInvariant, OverBudget
from neurosparse.grid import step_for
from neurosparse.kernels.grid import largest_sizes, to_grid
from neurosparse.kernels.paths import count_on_paths
from neurosparse.kernels.replace import count_births, draw, replace_dead
from neurosparse.kernels.rewire import ANEW, close_gaps, grow
from neurosparse.kernels.signs import count_other_signs, settle_signs
from neurosparse.store.births import ANYWHERE, Births
from neurosparse.store.invariants import check_budget, check_rows
from neurosparse.store.layout import Layout
from neurosparse.store.projection import Projection, Slots

_AT_ZERO = np.empty(0, np.float32)


class SynapseStore:
    """The live connections of a network: never more than the budget, never more on a core than it holds.

    Rows are pre neurons, all projections one after the other; columns are post neurons, sorted in each row. The
    arrays are allocated here and nowhere else; their addresses never change.

    Parameters
    ----------
    layout : Layout
    momentum : bool
        Keep one more float32 a slot.
    parts : int
        Row ranges into which the visit of a projection may be split (one a thread).
    most : int, optional
        Keep one more float32 a slot: the weights rounded to whole steps, at most so many (see `neurosparse.grid`).

    Attributes
    ----------
    row_start : ndarray of int64, shape (n_rows + 1,)
    target : ndarray of int32, shape (n_slots,)
        Post neuron of each slot, counted from 0 in its own projection.
    weight : ndarray of float32, shape (n_slots,)
        Signed; ``abs(weight)`` is theta of Bellec et al. 2018 and the sign bit is the connection's sign, at zero too.
    velocity : ndarray of float32, shape (n_slots,) or (0,)
    seen : ndarray of float32, shape (n_slots,)
        The weights as the network sees them: on their grid as of the last `look`, or `weight` itself.
    live, capacity : ndarray of int64, shape (n_cores,)
    born : ndarray of int64, shape (n_projections,)
        Births of the last step.
    mortal : ndarray of bool, shape (n_projections,)
        Whether a connection that crosses zero may die: not where every pair of a projection is to be connected, as it
        could be born nowhere else; it goes on with the other sign.
    blocks : ndarray of int64, shape (n_projections, 5)
        See `Layout.blocks`.
    limits : ndarray of int64, shape (n_projections, 3) or (0, 3)
        See `Layout.limits`.
    """

    def __init__(self, layout: Layout, *, momentum: bool = False, parts: int = 1, most: int | None = None) -> None:
        self.layout = layout
        self.row_start = np.zeros(layout.n_rows + 1, np.int64)
        self.target = np.zeros(layout.n_slots, np.int32)
        self.weight = np.zeros(layout.n_slots, np.float32)
        self.velocity = np.zeros(layout.n_slots if momentum else 0, np.float32)
        self.seen = self.weight if most is None else np.zeros(layout.n_slots, np.float32)
        self._most = most
        self.capacity = layout.capacities()
        self.live = np.zeros_like(self.capacity)
        self.born = np.zeros(len(layout.projections), np.int64)
        pairs = [p.n_pre * p.n_post for p in layout.projections]
        full = [p.budget == n and layout.scope == "projection" for p, n in zip(layout.projections, pairs, strict=True)]
        self.mortal = ~np.array(full)
        self.parts = parts
        self.died = np.zeros((parts, self.capacity.size), np.int64)
        self.segment_row = np.zeros(len(layout.projections) * parts + 1, np.int64)
        self.segment_end = np.zeros(len(layout.projections) * parts, np.int64)
        self.blocks = layout.blocks()
        self.limits = layout.limits()
        self._groups = layout.groups()
        self.projections = tuple(self._view(k) for k in range(len(layout.projections)))
        self.balance()

    def _view(self, index: int) -> Projection:
        """Return projection `index` as views of the arena."""
        first, last, n_post, width, core = (int(value) for value in self.blocks[index])
        cores = slice(core, core + len(self.layout.projections[index].capacity))
        slots = (self.row_start[first : last + 1], self.target, self.weight, self.velocity)
        return Projection(index, last - first, n_post, width, (first, last), cores, slots)

    @property
    def slots(self) -> Slots:
        """Return the arrays of the whole arena in the order that the kernels take them."""
        return self.row_start, self.target, self.weight, self.velocity

    @property
    def n_live(self) -> int:
        """Return how many connections are live."""
        return int(self.row_start[-1])

    @property
    def nbytes(self) -> int:
        """Return the bytes of the arrays that grow with synapses and rows."""
        return sum(array.nbytes for array in self.slots) + (0 if self._most is None else self.seen.nbytes)

    def look(self) -> None:
        """Bring the weights that the network sees up to date with those that learn."""
        if self._most is None:
            return
        largest = np.empty(len(self.projections), np.float32)
        largest_sizes(self.row_start, self.blocks, self.weight, largest)
        step = np.array([step_for(size, self._most) for size in largest.tolist()], np.float32)
        to_grid(self.row_start, self.blocks, self.weight, step, self.seen)

    def is_over_budget(self) -> bool:
        """Return whether more connections are live than allowed, in all or on one core."""
        return self.n_live > self.layout.n_slots or bool((self.live > self.capacity).any())

    def live_of(self, projection: Projection) -> int:
        """Return how many connections of `projection` are live."""
        return int(self.row_start[projection.rows[1]] - self.row_start[projection.rows[0]])

    def balance(self) -> None:
        """Cut the rows of each projection into `parts` ranges of about equally many connections."""
        starts, self._segments = [], []
        for p in self.projections:
            first, last = p.rows
            begin, end = self.row_start[first], self.row_start[last]
            aims = begin + (end - begin) * np.arange(self.parts) // self.parts
            starts.append(np.clip(np.searchsorted(self.row_start[first : last + 1], aims) + first, first, last))
            starts[-1][0] = first
            rows = [*(starts[-1] - first).tolist(), p.n_pre]
            self._segments.append(list(pairwise(rows)))
        self.segment_row[:-1] = np.concatenate(starts)
        self.segment_row[-1] = self.layout.n_rows
        self.segment_end[:] = self.row_start[self.segment_row[1:]]

    def segments(self, projection: Projection) -> list[tuple[int, int]]:
        """Return the row ranges of a projection's parts, counted from its own first row."""
        return self._segments[projection.index]

    def fill(self, seed: int, signs: int = ANEW) -> None:
        """Draw connections with weight zero until every budget is met.

        Places are uniform over all feasible ones, one projection after the other; the random streams are those of the
        steps up to 0 of the run seeded with `seed`, training has those from 1 on; `signs` says where signs come from
        (see `kernels.rewire.sign_of`).

        Raises
        ------
        OverBudget
            The cores cannot hold the budget.
        """
        for p in self.projections:
            budget = self.layout.projections[p.index].budget
            chunk = 0
            while (missing := budget - self.live_of(p)) > 0:
                # In chunks, so that what a draw needs beside the store stays small beside the store.
                births = min(missing, max(65_536, budget // 16))
                span = (p.index, p.index + 1)
                moment = seed, -chunk, signs
                newborn = draw(self.slots, self.blocks, self.limits, span, self.live, self.capacity, births, moment)
                if newborn.size < births:
                    raise OverBudget(
                        f"the cores of {self.layout.projections[p.index].name!r} are full",
                        numbers={"needs": f"{budget:,}", "there is": f"{self.live_of(p) + newborn.size:,}"},
                    )
                grow(self.slots, newborn, _AT_ZERO)
                chunk += 1
        self.balance()

    def replace_dead(self, seed: int, step: int, births: Births = ANYWHERE, shares: Sequence[int] | None = None) -> int:
        """Close the gaps that the backward visits of `step` left, and let as many be born as are missing.

        Parameters
        ----------
        seed, step : int
            Name the random streams.
        births : Births
            Where newborn come from; Algorithm 1 of the paper unless told.
        shares : sequence of int, optional
            How many connections each projection has afterwards, the whole budget in all; as the layout says unless
            told.

        Returns
        -------
        int
            How many were born.

        Raises
        ------
        BrokenInvariant
            The budget is not met exactly afterwards.
        """
        groups = self._groups
        if shares is not None:
            groups = np.array([(k, k + 1, share) for k, share in enumerate(shares)], np.int64)
        self.born[:] = 0
        replace_dead(
            self.slots, (self.segment_row, self.segment_end), (self.live, self.died, self.capacity), self.born,
            (self.blocks, self.limits, groups), births.ends, births.queue, (births.passes_on, births.releases),
            (seed, step, births.signs),
        )  # fmt: skip
        if self.row_start[-1] != self.target.size:
            raise BrokenInvariant(
                f"{self.n_live:,} connections are live after step {step}, the budget is {self.target.size:,}"
            )
        if not self.mortal.all():
            self.settle_signs()
        if self.parts > 1:
            self.balance()
        return int(self.born.sum())

    def settle_signs(self) -> int:
        """Bring rows in which weights changed their sign back to their limits, and return how many weights that took.

        Of the sign that has too many connections of a row on a core, the smallest become zeros of the other.
        """
        return int(settle_signs(self.slots, self.blocks, self.limits)) if self.limits.shape[0] else 0

    def other_signs(self, seed: int, signs: int) -> int:
        """Return how many connections have another sign than their pair or source has for all time.

        Parameters
        ----------
        seed : int
            Of the run.
        signs : int
            FIXED or DALE of `neurosparse.kernels.rewire`.
        """
        return int(count_other_signs(self.slots, (seed, 0, signs)))

    def close_gaps(self) -> np.ndarray:
        """Close the gaps that the backward visits of a step left, and let nobody be born.

        Slots that are free afterwards are zero, as in a new store: a checkpoint depends on what is live alone.

        Returns
        -------
        ndarray of float32, shape (n_dead,)
            The overshoots of the dead, in the order of their slots.
        """
        self.born[:] = 0
        overshoot: np.ndarray = close_gaps(self.slots, self.segment_row, self.segment_end, self.live, self.died)
        for array in (self.target, self.weight, self.velocity):
            array[self.n_live : self.n_live + overshoot.size] = 0
        self.balance()
        return overshoot

    def grow(self, newborn: np.ndarray, size: np.ndarray) -> None:
        """Insert connections that are counted as live already into a store without gaps.

        Parameters
        ----------
        newborn : ndarray of int64, shape (n,)
            As `neurosparse.kernels.rewire.coded` tells them; left sorted.
        size : ndarray of float32, shape (n,) or (0,)
            What each begins with; 0 where the array is empty.

        Raises
        ------
        OverBudget
            There are fewer slots left.
        """
        if self.n_live + newborn.size > self.target.size:
            raise OverBudget(
                "the store has no slots left",
                numbers={"needs": f"{self.n_live + newborn.size:,}", "there is": f"{self.target.size:,}"},
            )
        grow(self.slots, newborn, size)
        count_births(newborn, self.blocks, self.born)

    def effective(self) -> np.ndarray:
        """Return how many connections of each projection of a chain lie on a path from an input to an output.

        int64 (n_projections,); "effective connectivity" of Vysogorets and Kempe, JMLR 24:99 (2023).
        """
        return count_on_paths(self.row_start, self.target, self.blocks)

    def check(self, exact: bool = True) -> None:
        """Prove the invariants: counts, capacities, limits, sorted rows, no connection twice, finite weights.

        Parameters
        ----------
        exact : bool
            Whether every budget must be met exactly; otherwise there may be fewer connections.

        Raises
        ------
        BrokenInvariant
            One of them does not hold; the message says which and where.
        """
        n_slots = self.layout.n_slots
        if self.row_start[0] != 0 or self.n_live > n_slots or (exact and self.n_live != n_slots):
            raise BrokenInvariant(f"{self.n_live:,} connections, the budget is {self.layout.n_slots:,}")
        if np.any(np.diff(self.row_start) < 0):
            raise BrokenInvariant("row starts run backwards")
        own_budget = self.layout.scope == "projection"
        for p, layout in zip(self.projections, self.layout.projections, strict=True):
            check_rows(p, layout, self.live[p.cores], self.capacity[p.cores])
            if own_budget:
                check_budget(p, layout, exact=exact)
        if not np.isfinite(self.weight[: self.n_live]).all():
            raise BrokenInvariant("a weight is not finite")
