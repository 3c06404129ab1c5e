"""Transfer as in Figure 4 of Bellec et al. 2018: MNIST with its classes shuffled anew for every task, one network.

A network is trained on one task after the other, and keeps its connections and weights in between; beside it a new
network is trained on every task. What is told is the validation accuracy after each epoch, and how many connections
of those that a projection had at the beginning of a task it still has at the end. Each seed is a file, so that an
interrupted benchmark goes on where it stopped.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

import neurosparse as ns
from neurosparse.archive import write_json
from neurosparse.run.job import Job, prepare
from neurosparse.run.training import trainer_of
from neurosparse.train.events import EpochEnd
from neurosparse.train.trainer import Trainer


def shuffled(job: Job, task: int, seed: int) -> Job:
    """Return the job with its classes shuffled; task 0 has them as they are."""
    order = np.random.default_rng((seed, task)).permutation(job.data.n_classes) if task else np.arange(10)
    train, validation = (replace(part, y=order[part.y]) for part in (job.data.train, job.data.validation))
    return replace(job, data=replace(job.data, train=train, validation=validation))


def pairs(trainer: Trainer) -> list[set[tuple[int, int]]]:
    """Return which pairs are connected in each projection."""
    found = []
    for p in trainer.network.store.projections:
        row_start, target, _, _ = p.slots
        row = np.repeat(np.arange(p.n_pre), np.diff(row_start))
        found.append(set(zip(row.tolist(), target[row_start[0] : row_start[-1]].tolist(), strict=True)))
    return found


def learn(job: Job, before: Trainer | None) -> tuple[Trainer, list[float], list[float]]:
    """Train on a task, with the network that `before` left or a new one; return accuracies and what was kept."""
    trainer = trainer_of(job, None)
    if before is not None:
        for to, of in zip(arrays(trainer), arrays(before), strict=True):
            to[...] = of
        trainer.network.store.balance()
    start = pairs(trainer)
    accuracy = [event.validation_accuracy for event in trainer.run() if isinstance(event, EpochEnd)]
    kept = [len(a & b) / len(a) for a, b in zip(start, pairs(trainer), strict=True)]
    return trainer, accuracy, kept


def arrays(trainer: Trainer) -> list[np.ndarray]:
    """Return the arrays of a network that change in training."""
    store = trainer.network.store
    biases = [array for layer in trainer.network.layers for array in (layer.bias, layer.bias_velocity)]
    return [*store.slots, store.live, *biases]


def measured(seed: int, tasks: int, flags: dict[str, object]) -> dict[str, object]:
    """Return what one seed gives, task by task."""
    rows, trainer = [], None
    for task in range(tasks):
        job = shuffled(prepare(ns.configure({**flags, "seed": 1000 * seed + task})), task, seed)
        trainer, accuracy, kept = learn(job, trainer)
        fresh = learn(job, None)[1] if task else accuracy
        rows.append({"task": task + 1, "accuracy": accuracy, "new network": fresh, "kept": kept})
    return {"seed": seed, "settings": flags, "tasks": rows}


@click.command()
@click.option("--tasks", default=5, show_default=True)
@click.option("--epochs", default=10, show_default=True, help="Epochs a task.")
@click.option("--synapses", default=2662, show_default=True)
@click.option("--seeds", default=5, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the results, a file a seed.")
def main(tasks: int, epochs: int, synapses: int, seeds: int, out: Path) -> None:
    """Print one JSON line a task: means and standard deviations over the seeds, in percent."""
    out.mkdir(parents=True, exist_ok=True)
    flags = {"data": "mnist", "layers": "300,100", "synapses": synapses, "epochs": epochs}
    found = []
    for seed in range(1, seeds + 1):
        path = out / f"seed-{seed}.json"
        if not path.exists():
            write_json(path, measured(seed, tasks, flags))
        found.append(json.loads(path.read_text()))
        if found[-1]["settings"] != flags or len(found[-1]["tasks"]) != tasks:
            raise click.UsageError(f"{path} holds another benchmark")
    for task in range(tasks):
        rows = [result["tasks"][task] for result in found]
        line: dict[str, object] = {"task": task + 1}
        for name in ("accuracy", "new network"):
            for epoch in (0, epochs - 1):
                line[f"{name}, epoch {epoch + 1}"] = told([100 * row[name][epoch] for row in rows])
        line["connections kept"] = [told([100 * row["kept"][k] for row in rows]) for k in range(len(rows[0]["kept"]))]
        print(json.dumps(line, ensure_ascii=False), flush=True)


def told(values: list[float]) -> str:
    """Return mean and standard deviation as one reads them."""
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.2f}"


if __name__ == "__main__":
    main()
