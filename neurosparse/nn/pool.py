"""Pooling: the largest number, or the mean, of every window of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurosparse.architecture.images import MaxPool as Spec
from neurosparse.architecture.images import padding_before
from neurosparse.architecture.layer import Shape
from neurosparse.kernels.pooling import average_pool, average_pool_back, max_pool, max_pool_back
from neurosparse.nn.activation import Activation
from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.weightless import Weightless
from neurosparse.nn.workers import Workers, cut


class MaxPool(Weightless):
    """The largest number of every window; the first of them, row by row, has the gradient.

    Parameters
    ----------
    spec : MaxPool
        Of `neurosparse.architecture.layers`.
    shape : tuple of int
        (channels, height, width) of the input.
    below : Activation
        What made the input.
    workers : Workers
    parts : int
        Into how many ranges channels are cut at most.
    """

    def __init__(self, spec: Spec, shape: Shape, below: Activation, workers: Workers, parts: int) -> None:
        channels, height, width = shape
        _, high, wide = spec.shape(shape)
        stride = spec.stride or spec.size
        top, left = (padding_before(side, spec.size, stride, spec.padding) for side in (height, width))
        self._shape = height, width, high, wide, spec.size, stride, top, left
        self._gates = below.gates
        self._workers, self._channels = workers, cut(channels, parts)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (channels * high * wide, batch) from `x` (channels * height * width, batch)."""
        self._run(max_pool, y, (x, y, self._shape))

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty."""
        if dx.size:
            self._run(max_pool_back, y, (x, dx, y, dy, self._shape, self._gates))

    def _run(self, kernel: Callable[..., None], y: np.ndarray, arguments: tuple[Any, ...]) -> None:
        """Run a kernel on all channels; the work is as many numbers as the windows of the output `y` hold."""
        jobs = [(*arguments, channels) for channels in self._channels]
        self._workers.run(kernel, jobs, y.size * self._shape[4] ** 2)


class AveragePool(MaxPool):
    """The mean of what lies inside the image of every window; parameters as `MaxPool` takes them."""

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (channels * high * wide, batch) from `x` (channels * height * width, batch)."""
        self._run(average_pool, y, (x, y, self._shape))

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty."""
        if dx.size:
            self._run(average_pool_back, y, (x, dx, dy, self._shape, self._gates))
