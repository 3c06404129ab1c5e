"""What a network asks of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from neurosparse.store.projection import Projection


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


#: The random numbers of a step, (seed, step); None while evaluating.
Moment = tuple[int, int] | None

#: Of a projection: its input x (n_pre, columns) and the gradient dy of its sums (n_post, columns), both float32.
Signal = tuple[np.ndarray, np.ndarray]


class Layer(Protocol):
    """A layer computes forward, and on the way back pushes the gradient back and moves its own parameters.

    What goes from layer to layer is float32 of shape (numbers, batch), the batch padded to whole vectors: the numbers
    of a sample in the C order of its shape, which is (neurons,), (features, steps) of a sequence, or (channels, height,
    width) of an image.

    Attributes
    ----------
    projections : tuple of Projection
        Its weights, those of the store in their order; none for a layer without weights.
    biases : tuple of ndarray of float32
        Those of each projection, of shape (n_post,), or (0,) where the sums have them from another.
    signals : tuple of (ndarray, ndarray)
        Of each projection, as the last `backward` left them: the gradient of the mean loss with respect to the weight
        of a pair (i, j), live or dormant, is the sum over the columns of ``x[i] * dy[j]``. Both of shape (0, 0) where
        weights are shared over positions: there are no such two matrices.
    """

    @property
    def projections(self) -> tuple[Projection, ...]: ...  # noqa: D102

    @property
    def biases(self) -> tuple[np.ndarray, ...]: ...  # noqa: D102

    @property
    def signals(self) -> tuple[Signal, ...]: ...  # noqa: D102

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection its first weight."""
        ...

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`; where chance plays a part in learning, `moment` names the random numbers."""
        ...

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write the gradient of what made `x` to `dx` unless it is empty, and move the parameters by `laws`.

        Parameters
        ----------
        x, y : ndarray of float32, shape (numbers, batch)
            As `forward` had and left them.
        dx : ndarray of float32, as `x` or (0, 0)
            Gradient with respect to the sums below where `x` was rectified, else with respect to `x`.
        dy : ndarray of float32, as `y`
            Gradient of the mean loss with respect to this layer's sums where it rectifies, else with respect to `y`.
        laws : sequence of Law
            One a projection; that of the network where there is none.
        """
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that change in training beside those of the store, by name: not copies."""
        ...
