"""Settings of plain DEEP R: validation accuracy on MNIST, 3,552 connections, one setting changed at a time.

Needs the MNIST files. Each variation is a run folder of its own, so that an interrupted benchmark goes on where it
stopped. The figures are those of the validation split; what the runs reached on the test split is not read.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

import neurosparse as ns

BASE = {
    "data": "mnist", "layers": "300,100", "synapses": 3552, "births": "anywhere", "rewire_until": 1.0, "alpha": 1e-4,
}  # fmt: skip
VARIATIONS: dict[str, dict[str, object]] = {
    "Algorithm 1: learning rate 0.3, alpha 1e-4": {},
    "learning rate 0.2": {"learning_rate": 0.2},
    "learning rate 0.5": {"learning_rate": 0.5},
    "constant learning rate 0.1": {"learning_rate": 0.1, "schedule": "constant"},
    "alpha 5e-5": {"alpha": 5e-5},
    "alpha 2e-4": {"alpha": 2e-4},
    "tau 0 (no noise)": {"tau": 0.0},
    "tau 3": {"tau": 3.0},
    "tau 10": {"tau": 10.0},
    "gain 0.7": {"gain": 0.7},
    "gain 1.4": {"gain": 1.4},
    "one budget for the network": {"scope": "network"},
    "batch 32": {"batch": 32},
    "momentum 0.5, learning rate 0.15": {"momentum": 0.5, "learning_rate": 0.15},
}


@click.command()
@click.option("--seeds", default=2, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the runs.")
def main(seeds: int, out: Path) -> None:
    """Print one JSON line a variation: validation accuracy of each seed, and connections replaced a step."""
    for number, (name, changes) in enumerate(VARIATIONS.items()):
        accuracies, rewired = [], 0.0
        for seed in range(1, seeds + 1):
            path = out / f"{number}-{seed}"
            flags = {**BASE, **changes, "seed": seed}
            run = ns.resume(path, flags) if path.exists() else ns.start(ns.configure(flags), path)
            for _ in run.events():
                pass
            history = run.folder.history()
            accuracies.append(round(100 * history[-1]["validation_accuracy"], 2))
            rewired += sum(row["rewired"] for row in history) / history[-1]["step"] / seeds
        print(
            json.dumps({"setting": name, "validation %": accuracies, "rewired a step": round(rewired, 1)}), flush=True
        )


if __name__ == "__main__":
    main()
