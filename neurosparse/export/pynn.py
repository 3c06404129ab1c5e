"""The PyNN exporter: a script, its arrays and a manifest, which run in NEST, NEURON, Brian2 and on SpiNNaker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.export.connections import RECEPTORS, synapses
from neurosparse.export.scripted import ScriptedExporter
from neurosparse.export.selfcheck import HeldOut
from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.target import PYNN
from neurosparse.spiking.twin import Twin

NEURON_STEP = 0.1
"""Time step for NEURON, ms, which sees spikes late in long steps."""


class PyNNExporter(ScriptedExporter):
    """Writes a network of IF_curr_exp cells, which every back end has."""

    name, title, schema, target = "pynn", "PyNN", "neurosparse.export.pynn/2", PYNN
    template, flags = "pynn_network.py.jinja", "--backend nest"

    def cell(self, spiking: SpikingNetwork, readout: bool, most_steps: int) -> dict[str, float]:
        """Return the parameters of IF_curr_exp."""
        return current_exponential(spiking, readout, most_steps)

    def arrays(self, spiking: SpikingNetwork) -> dict[str, np.ndarray]:
        """Return a connection list for each receptor of a layer, its currents and where its cells start.

        Lists are sorted by (pre, post): sPyNNaker loses synapses of unsorted ones.
        """
        arrays: dict[str, np.ndarray] = {}
        for k, layer in enumerate(spiking.layers, start=1):
            arrays |= {f"layer{k}_i_offset": layer.offset, f"layer{k}_v_init": layer.initial}
            for receptor in RECEPTORS:
                listed = synapses(layer).of(receptor)._asdict()
                arrays |= {f"layer{k}_{receptor}_{part}": values for part, values in listed.items()}
        return arrays

    def write(self, new: Path, twin: Twin, shown: HeldOut, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write script and arrays, and the time step that NEURON needs."""
        own = super().write(new, twin, shown, manifest)
        return own | {"time": manifest["time"] | {"step_neuron": NEURON_STEP}}


def current_exponential(spiking: SpikingNetwork, readout: bool, most_steps: int) -> dict[str, float]:
    """Return the parameters of PyNN's IF_curr_exp: mV, nF and ms."""
    cell = spiking.cell
    return {
        "v_rest": 0.0,
        "v_reset": 0.0,
        "v_thresh": spiking.silent_threshold(most_steps) if readout else cell.threshold - cell.margin,
        "cm": cell.capacitance,
        "tau_m": cell.tau_membrane,
        "tau_refrac": 0.0,
        "tau_syn_E": cell.tau_synapse,
        "tau_syn_I": cell.tau_synapse,
    }
