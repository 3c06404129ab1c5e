"""What exporters of described networks share, and the table of those that there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from neurosparse.archive import write_json
from neurosparse.description.network import NetworkDescription
from neurosparse.export.described.cells import CELL_TYPES
from neurosparse.export.described.check import check_network
from neurosparse.export.described.manifest import manifest_of, notes
from neurosparse.export.described.synapses import Listed, listed
from neurosparse.export.described.values import Asked
from neurosparse.export.exporter import ExportSummary
from neurosparse.export.folder import MANIFEST, check_target, whole_folder
from neurosparse.export.script import ARRAYS, SCRIPT, how_to_run, render, write_script
from neurosparse.registry import Registry
from neurosparse.units import format_count


class DescribedExporter:
    """Writes files of its own and ``manifest.json``, which holds all that a reader needs to build the network.

    Attributes
    ----------
    name, schema : str
        What the exporter is called, and the schema of its manifest.
    """

    name: ClassVar[str]
    schema: ClassVar[str]

    def files(self, network: NetworkDescription) -> tuple[str, ...]:
        """Return the names of what is written besides the manifest."""
        raise NotImplementedError

    def check(self, network: NetworkDescription) -> dict[str, Any]:
        """Raise BadInput, before any work, for what this exporter alone cannot write; return what the manifest says."""
        return {}

    def write(self, new: Path, network: NetworkDescription, lists: Mapping[int, Listed]) -> dict[str, Any]:
        """Write the files into the folder `new`; return what the manifest says besides."""
        raise NotImplementedError

    def next_step(self, folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the lines that say what to do with what was written."""
        raise NotImplementedError

    def export(
        self, network: NetworkDescription, folder: Path, *, overwrite: bool = False, asked: Asked | None = None
    ) -> ExportSummary:
        """Write a self-contained folder.

        Parameters
        ----------
        network : NetworkDescription
        folder : Path
            Made by the export, whole or not at all.
        overwrite : bool
            Replace an export that is there already.
        asked : Asked, optional

        Raises
        ------
        BadInput
            The network is one that nobody here can run, a number has no meaning, or the folder exists.
        FileFault
            The folder cannot be written.
        """
        folder, asked = Path(folder), asked or Asked()
        check_network(network, asked)
        known = self.check(network)
        own = (*self.files(network), MANIFEST)
        check_target(folder, own, overwrite)
        lists = {}
        for k, projection in enumerate(network.projections):
            synapses = listed(network, k, CELL_TYPES[network.population(projection.post).model], asked.seed)
            if synapses is not None:
                lists[k] = synapses
        told = notes(network, asked)
        with whole_folder(folder, own, overwrite) as new:
            manifest = {"schema": self.schema} | manifest_of(network, lists, asked) | known | {"notes": list(told)}
            write_json(new / MANIFEST, manifest | self.write(new, network, lists))
            sizes = {name: (new / name).stat().st_size for name in own}
        return ExportSummary(folder, sizes, (*told, *self.next_step(folder, manifest)))


class DescribedScript(DescribedExporter):
    """Writes ``network.py``, ``network.npz`` and ``manifest.json``: self-contained, and able to check themselves.

    Attributes
    ----------
    template, flags : str
        The script, in the folder of all templates, and what to run it with.
    """

    template: ClassVar[str]
    flags: ClassVar[str] = ""

    def files(self, network: NetworkDescription) -> tuple[str, ...]:
        """Return the script and its arrays."""
        return SCRIPT, ARRAYS

    def write(self, new: Path, network: NetworkDescription, lists: Mapping[int, Listed]) -> dict[str, Any]:
        """Write script and arrays; the manifest holds the hash of these."""
        arrays = {f"projection{k}_{part}": a for k, one in lists.items() for part, a in one._asdict().items()}
        neurons = sum(population.size for population in network.populations)
        script = render(self.template, schema=self.schema, neurons=format_count(neurons))
        return write_script(new, script, self.schema, arrays)

    def next_step(self, folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
        """Return how to run the script."""
        return (how_to_run(folder, self.flags),)


described_exporters = Registry(
    "exporter of described networks",
    {
        "pynn": "neurosparse.export.described.pynn:DescribedPyNN",
        "brian2": "neurosparse.export.described.brian2:DescribedBrian2",
        "csv": "neurosparse.export.described.csv:DescribedCsv",
    },
    "neurosparse.described_exporters",
)
