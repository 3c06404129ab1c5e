"""The folder of a sweep: its description, a run folder for each point and seed, and what came of them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurosparse.archive import read_json, replacing_folder, write_bytes, write_json, write_text
from neurosparse.config import Config
from neurosparse.data.dataset import Dataset
from neurosparse.data.library import load_dataset
from neurosparse.errors import BadInput, FileFault, NeurosparseError
from neurosparse.report.sweep import PointResult, RunResult, SweepResult
from neurosparse.run.folder import RunFolder, claimed
from neurosparse.run.job import prepare, refuse_other_content
from neurosparse.run.pool import Order
from neurosparse.run.sweep import Point, Sweep
from neurosparse.run.sweep_file import named
from neurosparse.settings import WITHOUT_EFFECT

SCHEMA = "neurosparse.sweep-folder/1"


@dataclass(frozen=True)
class Marks:
    """What the runs of a point are made from.

    Attributes
    ----------
    data, profile : str
        The fingerprints of data set and profile.
    """

    data: str
    profile: str


def plan_points(sweep: Sweep) -> dict[str, Marks]:
    """Plan every point, and return what its runs are made from, by its name.

    Raises
    ------
    NeurosparseError
        Points whose data or machine are not there, or that do not fit: all are named. It is of the class of the first.
    """
    loaded: dict[tuple[str, float], Dataset] = {}
    marks: dict[str, Marks] = {}
    faults: list[NeurosparseError] = []
    refused: dict[str, list[str]] = {}
    for point in sweep.points:
        settings = point.config.settings
        try:
            key = settings.data, settings.validation
            if key not in loaded:
                loaded[key] = load_dataset(settings.data, validation=settings.validation)
            job = prepare(point.config, loaded[key], is_new=True)
        except NeurosparseError as fault:
            faults.append(fault)
            refused.setdefault(str(fault), []).append(point.name)
        else:
            marks[point.name] = Marks(job.data.fingerprint, job.profile.fingerprint)
    if faults:
        told = "".join(
            f"\n  {named(names)}\n    " + text.partition(": ")[2].replace("\n", "\n    ")
            for text, names in refused.items()
        )
        what = f"{len(faults)} of {len(sweep.points)} points cannot be run"
        raise type(faults[0])(what + told, help="leave them out: [[where]] with skip = true; nothing has been trained")
    return marks


class SweepFolder:
    """A folder that holds a sweep; make one with `open_folder`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    BadInput
        The folder holds no sweep.
    FileFault
        Its description is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not (self.path / "sweep.json").is_file():
            what = f"{self.path.name} exists already and holds no sweep"
            raise BadInput(what, where=str(path), help="name another folder (--out)")
        head = read_json(self.path / "sweep.json")
        if not isinstance(head, dict) or head.get("schema") != SCHEMA or not isinstance(head.get("runs"), dict):
            raise FileFault(f"sweep.json is not {SCHEMA}", where=str(self.path / "sweep.json"))
        #: What the runs depend on, as `Sweep.to_json` told it.
        self.described: dict[str, Any] = head["runs"]

    def claimed(self) -> AbstractContextManager[None]:
        """Keep every other sweep from this folder while a block runs; FileFault where one is here."""
        return claimed(self.path, f"another sweep is running in {self.path.name}")

    def run(self, point: Point, seed: int) -> Path:
        """Return where the run of a point with a seed goes."""
        return self.path / "runs" / point.name / f"seed-{seed}"

    def orders(self, sweep: Sweep) -> list[Order]:
        """Return every run of the sweep: all points with the first seed before the next seed."""
        place = sweep.places.get("seeds", "default")
        return [
            Order(self.run(point, seed), point.config_of(seed, place)) for seed in sweep.seeds for point in sweep.points
        ]

    def finished(self, sweep: Sweep, marks: Mapping[str, Marks]) -> dict[Path, RunResult]:
        """Return what each finished run reached, by its folder.

        Raises
        ------
        BadInput
            A run here is another than the sweep describes, or data or profile have another content by now.
        FileFault
            A run is damaged.
        """
        found = {}
        for order in self.orders(sweep):
            path = order.path
            if not path.exists():
                continue
            folder = RunFolder(path)
            differ = _differing(folder.config(), order.config)
            if differ:
                raise BadInput(
                    f"{path.parent.name} {path.name} is a run with other values of {' and '.join(differ)}",
                    where=str(path), help="remove it, or begin anew (--overwrite)",
                )  # fmt: skip
            held, made = folder.fingerprints(), marks[path.parent.name]
            refuse_other_content("data", order.config.settings.data, held["data"], made.data)
            refuse_other_content("profile", order.config.settings.profile, held["profile"], made.profile)
            if folder.is_finished:
                found[path] = RunResult.of(order.config.settings.seed, folder.report(), folder.history())
        return found

    def result(self, sweep: Sweep, runs: Mapping[Path, RunResult], failed: Mapping[Path, str]) -> SweepResult:
        """Return what the sweep found.

        Parameters
        ----------
        sweep : Sweep
        runs : mapping of Path to RunResult
            From `finished`.
        failed : mapping of Path to str
            Runs without a result, and the kind of fault of each.
        """
        every = [(point, seed, self.run(point, seed)) for point in sweep.points for seed in sweep.seeds]
        points = tuple(
            PointResult(
                point.name,
                point.values,
                tuple(runs[path] for seed in sweep.seeds if (path := self.run(point, seed)) in runs),
            )
            for point in sweep.points
        )
        faults = tuple((point.name, seed, failed[path]) for point, seed, path in every if path in failed)
        return SweepResult(sweep.title, sweep.x, sweep.series, sweep.settings, sweep.seeds, points, faults)

    def write(self, result: SweepResult) -> tuple[Path, ...]:
        """Write table and figure, and return where they are; no figure is drawn of nothing."""
        paths = [self.path / "table.csv", self.path / "table.json"]
        write_text(paths[0], result.to_csv())
        write_json(paths[1], result.to_json())
        figures = [self.path / "figure.svg", self.path / "figure.png"]
        if any(point.runs for point in result.points):
            from neurosparse.report.sweep_figure import sweep_figure

            write_bytes(figures[0], sweep_figure(result, "svg"))
            write_bytes(figures[1], sweep_figure(result, "png"))
            return (*paths, *figures)
        for path in figures:
            path.unlink(missing_ok=True)
        return tuple(paths)


