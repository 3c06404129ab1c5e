"""What holds the memory of a measured network, and why: rows, padding, unconnected sources, list order, weight bits."""

from __future__ import annotations

from dataclasses import dataclass

from neurosparse.description.network import RECEPTORS
from neurosparse.footprint.values import Footprint, ProjectionFootprint
from neurosparse.mapping import cost


@dataclass(frozen=True)
class Cause:
    """Why a projection takes what it takes; bytes are on every core of its target unless said otherwise.

    Attributes
    ----------
    name, pre, post, receptor : str
    synapses : int or None
        None where a rule stands for them.
    cores : int
        Cores of the target; each has a row for every source.
    rows : int
        Rows booked there: its sources, rounded up to whole cores of them.
    bytes : int
        Booked for those rows, delayed ones included.
    share : float
        Of the synaptic matrix there.
    row : int
        Synapses that every row has room for.
    source, core : int or None
        Whose row is the longest, and onto which core; None where all are alike.
    filled : float or None
        The fraction of that room that holds a synapse; the rest is padding.
    padding : int or None
        Bytes of that rest on all cores together.
    unconnected : int or None
        Sources without a synapse.
    unconnected_bytes : int or None
        What their rows take.
    sorted_bytes : int
        What would be booked if the list were sorted by source.
    lost : int
        Synapses that the tool chain would leave out without a word.
    fan_in : int
        The most synapses onto one neuron: with the weights, it decides how fine a weight can be.
    weight_step : float
        The smallest difference between two weights on the machine, in the unit of the weights.
    """

    name: str
    pre: str
    post: str
    receptor: str
    synapses: int | None
    cores: int
    rows: int
    bytes: int
    share: float
    row: int
    source: int | None
    core: int | None
    filled: float | None
    padding: int | None
    unconnected: int | None
    unconnected_bytes: int | None
    sorted_bytes: int
    lost: int
    fan_in: int
    weight_step: float


def explain(footprint: Footprint) -> tuple[Cause, ...]:
    """Return the causes, one for each projection, in its order."""
    return tuple(_cause(footprint, projection) for projection in footprint.projections)


def _cause(footprint: Footprint, projection: ProjectionFootprint) -> Cause:
    """Return why one projection takes what it takes."""
    profile, post = footprint.profile, footprint.population(projection.post)
    n_pre = footprint.population(projection.pre).neurons
    cores = footprint.cores_of(projection.post)
    rows, size = _booked(footprint, projection)
    matrix = sum(_booked(footprint, other)[1] for other in footprint.into(projection.post))
    room = n_pre * len(cores) * (projection.undelayed.booked + projection.delayed.booked * projection.stages)
    per_synapse = profile.row.words_per_synapse * profile.row.word_bytes
    padding = None if projection.synapses is None else (room - projection.synapses + projection.lost) * per_synapse
    longer = projection.undelayed if projection.undelayed.longest >= projection.delayed.longest else projection.delayed
    in_order = sum(
        cost.row_bytes(profile, part.longest) * count
        for part, count in ((projection.undelayed, rows), (projection.delayed, rows * projection.stages))
        if part.longest
    )
    each = projection.row_bytes + projection.delayed_row_bytes * projection.stages
    scale = post.scales[projection.receptor]
    return Cause(
        name=f"{projection.pre}-{projection.post}",
        pre=projection.pre,
        post=projection.post,
        receptor=RECEPTORS[projection.receptor],
        synapses=projection.synapses,
        cores=len(cores),
        rows=rows,
        bytes=size,
        share=size / matrix if matrix else 0.0,
        row=projection.undelayed.booked if longer is projection.undelayed else projection.delayed.booked,
        source=longer.source,
        core=longer.core,
        filled=None if padding is None or not room else 1.0 - padding / (room * per_synapse),
        padding=padding,
        unconnected=projection.unconnected,
        unconnected_bytes=None if projection.unconnected is None else projection.unconnected * each,
        sorted_bytes=in_order,
        lost=projection.lost,
        fan_in=projection.fan_in,
        weight_step=1.0 / scale,
    )


def _booked(footprint: Footprint, projection: ProjectionFootprint) -> tuple[int, int]:
    """Return the rows that are booked for a projection on a core, and their bytes, delayed ones included."""
    pre = footprint.population(projection.pre)
    rows, _ = cost.booked_rows(pre.neurons, pre.width)
    return rows, rows * (projection.row_bytes + projection.stages * projection.delayed_row_bytes)
