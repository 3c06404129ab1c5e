"""Rates of spiking neurons: counted, pulled towards a target while learning, and told."""

from __future__ import annotations

import numpy as np


class Rates:
    """Counts the spikes of every neuron, of a batch and of all since they were told last.

    Parameters
    ----------
    neurons : int
    dt : float, ms
        The time step.
    strength : float
        ``strength * mean_j (rate_j - target)**2`` is added to the loss, rates in spikes/ms over all steps and samples
        of a batch.
    target : float, Hz
    """

    def __init__(self, neurons: int, dt: float, strength: float, target: float) -> None:
        self._dt, self._strength, self._target = dt, strength, target / 1000
        self._spikes, self._shown = np.zeros(neurons), 0.0
        self._counted = self._spikes, self._shown

    def count(self, spikes: np.ndarray, steps: float) -> None:
        """Count the spikes of a batch, float64 (neurons,), in so many steps of all samples."""
        self._counted = spikes, steps
        self._spikes += spikes
        self._shown += steps

    @property
    def loss(self) -> float:
        """Return what is added to the loss of the last batch."""
        return self._strength * float(np.square(self._mean() - self._target).mean())

    def wish(self) -> np.ndarray:
        """Return what is added to the gradient of each spike of a neuron, float32 (neurons,)."""
        per_spike = 2 * self._strength / (self._spikes.size * max(self._counted[1], 1.0) * self._dt)
        return (per_spike * (self._mean() - self._target)).astype(np.float32)

    def tell(self) -> np.ndarray:
        """Return the mean rates since the last call, Hz, float64 (neurons,), and count anew."""
        rates = self._spikes / max(self._shown, 1.0) * (1000 / self._dt)
        self._spikes, self._shown = np.zeros_like(self._spikes), 0.0
        return rates

    def _mean(self) -> np.ndarray:
        """Return the mean rates of the last batch, spikes/ms."""
        spikes, steps = self._counted
        return spikes / (max(steps, 1.0) * self._dt)
