"""The tables of a profile: what figures a machine is made of, and what each may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from neurosparse.units import at_the_door, parse_bytes

Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, ge=1)]
Bytes = Annotated[int, BeforeValidator(at_the_door(parse_bytes)), Field(strict=True, ge=0)]
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
