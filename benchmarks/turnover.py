"""Connections born a step in each projection, epoch by epoch, as in Figure 6 of Bellec et al. 2018: means over runs."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path

import click

Births = dict[str, dict[int, float]]


def births(folder: Path) -> Births:
    """Return, for each projection of a run and each epoch, the connections born a step."""
    history = csv.DictReader((folder / "history.csv").read_text().splitlines())
    steps, before = {}, 0
    for row in history:
        steps[int(row["epoch"])], before = int(row["step"]) - before, int(row["step"])
    found: Births = {}
    for row in csv.DictReader((folder / "projections.csv").read_text().splitlines()):
        epoch = int(row["epoch"])
        found.setdefault(row["projection"], {})[epoch] = int(row["rewired"]) / steps[epoch]
    return found


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def main(runs: tuple[Path, ...], as_json: bool) -> None:
    """Print the mean over RUNS, which have the same projections and epochs."""
    found = [births(folder) for folder in runs]
    names, epochs = list(found[0]), list(next(iter(found[0].values())))
    mean = {name: {k: statistics.fmean(run[name][k] for run in found) for k in epochs} for name in names}
    if as_json:
        click.echo(json.dumps(mean))
        return
    click.echo("  ".join(["epoch", *names]))
    shown = [k for k in epochs if k in (1, 2, 5) or k % 10 == 0]
    for k in shown:
        click.echo("  ".join([f"{k:5}", *(f"{mean[name][k]:{len(name)}.2f}" for name in names)]))


if __name__ == "__main__":
    main()
