"""Which steps of the samples of a batch count, where sequences are of unequal length."""

from __future__ import annotations

import numpy as np

from neurosparse.nn.activations import buffer


class StepMask:
    """A number for each step of each sample: 1 where it counts, else 0.

    Parameters
    ----------
    steps, batch : int
    lengths : ndarray of int64, shape (at most batch,), optional
        Steps of each sample that count, read anew by every `look`; all unless told.

    Attributes
    ----------
    keep : ndarray of float32, shape (steps, padded batch)
    """

    def __init__(self, steps: int, batch: int, lengths: np.ndarray | None) -> None:
        self._lengths = lengths
        self.keep = buffer(steps, batch)
        self.keep[:, :batch] = 1.0

    def look(self) -> np.ndarray:
        """Return `keep`, brought up to date."""
        if self._lengths is not None:
            self.keep[:, : self._lengths.size] = np.arange(self.keep.shape[0])[:, None] < self._lengths
        return self.keep
