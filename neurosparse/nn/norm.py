"""Normalisation of the sums of a layer over the batch; it folds into weights and biases once they are learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from neurosparse.kernels.norm import measure, normalise, normalise_back
from neurosparse.kernels.products import descend_bias
from neurosparse.nn.activation import Activation
from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.trained import TrainedProjection
from neurosparse.nn.weightless import Weightless
from neurosparse.nn.workers import Workers, cut

#: Added to variances, so that a channel that never changes is not blown up.
EPSILON = np.float32(1e-3)

#: The part of the moments of all batches that stays when those of another are counted in.
KEPT = np.float32(0.99)


class Norm(Weightless):
    """``y = f((x - mean) / deviation + shift)`` for each channel: moments of the batch while learning, else of many.

    Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithms 1 and 2, without the factor gamma: what a rectifier
    makes of it, the next weights can as well, and no connection's sign hangs on it. Its shift takes the place of the
    bias before it.

    Parameters
    ----------
    channels : int
        The neurons, or the channels of an image.
    activation : Activation
        f.
    momentum : bool
        Whether the shift has a velocity.
    lengths : ndarray of int64, shape (batch,)
        0 where there is no sample; kept up to date by whoever reads samples.
    workers : Workers
    parts : int
        As many parts as a pass over the channels is split into.
    """

    def __init__(
        self,
        channels: int,
        activation: Activation,
        momentum: bool,
        lengths: np.ndarray,
        workers: Workers,
        parts: int,
    ) -> None:
        self.activation = activation
        self._seen = (
            int(activation.kind != "identity"),
            np.float32(activation.ceiling),
            np.float32(activation.levels),
        )
        self._shift = np.zeros(channels, np.float32)
        self._velocity = np.zeros(channels if momentum else 0, np.float32)
        self._mean, self._variance = np.zeros(channels, np.float32), np.ones(channels, np.float32)
        self._of_batch = np.zeros(channels, np.float32), np.ones(channels, np.float32)
        self._lengths, self._workers = lengths, workers
        self._parts = cut(channels, parts)

    def state(self) -> dict[str, np.ndarray]:
        """Return the shift, its velocity, and the moments of many batches."""
        return {
            "norm_shift": self._shift,
            "norm_velocity": self._velocity,
            "norm_mean": self._mean,
            "norm_variance": self._variance,
        }

    def _rows(self, signal: np.ndarray) -> np.ndarray:
        """Return a signal (numbers, batch) with a row for each channel."""
        return signal.reshape(self._shift.size, -1)

    def _keep(self, batch: int) -> np.ndarray:
        """Return 1 for each column with a sample and 0 for the others: float32 (1, batch)."""
        return (self._lengths[None, :batch] > 0).astype(np.float32)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`, both float32 (numbers, batch); while learning, count in the moments of the batch."""
        mean, variance = self._mean, self._variance
        if moment is not None:
            mean, variance = self._of_batch
            jobs = [(self._rows(x), self._keep(x.shape[1]), mean, variance, part) for part in self._parts]
            self._workers.run(measure, jobs, x.size)
            self._mean += (1 - KEPT) * (mean - self._mean)
            self._variance += (1 - KEPT) * (variance - self._variance)
        scale = 1 / np.sqrt(variance + EPSILON)
        offset = self._shift - mean * scale
        steps = [(self._rows(x), scale, offset, self._seen, self._rows(y), part) for part in self._parts]
        self._workers.run(normalise, steps, x.size)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx`, and move the shift by the law of the sums that are normalised."""
        (law,) = laws
        mean, variance = self._of_batch
        scale = 1 / np.sqrt(variance + EPSILON)
        keep = self._keep(x.shape[1])
        jobs = [(self._rows(x), keep, mean, scale, self._rows(dy), self._rows(dx), part) for part in self._parts]
        self._workers.run(normalise_back, jobs, x.size)
        rate, _, _, momentum, _ = law.numbers()
        descend_bias(self._shift, self._velocity, self._rows(dy), rate, momentum)

    def folded(self, projection: TrainedProjection) -> TrainedProjection:
        """Return the projection whose sums are normalised as one that computes the same without."""
        scale = 1 / np.sqrt(self._variance + EPSILON)
        weight = projection.weight
        data = weight.data * scale[weight.indices]
        return replace(
            projection,
            weight=csr_array((data, weight.indices, weight.indptr), shape=weight.shape),
            bias=(projection.bias - self._mean) * scale + self._shift,
            activation=self.activation,
        )
