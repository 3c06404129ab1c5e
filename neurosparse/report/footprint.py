"""What a network takes, as one document: schema ``neurosparse.footprint/1``, with the reasons in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from neurosparse.description.connectors import FixedProbability, FromList
from neurosparse.footprint.explain import Cause, explain
from neurosparse.footprint.routers import router_entries
from neurosparse.footprint.values import CoreFootprint, Footprint
from neurosparse.footprint.whatif import WhatIf
from neurosparse.mapping.cost import booked_bytes
from neurosparse.report.tables import CoreRow
from neurosparse.report.words import several
from neurosparse.units import format_bytes, format_count

SCHEMA = "neurosparse.footprint/1"

# Worth a sentence: rows that are mostly empty because one is far longer than the others, and what is a visible part
# of a core's memory.
_HOLLOW = 0.5
_HUB = 4.0
_VISIBLE = 0.05


def footprint_document(footprint: Footprint, otherwise: WhatIf | None = None) -> dict[str, Any]:
    """Return a footprint as plain values; equal networks give equal documents.

    Parameters
    ----------
    otherwise : WhatIf, optional
        What would be otherwise, where that was asked for.

    Raises
    ------
    OverBudget
        The router of a chip has too few entries.
    """
    causes = explain(footprint)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "fits": footprint.overflowing is None,
        "profile": {
            "name": footprint.profile.name,
            "fingerprint": footprint.profile.fingerprint,
            "covers": list(footprint.profile.covers),
            "does_not_cover": list(footprint.profile.does_not_cover),
        },
        "timesteps": footprint.timesteps,
        "boards": footprint.boards,
        "populations": [
            {
                "name": population.name,
                "model": population.model,
                "neurons": population.neurons,
                "neurons_per_core": population.width,
                "cores": len(footprint.cores_of(population.name)),
                "delay_slots": population.delay_slots,
                "ring_buffer_bytes": population.ring_buffer_bytes,
                "ring_buffer_shifts": list(population.shifts),
                "weight_scales": list(population.scales),
            }
            for population in footprint.populations
        ],
        "projections": [
            {**asdict(cause), "rows": {"undelayed": asdict(p.undelayed), "delayed": asdict(p.delayed)}}
            for cause, p in zip(causes, footprint.projections, strict=True)
        ],
        "keys": {name: asdict(block) for name, block in footprint.keys.items()},
        "cores": [_core(core) for core in footprint.cores],
        "chips": [{"chip": list(xy), **asdict(usage)} for xy, usage in sorted(footprint.chips.items())],
        "router": {
            "available": footprint.profile.chip.router_entries,
            "chips": [{"chip": list(xy), **asdict(use)} for xy, use in router_entries(footprint).items()],
        },
        "notes": list(notes(footprint, causes)),
    }
    if otherwise is not None:
        document["what_if"] = asdict(otherwise)
    return document


def footprint_rows(footprint: Footprint) -> tuple[CoreRow, ...]:
    """Return the cores of a footprint as a table shows them: bytes as booked for its timesteps."""
    return tuple(
        CoreRow(
            population=core.population,
            start=core.start,
            stop=core.stop,
            x=core.x,
            y=core.y,
            p=core.p,
            live=None,
            capacity=0,
            memories=core.memories,
            regions=booked_bytes(core.booked, footprint.timesteps),
        )
        for core in footprint.cores
    )


def notes(footprint: Footprint, causes: Sequence[Cause]) -> Iterator[str]:
    """Yield what a user should know, a sentence each."""
    for cause, projection in zip(causes, footprint.projections, strict=True):
        name = f"{cause.name} {cause.receptor}"
        if cause.lost:
            yield (
                f"{format_count(cause.lost)} synapses of {name} would be lost without a word:"
                f" {_why_lost(footprint, cause, projection.stages)}"
            )
        if cause.sorted_bytes < cause.bytes:
            saved = format_bytes(cause.bytes - cause.sorted_bytes)
            yield f"sorted by source, {name} would take {saved} less on every core: its rows are booked too long"
        visible = _VISIBLE * footprint.cores_of(cause.post)[0].memories["sdram"].used
        if cause.bytes >= visible:
            yield from _padding(cause, name)
        sources = footprint.population(cause.pre).neurons
        rounding = cause.bytes - cause.bytes * sources // cause.rows
        if rounding >= visible:
            yield (
                f"the {format_count(sources)} sources of {name} are booked as {format_count(cause.rows)} rows, full"
                f" cores of {footprint.population(cause.pre).width}: {format_bytes(rounding)} on every core"
            )
        if (cause.unconnected_bytes or 0) >= visible:
            yield (
                f"{format_count(cause.unconnected or 0)} of {format_count(sources)} sources of {name} have no synapse,"
                f" and take {format_bytes(cause.unconnected_bytes or 0)} on every core"
            )
    connectors = [projection.connector for projection in footprint.network.projections]
    if any(not isinstance(connector, FromList) for connector in connectors):
        yield "on a real board, projections made by a rule take a little more in the expander region"
    if any(isinstance(connector, FixedProbability) for connector in connectors):
        yield "rows of FixedProbability are the bounds that the tool chain books, not the synapses it will draw"


def _padding(cause: Cause, name: str) -> Iterator[str]:
    """Yield why rows are mostly empty, where one row far longer than the average is the reason."""
    if cause.padding is None or not cause.synapses or cause.filled is None or cause.filled > _HOLLOW:
        return
    average = cause.row * cause.filled
    if cause.source is not None and cause.row >= _HUB * average:
        yield (
            f"neuron {cause.source} of {cause.pre} has {cause.row} synapses onto core {cause.core} of {cause.post}:"
            f" all rows of {name} are as long, {format_bytes(cause.padding)} of them empty"
            f" on {several(cause.cores, 'core')} for {format_bytes(4 * cause.synapses)} of synapses"
        )


def _why_lost(footprint: Footprint, cause: Cause, stages: int) -> str:
    """Say what makes the tool chain lose synapses, and what helps."""
    if stages >= 2 and len(footprint.cores_of(cause.pre)) > 1:
        return "delays of two stages or more from a source on several cores; shorten them or put it on one core"
    return "its list is not sorted by source; sort it by source, then target"


def _core(core: CoreFootprint) -> dict[str, Any]:
    """Return what the document says of a core."""
    return {
        "population": core.population,
        "slice": [core.start, core.stop],
        "chip": [core.x, core.y],
        "core": core.p,
        "regions": {name: {"fixed": b.fixed, "per_timestep": b.per_step} for name, b in core.booked.items()},
        "reserved": dict(core.reserved),
        "memories": {name: asdict(usage) for name, usage in core.memories.items()},
        "key": core.key,
    }
