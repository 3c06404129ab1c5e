"""`neurosparse profiles`: list, show and check hardware profiles."""

from __future__ import annotations

import json
from pathlib import Path

import click

from neurosparse.hardware.library import load_profile, profile_names, read_profile
from neurosparse.report.words import figure_at, in_a_line


@click.group(name="profiles")
def command() -> None:
    """List, show and check hardware profiles."""


@command.command(name="list")
def list_profiles() -> None:
    """Print the name and the title of every profile that comes with neurosparse."""
    names = profile_names()
    for name in names:
        click.echo(f"{name:{max(map(len, names))}}  {load_profile(name).title}")


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(name: str, as_json: bool) -> None:
    """Print every figure of a profile with its source; NAME may be a TOML file."""
    profile = load_profile(name)
    figures = profile.model_dump(mode="json", by_alias=True)
    if as_json:
        click.echo(json.dumps({**figures, "fingerprint": profile.fingerprint}, indent=2))
        return
    click.echo(f"{profile.name}: {profile.title}")
    click.echo(f"memory model {profile.kind}, fingerprint {profile.fingerprint}\n")
    width = max(map(len, profile.sources))
    for key, source in profile.sources.items():
        value = in_a_line(figure_at(figures, key))
        click.echo(f"{key:{width}}  {value}\n{'':{width}}    {source}")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check the profile in FILE and show all its faults at once."""
    profile = read_profile(file)
    click.echo(
        f"{profile.name}: {len(profile.sources)} figures, each with its source; fingerprint {profile.fingerprint}"
    )
