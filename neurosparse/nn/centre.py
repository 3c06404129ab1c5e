"""A constant less: inputs from 0 to 1 come to lie around zero, where first layers learn better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.kernels.gates import close_gates
from neurosparse.nn.activation import Activation
from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.weightless import Weightless


class Centre(Weightless):
    """``y = x - value``.

    Parameters
    ----------
    value : float
    below : Activation
        What made the input.
    """

    def __init__(self, value: float, below: Activation) -> None:
        self._value, self._gates = np.float32(value), below.gates

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`."""
        np.subtract(x, self._value, out=y)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Pass the gradient on where the gates of `x` are open."""
        if dx.size:
            dx[...] = dy
            close_gates(x, dx, (0, x.shape[0]), self._gates)
