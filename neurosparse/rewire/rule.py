"""What training asks of a rewiring rule."""

from __future__ import annotations

from typing import Protocol

from neurosparse.store.store import SynapseStore


class Rule(Protocol):
    """A rule says what it adds to a step of the optimiser, and rewires the store after it."""

    def shrink(self, rate: float) -> float:
        """Return what every connection's size loses in a step of learning rate `rate`."""
        ...

    def noise(self, rate: float) -> float:
        """Return the standard deviation of the noise added in a step of learning rate `rate`."""
        ...

    def rewire(self, store: SynapseStore, seed: int, step: int) -> int:
        """Close the gaps of the dead, let the newborn in, and return how many were born."""
        ...
