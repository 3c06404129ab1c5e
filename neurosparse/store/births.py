"""Where newborn connections come from, as a store is told in a step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurosparse.kernels.rewire import ANEW

#: (inputs, open_rows, open_posts, counts), see `neurosparse.kernels.paths.keep_to_paths`.
Ends = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
#: (candidate, score, place, scale), see `neurosparse.kernels.audition.take_best`.
Queue = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

NO_ENDS: Ends = (np.empty(0, np.uint8), np.empty(0, np.int32), np.empty(0, np.int32), np.empty((0, 3), np.int64))
NO_QUEUE: Queue = (np.empty(0, np.int64), np.empty(0, np.float32), np.empty((0, 2), np.int64), np.empty(0, np.float32))


class Births(NamedTuple):
    """How a step finds its newborn.

    Attributes
    ----------
    signs : int
        ANEW, FIXED or DALE of `neurosparse.kernels.rewire`.
    passes_on : bool
        Whether a newborn begins with the overshoot of one that died, or at 0.
    ends : tuple
        Ends of live paths; without any, births keep to no path.
    releases : bool
        Whether connections on no live path are released in this step.
    queue : tuple
        What was auditioned, best first.
    """

    signs: int = ANEW
    passes_on: bool = False
    ends: Ends = NO_ENDS
    releases: bool = False
    queue: Queue = NO_QUEUE


ANYWHERE = Births()
