"""Auditions: candidates listen to the gradient for some steps before the best of them are born."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.rewire.candidates import Candidates
from neurosparse.rewire.paths import Paths
from neurosparse.rewire.rule import Signals
from neurosparse.store.births import Queue
from neurosparse.store.store import SynapseStore


class Auditions:
    """Rounds of auditions: while one round is heard, the best of the one before are born.

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
        self._paths, self._signs = paths, signs
        self._steps, self._head_start = steps, head_start * np.asarray(preconditioner)
        sizes = [min(max(1, round(share * p.budget)), p.n_pre * p.n_post - p.budget) for p in store.layout.projections]
        self._heard, self._best = Candidates(store, sizes), Candidates(store, sizes)
        self._place = self._best.place  # nothing was heard yet

    def hear(self, signals: Signals, seed: int, step: int) -> None:
        """Add a step's gradients to the scores; at the end of a round its candidates are ranked."""
        self._heard.hear(signals)
        if self._ends_round(step):
            self._heard.copy_to(self._best)
            self._best.rank(self._moment(seed, step))
            self._place[:] = self._best.place

    def renew(self, seed: int, step: int) -> None:
        """Draw other candidates at the end of a round; the store must have no gaps."""
        if self._ends_round(step):
            self._heard.draw(self._moment(seed, step), self._paths.ends)

    def _ends_round(self, step: int) -> bool:
        """Return whether a round ends with `step`; the first does so at once, for nobody was heard."""
        return step % self._steps == 1 or self._steps == 1

    def _moment(self, seed: int, step: int) -> tuple[int, int, int]:
        """Return what names the random streams: no run's seed is negative, so these are of candidates alone."""
        return ~seed, step, self._signs

    def queue(self, rate: float) -> Queue:
        """Return what may be born in a step of learning rate `rate`, best first."""
        return (self._best.connection, self._best.score, self._place, (self._head_start * rate).astype(np.float32))

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that change."""
        best = self._best.connection, self._best.score, self._place
        return self._heard.state("candidate") | dict(zip(("queue", "queue_score", "queue_place"), best, strict=True))
