"""A network as it stands, copied as a value."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.sparse import csr_array

from neurosparse.nn.activation import Activation
from neurosparse.nn.layer import Layer
from neurosparse.nn.trained import TrainedProjection
from neurosparse.store.store import SynapseStore

#: What a projection and the populations that it joins are called: name, pre, post.
Ends = tuple[str, str, str]


def trained_projections(
    store: SynapseStore, layers: Sequence[Layer], ends: Sequence[Ends], rectified: Sequence[Activation]
) -> tuple[TrainedProjection, ...]:
    """Return copies of the projections of some layers, with the weights that the network sees.

    Parameters
    ----------
    ends : sequence of (str, str, str)
        One a projection.
    rectified : sequence of Activation
        One a layer: what it makes of its sums.
    """
    store.look()
    left = iter(ends)
    found = []
    for layer, activation in zip(layers, rectified, strict=True):
        for p, bias in zip(layer.projections, layer.biases, strict=True):
            row_start, target, _, _ = p.slots
            slots = slice(row_start[0], row_start[-1])
            weight = store.seen[slots].copy(), target[slots].copy(), row_start - row_start[0]
            matrix = csr_array(weight, shape=(p.n_pre, p.n_post))
            found.append(TrainedProjection(*next(left), matrix, bias.copy(), activation))
    return tuple(found)
