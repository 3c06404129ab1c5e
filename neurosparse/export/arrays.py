"""What exports say alike of a spiking network: connection lists, layers, and how it was scaled and chosen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.nn.compact import Compacted
from neurosparse.spiking.convert import PERCENTILE, SpikingLayer
from neurosparse.spiking.twin import CHOICE_SAMPLES, CHOICE_SPLITS, Conversion, Twin

RECEPTORS = ("excitatory", "inhibitory")
MOST_STEPS = 512
"""What is exported shows samples for so many steps at least, if asked to, or for twice the steps that were chosen."""


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


def most_steps(twin: Twin) -> int:
    """Return for how many steps at most a sample may be shown."""
    return max(MOST_STEPS, 2 * twin.chosen.steps)


def layers(twin: Twin, compacted: Compacted | None) -> list[dict[str, Any]]:
    """Return what a manifest says of each layer, the input first, but for its cells; names are data, never code.

    Of a compacted network also which neurons of the whole one a layer has.
    """
    network, spiking = twin.network, twin.spiking
    found: list[dict[str, Any]] = [{"name": network.projections[0].pre, "size": network.sizes[0]}]
    for k, (projection, layer) in enumerate(zip(network.projections, spiking.layers, strict=True), start=1):
        inhibitory = int(np.count_nonzero(np.signbit(layer.weight.data)))
        found.append(
            {
                "name": projection.post,
                "size": network.sizes[k],
                "projection": projection.name,
                "excitatory": layer.weight.nnz - inhibitory,
                "inhibitory": inhibitory,
                "activation_scale": spiking.scales[k - 1],
            }
        )
    if compacted is not None:
        for entry in found:
            entry["neurons"] = compacted.kept[entry["name"]].tolist()
    return found


def common(twin: Twin, asked: Conversion, dataset: Dataset, samples: int) -> dict[str, Any]:
    """Return the part of a manifest that all exports of spiking networks share: units, scaling, choices, samples."""
    cell, spiking, chosen = twin.spiking.cell, twin.spiking, twin.chosen
    per_theta = "theta * cm / tau_syn" if cell.tau_synapse else "theta"
    return {
        "units": {"time": "ms", "potential": "mV", "current": "nA", "capacitance": "nF", "weight": cell.weight_unit},
        "scaling": {
            "theta": cell.threshold,
            "rate": spiking.rate,
            "percentile": PERCENTILE,
            "weight_bits": asked.weight_bits,
            "weight": f"w * scale(pre) / scale(post) * {per_theta}",
            "i_offset": "b / scale(post) * theta * cm / step",
            "v_init": "theta / 2 (0 for the last layer), less what i_offset brings before spikes arrive",
            "scale": "1 for the input, activation_scale / rate for the other layers",
        },
        "choice": {
            "on": CHOICE_SPLITS,
            "samples": min(CHOICE_SAMPLES, len(dataset.validation) + len(dataset.train)),
            "agreement": chosen.agreement,
            "allowed_loss": asked.allowed_loss,
        },
        "samples": {"dataset": dataset.name, "split": "test", "count": samples},
    }
