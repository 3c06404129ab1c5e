"""Spiking layers as a graph in the Neuromorphic Intermediate Representation: LIF, CubaLIF, Delay and dense weights."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import write_arrays, write_bytes
from neurosparse.errors import BadInput, OverBudget, shortage
from neurosparse.export.native.exporter import NativeExporter
from neurosparse.export.nir import GRAPH, MOST_DENSE, SAMPLES, package
from neurosparse.spiking.fire import fire
from neurosparse.spiking.native import Connections, NativeLayer, NativeNetwork
from neurosparse.units import format_bytes

MEANS = {
    "time": "time constants and delays are in steps; what enters a node is constant during a step",
    "LIF": "v <- exp(-1/tau) v + (1 - exp(-1/tau)) r I; then a cell spikes where v > v_threshold, and v becomes"
    " v_reset",
    "CubaLIF": "v <- exp(-1/tau_mem) v + k i + b, then i <- exp(-1/tau_syn) i + S, the spikes as LIF; k is"
    " tau_mem / (tau_mem - tau_syn) (exp(-1/tau_mem) - exp(-1/tau_syn)), S what enters, b the bias in the metadata",
    "order": "a layer gets the spikes that the one before it sends in the same step; what goes through a Delay, back to"
    " its own cells or late to the next, takes the steps of that, and none besides",
    "adaptation": "NIR has no word for it: where the metadata of cells have beta and tau_adapt, a spike raises the"
    " threshold by beta, and what it is raised by falls by exp(-1/tau_adapt) a step",
    "refractory": "NIR has no word for it: so many steps after a spike, in the metadata, v stays at v_reset",
    "zeros": "a synapse of weight 0 reads as a pair without synapse",
}
"""What a reader needs besides nodes and edges; stands in the metadata of the graph and in the manifest."""


class NativeNir(NativeExporter):
    """Writes ``network.nir``, ``samples.npz`` and ``manifest.json``.

    What NIR cannot say (adaptive thresholds, refractory time) is in the metadata of the nodes, and the manifest tells
    what those find who leave adaptation out.
    """

    name, title, schema = "nir", "NIR", "neurosparse.export.native.nir/1"

    def files(self) -> tuple[str, ...]:
        """Return the graph and the samples."""
        return GRAPH, SAMPLES

    def check(self, network: NativeNetwork, are_spikes: bool) -> None:
        """Refuse a maximum over time, and matrices that would be too large as dense ones."""
        package()
        if network.readout.over == "max":
            raise BadInput(
                "NIR has no maximum over time before the weights of the output",
                help="export to brian2, or train with mean or last",
            )
        cells, total = np.dtype(np.float64).itemsize, network.readout.weight.shape[0] * network.readout.weight.shape[1]
        before = network.shape[0]
        for layer in network.layers:
            delays = 0 if layer.recurrent is None else np.unique(layer.recurrent.delay).size
            shown = np.union1d(0, layer.inputs.delay).size
            total += (shown * before + delays * layer.bias.size) * layer.bias.size
            before = layer.bias.size
        if total * cells > MOST_DENSE:
            raise OverBudget(
                "the dense matrices that NIR has for weights, one a delay, are too large",
                numbers=shortage(total * cells, MOST_DENSE, write=format_bytes),
                help="brian2 and pynn write synapses alone",
            )

    def cell(self, layer: NativeLayer) -> dict[str, Any]:
        """Return nothing: the constants are all there."""
        return {}

    def write(self, new: Path, network: NativeNetwork, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Write graph and samples; the manifest says what the graph cannot, and what it costs to ignore that."""
        file = io.BytesIO()
        package().write(file, graph(network))
        write_bytes(new / GRAPH, file.getvalue())
        shown = {name: values for name, values in arrays.items() if not name.startswith("readout")}
        shown = {name: values for name, values in shown.items() if name.endswith("spikes") or "layer" not in name}
        write_arrays(new / SAMPLES, {"schema": self.schema}, shown)
        plain = replace(network, layers=tuple(replace(layer, adaptive=0) for layer in network.layers))
        otherwise = fire(plain, shown["sample"], shown["length"]).decision
        return {
            "graph": MEANS | {"readout": _READOUTS[network.readout.over]},
            "expected_otherwise": {
                "thresholds do not adapt": {"same_decisions": float(np.mean(otherwise == shown["decision"]))}
            },
            "files": {
                name: {"sha256": hashlib.sha256((new / name).read_bytes()).hexdigest()} for name in (GRAPH, SAMPLES)
            },
        }

    def next_step(self, folder: Path) -> tuple[str, ...]:
        """Return how a reader reads the graph."""
        return (f'read it: nir.read("{folder / GRAPH}"); manifest.json says how a step goes',)


