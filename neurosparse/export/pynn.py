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
from neurosparse.errors import BadInput
from neurosparse.export.choose import ALLOWED_LOSS, Choice
from neurosparse.export.emulate import decide
from neurosparse.export.exporter import SpikingSummary
from neurosparse.export.folder import check_target, whole_folder
from neurosparse.export.spiking import PERCENTILE, SpikingNetwork
from neurosparse.export.twin import CHOICE_SAMPLES, CHOICE_SPLITS, spiking_twin
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.units import format_count, format_percent

SCHEMA = "neurosparse.export.pynn/1"
FILES = ("network.py", "network.npz", "manifest.json")
TOLERANCE = 0.95
"""Least fraction of the samples on which a simulator must decide as the trained network does."""

MOST_STEPS = 10_000
SAMPLE_SEED = 0
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
        steps: int | None = None,
        compacted: Compacted | None = None,
    ) -> SpikingSummary:
        """Write the folder; see `neurosparse.export.exporter.Exporter.export`."""
        folder = Path(folder)
        check_export(network, dataset, samples, steps)
        check_target(folder, FILES, overwrite)

        twin = spiking_twin(network, dataset, steps, compacted)
        network, spiking, chosen = twin.network, twin.spiking, twin.chosen

        # The raw stream of PCG64 is the same in all versions of NumPy (NEP 19), its permutations are not.
        order = np.argsort(np.random.PCG64(SAMPLE_SEED).random_raw(len(dataset.test)), kind="stable")[:samples]
        x, label = dataset.test.x[order] * np.float32(dataset.scale), dataset.test.y[order]
        if compacted is not None:
            x = np.ascontiguousarray(x[:, compacted.inputs])
        decision = np.argmax(network.activations(x)[-1], axis=1)
        emulated = decide(spiking, x, chosen.steps)
        expected = {
            "network_accuracy": float(np.mean(decision == label)),
            "spiking_accuracy": float(np.mean(emulated == label)),
            "agreement": float(np.mean(emulated == decision)),
            "tolerance": TOLERANCE,
        }

        arrays = _arrays(spiking) | {"sample": x, "label": label, "decision": decision}
        with whole_folder(folder, FILES, overwrite) as new:
            write_arrays(new / "network.npz", {"schema": SCHEMA}, arrays)
            digest = hashlib.sha256((new / "network.npz").read_bytes()).hexdigest()
            manifest = _manifest(network, spiking, dataset, chosen, expected, samples, digest)
            if compacted is not None:
                for layer in manifest["layers"]:
                    layer["neurons"] = compacted.kept[layer["name"]].tolist()
            write_json(new / "manifest.json", manifest)
            write_text(new / "network.py", _script(network))
            sizes = {name: (new / name).stat().st_size for name in FILES}
        told = (
            f"{samples} samples of {chosen.steps} steps: network {format_percent(expected['network_accuracy'])},"
            f" spiking {format_percent(expected['spiking_accuracy'])} expected,"
            f" agreement {format_percent(expected['agreement'])} (at least {format_percent(TOLERANCE)})",
            *(
                ("its own check is not expected to pass: train further, or try more --steps",)
                if expected["agreement"] < TOLERANCE
                else ()
            ),
            f"run it: python {folder / 'network.py'} --backend nest",
        )
        return SpikingSummary(
            folder, sizes, told, samples, chosen.steps, chosen.rate, **expected,
            chosen_on=CHOICE_SPLITS, chosen_agreement=chosen.agreement,
        )  # fmt: skip


