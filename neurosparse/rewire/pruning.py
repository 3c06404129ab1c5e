"""Magnitude pruning with retraining: Han, Pool, Tran, Dally, NIPS 2015 (arXiv:1506.02626)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.prune import deviations
from neurosparse.rewire.prior import NO_PRIOR, Prior
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.rewire.smallest import drop_smallest, together
from neurosparse.rewire.whole import refuse_sparse
from neurosparse.store.store import SynapseStore

# Weights that vary by less are all the same.
_LEAST = 1e-20


class Pruning(Rule):
    """In rounds, the smallest connections are dropped for good and the others are trained on.

    A threshold is the same multiple of the standard deviation of each projection's weights, as in the paper, where one
    chooses it by hand; here it is such that every round leaves the same fraction of what there was, and the last one
    leaves what is asked.

    Parameters
    ----------
    store : SynapseStore
        Its budget is all connections.
    connectivity : float
        The fraction of all connections that the last round leaves.
    rounds, last : int
        How many rounds there are, spread evenly up to step `last`.
    prior : Prior
        An l1 prior.

    Raises
    ------
    BadInput
        The budget is not all connections, or fewer would be left than there are projections.
    """

    keeps_budget = False
    uses = frozenset(
        {"alpha", "alpha_schedule", "final_connectivity", "rewire_every", "rewire_until", "preconditioner"}
    )
    defaults: ClassVar[Mapping[str, object]] = {
        "alpha": 0.0,
        "connectivity": 1.0,
        "final_connectivity": 0.1,
        "rewire_until": 0.5,
    }

    def __init__(
        self, store: SynapseStore, connectivity: float, rounds: int, last: int, prior: Prior = NO_PRIOR
    ) -> None:
        refuse_sparse("pruning", store.layout, "--final-connectivity")
        if connectivity * store.layout.n_slots < len(store.projections):
            raise BadInput(
                f"a final connectivity of {connectivity:.3%} leaves a projection without a synapse",
                numbers={
                    "left": f"{connectivity * store.layout.n_slots:.1f}",
                    "projections": str(len(store.projections)),
                },
            )
        self._store, self._prior = store, prior
        self._connectivity, self._rounds, self._last = connectivity, rounds, last

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> Pruning:
        """Return the rule that `options` ask for."""
        if options.final_connectivity is None:
            raise BadInput(
                "the rule pruning needs to know how many connections it leaves", help="--final-connectivity 10%"
            )
        last = max(1, options.last)
        return cls(store, options.final_connectivity, max(1, last // options.every), last, options.prior)

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha``; what dies does so in `rewire`."""
        return Terms(self._prior.shrink(rate, step), dies=False)

    def left_after(self, step: int) -> int:
        """Return how many connections there are at most after `step`."""
        done = min(step, self._last) * self._rounds // self._last
        return round(self._store.layout.n_slots * self._connectivity ** (done / self._rounds))

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Where it is time, drop the smallest; nothing is born."""
        store = self._store
        store.settle_signs()
        dropped = store.n_live - self.left_after(step)
        if dropped > 0:
            scale = 1 / np.maximum(deviations(store.slots, store.blocks), np.float32(_LEAST))
            drop_smallest(store, seed, step, together(store), np.array([dropped], np.int64), scale=scale)
            store.close_gaps()
        return 0
