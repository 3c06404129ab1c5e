"""`neurosparse sweep`: many runs from one file, side by side, and what they found as a table and a figure."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from pathlib import Path

import click

from neurosparse.cli.columns import print_columns


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make, or to go on with.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Runs side by side.  [default: usable cores]")
@click.option("--overwrite", is_flag=True, help="Replace the sweep in the folder, with all its runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def command(file: Path, out: Path, jobs: int | None, overwrite: bool, as_json: bool) -> None:
    """Train what FILE describes: every combination of settings that vary, with every seed.

    \b
      title = "Accuracy against connectivity"
      seeds = 5                              # 1 to 5; or a list
      x = "connectivity"                     # along the axis of the figure (or "connections":
      series = "scope"                       #   those left); what tells its lines apart
      [settings]                             # what all runs share, as in train --config
      data = "digits"
      [sweep]                                # what varies
      connectivity = ["1%", "2%", "5%"]
      scope = ["projection", "network"]
      [[where]]                              # an exception: at these points
      scope = "network"
      settings.alpha = 1e-3                  #   something is otherwise; or skip = true

    Each run is a run folder, OUT/runs/POINT/seed-K, as `neurosparse train` leaves it; OUT/table.csv, table.json,
    figure.svg and figure.png hold mean and standard deviation over seeds. The same command again goes on with what is
    not finished, bit for bit. Exits with 1 where a run failed, or had more connections than its budget after any step.
    """
    from neurosparse.run.sweep_file import read_sweep

    sweep = read_sweep(file)  # what is wrong with it is told before anything heavy is loaded

    from rich.console import Console

    from neurosparse.cli.interrupt import asked_to_stop
    from neurosparse.cli.sweep_progress import SweepLine
    from neurosparse.report.words import several
    from neurosparse.run.pool import Failed, train_all, usable_cores
    from neurosparse.run.sweep_folder import open_folder, plan_points

    marks = plan_points(sweep)
    folder = open_folder(out, sweep, overwrite=overwrite)
    failed: dict[Path, Failed] = {}
    with folder.claimed():
        orders, done = folder.orders(sweep), folder.finished(sweep, marks)
        left = [order for order in orders if order.path not in done]
        jobs = min(jobs or usable_cores(), max(1, len(left)))
        talk = Console(stderr=True, markup=False, emoji=False)
        talk.print(
            f"{several(len(sweep.points), 'point')} x {several(len(sweep.seeds), 'seed')}"
            f" = {several(len(orders), 'run')}, {jobs} at a time, into {out}"
            + (f"; {len(done)} done already" if done else ""),
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        with asked_to_stop() as stop:
            with SweepLine(talk, len(orders), len(done)) as line, closing(train_all(left, jobs, stop)) as events:
                for news in events:
                    line.show(news)
                    if isinstance(news, Failed):
                        failed[news.order.path] = news
            stopped = stop()
        done = folder.finished(sweep, marks)
        for path, fault in failed.items():
            click.echo(f"{path.parent.name} seed {fault.order.config.settings.seed}: {fault.message}", err=True)
        if stopped and len(done) + len(failed) < len(orders):
            again = shlex.join(["neurosparse", "sweep", str(file), "--out", str(out)])
            click.echo(f"stopped with {len(done)} of {len(orders)} runs done; go on with: {again}", err=True)
            raise click.exceptions.Exit(130)
        result = folder.result(sweep, done, {path: fault.kind for path, fault in failed.items()})
        paths = folder.write(result)
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=2))
    else:
        print_columns(list(result.lines()))
    click.echo("".join(f"\n{path}" for path in paths)[1:], err=True)
    if failed:
        click.echo(f"{len(failed)} of {len(orders)} runs failed; the same command tries them again", err=True)
    if result.steps_over_budget:
        click.echo(f"over budget after {result.steps_over_budget:,} steps: see the table", err=True)
    if failed or result.steps_over_budget:
        raise click.exceptions.Exit(1)
