"""Letting the smallest connections die: of a projection, of each sign of it, or of the whole network."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import prune
from neurosparse.store.store import SynapseStore


def by_projection(store: SynapseStore) -> np.ndarray:
    """Return classes for `drop_smallest` in which each projection is one."""
    return np.repeat(np.arange(len(store.projections)), 2).reshape(-1, 2)


def by_sign(store: SynapseStore) -> np.ndarray:
    """Return classes for `drop_smallest` in which the negative and the positive of each projection are one each."""
    return np.arange(2 * len(store.projections)).reshape(-1, 2)


def together(store: SynapseStore) -> np.ndarray:
    """Return classes for `drop_smallest` in which the whole network is one."""
    return np.zeros((len(store.projections), 2), np.int64)


def count(store: SynapseStore, classes: np.ndarray) -> np.ndarray:
    """Return how many connections each class has after the backward visits of a step: int64 (n_classes,)."""
    found: np.ndarray = prune.count_classes(store.slots, store.blocks, _gaps(store), classes)
    return found


def drop_smallest(
    store: SynapseStore,
    seed: int,
    step: int,
    classes: np.ndarray,
    counts: np.ndarray,
    *,
    scale: np.ndarray | None = None,
    spread: float = 0.0,
) -> None:
    """Let the smallest connections die after the backward visits of `step`; the store must close their gaps.

    Parameters
    ----------
    store : SynapseStore
    seed, step : int
        Name the random stream: among connections of one size it is uniform which die.
    classes : ndarray of int64, shape (n_projections, 2)
        The class of the negative and of the positive connections of each projection.
    counts : ndarray of int64, shape (n_classes,)
        How many of each class die: no more than `count` finds.
    scale : ndarray of float32, shape (n_projections,), optional
        What the sizes of each projection are multiplied by before they are compared; 1 unless told.
    spread : float
        Standard deviation of the half-normal sizes with which newborn begin that take over from the dead (see
        `Births.passes_on`).
    """
    scale = np.ones(len(store.projections), np.float32) if scale is None else scale
    law = classes, scale, counts
    prune.drop_smallest(store.slots, store.blocks, _gaps(store), law, np.float32(spread), (seed, step))


def _gaps(store: SynapseStore) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the segments of the rows, their ends and the deaths, as the kernels take them."""
    return store.segment_row, store.segment_end, store.died
