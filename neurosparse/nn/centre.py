"""A constant less: inputs from 0 to 1 come to lie around zero, where first layers learn better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.weightless import Weightless


class Centre(Weightless):
    """``y = x - value``.

    Parameters
    ----------
    value : float
    """

    def __init__(self, value: float) -> None:
        self._value = np.float32(value)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`."""
        np.subtract(x, self._value, out=y)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Pass the gradient on as it is."""
        if dx.size:
            dx[...] = dy
