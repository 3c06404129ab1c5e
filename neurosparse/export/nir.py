"""The NIR exporter: a graph in the Neuromorphic Intermediate Representation, which has dense weights alone."""

from __future__ import annotations

import hashlib
import importlib
import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import write_arrays, write_bytes
from neurosparse.errors import OverBudget, Unavailable, shortage
from neurosparse.export.selfcheck import HeldOut, expectation
from neurosparse.export.spiking import SpikingExporter
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.cell import Cell
from neurosparse.spiking.convert import SpikingLayer, SpikingNetwork
from neurosparse.spiking.target import HARD
from neurosparse.spiking.twin import Twin
from neurosparse.units import format_bytes

GRAPH, SAMPLES = "network.nir", "samples.npz"
MOST_DENSE = 256 * 2**20
"""Bytes of all weight matrices that are written; the package nir holds them about three times while it writes."""

MEANS = {
    "step": "a step adds r * input to v; a cell spikes where v > v_threshold, and its v becomes v_reset",
    "order": "a layer gets the spikes that the one before it sends in the same step",
    "initial": "NIR has no word for it: v before the first step is v_initial, in the metadata of each node of cells",
    "readout": "the last layer has no cells: its outputs are added up over the steps; the largest sum is the decision",
    "zeros": "a synapse of weight 0 reads as a pair without synapse",
}
"""What a reader needs besides nodes and edges; stands in the metadata of the graph and in the manifest."""

INPUTS = {
    "current": "in every step the numbers of the sample, as they are",
    "regular": "in step n, from 1, floor(1/2 + x * n) - floor(1/2 + x * (n - 1)) for each number x of the sample",
    "poisson": "in each step 1 with the probability of each number of the sample, else 0",
}
"""What goes into the graph, by the coding of the samples."""


