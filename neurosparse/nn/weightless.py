"""What layers without weights have in common: no projections, no biases, nothing that changes in training."""

from __future__ import annotations

import numpy as np

from neurosparse.nn.layer import Signal
from neurosparse.store.projection import Projection


class Weightless:
    """A layer without weights."""

    projections: tuple[Projection, ...] = ()
    biases: tuple[np.ndarray, ...] = ()
    signals: tuple[Signal, ...] = ()

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Do nothing: there is no weight."""

    def state(self) -> dict[str, np.ndarray]:
        """Return nothing."""
        return {}
