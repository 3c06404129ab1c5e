"""The run folder: which file says what, made under a temporary name, read back with every fault explained."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import io
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from neurosparse.architecture.architecture import Architecture, architecture_of
from neurosparse.archive import read_json, replacing_folder, write_json, write_text
from neurosparse.config import Config
from neurosparse.errors import BadInput, FileFault
from neurosparse.mapping.layout import Plan
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.schema import check_report
from neurosparse.report.simulation import check_simulation
from neurosparse.run.job import Job
from neurosparse.train.events import EpochEnd

SCHEMA = "neurosparse.run/1"


class RunFolder:
    """A folder that holds a run: its configuration and plan from the start, its result at the end.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileFault
        The folder is not there or holds no run.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise FileFault(f"there is no run folder {self.path.name}", where=str(self.path))
        if not _holds_a_run(self.path):
            raise FileFault(f"{self.path.name} is not a run folder: it has no config.json", where=str(self.path))
        self._head = read_json(self.path / "config.json")
        if not isinstance(self._head, dict) or self._head.get("schema") != SCHEMA:
            raise FileFault(f"{self.path.name} is not a run folder: config.json is not {SCHEMA}", where=str(self.path))

    @property
    def checkpoint(self) -> Path:
        """Where the checkpoint lies; it may not be there yet."""
        return self.path / "checkpoint.npz"

    @property
    def resume_command(self) -> str:
        """The command that goes on with the run."""
        return shlex.join(["neurosparse", "train", "--resume", str(self.path)])

    @property
    def samples(self) -> Path:
        """Where networks of epochs are kept; it may not be there."""
        return self.path / "samples"

    @property
    def is_finished(self) -> bool:
        """Whether the run reached its end, and what came of it is there; the report is written last."""
        return all((self.path / name).is_file() for name in ("network.npz", "report.json"))

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep every other process from training in this folder while the block runs.

        Raises
        ------
        FileFault
            Another process is training in it.
        """
        with claimed(self.path, f"another process is training in {self.path.name}"):
            yield

    def config(self) -> Config:
        """Return the resolved configuration."""
        try:
            return Config.from_json(self._head["configuration"])
        except (BadInput, KeyError) as fault:
            raise FileFault(f"config.json is damaged: {fault}", where=str(self.path / "config.json")) from fault

    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprints of data and profile the run was started with."""
        told = self._head.get("fingerprints")
        if not isinstance(told, dict) or any(not isinstance(told.get(name), str) for name in ("data", "profile")):
            raise FileFault("config.json lacks its fingerprints", where=str(self.path / "config.json"))
        return told

    def plan(self) -> Plan:
        """Return the plan the run keeps to."""
        try:
            return Plan.from_json(read_json(self.path / "plan.json"))
        except BadInput as fault:
            raise FileFault(f"plan.json is damaged: {fault.what}", where=str(self.path / "plan.json")) from fault

    def architecture(self) -> Architecture:
        """Return the layers of the network, its input and output with them."""
        populations = {p.name: p.size for p in self.plan().graph.populations}
        try:
            # An older run does not tell the shape: its input is a population, as it was everywhere then.
            shape = tuple(int(side) for side in self._head.get("input") or [populations["input"]])
            return architecture_of(shape, self.config().settings.layers, populations["output"])
        except (BadInput, KeyError, TypeError, ValueError) as fault:
            raise FileFault(f"config.json is damaged: {fault}", where=str(self.path / "config.json")) from fault

    def history(self) -> list[dict[str, Any]]:
        """Return the rows of history.csv, one an epoch, as numbers."""
        path = self.path / "history.csv"
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            kinds = {f.name: float if f.type == "float" else int for f in fields(EpochEnd) if f.name != "projections"}
            return [{name: kind(row[name]) for name, kind in kinds.items()} for row in rows]
        except (OSError, KeyError, TypeError, ValueError) as fault:
            raise FileFault(f"history.csv is missing or damaged: {fault}", where=str(path)) from fault

    def trained(self) -> TrainedNetwork:
        """Return the trained network.

        Raises
        ------
        FileFault
            The run has not finished, or the file is damaged.
        """
        path = self.path / "network.npz"
        if not path.exists():
            raise FileFault(
                f"{self.path.name} holds no trained network yet",
                where=str(path),
                help=f"finish it first: {self.resume_command}",
            )
        return TrainedNetwork.load(path)

    def network_digest(self) -> str:
        """Return the sha256 of the trained network's file."""
        return hashlib.sha256((self.path / "network.npz").read_bytes()).hexdigest()

    def initial(self) -> TrainedNetwork | None:
        """Return the network before its first step; None where the run left none.

        Raises
        ------
        FileFault
            The file is damaged.
        """
        path = self.path / "initial.npz"
        return TrainedNetwork.load(path) if path.exists() else None

    def report(self) -> dict[str, Any]:
        """Return the report of the finished run."""
        if not self.is_finished:
            raise FileFault(f"{self.path.name} has not finished", where=str(self.path), help=self.resume_command)
        document = read_json(self.path / "report.json")
        check_report(document, self.path / "report.json")
        return document

    def simulations(self) -> list[dict[str, Any]]:
        """Return what simulators found, by name; of this network or of one that the run held before.

        Raises
        ------
        FileFault
            A file is damaged.
        """
        found = []
        for path in sorted((self.path / "simulation").glob("*.json")):
            document = read_json(path)
            check_simulation(document, path)
            found.append(document)
        return found

    def write_history(self, epochs: Sequence[EpochEnd], projections: Sequence[str]) -> None:
        """Write history.csv anew, and projections.csv: what each epoch did to each of `projections`."""
        for name, text in history_tables(epochs, projections).items():
            write_text(self.path / name, text)


