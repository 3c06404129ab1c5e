"""Layers without weights that make one number of all steps of a feature: the last one, their mean, or the largest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.kernels.over_time import find_largest, pass_to_largest, weigh, weigh_back
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import padded
from neurosparse.nn.layer import Law, Moment
from neurosparse.nn.weightless import Weightless


class _OverTime(Weightless):
    """What they have in common: a sequence below, and how many of its steps count.

    Parameters
    ----------
    shape : tuple of int
        Features and steps of a sample.
    batch : int
    below : Activation
        Of the layer that made the input.
    lengths : ndarray of int64, shape (at most batch,), optional
        Steps of each sample that count, read anew by every `forward`; all unless told. The output is zero where none
        does.

    Attributes
    ----------
    shape : tuple of int
        Features alone.
    """

    def __init__(
        self, shape: tuple[int, int], batch: int, below: Activation, lengths: np.ndarray | None = None
    ) -> None:
        features, self._n_steps = shape
        self.shape = (features,)
        self._ceiling = below.gates
        self._lengths = lengths
        self._length = np.full(padded(batch), self._n_steps, np.int32)

    def _look(self) -> None:
        """Bring the lengths up to date."""
        if self._lengths is not None:
            self._length[: self._lengths.size] = self._lengths

    def _by_time(self, x: np.ndarray) -> np.ndarray:
        """Return a signal as a matrix of features by steps and samples."""
        return x.reshape(self.shape[0], -1)


class _Weighted(_OverTime):
    """A weighted sum over the steps; see `_OverTime`."""

    def __init__(
        self, shape: tuple[int, int], batch: int, below: Activation, lengths: np.ndarray | None = None
    ) -> None:
        super().__init__(shape, batch, below, lengths)
        self._share = np.empty((self._n_steps, self._length.size), np.float32)
        self._weigh()

    def _weigh(self) -> None:
        """Write the share of every step of every sample."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (features, batch) from `x` (features * steps, batch), both float32 and C-ordered."""
        if self._lengths is not None:
            self._look()
            self._weigh()
        weigh(self._by_time(x), self._share, y)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` (features * steps, batch), with the gates of the layer below, unless it is empty."""
        if dx.size:
            weigh_back(self._by_time(x), self._share, dy, self._by_time(dx), self._ceiling)


class Last(_Weighted):
    """The value of each feature at the last step of a sample that counts; see `_OverTime`."""

    def _weigh(self) -> None:
        self._share[:] = np.arange(self._n_steps)[:, None] == self._length - 1


class Mean(_Weighted):
    """The mean of each feature over the steps of a sample that count; see `_OverTime`."""

    def _weigh(self) -> None:
        counts = np.arange(self._n_steps)[:, None] < self._length
        np.divide(counts, np.maximum(self._length, 1), out=self._share, casting="same_kind")


class Max(_OverTime):
    """The largest value of each feature over the steps that count, whose first step gets the gradient."""

    def __init__(
        self, shape: tuple[int, int], batch: int, below: Activation, lengths: np.ndarray | None = None
    ) -> None:
        super().__init__(shape, batch, below, lengths)
        self._first = np.zeros((shape[0], self._length.size), np.int32)

    def forward(self, x: np.ndarray, y: np.ndarray, moment: Moment = None) -> None:
        """Compute `y` (features, batch) from `x` (features * steps, batch), both float32 and C-ordered."""
        self._look()
        find_largest(self._by_time(x), self._length, y, self._first)

    def backward(self, x: np.ndarray, dx: np.ndarray, y: np.ndarray, dy: np.ndarray, laws: Sequence[Law]) -> None:
        """Write `dx` (features * steps, batch), with the gates of the layer below, unless it is empty."""
        if dx.size:
            pass_to_largest(self._by_time(x), self._first, dy, self._by_time(dx), self._ceiling)
