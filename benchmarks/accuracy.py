"""Accuracy of the product's default settings over seeds: mean and standard deviation, and the budget kept.

Each seed is a run folder, so that an interrupted benchmark goes on where it stopped. The test split is looked at once a
run, at its end; the settings were chosen on validation splits alone.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import click

import neurosparse as ns


def run_of(path: Path, flags: dict[str, object]) -> tuple[dict, float]:
    """Return the report of the run at `path`, trained now as far as it is not yet, and the seconds that took."""
    begin = time.perf_counter()
    run = ns.resume(path, flags) if path.exists() else ns.start(ns.configure(flags), path)
    for _ in run.events():
        pass
    list(ns.check_run(path))
    return run.folder.report(), time.perf_counter() - begin


@click.command()
@click.option("--data", default="digits", show_default=True)
@click.option("--layers", default="300,100", show_default=True)
@click.option("--connectivity", help="Budget as a fraction.")
@click.option("--synapses", help="Budget as a number.")
@click.option("--seeds", default=5, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the runs, one a seed.")
def main(data: str, layers: str, connectivity: str | None, synapses: str | None, seeds: int, out: Path) -> None:
    """Print one JSON line a seed and one for all."""
    reports = []
    for seed in range(1, seeds + 1):
        flags = {"data": data, "layers": layers, "connectivity": connectivity, "synapses": synapses, "seed": seed}
        report, seconds = run_of(out / f"seed-{seed}", flags)
        reports.append(report)
        print(json.dumps({"seed": seed, **report["accuracy"], "seconds": round(seconds, 1)}), flush=True)
    test = [100 * report["accuracy"]["test"] for report in reports]
    print(
        json.dumps(
            {
                "data": data,
                "seeds": seeds,
                "test % mean": round(statistics.mean(test), 3),
                "test % standard deviation": round(statistics.stdev(test), 3) if seeds > 1 else None,
                "validation % mean": round(statistics.mean(100 * r["accuracy"]["validation"] for r in reports), 3),
                "weights": reports[0]["synapses"]["live"],
                "biases": reports[0]["biases"],
                "steps": reports[0]["synapses"]["steps"],
                "steps over budget": sum(r["synapses"]["steps_over_budget"] for r in reports),
            }
        )
    )


if __name__ == "__main__":
    main()
