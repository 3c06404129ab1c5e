"""Tables of plain text: as wide as they need to be, whatever the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click


def print_columns(lines: Sequence[Sequence[str]]) -> None:
    """Print lines of equally many cells: the first column to the left, the others to the right."""
    first, *others = (max(map(len, column)) for column in zip(*lines, strict=True))
    for name, *cells in lines:
        padded = (f"{cell:>{width}}" for cell, width in zip(cells, others, strict=True))
        click.echo("  ".join((f"{name:{first}}", *padded)).rstrip())
