"""`neurosparse simulate`: a trained network in a real simulator, and where its rates part from its activations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from neurosparse.cli.columns import print_columns
from neurosparse.errors import BadInput
from neurosparse.report.layers import HEADS, layer_lines, parted
from neurosparse.report.words import several
from neurosparse.units import format_count, format_percent, parse_fraction, parse_steps


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--backend", required=True, help="nest, neuron, brian2 (soft reset, without PyNN) or pynn-brian2.")
@click.option("--samples", type=int, default=100, show_default=True, help="Held-out samples to show.")
@click.option(
    "--steps", default="auto", show_default=True, help="Time steps a sample; auto: the fewest that lose little."
)
@click.option("--limit", default="90%", show_default=True, help="Exit with 1 where fewer decisions agree.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of a table.")
def command(run: Path, backend: str, samples: int, steps: str, limit: str, as_json: bool) -> None:
    """Run the trained network of RUN on held-out samples in a simulator.

    Tells accuracies, how many decisions agree with those of the trained network, and layer by layer: how well rates
    follow activations, how many decisions agree where the layer's rates are taken and the rest is computed exactly,
    which neurons are silent (and which of the trained network never active) or saturated, and what the spikes cost.

    What ran and what it recorded lies in RUN/simulation/BACKEND afterwards, the figures in RUN/simulation/BACKEND.json;
    `neurosparse report RUN --html` shows them.

    Not for networks that spike in training: what is exported of these checks every spike by itself.
    """
    from neurosparse.run.backends import backend_called
    from neurosparse.run.folder import RunFolder
    from neurosparse.run.simulation import simulate

    simulator, asked, least = backend_called(backend), parse_steps(steps), _least(limit)
    folder = RunFolder(run)
    with _talk() as (say, show):
        document = simulate(folder, simulator, samples=samples, steps=asked, limit=least, say=say, show=show)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _print(document)
    if not document["agrees"]:
        click.echo("more --steps may help; auto takes as many as lose little, where there are so many", err=True)
        raise click.exceptions.Exit(1)


def _least(limit: str) -> float:
    """Return the least agreement that passes."""
    try:
        least = parse_fraction(limit)
    except BadInput as fault:
        fault.where = "--limit"
        raise
    if least == 1.0 and "%" not in limit:
        raise BadInput(f"--limit {limit} may mean 1 % or all of it", help="write 1% or 100%")
    return least


@contextmanager
def _talk() -> Iterator[tuple[Callable[[str], None], Callable[[str], None] | None]]:
    """Yield what takes the line of each stage, and, on a terminal, what takes a simulator's progress."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda line: click.echo(line, err=True), None
        return
    with Live(console=console, transient=True) as live:

        def draw(line: str) -> None:
            live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)

        yield draw, draw


def _print(found: Mapping[str, Any]) -> None:
    """Print the figures of the network, those of each layer, and where rates and activations part."""
    accuracy, emulator, verdict = found["accuracy"], found["emulator"], "yes" if found["agrees"] else "NO"
    versions = ", ".join(f"{package} {version}" for package, version in found["versions"].items())
    shown = f"{several(found['samples'], 'sample')} of {several(found['steps'], 'step')}"
    lines = (
        f"{found['backend']} ({versions}): {shown}\n",
        f"network accuracy  {_percent(accuracy['network'])}",
        f"spiking accuracy  {_percent(accuracy['spiking'])}   emulated {format_percent(emulator['accuracy'])}",
        f"agreement         {_percent(found['agreement'])}   at least {format_percent(found['limit'])}? {verdict}",
        f"as emulated       {_percent(emulator['alike'])}   spike counts at most"
        f" {format_count(emulator['spikes_apart'])} apart\n",
    )
    click.echo("\n".join(lines))
    print_columns([HEADS, *layer_lines(found["layers"])])
    click.echo(f"\n{parted(found)}")


def _percent(fraction: float) -> str:
    return f"{format_percent(fraction):>7}"
