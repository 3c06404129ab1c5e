"""The PyNN exporter: a script, its arrays and a manifest, which run in NEST, NEURON, Brian2 and on SpiNNaker."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from neurosparse.archive import write_arrays, write_json, write_text
from neurosparse.data.dataset import Dataset
from neurosparse.export.exporter import SpikingSummary
from neurosparse.export.folder import check_target, whole_folder
from neurosparse.export.selfcheck import check_export, expectation, held_out, told
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import PERCENTILE, SpikingNetwork
from neurosparse.spiking.target import PYNN
from neurosparse.spiking.twin import CHOICE_SAMPLES, CHOICE_SPLITS, Conversion, Twin, spiking_twin
from neurosparse.units import format_count

SCHEMA = "neurosparse.export.pynn/2"
FILES = ("network.py", "network.npz", "manifest.json")
NEURON_STEP = 0.1
"""Time step for NEURON, ms: at 1 ms it delivers a tenth too much charge, 1 + step / (2 tau_synapse)."""


class PyNNExporter:
    """Writes ``network.py``, ``network.npz`` and ``manifest.json``: self-contained, and able to check themselves."""

    name = "pynn"

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
        check_target(folder, FILES, overwrite)

        twin = spiking_twin(network, dataset, PYNN, asked, compacted)
        shown = held_out(twin.network, dataset, samples, compacted)
        expected = expectation(twin, shown)
        arrays = _arrays(twin.spiking) | shown.arrays
        with whole_folder(folder, FILES, overwrite) as new:
            write_arrays(new / "network.npz", {"schema": SCHEMA}, arrays)
            digest = hashlib.sha256((new / "network.npz").read_bytes()).hexdigest()
            manifest = _manifest(twin, asked, dataset, expected, samples, digest)
            if compacted is not None:
                for layer in manifest["layers"]:
                    layer["neurons"] = compacted.kept[layer["name"]].tolist()
            write_json(new / "manifest.json", manifest)
            write_text(new / "network.py", _script(twin.network))
            sizes = {name: (new / name).stat().st_size for name in FILES}
        lines = (
            *told(expected, samples, twin.chosen.steps),
            f"run it: python {folder / 'network.py'} --backend nest",
        )
        return SpikingSummary(
            folder, sizes, lines, samples, twin.chosen.steps, twin.chosen.rate, twin.chosen.cell, **expected,
            chosen_on=CHOICE_SPLITS, chosen_agreement=twin.chosen.agreement,
        )  # fmt: skip


def _arrays(spiking: SpikingNetwork) -> dict[str, np.ndarray]:
    """Return currents and connection lists, sorted by (pre, post): sPyNNaker loses synapses of unsorted ones."""
    arrays = {}
    for k, layer in enumerate(spiking.layers, start=1):
        weight = layer.weight.sorted_indices()
        pre = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
        # A newborn of weight zero has a sign already, and counts as a synapse of it.
        inhibitory = np.signbit(weight.data)
        arrays[f"layer{k}_i_offset"], arrays[f"layer{k}_v_init"] = layer.offset, layer.initial
        for receptor, chosen in (("excitatory", ~inhibitory), ("inhibitory", inhibitory)):
            arrays[f"layer{k}_{receptor}_pre"] = pre[chosen]
            arrays[f"layer{k}_{receptor}_post"] = weight.indices[chosen].astype(np.int32)
            arrays[f"layer{k}_{receptor}_weight"] = weight.data[chosen]
    return arrays


def _manifest(
    twin: Twin, asked: Conversion, dataset: Dataset, expected: dict[str, float], samples: int, digest: str
) -> dict[str, Any]:
    """Return the manifest: everything that a reader needs to build the network in a simulator of their own."""
    network, spiking, chosen = twin.network, twin.spiking, twin.chosen
    cell, most_steps = spiking.cell, max(512, 2 * chosen.steps)
    parameters = {
        "v_rest": 0.0, "v_reset": 0.0, "v_thresh": cell.threshold - cell.margin, "cm": cell.capacitance,
        "tau_m": cell.tau_membrane, "tau_refrac": 0.0, "tau_syn_E": cell.tau_synapse, "tau_syn_I": cell.tau_synapse,
    }  # fmt: skip
    layers: list[dict[str, Any]] = [{"name": network.projections[0].pre, "size": network.sizes[0]}]
    for k, (projection, layer) in enumerate(zip(network.projections, spiking.layers, strict=True), start=1):
        readout = k == len(spiking.layers)
        layers.append(
            {
                "name": projection.post,
                "size": network.sizes[k],
                "projection": projection.name,
                "excitatory": int(np.count_nonzero(~np.signbit(layer.weight.data))),
                "inhibitory": int(np.count_nonzero(np.signbit(layer.weight.data))),
                "activation_scale": spiking.scales[k - 1],
                "cell": parameters | ({"v_thresh": spiking.silent_threshold(most_steps)} if readout else {}),
            }
        )
    return {
        "schema": SCHEMA,
        "units": {"time": "ms", "potential": "mV", "current": "nA", "capacitance": "nF", "weight": "nA"},
        "cell_type": PYNN.cell_type,
        "time": {
            "step": cell.step,
            "step_neuron": NEURON_STEP,
            "delay": cell.delay,
            "start": cell.start,
            "steps": chosen.steps,
            "most_steps": most_steps,
        },
        "input": {"coding": spiking.coding.kind, "seed": spiking.coding.seed},
        "scaling": {
            "theta": cell.threshold,
            "rate": spiking.rate,
            "percentile": PERCENTILE,
            "weight": "w * scale(pre) / scale(post) * theta * cm / tau_syn",
            "i_offset": "b / scale(post) * theta * cm / step",
            "v_init": "theta / 2 (0 for the last layer), less what i_offset brings before spikes arrive",
            "scale": "1 for the input, activation_scale / rate for the other layers",
        },
        "choice": {
            "on": CHOICE_SPLITS,
            "samples": min(CHOICE_SAMPLES, len(dataset.validation) + len(dataset.train)),
            "agreement": chosen.agreement,
            "allowed_loss": asked.allowed_loss,
        },
        "layers": layers,
        "arrays": {"file": "network.npz", "sha256": digest},
        "samples": {"dataset": dataset.name, "split": "test", "count": samples},
        "expected": expected,
    }


def _script(network: TrainedNetwork) -> str:
    """Return the script. Only numbers enter it: names may hold anything and stay in the manifest."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    template = environment.from_string(files("neurosparse.export").joinpath("network.py.jinja").read_text("utf-8"))
    sizes = "-".join(str(int(size)) for size in network.sizes)
    return template.render(schema=SCHEMA, sizes=sizes, synapses=format_count(network.synapses))
