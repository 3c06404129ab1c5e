"""Spiking layers as native Brian2 groups, adaptive thresholds with them."""

from __future__ import annotations

from typing import Any

from neurosparse.errors import BadInput
from neurosparse.export.native.exporter import NativeScript
from neurosparse.spiking.native import NativeLayer, NativeNetwork

#: Brian2's exact integration divides by the difference of the two times.
LEAST_APART = 1e-3


class NativeBrian2(NativeScript):
    """Writes leaky integrate-and-fire groups whose equations are integrated exactly: every spike is found."""

    name, title, schema = "brian2", "Brian2", "neurosparse.export.native.brian2/1"
    template = "native_brian2.py.jinja"

    def check(self, network: NativeNetwork, are_spikes: bool) -> None:
        """Refuse equal times of membrane and synapse."""
        for layer in network.layers:
            cell = layer.cell
            if cell.tau_syn is not None and abs(cell.tau_syn / cell.tau_mem - 1) < LEAST_APART:
                raise BadInput(
                    f"Brian2 integrates the neurons of {layer.name!r} exactly where their two times differ",
                    numbers={"tau_mem": f"{cell.tau_mem:g} ms", "tau_syn": f"{cell.tau_syn:g} ms"},
                    help="train with times that differ by a thousandth, or export to pynn",
                )

    def cell(self, layer: NativeLayer) -> dict[str, Any]:
        """Return nothing: the constants are all there."""
        return {}
