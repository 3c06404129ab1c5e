"""SET, sparse evolutionary training: Mocanu et al., Nature Communications 9:2383 (2018), Algorithm 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.rewire.prior import NO_PRIOR, Prior
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.rewire.smallest import by_sign, count, drop_smallest
from neurosparse.store.births import Births
from neurosparse.store.store import SynapseStore

#: The standard deviation of the normal law that the weights of newborn are of: that of the authors' implementation.
SPREAD = 0.1


class Set(Rule):
    """Every so many steps the connections nearest to zero are dropped, and as many are born anywhere.

    Of each projection go a fraction of the positive connections, the smallest, and the same fraction of the negative
    ones, the largest. Newborn are uniform over the feasible dormant connections, with random small weights. Nothing is
    born at the end of a run that would not learn: the paper leaves out the last rewiring, here the last quarter of the
    steps trains what is there unless told otherwise.

    Parameters
    ----------
    store : SynapseStore
    drop_fraction : float
        zeta of the paper, 0.3 there.
    every, last : int
        Steps from one rewiring to the next; the step from which on there is none.
    prior : Prior
        An l1 prior; the paper has none.
    """

    keeps_budget = True
    uses = frozenset(
        {"scope", "alpha", "alpha_schedule", "drop_fraction", "rewire_every", "rewire_until", "preconditioner"}
    )
    defaults: ClassVar[Mapping[str, object]] = {"alpha": 0.0, "rewire_until": 0.75}

    def __init__(
        self, store: SynapseStore, drop_fraction: float, every: int, last: int, prior: Prior = NO_PRIOR
    ) -> None:
        self._store, self._fraction, self._prior = store, drop_fraction, prior
        self._every, self._last = every, last
        self._classes = by_sign(store)

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> Set:
        """Return the rule that `options` ask for."""
        return cls(store, options.drop_fraction, *options.rounds("set"), options.prior)

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha``; what dies does so in `rewire`."""
        return Terms(self._prior.shrink(rate, step), dies=False)

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Where it is time, replace what is nearest to zero and return how many that were."""
        self._store.settle_signs()
        if step % self._every or step >= self._last:
            return 0
        counts = np.rint(self._fraction * count(self._store, self._classes)).astype(np.int64)
        drop_smallest(self._store, seed, step, self._classes, counts, spread=SPREAD)
        # What is dropped leaves the small random sizes behind that the newborn begin with.
        return self._store.replace_dead(seed, step, Births(passes_on=True))
