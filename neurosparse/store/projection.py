"""One projection's view of the synapse store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Slots = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Projection:
    """One projection's view of the arena.

    Attributes
    ----------
    index : int
    n_pre, n_post, width : int
    rows : tuple of int
        First row in the arena and the row after the last.
    cores : slice
        Its cores in the store's per-core arrays.
    slots : tuple of ndarray
        ``(row_start[rows], target, weight, velocity)``: views; row starts count from the start of the arena.
    """

    index: int
    n_pre: int
    n_post: int
    width: int
    rows: tuple[int, int]
    cores: slice
    slots: Slots
