"""All layers by the words that name them, and which of them a machine that holds every synapse by itself can take."""

from __future__ import annotations

from typing import Any

from neurosparse.architecture.images import AveragePool, Centre, Conv, Crop, MaxPool, Mirror, Norm, Pad
from neurosparse.architecture.layer import Dense, LayerSpec, layer_text
from neurosparse.architecture.sequences import BiLstm, Last, Leaky, Lif, Lstm, Max, Mean
from neurosparse.errors import BadInput

#: By the word that names them.
KINDS: dict[str, type[Any]] = {
    kind.word: kind
    for kind in (
        Dense,
        Conv,
        Norm,
        MaxPool,
        AveragePool,
        Pad,
        Crop,
        Mirror,
        Centre,
        Lstm,
        BiLstm,
        Lif,
        Leaky,
        Last,
        Mean,
        Max,
    )
}

#: What to do where a machine that holds every synapse by itself cannot take a layer.
HOLDS_WEIGHTS_ONCE = (
    "use a machine that holds each weight once (--profile spinnaker2 with --neurons-per-core and --synapses-per-core)"
)


def no_synapses(layer: LayerSpec, otherwise: str = f"for others {HOLDS_WEIGHTS_ONCE}") -> BadInput:
    """Return the refusal of a layer where every synapse is held, or written, by itself; `otherwise` is what to do."""
    return BadInput(
        f"the layer {layer_text(layer)} cannot be told as synapses between neurons",
        help=f"conv, norm, avgpool, pad, crop, mirror, centre and numbers of neurons can, where there is no time, and"
        f" lif layers with what reads them (one leaky, last or mean); {otherwise}",
    )
