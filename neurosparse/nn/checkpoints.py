"""Backpropagation through time in less memory: some states are kept, and the steps between them are taken again."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.through_time import add_steps, push_steps
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.layer import Law
from neurosparse.nn.recurrence import Recurrence
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore


class CheckpointedRecurrence(Recurrence):
    """A `Recurrence` that holds the gates of `held` steps at a time.

    Of n steps it keeps ``n / held`` states and the gates of `held` steps, in place of all states and gates: least with
    about the square root of n (Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174). Every
    step is taken twice. Gradients are gathered from the steps piece by piece: 4 bytes a connection of its projections
    for the time of a backward visit. All results are those of `Recurrence` to the last bit; `signals` are empty.
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
        held: int,
    ) -> None:
        super().__init__(store, projections, biases, workers, keep, below, turned, held)
        n_units, (n_steps, batch) = self._recurrent.n_pre, keep.shape
        self._pieces = [(begin, min(begin + held, n_steps)) for begin in range(0, n_steps, held)]
        self._states = buffer(len(self._pieces) * n_units, batch).reshape(len(self._pieces), n_units, batch)

    def forward(self, x: np.ndarray, h: np.ndarray) -> None:
        """Compute the outputs `h` (units, steps * batch) of `x` (features, steps * batch)."""
        batch = self._keep.shape[1]
        self._cell[:, :batch] = 0
        for state, visits in zip(self._states, self._pieces, strict=True):
            state[:] = self._cell[:, :batch]
            self._visit(x[:, self._columns(visits)], h, visits)
            count = visits[1] - visits[0]
            self._cell[:, :batch] = self._cell[:, count * batch : (count + 1) * batch]

    def backward(self, x: np.ndarray, dx: np.ndarray, h: np.ndarray, dh: np.ndarray, laws: tuple[Law, Law]) -> None:
        """Go back through the steps, write `dx` unless it is empty, and move weights and biases."""
        store, batch = self._store, self._keep.shape[1]
        gradients = [np.zeros(store.live_of(p), np.float32) for p in (self._input, self._recurrent)]
        self._bias_sums[:] = 0
        for state, visits in zip(self._states[::-1], self._pieces[::-1], strict=True):
            columns = self._columns(visits)
            self._cell[:, :batch] = state
            self._visit(x[:, columns], h, visits)
            self._visit_again(dh, visits)
            sums = self._gates[:, : (visits[1] - visits[0]) * batch]
            add_steps(sums, self._bias_sums, self._tile)
            below = dx[:, columns] if dx.size else dx
            self._gather(self._input, self._seen, x[:, columns], below, sums, gradients[0])
            old, sums = self._recurrent_signals(h, visits)
            self._gather(self._recurrent, self._open, old, NOTHING, sums, gradients[1])
        for projection, gradient, law in zip((self._input, self._recurrent), gradients, laws, strict=True):
            self._descend(projection, (self._open, NOTHING, NOTHING, NOTHING, self._tile, gradient), law)
        self._move_biases(laws[0])

    def _columns(self, visits: tuple[int, int]) -> slice:
        """Return the columns of the steps that a range of visits makes up."""
        begin, end = self._steps(visits)
        return slice(begin * self._keep.shape[1], end * self._keep.shape[1])

    def _gather(
        self,
        projection: Projection,
        seen: tuple[np.ndarray, np.float32, np.float32],
        x: np.ndarray,
        dx: np.ndarray,
        dy: np.ndarray,
        gradient: np.ndarray,
    ) -> None:
        """Add to the gradients of a projection those of some steps, and write `dx` unless it is empty."""
        row_start, target, _, _ = projection.slots
        jobs = []
        for rows in self._store.segments(projection):
            own = gradient[row_start[rows[0]] - row_start[0] :]
            jobs.append((row_start, target, seen, x, dx, dy, rows, own, self._tile))
        self._workers.run(push_steps, jobs, self._store.live_of(projection) * dy.shape[1])
