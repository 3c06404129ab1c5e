"""What exporters of spiking networks share: checks, the twin and its samples, and a manifest that says what is what."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neurosparse.archive import write_json
from neurosparse.data.dataset import Dataset
from neurosparse.export.exporter import SpikingSummary
from neurosparse.export.folder import MANIFEST, check_target, whole_folder
from neurosparse.export.selfcheck import HeldOut, check_export, expectation, held_out, machine_expectation, told
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.convert import PERCENTILE, SpikingNetwork
from neurosparse.spiking.target import Target
from neurosparse.spiking.twin import CHOICE_SAMPLES, CHOICE_SPLITS, Conversion, Twin, spiking_twin

MOST_STEPS = 512
"""What is exported shows samples for so many steps at least, if asked to, or for twice the steps that were chosen."""


class SpikingExporter:
    """Writes files of its own and ``manifest.json``, which holds all that a reader needs to build the network.

    Attributes
    ----------
    name, title : str
        What the exporter is called, and who runs what it writes.
    schema : str
        Of the manifest.
    target : Target
    """

    name: ClassVar[str]
    title: ClassVar[str]
    schema: ClassVar[str]
    target: ClassVar[Target]

    def files(self, network: TrainedNetwork) -> tuple[str, ...]:
        """Return the names of what is written besides the manifest."""
        raise NotImplementedError

    def cell(self, spiking: SpikingNetwork, readout: bool, most_steps: int) -> dict[str, float]:
        """Return the parameters of the cells of a layer; `readout` cells must stay silent for `most_steps` steps."""
        raise NotImplementedError

    def write(self, new: Path, twin: Twin, shown: HeldOut, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write the files into the folder `new`; return what the manifest says besides."""
        raise NotImplementedError

    def next_step(self, folder: Path, twin: Twin) -> tuple[str, ...]:
        """Return the lines that say what to do with what was written."""
        raise NotImplementedError

    def check(self, network: TrainedNetwork) -> None:
        """Raise, before any work, for what this exporter alone cannot write."""

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
        check_export(network, dataset, samples, self.title)
        self.check(network if compacted is None else compacted.network)
        own = (*self.files(network), MANIFEST)
        check_target(folder, own, overwrite)

        twin = spiking_twin(network, dataset, self.target, asked, compacted)
        shown = held_out(twin.network, dataset, samples, compacted)
        expected = expectation(twin, shown)
        on_machine, machine_told = machine_expectation(twin, plan, shown)
        with whole_folder(folder, own, overwrite) as new:
            manifest = self._manifest(twin, asked, dataset, samples, compacted)
            manifest |= self.write(new, twin, shown, manifest)
            write_json(new / MANIFEST, manifest | {"expected": expected, "expected_on_machine": on_machine})
            sizes = {name: (new / name).stat().st_size for name in own}
        lines = (*told(expected, samples, twin.chosen, asked), *machine_told, *self.next_step(folder, twin))
        return SpikingSummary(
            folder, sizes, lines, samples, twin.chosen.steps, twin.chosen.rate, twin.chosen.cell, **expected,
            chosen_on=CHOICE_SPLITS, chosen_agreement=twin.chosen.agreement,
        )  # fmt: skip

    def _manifest(
        self, twin: Twin, asked: Conversion, dataset: Dataset, samples: int, compacted: Compacted | None
    ) -> dict[str, Any]:
        """Return what all exports of spiking networks say: units, time, scaling, choices, layers and samples."""
        spiking, chosen = twin.spiking, twin.chosen
        cell, most_steps = spiking.cell, max(MOST_STEPS, 2 * chosen.steps)
        per_theta = "theta * cm / tau_syn" if cell.tau_synapse else "theta"
        return {
            "schema": self.schema,
            "units": {
                "time": "ms", "potential": "mV", "current": "nA", "capacitance": "nF", "weight": cell.weight_unit,
            },
            "cell_type": self.target.cell_type,
            "time": {
                "step": cell.step, "delay": cell.delay, "start": cell.start, "steps": chosen.steps,
                "most_steps": most_steps,
            },
            "input": {
                "coding": spiking.coding.kind,
                "seed": spiking.coding.seed,
                # nA into a cell for an input of 1 through a weight of 1: what a spike in every step would bring.
                "current_per_weight": cell.drive / cell.charge,
            },
            "scaling": {
                "theta": cell.threshold,
                "rate": spiking.rate,
                "percentile": PERCENTILE,
                "weight_bits": asked.weight_bits,
                "weight": f"w * scale(pre) / scale(post) * {per_theta}",
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
            "layers": self._layers(twin, most_steps, compacted),
            "samples": {"dataset": dataset.name, "split": "test", "count": samples},
        }  # fmt: skip

    def _layers(self, twin: Twin, most_steps: int, compacted: Compacted | None) -> list[dict[str, Any]]:
        """Return what the manifest says of each layer, the input first; names are data, and enter no script.

        Of a compacted network also which neurons of the whole one a layer has.
        """
        network, spiking = twin.network, twin.spiking
        found: list[dict[str, Any]] = [{"name": network.projections[0].pre, "size": network.sizes[0]}]
        for k, (projection, layer) in enumerate(zip(network.projections, spiking.layers, strict=True), start=1):
            # A newborn of weight zero has a sign already, and counts as a synapse of it.
            inhibitory = int(np.count_nonzero(np.signbit(layer.weight.data)))
            found.append(
                {
                    "name": projection.post,
                    "size": network.sizes[k],
                    "projection": projection.name,
                    "excitatory": layer.weight.nnz - inhibitory,
                    "inhibitory": inhibitory,
                    "activation": network.activation(k - 1).to_json(),
                    "activation_scale": spiking.scales[k - 1],
                    "cell": self.cell(spiking, k == len(spiking.layers), most_steps),
                }
            )
        if compacted is not None:
            for entry in found:
                entry["neurons"] = compacted.kept[entry["name"]].tolist()
        return found
