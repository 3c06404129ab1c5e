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
    """Print name, kind of memory model and title of every profile that comes with neurosparse."""
    profiles = [load_profile(name) for name in profile_names()]
    width, kind = (max(map(len, words)) for words in zip(*((p.name, p.kind) for p in profiles), strict=True))
    for profile in profiles:
        click.echo(f"{profile.name:{width}}  {profile.kind:{kind}}  {profile.title}")


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
    for word, lines in (("note", profile.covers), ("not covered", profile.does_not_cover)):
        for line in lines:
            click.echo(f"{word}: {line}")
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
