"""Auditions: candidates listen to the gradient for some steps before the best of them are born."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from neurosparse.kernels.audition import listen, rank
from neurosparse.kernels.paths import draw_on_paths
from neurosparse.rewire.paths import Paths
from neurosparse.rewire.rule import Signals
from neurosparse.store.births import Queue
from neurosparse.store.store import SynapseStore

_EMPTY = np.int64(-1)


class Auditions:
    """Rounds of auditions: while one round is heard, the best of the one before are born.

    Memory is O(candidates), and no gradient of a dormant connection is computed but those of the candidates.

    Parameters
    ----------
    store : SynapseStore
    paths : Paths
        Where candidates are drawn.
    signs : int
        Where signs come from (see `neurosparse.kernels.rewire.sign_of`).
    steps : int
        Steps of a round.
    share : float
        Candidates of a round, as a fraction of each projection's budget.
    head_start : float
        What a newborn begins with, as a fraction of the weight that it would have gained in its round.
    preconditioner : sequence of float
        The factor on the learning rate of each projection.
    """

    def __init__(
        self,
        store: SynapseStore,
        paths: Paths,
        signs: int,
        steps: int,
        share: float,
        head_start: float,
        preconditioner: Sequence[float],
    ) -> None:
        self._store, self._paths, self._signs = store, paths, signs
        self._steps, self._head_start = steps, head_start * np.asarray(preconditioner)
        sizes = [min(max(1, round(share * p.budget)), p.n_pre * p.n_post - p.budget) for p in store.layout.projections]
        edges = np.concatenate([[0], np.cumsum(sizes)])
        self._spans = [slice(a, b) for a, b in pairwise(edges)]
        self._heard = np.full(edges[-1], _EMPTY), np.zeros(edges[-1], np.float32)
        self._queue = np.full(edges[-1], _EMPTY), np.zeros(edges[-1], np.float32)
        self._place = np.stack([edges[1:], edges[1:]], axis=1).astype(np.int64)  # nothing was heard yet
        self._count = np.zeros(len(sizes), np.int64)

    def hear(self, signals: Signals, seed: int, step: int) -> None:
        """Add a step's gradients to the scores; at the end of a round its candidates are ranked and others drawn."""
        candidate, score = self._heard
        for k, (x, dy) in enumerate(signals):
            begin = self._spans[k].start
            heard = slice(begin, begin + self._count[k])
            listen(candidate[heard], score[heard], self._store.projections[k].rows[0], x, dy)
        if step % self._steps == 1 or self._steps == 1:
            self._next_round(seed, step)

    def _next_round(self, seed: int, step: int) -> None:
        """Rank what was heard, and draw the candidates of another round."""
        store = self._store
        live = store.live.copy()
        capacity = np.full_like(live, np.iinfo(np.int64).max)  # a place on a full core may be free by then
        moment = ~seed, step, self._signs  # no run's seed is negative: the streams are those of candidates alone
        for k, span in enumerate(self._spans):
            begin, count = span.start, int(self._count[k])
            heard = slice(begin, begin + count)
            for to, of in zip(self._queue, self._heard, strict=True):
                to[heard] = of[heard]
            rank(self._queue[0][heard], self._queue[1][heard], moment)
            self._place[k] = begin, begin + count
            size, projections = span.stop - begin, (k, k + 1)
            drawn = draw_on_paths(
                store.slots, store.blocks, store.limits, self._paths.ends, projections, live, capacity, size, moment,
                True,
            )  # fmt: skip
            self._heard[0][begin : begin + drawn.size] = np.sort(drawn)
            self._count[k] = drawn.size
        self._heard[1][:] = 0.0

    def queue(self, rate: float) -> Queue:
        """Return what may be born in a step of learning rate `rate`, best first."""
        return (*self._queue, self._place, (self._head_start * rate).astype(np.float32))

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that change."""
        return {
            "candidate": self._heard[0],
            "candidate_score": self._heard[1],
            "candidate_count": self._count,
            "queue": self._queue[0],
            "queue_score": self._queue[1],
            "queue_place": self._place,
        }
