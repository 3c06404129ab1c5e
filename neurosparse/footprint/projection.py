"""The synaptic rows of one projection with known connections, or why the machine cannot hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurosparse.description.connectors import FromList
from neurosparse.description.network import RECEPTORS, NetworkDescription, Projection
from neurosparse.errors import BadInput, OverBudget
from neurosparse.footprint.delays import DelayPlan
from neurosparse.footprint.rows import BookedMatrix, Rows, fan_in, in_whole_steps, lost_synapses, rows_between
from neurosparse.footprint.values import ProjectionFootprint
from neurosparse.hardware.compressed_rows import RowsProfile
from neurosparse.mapping import cost


def projection_footprint(
    index: int,
    projection: Projection,
    network: NetworkDescription,
    profile: RowsProfile,
    widths: Mapping[str, int],
    delays: DelayPlan,
) -> ProjectionFootprint:
    """Return the rows of a projection; raise OverBudget where they are longer than the machine can hold."""
    pre, post = network.population(projection.pre), network.population(projection.post)
    if post.model not in profile.neuron_models:
        raise BadInput(
            f"projection {projection.name!r} ends in {post.model}, which takes no input", where=f"projections[{index}]"
        )
    width, connector = widths[post.name], in_whole_steps(projection.connector, network.timestep)
    reach = delays.slots[post.name] * network.timestep
    stages = delays.stages.get((pre.name, post.name), 0)
    undelayed = rows_between(connector, pre.size, post.size, width, 0.0, reach)
    delayed = Rows(0, 0)
    if stages:
        furthest = reach * (stages + 1)
        delayed = rows_between(connector, pre.size, post.size, width, float(np.nextafter(reach, math.inf)), furthest)
        # The tool chain books rows for what just reaches the ring buffers as well: the least number that it adds to
        # tell the two apart is lost in rounding (spynnaker/pyNN/models/neuron/synapse_io.py:122-124).
        delayed = replace(delayed, booked=rows_between(connector, pre.size, post.size, width, reach, furthest).booked)
    for rows in (undelayed, delayed):
        if rows.booked > profile.row.longest:
            _refuse_row(rows, index, projection, network, profile, width)
    sizes = [cost.row_bytes(profile, rows.booked) if rows.booked else 0 for rows in (undelayed, delayed)]
    synapses, unconnected, lost = None, None, 0
    if isinstance(connector, FromList):
        booked = BookedMatrix(
            pre.size, post.size, width, delays.slots[post.name], stages, undelayed.booked, delayed.booked
        )
        synapses, unconnected = len(connector), _unconnected(connector, pre.size)
        lost = lost_synapses(connector, booked, network.timestep)
    return ProjectionFootprint(
        index=index,
        pre=pre.name,
        post=post.name,
        receptor=RECEPTORS.index(projection.receptor),
        stages=stages,
        undelayed=undelayed,
        delayed=delayed,
        row_bytes=sizes[0],
        delayed_row_bytes=sizes[1],
        matrix_bytes=pre.size * sizes[0],
        delayed_matrix_bytes=pre.size * stages * sizes[1],
        fan_in=fan_in(connector, pre.size, post.size),
        synapses=synapses,
        unconnected=unconnected,
        lost=lost,
    )


def _unconnected(connector: FromList, n_pre: int) -> int:
    """Return how many sources have no synapse."""
    return n_pre - int(np.count_nonzero(np.bincount(connector.source, minlength=n_pre)))


def _refuse_row(
    rows: Rows, index: int, projection: Projection, network: NetworkDescription, profile: RowsProfile, width: int
) -> None:
    """Raise OverBudget for a row that is too long: the cause, and the neurons on a core that fit."""
    pre, post = network.population(projection.pre), network.population(projection.post)
    most = profile.row.longest

    def longest(neurons: int) -> int:
        return rows_between(projection.connector, pre.size, post.size, neurons, 0.0, math.inf).booked

    low, high = 0, width - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if longest(middle) <= most else (low, middle - 1)
    culprit = ""
    if rows.source is not None and rows.longest > most:
        culprit = f": neuron {rows.source} of {pre.name!r} has {rows.longest} onto core {rows.core} of {post.name!r}"
    elif rows.longest <= most:
        culprit = f": its list is not sorted by source, so the tool chain takes {rows.longest} for {rows.booked}"
    raise OverBudget(
        f"a synaptic row of projection {projection.name!r} is too long for {profile.name}{culprit}",
        numbers={
            "needs": f"{rows.booked} synapses",
            "there is": f"{most} a row",
            "too much": str(rows.booked - most),
        },
        where=f"projections[{index}]",
        help=(
            "sort the list by source, then target"
            if rows.longest <= most
            else f"{low} neurons of {post.name!r} on a core fit (max_neurons_per_core):  --neurons-per-core {low}"
            if low
            else "one neuron has too many synapses from one source: join them to fewer with larger weights"
        ),
    )
