"""The shape of a report, schema ``neurosparse.report/2``, so that a damaged one is told before it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurosparse.errors import FileFault


class _Part(BaseModel):
    """A table of the report: nothing missing, nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Accuracy(_Part):
    """Fractions of the splits."""

    train: float | None
    validation: float | None
    test: float | None


class _Averaged(_Part):
    """Fractions that the mean prediction of samples of the posterior decides rightly."""

    samples: int
    validation: float
    test: float


class _Rows(_Part):
    """Synapses of the longest row of each receptor."""

    excitatory: int
    inhibitory: int


class _Projection(_Part):
    """One projection."""

    name: str
    pre: str
    post: str
    live: int
    budget: int
    pairs: int
    longest_row: _Rows
    largest_fan_in: int


class _Synapses(_Part):
    """Counts over the network; of runs from before they were counted, not how many lie on paths."""

    live: int
    effective: int | None = None
    unrolled: int | None = None
    budget: int
    steps: int
    steps_over_budget: int
    projections: list[_Projection]


class _Held(_Part):
    """Counts on a core."""

    live: int
    capacity: int


class _Usage(_Part):
    """A memory: bytes, or entries of another unit."""

    used: int
    available: int
    unit: str = "bytes"


class _Core(_Part):
    """One core."""

    population: str
    slice: list[int]
    chip: list[int]
    core: int
    neurons: int
    synapses: _Held
    regions: dict[str, int]
    memories: dict[str, _Usage]
    holds: str


class _CompactedCore(_Part):
    """What the synapses take of a core as they are, and in the compacted network."""

    population: str
    slice: list[int] = Field(min_length=2, max_length=2)
    whole: int
    compacted: int


class _Compacted(_Part):
    """The network without neurons that reach no output."""

    neurons: dict[str, int]
    synapses: int
    cores: list[_CompactedCore]


class _Fullest(_Part):
    """The core that is fullest, and in which memory."""

    core: int
    memory: str
    fraction: float


class _Machine(_Part):
    """The profile."""

    name: str
    fingerprint: str
    kind: str
    covers: list[str]
    does_not_cover: list[str]


class _Cause(_Part):
    """Why a projection of the machine takes what it takes: `neurosparse.footprint.explain.Cause`."""

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


class _Explanation(_Part):
    """The reasons, for machines that keep synapses in rows."""

    projections: list[_Cause]
    notes: list[str]


class _Report(_Part):
    """The whole document."""

    kind: Literal["neurosparse.report/2"] = Field(alias="schema")
    fits: bool
    accuracy: _Accuracy
    averaged: _Averaged | None = None
    synapses: _Synapses
    biases: int
    cores: list[_Core]
    compacted: _Compacted | None = None
    fullest: _Fullest
    explanation: _Explanation | None
    profile: _Machine
    configuration: dict[str, dict[str, Any]]


def check_report(document: Any, path: Path) -> None:
    """Raise FileFault unless `document`, read from `path`, is a report in every key and kind of value."""
    try:
        report = _Report.model_validate(document)
        whole = all(
            len(core.slice) == len(core.chip) == 2 and core.holds in core.regions and core.memories
            for core in report.cores
        ) and 0 <= report.fullest.core < len(report.cores)
        fault = "" if whole else "a core lacks its slice, its chip, its memories or its largest region"
    except ValidationError as faults:
        first = faults.errors()[0]
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if fault:
        raise FileFault(f"{path.name} is damaged: {fault}", where=str(path))
