"""The learning step of one projection: its backward visit, split into as many parts as the store has."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurosparse.kernels.update import descend
from neurosparse.nn.layer import Law
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore


def fan_in(projection: Projection, fan_in_of: str = "connected") -> float:
    """Return the live inputs on average of a neuron that has any, or of ``"all"``, at least 1."""
    row_start, target, _, _ = projection.slots
    live = target[row_start[0] : row_start[-1]]
    neurons = np.unique(live).size if fan_in_of == "connected" else projection.n_post
    return max(live.size / max(neurons, 1), 1.0)


def descend_all(
    store: SynapseStore,
    projection: Projection,
    workers: Workers,
    ceilings: tuple[np.float32, np.float32],
    x: np.ndarray,
    dx: np.ndarray,
    dy: np.ndarray,
    law: Law,
    *,
    tile: int = 0,
    sums: np.ndarray | None = None,
) -> None:
    """Visit the live slots of a projection once: write `dx` unless it is empty, move the weights, drop the dead.

    Parameters
    ----------
    store : SynapseStore
    projection : Projection
        One of the store's.
    workers : Workers
    ceilings : tuple of two float32
        How `x` was rectified (see `kernels.update.descend`).
    x : ndarray of float32, shape (n_pre, columns)
    dx : ndarray of float32, shape (n_pre, columns) or (0, 0)
    dy : ndarray of float32, shape (n_post, columns)
    law : Law
    tile : int
        Columns of a step of time, where there are such (see `kernels.update.descend`).
    sums : ndarray of float32, shape (n_slots of the projection,), optional
        The gradients, where they have been gathered already.
    """
    seen = (store.seen, *ceilings)
    numbers, moment = law.numbers(), (law.seed, law.step)
    dies = law.dies and bool(store.mortal[projection.index])
    # What is left out keeps to the machine code that other layers use.
    steps: tuple[Any, ...] = (tile, sums) if sums is not None else (tile,) if tile else ()
    died = [part[projection.cores] for part in store.died]
    jobs = [
        (projection.slots, seen, x, dx, dy, numbers, moment, rows, gone[: dies * gone.size], projection.width, *steps)
        for rows, gone in zip(store.segments(projection), died, strict=True)
    ]
    ends = workers.run(descend, jobs, store.live_of(projection) * dy.shape[1])
    begin = projection.index * store.parts
    store.segment_end[begin : begin + store.parts] = ends
