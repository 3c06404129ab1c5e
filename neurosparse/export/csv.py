"""The CSV exporter: connection lists as PyNN's FromFileConnector reads them, and where and how hard cells start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurosparse.archive import write_json, write_text
from neurosparse.data.dataset import Dataset
from neurosparse.export.arrays import RECEPTORS, Synapses, common, layers, most_steps, synapses
from neurosparse.export.exporter import SpikingSummary
from neurosparse.export.folder import check_target, whole_folder
from neurosparse.export.selfcheck import check_export, expectation, held_out, told
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import SpikingLayer
from neurosparse.spiking.target import PYNN
from neurosparse.spiking.twin import CHOICE_SPLITS, Conversion, Twin, spiking_twin

SCHEMA = "neurosparse.export.csv/1"
MANIFEST = "manifest.json"


class CsvExporter:
    """Writes two connection lists a projection, one file of cells a population, and ``manifest.json``.

    The network is the one that the PyNN exporter writes. Files are numbered: names may hold anything, and are in the
    manifest alone. Numbers have all their digits, and come back from the text as they were.
    """

    name = "csv"

    def export(
        self,
        network: TrainedNetwork,
        dataset: Dataset,
        folder: Path,
        *,
        plan: Plan | None = None,
        overwrite: bool = False,
        samples: int = 100,
        asked: Conversion | None = None,
        compacted: Compacted | None = None,
    ) -> SpikingSummary:
        """Write the folder; see `neurosparse.export.exporter.Exporter.export`."""
        folder, asked = Path(folder), asked or Conversion()
        check_export(network, dataset, samples, "PyNN")
        numbers = range(1, len(network.projections) + 1)
        lists = {(k, receptor): f"projection{k}_{receptor}.csv" for k in numbers for receptor in RECEPTORS}
        cells = {k: f"population{k}.csv" for k in numbers}
        own = (*lists.values(), *cells.values(), MANIFEST)
        check_target(folder, own, overwrite)

        twin = spiking_twin(network, dataset, PYNN, asked, compacted)
        shown = held_out(twin.network, dataset, samples, compacted)
        expected = expectation(twin, shown)
        with whole_folder(folder, own, overwrite) as new:
            single = []
            for k, layer in enumerate(twin.spiking.layers, start=1):
                write_text(new / cells[k], _cells(layer))
                for receptor in RECEPTORS:
                    listed, name = synapses(layer).of(receptor), lists[k, receptor]
                    write_text(new / name, _connections(listed, twin.spiking.cell.delay))
                    single += [name] if listed.weight.size == 1 else []
            manifest = _manifest(twin, compacted, lists, cells) | common(twin, asked, dataset, samples)
            written = {name: (new / name).read_bytes() for name in own[:-1]}
            manifest["files"] = {
                name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in written.items()
            }
            write_json(new / MANIFEST, manifest | {"expected": expected})
            sizes = {name: (new / name).stat().st_size for name in own}
        lines = (
            *told(expected, samples, twin.chosen.steps),
            *(f"PyNN 0.13 cannot load {name}: it fails on files of one row" for name in single),
            f'load a list: FromFileConnector("{folder / lists[1, RECEPTORS[0]]}")',
        )
        return SpikingSummary(
            folder,
            sizes,
            lines,
            samples,
            twin.chosen.steps,
            twin.chosen.rate,
            twin.chosen.cell,
            **expected,
            chosen_on=CHOICE_SPLITS,
            chosen_agreement=twin.chosen.agreement,
        )


def _connections(listed: Synapses, delay: float) -> str:
    """Return a connection list as PyNN 0.13's StandardTextFile reads it: weights in nA, those that inhibit negative.

    It takes the header for a Python list, and all of its lines for columns: there can be no other header.
    """
    rows = zip(listed.pre.tolist(), listed.post.tolist(), listed.weight.tolist(), strict=True)
    return _text('# columns = ["i", "j", "weight", "delay"]', (f"{i} {j} {w!r} {delay!r}" for i, j, w in rows))


def _cells(layer: SpikingLayer) -> str:
    """Return constant currents (nA) and potentials before the first step (mV), a row a neuron."""
    rows = enumerate(zip(layer.offset.tolist(), layer.initial.tolist(), strict=True))
    return _text('# columns = ["i", "i_offset", "v_init"]', (f"{i} {current!r} {v!r}" for i, (current, v) in rows))


def _text(header: str, rows: Iterator[str]) -> str:
    """Return the text of a file."""
    return "\n".join((header, *rows, ""))


def _manifest(
    twin: Twin, compacted: Compacted | None, lists: dict[tuple[int, str], str], cells: dict[int, str]
) -> dict[str, Any]:
    """Return what the manifest says of this export alone: which file is what, cells, time, and how samples come in."""
    spiking = twin.spiking
    cell, entries, most = spiking.cell, layers(twin, compacted), most_steps(twin)
    projections = []
    for k, entry in enumerate(entries[1:], start=1):
        readout = k == len(spiking.layers)
        entry["file"] = cells[k]
        entry["cell"] = {
            "v_rest": 0.0,
            "v_reset": 0.0,
            "v_thresh": spiking.silent_threshold(most) if readout else cell.threshold - cell.margin,
            "cm": cell.capacitance,
            "tau_m": cell.tau_membrane,
            "tau_refrac": 0.0,
            "tau_syn_E": cell.tau_synapse,
            "tau_syn_I": cell.tau_synapse,
        }
        for receptor in RECEPTORS:
            projections.append(
                {
                    "name": entry["projection"],
                    "pre": k - 1,
                    "post": k,
                    "receptor": receptor,
                    "synapses": entry[receptor],
                    "file": lists[k, receptor],
                }
            )
    return {
        "schema": SCHEMA,
        "cell_type": PYNN.cell_type,
        "columns": {
            "i, j": "neurons of the pre and post population, from 0; rows are sorted by (i, j)",
            "weight": "nA; those of inhibitory projections are negative",
            "delay": "ms",
            "i_offset": "nA",
            "v_init": "mV; initialize(v=...)",
        },
        "time": {
            "step": cell.step,
            "delay": cell.delay,
            "start": cell.start,
            "steps": twin.chosen.steps,
            "most_steps": most,
        },
        "input": {
            "coding": spiking.coding.kind,
            "seed": spiking.coding.seed,
            # nA into a cell for an input of 1 through a weight of 1 nA, where samples come in as currents.
            "current_per_weight": cell.drive / cell.charge,
        },
        "layers": entries,
        "projections": projections,
    }
