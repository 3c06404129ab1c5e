"""`neurosparse compare`: two runs side by side, and what got worse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from neurosparse.cli.columns import print_columns
from neurosparse.errors import BadInput
from neurosparse.report.compare import ACCURACY, KEPT, Comparison, Figure, compare
from neurosparse.report.words import amount
from neurosparse.run.folder import RunFolder
from neurosparse.units import format_percent, parse_fraction


@click.command()
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("candidate", type=click.Path(path_type=Path))
@click.option("--fail-over", help="Exit with 1 where anything got worse by more than this: 1%.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def command(base: Path, candidate: Path, fail_over: str | None, as_json: bool) -> None:
    """Put the finished run CANDIDATE beside the finished run BASE.

    Tells accuracies, synapses, biases, memory, cores, chips, longest rows and steps over the budget of both, how they
    changed, and which settings differ. Lower accuracies are worse, and so is more of everything else.

    With --fail-over the command exits with 1 where something got worse by more than the limit, and names it. The
    limit is relative to BASE for bytes and counts (1% of 2,000 synapses are 20), and percentage points for accuracies
    (1% is from 97.0 % to 96.0 %). More of what was 0, and a network that no longer fits, are over any limit; what only
    one of the runs has is shown and not judged.
    """
    limit = None if fail_over is None else parse_fraction(fail_over)
    if fail_over is not None and limit == 1.0 and "%" not in fail_over:
        raise BadInput(f"--fail-over {fail_over} may mean 1 % or all of it", help="write 1% or 100%")
    found = compare(RunFolder(base).report(), RunFolder(candidate).report())
    over = [] if limit is None else [figure.name for figure in found.over(limit)]
    if as_json:
        click.echo(json.dumps(found.to_json(limit), indent=2))
    else:
        _print(found)
        if limit is not None:
            by = f"worse by more than {100 * limit:g} %"
            click.echo(f"\n{by}: {'; '.join(over)}" if over else f"\nnothing is {by}")
    if over:
        raise click.exceptions.Exit(1)


def _print(found: Comparison) -> None:
    """Print the figures, and the settings that differ."""
    lines: list[Sequence[str]] = [("", "base", "candidate", "change", "", "")]
    for figure in found.figures:
        verdict = "worse" if figure.loss else "better" if figure.change else ""
        values = (_value(figure.unit, value) for value in (figure.base, figure.candidate))
        lines.append((figure.name, *values, *_change(figure), verdict))
    print_columns(lines)
    if found.settings:
        settings = [(name, _setting(old), _setting(new)) for name, old, new in found.settings]
        click.echo()
        print_columns([("settings that differ", "base", "candidate"), *settings])
    else:
        click.echo("\nall settings are the same")


def _value(unit: str, value: float | None) -> str:
    """Return a figure, which not both runs may have."""
    if value is None:
        return "none"
    if unit == KEPT:
        return "yes" if value else "no"
    return format_percent(value, 2) if unit == ACCURACY else amount(value, unit)


def _change(figure: Figure) -> tuple[str, str]:
    """Return the change, and the part of the base that it is."""
    if not figure.change or figure.unit == KEPT:
        return "", ""
    if figure.unit == ACCURACY:
        return f"{100 * figure.change:+.2f} points", ""
    change = f"{'-' if figure.change < 0 else '+'}{amount(abs(figure.change), figure.unit)}"
    return change, "" if figure.relative is None else f"{100 * figure.relative:+.1f} %"


def _setting(value: Any) -> str:
    """Return the value of a setting; None where it is not set, or not known to a run."""
    if value is None:
        return "not set"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