def history_tables(epochs: Sequence[EpochEnd], projections: Sequence[str]) -> dict[str, str]:
    """Return the content of history.csv and of projections.csv, by name."""
    parts = [
        {"epoch": epoch.epoch, "projection": name, **asdict(part)}
        for epoch in epochs
        for name, part in zip(projections, epoch.projections, strict=False)
    ]
    return {"history.csv": _table([epoch.row() for epoch in epochs]), "projections.csv": _table(parts)}


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows with the same columns as CSV with a header; nothing where there is no row."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    if rows:
        table.writeheader()
        table.writerows(rows)
    return text.getvalue()


@contextlib.contextmanager
def claimed(path: Path, otherwise: str) -> Iterator[None]:
    """Keep every other process that asks from a folder while the block runs.

    Raises
    ------
    FileFault
        Another process has it; `otherwise` says so.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise FileFault(otherwise, where=str(path), help="wait for it, or stop it with Ctrl-C") from fault
        yield
    finally:
        os.close(descriptor)


def create(path: Path, job: Job, initial: TrainedNetwork, *, overwrite: bool = False) -> RunFolder:
    """Make the folder of a new run, whole or not at all, with the network before its first step.

    Raises
    ------
    BadInput
        Something is there already and `overwrite` is not set, or it is not a run folder.
    FileFault
        The place cannot be written.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        a_run = ", go on with it (--resume), or replace it (--overwrite)"
        raise BadInput(
            f"{path.name} exists already",
            where=str(path),
            help=f"name another folder (--out){a_run if _holds_a_run(path) else '; it is no run'}",
        )
    if path.exists():
        with RunFolder(path).claimed():  # only a run is ever replaced, and none that is being trained
            pass
    head = {
        "schema": SCHEMA,
        "configuration": job.config.to_json(),
        "fingerprints": {"data": job.data.fingerprint, "profile": job.profile.fingerprint},
        "input": list(job.architecture.input),
    }
    with replacing_folder(path, overwrite) as new:
        write_json(new / "config.json", head)
        write_json(new / "plan.json", job.plan.to_json())
        initial.save(new / "initial.npz")
    return RunFolder(path)


def _holds_a_run(path: Path) -> bool:
    """Return whether a folder has the file that every run begins with."""
    return (path / "config.json").is_file()


def next_free(parent: Path, name: str) -> Path:
    """Return the first of ``parent/name-1``, ``parent/name-2``, ... that is not there."""
    number = 1
    while (path := Path(parent) / f"{name}-{number}").exists():
        number += 1
    return path
