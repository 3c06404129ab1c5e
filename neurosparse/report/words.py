"""How pages and comparisons write amounts, shares and places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from neurosparse.hardware.ledger import Usage
from neurosparse.report.tables import CoreRow
from neurosparse.units import format_bytes, format_count, format_percent

#: Stands between the ends of a range: an en dash.
RANGE = "\u2013"


def amount(value: int | float, unit: str = "bytes") -> str:
    """Return so much of a memory: bytes with their unit, anything else as a count."""
    return format_bytes(value) if unit == "bytes" else format_count(round(value))


def amounts(usage: Usage) -> str:
    """Return what is used of what there is."""
    entries = "" if usage.unit == "bytes" else f" {usage.unit}"
    return f"{amount(usage.used, usage.unit)} of {amount(usage.available, usage.unit)}{entries}"


def percent(fraction: float) -> str:
    """Return a share: to a tenth of a percent, to a hundredth where it is below one."""
    if 0 < fraction < 1e-4:
        return "below 0.01 %"
    return format_percent(fraction, 2 if 0 < fraction < 0.01 else 1)


def neurons(row: CoreRow) -> str:
    """Return the neurons of a core, the first and the last."""
    return f"{row.start}{RANGE}{row.stop - 1}"


def place(row: CoreRow) -> str:
    """Return where a core is."""
    return f"chip ({row.x}, {row.y}) core {row.p}"


def cores_of(rows: Sequence[CoreRow]) -> set[tuple[int, int, int]]:
    """Return chip and core of each core in use; populations may share one."""
    return {(row.x, row.y, row.p) for row in rows}


def count_cores(rows: Sequence[CoreRow]) -> str:
    """Return how many cores these are, or into how many slices they are divided where populations share them."""
    cores = len(cores_of(rows))
    return (
        several(cores, "core") if cores == len(rows) else f"{several(len(rows), 'slice')} on {several(cores, 'core')}"
    )


def several(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"


def figure_at(figures: Any, key: str) -> Any:
    """Return the figure of a profile with a dotted key."""
    for part in key.split("."):
        figures = figures[part]
    return figures


def in_a_line(value: Any) -> str:
    """Return a figure for people: thousands set apart, a long list as its length."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{len(value)} entries"
