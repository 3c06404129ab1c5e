"""l1 shrinkage from a dense network: Collins, Kohli: "Memory bounded deep convolutional networks" (arXiv:1412.1442)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.rewire.prior import Prior
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.rewire.whole import refuse_sparse
from neurosparse.store.store import SynapseStore


class L1Shrinkage(Rule):
    """A connection that crosses zero dies and none is born: the l1 prior decides how many are left.

    A comparison of Bellec et al., ICLR 2018: it ends sparse, but needs the memory of a dense network.

    Parameters
    ----------
    store : SynapseStore
        Its budget is all connections.
    prior : Prior

    Raises
    ------
    BadInput
        The budget is not all connections.
    """

    keeps_budget = False
    uses = frozenset({"alpha", "alpha_schedule", "signs", "preconditioner"})
    defaults: ClassVar[Mapping[str, object]] = {"connectivity": 1.0}

    def __init__(self, store: SynapseStore, prior: Prior) -> None:
        refuse_sparse("l1_shrinkage", store.layout, "--alpha")
        self._store, self._prior = store, prior
        store.mortal[:] = True  # who dies here need not be born elsewhere

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> L1Shrinkage:
        """Return the rule that `options` ask for."""
        return cls(store, options.prior)

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha``; what crosses zero dies."""
        return Terms(self._prior.shrink(rate, step))

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Close the gaps of the dead; nothing is born."""
        self._store.close_gaps()
        return 0
