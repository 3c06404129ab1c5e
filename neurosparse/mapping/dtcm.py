"""What a core of neurons allocates in its DTCM, read from public sources and not verified on hardware."""

from __future__ import annotations

from collections.abc import Sequence

from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.hardware.figures import Dtcm, NeuronModel
from neurosparse.hardware.ledger import Usage
from neurosparse.mapping.cost import Incoming, ceildiv, record_bytes, ring_buffer_bytes


def dtcm_usage(
    profile: RowsProfile,
    model: NeuronModel,
    width: int,
    incoming: Sequence[Incoming],
    records: Sequence[str],
    delay: int,
) -> Usage | None:
    """Return what a core of neurons allocates in its DTCM, of the heap there is; not verified on hardware.

    None where the profile states no figures for the cell type.

    Bit fields count only as far as they fit: the machine goes without those that do not, and only works more.

    Parameters
    ----------
    delay : int
        The longest delay (timesteps).
    """
    figures, table = model.dtcm, profile.regions.population_table
    if figures is None:
        return None
    sources = {source.pre: source for source in incoming}.values()
    delayed = sum(1 for source in sources if source.stages)
    addresses = sum(1 + bool(source.stages) for source in incoming)
    recordables = len(model.bit_recordables) + len(model.word_recordables)
    sizes = [
        ring_buffer_bytes(profile, model, width, delay),
        *(size * width for size in figures.per_neuron),
        figures.key * width,
        table.per_entry * (len(sources) + delayed),
        table.per_address * addresses,
        *figures.row_buffers,
        figures.spike_queue,
        *[figures.recording_index * width] * recordables,
        *(record_bytes(profile, model, width, variable) for variable in records),
        figures.bit_field_pointer * (len(sources) + delayed),
    ]
    used = sum(_allocated(profile, figures, size) for size in sizes if size)
    for source in sources:
        size = _allocated(profile, figures, profile.row.word_bytes * ceildiv(source.n_pre, 8 * profile.row.word_bytes))
        used += size if used + size <= figures.heap else 0
    return Usage(used, figures.heap)


def _allocated(profile: RowsProfile, figures: Dtcm, size: int) -> int:
    """Return what the heap gives up for `size` bytes: whole words and its own header."""
    word = profile.row.word_bytes
    return ceildiv(size, word) * word + figures.malloc
