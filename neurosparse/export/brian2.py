"""The Brian2 exporter: a native script whose cells reset softly, which PyNN's standard cells cannot."""

from __future__ import annotations

import numpy as np

from neurosparse.export.connections import synapses
from neurosparse.export.scripted import ScriptedExporter
from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.target import SOFT


class Brian2Exporter(ScriptedExporter):
    """Writes a network of integrate-and-fire cells without leak."""

    name, title, schema, target = "brian2", "Brian2", "neurosparse.export.brian2/1", SOFT
    template, flags = "brian2_network.py.jinja", ""

    def cell(self, spiking: SpikingNetwork, readout: bool, most_steps: int) -> dict[str, float]:
        """Return capacitance (nF) and threshold (mV), which the readout does not have."""
        threshold = {} if readout else {"v_thresh": spiking.cell.threshold}
        return {"cm": spiking.cell.capacitance} | threshold

    def arrays(self, spiking: SpikingNetwork) -> dict[str, np.ndarray]:
        """Return one signed connection list a layer, sorted by (pre, post), its currents and where its cells start."""
        arrays: dict[str, np.ndarray] = {}
        for k, layer in enumerate(spiking.layers, start=1):
            arrays |= {f"layer{k}_{part}": values for part, values in synapses(layer)._asdict().items()}
            arrays |= {f"layer{k}_i_offset": layer.offset, f"layer{k}_v_init": layer.initial}
        return arrays
