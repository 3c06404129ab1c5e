"""`neurosparse report`: what a run reached and what every core holds."""

from __future__ import annotations

import json
from pathlib import Path

import click

from neurosparse.report.tables import cores_csv, report_rows
from neurosparse.report.terminal import print_report
from neurosparse.run.folder import RunFolder


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the cores as CSV.")
def command(run: Path, as_json: bool, as_csv: bool) -> None:
    """Show what RUN reached and what every core holds.

    Exits with 0 where the network fits its machine, 1 where it does not.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two forms of one answer: choose one")
    document = RunFolder(run).report()
    if as_json:
        click.echo(json.dumps(document, indent=2))
    elif as_csv:
        click.echo(cores_csv(report_rows(document)), nl=False)
    else:
        print_report(document)
    if not document["fits"]:
        raise click.exceptions.Exit(1)
