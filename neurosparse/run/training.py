"""A run under way: trains, keeps its folder up to date, and at the end writes what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.archive import sweep, write_json
from neurosparse.config import Config
from neurosparse.errors import BadInput
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.facts import facts
from neurosparse.run.folder import RunFolder, create
from neurosparse.run.job import (
    Job,
    dataset_of,
    layout_of,
    most_of_weights,
    prepare,
    refuse_other_content,
)
from neurosparse.run.networks import ends_of, network_of
from neurosparse.run.rules import SIGNS, rule_of
from neurosparse.run.samples import samples_of
from neurosparse.settings import WITHOUT_EFFECT
from neurosparse.store.store import SynapseStore
from neurosparse.train import checkpoint
from neurosparse.train.events import EpochEnd, Event, Stopped
from neurosparse.train.optimizer import Sgd
from neurosparse.train.trainer import Position, Trainer

#: Seconds between two checkpoints: what pulling the plug may cost.
CHECKPOINT_SECONDS = 5.0


class TrainingRun:
    """A job being trained in its folder; make one with `start` or `resume`.

    Attributes
    ----------
    job : Job
    folder : RunFolder
    trainer : Trainer
    silent : tuple of str
        After the end: the populations of spiking neurons of which none fired on the data, in any split.
    """

    def __init__(self, job: Job, folder: RunFolder, trainer: Trainer) -> None:
        self.job, self.folder, self.trainer = job, folder, trainer
        self.silent: tuple[str, ...] = ()
        self._samples = samples_of(folder, job.config.settings)

    def events(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train on, yielding events; files are written before an event is told.

        Parameters
        ----------
        stop : callable
            Asked after every step; when it returns true the checkpoint is written and the iteration ends.

        Raises
        ------
        Diverged
            The last checkpoint is kept.
        FileFault
            A file cannot be written, or another process is training in the folder.
        """
        if self.folder.is_finished:
            return
        with self.folder.claimed():
            for folder in (self.folder.path, self.folder.samples):
                sweep(folder)
            saved = time.monotonic()
            for event in self.trainer.run(stop):
                if isinstance(event, EpochEnd) and event.epoch in self._samples:
                    self._samples.keep(event.epoch, _as_value(self.job, self.trainer))
                if isinstance(event, Stopped) or time.monotonic() - saved >= CHECKPOINT_SECONDS:
                    self._save()
                    saved = time.monotonic()
                yield event
            if self.trainer.position.step == self.trainer.steps:
                self._finish()

    def _save(self) -> None:
        """Write the checkpoint and the history."""
        position = self.trainer.position
        checkpoint.save(self.folder.checkpoint, self.trainer.network, self.trainer.rule, position, self.job.fingerprint)
        self.folder.write_history(position.history, [p.name for p in self.job.graph.projections])

    def _finish(self) -> None:
        """Write the trained network and the report; the test split is looked at here, once."""
        self._save()
        job, position = self.job, self.trainer.position
        trained = _as_value(job, self.trainer)
        trained.save(self.folder.path / "network.npz")
        self.trainer.network.silent()  # of the spikes from here on
        accuracy = {
            name: self.trainer.network.evaluate(split.x, split.y, job.data.scale, split.lengths)[1]
            for name, split in job.data.splits.items()
        }
        self.silent = self.trainer.network.silent()
        report = facts(
            job.plan,
            trained,
            job.config.told(job.data.name, job.profile.name),
            [row.row() for row in position.history],
            accuracy,
            self._samples.averaged(job.data),
        )
        write_json(self.folder.path / "report.json", report)


def start(config: Config, path: Path, *, overwrite: bool = False) -> TrainingRun:
    """Prepare a new run and make its folder.

    Parameters
    ----------
    config : Config
    path : Path
        Where the run folder goes.
    overwrite : bool
        Replace a run that is there.

    Raises
    ------
    BadInput, FileFault, Unavailable, OverBudget
        Before anything is written: something asked for has no meaning, is not there, or does not fit.
    """
    job = prepare(config, is_new=True)
    trainer = trainer_of(job, None)
    return TrainingRun(job, create(path, job, _as_value(job, trainer), overwrite=overwrite), trainer)


def _as_value(job: Job, trainer: Trainer) -> TrainedNetwork:
    """Return a copy of the network as it stands, under the names of the job's graph."""
    return trainer.network.trained(ends_of(job.graph))


def trainer_of(job: Job, saved: Path | None) -> Trainer:
    """Return the trainer of a job, where the checkpoint at `saved` stands or at the start.

    Raises
    ------
    BadInput, FileFault
        A setting makes no sense together with another, or the checkpoint is damaged.
    """
    settings = job.config.settings
    layout, train = layout_of(job.plan, settings.scope), job.data.train
    store = SynapseStore(layout, momentum=settings.momentum > 0, parts=settings.threads, most=most_of_weights(settings))
    network = network_of(settings, job.architecture, store)
    rule = rule_of(settings, store, np.any(train.x, axis=0), len(train.y) // settings.batch)
    if saved is not None:
        position = checkpoint.restore(saved, network, rule, job.fingerprint, exact=rule.keeps_budget)
    else:
        position = Position()
        store.fill(settings.seed, SIGNS[settings.signs])
        rule.begin(settings.seed)
        network.initialise(settings.gain, settings.seed, settings.fan_in_of)
    optimizer = Sgd(settings.learning_rate, settings.schedule, settings.momentum)
    return Trainer(
        network, rule, optimizer, job.data,
        batch=settings.batch, epochs=settings.epochs, seed=settings.seed, position=position,
    )  # fmt: skip


def resume(path: Path, flags: Mapping[str, Any] | None = None) -> TrainingRun:
    """Go on with the run at `path` from its last checkpoint, bit for bit as if it had never stopped.

    Parameters
    ----------
    path : Path
    flags : mapping, optional
        Settings given by hand; they must be those of the run, but for the ones without effect on the result.

    Raises
    ------
    BadInput
        A setting, the profile or the data set is another than the run was started with; all that differ are told.
    FileFault
        The folder or the checkpoint is missing or damaged.
    """
    folder = RunFolder(path)
    stored = folder.config()
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    config = stored.changed(given)
    before, now = stored.settings.model_dump(), config.settings.model_dump()
    differs = [name for name in before if name not in WITHOUT_EFFECT and now[name] != before[name]]
    if differs:
        raise BadInput(
            f"{folder.path.name} was started with other values of {' and '.join(differs)}",
            numbers={name: f"{before[name]} in the run, {now[name]} given" for name in differs},
            help="resume it without these options, or train a new run",
        )
    # What has no effect may change; what has keeps the origin that it had.
    config = Config(config.settings, stored.origins)
    marks = folder.fingerprints()
    job = prepare(config, dataset_of(config, marks["data"]))
    refuse_other_content("profile", job.profile.name, marks["profile"], job.profile.fingerprint)
    saved = folder.checkpoint if folder.checkpoint.exists() else None
    return TrainingRun(job, folder, trainer_of(job, saved))
