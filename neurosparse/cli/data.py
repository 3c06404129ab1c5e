"""`neurosparse data`: what data sets there are, and bringing them here."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from neurosparse.data.fetch import PUBLISHED, fetch_dataset
from neurosparse.data.library import dataset_cards, load_dataset
from neurosparse.data.source import Card


@click.group("data")
def command() -> None:
    """List data sets and fetch them."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(as_json: bool) -> None:
    """List the data sets that have a name, and where each is found."""
    cards = dataset_cards()
    if as_json:
        entries = [_entry(card) for card in cards]
        click.echo(json.dumps({"schema": "neurosparse.data/1", "datasets": entries}, indent=2))
        return
    rows = [("name", "samples", "shape", "classes", "where", "licence")]
    rows += [
        (card.name, f"{card.samples:,}", _shape(card), f"{card.classes:,}", _where(card), card.licence)
        for card in cards
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if 1 <= k <= 3 else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        click.echo("  ".join(cells).rstrip())


@command.command("fetch")
@click.argument("name")
def fetch_command(name: str) -> None:
    """Fetch the data set NAME into the cache, with its checksums, and print the folder.

    The cache is where your system keeps caches, or the folder that NEUROSPARSE_CACHE names.
    """
    found = {card.name: card.found for card in dataset_cards() if card.name not in PUBLISHED}
    if name in found:
        where = found[name]
        if where is None:
            load_dataset(name)  # refuses, and says how to come by it
        click.echo(f"{name} is {'' if where == 'built in' else 'in '}{where}: there is nothing to fetch", err=True)
        return
    import pooch

    # Its log lines tell the same story a second time.
    pooch.get_logger().setLevel("ERROR")
    click.echo(fetch_dataset(name, say=lambda line: click.echo(line, err=True)))


def _entry(card: Card) -> dict[str, object]:
    """Return what the JSON document says of a data set."""
    known = {name: value for name, value in asdict(card).items() if name != "published"}
    return known | {"shape": list(card.shape), "fetch": _fetch_line(card)}


def _fetch_line(card: Card) -> str | None:
    """Return the command that fetches a data set, or None where it is here or cannot be fetched."""
    return f"neurosparse data fetch {card.published}" if card.found is None and card.published in PUBLISHED else None


def _shape(card: Card) -> str:
    """Return the shape of a sample: numbers, features x steps, or channels x height x width."""
    return " x ".join(f"{size:,}" for size in card.shape)


def _where(card: Card) -> str:
    """Return where a data set is found, or how to get it."""
    if card.found is not None:
        return card.found
    line = _fetch_line(card)
    return f"not here: {line}" if line else "not here"
