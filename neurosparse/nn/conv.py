"""A convolution: the live weights of one projection, each used at every position of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurosparse.architecture.layers import Conv as ConvSpec
from neurosparse.architecture.layers import Shape, padding_before
from neurosparse.kernels.convolution import TILE, convolve, descend_shared, from_planes, push_back, to_planes
from neurosparse.kernels.products import descend_bias
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, padded
from neurosparse.nn.descent import descend_by
from neurosparse.nn.layer import Law, Moment, Signal
from neurosparse.nn.weights import first_weights
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore


@dataclass(frozen=True)
class _Geometry:
    """How an image lies in its planes, and its sums in rows of positions.

    Attributes
    ----------
    shape : tuple of int
        (channels, height, width) of the image.
    out : tuple of int
        (height, width) of the output.
    stride, top, left : int
    rows, pitch : int
        Of one plane of a channel.
    begin : ndarray of int64, shape (size * size,)
        Where, in places of a channel, the run of each (row, column) of the kernel begins.
    """

    shape: Shape
    out: tuple[int, int]
    stride: int
    top: int
    left: int
    rows: int
    pitch: int
    begin: np.ndarray

    @classmethod
    def of(cls, spec: ConvSpec, shape: Shape) -> _Geometry:
        """Return the geometry of a convolution of images."""
        _, height, width = shape
        _, high, wide = spec.shape(shape)
        size, stride = spec.kernel, spec.stride
        top, left = (padding_before(side, spec.kernel, stride, spec.padding) for side in (height, width))
        # The planes hold the padded image, and whatever the last position sees behind it.
        rows = max(high + (size - 1) // stride, -(-(height + top) // stride))
        pitch = max(wide + (size - 1) // stride, -(-(width + left) // stride))
        dy, dx = np.divmod(np.arange(size * size), size)
        phase = dy % stride * stride + dx % stride
        begin = (phase * rows + dy // stride) * pitch + dx // stride
        return cls(shape, (high, wide), stride, top, left, rows, pitch, begin.astype(np.int64))

    @property
    def of_planes(self) -> tuple[int, ...]:
        """Return the shape as `to_planes` takes it."""
        return (*self.shape[1:], self.stride, self.top, self.left, self.rows, self.pitch)


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
        self._geometry = at = _Geometry.of(spec, shape)
        batch = padded(batch)
        self._planes = _planes(shape[0], at.stride**2 * at.rows * at.pitch * batch)
        self._dplanes = NOTHING
        self._begin = at.begin * batch
        self._posts = list(pairwise(projection.n_post * part // store.parts for part in range(store.parts + 1)))
        self._channels = list(pairwise(shape[0] * part // store.parts for part in range(store.parts + 1)))

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

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (channels out * height out * width out, batch) from `x` (channels * height * width, batch)."""
        at, (row_start, target, _, _) = self._geometry, self._projection.slots
        to_planes(x, self._planes, at.of_planes)
        shape = (*at.out, at.pitch, int(self._rectify))
        jobs = [
            ((row_start, target), self._seen, self.bias, self._planes, self._begin, y, shape, posts)
            for posts in self._posts
        ]
        self._workers.run(convolve, jobs, self._work(x.shape[1]))

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty, then visit the live slots: move weights and biases, drop the dead."""
        (law,), at, work = laws, self._geometry, self._work(x.shape[1])
        row_start, target, _, _ = self._projection.slots
        shape = (*at.out, at.pitch)
        if dx.size:
            if not self._dplanes.size:
                self._dplanes = np.zeros_like(self._planes)
            jobs = [
                ((row_start, target), self._store.seen, self._begin, dy, self._dplanes, shape, channels)
                for channels in self._channels
            ]
            self._workers.run(push_back, jobs, work)
            from_planes(self._dplanes, x, dx, at.of_planes, self._gates)
        seen = self._planes, self._begin, dy, shape
        descend_by(descend_shared, seen, self._store, self._projection, law, self._workers, work)
        rate, _, _, momentum, _ = law.numbers()
        descend_bias(self.bias, self._bias_velocity, dy.reshape(self.bias.size, -1), rate, momentum)


def _planes(channels: int, columns: int) -> np.ndarray:
    """Return zeros for the planes of some channels, with room for a tile that begins before the end.

    Rows are an odd number of cache lines apart: channels whose distance is a power of two would share few cache sets.
    """
    lines = -(-(columns + TILE) // 16) | 1
    return np.zeros((channels, 16 * lines), np.float32)
