"""What a sweep found, a row a point over its seeds, as a table and as one document: no clock and no path."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

SCHEMA = "neurosparse.sweep/1"

#: What stands along the axis of a figure where no setting does: how many are left at the end.
CONNECTIONS = "connections"

#: Settings whose floats are shares, written in percent.
_SHARES = frozenset({"connectivity", "budget", "validation"})

#: Settings that may be paths; of a path the last part alone is told.
_PATHS = frozenset({"data", "profile"})


def setting_text(name: str, value: Any) -> str:
    """Return the value of a setting as a table, a figure and the name of a folder write it."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, float):
        return f"{100 * value:.12g}%" if name in _SHARES else f"{value:.12g}"
    return PurePath(value).name if name in _PATHS else str(value)


@dataclass(frozen=True)
class RunResult:
    """What one finished run reached.

    Attributes
    ----------
    seed : int
    weights, budget, biases : int
        Live connections at the end, the most there may be, and biases.
    validation, test : float
        Accuracies as fractions.
    steps, steps_over_budget : int
    rewired : int
        Connections replaced, over all steps.
    """

    seed: int
    weights: int
    budget: int
    biases: int
    validation: float
    test: float
    steps: int
    steps_over_budget: int
    rewired: int

    @classmethod
    def of(cls, seed: int, report: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> RunResult:
        """Return the result of a run from its report, schema ``neurosparse.report/2``, and the rows of its history."""
        synapses, accuracy = report["synapses"], report["accuracy"]
        return cls(
            seed, synapses["live"], synapses["budget"], report["biases"], accuracy["validation"], accuracy["test"],
            synapses["steps"], synapses["steps_over_budget"], sum(row["rewired"] for row in history),
        )  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of some values; the latter is None where there is one value.

    Attributes
    ----------
    mean : float
    sd : float or None
    """

    mean: float
    sd: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)

    def percent(self) -> str:
        """Return mean and deviation of fractions."""
        return f"{100 * self.mean:.2f}{'' if self.sd is None else f' +- {100 * self.sd:.2f}'} %"


@dataclass(frozen=True)
class PointResult:
    """What the runs of one point reached; there may be none yet.

    Attributes
    ----------
    name : str
    values : mapping
        The settings that the sweep varies, by name.
    runs : tuple of RunResult
        One a seed that finished, in the order of the seeds.
    """

    name: str
    values: Mapping[str, Any]
    runs: tuple[RunResult, ...]

    @property
    def weights(self) -> float:
        """Return how many connections are live at the end, the mean over seeds."""
        return statistics.fmean(run.weights for run in self.runs)

    @property
    def validation(self) -> Spread:
        """Return the accuracy on the validation split, over seeds."""
        return Spread.of([run.validation for run in self.runs])

    @property
    def test(self) -> Spread:
        """Return the accuracy on the test split, over seeds."""
        return Spread.of([run.test for run in self.runs])

    @property
    def steps_over_budget(self) -> int:
        """Return the steps of all runs after which more connections were live than allowed."""
        return sum(run.steps_over_budget for run in self.runs)

    @property
    def rewired(self) -> float:
        """Return how many connections a step replaces, the mean over all steps of all runs."""
        return sum(run.rewired for run in self.runs) / sum(run.steps for run in self.runs)


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes
    ----------
    title : str
    x : str
        The setting that a figure has along its axis, or `CONNECTIONS`.
    series : tuple of str
        The settings that tell its lines apart; all others that vary run along a line.
    settings : mapping
        Those that all points share, by name.
    seeds : tuple of int
    points : tuple of PointResult
        Line by line, along each in the order of the description.
    failed : tuple of (str, int, str)
        Point, seed and kind of each run that has no result.
    """

    title: str
    x: str
    series: tuple[str, ...]
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    points: tuple[PointResult, ...]
    failed: tuple[tuple[str, int, str], ...] = ()

    @property
    def steps_over_budget(self) -> int:
        """Return the steps of all runs after which more connections were live than allowed."""
        return sum(point.steps_over_budget for point in self.points)

    def label(self, point: PointResult) -> str:
        """Return what tells the line of a point from others; nothing where there is one line."""
        return ", ".join(setting_text(name, point.values[name]) for name in self.series)

    def to_json(self) -> dict[str, Any]:
        """Return the document, schema ``neurosparse.sweep/1``: every figure of the table, and those of each run."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "x": self.x,
            "series": list(self.series),
            "settings": _plain(self.settings),
            "seeds": list(self.seeds),
            "points": [
                {
                    "name": point.name,
                    "settings": _plain(point.values),
                    **(_figures(point) if point.runs else dict.fromkeys(_FIGURES)),
                    "runs": [asdict(run) for run in point.runs],
                }
                for point in self.points
            ],
            "failed": [{"point": point, "seed": seed, "kind": kind} for point, seed, kind in self.failed],
        }

    def to_csv(self) -> str:
        """Return the table with a header and every digit; accuracies are fractions."""
        text = io.StringIO(newline="")
        table = csv.writer(text, lineterminator="\n")
        columns = [*_columns(dict.fromkeys(_FIGURES)), "seeds"]
        table.writerow([f"{name}_setting" if name in columns else name for name in self._varies] + columns)
        for point in self.points:
            figures = _figures(point) if point.runs else dict.fromkeys(_FIGURES)
            values = _plain(point.values)
            cells = [",".join(map(str, v)) if isinstance(v := values[name], list) else v for name in self._varies]
            table.writerow([*cells, *_columns(figures).values(), len(point.runs)])
        return text.getvalue()

    def lines(self) -> Iterator[tuple[str, ...]]:
        """Yield the table as people read it: the heads, then a line a point."""
        figures = ("weights", "budget", "biases", "validation", "test", "seeds", "over budget", "rewired a step")
        # A setting that is called as a figure is, `weights` or `budget`, stands as its flag.
        names = [f"--{name}" if name in figures else name.replace("_", " ") for name in self._varies]
        yield (*names, *figures)
        for point in self.points:
            values = (setting_text(name, point.values[name]) for name in self._varies)
            seeds = str(len(self.seeds))
            if len(point.runs) < len(self.seeds):
                seeds = f"{len(point.runs)} of {seeds}"
            if not point.runs:
                yield (*values, *("",) * 5, seeds, "", "")
                continue
            run = point.runs[0]
            weights = f"{point.weights:,.1f}".removesuffix(".0")
            accuracies = (point.validation.percent(), point.test.percent())
            counts = (weights, f"{run.budget:,}", f"{run.biases:,}")
            yield (*values, *counts, *accuracies, seeds, f"{point.steps_over_budget:,}", f"{point.rewired:,.2f}")

    @property
    def _varies(self) -> tuple[str, ...]:
        """Return the settings that vary, in the order of the columns: what runs along a line first."""
        along = [name for name in self.points[0].values if name not in self.series]
        return (*along, *self.series)


_FIGURES = ("weights", "budget", "biases", "validation", "test", "steps_over_budget", "rewired_a_step")


def _figures(point: PointResult) -> dict[str, Any]:
    """Return what a row says of a point that has runs."""
    run = point.runs[0]
    return {
        "weights": point.weights,
        "budget": run.budget,
        "biases": run.biases,
        "validation": asdict(point.validation),
        "test": asdict(point.test),
        "steps_over_budget": point.steps_over_budget,
        "rewired_a_step": point.rewired,
    }


def _columns(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures with a column each for mean and standard deviation."""
    columns: dict[str, Any] = {}
    for name, value in figures.items():
        if name in ("validation", "test"):
            spread = value or {"mean": None, "sd": None}
            columns |= {f"{name}_mean": spread["mean"], f"{name}_sd": spread["sd"]}
        else:
            columns[name] = value
    return columns


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON says them, without paths."""
    return {
        name: list(value) if isinstance(value, tuple) else setting_text(name, value) if name in _PATHS else value
        for name, value in values.items()
    }
