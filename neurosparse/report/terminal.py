"""Plans and reports on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TextIO

from rich.console import Console
from rich.table import Table

from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.delays import extension_of
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.otherwise import Otherwise
from neurosparse.report.tables import CoreRow, fullest_core, memory_label, memory_names, plan_rows, report_rows
from neurosparse.report.words import several
from neurosparse.units import format_bytes, format_count, format_percent

# Wider than any table of cores.
_WIDTH = 200

_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("population", "left"),
    ("slice", "left"),
    ("neurons", "right"),
    ("chip, core", "left"),
    ("live", "right"),
    ("slots", "right"),
)

# What there is of a memory, where another word says it better.
_THERE_IS = {"sdram": "share", "dtcm": "heap"}


def print_plan(plan: Plan, file: TextIO | None = None) -> None:
    """Print the cores of a plan and the verdict on `file`, standard output unless told otherwise."""
    file = file or sys.stdout
    rows = plan_rows(plan)
    _print_table(rows, file)
    slots = sum(row.capacity for row in rows)
    synapses = sum(projection.synapses for projection in plan.graph.projections)
    cores, chips = several(len(plan.places), "core"), several(len(plan.chips), "chip")
    print(_fullest(rows), file=file)
    print(f"synapses {format_count(synapses)} of {format_count(slots)} slots", file=file)
    for line in (*_limits(plan), *delay_extensions(rows)):
        print(line, file=file)
    print("".join(f"{line}\n" for line in covered(plan.profile.covers, plan.profile.does_not_cover)), end="", file=file)
    print(f"fits {plan.profile.name}: {cores} on {chips}", file=file)


def print_report(document: Mapping[str, Any], file: TextIO | None = None) -> None:
    """Print a report, schema ``neurosparse.report/2``: the cores, what they hold, and what the network reached."""
    file = file or sys.stdout
    rows = report_rows(document)
    synapses = document["synapses"]
    _print_table(rows, file)
    lines = [
        _fullest(rows),
        f"synapses {format_count(synapses['live'])} live of {format_count(synapses['budget'])}"
        f"{_on_paths(synapses)}   biases {format_count(document['biases'])}",
        f"over budget: {format_count(synapses['steps_over_budget'])} of {format_count(synapses['steps'])} steps",
        f"accuracy {_accuracies(document['accuracy'])}",
        *_averaged(document),
        *_compaction(document),
        *_reasons(document["explanation"]),
        *delay_extensions(rows),
        *covered(document["profile"]["covers"], document["profile"]["does_not_cover"]),
        f"{'fits' if document['fits'] else 'does not fit'} {document['profile']['name']}",
    ]
    print("\n".join(lines), file=file)


def _on_paths(synapses: Mapping[str, Any]) -> str:
    """Say how many synapses lie on a path from an input to an output, where it was counted and not all do.

    And how many they are where weights that are shared over positions are held as synapses.
    """
    count, unrolled = synapses.get("effective"), synapses.get("unrolled")
    on_paths = "" if count is None or count == synapses["live"] else f", {format_count(count)} on paths"
    return on_paths + ("" if unrolled is None else f", {format_count(unrolled)} on the cores, each by itself")


def _print_table(rows: Sequence[CoreRow], file: TextIO) -> None:
    """Print the table of cores: used, available, percent, and what holds the memory."""
    trained = any(row.live is not None for row in rows)
    memories = memory_names(rows)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, justify in _COLUMNS:
        if heading != "live" or trained:
            table.add_column(heading, justify=justify, no_wrap=True)
    for k, name in enumerate(memories):
        for heading in (memory_label(name), _THERE_IS.get(name, "there is"), "used"):
            table.add_column(heading, justify="right", no_wrap=True)
        if k == 0:
            table.add_column("held by", no_wrap=True)
    for row in rows:
        live = [format_count(row.live or 0)] if trained else []
        table.add_row(
            row.population,
            f"{row.start}-{row.stop - 1}",
            format_count(row.neurons),
            f"({row.x}, {row.y}) {row.p}",
            *live,
            format_count(row.capacity),
            *cells(row.main),
            f"{row.holds.replace('_', ' ')} {format_percent(row.regions[row.holds] / max(1, row.main.used), 0)}",
            *(cell for name in memories[1:] for cell in cells(row.memories.get(name))),
        )
    # As wide as the table: a narrow terminal wraps its lines, but no figure is cut off.
    console = Console(file=file, width=_WIDTH, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(table)
    print("\n".join(line.rstrip() for line in capture.get().splitlines()), end="\n\n", file=file)


def cells(usage: Usage | None) -> tuple[str, str, str]:
    """Return used, available and percent."""
    if usage is None:
        return "not stated", "", ""
    write = format_bytes if usage.unit == "bytes" else format_count
    return write(usage.used), write(usage.available), format_percent(usage.fraction)


def _fullest(rows: Sequence[CoreRow]) -> str:
    """Return the line on the fullest core."""
    row = rows[fullest_core(rows)]
    memory, fraction = row.fullest
    place = f"chip ({row.x}, {row.y}) core {row.p}"
    used = f"{memory_label(memory)} {format_percent(fraction)}"
    return f"fullest core: {row.population} {row.start}-{row.stop - 1} on {place}, {used}"


def _reasons(explanation: Mapping[str, Any] | None) -> list[str]:
    """Return what holds the synaptic matrices, and what a user should know of it."""
    if explanation is None:
        return []
    lines = []
    for cause in explanation["projections"]:
        filled = "" if cause["filled"] is None else f", {format_percent(cause['filled'])} filled"
        lines.append(
            f"rows of {cause['name']} {cause['receptor']}: room for {several(cause['row'], 'synapse')}{filled},"
            f" {format_bytes(cause['bytes'])} a core"
        )
    return [*lines, *(f"note: {note}" for note in explanation["notes"])]


def _limits(plan: Plan) -> list[str]:
    """Return what binds each projection beside its slots, a line each; nothing for those that are free."""
    lines = []
    for p in plan.graph.projections:
        row = "row of each delay" if p.delays > 1 else "row"
        pairs = ((row, plan.max_row_length(p.name)), ("fan-in", plan.max_fan_in(p.name)))
        told = [f"{noun} at most {format_count(limit)}" for noun, limit in pairs if limit is not None]
        if told:
            lines.append(f"{p.name}: {', '.join(told)}")
    return lines


def delay_extensions(rows: Sequence[CoreRow]) -> list[str]:
    """Return what cores that hold spikes back are there for, a line for each population that has some."""
    names = {row.population: None for row in rows}
    return [
        f"note: {extension_of(name)} holds spikes of {name} back, for delays beyond the ring buffers of their targets"
        for name in names
        if extension_of(name) in names
    ]


def covered(covers: Sequence[str], does_not_cover: Sequence[str]) -> list[str]:
    """Return what a machine's figures cover and what they leave open, a line each."""
    return [*(f"note: {line}" for line in covers), *(f"not covered: {line}" for line in does_not_cover)]


