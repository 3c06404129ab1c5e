"""The Brian2 exporter: a native script whose cells reset softly, which PyNN's standard cells cannot."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from neurosparse.archive import write_arrays, write_json, write_text
from neurosparse.data.dataset import Dataset
from neurosparse.export.arrays import common, layers, most_steps, synapses
from neurosparse.export.exporter import SpikingSummary
from neurosparse.export.folder import check_target, whole_folder
from neurosparse.export.selfcheck import check_export, expectation, held_out, told
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import SpikingNetwork
from neurosparse.spiking.target import SOFT
from neurosparse.spiking.twin import CHOICE_SPLITS, Conversion, Twin, spiking_twin
from neurosparse.units import format_count

SCHEMA = "neurosparse.export.brian2/1"
FILES = ("network.py", "network.npz", "manifest.json")


class Brian2Exporter:
    """Writes ``network.py``, ``network.npz`` and ``manifest.json``: self-contained, and able to check themselves."""

    name = "brian2"

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
        check_export(network, dataset, samples, "Brian2")
        check_target(folder, FILES, overwrite)

        twin = spiking_twin(network, dataset, SOFT, asked, compacted)
        shown = held_out(twin.network, dataset, samples, compacted)
        expected = expectation(twin, shown)
        with whole_folder(folder, FILES, overwrite) as new:
            write_arrays(new / "network.npz", {"schema": SCHEMA}, _arrays(twin.spiking) | shown.arrays)
            digest = hashlib.sha256((new / "network.npz").read_bytes()).hexdigest()
            manifest = _manifest(twin, compacted) | common(twin, asked, dataset, samples)
            manifest |= {"arrays": {"file": "network.npz", "sha256": digest}, "expected": expected}
            write_json(new / "manifest.json", manifest)
            write_text(new / "network.py", _script(twin.network))
            sizes = {name: (new / name).stat().st_size for name in FILES}
        return SpikingSummary(
            folder,
            sizes,
            (*told(expected, samples, twin.chosen.steps), f"run it: python {folder / 'network.py'}"),
            samples,
            twin.chosen.steps,
            twin.chosen.rate,
            twin.chosen.cell,
            **expected,
            chosen_on=CHOICE_SPLITS,
            chosen_agreement=twin.chosen.agreement,
        )


def _arrays(spiking: SpikingNetwork) -> dict[str, np.ndarray]:
    """Return one signed connection list a layer, sorted by (pre, post), its currents and where its cells start."""
    arrays: dict[str, np.ndarray] = {}
    for k, layer in enumerate(spiking.layers, start=1):
        arrays |= {f"layer{k}_{part}": values for part, values in synapses(layer)._asdict().items()}
        arrays |= {f"layer{k}_i_offset": layer.offset, f"layer{k}_v_init": layer.initial}
    return arrays


def _manifest(twin: Twin, compacted: Compacted | None) -> dict[str, Any]:
    """Return what the manifest says of this export alone: cells, time, and how samples come in."""
    spiking = twin.spiking
    cell, entries = spiking.cell, layers(twin, compacted)
    for k, entry in enumerate(entries[1:], start=1):
        readout = k == len(spiking.layers)
        entry["cell"] = {"cm": cell.capacitance} | ({} if readout else {"v_thresh": cell.threshold})
    return {
        "schema": SCHEMA,
        "cell_type": SOFT.cell_type,
        "time": {"step": cell.step, "steps": twin.chosen.steps, "most_steps": most_steps(twin)},
        "input": {
            "coding": spiking.coding.kind,
            "seed": spiking.coding.seed,
            # nA into a cell for an input of 1 through a weight of 1 mV: what a spike in every step would bring.
            "current_per_weight": cell.drive / cell.charge,
        },
        "layers": entries,
    }


def _script(network: TrainedNetwork) -> str:
    """Return the script. Only numbers enter it: names may hold anything and stay in the manifest."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    text = files("neurosparse.export").joinpath("brian2_network.py.jinja").read_text("utf-8")
    sizes = "-".join(str(int(size)) for size in network.sizes)
    return environment.from_string(text).render(schema=SCHEMA, sizes=sizes, synapses=format_count(network.synapses))
