"""What training asks of a rewiring rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

#: For each projection its input x (n_pre, batch) and the gradient dy of its sums (n_post, batch), both float32.
Signals = Sequence[tuple[np.ndarray, np.ndarray]]


class Terms(NamedTuple):
    """What a rule adds to a step of the optimiser.

    Attributes
    ----------
    shrink : float
        What every connection's size loses.
    noise : float
        The standard deviation of the noise.
    dies : bool
        Whether a connection that would cross zero dies; otherwise it goes on with the other sign.
    """

    shrink: float = 0.0
    noise: float = 0.0
    dies: bool = True


class Rule(Protocol):
    """A rule says what it adds to a step of the optimiser, and rewires its store after it.

    Attributes
    ----------
    keeps_budget : bool
        Whether every step ends with exactly the budget; otherwise it ends with no more than it.
    """

    keeps_budget: bool

    def begin(self, seed: int) -> None:
        """Put the connections of a store that was just filled where the rule wants them, before they have weights."""
        ...

    def terms(self, rate: float, step: int) -> Terms:
        """Return what the rule adds to `step`, which has the learning rate `rate`."""
        ...

    def rewire(self, signals: Signals, rate: float, seed: int, step: int) -> int:
        """Close the gaps of the dead, let the newborn in, and return how many were born.

        Parameters
        ----------
        signals : sequence of tuple of ndarray
            Inputs and gradients of the step, one pair a projection.
        rate : float
            The learning rate of the step.
        seed, step : int
            Name the random numbers of the step.
        """
        ...

    def state(self) -> Mapping[str, np.ndarray]:
        """Return the arrays that the next step depends on beside the store's: themselves, not copies."""
        ...
