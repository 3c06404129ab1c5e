"""A convolution: the live weights of one projection, each used at every position of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.architecture.images import Conv as ConvSpec
from neurosparse.architecture.layer import Shape
from neurosparse.kernels.convolution import convolve, push_back, to_planes
from neurosparse.kernels.products import descend_bias
from neurosparse.kernels.shared import descend_shared
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, padded
from neurosparse.nn.descent import descend_by
from neurosparse.nn.geometry import Geometry, Planes
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.weights import first_weights
from neurosparse.nn.workers import Workers, cut
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


class Conv:
    """``y = f(W * x + b)`` with a sparse kernel W: a row is (channel, row, column), a column a channel out.

    Parameters
    ----------
    spec : Conv
        Of `neurosparse.architecture.layers`.
    shape : tuple of int
        (channels, height, width) of the input.
    store : SynapseStore
    projection : Projection
        One of the store's.
    biases : tuple of two ndarray of float32, shape (channels out,)
        The biases and their velocities, the latter of shape (0,) where there is no momentum.
    batch : int
        The most samples at a time: what the layer needs beside its input and output is allocated once.
    activation, below : Activation
        f, and what made the input.
    workers : Workers

    Attributes
    ----------
    bias : ndarray of float32, shape (channels out,)
    """

    def __init__(
        self,
        spec: ConvSpec,
        shape: Shape,
        store: SynapseStore,
        projection: Projection,
        biases: tuple[np.ndarray, np.ndarray],
        batch: int,
        activation: Activation,
        below: Activation,
        workers: Workers,
    ) -> None:
        self.bias, self._bias_velocity = biases
        self._store, self._projection, self._workers = store, projection, workers
        self._rectify = activation.kind != "identity"
        self._seen = store.seen, np.float32(activation.ceiling), np.float32(activation.levels)
        self._gates = below.gates
        self._geometry = at = Geometry.of(spec, shape)
        batch = padded(batch)
        self._planes, self._dplanes = at.image.zeros(shape[0], batch), NOTHING
        self._abreast = n = at.abreast(batch)
        self._begin, self._back = at.begin * n, (at.back[0], at.back[1] * n)
        self._posts, self._channels = cut(projection.n_post, store.parts), cut(shape[0], store.parts)

    @property
    def projections(self) -> tuple[Projection, ...]:
        """Return its only projection."""
        return (self._projection,)

    @property
    def biases(self) -> tuple[np.ndarray, ...]:
        """Return its biases, one a channel."""
        return (self.bias,)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Return nothing: weights are shared over positions."""
        return ((NOTHING, NOTHING),)

    def initialise(self, gain: float, seed: int, fan_in_of: str = "connected") -> None:
        """Give every connection its first weight (see `first_weights`)."""
        first_weights(self._projection, gain, seed, fan_in_of)

    def state(self) -> dict[str, np.ndarray]:
        """Return the biases and their velocities."""
        return {"bias": self.bias, "bias_velocity": self._bias_velocity}

    def _work(self, batch: int) -> int:
        """Return how many multiply-adds one visit of the live slots takes."""
        return self._store.live_of(self._projection) * int(np.prod(self._geometry.out)) * batch

    def _lay_out(self, x: np.ndarray, planes: np.ndarray, shape: Planes, channels: list[tuple[int, int]]) -> None:
        """Copy images, or gradients of sums, into their planes."""
        self._workers.run(to_planes, [(x, planes, (*shape, self._abreast), part) for part in channels], x.size)

    def _runs(self, planes: Planes) -> tuple[int, int]:
        """Return how far rows, and the samples that lie side by side and the next of them, are apart in planes."""
        return planes.pitch, planes.area * self._abreast

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (channels out * height out * width out, batch) from `x` (channels * height * width, batch)."""
        at, (row_start, target, _, _) = self._geometry, self._projection.slots
        self._lay_out(x, self._planes, at.image, self._channels)
        shape = (*at.out, self._abreast, *self._runs(at.image), int(self._rectify))
        jobs = [
            ((row_start, target), self._seen, self.bias, self._planes, self._begin, y, shape, posts)
            for posts in self._posts
        ]
        self._workers.run(convolve, jobs, self._work(x.shape[1]))

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty, then visit the live slots: move weights and biases, drop the dead."""
        (law,), at, work = laws, self._geometry, self._work(x.shape[1])
        row_start, target, _, _ = self._projection.slots
        if dx.size or self._abreast < x.shape[1]:
            if not self._dplanes.size:
                self._dplanes = at.sums.zeros(self.bias.size, dy.shape[1])
            self._lay_out(dy, self._dplanes, at.sums, self._posts)
            first = (at.sums.top * at.sums.pitch + at.sums.left) * self._abreast
            shown, runs = self._dplanes, (*self._runs(at.sums), first)
        else:  # the gradient lies in planes of its own, without a zero between rows
            shown, runs = dy.reshape(self.bias.size, -1), (at.sums.width, 0, 0)
        if dx.size:
            shape = (*at.image[:5], self._abreast, *self._runs(at.sums), self._gates)
            jobs = [
                ((row_start, target), self._store.seen, self._back, self._dplanes, x, dx, shape, channels)
                for channels in self._channels
            ]
            self._workers.run(push_back, jobs, work)
        seen = self._planes, self._begin, shown, (*at.out, x.shape[1], self._abreast, *self._runs(at.image), *runs)
        descend_by(descend_shared, seen, self._store, self._projection, law, self._workers, work)
        rate, _, _, momentum, _ = law.numbers()
        descend_bias(self.bias, self._bias_velocity, dy.reshape(self.bias.size, -1), rate, momentum)
