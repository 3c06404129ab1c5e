"""THE memory model: how many bytes a thing takes on a machine, from the profile's figures alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from neurosparse.errors import BadInput
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.figures import (
    DelayExtension,
    NeuronModel,
    PoissonModel,
    RecordingMetadata,
    SourceModel,
)
from neurosparse.registry import unknown_name

MATRIX = "synaptic_matrix"


class Booking(NamedTuple):
    """Bytes of an SDRAM region: once, and again for every timestep that is booked."""

    fixed: int
    per_step: int = 0


@dataclass(frozen=True)
class Incoming:
    """One projection of the machine into a core: one source population, one synapse type.

    Attributes
    ----------
    pre : str
        Name of the source population.
    n_pre, block : int
        Its neurons, and the most of them on one core.
    row : int
        The longest row: the most synapses from one source onto one core of the target, anywhere in the projection.
        0 where the projection holds no (undelayed) synapse.
    stages, delayed_row : int
        Stages of the delay extension, and the longest row behind them.
    """

    pre: str
    n_pre: int
    block: int
    row: int
    stages: int = 0
    delayed_row: int = 0


def neuron_model(profile: RowsProfile, name: str) -> NeuronModel:
    """Return the figures of a cell type; raise BadInput where the profile has none for it."""
    if name not in profile.neuron_models:
        raise unknown_name(f"cell type on {profile.name}", name, [*profile.neuron_models, *profile.source_models])
    return profile.neuron_models[name]


def n_bits(values: int) -> int:
    """Return the bits that the tool chain keeps for so many values (spynnaker/pyNN/utilities/utility_calls.py:382)."""
    return values if values < 2 else (values - 1).bit_length()


def delay_slots(profile: RowsProfile, model: NeuronModel, width: int) -> int:
    """Return the most timesteps that the ring buffers of a core of `width` neurons reach.

    Source: spynnaker/pyNN/models/neuron/population_vertex.py:794-797, sPyNNaker 1!7.4.1.
    """
    return 2 ** (profile.ring_buffer.index_bits - n_bits(width) - n_bits(model.synapse_types))


def ring_buffer_bytes(profile: RowsProfile, model: NeuronModel, width: int, max_delay: int) -> int:
    """Return the bytes of a core's ring buffers for `width` neurons and delays of up to `max_delay` steps.

    Source: spynnaker/pyNN/models/neuron/population_vertex.py:745-800, sPyNNaker 1!7.4.1.
    """
    bits = n_bits(width) + n_bits(model.synapse_types)
    slots = min(2 ** n_bits(max_delay), delay_slots(profile, model, width))
    # A bit for the delay is there even where no input is.
    return profile.ring_buffer.entry_bytes * 2 ** (bits + n_bits(slots))


def row_bytes(profile: RowsProfile, synapses: int) -> int:
    """Return the bytes of a synaptic row padded to so many synapses (synapse_io.py:160-175)."""
    row = profile.row
    return (row.header_words + row.words_per_synapse * synapses) * row.word_bytes


def matrix_bytes(profile: RowsProfile, incoming: Sequence[Incoming]) -> int:
    """Return the bytes booked for a core's synaptic matrix.

    Every source neuron has a row, connected or not, as long as the longest; sources are rounded up to whole blocks.
    Source: spynnaker/pyNN/models/neuron/population_vertex.py:1484-1543, sPyNNaker 1!7.4.1.

    Raises
    ------
    BadInput
        A row is longer than the machine can hold.
    """
    address = profile.row.matrix_base
    for source in incoming:
        if max(source.row, source.delayed_row) > profile.row.longest:
            raise BadInput(
                f"a synaptic row from {source.pre!r} is longer than {profile.name} can hold",
                numbers={"synapses": str(max(source.row, source.delayed_row)), "at most": str(profile.row.longest)},
                help="put fewer neurons on a core: a row holds the synapses of one source onto one core",
            )
        rows, blocks = booked_rows(source.n_pre, source.block)
        if source.row:
            address = _append(profile, address, rows * row_bytes(profile, source.row), blocks)
        if source.delayed_row:
            size = rows * row_bytes(profile, source.delayed_row) * source.stages
            address = _append(profile, address, size, blocks)
    return address


def matrix_bound(profile: RowsProfile, n_pre: int, block: int, synapses: int, stages: int = 0) -> int:
    """Return the most bytes that the matrices of an excitatory and an inhibitory projection can add to a core.

    Parameters
    ----------
    synapses : int
        What the longest rows of the two may sum to, however it is divided between them.
    stages : int
        Of the delay extension: each has as many rows again, and there all these synapses may count once more.
    """
    rows, blocks = booked_rows(n_pre, block)
    matrices = min(2, synapses)
    words = profile.row.header_words * matrices + profile.row.words_per_synapse * synapses
    # Addresses are whole words, so aligning one skips at most the alignment less a word.
    skipped = max(0, profile.row.matrix_alignment - profile.row.word_bytes) * (1 + bool(stages))
    return rows * words * profile.row.word_bytes * (1 + stages) + matrices * blocks * skipped


def neuron_core(
    profile: RowsProfile,
    model: NeuronModel,
    width: int,
    incoming: Sequence[Incoming],
    records: Sequence[str],
    interval: int = 1,
) -> dict[str, Booking]:
    """Return what is booked in SDRAM for each region of a core of neurons, the synaptic matrix last.

    Parameters
    ----------
    width : int
        Neurons of a full slice; a shorter last slice is booked like a full one.
    records : sequence of str
        Variables recorded from every neuron.
    interval : int
        Steps from one record to the next.

    Source: spynnaker/pyNN/extra_algorithms/splitter_components/splitter_population_vertex_fixed.py:199-278 and
    spynnaker/pyNN/models/neuron/population_vertex.py:954-1030, 1452-1603, 1626-1707, sPyNNaker 1!7.4.1.
    """
    figures, types = profile.regions, model.synapse_types
    sources = {source.pre: source for source in incoming}.values()
    delayed = sum(1 for source in sources if source.stages)
    addresses = sum(1 + bool(source.stages) for source in incoming)
    recordables = len(model.bit_recordables) + len(model.word_recordables) + model.synapse_recordables
    params = (model.global_words + model.words_per_neuron * width) * profile.row.word_bytes
    core, table, expander, builder = (
        figures.core_params,
        figures.population_table,
        figures.expander,
        figures.neuron_builder,
    )
    regions = {
        "system": figures.system,
        "recording": figures.recording.base + figures.recording.per_variable * recordables,
        "provenance": figures.provenance,
        "profiler": figures.profiler,
        "core_params": core.base + core.per_synapse_type * types + core.per_neuron * width,
        "neuron_params": params,
        "initial_values": params,
        "current_sources": figures.current_sources,
        "recording_metadata": _metadata_bytes(profile, figures.recording_metadata, model, width),
        "neuron_builder": builder.base
        + builder.per_struct * model.structs
        + (builder.per_field + builder.per_field_and_neuron * width) * model.fields
        + _metadata_bytes(profile, builder.recording, model, width),
        "synapse_params": figures.synapse_params.base + figures.synapse_params.per_synapse_type * types,
        "population_table": table.base + table.per_entry * (len(sources) + delayed) + table.per_address * addresses,
        "expander": expander.base + expander.per_synapse_type * types + expander.per_source * (len(sources) + delayed),
        "bit_field": figures.bit_field.base + sum(_filter_bytes(profile, source) for source in sources),
    }
    booked = {name: Booking(size) for name, size in regions.items()}
    booked["recorded_data"] = _recorded(profile, model, width, records, interval)
    booked[MATRIX] = Booking(matrix_bytes(profile, incoming))
    return booked


def source_core(model: SourceModel, spikes: int, recorded: bool = False, timestep: float = 1.0) -> dict[str, Booking]:
    """Return what is booked in SDRAM for each region of a core that sends given spikes.

    Parameters
    ----------
    spikes : int
        The most that it sends in one step, which is booked for every step.
    recorded : bool
        They are written down as well: as much again. Of a source without spikes some are expected from outside.
    timestep : float
        ms.

    Source: spinn_front_end_common/utility_models/reverse_ip_tag_multicast_source_machine_vertex.py:376-398 and
    interface/buffer_management/storage_objects/buffered_sending_region.py:36-46, release 1!7.4.1.
    """
    messages = ceildiv(spikes, model.keys_per_message)
    buffer = model.key_bytes * spikes + model.message_header * messages
    # Divided by the timestep, as the tool chain does, and a tenth more (lines 300-308).
    received = math.ceil(model.received_keys / timestep * 1.1)
    record = buffer or received * (model.key_bytes + model.message_header)
    return {
        "system": Booking(model.system),
        "configuration": Booking(model.configuration),
        "recording": Booking(model.recording),
        "provenance": Booking(model.provenance),
        "send_buffer": Booking(buffer, buffer),
        "recorded_data": Booking(record, record) if recorded else Booking(0),
    }


def poisson_core(model: PoissonModel, neurons: int, spikes_per_step: float, recorded: bool) -> dict[str, Booking]:
    """Return what is booked in SDRAM for each region of a core of random spikes.

    Parameters
    ----------
    neurons : int
        On this very core: a shorter last slice books less.
    spikes_per_step : float
        The most spikes expected of a neuron in a step; it decides what recording them takes.

    Source: spynnaker/pyNN/models/spike_source/spike_source_poisson_vertex.py:514-545 and
    spynnaker/pyNN/models/common/multi_spike_recorder.py:45-58, sPyNNaker 1!7.4.1.
    """
    words = ceildiv(neurons, 32) * 4
    record = model.record + words * spikes_per_step if recorded else 0.0
    return {
        "system": Booking(model.system),
        "poisson_params": Booking(model.params + model.params_per_neuron * neurons),
        "poisson_rates": Booking(model.rates_per_neuron * neurons),
        "recording": Booking(model.recording),
        "provenance": Booking(model.provenance),
        "profiler": Booking(model.profiler),
        "sdram_edge": Booking(model.edge + model.edge_per_neuron * neurons),
        "expander": Booking(model.expander + model.expander_per_neuron * neurons),
        "recorded_data": Booking(math.ceil(record * model.record_overflow_steps), math.ceil(record)),
    }


def delay_core(model: DelayExtension) -> dict[str, Booking]:
    """Return what is booked in SDRAM for each region of a core that holds spikes back.

    Source: spynnaker/pyNN/extra_algorithms/splitter_components/splitter_delay_vertex_slice.py:127-136.
    """
    return {
        "system": Booking(model.system),
        "delay_params": Booking(model.params),
        "provenance": Booking(model.provenance),
    }


def total(regions: Mapping[str, Booking], timesteps: int) -> int:
    """Return the bytes of all regions for so many timesteps."""
    return sum(booking.fixed + booking.per_step * timesteps for booking in regions.values())


def booked_bytes(regions: Mapping[str, Booking], timesteps: int) -> dict[str, int]:
    """Return the bytes of each region for so many timesteps."""
    return {name: booking.fixed + booking.per_step * timesteps for name, booking in regions.items()}


def ceildiv(dividend: int, divisor: int) -> int:
    """Return the quotient rounded up."""
    return -(-dividend // divisor)


def booked_rows(n_pre: int, block: int) -> tuple[int, int]:
    """Return the rows booked for a source, which is rounded up to whole blocks, and the number of its blocks."""
    block = min(block, n_pre)
    blocks = ceildiv(n_pre, block)
    return blocks * block, blocks


def _append(profile: RowsProfile, address: int, size: int, blocks: int) -> int:
    """Return the end of `size` bytes laid out from `address` in equal blocks, each aligned."""
    alignment = profile.row.matrix_alignment
    for _ in range(blocks):
        start = ceildiv(address, alignment)
        if start > profile.regions.population_table.max_address:
            raise BadInput(
                f"a synaptic matrix lies beyond what the population table of {profile.name} can address",
                numbers={
                    "address": f"{start * alignment:,}",
                    "highest": f"{profile.regions.population_table.max_address * alignment:,}",
                },
            )
        address = start * alignment + size // blocks
    return address


def _metadata_bytes(profile: RowsProfile, figures: RecordingMetadata, model: NeuronModel, width: int) -> int:
    """Return the bytes that say what is recorded: one index a neuron and variable, rounded up to whole words."""
    word = profile.row.word_bytes
    indices = ceildiv(figures.per_index * width, word) * word
    words = (figures.per_variable + indices) * len(model.word_recordables)
    return figures.base + words + (figures.per_bit_variable + indices) * len(model.bit_recordables)


def _filter_bytes(profile: RowsProfile, source: Incoming) -> int:
    """Return the bytes of the two filters of a source, undelayed and delayed: one bit a neuron, in whole words."""
    word = profile.row.word_bytes
    words = ceildiv(source.n_pre, 8 * word) + ceildiv(source.n_pre * source.stages, 8 * word)
    return 2 * profile.regions.bit_field.per_filter + words * word


def record_bytes(profile: RowsProfile, model: NeuronModel, width: int, variable: str) -> int:
    """Return the bytes of one record of a variable: the time, then a bit or a word of every neuron."""
    word = profile.row.word_bytes
    if variable in model.bit_recordables:
        return profile.regions.recorded.per_step + word * ceildiv(width, 8 * word)
    if variable in model.word_recordables:
        return profile.regions.recorded.per_step + word * width
    raise unknown_name("variable to record", variable, [*model.bit_recordables, *model.word_recordables])


def _recorded(profile: RowsProfile, model: NeuronModel, width: int, records: Sequence[str], interval: int) -> Booking:
    """Return what is booked for recorded data: the average of a step, and once what a record has above it.

    Source: spynnaker/pyNN/models/common/neuron_recorder.py:979-1010 get_max_variable_sdram_usage, sPyNNaker 1!7.4.1.
    """
    sizes = {variable: record_bytes(profile, model, width, variable) for variable in records}
    fixed = per_step = 0.0
    # In the tool chain's order and with its every rounding, which may come to a byte when it is rounded up.
    for variable in [*model.word_recordables, *model.bit_recordables]:
        if variable in sizes:
            per_step += sizes[variable] / interval
            fixed += profile.regions.recorded.per_variable
            fixed += sizes[variable] - sizes[variable] / interval
    return Booking(math.ceil(fixed), math.ceil(per_step))
