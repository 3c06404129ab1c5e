"""Gradients that are gathered before any weight moves: piece by piece in time, or to clip them all by their norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.lanes import ALWAYS_OPEN, WIDTH
from neurosparse.kernels.spikes import add_lanes
from neurosparse.kernels.through_time import descend_steps
from neurosparse.nn.activations import NOTHING
from neurosparse.nn.descent import descend_by
from neurosparse.nn.layer import Law
from neurosparse.nn.workers import Workers
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


class Gathered:
    """The gradients of the weights of some projections, and then one step with all of them.

    Parameters
    ----------
    store : SynapseStore
    projections : tuple of Projection
        Of the store.
    workers : Workers
    clip : float
        Where weights and biases together have a gradient of a larger Euclidean norm, it is scaled down to this one
        (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013); 0 for no
        such bound.
    in_lanes : bool
        Whether each weight has a vector of sums, 64 bytes, as `push_spikes` takes it, or one, 4 bytes.

    Raises
    ------
    BadInput
        `clip` is no norm.
    """

    def __init__(
        self,
        store: SynapseStore,
        projections: tuple[Projection, ...],
        workers: Workers,
        clip: float,
        *,
        in_lanes: bool,
    ) -> None:
        if not (clip >= 0 and math.isfinite(clip)):
            raise BadInput(f"gradients cannot be clipped at a norm of {clip:g}", help="a norm above 0, or 0 for none")
        self._store, self._projections, self._workers = store, projections, workers
        self._clip, self._in_lanes = clip, in_lanes
        self._sums: list[np.ndarray] = []

    def begin(self) -> None:
        """Forget what was gathered."""
        lanes = (WIDTH,) if self._in_lanes else ()
        self._sums = [np.zeros((self._store.live_of(p), *lanes), np.float32) for p in self._projections]

    def add(self, kernel: Callable[..., None], which: int, signals: tuple[Any, ...], *last: int) -> None:
        """Add the gradients of a projection by some steps, and write `dx` unless it is empty.

        Parameters
        ----------
        kernel : callable
            `spikes.push_spikes`, or `through_time.push_steps`.
        which : int
            The projection.
        signals : (seen, x, dx, dy)
            As the kernel takes them.
        *last : int
            What it takes at the end.
        """
        projection, sums = self._projections[which], self._sums[which]
        row_start, target, _, _ = projection.slots
        jobs = []
        for rows in self._store.segments(projection):
            own = sums[row_start[rows[0]] - row_start[0] :]
            jobs.append((row_start, target, *signals, rows, own, *last))
        self._workers.run(kernel, jobs, self._store.live_of(projection) * signals[-1].shape[1])

    def descend(self, laws: Sequence[Law], bias_sums: np.ndarray) -> None:
        """Move the weights, clip the gradients of the biases with theirs, and forget them.

        Parameters
        ----------
        laws : sequence of Law
            One for each projection.
        bias_sums : ndarray of float32, shape (n_biases, any)
            Each row adds up to the gradient of a bias; scaled in place.
        """
        gradients, self._sums = [self._summed(sums) for sums in self._sums], []
        factor = self._factor([*gradients, bias_sums.sum(axis=1)])
        if factor < 1:
            for array in (*gradients, bias_sums):
                array *= np.float32(factor)
        seen = self._store.seen, ALWAYS_OPEN, np.float32(0.0)
        for projection, gradient, law in zip(self._projections, gradients, laws, strict=True):
            signals = seen, NOTHING, NOTHING, NOTHING, 0, gradient
            descend_by(descend_steps, signals, self._store, projection, law, self._workers, gradient.size)

    def _summed(self, sums: np.ndarray) -> np.ndarray:
        """Return the gradient of each weight."""
        if not self._in_lanes:
            return sums
        gradient = np.empty(sums.shape[0], np.float32)
        add_lanes(sums, gradient)
        return gradient

    def _factor(self, gradients: Sequence[np.ndarray]) -> float:
        """Return what gradients are to be multiplied with: 1 where they are short enough, or infinite."""
        if not self._clip:
            return 1.0
        norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in gradients))
        return self._clip / norm if self._clip < norm < math.inf else 1.0
