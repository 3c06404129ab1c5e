"""How the images of a convolution, and the gradients of its sums, lie in planes."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Geometry:
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
    before, back_rows, back_pitch : int
        Of the planes of the gradient: rows and columns of zeros before it, and all of them.
    back : tuple of two ndarray of int64, shape (size * size,)
        As `push_back` takes it, in places.
    """

    shape: Shape
    out: tuple[int, int]
    stride: int
    top: int
    left: int
    rows: int
    pitch: int
    begin: np.ndarray
    before: int
    back_rows: int
    back_pitch: int
    back: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, spec: Conv, shape: Shape) -> Geometry:
        """Return the geometry of a convolution of images."""
        _, height, width = shape
        _, high, wide = spec.shape(shape)
        size, stride = spec.kernel, spec.stride
        top, left = (padding_before(side, spec.kernel, stride, spec.padding) for side in (height, width))
        # How many positions before the last that sees a pixel another one may see it.
        before = (size - 1) // stride
        lines, columns = -(-(height + top) // stride), -(-(width + left) // stride)
        # The planes hold the padded image, and whatever the last position sees behind it.
        rows, pitch = max(high + before, lines), max(wide + before, columns)
        i, j = np.divmod(np.arange(size * size, dtype=np.int64), size)
        phase = i % stride * stride + j % stride
        begin = (phase * rows + i // stride) * pitch + j // stride
        back_rows, back_pitch = lines + before, columns + before
        back = phase, (before - i // stride) * back_pitch + before - j // stride
        return cls(
            shape, (high, wide), stride, top, left, rows, pitch, begin, before, back_rows, back_pitch, back
        )  # fmt: skip

    def abreast(self, batch: int) -> int:
        """Return how many samples of a batch of whole vectors lie side by side.

        As few as leave little of a tile idle, but two vectors; and all where the kernel has so few rows that what a
        tile sees is small anyway.
        """
        if self.begin.size * self.shape[0] <= _FEW:
            return batch
        some = [n for n in range(WIDTH, batch + 1, WIDTH) if batch % n == 0 and (n > WIDTH or n == batch)]
        return next((n for n in some if self._used(n) >= _USED), max(some, key=self._used))

    def _used(self, samples: int) -> float:
        """Return which part of its tiles a row of positions of some samples takes."""
        columns = self.out[1] * samples
        return columns / (-(-columns // TILE) * TILE)

    @property
    def of_planes(self) -> tuple[int, ...]:
        """Return the shape as `to_planes` takes it, up to the samples abreast."""
        return (*self.shape[1:], self.stride, self.top, self.left, self.rows, self.pitch)

    @property
    def of_back(self) -> tuple[int, ...]:
        """Return the shape of the planes of the gradient as `to_planes` takes it, up to the samples abreast."""
        return (*self.out, 1, self.before, self.before, self.back_rows, self.back_pitch)

    @property
    def area(self) -> int:
        """Return how many places the planes of a channel have."""
        return self.stride**2 * self.rows * self.pitch

    @property
    def back_area(self) -> int:
        """Return how many places the planes of the gradient of a channel out have."""
        return self.back_rows * self.back_pitch

    def planes(self, batch: int) -> np.ndarray:
        """Return zeros for the planes of the image; a batch of whole vectors."""
        return _planes(self.shape[0], self.area * batch)

    def back_planes(self, channels: int, batch: int) -> np.ndarray:
        """Return zeros for the planes of the gradient of some channels out."""
        return _planes(channels, self.back_area * batch)


def _planes(channels: int, columns: int) -> np.ndarray:
    """Return zeros for the planes of some channels, with room for a tile that begins before the end.

    Rows are an odd number of cache lines apart: channels whose distance is a power of two would share few cache sets.
    """
    lines = -(-(columns + TILE) // 16) | 1
    return buffer(channels, 16 * lines)
