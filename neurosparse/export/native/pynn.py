"""Spiking layers in PyNN: IF_curr_exp where spikes bring currents, else IF_curr_delta."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.errors import BadInput
from neurosparse.export.native.exporter import NativeScript
from neurosparse.spiking.native import NativeLayer, NativeNetwork

#: When the first step of a sample begins, ms: NEST takes no earlier spikes.
START = 2.0


class NativePyNN(NativeScript):
    """Writes a network for NEST, NEURON and SpiNNaker."""

    name, title, schema = "pynn", "PyNN", "neurosparse.export.native.pynn/1"
    template, flags = "native_pynn.py.jinja", "--backend nest"
    within, tolerance = 1, 0.99

    def check(self, network: NativeNetwork, are_spikes: bool) -> None:
        """Refuse adaptive thresholds and numbers as input, which PyNN's standard cells do not take."""
        for layer in network.layers:
            if layer.adaptive:
                raise BadInput(
                    f"PyNN has no standard cell with an adaptive threshold, which {layer.adaptive:,} of the"
                    f" {layer.bias.size:,} neurons of {layer.name!r} have",
                    help="export to brian2 or nir, or train without adaptive neurons",
                )
        if not are_spikes:
            raise BadInput(
                "the samples are numbers at each step, and PyNN's sources send spikes",
                help="export to brian2, or train on data in spikes, like fsdd-spikes",
            )

    def cell(self, layer: NativeLayer) -> dict[str, Any]:
        """Return PyNN's cell and its parameters, ms, mV and nF."""
        cell = layer.cell
        synapse = {} if cell.tau_syn is None else {"tau_syn_E": cell.tau_syn, "tau_syn_I": cell.tau_syn}
        return {
            "cell_type": "IF_curr_delta" if cell.tau_syn is None else "IF_curr_exp",
            "parameters": {
                "v_rest": 0.0, "v_reset": 0.0, "v_thresh": 1.0, "cm": 1.0, "tau_m": cell.tau_mem,
                "tau_refrac": cell.refractory, **synapse,
            },
        }  # fmt: skip

    def write(self, new: Path, network: NativeNetwork, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Write script and arrays, and when a sample begins."""
        return super().write(new, network, arrays) | {"start": START}
