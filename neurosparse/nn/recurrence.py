"""One direction of time of an LSTM: its two projections, its biases, and what it keeps of every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurosparse.kernels.lanes import ALWAYS_OPEN
from neurosparse.kernels.lstm import walk_back, walk_forward
from neurosparse.kernels.products import descend_bias, forward
from neurosparse.kernels.through_time import add_steps, descend_steps, push_steps
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.descent import descend_by
from neurosparse.nn.gathered import Gathered
from neurosparse.nn.layer import Law, Signal
from neurosparse.nn.walk import walk
from neurosparse.nn.workers import Workers, cut
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore

#: i, f, g and o.
GATES = 4
_NOT_GATHERED = np.zeros(0, np.float32)


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
    held : int
        Steps for whose gates and states there is room: all of them.
    clip : float
        The largest norm of the gradient of all weights and biases (see `Gathered`); 0 for any.
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
        self._store, self._workers, self._keep, self._turned = store, workers, keep, turned
        self._input, self._recurrent = projections
        self._bias, self._velocity = biases
        # What the products see, and how the gates of what made their inputs are closed.
        self._seen = store.seen, below.gates, np.float32(0.0)
        self._open = store.seen, ALWAYS_OPEN, np.float32(0.0)
        n_units, batch = self._recurrent.n_pre, keep.shape[1]
        self._gates = buffer(GATES * n_units, held * batch)
        # The state before the first step is zero, and stays it.
        self._cell = buffer(n_units, (held + 1) * batch)
        self._sums = buffer(GATES * n_units, batch)
        edge = buffer(2 * GATES * n_units, batch).reshape(2, GATES * n_units, batch)
        self._rooms = edge, buffer(n_units, batch), buffer(n_units, batch)
        self._bias_sums = buffer(GATES * n_units, 1)
        # Gradients are added in the order in which steps are visited on the way back.
        self._tile = batch if turned else -batch
        self._clip, self._gathered = clip, Gathered(store, projections, workers, clip, in_lanes=False)
        self._posts = cut(GATES * n_units, store.parts)
        self._units = cut(n_units, store.parts)
        self.signals: tuple[Signal, ...] = ((NOTHING, NOTHING), (NOTHING, NOTHING))

    def forward(self, x: np.ndarray, h: np.ndarray) -> None:
        """Compute the outputs `h` (units, steps * batch) of `x` (features, steps * batch)."""
        self._visit(x, h, (0, self._keep.shape[0]))

    def backward(self, x: np.ndarray, dx: np.ndarray, h: np.ndarray, dh: np.ndarray, laws: tuple[Law, Law]) -> None:
        """Go back through the steps, write `dx` unless it is empty, and move weights and biases."""
        self._visit_again(dh, (0, self._keep.shape[0]))
        self.signals = (x, self._gates), self._recurrent_signals(h, (0, self._keep.shape[0]))
        self._bias_sums[:] = 0
        add_steps(self._gates, self._bias_sums, self._tile)
        if self._clip:
            self._gathered.begin()
            self._gather(self.signals, dx)
            self._gathered.descend(laws, self._bias_sums)
        else:
            self._descend(dx, laws)
        self._move_biases(laws[0])

    def _descend(self, dx: np.ndarray, laws: tuple[Law, Law]) -> None:
        """Move the weights of both projections, each while its gradients are summed up."""
        projections = self._input, self._recurrent
        for projection, signals, law in zip(projections, self._visits(self.signals, dx), laws, strict=True):
            work = self._store.live_of(projection) * signals[1].shape[1]
            taken = *signals, self._tile, _NOT_GATHERED
            descend_by(descend_steps, taken, self._store, projection, law, self._workers, work)

    def _gather(self, signals: tuple[Signal, ...], dx: np.ndarray) -> None:
        """Add to the gradients those of some steps, and write `dx`, the part of these steps, unless it is empty."""
        for which, taken in enumerate(self._visits(signals, dx)):
            self._gathered.add(push_steps, which, taken, self._tile)

    def _visits(self, signals: tuple[Signal, ...], dx: np.ndarray) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return (seen, x, dx, dy) of a visit of the weights of both projections."""
        (x, sums), (old, late) = signals
        return (self._seen, x, dx, sums), (self._open, old, NOTHING, late)

    def _steps(self, visits: tuple[int, int]) -> tuple[int, int]:
        """Return the range of steps that a range of visits makes up."""
        n_steps = self._keep.shape[0]
        return (n_steps - visits[1], n_steps - visits[0]) if self._turned else visits

    def _visit(self, x: np.ndarray, h: np.ndarray, visits: tuple[int, int]) -> None:
        """Take steps for which there is room, from the state that stands first in the room for states.

        `x` holds the columns of these steps alone, `h` those of all.
        """
        row_start, target, _, _ = self._input.slots
        jobs = [(row_start, target, self._seen, self._bias, x, self._gates, False, posts) for posts in self._posts]
        self._workers.run(forward, jobs, self._store.live_of(self._input) * x.shape[1])
        self._walk(walk_forward, (self._rows, self._gates, self._cell, h, self._keep, self._sums), visits, 1)

    def _visit_again(self, dh: np.ndarray, visits: tuple[int, int]) -> None:
        """Turn the gates of the steps visited last into gradients of their sums."""
        self._walk(walk_back, (self._rows, self._gates, self._cell, dh, self._keep, self._rooms), visits, -1)

    def _walk(self, kernel: Callable[..., None], arrays: tuple[Any, ...], visits: tuple[int, int], stride: int) -> None:
        """Make visits, upwards or downwards."""
        n_units, batch = self._recurrent.n_pre, self._keep.shape[1]
        held = self._turned, visits[0], self._steps(visits)[0]
        work = (self._store.live_of(self._recurrent) + GATES * n_units) * batch
        walk(kernel, arrays, visits, held, self._units, self._workers, work, stride)

    def _recurrent_signals(self, h: np.ndarray, visits: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return what steps got from those before, the first of all nothing, and the gradients of their sums."""
        (begin, end), batch = self._steps(visits), self._keep.shape[1]
        count, fresh = end - begin, int(visits[0] == 0)
        if self._turned:
            return h[:, (begin + 1) * batch : (end + 1 - fresh) * batch], self._gates[:, : (count - fresh) * batch]
        old = h[:, (begin - 1 + fresh) * batch : (end - 1) * batch]
        return old, self._gates[:, fresh * batch : count * batch]

    def _move_biases(self, law: Law) -> None:
        """Move the biases down the gradients that were added up."""
        rate, _, _, momentum, _ = law.numbers()
        descend_bias(self._bias, self._velocity, self._bias_sums, rate, momentum)

    @property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the recurrent weights as the products see them."""
        row_start, target, _, _ = self._recurrent.slots
        return row_start, target, self._store.seen
