"""A run's configuration from a TOML file and flags; every value remembers where it came from."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from neurosparse.errors import BadInput, FileFault
from neurosparse.settings import DEFAULT_CONNECTIVITY, LATER, WITHOUT_EFFECT, Settings, faults_of


@dataclass(frozen=True)
class Config:
    """Settings with the origin of each: ``"default"``, ``"--flag"`` or ``"file.toml:line"``.

    A stored configuration from before there was a setting has no origin for it.
    """

    settings: Settings
    origins: Mapping[str, str]

    def fingerprint(self) -> str:
        """Return the sha256 of every setting that changes what the run computes."""
        values = self.settings.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))
        values = {name: value for name, value in values.items() if name not in LATER or value != LATER[name]}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return each setting as ``{"value": ..., "from": ...}``."""
        values = self.settings.model_dump(mode="json")
        return {name: {"value": values[name], "from": origin} for name, origin in self.origins.items()}

    def told(self, data: Any, profile: Any) -> dict[str, dict[str, Any]]:
        """Return the configuration as a report tells it.

        Parameters
        ----------
        data, profile : str
            The names of the data set and the machine: a report holds no path.

        Returns
        -------
        dict
            As `to_json`, without what changes neither the result nor its report.
        """
        told = self.to_json()
        told["data"]["value"], told["profile"]["value"] = data, profile
        return {name: entry for name, entry in told.items() if name not in WITHOUT_EFFECT}

    @classmethod
    def from_json(cls, document: Mapping[str, Mapping[str, Any]]) -> Config:
        """Return the configuration that `to_json` told.

        Raises
        ------
        BadInput
            A key is unknown or missing, or a value out of its range.
        """
        try:
            values = {name: entry["value"] for name, entry in document.items()}
            origins = {name: str(entry["from"]) for name, entry in document.items()}
        except (TypeError, KeyError, AttributeError) as fault:
            raise BadInput(f"this is not a stored configuration: {fault!r}") from fault
        missing = sorted(set(Settings.model_fields) - set(values) - set(LATER))
        if missing:
            raise BadInput(f"the stored configuration lacks {', '.join(missing)}")
        return cls(_validated(LATER | values, origins), origins)

    def defaulted(self, defaults: Mapping[str, Any]) -> Config:
        """Return the configuration with other defaults: values that nobody named become those.

        A number of connections is named where any of its names is.

        Raises
        ------
        BadInput
            A setting is unknown or out of its range.
        """
        values = self.settings.model_dump()
        for name, value in defaults.items():
            named = name == "connectivity" and self.settings.connectivity is None
            if self.origins.get(name, "default") == "default" and not named:
                values[name] = value
        return Config(_validated(values, self.origins), self.origins)

    def changed(self, flags: Mapping[str, Any]) -> Config:
        """Return the configuration with some settings given anew; a budget named either way replaces the other.

        Raises
        ------
        BadInput
            A setting is unknown or out of its range.
        """
        values, origins = self.settings.model_dump(), dict(self.origins)
        if {"connectivity", "synapses"} & set(flags):
            values |= {"connectivity": None, "synapses": None}
        for name, value in flags.items():
            values[name], origins[name] = value, f"--{name.replace('_', '-')}"
        return Config(_validated(values, origins), origins)


def configure(flags: Mapping[str, Any] | None = None, file: Path | None = None) -> Config:
    """Return the configuration from flags over a file over defaults.

    Parameters
    ----------
    flags : mapping, optional
        Settings given by hand; None means not given.
    file : Path, optional
        A TOML file whose keys are those of `Settings`.

    Raises
    ------
    BadInput
        With every fault of file and flags at once, each with its place.
    FileFault
        The file cannot be read.
    """
    values: dict[str, Any] = {}
    origins = {name: "default" for name in Settings.model_fields}
    sources = [
        _read(file) if file else {},
        {name: (value, f"--{name.replace('_', '-')}") for name, value in (flags or {}).items() if value is not None},
    ]
    if not any({"connectivity", "synapses", "budget"} & set(source) for source in sources):
        values["connectivity"] = DEFAULT_CONNECTIVITY
    for source in sources:
        if {"connectivity", "synapses"} & set(source):
            # The number of connections is one thing with two names: naming it anew replaces it whole.
            for name in ("connectivity", "synapses"):
                values.pop(name, None)
                origins[name] = "default"
        for name, (value, place) in source.items():
            values[name], origins[name] = value, place
    return Config(_validated(values, origins), origins)


def _read(path: Path) -> dict[str, tuple[Any, str]]:
    """Return the values of a TOML file, each with its file and line."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as fault:
        raise FileFault(f"cannot read the configuration: {fault}", where=str(path)) from fault
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"the configuration is not TOML: {fault}", where=str(path)) from fault
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*[\"']?([A-Za-z_]+)[\"']?\s*=", line):
            lines.setdefault(match.group(1), number)
    return {name: (value, f"{Path(path).name}:{lines.get(name, 1)}") for name, value in document.items()}


def _validated(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    """Return the settings, or one error that tells every fault with its place."""
    try:
        return Settings(**values)
    except ValidationError as fault:
        lines, unknown = [], False
        for error in faults_of(fault):
            name = str(error["loc"][0]) if error["loc"] else "together"
            message = error["msg"].removeprefix("Value error, ")
            if error["type"] == "extra_forbidden":
                message, unknown = "there is no such setting", True
            given = "" if not error["loc"] else f" (given {error['input']!r}, {origins.get(name, 'default')})"
            lines.append(f"{name}: {message}{given}")
        count = len(lines)
        raise BadInput(
            f"the configuration has {count} fault{'s' if count > 1 else ''}\n  " + "\n  ".join(lines),
            help=f"settings: {', '.join(Settings.model_fields)}"
            if unknown
            else "neurosparse train --help tells every setting",
        ) from fault
