"""RigL: Evci et al.: "Rigging the Lottery", ICML 2020 (arXiv:1911.11134), with the gradients of sampled candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.kernels.rewire import ANEW
from neurosparse.rewire.candidates import Candidates
from neurosparse.rewire.prior import NO_PRIOR, Prior
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.rewire.smallest import by_projection, count, drop_smallest
from neurosparse.store.births import Births
from neurosparse.store.store import SynapseStore


class RigL(Rule):
    """Every so many steps the smallest connections are dropped, and those with the largest gradient are born at 0.

    The paper takes the gradient of every dormant connection, which needs the memory of a dense network. Here a sample
    of them, uniform over the feasible ones, listens to the gradient for some steps before a rewiring, and the best of
    the sample are born, with the sign that their gradient asks for. (In the paper those just dropped may come back at
    once; here candidates are drawn before the drop.) Where the sample has too few with a gradient, the
    rest is born anywhere. The paper rewires every 100 steps of 128 samples and more: with the small batches here it is
    500 steps unless told, so that newborn see about as much before they are judged.

    Parameters
    ----------
    store : SynapseStore
    drop_fraction : float
        alpha of the paper: the fraction of each projection's connections that is dropped at the start. It falls as
        ``drop_fraction / 2 * (1 + cos(pi * step / last))``.
    every, last : int
        Delta T and T_end of the paper: steps from one rewiring to the next; the step from which on there is none.
    listening : int
        Steps for which the gradients of candidates are added up before a rewiring, at most `every`.
    share : float
        Candidates of a rewiring, as a fraction of each projection's budget.
    prior : Prior
        An l1 prior; the paper has none.

    Attributes
    ----------
    candidates : Candidates
        Who listens.
    """

    keeps_budget = True
    uses = frozenset(
        {
            "scope", "alpha", "alpha_schedule", "drop_fraction", "rewire_every", "rewire_until", "audition_steps",
            "candidates", "preconditioner",
        }
    )  # fmt: skip
    defaults: ClassVar[Mapping[str, object]] = {
        "alpha": 0.0,
        "rewire_every": 500,
        "rewire_until": 0.75,
        "audition_steps": 100,
        "candidates": 2.0,
    }

    def __init__(
        self,
        store: SynapseStore,
        drop_fraction: float,
        every: int,
        last: int,
        listening: int,
        share: float,
        prior: Prior = NO_PRIOR,
    ) -> None:
        self._store, self._fraction, self._prior = store, drop_fraction, prior
        self._every, self._last, self._listening = every, last, min(listening, every)
        sizes = [min(max(1, round(share * p.budget)), p.n_pre * p.n_post) for p in store.layout.projections]
        self.candidates = Candidates(store, sizes)
        self._classes = by_projection(store)

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> RigL:
        """Return the rule that `options` ask for."""
        return cls(
            store, options.drop_fraction, *options.rounds("rigl"), options.audition_steps, options.candidates,
            options.prior,
        )  # fmt: skip

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha``; what dies does so in `rewire`."""
        return Terms(self._prior.shrink(rate, step), dies=False)

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Listen where a rewiring is near; where it is time, replace the smallest and return how many that were."""
        self._store.settle_signs()
        ahead = -step % self._every
        if ahead >= self._listening or step + ahead >= self._last:
            return 0
        moment = ~seed, step, ANEW  # no run's seed is negative: the stream is that of candidates alone
        if ahead == self._listening - 1:
            self.candidates.draw(moment)
        self.candidates.hear(signals)
        if ahead:
            return 0
        self.candidates.rank(moment)
        fraction = self._fraction / 2 * (1 + math.cos(math.pi * step / self._last))
        counts = np.rint(fraction * count(self._store, self._classes)).astype(np.int64)
        drop_smallest(self._store, seed, step, self._classes, counts)
        best = self.candidates
        queue = best.connection, best.score, best.place, np.zeros(len(best.count), np.float32)
        return self._store.replace_dead(seed, step, Births(queue=queue))

    def state(self) -> dict[str, np.ndarray]:
        """Return who listens, and what was heard."""
        return self.candidates.state("candidate")
