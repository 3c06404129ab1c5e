"""The tables of the page that say why the memory is held, and what would be otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurosparse.report.page.tables import Table, plain_table
from neurosparse.report.words import amount, percent
from neurosparse.units import format_bytes


def cause_table(explanation: Mapping[str, Any] | None) -> Table | None:
    """Return why each projection takes what it takes: rows as long as the longest, padding, sources without synapses.

    Parameters
    ----------
    explanation : mapping or None
        The part of a report of that name: its ``projections`` are `neurosparse.footprint.explain.Cause`. None for
        machines that do not keep synapses in rows.
    """
    if not explanation or not explanation["projections"]:
        return None
    headings = (
        "a core holds", "of its matrix", "room a row", "longest row", "filled", "padding, all cores", "sources without",
        "they take", "largest fan-in", "weight step, as trained",
    )  # fmt: skip
    return plain_table(
        "Why each projection takes what it takes",
        (("projection", False), ("receptor", False), *((heading, True) for heading in headings)),
        (
            (
                cause["name"],
                cause["receptor"],
                format_bytes(cause["bytes"]),
                percent(cause["share"]),
                f"{cause['row']:,}",
                _longest(cause),
                "" if cause["filled"] is None else percent(cause["filled"]),
                "" if cause["padding"] is None else format_bytes(cause["padding"]),
                "" if cause["unconnected"] is None else f"{cause['unconnected']:,}",
                "" if cause["unconnected_bytes"] is None else format_bytes(cause["unconnected_bytes"]),
                f"{cause['fan_in']:,}",
                f"{cause['weight_step']:.3g}",
            )
            for cause in explanation["projections"]
        ),
    )


def _longest(cause: Mapping[str, Any]) -> str:
    """Return which source has the longest row, and where."""
    if cause["source"] is None:
        return "all alike"
    return f"neuron {cause['source']}, core {cause['core']}"


def compaction_table(compacted: Mapping[str, Any] | None, sizes: Mapping[str, int], unit: str) -> Table | None:
    """Return what the synapses take now, and without the neurons that reach no output.

    Parameters
    ----------
    compacted : mapping or None
        The part of a report of that name; None where the smaller network has no place on the machine.
    sizes : mapping of str to int
        Neurons of each population.
    unit : str
        Of what the synapses take.
    """
    if compacted is None:
        return None
    lines = []
    for name, kept in compacted["neurons"].items():
        cores = [core for core in compacted["cores"] if core["population"] == name]
        lines.append((name, f"{sizes[name]:,}", f"{kept:,}", *_saved(cores, unit)))
    total = ("in all", f"{sum(sizes.values()):,}", f"{sum(compacted['neurons'].values()):,}")
    return plain_table(
        f"Synapses on all cores, {unit}: as they are, and with the neurons alone that reach an output",
        (("population", False), *((h, True) for h in ("neurons", "of use", "as they are", "compacted", "less"))),
        (*lines, (*total, *_saved(compacted["cores"], unit))),
    )


def _saved(cores: Sequence[Mapping[str, Any]], unit: str) -> tuple[str, str, str]:
    """Return what the synapses of some cores take, what they would, and the part saved."""
    whole, fewer = (sum(core[key] for core in cores) for key in ("whole", "compacted"))
    return amount(whole, unit), amount(fewer, unit), percent(1 - fewer / whole) if whole else ""
