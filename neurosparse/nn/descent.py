"""The learning step of one projection: its backward visit, split into as many parts as the store has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurosparse.kernels.update import descend
from neurosparse.nn.layer import Law
from neurosparse.nn.workers import Workers
from neurosparse.store.store import Projection, SynapseStore


def descend_by(
    kernel: Callable[..., int],
    signals: tuple[Any, ...],
    store: SynapseStore,
    projection: Projection,
    law: Law,
    workers: Workers,
    work: int,
    more: tuple[Any, ...] = (),
) -> None:
    """Visit the live slots of a projection once: move the weights, drop the dead, and note where survivors end.

    Parameters
    ----------
    kernel : callable
        `kernels.update.descend`, or another that takes the slots, `signals`, and what follows there.
    signals : tuple
        What the kernel takes for gradients.
    store : SynapseStore
    projection : Projection
        One of the store's.
    law : Law
    workers : Workers
    work : int
        Multiply-adds of the visit.
    more : tuple
        What the kernel takes last.
    """
    numbers, moment = law.numbers(), (law.seed, law.step)
    dies = law.dies and bool(store.mortal[projection.index])
    died = [part[projection.cores] for part in store.died]
    jobs = [
        (projection.slots, *signals, numbers, moment, rows, gone[: dies * gone.size], projection.width, *more)
        for rows, gone in zip(store.segments(projection), died, strict=True)
    ]
    ends = workers.run(kernel, jobs, work)
    begin = projection.index * store.parts
    store.segment_end[begin : begin + store.parts] = ends


def descend_in_time(
    store: SynapseStore,
    projection: Projection,
    workers: Workers,
    ceiling: np.float32,
    signals: tuple[np.ndarray, np.ndarray, np.ndarray],
    law: Law,
    tile: int,
    sums: np.ndarray | None = None,
) -> None:
    """Do as `descend_by` where columns are steps of time.

    Parameters
    ----------
    ceiling : float32
        How the input was rectified (see `kernels.update.descend`).
    signals : tuple of x (n_pre, columns), dx as x or (0, 0), and dy (n_post, columns), each ndarray of float32
    tile : int
        Columns of a step (see `kernels.update.descend`).
    sums : ndarray of float32, shape (n_slots of the projection,), optional
        The gradients, where they have been gathered already.
    """
    seen = store.seen, ceiling, np.float32(0.0)
    more = (tile,) if sums is None else (tile, sums)
    work = store.live_of(projection) * signals[2].shape[1]
    descend_by(descend, (seen, *signals), store, projection, law, workers, work, more)