def _accuracies(accuracy: Mapping[str, float | None]) -> str:
    """Return the accuracies that are known."""
    known = [f"{name} {format_percent(value, 2)}" for name, value in accuracy.items() if value is not None]
    return "   ".join(known) or "unknown"


def _averaged(document: Mapping[str, Any]) -> list[str]:
    """Return the line on what samples of the posterior decide together, where some were kept."""
    averaged = document.get("averaged")
    if not averaged:
        return []
    known = {name: value for name, value in averaged.items() if name != "samples"}
    return [f"mean prediction of {several(averaged['samples'], 'posterior sample')}: {_accuracies(known)}"]


def _compaction(document: Mapping[str, Any]) -> list[str]:
    """Return the line on what compaction would leave; none where it leaves all or the report does not say."""
    compacted = document.get("compacted")
    if not compacted:
        return []
    neurons = {core["population"]: 0 for core in document["cores"]}
    for core in document["cores"]:
        neurons[core["population"]] += core["neurons"]
    fewer = [
        f"{name} {format_count(kept)} of {format_count(neurons[name])}"
        for name, kept in compacted["neurons"].items()
        if kept < neurons.get(name, 0)
    ]
    largest = max(compacted["cores"], key=lambda core: core["whole"], default=None)
    if not fewer or largest is None:
        return []
    unit = next(iter(document["cores"][0]["memories"].values())).get("unit", "bytes")
    write = format_bytes if unit == "bytes" else format_count
    place = f"{largest['population']} {largest['slice'][0]}-{largest['slice'][1] - 1}"
    whole, compacted = write(largest["whole"]), write(largest["compacted"])
    less = "" if whole == compacted else f"; synapses of {place} take {compacted} instead of {whole}"
    return [f"compacted (export --compact): {', '.join(fewer)} neurons{less}"]


def print_otherwise(otherwise: Otherwise, file: TextIO | None = None) -> None:
    """Print what would be otherwise on `file`, standard output unless told otherwise."""
    file = file or sys.stdout
    print("\nwhat if", file=file)
    for alternative in otherwise.alternatives:
        name = f"{alternative.option} {alternative.value}" if alternative.option else "as it is"
        if not alternative.fits:
            print(f"  {name}: does not fit", file=file)
            continue
        size = format_bytes(alternative.largest) if alternative.unit == "bytes" else f"{alternative.largest:,}"
        cores = several(alternative.cores, "core")
        print(f"  {name}: {cores}, {format_count(alternative.slots)} slots, synapses of a core up to {size}", file=file)
    print(f"  the largest budget that is sure to fit: --synapses {otherwise.most_synapses}", file=file)
