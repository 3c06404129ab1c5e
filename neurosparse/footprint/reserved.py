"""What the data specification really reserves of what was booked: the neurons that a core has, and no round numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.figures import DelayExtension, NeuronModel, PoissonModel, SourceModel
from neurosparse.mapping.cost import MATRIX, Booking, Incoming, neuron_core

#: These regions are allocated when the network runs, or filled with all that is left.
NOT_RESERVED = ("recorded_data", "send_buffer")


def of_neurons(
    profile: RowsProfile,
    model: NeuronModel,
    neurons: int,
    incoming: Sequence[Incoming],
    records: Sequence[str],
    booked: Mapping[str, Booking],
) -> dict[str, int]:
    """Return the bytes reserved in each region of a core with so many neurons.

    Parameters
    ----------
    booked : mapping of str to Booking
        What `neuron_core` books for a core of its population: the synaptic matrix is reserved as it is booked.

    Source: spynnaker/pyNN/models/neuron/neuron_data.py:127-175 and synaptic_matrices.py:300-400, sPyNNaker 1!7.4.1;
    the sizes of a run on a virtual board agree.
    """
    figures, builder = profile.regions, profile.regions.neuron_builder
    recordables = len(model.bit_recordables) + len(model.word_recordables) + model.synapse_recordables
    # The matrix is as long as its rows, however many neurons there are: no need to lay it out again.
    exact = {
        name: booking.fixed
        for name, booking in neuron_core(profile, model, neurons, [_without_rows(i) for i in incoming], ()).items()
        if name not in NOT_RESERVED
    }
    written = builder.written + builder.written_per_field * model.fields + builder.written_per_variable * len(records)
    return exact | {
        "system": figures.system_written,
        "recording": figures.recording.base + figures.recording.header_per_variable * recordables,
        "neuron_builder": written,
        MATRIX: booked[MATRIX].fixed,
    }


def of_source(model: SourceModel) -> dict[str, int]:
    """Return the bytes reserved in each region of a core of given spikes, without the buffer they are sent from."""
    return {
        "system": model.system_written,
        "configuration": model.configuration,
        "recording": model.recording_written,
        "provenance": model.provenance_written,
    }


def of_poisson(model: PoissonModel, booked: Mapping[str, Booking]) -> dict[str, int]:
    """Return the bytes reserved in each region of a core of random spikes."""
    # A region is a whole number of words (spinn_front_end_common/interface/ds/data_specification_generator.py:69-71).
    exact = {name: -(-booking.fixed // 4) * 4 for name, booking in booked.items() if name not in NOT_RESERVED}
    return exact | {"system": model.system_written, "recording": model.recording_written}


def of_delays(profile: RowsProfile, model: DelayExtension) -> dict[str, int]:
    """Return the bytes reserved in each region of a core that holds spikes back."""
    return {
        "system": profile.regions.system_written,
        "delay_params": model.params,
        "provenance": model.provenance,
    }


def _without_rows(incoming: Incoming) -> Incoming:
    """Return a projection of the machine with its rows left out."""
    return Incoming(incoming.pre, incoming.n_pre, incoming.block, 0, incoming.stages, 0)
