"""How the images of a convolution, and the gradients of its sums, lie in planes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurosparse.architecture.images import Conv, padding_before
from neurosparse.architecture.layer import Shape
from neurosparse.kernels.convolution import TILE
from neurosparse.kernels.lanes import WIDTH
from neurosparse.nn.activations import buffer

# How much of their tiles the samples that lie side by side have to take.
_USED = 0.8
# Rows of a kernel of which a tile sees so little that all samples may lie side by side.
_FEW = 128


class Planes(NamedTuple):
    """How a channel lies in planes, as `to_planes` takes it but for the samples abreast.

    There are zeros around it, and a plane for each phase of the stride.

    Attributes
    ----------
    height, width : int
        Of what lies in them.
    stride : int
    top, left : int
        Rows and columns of zeros before it.
    rows, pitch : int
        Of one plane, and columns from one row to the next.
    """

    height: int
    width: int
    stride: int
    top: int
    left: int
    rows: int
    pitch: int

    @property
    def area(self) -> int:
        """Return how many places the planes have."""
        return self.stride**2 * self.rows * self.pitch

    def zeros(self, channels: int, batch: int) -> np.ndarray:
        """Return the planes of some channels for a batch of whole vectors, with room for a tile that begins at the end.

        Rows are an odd number of cache lines apart: channels whose distance is a power of two would share few cache
        sets.
        """
        lines = -(-(self.area * batch + TILE) // 16) | 1
        return buffer(channels, 16 * lines)


@dataclass(frozen=True)
class Geometry:
    """How an image lies in its planes, and its sums in rows of positions.

    Attributes
    ----------
    channels : int
        Of the image.
    image, sums : Planes
        Of the image, and of the gradient of its sums.
    begin : ndarray of int64, shape (size * size,)
        Where, in places of a channel, the run of each (row, column) of the kernel begins.
    back : tuple of two ndarray of int64, shape (size * size,)
        As `push_back` takes it, in places.
    """

    channels: int
    image: Planes
    sums: Planes
    begin: np.ndarray
    back: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, spec: Conv, shape: Shape) -> Geometry:
        """Return the geometry of a convolution of images."""
        channels, height, width = shape
        _, high, wide = spec.shape(shape)
        size, stride = spec.kernel, spec.stride
        top, left = (padding_before(side, spec.kernel, stride, spec.padding) for side in (height, width))
        # How many positions before the last that sees a pixel another one may see it.
        before = (size - 1) // stride
        lines, columns = -(-(height + top) // stride), -(-(width + left) // stride)
        # The planes hold the padded image, and whatever the last position sees behind it.
        rows, pitch = max(high + before, lines), max(wide + before, columns)
        image = Planes(height, width, stride, top, left, rows, pitch)
        sums = Planes(high, wide, 1, before, before, lines + before, columns + before)
        i, j = np.divmod(np.arange(size * size, dtype=np.int64), size)
        phase = i % stride * stride + j % stride
        begin = (phase * rows + i // stride) * pitch + j // stride
        back = phase, (before - i // stride) * sums.pitch + before - j // stride
        return cls(channels, image, sums, begin, back)

    @property
    def out(self) -> tuple[int, int]:
        """Return (height, width) of the output."""
        return self.sums.height, self.sums.width

    def abreast(self, batch: int) -> int:
        """Return how many samples of a batch of whole vectors lie side by side.

        As few as leave little of a tile idle, but two vectors; and all where the kernel has so few rows that what a
        tile sees is small anyway.
        """
        if self.begin.size * self.channels <= _FEW:
            return batch
        some = [n for n in range(WIDTH, batch + 1, WIDTH) if batch % n == 0 and (n > WIDTH or n == batch)]
        return next((n for n in some if self._used(n) >= _USED), max(some, key=self._used))

    def _used(self, samples: int) -> float:
        """Return which part of its tiles a row of positions of some samples takes."""
        columns = self.sums.width * samples
        return columns / (-(-columns // TILE) * TILE)
