"""Views of images: a part of each or its mirror image, drawn while learning, and zeros around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.architecture.layer import Shape
from neurosparse.kernels.views import draw_parts, draw_sides, view, view_back
from neurosparse.nn.activations import padded
from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.weightless import Weightless


class Pad(Weightless):
    """Each image with zeros around it.

    Parameters
    ----------
    width : int
        Rows and columns of zeros on every side.
    shape : tuple of int
        (channels, height, width) of the input.
    batch : int
        The most samples at a time.
    """

    def __init__(self, width: int, shape: Shape, batch: int) -> None:
        _, high, wide = shape
        self._shape = high + 2 * width, wide + 2 * width, high, wide
        self._corner = np.full((2, padded(batch)), width, np.int64)
        self._is_mirrored = np.zeros(padded(batch), np.bool_)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`, both float32 (numbers, batch)."""
        view_back(y, x, self._corner, self._is_mirrored, self._shape)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty."""
        if dx.size:
            view(dy, dx, self._corner, self._is_mirrored, self._shape)


class Crop(Weightless):
    """A square part of each image: anywhere while learning, drawn for each sample; the centre while evaluating.

    Parameters
    ----------
    size : int
        Height and width of the part.
    shape : tuple of int
        (channels, height, width) of the input.
    batch : int
        The most samples at a time.
    layer : int
        The place of the layer in its network: names its random numbers.
    """

    def __init__(self, size: int, shape: Shape, batch: int, layer: int) -> None:
        _, height, width = shape
        self._shape = height, width, size, size
        self._room = height - size, width - size
        self._layer = layer
        self._corner = np.zeros((2, padded(batch)), np.int64)
        self._is_mirrored = np.zeros(padded(batch), np.bool_)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (channels * size * size, batch) from `x` (channels * height * width, batch)."""
        if moment is None:
            self._corner[:] = np.array(self._room)[:, None] // 2
        else:
            draw_parts(self._corner, moment, self._layer, self._room)
        view(x, y, self._corner, self._is_mirrored, self._shape)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty."""
        if dx.size:
            view_back(dx, dy, self._corner, self._is_mirrored, self._shape)


class Mirror(Weightless):
    """Each image, or while learning its mirror image with probability 1/2; parameters as `Crop` takes them."""

    def __init__(self, shape: Shape, batch: int, layer: int) -> None:
        _, height, width = shape
        self._shape = height, width, height, width
        self._layer = layer
        self._corner = np.zeros((2, padded(batch)), np.int64)
        self._is_mirrored = np.zeros(padded(batch), np.bool_)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` from `x`, both (channels * height * width, batch)."""
        self._is_mirrored[:] = False
        if moment is not None:
            draw_sides(self._is_mirrored, moment, self._layer)
        view(x, y, self._corner, self._is_mirrored, self._shape)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` unless it is empty."""
        if dx.size:
            view_back(dx, dy, self._corner, self._is_mirrored, self._shape)
