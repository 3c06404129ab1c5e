"""Backpropagation through time in less memory: some states are kept, and the steps between them are taken again."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.through_time import add_steps
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import buffer
from neurosparse.nn.layer import Law
from neurosparse.nn.recurrence import Recurrence
from neurosparse.nn.workers import Workers
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


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
        clip: float,
    ) -> None:
        super().__init__(store, projections, biases, workers, keep, below, turned, held, clip)
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
        batch = self._keep.shape[1]
        self._gathered.begin()
        self._bias_sums[:] = 0
        for state, visits in zip(self._states[::-1], self._pieces[::-1], strict=True):
            columns = self._columns(visits)
            self._cell[:, :batch] = state
            self._visit(x[:, columns], h, visits)
            self._visit_again(dh, visits)
            sums = self._gates[:, : (visits[1] - visits[0]) * batch]
            add_steps(sums, self._bias_sums, self._tile)
            below = dx[:, columns] if dx.size else dx
            self._gather(((x[:, columns], sums), self._recurrent_signals(h, visits)), below)
        self._gathered.descend(laws, self._bias_sums)
        self._move_biases(laws[0])

    def _columns(self, visits: tuple[int, int]) -> slice:
        """Return the columns of the steps that a range of visits makes up."""
        begin, end = self._steps(visits)
        return slice(begin * self._keep.shape[1], end * self._keep.shape[1])