_READOUTS = {
    "mean": "the decision is the largest of the outputs' means over the steps of a sample that count",
    "last": "the decision is the largest output in the last step of a sample that counts",
}


def graph(network: NativeNetwork) -> Any:
    """Return the nir.NIRGraph of a network: thresholds are 1, time is counted in steps."""
    nir, nodes, edges = package(), {}, []
    nodes["input"], before, size = nir.Input(np.array(network.shape[:1])), "input", network.shape[0]
    for k, layer in enumerate(network.layers, start=1):
        n, cells = layer.bias.size, f"layer{k}_cells"
        at_once = layer.cell.tau_syn is None
        inputs = _dense(layer.inputs, (size, n))
        weight = inputs.pop(0, np.zeros((n, size)))
        nodes[f"layer{k}"] = nir.Affine(weight, layer.bias) if at_once else nir.Linear(weight)
        nodes[cells] = _cells(layer)
        edges += [(before, f"layer{k}"), (f"layer{k}", cells)]
        recurrent = {} if layer.recurrent is None else _dense(layer.recurrent, (n, n))
        for source, kind, width, late in ((before, "input", size, inputs), (cells, "recurrent", n, recurrent)):
            for delay, own in late.items():
                wait, through = f"layer{k}_{kind}_delay{delay}", f"layer{k}_{kind}{delay}"
                nodes |= {wait: nir.Delay(np.full(width, float(delay))), through: nir.Linear(own)}
                edges += [(source, wait), (wait, through), (through, cells)]
        before, size = cells, n
    for k, tau in enumerate(network.readout.taus, start=1):
        ones = np.ones(size)
        nodes[f"leaky{k}"] = nir.LI(tau=tau * ones, r=ones, v_leak=0 * ones)
        edges.append((before, f"leaky{k}"))
        before = f"leaky{k}"
    nodes["readout"] = nir.Affine(network.readout.weight.T.toarray(order="C"), network.readout.bias)
    nodes["output"] = nir.Output(np.array(network.readout.bias.shape))
    edges += [(before, "readout"), ("readout", "output")]
    return nir.NIRGraph(nodes, edges, metadata=MEANS | {"readout": _READOUTS[network.readout.over]})


def _dense(listed: Connections, shape: tuple[int, int]) -> dict[int, np.ndarray]:
    """Return the weights of each delay, float64 (n_post, n_pre)."""
    return {delay: one.T.toarray(order="C") for delay, one in listed.by_delay(shape).items()}


def _cells(layer: NativeLayer) -> Any:
    """Return the nir.LIF or nir.CubaLIF of the cells of a layer; NIR's spike above their threshold, ours at it."""
    nir, cell, ones = package(), layer.cell, np.ones(layer.bias.size)
    common = {"v_leak": 0 * ones, "v_threshold": ones * np.nextafter(1.0, 0.0), "v_reset": 0 * ones}
    metadata: dict[str, Any] = {"refractory": cell.rests}
    if layer.adaptive:
        metadata |= {"beta": layer.beta, "tau_adapt": cell.tau_adapt / cell.dt}
    # A constant current of 1 adds 1 to the potential in a step.
    gain = ones / (1 - cell.alpha)
    if cell.tau_syn is None:
        return nir.LIF(tau=ones * cell.tau_mem / cell.dt, r=gain, **common, metadata=metadata)
    taus = {"tau_mem": ones * cell.tau_mem / cell.dt, "tau_syn": ones * cell.tau_syn / cell.dt}
    return nir.CubaLIF(**taus, r=ones, **common, metadata=metadata | {"bias": layer.bias})
