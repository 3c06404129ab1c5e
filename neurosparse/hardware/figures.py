"""The tables of a profile: what figures a machine is made of, and what each may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from neurosparse.units import at_the_door, parse_bytes

# Far beyond any machine, and far inside what reckoning with them holds.
_MOST = 2**44
Count = Annotated[int, Field(strict=True, ge=0, le=_MOST)]
Positive = Annotated[int, Field(strict=True, ge=1, le=_MOST)]
Bits = Annotated[int, Field(strict=True, ge=1, le=64)]
Bytes = Annotated[int, BeforeValidator(at_the_door(parse_bytes)), Field(strict=True, ge=0, le=_MOST)]
Coordinate = tuple[Count, Count]


class Part(BaseModel):
    """A table of a profile: frozen, and nothing in it that is not known here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Grid(Part):
    """How boards join: where those of one unit begin, its period (chips), and the most boards of a machine."""

    origins: tuple[Coordinate, ...]
    period: Positive
    most: Positive


class Board(Part):
    """The chips of the board: ``map`` lists x, y and cores of each; ``links`` are steps to neighbours in link order.

    ``wraps`` is the width and height after which links come back to the other side, where they do; ``down_links`` are
    links (x, y, link number) that there are not, although a chip lies where they would lead.
    """

    chips: Positive
    cores: Positive
    ethernet_chip: Coordinate
    links: tuple[tuple[int, int], ...]
    map: tuple[tuple[Count, Count, Positive], ...]
    grid: Grid | None = None
    wraps: tuple[Positive, Positive] | None = None
    down_links: tuple[tuple[Count, Count, Count], ...] = ()

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
    weight_bits: Bits
    matrix_base: Bytes
    matrix_alignment: Positive


class RingBuffer(Part):
    """The buffer of inputs yet to come: bits of its index, bytes of an entry, and what its scale is reckoned from.

    ``bits`` are those of an entry, ``rate`` (Hz) is what a source without a rate of its own is taken to fire at,
    ``sigma`` how many standard deviations above the mean the sum of inputs may come to, and ``sum_sigma`` how far the
    sum over a Poisson distribution goes.
    """

    index_bits: Bits
    entry_bytes: Bytes
    bits: Bits
    rate: Positive
    sigma: Positive
    sum_sigma: Positive


class Routing(Part):
    """Keys of spikes: the bits of a key and those that the colour of a spike takes."""

    key_bits: Bits
    colour_bits: Annotated[int, Field(strict=True, ge=0, le=32)]


class Recording(Part):
    """The recording region: bytes of the header and of each variable that could be recorded, booked and written."""

    base: Bytes
    per_variable: Bytes
    header_per_variable: Bytes


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
    """The builder of neurons: bytes booked for all neurons being different, and written where they are alike."""

    written: Bytes
    written_per_field: Bytes
    written_per_variable: Bytes
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
    """The master population table: bytes, the highest address (in units of the matrix alignment), neurons a sender."""

    base: Bytes
    per_entry: Bytes
    per_address: Bytes
    max_address: Positive
    max_neurons: Positive


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
    system_written: Bytes
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
    """A cell type: what one neuron of it needs, what can be recorded, and the scale its weights are first put to."""

    synapse_types: Positive
    structs: Count
    fields: Count
    global_words: Count
    words_per_neuron: Count
    bit_recordables: tuple[str, ...]
    word_recordables: tuple[str, ...]
    synapse_recordables: Count
    weight_scale: Positive
    itcm_code: Bytes | None = None
    dtcm: Dtcm | None = None


class SourceModel(Part):
    """A source of given spikes: bytes of its regions and of the messages it sends from."""

    system: Bytes
    configuration: Bytes
    recording: Bytes
    provenance: Bytes
    key_bytes: Bytes
    message_header: Bytes
    keys_per_message: Positive
    received_keys: Count
    system_written: Bytes
    recording_written: Bytes
    provenance_written: Bytes


class PoissonModel(Part):
    """A source of random spikes: the most neurons on a core, and bytes of its regions."""

    neurons: Positive
    system: Bytes
    system_written: Bytes
    params: Bytes
    params_per_neuron: Bytes
    rates_per_neuron: Bytes
    expander: Bytes
    expander_per_neuron: Bytes
    recording: Bytes
    recording_written: Bytes
    provenance: Bytes
    profiler: Bytes
    edge: Bytes
    edge_per_neuron: Bytes
    record: Bytes
    record_overflow_steps: Count


class DelayExtension(Part):
    """A core that holds spikes back: bytes of its regions, and the most stages of delay it offers."""

    system: Bytes
    params: Bytes
    provenance: Bytes
    stages: Positive
