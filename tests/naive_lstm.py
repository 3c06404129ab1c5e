"""Long short-term memory written down once more: plain loops over steps and samples, in float64."""

from __future__ import annotations

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return the logistic function."""
    return 1.0 / (1.0 + np.exp(-z))


def lstm(
    x: np.ndarray, weight: np.ndarray, recurrent: np.ndarray, bias: np.ndarray, lengths: list[int], turned: bool = False
) -> np.ndarray:
    """Return the outputs (units, steps, samples) for `x` (features, steps, samples) in one direction of time.

    `weight` is (features, 4 * units) and `recurrent` (units, 4 * units), with the gates i, f, g, o one after the other.
    A sample begins with a state of zero at its first step, or `turned` at the last of its `lengths` steps.
    """
    units = recurrent.shape[0]
    y = np.zeros((units, *x.shape[1:]))
    for sample in range(x.shape[2]):
        h, c = np.zeros(units), np.zeros(units)
        steps = range(lengths[sample])
        for step in reversed(steps) if turned else steps:
            z = bias + x[:, step, sample] @ weight + h @ recurrent
            i, f, g, o = z.reshape(4, units)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            y[:, step, sample] = h
    return y
