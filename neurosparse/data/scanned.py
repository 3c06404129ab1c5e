"""Images read as sequences: a row of pixels at each step, or one pixel after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurosparse.data.dataset import Dataset, Split
from neurosparse.data.digits import DIGITS
from neurosparse.data.idx import FASHION_MNIST, MNIST
from neurosparse.data.source import Card, Source


@dataclass(frozen=True)
class Scanned:
    """A named data set of grey images, row by row or pixel by pixel, from top left to bottom right.

    Attributes
    ----------
    images : Source
    unit : str
        ``"rows"`` or ``"pixels"``: what a step is.
    """

    images: Source
    unit: str

    @property
    def name(self) -> str:
        """Return the name: that of the images and the unit."""
        return f"{self.images.card().name}-{self.unit}"

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""
        card = self.images.card()
        _, height, width = card.shape
        shape = (width, height) if self.unit == "rows" else (1, height * width)
        return replace(card, name=self.name, shape=shape, published=card.name)

    def load(self, validation: float) -> Dataset:
        """Return the data set: the same bytes, samples and splits as the images.

        Raises
        ------
        Unavailable, FileFault, BadInput
            As the images do.
        """
        images = self.images.load(validation)
        _, height, width = images.shape
        if self.unit == "pixels":
            # A sequence of one feature lies in memory as the image does.
            return replace(images, name=self.name, shape=(1, height * width))
        train, held_out, test = (Split(by_rows(split.x, height), split.y) for split in images.splits.values())
        shape = (width, height)
        return replace(images, name=self.name, train=train, validation=held_out, test=test, shape=shape)


def by_rows(x: np.ndarray, height: int) -> np.ndarray:
    """Return images as sequences whose step t is row t.

    Parameters
    ----------
    x : ndarray, shape (n_samples, height * width)
        Row by row.
    height : int

    Returns
    -------
    ndarray, shape (n_samples, width * height)
        Feature by feature: all rows of the first column, then all of the second.
    """
    rows = x.reshape(len(x), height, -1)
    return np.ascontiguousarray(rows.transpose(0, 2, 1)).reshape(len(x), -1)


DIGITS_ROWS = Scanned(DIGITS, "rows")
MNIST_ROWS = Scanned(MNIST, "rows")
MNIST_PIXELS = Scanned(MNIST, "pixels")
FASHION_MNIST_ROWS = Scanned(FASHION_MNIST, "rows")