class NirExporter(SpikingExporter):
    """Writes ``network.nir``, ``samples.npz`` and ``manifest.json``.

    The graph is Input, Affine, IF, Affine, IF, ..., Affine, Output, in float64, so that whoever computes in that counts
    the spikes that the emulator counts. Nodes are numbered: names may hold anything, and are in the manifest alone.

    Cells reset to 0, as nir 1.0.8 says of IF (``nir/ir/neuron.py``). The readout is no node I, which norse 1.1.0 does
    not read. Thresholds and resets that lie lower by half a threshold would say where cells start, but norse takes
    every reset for 0, and its cells would fire too often: so that is metadata, and the manifest tells what those find
    who start cells at 0, or take the threshold from them at a spike.
    """

    name, title, schema, target = "nir", "NIR", "neurosparse.export.nir/1", HARD

    def files(self, network: TrainedNetwork) -> tuple[str, ...]:
        """Return the graph and the samples."""
        return GRAPH, SAMPLES

    def cell(self, spiking: SpikingNetwork, readout: bool, most_steps: int) -> dict[str, float]:
        """Return the parameters of IF, in mV and without unit; the readout has no cells."""
        return {} if readout else _parameters(spiking.cell)

    def check(self, network: TrainedNetwork) -> None:
        """Raise where the package nir is missing, or dense matrices would be too large.

        Raises
        ------
        Unavailable
            The package cannot be imported.
        OverBudget
            All weights as dense matrices of float64 take more than `MOST_DENSE`.
        """
        package()
        item = np.dtype(np.float64).itemsize
        dense = [(p.weight.shape[0] * p.weight.shape[1] * item, p.name) for p in network.projections]
        total, (most, largest) = sum(size for size, _ in dense), max(dense)
        if total > MOST_DENSE:
            raise OverBudget(
                f"the dense matrices that NIR has for weights are too large: projection {largest!r} alone"
                f" would be {format_bytes(most)}",
                numbers=shortage(total, MOST_DENSE, write=format_bytes),
                help="csv and pynn write synapses alone; or leave neurons out that reach no output: --compact",
            )

    def write(self, new: Path, twin: Twin, shown: HeldOut, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write graph and samples; the manifest says what the graph cannot, and what it costs to ignore that."""
        spiking = twin.spiking
        file = io.BytesIO()
        package().write(file, graph(spiking))
        write_bytes(new / GRAPH, file.getvalue())
        write_arrays(new / SAMPLES, {"schema": self.schema}, shown.arrays)
        input_layer, *layers = manifest["layers"]
        described = [
            entry | {"nodes": list(_keys(k, len(layers))), "zeros": int(np.count_nonzero(layer.weight.data == 0.0))}
            for k, (entry, layer) in enumerate(zip(layers, spiking.layers, strict=True), start=1)
        ]
        return {
            "units": {"time": "step", "potential": "mV", "weight": "mV", "bias": "mV"},
            "input": {
                "coding": spiking.coding.kind, "seed": spiking.coding.seed, "values": INPUTS[spiking.coding.kind],
            },
            "scaling": {name: said for name, said in manifest["scaling"].items() if name not in ("i_offset", "v_init")}
            | {"bias": "b / scale(post) * theta", "v_initial": "theta / 2"},
            "graph": MEANS,
            "layers": [input_layer | {"nodes": ["input"]}, *described],
            "expected_otherwise": {
                reading: _found(replace(twin, spiking=read), shown)
                for reading, read in {
                    "cells start at 0": _from_zero(spiking),
                    "a spike takes v_threshold from v": _softly(spiking),
                    "both": _softly(_from_zero(spiking)),
                }.items()
            },
            "files": {
                name: {"sha256": hashlib.sha256((new / name).read_bytes()).hexdigest()} for name in (GRAPH, SAMPLES)
            },
        }  # fmt: skip

    def next_step(self, folder: Path, twin: Twin) -> tuple[str, ...]:
        """Return what a reader must know, and how it reads the graph."""
        return (
            "cells reset to 0 and start at half the threshold, which NIR cannot say:"
            " the manifest tells what readers find that do otherwise",
            f'read it: nir.read("{folder / GRAPH}")',
        )


def graph(spiking: SpikingNetwork) -> Any:
    """Return the nir.NIRGraph of a network of cells without leak and synaptic time constant.

    Time is counted in steps, so that a spike is a 1 that lasts one step, and weights are mV.
    """
    nir, cell, last = package(), spiking.cell, len(spiking.layers)
    nodes = {"input": nir.Input(np.array(spiking.layers[0].weight.shape[:1]))}
    for k, layer in enumerate(spiking.layers, start=1):
        synapses, *cells = _keys(k, last)
        nodes[synapses] = SYNAPSES[type(layer)](layer, cell)
        nodes |= {key: _cells(layer, cell) for key in cells}
    nodes["output"] = nir.Output(np.array(spiking.layers[-1].weight.shape[1:]))
    return nir.NIRGraph(nodes, list(itertools.pairwise(nodes)), MEANS | {"input": INPUTS[spiking.coding.kind]})


def _keys(k: int, last: int) -> tuple[str, ...]:
    """Return the nodes of a layer: what its synapses are, and its cells unless it is the readout."""
    return (f"layer{k}",) if k == last else (f"layer{k}", f"layer{k}_cells")


def _affine(layer: SpikingLayer, cell: Cell) -> Any:
    """Return the nir.Affine of synapses from each to each, and of constant currents; what is no synapse is 0."""
    bias = layer.offset * cell.step / cell.capacitance
    return package().Affine(layer.weight.T.toarray(order="C"), bias)


SYNAPSES: Mapping[type, Callable[[Any, Cell], Any]] = {SpikingLayer: _affine}
"""Which node stands for the synapses into a layer, by the kind of layer."""


def _cells(layer: SpikingLayer, cell: Cell) -> Any:
    """Return the nir.IF of the cells of a layer."""
    values = {name: np.full(layer.offset.shape, value) for name, value in _parameters(cell).items()}
    return package().IF(**values, metadata={"v_initial": layer.initial})


def _parameters(cell: Cell) -> dict[str, float]:
    """Return the parameters of an IF: NIR's spike above their threshold, ours at it."""
    return {"r": 1.0, "v_threshold": float(np.nextafter(cell.threshold - cell.margin, 0.0)), "v_reset": 0.0}


def _found(twin: Twin, shown: HeldOut) -> dict[str, float]:
    """Return what a reader finds, by emulation."""
    expected = expectation(twin, shown)
    return {name: expected[name] for name in ("spiking_accuracy", "agreement")}


def _from_zero(spiking: SpikingNetwork) -> SpikingNetwork:
    """Return the network as those read it who leave `v_initial` out."""
    layers = (replace(layer, initial=np.zeros_like(layer.initial)) for layer in spiking.layers)
    return replace(spiking, layers=tuple(layers))


def _softly(spiking: SpikingNetwork) -> SpikingNetwork:
    """Return the network as those read it who take the threshold from the potential at a spike."""
    return replace(spiking, cell=replace(spiking.cell, soft=True))


def package() -> Any:
    """Return the package nir.

    Raises
    ------
    Unavailable
        It, or what it needs, cannot be imported.
    """
    try:
        return importlib.import_module("nir")
    except ImportError as fault:
        raise Unavailable(f"cannot import the package nir: {fault}", help="pip install 'neurosparse[nir]'") from fault
