"""DEEP R, Algorithm 1 of Bellec, Kappel, Maass, Legenstein: "Deep Rewiring", ICLR 2018 (arXiv:1711.05136)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurosparse.errors import BadInput
from neurosparse.store.store import SynapseStore


@dataclass(frozen=True)
class DeepR:
    """Connections whose size falls below zero die; as many are born, uniformly over the feasible dormant ones.

    Attributes
    ----------
    alpha : float
        Strength of the l1 prior: ``eta * alpha`` is taken from every connection's size in a step.
    temperature : float
        T of the paper: the noise has standard deviation ``sqrt(2 * eta * T)``; at 0 the rule looks for the maximum
        of the posterior instead of sampling from it.

    Raises
    ------
    BadInput
        One of them is negative or not finite.
    """

    alpha: float
    temperature: float

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, value in (("alpha", self.alpha), ("temperature", self.temperature)):
            if not (math.isfinite(value) and value >= 0):
                raise BadInput(f"{name} must be at least 0, not {value}")

    def shrink(self, rate: float) -> float:
        """Return ``eta * alpha``."""
        return rate * self.alpha

    def noise(self, rate: float) -> float:
        """Return ``sqrt(2 * eta * T)``."""
        return math.sqrt(2.0 * rate * self.temperature)

    def rewire(self, store: SynapseStore, seed: int, step: int) -> int:
        """Replace the dead of this step and return how many there were; the budget is met exactly."""
        return store.replace_dead(seed, step)


def temperature_for(tau: float, rate: float, alpha: float) -> float:
    """Return the temperature T at which the noise of a step is `tau` times its l1 shrinkage.

    tau = sqrt(2 eta T) / (eta alpha), so T = eta (tau alpha)^2 / 2: a number that one can read without knowing the
    scale of the loss.
    """
    return rate * (tau * alpha) ** 2 / 2.0
