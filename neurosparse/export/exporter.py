"""What every exporter offers, and the table of those that there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from neurosparse.data.dataset import Dataset
from neurosparse.mapping.layout import Plan
from neurosparse.nn.compact import Compacted
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.registry import Registry
from neurosparse.spiking.cell import Cell
from neurosparse.spiking.twin import Conversion


@dataclass(frozen=True)
class ExportSummary:
    """What an exporter wrote.

    Attributes
    ----------
    folder : Path
    files : dict of str to int
        Name and size in bytes of each file.
    told : tuple of str
        What the user should know, a line each, the next step last.
    """

    folder: Path
    files: dict[str, int]
    told: tuple[str, ...]


@dataclass(frozen=True)
class SpikingSummary(ExportSummary):
    """What an exporter wrote that runs, and what the other side is expected to find when it runs it.

    Attributes
    ----------
    samples, steps : int
        Held-out samples in the export, and time steps that each is shown for.
    rate : float
        Spikes a step of a neuron at full activation.
    cell : Cell
    network_accuracy, spiking_accuracy : float
        Fractions of the held-out samples that the trained network and its emulated spiking twin get right.
    agreement, tolerance : float
        Fraction of the held-out samples on which the two are expected to decide alike, and the least that passes.
    chosen_on : str
        The splits on whose first samples `rate` and `steps` were chosen, never the test split.
    chosen_agreement : float
        The fraction of those on which the two decided alike.
    """

    samples: int
    steps: int
    rate: float
    cell: Cell
    network_accuracy: float
    spiking_accuracy: float
    agreement: float
    tolerance: float
    chosen_on: str
    chosen_agreement: float


class Exporter(Protocol):
    """Hands a trained network over in the words of something that runs it."""

    name: str

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
        """Write a self-contained folder.

        Parameters
        ----------
        network : TrainedNetwork
        dataset : Dataset
            What the network was trained on. Scales are measured on its training split, choices made on its validation
            and training splits; the test split only gives the samples of the self-check.
        folder : Path
            Made by the export, whole or not at all.
        plan : Plan, optional
            How the network lies on its machine, for those that write what a machine holds.
        overwrite : bool
            Replace an export that is there already.
        samples : int
            How many held-out samples to put in.
        asked : Conversion, optional
            What is asked of the spiking network; what is not asked is chosen.
        compacted : Compacted, optional
            The network without what reaches nothing: this is what is written, with the neurons that it has of the whole
            one, and samples hold the inputs that it has. Scales are those of the whole network, so the two spike alike.

        Raises
        ------
        BadInput
            The network does not match the data, a number has no meaning, or the folder exists.
        OverBudget
            What is written would be too large for its format.
        Unavailable
            A package that writes the format is not installed.
        FileFault
            The folder cannot be written.
        """
        ...


exporters = Registry(
    "exporter",
    {
        "pynn": "neurosparse.export.pynn:PyNNExporter",
        "brian2": "neurosparse.export.brian2:Brian2Exporter",
        "csv": "neurosparse.export.csv:CsvExporter",
        "nir": "neurosparse.export.nir:NirExporter",
        "image": "neurosparse.export.image:ImageExporter",
    },
    "neurosparse.exporters",
)
