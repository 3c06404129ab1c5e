"""A machine's figures, each with its source, validated at the door with every fault of a file shown at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from neurosparse.errors import BadInput
from neurosparse.units import parse_bytes

SCHEMA = "neurosparse.profile/1"

# These describe the file; everything else in it is a figure and needs a source.
_WORDS = ("schema", "name", "title", "kind")


def _bytes(value: Any) -> Any:
    """Turn a text with a unit into bytes; pydantic judges anything else."""
    if not isinstance(value, str):
        return value
    try:
        return parse_bytes(value)
    except BadInput as fault:
        raise ValueError(fault.what) from fault


Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, ge=1)]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(strict=True, ge=0)]
Coordinate = tuple[Count, Count]


class Part(BaseModel):
    """A table of a profile: frozen, and nothing in it that is not known here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Board(Part):
    """The chips of the board: ``map`` lists x, y and cores of each; ``links`` are steps to neighbours in link order."""

    chips: Positive
    cores: Positive
    ethernet_chip: Coordinate
    links: tuple[tuple[int, int], ...]
    map: tuple[tuple[Count, Count, Positive], ...]

    @model_validator(mode="after")
    def _agrees_with_its_map(self) -> Board:
        """Refuse totals that the map does not add up to."""
        places = [(x, y) for x, y, _ in self.map]
        cores = sum(cores for _, _, cores in self.map)
        if len(set(places)) != len(places):
            raise ValueError("the map names a chip twice")
        if len(places) != self.chips:
            raise ValueError(f"chips says {self.chips}, the map has {len(places)}")
        if cores != self.cores:
            raise ValueError(f"cores says {self.cores}, the map adds up to {cores}")
        if self.ethernet_chip not in places:
            raise ValueError(f"the Ethernet chip {self.ethernet_chip} is not on the map")
        return self


class Chip(Part):
    """What the cores of a chip share: SDRAM (bytes) and router entries."""

    sdram: Bytes
    router_entries: Positive


class CoreLimits(Part):
    """What one core has: DTCM and ITCM (bytes), and the most neurons the tool chain puts on it."""

    dtcm: Bytes
    itcm: Bytes
    neurons: Positive


class Monitors(Part):
    """Cores and SDRAM (bytes) taken on every chip, and once more on the Ethernet chip."""

    cores: Count
    sdram: Bytes
    ethernet_cores: Count
    ethernet_sdram: Bytes


class Row(Part):
    """The format of a synaptic row and of the matrix of rows."""

    header_words: Count
    word_bytes: Positive
    words_per_synapse: Positive
    longest: Positive
    weight_bits: Positive
    matrix_base: Bytes
    matrix_alignment: Positive


class RingBuffer(Part):
    """The buffer of inputs yet to come: bits of its index and bytes of an entry."""

    index_bits: Positive
    entry_bytes: Bytes


class Recording(Part):
    """The recording region: bytes of the header and of each variable that could be recorded."""

    base: Bytes
    per_variable: Bytes


class CoreParams(Part):
    """The core's parameters: bytes."""

    base: Bytes
    per_synapse_type: Bytes
    per_neuron: Bytes


class RecordingMetadata(Part):
    """What is recorded of each neuron: bytes of a variable of words, of bits, and of an index."""

    base: Bytes
    per_variable: Bytes
    per_bit_variable: Bytes
    per_index: Bytes


class NeuronBuilder(Part):
    """The builder of neurons: bytes booked for all neurons being different."""

    base: Bytes
    per_struct: Bytes
    per_field: Bytes
    per_field_and_neuron: Bytes
    recording: RecordingMetadata


class SynapseParams(Part):
    """The parameters of the synapses: bytes."""

    base: Bytes
    per_synapse_type: Bytes


class PopulationTable(Part):
    """The master population table: bytes, and the highest address in units of the matrix alignment."""

    base: Bytes
    per_entry: Bytes
    per_address: Bytes
    max_address: Positive


class Expander(Part):
    """The builder of connections: bytes."""

    base: Bytes
    per_synapse_type: Bytes
    per_source: Bytes


class BitField(Part):
    """The filters that drop spikes without a target: bytes, and a bit for every source neuron."""

    base: Bytes
    per_filter: Bytes


class Recorded(Part):
    """The recorded data: bytes of a variable and of the time stamp of a step."""

    per_variable: Bytes
    per_step: Bytes


class Regions(Part):
    """The SDRAM regions of a core of neurons."""

    system: Bytes
    provenance: Bytes
    profiler: Bytes
    current_sources: Bytes
    recording: Recording
    core_params: CoreParams
    recording_metadata: RecordingMetadata
    neuron_builder: NeuronBuilder
    synapse_params: SynapseParams
    population_table: PopulationTable
    expander: Expander
    bit_field: BitField
    recorded: Recorded


class Dtcm(Part):
    """What a core allocates in its DTCM: the heap there is, and the bytes of each allocation."""

    heap: Bytes
    malloc: Bytes
    per_neuron: tuple[Bytes, ...]
    key: Bytes
    row_buffers: tuple[Bytes, ...]
    spike_queue: Bytes
    bit_field_pointer: Bytes
    recording_index: Bytes


class NeuronModel(Part):
    """A cell type: what one neuron of it needs and what can be recorded."""

    synapse_types: Positive
    structs: Count
    fields: Count
    global_words: Count
    words_per_neuron: Count
    bit_recordables: tuple[str, ...]
    word_recordables: tuple[str, ...]
    synapse_recordables: Count
    itcm_code: Bytes
    dtcm: Dtcm


class SourceModel(Part):
    """A source of given spikes: bytes of its regions and of the messages it sends from."""

    system: Bytes
    configuration: Bytes
    recording: Bytes
    provenance: Bytes
    key_bytes: Bytes
    message_header: Bytes
    keys_per_message: Positive


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
    except tomllib.TOMLDecodeError as fault:
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