def check_export(network: TrainedNetwork, dataset: Dataset, samples: int, steps: int | None) -> None:
    """Raise BadInput, before any work, for what cannot become a spiking network or a self-check."""
    if not network.projections:
        raise BadInput("the network has no layers")
    sizes = network.sizes
    for k, projection in enumerate(network.projections):
        wrong = sum(int(np.sum(~np.isfinite(values))) for values in (projection.weight.data, projection.bias))
        if wrong:
            raise BadInput(
                f"projection {projection.name!r} holds weights or biases that are not finite",
                numbers={"not finite": format_count(wrong)},
                help="export an earlier checkpoint, from before training diverged",
            )
        if projection.weight.shape != (sizes[k], sizes[k + 1]) or projection.bias.shape != (sizes[k + 1],):
            raise BadInput(
                f"projection {projection.name!r} does not join its layers",
                numbers={"weights": str(projection.weight.shape), "layers": str((sizes[k], sizes[k + 1]))},
            )
    if (sizes[0], sizes[-1]) != (dataset.n_features, dataset.n_classes):
        raise BadInput(
            f"the network was not trained on {dataset.name}",
            numbers={
                "network": f"{sizes[0]} inputs, {sizes[-1]} outputs",
                "data": f"{dataset.n_features} features, {dataset.n_classes} classes",
            },
            help="name the data set of the run",
        )
    for part, split in dataset.splits.items():
        low, high = (float(value) * dataset.scale for value in (split.x.min(), split.x.max()))
        if not (low >= 0.0 and high <= 1.0 + 1e-6):
            raise BadInput(
                "inputs become firing rates, which lie in [0, 1] of the highest: shift and scale the data first",
                numbers={"lowest": f"{low:g}", "highest": f"{high:g}"},
                where=f"{dataset.name}, {part}",
            )
    if not 1 <= samples <= len(dataset.test):
        raise BadInput(
            f"cannot put {format_count(samples)} held-out samples into the export",
            numbers={"least": "1", "there are": format_count(len(dataset.test))},
            where="--samples",
        )
    if steps is not None and not 1 <= steps <= MOST_STEPS:
        raise BadInput(
            f"cannot show a sample for {format_count(steps)} time steps",
            numbers={"least": "1", "most": format_count(MOST_STEPS)},
            where="--steps",
            help="32 to 256 are usual",
        )


def _arrays(spiking: SpikingNetwork) -> dict[str, np.ndarray]:
    """Return currents and connection lists, sorted by (pre, post): sPyNNaker loses synapses of unsorted ones."""
    arrays = {}
    for k, layer in enumerate(spiking.layers, start=1):
        weight = layer.weight.sorted_indices()
        pre = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
        # A newborn of weight zero has a sign already, and counts as a synapse of it.
        inhibitory = np.signbit(weight.data)
        arrays[f"layer{k}_i_offset"] = layer.offset
        for receptor, chosen in (("excitatory", ~inhibitory), ("inhibitory", inhibitory)):
            arrays[f"layer{k}_{receptor}_pre"] = pre[chosen]
            arrays[f"layer{k}_{receptor}_post"] = weight.indices[chosen].astype(np.int32)
            arrays[f"layer{k}_{receptor}_weight"] = weight.data[chosen]
    return arrays


def _manifest(
    network: TrainedNetwork,
    spiking: SpikingNetwork,
    dataset: Dataset,
    chosen: Choice,
    expected: dict[str, float],
    samples: int,
    digest: str,
) -> dict[str, Any]:
    """Return the manifest: everything that a reader needs to build the network in a simulator of their own."""
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
                "v_init": 0.0 if readout else cell.threshold / 2,
            }
        )
    return {
        "schema": SCHEMA,
        "units": {"time": "ms", "potential": "mV", "current": "nA", "capacitance": "nF", "weight": "nA"},
        "cell_type": "IF_curr_exp; the last layer never reaches its threshold and is read as membrane potential",
        "time": {
            "step": cell.step,
            "step_neuron": NEURON_STEP,
            "delay": cell.delay,
            "start": cell.start,
            "steps": chosen.steps,
            "most_steps": most_steps,
        },
        "input": "regular spikes: floor(1/2 + x n) of them in the first n steps, x in [0, 1]",
        "scaling": {
            "theta": cell.threshold,
            "rate": spiking.rate,
            "percentile": PERCENTILE,
            "weight": "w * scale(pre) / scale(post) * theta * cm / tau_syn",
            "i_offset": "b / scale(post) * theta * cm / step",
            "scale": "1 for the input, activation_scale / rate for the other layers",
        },
        "choice": {
            "on": CHOICE_SPLITS,
            "samples": min(CHOICE_SAMPLES, len(dataset.validation) + len(dataset.train)),
            "agreement": chosen.agreement,
            "allowed_loss": ALLOWED_LOSS,
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
