"""The layers of a simulation as lines of text, for terminals and for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurosparse.units import format_count, format_percent

HEADS = (
    "layer",
    "neurons",
    "correlation",
    "agreement",
    "silent",
    "never active",
    "saturated",
    "spikes a step",
    "spikes",
    "synaptic events",
)


def layer_lines(layers: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return a line a layer, and one of what all of them send while a sample is shown.

    Parameters
    ----------
    layers : sequence of mapping
        Of a document of the schema ``neurosparse.simulation/1``.
    """
    firing = [layer["firing"] for layer in layers if layer["firing"]]
    spikes, events = (f"{sum(each[name] for each in firing):,.1f}" for name in ("spikes", "events"))
    return [*map(_line, layers), ("a sample, in all", *("",) * 7, spikes, events)]


def parted(document: Mapping[str, Any]) -> str:
    """Return where rates and activations part, by which criterion."""
    criterion = f"correlation below {document['parted_below']:g}"
    if document["parts_at"] is None:
        return f"rates and activations part nowhere: no {criterion}"
    return f"rates and activations part first at {document['parts_at']} ({criterion})"


def _line(layer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the line of a layer."""
    correlation = "constant" if layer["correlation"] is None else f"{layer['correlation']:.3f}"
    head = (layer["name"], format_count(layer["neurons"]), correlation, format_percent(layer["agreement"]))
    firing = layer["firing"]
    if firing is None:
        return (*head, *("",) * 6)
    return (
        *head,
        format_percent(firing["silent"]),
        format_percent(firing["inactive"]),
        "" if firing["saturated"] is None else format_percent(firing["saturated"]),
        f"{firing['mean_rate']:.4f}",
        f"{firing['spikes']:,.1f}",
        f"{firing['events']:,.1f}",
    )
