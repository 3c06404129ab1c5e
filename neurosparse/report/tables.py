"""The cores of a plan or a report as plain rows, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.layout import Plan

_ACRONYMS = ("cam", "dtcm", "sdram", "sram")


@dataclass(frozen=True)
class CoreRow:
    """One core as a table shows it.

    Attributes
    ----------
    population : str
    start, stop : int
        Its neurons: start to stop - 1.
    x, y, p : int
        Chip and core.
    live : int or None
        Synapses it holds; None in a plan, where there are none yet.
    capacity : int
        Synapse slots.
    memories : mapping of str to Usage
        Its memories; in a plan with all the synapses that the slots may come to.
    regions : mapping of str to int
        What is used of the first memory, by region.
    """

    population: str
    start: int
    stop: int
    x: int
    y: int
    p: int
    live: int | None
    capacity: int
    memories: Mapping[str, Usage]
    regions: Mapping[str, int]

    @property
    def neurons(self) -> int:
        """Return the number of neurons."""
        return self.stop - self.start

    @property
    def main(self) -> Usage:
        """Return the first of its memories: the one that `regions` divide."""
        return next(iter(self.memories.values()))

    @property
    def holds(self) -> str:
        """Return the name of the region that takes the most."""
        return max(self.regions, key=lambda name: self.regions[name])

    @property
    def fullest(self) -> tuple[str, float]:
        """Return which of its memories is the fullest, and the fraction used of it."""
        name = max(self.memories, key=lambda name: self.memories[name].fraction)
        return name, self.memories[name].fraction


def plan_rows(plan: Plan) -> tuple[CoreRow, ...]:
    """Return the cores of a plan, in its order."""
    rows = []
    for core in plan.cores:
        synapses = core.main.used - sum(core.regions.values())
        rows.append(
            CoreRow(
                population=core.population,
                start=core.start,
                stop=core.stop,
                x=core.x,
                y=core.y,
                p=core.p,
                live=None,
                capacity=sum(core.slots.values()),
                memories=core.memories,
                regions={**core.regions, **({plan.synapses: synapses} if synapses or not core.regions else {})},
            )
        )
    return tuple(rows)


def report_rows(document: Mapping[str, Any]) -> tuple[CoreRow, ...]:
    """Return the cores of a report, schema ``neurosparse.report/2``, in its order."""
    return tuple(
        CoreRow(
            population=core["population"],
            start=core["slice"][0],
            stop=core["slice"][1],
            x=core["chip"][0],
            y=core["chip"][1],
            p=core["core"],
            live=core["synapses"]["live"],
            capacity=core["synapses"]["capacity"],
            memories={name: Usage(**usage) for name, usage in core["memories"].items()},
            regions=core["regions"],
        )
        for core in document["cores"]
    )


def fullest_core(rows: Sequence[CoreRow]) -> int:
    """Return the index of the core whose fullest memory is the fullest of all; the first of equals."""
    return max(range(len(rows)), key=lambda k: (rows[k].fullest[1], -k))


def memory_names(rows: Sequence[CoreRow]) -> list[str]:
    """Return the names of all memories of some cores, in the order of their weight."""
    return list(dict.fromkeys(name for row in rows for name in row.memories))


def memory_label(name: str) -> str:
    """Return the name of a memory as people write it."""
    return " ".join(word.upper() if word in _ACRONYMS else word for word in name.split("_"))


def cores_csv(rows: Sequence[CoreRow]) -> str:
    """Return the cores as CSV: a header, then one line a core; whole numbers, nothing where nothing is known."""
    memories = memory_names(rows)
    regions = list(dict.fromkeys(name for row in rows for name in row.regions))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [
            *("population", "start", "stop", "x", "y", "p", "neurons", "synapses_live", "synapses_capacity"),
            *(f"{name}_{what}" for name in memories for what in ("used", "available")),
            "holds",
            *(f"region_{name}" for name in regions),
        ]
    )
    for row in rows:
        pairs = [
            (row.memories[name].used, row.memories[name].available) if name in row.memories else ("", "")
            for name in memories
        ]
        table.writerow(
            [
                *(row.population, row.start, row.stop, row.x, row.y, row.p, row.neurons),
                *("" if row.live is None else row.live, row.capacity),
                *(size for pair in pairs for size in pair),
                row.holds,
                *(row.regions.get(name, "") for name in regions),
            ]
        )
    return text.getvalue()
