"""A fully connectable layer: the live connections of one projection, biases, and a rectifier if asked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from neurosparse.kernels.products import descend_bias, forward
from neurosparse.kernels.update import descend, scatter_weights
from neurosparse.nn.activation import Activation
from neurosparse.nn.layer import Law
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore


class Linear:
    """``y = f(W x + b)`` or ``y = W x + b`` on a projection of a synapse store.

    Parameters
    ----------
    store : SynapseStore
    projection : Projection
        One of the store's.
    biases : tuple of two ndarray of float32, shape (n_post,)
        The biases and their velocities, the latter of shape (0,) where there is no momentum.
    rectify : bool
        Whether there is an activation f after the sums.
    activation : Activation
        That of the hidden layers: f, and what made the input.
    workers : Workers

    Attributes
    ----------
    bias : ndarray of float32, shape (n_post,)
    bias_velocity : ndarray of float32, shape (n_post,) or (0,)
    """

    def __init__(
        self,
        store: SynapseStore,
        projection: Projection,
        biases: tuple[np.ndarray, np.ndarray],
        rectify: bool,
        activation: Activation,
        workers: Workers,
    ) -> None:
        self.n_inputs, self.n_outputs = projection.n_pre, projection.n_post
        self.rectify = rectify
        self.bias, self.bias_velocity = biases
        self._seen = store.seen, np.float32(activation.ceiling), np.float32(activation.levels)
        self._store = store
        self._projection = projection
        self._workers = workers
        self._died = [died[projection.cores] for died in store.died]
        edges = [projection.n_post * part // store.parts for part in range(store.parts + 1)]
        self._posts = list(pairwise(edges))

    def scatter_weights(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection a half-normal size with variance ``gain**2 * 2 / fan_in``, fan-in as it is live.

        He et al. 2015 (arXiv:1502.01852, eq. 10) with the number of live inputs on average of a neuron that has any
        (``"connected"``), or of every neuron of the layer, at least 1 (``"all"``).
        """
        row_start, target, _, _ = self._projection.slots
        live = target[row_start[0] : row_start[-1]]
        neurons = np.unique(live).size if fan_in_of == "connected" else self.n_outputs
        fan_in = max(live.size / max(neurons, 1), 1.0)
        spread = np.float32(gain * np.sqrt(2.0 / fan_in))
        scatter_weights(self._projection.slots, spread, seed, self._projection.index)

    def _work(self, batch: int) -> int:
        """Return how many multiply-adds one visit of the live slots takes."""
        return self._store.live_of(self._projection) * batch

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Compute `y` (n_outputs, batch) from `x` (n_inputs, batch), both float32, batch a multiple of 16."""
        row_start, target, _, _ = self._projection.slots
        jobs = [(row_start, target, self._seen, self.bias, x, y, self.rectify, posts) for posts in self._posts]
        self._workers.run(forward, jobs, self._work(x.shape[1]))

    def backward(self, x: np.ndarray, dx: np.ndarray, dy: np.ndarray, law: Law) -> None:
        """Visit the live slots once: write `dx` unless it is empty, move weights and biases, drop the dead.

        Parameters
        ----------
        x : ndarray of float32, shape (n_inputs, batch)
        dx : ndarray of float32, shape (n_inputs, batch) or (0, 0)
            Gradient of the sums below; `x` is taken to be what the activation made.
        dy : ndarray of float32, shape (n_outputs, batch)
            Gradient of the mean loss with respect to this layer's sums.
        law : Law
        """
        store, projection = self._store, self._projection
        numbers = law.numbers()
        moment = law.seed, law.step
        dies = law.dies and bool(store.mortal[projection.index])
        jobs = [
            (
                projection.slots,
                self._seen,
                x,
                dx,
                dy,
                numbers,
                moment,
                rows,
                died[: dies * died.size],
                projection.width,
            )
            for rows, died in zip(store.segments(projection), self._died, strict=True)
        ]
        ends = self._workers.run(descend, jobs, self._work(x.shape[1]))
        begin = projection.index * store.parts
        store.segment_end[begin : begin + store.parts] = ends
        descend_bias(self.bias, self.bias_velocity, dy, numbers[0], numbers[3])
