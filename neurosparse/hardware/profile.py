"""A machine's figures, each with its source, validated at the door with every fault of a file shown at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from neurosparse.errors import BadInput
from neurosparse.hardware.figures import (
    Board,
    Chip,
    CoreLimits,
    DelayExtension,
    Monitors,
    NeuronModel,
    Part,
    PoissonModel,
    Regions,
    RingBuffer,
    Routing,
    Row,
    SourceModel,
)

# These describe the file; everything else in it is a figure and needs a source.
_WORDS = ("schema", "name", "title", "kind")


class Profile(Part):
    """A machine, as data.

    Attributes
    ----------
    name, title : str
    kind : str
        The kind of memory model that its figures feed.
    board, chip, core, monitors, row, ring_buffer, regions, neuron_models, source_models
        The figures, plain numbers; bytes unless said otherwise.
    sources : dict of str to str
        Where each figure comes from, by its dotted key: ``sources["row.header_words"]``.
    """

    schema_name: Literal["neurosparse.profile/1"] = Field(alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: Annotated[str, Field(min_length=1)]
    kind: Literal["compressed-rows"]
    board: Board
    chip: Chip
    core: CoreLimits
    monitors: Monitors
    row: Row
    ring_buffer: RingBuffer
    regions: Regions
    neuron_models: dict[str, NeuronModel]
    source_models: dict[str, SourceModel]
    poisson_models: dict[str, PoissonModel] = Field(default_factory=dict)
    delay_extension: DelayExtension
    routing: Routing
    sources: dict[str, str]

    @model_validator(mode="after")
    def _leaves_cores(self) -> Profile:
        """Refuse monitors that leave no core or no SDRAM to the application."""
        taken = self.monitors.cores + self.monitors.ethernet_cores
        fewest = min(cores for _, _, cores in self.board.map)
        if taken >= fewest:
            raise ValueError(f"monitors take {taken} cores of a chip that has {fewest}")
        if self.monitors.sdram + self.monitors.ethernet_sdram >= self.chip.sdram:
            raise ValueError("monitors take all SDRAM of a chip")
        return self

    @cached_property
    def fingerprint(self) -> str:
        """Return the sha256 of the figures in canonical form; sources and title do not change it."""
        figures = self.model_dump(mode="json", by_alias=True, exclude={"sources", "title"})
        return hashlib.sha256(json.dumps(figures, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def parse_profile(text: str, where: str) -> Profile:
    """Return the profile that the TOML `text` holds.

    Parameters
    ----------
    text : str
        A document in which every figure is ``{ value = ..., source = "..." }``.
    where : str
        How to call the document in messages.

    Raises
    ------
    BadInput
        The text is not TOML (with the line), or has faults: all of them, each with its key.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"the profile is not TOML: {fault}", where=where) from fault
    faults: list[tuple[str, str]] = []
    sources: dict[str, str] = {}
    figures = {}
    for key, value in document.items():
        figures[key] = value if key in _WORDS else _without_sources(value, key, sources, faults)
    try:
        profile = Profile.model_validate({**figures, "sources": sources})
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            key = ".".join(str(part) for part in error["loc"]) or "profile"
            faults.append((key, _in_words(error)))
    if faults:
        raise _all_faults(faults, where)
    return profile


def _without_sources(value: Any, key: str, sources: dict[str, str], faults: list[tuple[str, str]]) -> Any:
    """Return the plain figures under `key`; put their sources into `sources`, and what is wrong into `faults`."""
    if isinstance(value, Mapping) and "value" in value:
        source = value.get("source")
        sources[key] = source if isinstance(source, str) else ""
        if not sources[key].strip():
            faults.append((key, 'this figure names no source; add source = "..."'))
        for extra in sorted(set(value) - {"value", "source"}):
            faults.append((f"{key}.{extra}", "a figure has a value and a source, nothing else"))
        return value["value"]
    if isinstance(value, Mapping):
        return {name: _without_sources(item, f"{key}.{name}", sources, faults) for name, item in value.items()}
    faults.append((key, 'this figure names no source; write { value = ..., source = "..." }'))
    return value


def _in_words(error: Mapping[str, Any]) -> str:
    """Say in a user's words what pydantic found."""
    match error["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            return "not known here; misspelt?"
        case "value_error":
            return str(error["msg"]).removeprefix("Value error, ")
        case _:
            message = str(error["msg"])
            return f"{message[0].lower()}{message[1:]}, not {error['input']!r}"


def _all_faults(faults: Sequence[tuple[str, str]], where: str) -> BadInput:
    """Return one error that lists every fault with its key."""
    listed = "".join(f"\n  {key}: {fault}" for key, fault in sorted(faults))
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return BadInput(f"the profile has {count}{listed}", where=where)
