"""Simulations on the page: the verdict of each, and how the rates of every layer follow its activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurosparse.report.layers import HEADS, layer_lines, parted
from neurosparse.report.page.figures import Chart, followed
from neurosparse.report.page.tables import Table, plain_table
from neurosparse.report.words import several
from neurosparse.units import format_percent


@dataclass(frozen=True)
class Simulated:
    """What the page shows of a simulation.

    Attributes
    ----------
    heading : str
    agrees : bool
        Whether the simulator decided as the trained network often enough.
    verdict, accuracy, parted, emulated : str
        Sentences.
    charts : tuple of Chart
        One a layer.
    layers : Table
    """

    heading: str
    agrees: bool
    verdict: str
    accuracy: str
    parted: str
    emulated: str
    charts: tuple[Chart, ...]
    layers: Table


def simulated(document: Mapping[str, Any]) -> Simulated:
    """Return what there is to show of a document of the schema ``neurosparse.simulation/1``."""
    backend, emulator, accuracy = document["backend"], document["emulator"], document["accuracy"]
    versions = ", ".join(f"{package} {version}" for package, version in document["versions"].items())
    shown = f"{several(document['samples'], 'held-out sample')} of {several(document['steps'], 'step')}"
    where = parted(document)
    return Simulated(
        heading=f"{backend}: {shown}",
        agrees=document["agrees"],
        verdict=(
            f"{format_percent(document['agreement'])} of the decisions are those of the trained network,"
            f" at least {format_percent(document['limit'])} were asked for."
        ),
        accuracy=(
            f"Accuracy on these samples: network {format_percent(accuracy['network'])},"
            f" spiking {format_percent(accuracy['spiking'])}."
        ),
        # str.capitalize would change the names of layers too.
        parted=f"{where[0].upper()}{where[1:]}.",
        emulated=(
            f"Run with {versions}. The emulator decides alike on {format_percent(emulator['alike'])} of the samples,"
            f" and spike counts are at most {emulator['spikes_apart']:,} apart."
        ),
        charts=tuple(_chart(backend, layer) for layer in document["layers"]),
        layers=plain_table(
            f"{backend}, layer by layer",
            tuple((head, k > 0) for k, head in enumerate(HEADS)),
            layer_lines(document["layers"]),
        ),
    )


def _chart(backend: str, layer: Mapping[str, Any]) -> Chart:
    """Return how the rates of a layer follow its activations; of the readout, how potentials follow logits."""
    what = "rates" if layer["firing"] else "potentials"
    correlation = "constant activations" if layer["correlation"] is None else f"correlation {layer['correlation']:.3f}"
    groups = [(group["activation"], group["low"], group["middle"], group["high"]) for group in layer["follows"]]
    says = f"What the {what} of {layer['name']} say in {backend} over what the trained network computes, {correlation}"
    return Chart(f"{layer['name']}, {correlation}", followed(groups, says))
