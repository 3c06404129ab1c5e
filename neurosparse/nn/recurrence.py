"""One direction of time of an LSTM: its two projections, its biases, and what it keeps of every step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from neurosparse.kernels.lstm import walk_back, walk_forward
from neurosparse.kernels.products import descend_bias, forward
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.descent import descend_all
from neurosparse.nn.layer import Law
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore

#: i, f, g and o.
GATES = 4
# Below a ceiling of less than zero all gates of `where_open` are open; no levels.
_NO_GATES = np.float32(-1.0), np.float32(0.0)


class Recurrence:
    """The steps of an LSTM from the first to the last, or from the last to the first.

    Parameters
    ----------
    store : SynapseStore
    projections : tuple of two Projection
        Input and recurrent, onto the gates.
    biases : tuple of two ndarray of float32, shape (4 * units,)
        The biases and their velocities, the latter of shape (0,) where there is no momentum.
    workers : Workers
    keep : ndarray of float32, shape (steps, batch)
        1 where a step of a sample counts, else 0.
    below : Activation
        Of what made the input.
    turned : bool
        Whether time runs from the last step to the first.
    every : int
        Steps between two states that are kept.
    """

    def __init__(
        self,
        store: SynapseStore,
        projections: tuple[Projection, Projection],
        biases: tuple[np.ndarray, np.ndarray],
        workers: Workers,
        keep: np.ndarray,
        below: Activation,
        turned: bool,
        every: int,
    ) -> None:
        self._store, self._workers, self._keep, self._turned = store, workers, keep, turned
        self._input, self._recurrent = projections
        self._bias, self._velocity = biases
        self._ceilings = _NO_GATES
        if below.kind != "identity":
            self._ceilings = np.float32(below.ceiling), np.float32(below.levels)
        n_units, (n_steps, batch) = self._recurrent.n_pre, keep.shape
        self._gates = buffer(GATES * n_units, n_steps * batch)
        # The state before the first step is zero, and stays it.
        self._cell = buffer(n_units, (n_steps + 1) * batch)
        self._sums = buffer(GATES * n_units, batch)
        edge = buffer(2 * GATES * n_units, batch).reshape(2, GATES * n_units, batch)
        self._rooms = edge, buffer(n_units, batch), buffer(n_units, batch)
        self._posts = _cut(GATES * n_units, store.parts)
        self._units = _cut(n_units, store.parts)
        self.signals: tuple[tuple[np.ndarray, np.ndarray] | None, ...] = (None, None)

    def forward(self, x: np.ndarray, h: np.ndarray) -> None:
        """Compute the outputs `h` (units, steps * batch) of `x` (features, steps * batch)."""
        row_start, target, _, _ = self._input.slots
        seen = self._store.seen, *self._ceilings
        jobs = [(row_start, target, seen, self._bias, x, self._gates, False, posts) for posts in self._posts]
        self._workers.run(forward, jobs, self._store.live_of(self._input) * x.shape[1])
        self._walk(walk_forward, (self._rows, self._gates, self._cell, h, self._keep, self._sums), 1)

    def backward(self, x: np.ndarray, dx: np.ndarray, h: np.ndarray, dh: np.ndarray, laws: tuple[Law, Law]) -> None:
        """Go back through the steps, write `dx` unless it is empty, and move weights and biases."""
        self._walk(walk_back, (self._rows, self._gates, self._cell, dh, self._keep, self._rooms), -1)
        batch = self._keep.shape[1]
        # What a step got from the step before: the first got nothing.
        if self._turned:
            old, sums = h[:, batch:], self._gates[:, :-batch]
        else:
            old, sums = h[:, :-batch], self._gates[:, batch:]
        self.signals = (x, self._gates), (old, sums)
        descend_all(self._store, self._input, self._workers, self._ceilings, x, dx, self._gates, laws[0])
        descend_all(self._store, self._recurrent, self._workers, _NO_GATES, old, NOTHING, sums, laws[1])
        rate, _, _, momentum, _ = laws[0].numbers()
        descend_bias(self._bias, self._velocity, self._gates, rate, momentum)

    @property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the recurrent weights as the products see them."""
        row_start, target, _, _ = self._recurrent.slots
        return row_start, target, self._store.seen

    def _walk(self, kernel: Callable[..., None], arrays: tuple[Any, ...], stride: int) -> None:
        """Visit all steps in one call, or step by step in parts where a step is work enough for several threads."""
        n_units, (n_steps, batch) = self._recurrent.n_pre, self._keep.shape
        work = (self._store.live_of(self._recurrent) + GATES * n_units) * batch
        if len(self._units) == 1 or work < self._workers.MIN_WORK:
            kernel(*arrays, (0, n_steps, self._turned, 0, 0), (0, n_units))
            return
        for n in range(n_steps)[::stride]:
            walk = n, n + 1, self._turned, 0, 0
            self._workers.run(kernel, [(*arrays, walk, units) for units in self._units], work)


def _cut(size: int, parts: int) -> list[tuple[int, int]]:
    """Return `parts` ranges of about equal size that make up 0 to `size`."""
    return list(pairwise(size * part // parts for part in range(parts + 1)))
