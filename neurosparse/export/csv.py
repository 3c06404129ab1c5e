"""The CSV exporter: connection lists as PyNN's FromFileConnector reads them, and where and how hard cells start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import write_text
from neurosparse.export.connections import RECEPTORS, synapses
from neurosparse.export.pynn import current_exponential
from neurosparse.export.selfcheck import HeldOut
from neurosparse.export.spiking import SpikingExporter
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import SpikingLayer, SpikingNetwork
from neurosparse.spiking.target import PYNN
from neurosparse.spiking.twin import Twin


class CsvExporter(SpikingExporter):
    """Writes two connection lists a projection, one file of cells a population, and ``manifest.json``.

    The network is the one that the PyNN exporter writes. Files are numbered: names may hold anything, and are in the
    manifest alone. Numbers have all their digits, and come back from the text as they were.
    """

    name, title, schema, target = "csv", "PyNN", "neurosparse.export.csv/1", PYNN

    def files(self, network: TrainedNetwork) -> tuple[str, ...]:
        """Return the connection lists, then the files of cells."""
        numbers = range(1, len(network.projections) + 1)
        return (*(_list(k, receptor) for k in numbers for receptor in RECEPTORS), *map(_population, numbers))

    def cell(self, spiking: SpikingNetwork, readout: bool, most_steps: int) -> dict[str, float]:
        """Return the parameters of IF_curr_exp."""
        return current_exponential(spiking, readout, most_steps)

    def write(self, new: Path, twin: Twin, shown: HeldOut, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write all files; the manifest says which is what, and holds their hashes."""
        input_layer, *layers = manifest["layers"]
        projections = []
        for k, (entry, layer) in enumerate(zip(layers, twin.spiking.layers, strict=True), start=1):
            write_text(new / _population(k), _cells(layer))
            for receptor in RECEPTORS:
                listed = synapses(layer).of(receptor)
                delay = np.full(len(listed.weight), twin.spiking.cell.delay)
                write_text(new / _list(k, receptor), connection_list(*listed, delay))
                joins = {"name": entry["projection"], "pre": k - 1, "post": k, "receptor": receptor}
                projections.append(joins | {"synapses": entry[receptor], "file": _list(k, receptor)})
        written = {name: (new / name).read_bytes() for name in self.files(twin.network)}
        return {
            "columns": {
                "i, j": "neurons of the pre and post population, from 0; rows are sorted by (i, j)",
                "weight": "nA; those of inhibitory projections are negative",
                "delay": "ms",
                "i_offset": "nA",
                "v_init": "mV; initialize(v=...)",
            },
            "layers": [input_layer, *(e | {"file": _population(k)} for k, e in enumerate(layers, start=1))],
            "projections": projections,
            "files": {
                name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in written.items()
            },
        }

    def next_step(self, folder: Path, twin: Twin) -> tuple[str, ...]:
        """Return which lists PyNN fails on, and how it loads the others."""
        single = [
            _list(k, receptor)
            for k, layer in enumerate(twin.spiking.layers, start=1)
            for receptor in RECEPTORS
            if synapses(layer).of(receptor).weight.size == 1
        ]
        return (
            *(f"PyNN 0.13 cannot load {name}: it fails on files of one row" for name in single),
            f'load a list: FromFileConnector("{folder / _list(1, RECEPTORS[0])}")',
        )


def _list(k: int, receptor: str) -> str:
    """Return the name of a connection list."""
    return f"projection{k}_{receptor}.csv"


def _population(k: int) -> str:
    """Return the name of a file of cells."""
    return f"population{k}.csv"


def connection_list(pre: np.ndarray, post: np.ndarray, weight: np.ndarray, delay: np.ndarray) -> str:
    """Return a connection list as PyNN 0.13's StandardTextFile reads it.

    It takes the header for a Python list, and all of its lines for columns: there can be no other header.

    Parameters
    ----------
    pre, post : ndarray of int, shape (n,)
    weight : ndarray of float, shape (n,)
        In the unit of the target's cell type; currents that inhibit are negative.
    delay : ndarray of float, shape (n,)
        ms.
    """
    rows = zip(pre.tolist(), post.tolist(), weight.tolist(), delay.tolist(), strict=True)
    return _text('# columns = ["i", "j", "weight", "delay"]', (f"{i} {j} {w!r} {d!r}" for i, j, w, d in rows))


def _cells(layer: SpikingLayer) -> str:
    """Return constant currents (nA) and potentials before the first step (mV), a row a neuron."""
    rows = enumerate(zip(layer.offset.tolist(), layer.initial.tolist(), strict=True))
    return _text('# columns = ["i", "i_offset", "v_init"]', (f"{i} {current!r} {v!r}" for i, (current, v) in rows))


def _text(header: str, rows: Iterator[str]) -> str:
    """Return the text of a file."""
    return "\n".join((header, *rows, ""))
