"""`neurosparse check`: prove from its files that a run keeps every promise."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
def command(run: Path) -> None:
    """Prove from its files that RUN keeps every promise: budgets, rows, capacities, bytes.

    Exits with 1 at the first that does not hold, 3 where a file is missing or damaged.
    """
    from neurosparse.run.check import check_run

    for line in check_run(run):
        click.echo(f"ok  {line}")
