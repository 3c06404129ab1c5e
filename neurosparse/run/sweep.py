"""A sweep: settings that all its runs share, settings that vary, seeds, exceptions, and the points they come to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurosparse.config import Config
from neurosparse.settings import Settings


@dataclass(frozen=True)
class Where:
    """An exception: settings of the points that match, or that such points are left out.

    Attributes
    ----------
    match : mapping
        Settings and the values that they must have.
    settings : mapping
        What those points have instead.
    skip : bool
        Whether they are left out.
    """

    match: Mapping[str, Any]
    settings: Mapping[str, Any]
    skip: bool

    def matches(self, values: Mapping[str, Any]) -> bool:
        """Say whether a point with these settings, and defaults for all others, is meant."""
        return all(values.get(name, Settings.model_fields[name].default) == value for name, value in self.match.items())


@dataclass(frozen=True)
class Point:
    """One combination of the settings that vary.

    Attributes
    ----------
    name : str
        Readable, and the name of its folder.
    values : mapping
        The settings that vary.
    config : Config
        Of its runs, but for the seed.
    """

    name: str
    values: Mapping[str, Any]
    config: Config

    def config_of(self, seed: int, place: str) -> Config:
        """Return the configuration of the run with this seed, which stands at `place`."""
        settings = self.config.settings.model_copy(update={"seed": seed})
        return Config(settings, {**self.config.origins, "seed": place})


@dataclass(frozen=True)
class Sweep:
    """A description without faults.

    Attributes
    ----------
    text : str
        The file.
    title : str
    seeds : tuple of int
    settings : mapping
        What all points share.
    axes : mapping of str to tuple
        What varies: each setting with its values.
    where : tuple of Where
    x : str
    series : tuple of str
        What a figure has along its axis, a setting or the connections that are left, and what tells its lines apart.
    points : tuple of Point
        Line by line, along each in the order of the file.
    places : mapping of str to str
        File and line of each key, such as ``settings.alpha``.
    """

    text: str
    title: str
    seeds: tuple[int, ...]
    settings: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    where: tuple[Where, ...]
    x: str
    series: tuple[str, ...]
    points: tuple[Point, ...]
    places: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return what the runs depend on, each fact under a name of its own, as plain values."""
        told: dict[str, Any] = {"seeds": list(self.seeds)}
        told |= {f"settings.{name}": value for name, value in self.settings.items()}
        told |= {f"sweep.{name}": list(values) for name, values in self.axes.items()}
        for index, where in enumerate(self.where):
            told[f"where[{index}]"] = {**where.match, "settings": dict(where.settings), "skip": where.skip}
        plain: dict[str, Any] = json.loads(json.dumps(told))
        return plain
