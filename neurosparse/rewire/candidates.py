"""Dormant connections that listen to the gradient before it is decided which of them are born."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from neurosparse.kernels.audition import listen, rank
from neurosparse.kernels.paths import draw_on_paths
from neurosparse.kernels.replace import draw
from neurosparse.rewire.rule import Signals
from neurosparse.store.births import Ends
from neurosparse.store.store import SynapseStore

_EMPTY = np.int64(-1)


class Candidates:
    """A sample of the dormant connections of each projection, and what of the gradient each has heard.

    Memory is O(candidates), and no gradient of any other dormant connection is computed.

    Parameters
    ----------
    store : SynapseStore
    sizes : sequence of int
        How many there are at most, for each projection.

    Attributes
    ----------
    connection : ndarray of int64
        Who they are (see `neurosparse.kernels.rewire.coded`), those of a projection together.
    score : ndarray of float32
        The sum of the gradients that each heard.
    count : ndarray of int64, shape (n_projections,)
    """

    def __init__(self, store: SynapseStore, sizes: Sequence[int]) -> None:
        self._store = store
        edges = np.concatenate([[0], np.cumsum(sizes)])
        self._spans = list(pairwise(edges.tolist()))
        self.connection, self.score = np.full(edges[-1], _EMPTY), np.zeros(edges[-1], np.float32)
        self.count = np.zeros(len(sizes), np.int64)

    @property
    def parts(self) -> list[slice]:
        """Return where the candidates of each projection stand."""
        return [slice(begin, begin + n) for (begin, _), n in zip(self._spans, self.count.tolist(), strict=True)]

    @property
    def place(self) -> np.ndarray:
        """Return begin and end of the candidates of each projection, int64 (n_projections, 2)."""
        return np.array([(part.start, part.stop) for part in self.parts], np.int64)

    def draw(self, moment: tuple[int, int, int], ends: Ends | None = None) -> None:
        """Draw others, uniformly over the dormant connections, or over those on live paths where `ends` tells them."""
        store = self._store
        live = store.live.copy()
        capacity = np.full_like(live, np.iinfo(np.int64).max)  # a place on a full core may be free by then
        shape = store.slots, store.blocks, store.limits
        for k, (begin, end) in enumerate(self._spans):
            where = (k, k + 1), live, capacity, end - begin, moment
            drawn = draw(*shape, *where) if ends is None else draw_on_paths(*shape, ends, *where, True)
            self.connection[begin : begin + drawn.size] = np.sort(drawn)
            self.count[k] = drawn.size
        self.score[:] = 0.0

    def hear(self, signals: Signals) -> None:
        """Add a step's gradients to the scores."""
        for (x, dy), p, part in zip(signals, self._store.projections, self.parts, strict=True):
            listen(self.connection[part], self.score[part], p.rows[0], x, dy)

    def rank(self, moment: tuple[int, int, int]) -> None:
        """Sort those of each projection by their score, the largest first, with the sign that the gradient asks for."""
        for part in self.parts:
            rank(self.connection[part], self.score[part], moment)

    def copy_to(self, other: Candidates) -> None:
        """Make `other`, which is as large, hold the same candidates with the same scores."""
        for part in self.parts:
            other.connection[part], other.score[part] = self.connection[part], self.score[part]
        other.count[:] = self.count

    def state(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays that change, under names that begin with `name`."""
        return {name: self.connection, f"{name}_score": self.score, f"{name}_count": self.count}
