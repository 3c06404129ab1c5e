"""Connection lists: the synapses into a layer, sorted as every tool chain can read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurosparse.spiking.convert import SpikingLayer

RECEPTORS = ("excitatory", "inhibitory")


class Synapses(NamedTuple):
    """Synapses sorted by (pre, post).

    Attributes
    ----------
    pre, post : ndarray of int32, shape (n,)
    weight : ndarray of float64, shape (n,)
        Signed, in the cell's `weight_unit`.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray

    def of(self, receptor: str) -> Synapses:
        """Return those that excite or inhibit; a newborn of weight zero has a sign already, and counts by it."""
        chosen = np.signbit(self.weight) == (receptor == "inhibitory")
        return Synapses(*(part[chosen] for part in self))


def synapses(layer: SpikingLayer) -> Synapses:
    """Return all synapses into a layer."""
    weight = layer.weight.sorted_indices()
    pre = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
    return Synapses(pre, weight.indices.astype(np.int32), weight.data)
