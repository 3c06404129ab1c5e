"""Two reports side by side: what differs, by how much, and what of it got worse."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from neurosparse.mapping.cost import MATRIX
from neurosparse.report.tables import memory_label, memory_names, report_rows
from neurosparse.report.words import cores_of

SCHEMA = "neurosparse.comparison/1"

#: The unit of an accuracy: a fraction of the samples, whose changes are told in percentage points.
ACCURACY = "accuracy"

#: The unit of a promise: 1 is kept, 0 is broken.
KEPT = "kept"


@dataclass(frozen=True)
class Figure:
    """One figure of both runs.

    Attributes
    ----------
    name : str
    unit : str
        ``"bytes"``, `ACCURACY`, `KEPT`, or what is counted.
    worse : "higher" or "lower"
        Which direction is worse.
    base, candidate : float or None
        None where a run has no such figure.
    """

    name: str
    unit: str
    worse: Literal["higher", "lower"]
    base: float | None
    candidate: float | None

    @property
    def change(self) -> float | None:
        """Return candidate - base; None where one is not known."""
        return None if self.base is None or self.candidate is None else self.candidate - self.base

    @property
    def relative(self) -> float | None:
        """Return the change as a fraction of the base; None where that is 0 and the change is not, or not known."""
        if self.change is None or (self.change and not self.base):
            return None
        return self.change / self.base if self.base else 0.0

    @property
    def loss(self) -> float:
        """Return by how much the candidate is worse, 0 where it is not.

        Returns
        -------
        float
            Relative to the base for bytes and counts (infinite from 0 on, or where a promise is broken), the plain
            difference for accuracies.
        """
        if self.change is None or (self.change > 0) != (self.worse == "higher") or not self.change:
            return 0.0
        if self.unit == ACCURACY:
            return abs(self.change)
        return abs(self.relative) if self.relative is not None and self.unit != KEPT else math.inf

    def exceeds(self, limit: float) -> bool:
        """Say whether the candidate is worse by more than `limit`; a change that equals it is not more."""
        return self.loss > limit and not math.isclose(self.loss, limit, rel_tol=1e-9)


@dataclass(frozen=True)
class Comparison:
    """Two runs, the first the base and the second the candidate.

    Attributes
    ----------
    figures : tuple of Figure
    settings : tuple of (str, object, object)
        The settings that differ, with both values; None where a run has no such setting, or left it open.
    """

    figures: tuple[Figure, ...]
    settings: tuple[tuple[str, Any, Any], ...]

    def over(self, limit: float) -> tuple[Figure, ...]:
        """Return the figures that got worse by more than `limit`, a fraction (see `Figure.loss`)."""
        return tuple(figure for figure in self.figures if figure.exceeds(limit))

    def to_json(self, limit: float | None = None) -> dict[str, Any]:
        """Return the comparison as plain values, schema ``neurosparse.comparison/1``.

        Parameters
        ----------
        limit : float, optional
            Also tell what got worse by more than this.
        """
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "figures": [
                {
                    "name": figure.name,
                    "unit": figure.unit,
                    "worse": figure.worse,
                    "base": figure.base,
                    "candidate": figure.candidate,
                    "change": figure.change,
                    "relative": figure.relative,
                }
                for figure in self.figures
            ],
            "settings": [{"name": name, "base": base, "candidate": other} for name, base, other in self.settings],
        }
        if limit is not None:
            document["limit"] = limit
            document["over"] = [figure.name for figure in self.over(limit)]
        return document


def compare(base: Mapping[str, Any], candidate: Mapping[str, Any]) -> Comparison:
    """Return two reports, schema ``neurosparse.report/2``, side by side."""
    before, after = ({(f.name, f.unit): f for f in _figures(run)} for run in (base, candidate))
    figures = []
    for key in dict.fromkeys((*before, *after)):
        either = before.get(key) or after[key]
        values = (found[key].base if key in found else None for found in (before, after))
        figures.append(Figure(either.name, either.unit, either.worse, *values))
    settings = []
    for name in dict.fromkeys((*base["configuration"], *candidate["configuration"])):
        old, new = (run["configuration"].get(name, {}).get("value") for run in (base, candidate))
        if old != new:
            settings.append((name, old, new))
    return Comparison(tuple(figures), tuple(settings))


def _figures(document: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the figures of one report, each as the base of a comparison with nothing."""
    yield Figure("fits", KEPT, "lower", int(document["fits"]), None)
    for name, value in document["accuracy"].items():
        yield Figure(f"{name} accuracy", ACCURACY, "lower", value, None)
    for name, value in (document.get("averaged") or {}).items():
        if name != "samples":
            yield Figure(f"{name} accuracy of the mean prediction", ACCURACY, "lower", value, None)
    synapses = document["synapses"]
    yield _count("synapses", "synapses", synapses["live"])
    yield _count("biases", "biases", document["biases"])
    yield _count("steps over budget", "steps", synapses["steps_over_budget"])
    rows = report_rows(document)
    yield _count("cores", "cores", len(cores_of(rows)))
    yield _count("chips", "chips", len({(row.x, row.y) for row in rows}))
    for memory in memory_names(rows):
        usages = [row.memories[memory] for row in rows if memory in row.memories]
        used, label = [usage.used for usage in usages], memory_label(memory)
        yield _count(f"{label}, fullest core", usages[0].unit, max(used))
        yield _count(f"{label}, all cores", usages[0].unit, sum(used))
    matrices = [row.regions[MATRIX] for row in rows if MATRIX in row.regions]
    if matrices:
        yield _count("synaptic matrix, fullest core", rows[0].main.unit, max(matrices))
        yield _count("synaptic matrix, all cores", rows[0].main.unit, sum(matrices))
    for projection in synapses["projections"]:
        for receptor, length in projection["longest_row"].items():
            yield _count(f"longest row, {projection['name']} {receptor}", "synapses", length)


def _count(name: str, unit: str, value: int) -> Figure:
    """Return a figure of which more is worse."""
    return Figure(name, unit, "higher", value, None)
