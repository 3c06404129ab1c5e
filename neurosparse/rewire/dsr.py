"""Dynamic sparse reparameterization: Mostafa, Wang, ICML 2019 (arXiv:1902.05967), Algorithm 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.prune import count_below
from neurosparse.rewire.prior import NO_PRIOR, Prior
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.rewire.smallest import by_projection, count, drop_smallest, together
from neurosparse.shares import share_out
from neurosparse.store.store import SynapseStore

#: H of the paper before the first rewiring, and how far the number of the dropped may be from what is asked.
FIRST_THRESHOLD, TOLERANCE = 1e-3, 0.1
# Far beyond any weight's size on both sides.
_LEAST, _MOST = 1e-12, 1e12


class Dsr(Rule):
    """Every so many steps all that is below one threshold is dropped, and as many are born where most survive.

    The threshold is the same for all projections, and doubles or halves until about as many are dropped as asked. The
    newborn are shared out over the projections in proportion to their survivors, each counted as if it had one more so
    that none is lost for good, within what its cores are sure to hold; in a projection they are uniform over the
    feasible dormant connections, with weight 0.

    Parameters
    ----------
    store : SynapseStore
        Its projections share one budget.
    drop_fraction : float
        N_p of the paper, as a fraction of the budget.
    every, last : int
        Steps from one rewiring to the next; the step from which on there is none.
    prior : Prior
        An l1 prior; the paper has none.

    Raises
    ------
    BadInput
        Each projection of the store has a budget of its own.
    """

    keeps_budget = True
    uses = frozenset(
        {"scope", "alpha", "alpha_schedule", "drop_fraction", "rewire_every", "rewire_until", "preconditioner"}
    )
    defaults: ClassVar[Mapping[str, object]] = {
        "alpha": 0.0,
        "scope": "network",
        "drop_fraction": 0.1,
        "rewire_every": 250,
        "rewire_until": 0.75,
    }

    def __init__(
        self, store: SynapseStore, drop_fraction: float, every: int, last: int, prior: Prior = NO_PRIOR
    ) -> None:
        if store.layout.scope != "network":
            raise BadInput(
                "the rule dsr moves connections from one projection to another, which a scope of 'projection' forbids",
                help="--scope network",
            )
        self._store, self._prior = store, prior
        self._aim = drop_fraction * store.layout.n_slots
        self._every, self._last = every, last
        self._threshold = np.full(1, FIRST_THRESHOLD)

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> Dsr:
        """Return the rule that `options` ask for."""
        return cls(store, options.drop_fraction, *options.rounds("dsr"), options.prior)

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha``; what dies does so in `rewire`."""
        return Terms(self._prior.shrink(rate, step), dies=False)

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Where it is time, replace what is below the threshold and return how many that were."""
        store = self._store
        store.settle_signs()
        if step % self._every or step >= self._last:
            return 0
        dropped = int(count_below(store.slots, np.float32(self._threshold[0])))
        drop_smallest(store, seed, step, together(store), np.array([dropped], np.int64))
        if dropped > (1 + TOLERANCE) * self._aim:
            self._threshold /= 2
        elif dropped < (1 - TOLERANCE) * self._aim:
            self._threshold *= 2
        np.clip(self._threshold, _LEAST, _MOST, out=self._threshold)
        survivors = count(store, by_projection(store)).tolist()
        room = [p.guaranteed - n for p, n in zip(store.layout.projections, survivors, strict=True)]
        births = share_out(dropped, [n + 1 for n in survivors], room)
        return store.replace_dead(seed, step, shares=[n + born for n, born in zip(survivors, births, strict=True)])

    def state(self) -> dict[str, np.ndarray]:
        """Return the threshold."""
        return {"threshold": self._threshold}
