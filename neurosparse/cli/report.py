"""`neurosparse report`: what a run reached and what every core holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from neurosparse.report.tables import cores_csv, report_rows
from neurosparse.report.terminal import print_report
from neurosparse.run.folder import RunFolder
from neurosparse.units import format_bytes


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the cores as CSV.")
@click.option("--html", "as_html", is_flag=True, help="Write a page that opens in any browser, offline.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the page goes.  [default: RUN/report.html]")
def command(run: Path, as_json: bool, as_csv: bool, as_html: bool, out: Path | None) -> None:
    """Show what RUN reached and what every core holds.

    Exits with 0 where the network fits its machine, 1 where it does not.
    """
    if as_json + as_csv + as_html > 1:
        raise click.UsageError("--json, --csv and --html are forms of one answer: choose one")
    if out is not None and not as_html:
        raise click.UsageError("--out says where the page goes: give it with --html")
    folder = RunFolder(run)
    document = folder.report()
    if as_html:
        from neurosparse.report.page.page import make_page, save_page

        path = out or run / "report.html"
        parts = (document, folder.plan(), folder.history(), folder.trained(), folder.initial())
        page = make_page(*parts, _simulations(folder))
        click.echo(f"{path}  {format_bytes(save_page(page, path))}")
    elif as_json:
        click.echo(json.dumps(document, indent=2))
    elif as_csv:
        click.echo(cores_csv(report_rows(document)), nl=False)
    else:
        print_report(document)
    if not document["fits"]:
        raise click.exceptions.Exit(1)


def _simulations(folder: RunFolder) -> list[dict[str, Any]]:
    """Return the simulations of the network that the run holds now; say which are of another one."""
    found, network = folder.simulations(), folder.network_digest()
    for other in found:
        if other["network"] != network:
            click.echo(
                f"left out: the simulation in {other['backend']} is of another network; simulate again", err=True
            )
    return [document for document in found if document["network"] == network]
