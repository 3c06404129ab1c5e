"""A fully connectable layer: the live connections of one projection, biases, and a rectifier if asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.kernels.products import descend_bias, forward
from neurosparse.kernels.update import descend
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING
from neurosparse.nn.descent import descend_by
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.weights import first_weights
from neurosparse.nn.workers import Workers, cut
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


class Linear:
    """``y = f(W x + b)`` or ``y = W x + b`` on a projection of a synapse store; of a sequence, at each step.

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
        f.
    workers : Workers
    below : Activation, optional
        What made the input; `activation` unless told.

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
        below: Activation | None = None,
    ) -> None:
        self.n_inputs, self.n_outputs = projection.n_pre, projection.n_post
        self.rectify = rectify
        self.bias, self.bias_velocity = biases
        self._seen = store.seen, np.float32(activation.ceiling), np.float32(activation.levels)
        below = activation if below is None else below
        self._gates = store.seen, below.gates, np.float32(0)
        self._signal = NOTHING, NOTHING
        self._store = store
        self._projection = projection
        self._workers = workers
        self._posts = cut(projection.n_post, store.parts)

    @property
    def projections(self) -> tuple[Projection, ...]:
        """Return its only projection."""
        return (self._projection,)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """Return its biases."""
        return (self.bias,)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Return input and gradient of the sums as the last step left them."""
        return (self._signal,)

    def state(self) -> dict[str, np.ndarray]:
        """Return the biases and their velocities."""
        return {"bias": self.bias, "bias_velocity": self.bias_velocity}

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection its first weight (see `first_weights`)."""
        first_weights(self._projection, gain, seed, fan_in_of)

    def _work(self, batch: int) -> int:
        """Return how many multiply-adds one visit of the live slots takes."""
        return self._store.live_of(self._projection) * batch

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (n_outputs, columns) from `x` (n_inputs, columns), both float32, columns a multiple of 16."""
        x, y = x.reshape(self.n_inputs, -1), y.reshape(self.n_outputs, -1)
        row_start, target, _, _ = self._projection.slots
        jobs = [(row_start, target, self._seen, self.bias, x, y, self.rectify, posts) for posts in self._posts]
        self._workers.run(forward, jobs, self._work(x.shape[1]))

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Visit the live slots once: write `dx` unless it is empty, move weights and biases, drop the dead.

        Parameters
        ----------
        x : ndarray of float32, shape (n_inputs, columns)
        dx : ndarray of float32, shape (n_inputs, columns) or (0, 0)
            Gradient of the sums below; `x` is taken to be what `below` made.
        dy : ndarray of float32, shape (n_outputs, columns)
            Gradient of the mean loss with respect to this layer's sums.
        laws : sequence of one Law
        """
        (law,) = laws
        x, dy = x.reshape(self.n_inputs, -1), dy.reshape(self.n_outputs, -1)
        if dx.size:
            dx = dx.reshape(self.n_inputs, -1)
        self._signal = x, dy
        seen = self._gates, x, dx, dy
        descend_by(descend, seen, self._store, self._projection, law, self._workers, self._work(x.shape[1]))
        rate, _, _, momentum, _ = law.numbers()
        descend_bias(self.bias, self.bias_velocity, dy, rate, momentum)
