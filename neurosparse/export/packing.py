"""The very bytes of a core's population table and synaptic matrix, as the tool chain writes them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurosparse.description.connectors import AllToAll, Connector, FixedProbability, FromList, OneToOne
from neurosparse.errors import BadInput
from neurosparse.footprint.keys import KeyBlock
from neurosparse.footprint.rows import delayed_row, in_steps
from neurosparse.footprint.values import CoreFootprint, Footprint, ProjectionFootprint
from neurosparse.mapping.cost import n_bits
from neurosparse.mapping.delays import extension_of

# spynnaker/pyNN/models/neuron/master_pop_table.py:84-143, sPyNNaker 1!7.4.1.
_ENTRY = struct.Struct("<IIHHHHHH")
_NO_ADDRESS = 0xFFFFFF
_COLOUR_SHIFT = 13


@dataclass(frozen=True)
class Block:
    """The matrix of one projection in the region, undelayed or behind the delay extension.

    Attributes
    ----------
    projection : ProjectionFootprint
    sender : str
        Whose keys lead to it: the source, or its delay extension.
    delayed : bool
    offset : int or None
        Bytes from the start of the region; None where there are no rows.
    rows, synapses : int
        Its rows, and the synapses that each has room for.
    """

    projection: ProjectionFootprint
    sender: str
    delayed: bool
    offset: int | None
    rows: int
    synapses: int


def blocks(footprint: Footprint, population: str) -> tuple[Block, ...]:
    """Return the matrices of a population's cores in the order of the region (synaptic_matrix_app.py:160-250)."""
    laid, address = [], 0
    alignment = footprint.profile.row.matrix_alignment
    for projection in footprint.into(population):
        n_pre = footprint.population(projection.pre).neurons
        parts = [(projection.pre, False, n_pre, projection.undelayed.booked, projection.row_bytes)]
        if projection.stages:
            rows = n_pre * projection.stages
            parts.append(
                (extension_of(projection.pre), True, rows, projection.delayed.booked, projection.delayed_row_bytes)
            )
        for sender, delayed, rows, synapses, row_bytes in parts:
            offset = -(-address // alignment) * alignment if synapses else None
            laid.append(Block(projection, sender, delayed, offset, rows, synapses))
            if offset is not None:
                address = offset + rows * row_bytes
    return tuple(laid)


def population_table(footprint: Footprint, population: str) -> bytes:
    """Return the master population table of a population's cores.

    A header of two words, an entry of 20 bytes for each sender in the order of keys, an address for each matrix.
    """
    by_sender: dict[str, list[Block]] = {}
    for block in blocks(footprint, population):
        by_sender.setdefault(block.sender, []).append(block)
    alignment = footprint.profile.row.matrix_alignment
    entries, addresses, start = b"", b"", 0
    for sender, there in sorted(by_sender.items(), key=lambda item: footprint.keys[item[0]].key):
        entries += _entry(footprint, footprint.keys[sender], there, start)
        start += len(there)
        for block in there:
            length, place = (
                (0, _NO_ADDRESS) if block.offset is None else (block.synapses - 1, block.offset // alignment)
            )
            addresses += struct.pack("<I", length | place << 8)
    return struct.pack("<II", len(by_sender), start) + entries + addresses


def _entry(footprint: Footprint, keys: KeyBlock, there: list[Block], start: int) -> bytes:
    """Return the entry of one sender."""
    projection = there[0].projection
    neurons = footprint.population(projection.pre).width * (projection.stages if there[0].delayed else 1)
    return _ENTRY.pack(
        keys.key,
        keys.mask,
        start | footprint.profile.routing.colour_bits << _COLOUR_SHIFT,
        len(there),
        keys.core_mask,
        keys.atom_bits,
        neurons,
        -(-neurons // 32),
    )


def synaptic_matrix(footprint: Footprint, core: CoreFootprint) -> np.ndarray:
    """Return the words of a core's synaptic matrix as they are written.

    Returns
    -------
    ndarray of uint32, shape (n_words,)
        Each row is a header of three words, its synapses in ascending order of their words, and zeros. The tool chain
        leaves the order inside a row to an unstable sort, so rows agree with its own as sets of words.

    Raises
    ------
    BadInput
        A projection is drawn at random by the tool chain: its synapses are not known.
    """
    laid = blocks(footprint, core.population)
    header = footprint.profile.row.header_words
    word = footprint.profile.row.word_bytes
    ends = [block.offset + block.rows * (header + block.synapses) * word for block in laid if block.offset is not None]
    words = np.zeros(max(ends, default=0) // word, np.uint32)
    for projection, there in _by_projection(laid):
        source, synapse, steps = _synapses(footprint, projection, core)
        for block in there:
            if block.offset is None:
                continue
            slots = footprint.population(core.population).delay_slots
            late = steps > slots
            chosen = late if block.delayed else ~late
            row, packed = source[chosen].astype(np.int64), synapse[chosen]
            if block.delayed:
                width = footprint.population(core.population).width
                row = delayed_row(source[chosen], steps[chosen], slots, projection.stages, width)
            begin = block.offset // word
            size = header + block.synapses
            matrix = words[begin : begin + block.rows * size].reshape(block.rows, size)
            _fill(matrix, row, packed, header)
    return words


def _by_projection(laid: tuple[Block, ...]) -> Iterator[tuple[ProjectionFootprint, list[Block]]]:
    """Yield each projection with its blocks."""
    for projection in dict.fromkeys(block.projection for block in laid):
        yield projection, [block for block in laid if block.projection is projection]


def _synapses(
    footprint: Footprint, projection: ProjectionFootprint, core: CoreFootprint
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return source, packed word and delay (timesteps) of every synapse of a projection on a core.

    Source: synapse_dynamics_static.py:119-138 and synapse_io.py:225-305, sPyNNaker 1!7.4.1.
    """
    population = footprint.population(core.population)
    connector = footprint.network.projections[projection.index].connector
    source, target, weight, delay = _on_core(connector, footprint.population(projection.pre).neurons, core)
    steps = in_steps(delay, footprint.network.timestep)
    slots, types = population.delay_slots, len(population.scales)
    id_bits, type_bits = n_bits(population.width), n_bits(types)
    scaled = np.rint(np.abs(weight * population.scales[projection.receptor])).astype(np.int64)
    within = (steps - slots * np.floor((steps - 1.0) / slots) * (steps > slots)).astype(np.int64)
    words = (
        (scaled & 0xFFFF) << 16
        | within << (id_bits + type_bits)
        | projection.receptor << id_bits
        | (target.astype(np.int64) - core.start)
    )
    return source, words.astype(np.uint32), steps


def _on_core(
    connector: Connector, n_pre: int, core: CoreFootprint
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return source, target, weight and delay (ms) of the synapses of a connector onto a core."""
    targets = np.arange(core.start, core.stop)
    match connector:
        case FromList():
            here = (connector.target >= core.start) & (connector.target < core.stop)
            return connector.source[here], connector.target[here], connector.weight[here], connector.delay[here]
        case AllToAll():
            source, target = np.repeat(np.arange(n_pre), targets.size), np.tile(targets, n_pre)
        case OneToOne():
            source, target = targets, targets
        case FixedProbability():
            raise BadInput(
                "the synapses of a FixedProbability connector are drawn by the tool chain: their bytes are not known",
                help="draw them yourself and give a list",
            )
    return source, target, np.full(source.size, connector.weight), np.full(source.size, connector.delay)


def _fill(matrix: np.ndarray, row: np.ndarray, packed: np.ndarray, header: int) -> None:
    """Put synapses into the rows of a matrix of zeros: as many as a row has room for, in the order they come.

    What does not fit, or belongs to a row past the last, is left out, as the tool chain leaves it out.
    """
    order = np.argsort(row, kind="stable")
    row, packed = row[order], packed[order]
    starts = np.searchsorted(row, np.arange(matrix.shape[0] + 1))
    place = np.arange(row.size) - starts[np.minimum(row, matrix.shape[0])]
    kept = (row < matrix.shape[0]) & (place < matrix.shape[1] - header)
    row, packed, place = row[kept], packed[kept], place[kept]
    order = np.lexsort((packed, row))
    matrix[row, header + place] = packed[order]
    matrix[:, 1] = np.bincount(row, minlength=matrix.shape[0])
