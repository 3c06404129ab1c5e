"""What layers do with their projections at first: check their shapes, and give every connection a weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.kernels.scatter import scatter_weights
from neurosparse.store.projection import Projection


def first_weights(projection: Projection, gain: float, seed: int, fan_in_of: str, factor: float = 2.0) -> None:
    """Give every connection a half-normal size with variance ``gain**2 * factor / fan_in``, fan-in as it is live.

    He et al. 2015 (arXiv:1502.01852, eq. 10) with the number of live inputs on average of a neuron that has any
    (``"connected"``), or of every neuron of the layer, at least 1 (``"all"``); the factor 2 makes up for rectifiers.
    """
    spread = np.float32(gain * np.sqrt(factor / fan_in(projection, fan_in_of)))
    scatter_weights(projection.slots, spread, seed, projection.index)


def fan_in(projection: Projection, fan_in_of: str) -> float:
    """Return the live inputs of a neuron on average, of those that have any (``"connected"``) or of all; at least 1."""
    row_start, target, _, _ = projection.slots
    live = target[row_start[0] : row_start[-1]]
    neurons = np.unique(live).size if fan_in_of == "connected" else projection.n_post
    return float(max(live.size / max(neurons, 1), 1.0))


def check_shapes(projections: Sequence[Projection], wanted: Sequence[tuple[int, int]], layer: str) -> None:
    """Raise BadInput unless the projections of a layer, as it calls itself, have the rows and columns that it wants."""
    if [(p.n_pre, p.n_post) for p in projections] != list(wanted):
        raise BadInput(
            f"{layer} needs other projections",
            numbers={
                "needs": ", ".join(f"{a:,} x {b:,}" for a, b in wanted),
                "there is": ", ".join(f"{p.n_pre:,} x {p.n_post:,}" for p in projections),
            },
        )
