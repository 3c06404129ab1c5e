"""What a network takes, on a terminal: cores that are alike on one line, rows and their reasons, what would fit."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from neurosparse.footprint.explain import Cause, explain
from neurosparse.footprint.routers import RouterUse, router_entries
from neurosparse.footprint.values import Footprint
from neurosparse.footprint.whatif import WhatIf, Width
from neurosparse.hardware.ledger import Usage
from neurosparse.report.footprint import footprint_rows, notes
from neurosparse.report.tables import CoreRow, fullest_core
from neurosparse.report.terminal import cells, covered, delay_extensions
from neurosparse.report.words import several
from neurosparse.units import format_bytes, format_count, format_percent

# Wider than any of the tables: two names of 200 characters are in a projection's.
_WIDTH = 1000
_LARGEST_REGIONS = 3


def print_footprint(footprint: Footprint, otherwise: WhatIf | None = None, file: TextIO | None = None) -> None:
    """Print what every core holds, why, and the verdict on `file`, standard output unless told otherwise.

    Raises
    ------
    OverBudget
        The router of a chip has too few entries; nothing is printed.
    """
    file = file or sys.stdout
    rows, routers, causes = footprint_rows(footprint), router_entries(footprint), explain(footprint)
    _print(file, _CORES, [_core_cells(list(group)) for _, group in groupby(rows, key=_alike)])
    if causes:
        _print(file, _PROJECTIONS, [_cause_cells(cause) for cause in causes])
    print(_fullest(rows), file=file)
    print(_routers(routers.values(), footprint.profile.chip.router_entries), file=file)
    for note in notes(footprint, causes):
        print(f"note: {note}", file=file)
    profile = footprint.profile
    for line in (*delay_extensions(rows), *covered(profile.covers, profile.does_not_cover)):
        print(line, file=file)
    if otherwise is not None:
        print(file=file)
        print_what_if(otherwise, file)
    print(_verdict(footprint), file=file)


def _verdict(footprint: Footprint) -> str:
    """Return the last line: what it fits, or what does not."""
    core = footprint.overflowing
    if core is not None:
        name, usage = next((name, usage) for name, usage in core.memories.items() if not usage.fits)
        return (
            f"does not fit {footprint.profile.name}: {core.population} {core.start}-{core.stop - 1} would take"
            f" {format_bytes(usage.used)} of {name.upper()}, there is {format_bytes(usage.available)}"
            f" (not verified on hardware); fewer neurons on a core take less"
        )
    chip = max(footprint.chips.values(), key=lambda usage: usage.fraction)
    cores, chips = several(len(footprint.cores), "core"), several(len(footprint.chips), "chip")
    return (
        f"fits {footprint.profile.name}: {cores} on {chips} of {several(footprint.boards, 'board')},"
        f" the fullest chip at {format_percent(chip.fraction)} of its SDRAM"
    )


def print_widths(widths: Sequence[Width], file: TextIO | None = None) -> None:
    """Print a network with other numbers of neurons on a core."""
    file = file or sys.stdout
    print("what if", file=file)
    _print(
        file,
        ("neurons a core", "cores", "chips", "boards", "fullest core"),
        [
            [str(width.neurons), f"{width.cores:,}", str(width.chips), str(width.boards), format_bytes(width.largest)]
            if width.fits
            else [str(width.neurons), "", "", "", "does not fit"]
            for width in widths
        ],
    )


def print_what_if(otherwise: WhatIf, file: TextIO) -> None:
    """Print what would be otherwise."""
    print_widths(otherwise.widths, file)
    if otherwise.limits:
        _print(
            file,
            ("rows of", "at most", "bytes a core", "instead of", "saved", "synapses to move"),
            [
                [
                    limit.projection,
                    str(limit.limit),
                    format_bytes(limit.bytes),
                    format_bytes(limit.before),
                    format_percent(1 - limit.bytes / limit.before),
                    f"{limit.moved:,}",
                ]
                for limit in otherwise.limits
            ],
        )
    for room in otherwise.rooms:
        print(
            f"{room.population}: {format_bytes(room.free)} more fit on each core; with rows of {room.row} for every"
            f" projection there are {format_count(room.slots)} slots (as it is {format_count(room.now)})",
            file=file,
        )


_CORES = (
    "population", "slice", "cores", "neurons", "chip, core", "SDRAM", "room", "used", "held by", "DTCM", "heap", "used"
)  # fmt: skip
_PROJECTIONS = (
    "projection", "receptor", "synapses", "rows of", "longest", "bytes a core", "share", "filled", "unconnected",
    "fan-in", "weight step",
)  # fmt: skip
# Names and words stand left, figures right.
_LEFT = ("population", "slice", "chip, core", "held by", "projection", "receptor", "longest", "rows of")


def _alike(row: CoreRow) -> tuple[Any, ...]:
    """Return what cores on one line have in common."""
    return row.population, tuple(row.regions.values()), tuple(usage.used for usage in row.memories.values())


def _core_cells(rows: Sequence[CoreRow]) -> list[str]:
    """Return one line for cores that hold the same."""
    first, last = rows[0], rows[-1]
    place = f"({first.x}, {first.y}) {first.p}"
    if last is not first:
        place += f" .. ({last.x}, {last.y}) {last.p}"
    share = min(row.main.available for row in rows)
    return [
        first.population,
        f"{first.start}-{last.stop - 1}",
        str(len(rows)),
        format_count(first.neurons),
        place,
        *cells(Usage(first.main.used, share)),
        f"{first.holds.replace('_', ' ')} {format_percent(first.regions[first.holds] / max(1, first.main.used), 0)}",
        *cells(first.memories.get("dtcm")),
    ]


def _cause_cells(cause: Cause) -> list[str]:
    """Return one line for a projection."""
    longest = "all alike" if cause.source is None else f"neuron {cause.source} onto core {cause.core}"
    return [
        cause.name,
        cause.receptor,
        "by rule" if cause.synapses is None else f"{cause.synapses:,}",
        str(cause.row),
        longest if cause.row else "none",
        format_bytes(cause.bytes),
        format_percent(cause.share),
        "" if cause.filled is None else format_percent(cause.filled),
        "" if cause.unconnected is None else f"{cause.unconnected:,}",
        f"{cause.fan_in:,}",
        f"{cause.weight_step:.3g}",
    ]


def _fullest(rows: Sequence[CoreRow]) -> str:
    """Return the line on the fullest core and its largest regions."""
    row = rows[fullest_core(rows)]
    memory, fraction = row.fullest
    largest = sorted(row.regions.items(), key=lambda item: -item[1])[:_LARGEST_REGIONS]
    parts = ", ".join(f"{name.replace('_', ' ')} {format_bytes(size)}" for name, size in largest)
    return (
        f"fullest core: {row.population} {row.start}-{row.stop - 1} on chip ({row.x}, {row.y}) core {row.p},"
        f" {memory.upper()} {format_percent(fraction)}; its SDRAM: {parts}"
    )


def _routers(uses: Collection[RouterUse], available: int) -> str:
    """Return the line on the routers."""
    after = max((use.after for use in uses), default=0)
    before = max((use.before for use in uses), default=0)
    return f"router: at most {after:,} of {available:,} entries on a chip, {before:,} before compression"


def _print(file: TextIO, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table, as wide as it is, and an empty line."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, justify="left" if heading in _LEFT else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    console = Console(file=file, width=_WIDTH, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(table)
    print("\n".join(text.rstrip() for text in capture.get().splitlines()), end="\n\n", file=file)
