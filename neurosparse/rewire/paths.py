"""Births on live paths: what lies on no path from an input to an output is released, and newborn join such paths."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.store.births import Ends
from neurosparse.store.store import SynapseStore

#: Steps from one look at the paths to the next: it costs a visit of the live slots without a batch.
EVERY = 10


class Paths:
    """The ends of the live paths of a chain of projections.

    Parameters
    ----------
    store : SynapseStore
        Its projections form a chain.
    inputs : ndarray of bool, shape (n_inputs,)
        Whether each input is ever on: a connection from one that never is has no gradient.

    Raises
    ------
    BadInput
        The projections are no chain, or `inputs` does not fit.
    """

    def __init__(self, store: SynapseStore, inputs: np.ndarray) -> None:
        sizes = [(p.n_pre, p.n_post) for p in store.projections]
        if inputs.size != sizes[0][0] or any(a[1] != b[0] for a, b in pairwise(sizes)):
            raise BadInput(f"live paths need a chain of projections and a flag for each input, not {sizes}")
        n_posts = [n_post for _, n_post in sizes]
        counts = np.zeros((len(sizes), 3), np.int64)
        counts[1:, 2] = np.cumsum(n_posts)[:-1]
        self.ends: Ends = (
            np.ascontiguousarray(inputs, np.uint8),
            np.zeros(store.layout.n_rows, np.int32),
            np.zeros(sum(n_posts), np.int32),
            counts,
        )

    def is_due(self, step: int) -> bool:
        """Return whether paths are looked for anew in `step`; the first step always is one."""
        return step % EVERY == 1

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that change."""
        return {"open_rows": self.ends[1], "open_posts": self.ends[2], "path_counts": self.ends[3]}
