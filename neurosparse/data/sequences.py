"""Images as sequences: a row, or a pixel, at each step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurosparse.data.dataset import Dataset, Split
from neurosparse.data.idx import FASHION_MNIST, MNIST, IdxSource
from neurosparse.data.source import Card


@dataclass(frozen=True)
class ImageSequence:
    """A data set of images, shown one row (Le et al., arXiv:1504.00941, by pixels) or one pixel after the other.

    Attributes
    ----------
    images : IdxSource
    by : str
        ``"rows"`` or ``"pixels"``.
    """

    images: IdxSource
    by: str

    @property
    def name(self) -> str:
        """Return the name of the data set."""
        return f"{self.images.name}-{self.by}"

    def card(self) -> Card:
        """Return what is known of the data set without reading it."""
        return replace(self.images.card(), name=self.name)

    def load(self, validation: float) -> Dataset:
        """Return the data set; samples have the shape (28, 28) or (1, 784): features, steps.

        Raises
        ------
        Unavailable, FileFault, BadInput
            As the images do.
        """
        whole = self.images.load(validation)
        _, height, width = whole.shape
        shape = (width, height) if self.by == "rows" else (1, height * width)
        train, held_out, test = (self._of(split, whole.shape) for split in whole.splits.values())
        return replace(whole, name=self.name, shape=shape, train=train, validation=held_out, test=test)

    def _of(self, split: Split, shape: tuple[int, ...]) -> Split:
        """Return the samples of a split feature by feature, each at all steps."""
        if self.by == "pixels":
            return split
        rows = split.x.reshape(len(split), *shape[1:])
        return replace(split, x=np.ascontiguousarray(rows.transpose(0, 2, 1)).reshape(len(split), -1))


MNIST_ROWS = ImageSequence(MNIST, "rows")
MNIST_PIXELS = ImageSequence(MNIST, "pixels")
FASHION_MNIST_ROWS = ImageSequence(FASHION_MNIST, "rows")
