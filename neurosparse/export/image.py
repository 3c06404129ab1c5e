"""The image exporter: the very bytes of each core's synaptic matrix and population table, and what they mean."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurosparse.archive import write_bytes, write_json
from neurosparse.data.dataset import Dataset
from neurosparse.description.files import write_network
from neurosparse.errors import BadInput
from neurosparse.export import packing
from neurosparse.export.exporter import ExportSummary
from neurosparse.export.folder import check_target, whole_folder
from neurosparse.export.selfcheck import check_export
from neurosparse.footprint.measure import measure
from neurosparse.footprint.trained import described
from neurosparse.footprint.values import CoreFootprint, Footprint
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.library import profile_names
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.target import PYNN
from neurosparse.spiking.twin import Conversion, Twin, spiking_twin
from neurosparse.units import format_bytes

SCHEMA = "neurosparse.export.image/1"
NETWORK = ("network.json", "network.npz")


class ImageExporter:
    """Writes a file of bytes for each core and table, a manifest that says what they are, and the network itself."""

    name = "image"

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
    ) -> ExportSummary:
        """Write the folder; see `neurosparse.export.exporter.Exporter.export`. There are no samples in it.

        Raises
        ------
        BadInput
            There is no plan, or its machine does not keep synapses in rows.
        """
        if plan is None or not isinstance(plan.profile, RowsProfile):
            kind = "no plan" if plan is None else f"a memory model of {plan.profile.kind}"
            raise BadInput(
                f"an image holds the bytes of synaptic rows, and there is {kind}",
                help="export a run that was trained for spinnaker or spinn3",
            )
        check_export(network, dataset, samples, plan.profile.name)
        twin = spiking_twin(network, dataset, PYNN, asked or Conversion(), compacted)
        footprint = measure(
            described(
                plan.graph,
                [layer.weight for layer in twin.spiking.layers],
                neurons_per_core=plan.options.neurons_per_core,
                delay=twin.spiking.cell.delay,
            ),
            plan.profile,
            timesteps=plan.options.timesteps,
        )
        cores = [core for core in footprint.cores if core.matrix]
        own = ("manifest.json", *NETWORK, *(name for core in cores for name in _names(core)))
        check_target(folder, own, overwrite)
        with whole_folder(Path(folder), own, overwrite) as new:
            entries = []
            for core in cores:
                files = dict(zip(_names(core), _bytes(footprint, core), strict=True))
                for name, data in files.items():
                    write_bytes(new / name, data)
                entries.append(_entry(footprint, core, files))
            write_network(new / NETWORK[0], footprint.network)
            write_json(new / "manifest.json", _manifest(footprint, twin, entries, compacted))
            # A network without a synapse has no arrays.
            sizes = {name: (new / name).stat().st_size for name in own if (new / name).exists()}
        rows, tables = (
            sum(size for name, size in sizes.items() if name.endswith(end)) for end in ("matrix.bin", "table.bin")
        )
        booked = sum(core.matrix for core in cores)
        profile = plan.profile.name if plan.profile.name in profile_names() else "PROFILE.toml"
        seen = ["neurosparse", "plan", "--profile", profile, "--network", str(Path(folder) / NETWORK[0])]
        return ExportSummary(
            Path(folder),
            sizes,
            (
                f"{len(cores)} cores of {plan.profile.name}: {format_bytes(rows)} of rows, for which the tool chain"
                f" books {format_bytes(booked)}, and {format_bytes(tables)} of tables",
                f"see what holds them: {shlex.join(seen)}",
            ),
        )


def _names(core: CoreFootprint) -> tuple[str, str]:
    """Return the names of the files of a core."""
    place = f"core_{core.x}_{core.y}_{core.p}"
    return f"{place}_matrix.bin", f"{place}_table.bin"


def _bytes(footprint: Footprint, core: CoreFootprint) -> tuple[bytes, bytes]:
    """Return the bytes of a core's synaptic matrix and population table, little-endian."""
    words = packing.synaptic_matrix(footprint, core)
    return words.astype("<u4").tobytes(), packing.population_table(footprint, core.population)


def _entry(footprint: Footprint, core: CoreFootprint, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the manifest says of a core."""
    population = footprint.population(core.population)
    return {
        "population": core.population,
        "slice": [core.start, core.stop],
        "chip": [core.x, core.y],
        "core": core.p,
        "key": core.key,
        "booked": {"synaptic_matrix": core.matrix, "population_table": core.booked["population_table"].fixed},
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        },
        "ring_buffer_shifts": list(population.shifts),
        "weight_scales": list(population.scales),
        "matrices": [
            {
                "from": block.sender,
                "receptor": footprint.network.projections[block.projection.index].receptor,
                "offset": block.offset,
                "rows": block.rows,
                "synapses_a_row": block.synapses,
            }
            for block in packing.blocks(footprint, core.population)
        ],
    }


def _manifest(
    footprint: Footprint, twin: Twin, cores: list[dict[str, Any]], compacted: Compacted | None
) -> dict[str, Any]:
    """Return the manifest: what the bytes are, and the neurons of the whole network that a compacted one has."""
    return {
        "schema": SCHEMA,
        "profile": {"name": footprint.profile.name, "fingerprint": footprint.profile.fingerprint},
        "rows": "3 words of header (0, synapses, 0), then one word a synapse in ascending order, padded with zeros",
        "words": "weight << 16 | delay << (neuron and type bits) | type << neuron bits | neuron; little-endian",
        "rate": twin.spiking.rate,
        "steps": twin.chosen.steps,
        "cores": cores,
        "neurons": {name: kept.tolist() for name, kept in compacted.kept.items()} if compacted is not None else None,
    }
