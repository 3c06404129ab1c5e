"""The learning step of one projection: its backward visit, split into as many parts as the store has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurosparse.nn.layer import Law
from neurosparse.nn.workers import Workers
from neurosparse.store.projection import Projection
from neurosparse.store.store import SynapseStore


def descend_by(
    kernel: Callable[..., int],
    signals: tuple[Any, ...],
    store: SynapseStore,
    projection: Projection,
    law: Law,
    workers: Workers,
    work: int,
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
    """
    numbers, moment = law.numbers(), (law.seed, law.step)
    dies = law.dies and bool(store.mortal[projection.index])
    died = [part[projection.cores] for part in store.died]
    jobs = [
        (projection.slots, *signals, numbers, moment, rows, gone[: dies * gone.size], projection.width)
        for rows, gone in zip(store.segments(projection), died, strict=True)
    ]
    ends = workers.run(kernel, jobs, work)
    begin = projection.index * store.parts
    store.segment_end[begin : begin + store.parts] = ends
