"""The cores of a plan or a report as plain rows, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.cost import MATRIX
from neurosparse.mapping.plan import Plan


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
    sdram : Usage
        Bytes; in a plan with the largest synaptic matrix that the slots may come to.
    dtcm : Usage or None
        Bytes; None where the profile states no figures.
    regions : mapping of str to int
        The bytes of SDRAM by region.
    """

    population: str
    start: int
    stop: int
    x: int
    y: int
    p: int
    live: int | None
    capacity: int
    sdram: Usage
    dtcm: Usage | None
    regions: Mapping[str, int]

    @property
    def neurons(self) -> int:
        """Return the number of neurons."""
        return self.stop - self.start

    @property
    def holds(self) -> str:
        """Return the name of the region that takes the most SDRAM."""
        return max(self.regions, key=lambda name: self.regions[name])

    @property
    def fullest(self) -> tuple[str, float]:
        """Return which of its memories is the fullest, and the fraction used of it."""
        memories = {"sdram": self.sdram, **({"dtcm": self.dtcm} if self.dtcm else {})}
        name = max(memories, key=lambda name: memories[name].fraction)
        return name, memories[name].fraction


def plan_rows(plan: Plan) -> tuple[CoreRow, ...]:
    """Return the cores of a plan, in its order."""
    rows = []
    for core in plan.cores:
        matrix = core.sdram.used - sum(core.regions.values())
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
                sdram=core.sdram,
                dtcm=core.dtcm,
                regions={**core.regions, **({MATRIX: matrix} if matrix else {})},
            )
        )
    return tuple(rows)


def report_rows(document: Mapping[str, Any]) -> tuple[CoreRow, ...]:
    """Return the cores of a report, schema ``neurosparse.report/1``, in its order."""
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
            sdram=Usage(**core["sdram"]),
            dtcm=Usage(**core["dtcm"]) if core["dtcm"] else None,
            regions=core["regions"],
        )
        for core in document["cores"]
    )


def fullest_core(rows: Sequence[CoreRow]) -> int:
    """Return the index of the core whose fullest memory is the fullest of all; the first of equals."""
    return max(range(len(rows)), key=lambda k: (rows[k].fullest[1], -k))


def cores_csv(rows: Sequence[CoreRow]) -> str:
    """Return the cores as CSV: a header, then one line a core; sizes in bytes, nothing where nothing is known."""
    regions = list(dict.fromkeys(name for row in rows for name in row.regions))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [
            *("population", "start", "stop", "x", "y", "p", "neurons", "synapses_live", "synapses_capacity"),
            *("sdram_used", "sdram_available", "dtcm_used", "dtcm_available", "holds"),
            *(f"region_{name}" for name in regions),
        ]
    )
    for row in rows:
        dtcm = (row.dtcm.used, row.dtcm.available) if row.dtcm else ("", "")
        table.writerow(
            [
                *(row.population, row.start, row.stop, row.x, row.y, row.p, row.neurons),
                *("" if row.live is None else row.live, row.capacity),
                *(row.sdram.used, row.sdram.available, *dtcm, row.holds),
                *(row.regions.get(name, "") for name in regions),
            ]
        )
    return text.getvalue()
