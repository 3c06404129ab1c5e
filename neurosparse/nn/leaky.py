"""A readout without weights: every feature of a sequence as a leaky integrator sees it, at each step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.leaky import integrate, integrate_back
from neurosparse.nn.activation import Activation
from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.step_mask import StepMask
from neurosparse.nn.weightless import Weightless


class Leaky(Weightless):
    """``y_t = kappa y_(t-1) + (1 - kappa) x_t`` with ``kappa = exp(-dt / tau)``, from zero.

    The leaky readout neurons of Bellec et al., Nature Communications 11:3625 (2020), with input weighted by
    ``1 - kappa``, so that a constant input is its own output in the end. Between a fully connectable layer, which has
    the weights, and one that makes a number of all steps.

    Parameters
    ----------
    shape : tuple of int
        Features and steps of a sample.
    tau, dt : float, ms
        Time constant and time step.
    batch : int
    below : Activation
        Of the layer that made the input.
    lengths : ndarray of int64, shape (at most batch,), optional
        Steps of each sample that count, read anew by every `forward`; all unless told. The output is zero after them.

    Attributes
    ----------
    shape : tuple of int
        Features and steps.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        tau: float,
        dt: float,
        batch: int,
        below: Activation,
        lengths: np.ndarray | None = None,
    ) -> None:
        if not (tau > 0 and 0 < dt < math.inf):
            raise BadInput(
                "a leaky readout needs a time constant and a time step above 0 ms",
                numbers={"tau": f"{tau:g} ms", "step": f"{dt:g} ms"},
            )
        self.shape = shape
        self._kappa = np.float32(math.exp(-dt / tau))
        self._ceiling = below.gates
        self._mask = StepMask(shape[1], batch, lengths)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`, both float32 (features * steps, batch) and C-ordered."""
        integrate(self._by_time(x), self._mask.look(), self._kappa, self._by_time(y))

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` (features * steps, batch), with the gates of the layer below, unless it is empty."""
        if dx.size:
            integrate_back(
                self._by_time(x), self._mask.keep, self._kappa, self._by_time(dy), self._by_time(dx), self._ceiling
            )

    def _by_time(self, x: np.ndarray) -> np.ndarray:
        """Return a signal as a matrix of features by steps and samples."""
        return x.reshape(self.shape[0], -1)
