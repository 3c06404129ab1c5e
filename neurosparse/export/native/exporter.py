"""What exporters of spiking layers share: checks, the spikes to expect, and a manifest that says what is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neurosparse.archive import write_json
from neurosparse.data.dataset import Dataset
from neurosparse.errors import BadInput
from neurosparse.export.exporter import ExportSummary
from neurosparse.export.folder import MANIFEST, check_target, whole_folder
from neurosparse.export.script import ARRAYS, SCRIPT, how_to_run, render, write_script
from neurosparse.export.selfcheck import check_samples, sample_order
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.registry import Registry
from neurosparse.spiking.fire import Fired, fire
from neurosparse.spiking.native import NativeLayer, NativeNetwork, native
from neurosparse.units import format_count, format_percent


class NativeExporter:
    """Writes files of its own and ``manifest.json``, which holds all that a reader needs to build the network.

    Attributes
    ----------
    name, title : str
        What the exporter is called, and who runs what it writes.
    schema : str
        Of the manifest.
    within, tolerance : int, float
        A spike counts as found where the simulator has it within so many steps; so many of the spikes must be found.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    schema: ClassVar[str]
    within: ClassVar[int] = 0
    tolerance: ClassVar[float] = 1.0

    def files(self) -> tuple[str, ...]:
        """Return the names of what is written besides the manifest."""
        return SCRIPT, ARRAYS

    def check(self, network: NativeNetwork, are_spikes: bool) -> None:
        """Raise, before any work, for what this exporter alone cannot write; `are_spikes` is what is shown."""

    def cell(self, layer: NativeLayer) -> dict[str, Any]:
        """Return the constants of the cells of a layer."""
        raise NotImplementedError

    def write(self, new: Path, network: NativeNetwork, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Write the files into the folder `new`; return what the manifest says besides."""
        raise NotImplementedError

    def next_step(self, folder: Path) -> tuple[str, ...]:
        """Return the lines that say what to do with what was written."""
        raise NotImplementedError

    def export(
        self,
        network: TrainedNetwork,
        dataset: Dataset,
        folder: Path,
        *,
        overwrite: bool = False,
        samples: int = 100,
    ) -> ExportSummary:
        """Write a self-contained folder: the network, held-out samples, and the spikes that each layer answers with.

        Parameters
        ----------
        network : TrainedNetwork
            Of spiking layers.
        dataset : Dataset
            What it was trained on; the test split gives the samples.
        folder : Path
            Made by the export, whole or not at all.
        overwrite : bool
            Replace an export that is there already.
        samples : int
            How many held-out samples to put in.

        Raises
        ------
        BadInput
            The network is another kind of network or does not match the data, this exporter cannot express a layer,
            a number has no meaning, or the folder exists.
        FileFault
            The folder cannot be written.
        """
        folder, spiking = Path(folder), native(network)
        _check_data(spiking, dataset)
        check_samples(dataset, samples)
        order = sample_order(dataset, samples)
        split, scale = dataset.test, np.float32(dataset.scale)
        x = (split.x[order] * scale).reshape(samples, *spiking.shape)
        are_spikes = all(np.isin(shown, (0, 1)).all() for shown in (x, dataset.train.x * scale))
        self.check(spiking, are_spikes)
        own = (*self.files(), MANIFEST)
        check_target(folder, own, overwrite)

        length = np.full(samples, spiking.shape[1]) if split.lengths is None else split.lengths[order]
        fired = fire(spiking, x, length)
        arrays = _arrays(spiking) | {"sample": x, "length": length, "label": split.y[order]}
        arrays |= {"decision": fired.decision}
        arrays |= {f"layer{k}_spikes": np.packbits(one, axis=2) for k, one in enumerate(fired.spikes, start=1)}
        accuracy = float(np.mean(fired.decision == split.y[order]))
        with whole_folder(folder, own, overwrite) as new:
            manifest = self._manifest(spiking, dataset, fired, are_spikes, accuracy)
            write_json(new / MANIFEST, manifest | self.write(new, spiking, arrays))
            sizes = {name: (new / name).stat().st_size for name in own}
        total = sum(int(one.sum()) for one in fired.spikes)
        told = f"{samples} samples of {spiking.shape[1]} steps: accuracy {format_percent(accuracy)}," \
            f" {format_count(total)} spikes"  # fmt: skip
        return ExportSummary(folder, sizes, (told, *self.next_step(folder)))

    def _manifest(
        self, network: NativeNetwork, dataset: Dataset, fired: Fired, are_spikes: bool, accuracy: float
    ) -> dict[str, Any]:
        """Return what all exports of spiking layers say: time, layers, readout, samples and what is expected."""
        cells = [layer.cell for layer in network.layers]
        return {
            "schema": self.schema,
            "units": {"time": "ms", "potential": "thresholds, of 1 mV each"},
            "time": {"step": cells[0].dt, "steps": network.shape[1]},
            "input": {"size": network.shape[0], "shows": "spikes" if are_spikes else "numbers"},
            "layers": [
                {
                    "name": layer.name,
                    "size": layer.bias.size,
                    "adaptive": layer.adaptive,
                    "cell": asdict(layer.cell) | self.cell(layer),
                    "synapses": layer.inputs.pre.size,
                    "recurrent": 0 if layer.recurrent is None else layer.recurrent.pre.size,
                }
                for layer in network.layers
            ],
            "readout": {"leaky": list(network.readout.taus), "over": network.readout.over},
            "samples": {"dataset": dataset.name, "split": "test", "count": len(fired.sums)},
            "expected": {
                "accuracy": accuracy,
                "spikes": [int(one.sum()) for one in fired.spikes],
                "within": self.within,
                "tolerance": self.tolerance,
            },
        }


class NativeScript(NativeExporter):
    """Writes ``network.py``, ``network.npz`` and ``manifest.json``: self-contained, and able to check themselves.

    Attributes
    ----------
    template, flags : str
        The script, in the folder of all templates, and what to run it with.
    """

    template: ClassVar[str]
    flags: ClassVar[str] = ""

    def write(self, new: Path, network: NativeNetwork, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Write script and arrays; the manifest holds the hash of these."""
        sizes = "-".join(map(str, network.sizes))
        script = render(self.template, schema=self.schema, sizes=sizes, synapses=format_count(network.synapses))
        return write_script(new, script, self.schema, arrays)

    def next_step(self, folder: Path) -> tuple[str, ...]:
        """Return how to run the script."""
        return (how_to_run(folder, self.flags),)


def _check_data(network: NativeNetwork, dataset: Dataset) -> None:
    """Raise BadInput where the samples are no input of the network."""
    if network.shape != dataset.shape or network.readout.bias.size != dataset.n_classes:
        raise BadInput(
            f"the network was not trained on {dataset.name}",
            numbers={
                "network": f"{network.shape} features and steps, {network.readout.bias.size} classes",
                "data": f"{dataset.shape}, {dataset.n_classes} classes",
            },
            help="name the data set of the run",
        )


def _arrays(network: NativeNetwork) -> dict[str, np.ndarray]:
    """Return connection lists, biases and what spikes add to thresholds, layer by layer, and the readout."""
    arrays: dict[str, np.ndarray] = {}
    for k, layer in enumerate(network.layers, start=1):
        arrays |= {f"layer{k}_bias": layer.bias, f"layer{k}_beta": layer.beta}
        for name, one in (("input", layer.inputs), ("recurrent", layer.recurrent)):
            if one is not None:
                parts = {"pre": one.pre, "post": one.post, "weight": one.weight, "delay": one.delay}
                arrays |= {f"layer{k}_{name}_{part}": values for part, values in parts.items()}
    weight = network.readout.weight
    pre = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
    arrays |= {"readout_pre": pre, "readout_post": weight.indices.astype(np.int32), "readout_weight": weight.data}
    return arrays | {"readout_bias": network.readout.bias}


native_exporters = Registry(
    "exporter of spiking layers",
    {
        "pynn": "neurosparse.export.native.pynn:NativePyNN",
        "brian2": "neurosparse.export.native.brian2:NativeBrian2",
        "nir": "neurosparse.export.native.nir:NativeNir",
    },
    "neurosparse.native_exporters",
)
