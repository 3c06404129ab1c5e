"""What a network asks of a layer."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np


class Law(NamedTuple):
    """How parameters move in one step of DEEP R: ``theta <- theta - rate * gradient - shrink + noise * nu``.

    Attributes
    ----------
    rate : float
        The learning rate eta.
    shrink : float
        eta * alpha, taken from every connection's size after the optimiser.
    noise : float
        sqrt(2 * eta * T), the standard deviation of the noise after the optimiser.
    momentum : float
        The part of the velocity that is kept; 0 for plain SGD.
    seed, step : int
        Name the random numbers of the step.
    dies : bool
        Whether a connection that would cross zero dies; otherwise it goes on with the other sign.
    keeps_signs : bool
        Whether a connection that would cross zero, and does not die, stays at zero instead of changing its sign.
    preconditioner : float
        A factor on rate and shrink, and on the variance of the noise: the stationary law stays what it is.
    """

    rate: float
    shrink: float
    noise: float
    momentum: float
    seed: int
    step: int
    dies: bool = True
    keeps_signs: bool = False
    preconditioner: float = 1.0

    def numbers(self) -> tuple[np.float32, np.float32, np.float32, np.float32, np.float32]:
        """Return rate, shrink, noise, momentum and the least theta as the kernels take them (see `descend`)."""
        factor = np.float32(self.preconditioner)
        rate, shrink, noise = np.float32(self.rate), np.float32(self.shrink), np.float32(self.noise)
        least = np.float32(0.0 if self.keeps_signs else -np.inf)
        return rate * factor, shrink * factor, noise * np.sqrt(factor), np.float32(self.momentum), least


class Layer(Protocol):
    """A layer computes forward, and in one backward visit pushes the gradient back and moves its own parameters."""

    n_inputs: int
    n_outputs: int

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Compute `y` (n_outputs, batch) from `x` (n_inputs, batch), both float32."""
        ...

    def backward(self, x: np.ndarray, dx: np.ndarray, dy: np.ndarray, law: Law) -> None:
        """Write the gradient of what made `x` to `dx` unless it is empty, and move the parameters by `law`."""
        ...
