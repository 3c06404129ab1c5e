"""Layers of images: convolutions, pooling, and parts of images; and the normalisation of sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from neurosparse.architecture.layer import LayerSpec, Matrix, Shape, Weightless, layer_text, shape_text
from neurosparse.errors import BadInput

Padding = Literal["same", "valid"]


@dataclass(frozen=True)
class Conv:
    """A convolution: a weight belongs to (input channel, row, column of the kernel, output channel) at every position.

    ``same`` pads with zeros as TensorFlow does, to ceil(size / stride) positions; ``valid`` does not pad.
    """

    word: ClassVar[str] = "conv"
    channels: int
    kernel: int
    stride: int = 1
    padding: Padding = "same"

    def shape(self, before: Shape) -> Shape:
        """Return (channels, height, width)."""
        _, height, width = _image(before, self)
        return (self.channels, *(_positions(n, self.kernel, self.stride, self.padding, self) for n in (height, width)))

    def matrices(self, before: Shape) -> tuple[Matrix, ...]:
        """Return one shared matrix."""
        _, *positions = self.shape(before)
        return (Matrix(before[0] * self.kernel**2, self.channels, math.prod(positions)),)


@dataclass(frozen=True)
class MaxPool(Weightless):
    """The largest of every window of an image."""

    word: ClassVar[str] = "maxpool"
    size: int
    stride: int = 0
    padding: Padding = "same"

    def shape(self, before: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, height, width = _image(before, self)
        stride = self.stride or self.size
        return (channels, *(_positions(n, self.size, stride, self.padding, self) for n in (height, width)))


@dataclass(frozen=True)
class AveragePool(MaxPool):
    """The mean of every window of an image, of what lies inside it."""

    word: ClassVar[str] = "avgpool"


@dataclass(frozen=True)
class Pad(Weightless):
    """An image with so many rows and columns of zeros on every side: with `Crop`, parts that reach beyond its edge."""

    word: ClassVar[str] = "pad"
    width: int

    def shape(self, before: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, *sides = _image(before, self)
        return (channels, *(side + 2 * self.width for side in sides))


@dataclass(frozen=True)
class Crop(Weightless):
    """A part of an image: a random one while learning, the centre otherwise."""

    word: ClassVar[str] = "crop"
    size: int

    def shape(self, before: Shape) -> Shape:
        """Return (channels, size, size)."""
        channels, *sides = _image(before, self)
        if self.size > min(sides):
            raise _larger("the part", self.size, sides, self)
        return (channels, self.size, self.size)


@dataclass(frozen=True)
class Mirror(Weightless):
    """An image, or while learning half of the time its mirror image, left and right exchanged."""

    word: ClassVar[str] = "mirror"

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        return _image(before, self)


@dataclass(frozen=True)
class Centre(Weightless):
    """A constant less, so that inputs from 0 to 1 lie around zero; it goes into biases where weights follow."""

    word: ClassVar[str] = "centre"
    value: float = 0.5

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        return before


@dataclass(frozen=True)
class Norm(Weightless):
    """Sums normalised over the batch, before the rectifier; it folds into the weights before it (see `nn.norm`)."""

    word: ClassVar[str] = "norm"

    def shape(self, before: Shape) -> Shape:
        """Return the shape as it is."""
        if len(before) == 2:
            raise BadInput("the layer norm normalises images or neurons, and gets a sequence", help="leave it out")
        return before


def padding_before(size: int, window: int, stride: int, padding: Padding) -> int:
    """Return how many rows or columns of padding lie before an image: half of what ``same`` needs, rounded down."""
    if padding == "valid":
        return 0
    return max((-(-size // stride) - 1) * stride + window - size, 0) // 2


def _image(before: Shape, layer: LayerSpec) -> Shape:
    """Return (channels, height, width) of an image; raise BadInput where the input is none."""
    if len(before) != 3:
        raise BadInput(
            f"the layer {layer_text(layer)} needs images, and gets {shape_text(before)}",
            help="put it before fully connected layers, and use a data set of images",
        )
    return before


def _positions(size: int, window: int, stride: int, padding: Padding, layer: LayerSpec) -> int:
    """Return how many places a window has along a side."""
    lengths = {"kernel": window, "stride": stride} if isinstance(layer, Conv) else {"window": window}
    for what, length in lengths.items():
        if length > size:
            raise _larger(f"the {what}", length, [size], layer)
    return -(-size // stride) if padding == "same" else (size - window) // stride + 1


def _larger(what: str, window: int, sides: Sequence[int], layer: LayerSpec) -> BadInput:
    """Return the refusal of a window that is larger than its image."""
    return BadInput(
        f"{what} of the layer {layer_text(layer)} is larger than the image",
        numbers={"needs": f"{window}", "there is": f"{min(sides)}", "too much": f"{window - min(sides)}"},
        help=f"at most {min(sides)}",
    )