def open_folder(path: Path, sweep: Sweep, *, overwrite: bool = False) -> SweepFolder:
    """Return the folder of a sweep, made now or going on.

    What a sweep is called, and what its figure has along its axes, may change; what its runs depend on may not.

    Parameters
    ----------
    path : Path
    sweep : Sweep
    overwrite : bool
        Replace a sweep that is there, with all its runs.

    Raises
    ------
    BadInput
        There is another sweep, and `overwrite` is not set, or something that is no sweep.
    FileFault
        The place cannot be written, or another sweep is running there.
    """
    path = Path(path)
    with contextlib.suppress(NotADirectoryError):
        if not path.exists() or not any(path.iterdir()):
            return _create(path, sweep, replace=False)
    folder = SweepFolder(path)
    if overwrite:
        with folder.claimed():
            pass
        return _create(path, sweep, replace=True)
    before, now = folder.described, sweep.to_json()
    differ = [name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name)]
    if differ:
        raise BadInput(
            f"{path.name} holds another sweep: it differs in {' and '.join(differ)}",
            numbers={name: f"{_text(before.get(name))} there, {_text(now.get(name))} asked" for name in differ},
            where=str(path),
            help="name another folder (--out), or replace that sweep with all its runs (--overwrite)",
        )
    write_text(path / "sweep.toml", sweep.text)
    return folder


def _create(path: Path, sweep: Sweep, *, replace: bool) -> SweepFolder:
    """Make the folder, whole or not at all."""
    with replacing_folder(path, replace) as new:
        write_json(new / "sweep.json", {"schema": SCHEMA, "runs": sweep.to_json()})
        write_text(new / "sweep.toml", sweep.text)
    return SweepFolder(path)


def _differing(made: Config, asked: Config) -> list[str]:
    """Return the settings of a run that are not those asked for: named with other values, or named by one alone.

    What neither names was filled in when the run was made.
    """
    before, now = made.settings.model_dump(), asked.settings.model_dump()
    named_by = [{name for name, origin in config.origins.items() if origin != "default"} for config in (made, asked)]
    return [
        name
        for name in now
        if name not in WITHOUT_EFFECT
        and any(name in names for names in named_by)
        and (before[name] != now[name] or not all(name in names for names in named_by))
    ]


def _text(value: Any) -> str:
    """Return what a description says of something."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "nothing" if value is None else str(value)
