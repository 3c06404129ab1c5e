"""Fixed random connectivity: the network that the other rules must beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from neurosparse.rewire.prior import NO_PRIOR, Prior
from neurosparse.rewire.rule import Options, Rule, Signals, Terms
from neurosparse.store.store import SynapseStore


class Static(Rule):
    """No connection dies or is born, and weights may change their sign.

    Parameters
    ----------
    store : SynapseStore
    prior : Prior
        An l1 prior.
    """

    keeps_budget = True
    uses = frozenset({"alpha", "alpha_schedule", "preconditioner"})
    defaults: ClassVar[Mapping[str, object]] = {"alpha": 0.0}

    def __init__(self, store: SynapseStore, prior: Prior = NO_PRIOR) -> None:
        self._store, self._prior = store, prior

    @classmethod
    def of(cls, store: SynapseStore, inputs: np.ndarray, options: Options) -> Static:
        """Return the rule that `options` ask for."""
        return cls(store, options.prior)

    def terms(self, rate: float, step: int) -> Terms:
        """Return ``eta * alpha``; nothing dies."""
        return Terms(self._prior.shrink(rate, step), dies=False)

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Keep rows within their limits where weights changed their sign; nothing is born."""
        self._store.settle_signs()
        return 0
