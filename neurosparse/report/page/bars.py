"""What fills the cores: bars of their regions, beside how far each is from the limits of its memories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neurosparse.report.tables import CoreRow, memory_label, memory_names
from neurosparse.report.words import RANGE, amount, amounts, count_cores, neurons, percent, several

#: Regions that have a colour of their own; the others share one.
COLOURS = 7

#: The shortest bar as a part of the longest, for them to be drawn to one scale.
_SHORTEST = 1 / 8

#: Bars at most, in all and of one population: of more the fullest, the leanest and the one in the middle are drawn.
_MOST, _OF_ONE = 40, 5

_LABELS, _STACK, _BETWEEN, _GAUGE = 130.0, 370.0, 200.0, 180.0
_PITCH, _THICK, _TOP, _FOOT = 30.0, 13.0, 26.0, 24.0


@dataclass(frozen=True)
class Segment:
    """A region in a bar: from x on so wide, in the colour with this index, and what it says."""

    x: float
    width: float
    colour: int
    title: str


@dataclass(frozen=True)
class Mark:
    """How full a memory is, on the logarithmic scale of shares: which memory, where, what it says."""

    memory: int
    x: float
    title: str


@dataclass(frozen=True)
class Bar:
    """Cores that hold the same.

    Attributes
    ----------
    y : float
        The middle of the bar.
    name, note : str
        The population, and which of its slices.
    segments : tuple of Segment
        What is used; see `Bars.to_scale`.
    used, available : str
        What is used of the first memory, and the limit, from the lowest to the highest of these slices.
    marks : tuple of Mark
    regions : tuple of int
        What each region of the figure takes, in the order of `Bars.regions`.
    """

    y: float
    name: str
    note: str
    segments: tuple[Segment, ...]
    used: str
    available: str
    marks: tuple[Mark, ...]
    regions: tuple[int, ...]


@dataclass(frozen=True)
class Bars:
    """The figure, in the units of its view box.

    Attributes
    ----------
    width, height, thick, stack, stack_end, gauge, gauge_end, top, bottom : float
        The whole, the thickness of a bar, where bars and shares begin and end, and the frame of both.
    bars : tuple of Bar
    shares : tuple of (float, str)
        The logarithmic axis of the used parts of the limits.
    limit : float
        Where 100 % lies.
    to_scale : bool
        Whether the bars are as long as what is used. Where the shortest would be too short to see what it is made of,
        they are equally long, each a whole.
    regions : tuple of str
        By their part of the bars, the greatest first; those from `COLOURS` on share a colour.
    memories : tuple of str
    left_out : int
        Slices that no bar stands for.
    summary : str
    """

    width: float
    height: float
    thick: float
    stack: float
    stack_end: float
    gauge: float
    gauge_end: float
    top: float
    bottom: float
    bars: tuple[Bar, ...]
    shares: tuple[tuple[float, str], ...]
    limit: float
    to_scale: bool
    regions: tuple[str, ...]
    memories: tuple[str, ...]
    left_out: int
    unit: str
    summary: str


def bars(rows: Sequence[CoreRow]) -> Bars:
    """Return the figure for the cores of a network."""
    chosen = _chosen(rows)
    unit = rows[0].main.unit
    weight: dict[str, float] = {}
    for group in chosen:
        for name, size in group[0].regions.items():
            weight[name] = weight.get(name, 0.0) + size / max(1, group[0].main.used)
    regions = sorted((name for name in weight if weight[name]), key=lambda name: -weight[name])
    memories = memory_names(rows)
    shares = [u.fraction for group in chosen for u in group[0].memories.values() if 0 < u.fraction < math.inf]
    low = min(-1, math.floor(math.log10(min(shares, default=0.1))))
    high = 0.3 if max(shares, default=0) <= 1 else math.ceil(math.log10(max(shares)) + 0.1)
    gauge = _LABELS + _STACK + _BETWEEN

    def share(fraction: float) -> float:
        if fraction <= 0:
            return gauge
        return gauge + _GAUGE * (min(high, math.log10(fraction)) - low) / (high - low)

    longest = max(1, *(group[0].main.used for group in chosen))
    to_scale = min(group[0].main.used for group in chosen) >= _SHORTEST * longest
    drawn = []
    for k, group in enumerate(chosen):
        row = group[0]
        marks = tuple(
            Mark(memories.index(name), share(u.fraction), f"{memory_label(name)} {amounts(u)}, {percent(u.fraction)}")
            for name, u in row.memories.items()
        )
        limits = sorted({core.main.available for core in group})
        drawn.append(
            Bar(
                y=_TOP + (k + 0.5) * _PITCH,
                name=row.population,
                note=_note(group),
                segments=_segments(row, regions, longest if to_scale else max(1, row.main.used)),
                used=amount(row.main.used, unit),
                available=RANGE.join(dict.fromkeys(amount(limit, unit) for limit in (limits[0], limits[-1]))),
                marks=marks,
                regions=tuple(row.regions.get(name, 0) for name in regions),
            )
        )
    bottom = _TOP + len(drawn) * _PITCH
    return Bars(
        width=gauge + _GAUGE + 16,
        height=bottom + _FOOT,
        thick=_THICK,
        stack=_LABELS,
        stack_end=_LABELS + _STACK,
        gauge=gauge,
        gauge_end=gauge + _GAUGE,
        top=_TOP,
        bottom=bottom,
        bars=tuple(drawn),
        shares=tuple((share(10.0**k), f"{10.0 ** (k + 2):g} %") for k in range(low, math.floor(high) + 1)),
        limit=share(1.0),
        to_scale=to_scale,
        regions=tuple(_spoken(name) for name in regions),
        memories=tuple(memory_label(name) for name in memories),
        left_out=len(rows) - sum(map(len, chosen)),
        unit=unit,
        summary=_summary(rows, memories[0]),
    )


def _summary(rows: Sequence[CoreRow], memory: str) -> str:
    """Return in words what the figure shows."""
    totals: dict[str, int] = {}
    for row in rows:
        for name, size in row.regions.items():
            totals[name] = totals.get(name, 0) + size
    used = [row.main.used for row in rows]
    largest = max(totals, key=lambda name: totals[name], default=None)
    label = memory_label(memory)
    return (
        f"{label[0].upper()}{label[1:]} of {count_cores(rows)}: from {amount(min(used), rows[0].main.unit)} to "
        f"{amount(max(used), rows[0].main.unit)} used, at most {percent(max(row.main.fraction for row in rows))} of "
        f"what a core may use" + (f"; the largest part of all is {_spoken(largest)}" if largest else "")
    )


def _segments(row: CoreRow, regions: Sequence[str], whole: int) -> tuple[Segment, ...]:
    """Return the bar of a slice, its regions in the order of the figure; `whole` is as much as the longest bar."""
    segments, x = [], _LABELS
    for colour, name in enumerate(regions):
        size = row.regions.get(name, 0)
        if size:
            part = percent(size / row.main.used)
            says = f"{_spoken(name)}: {amount(size, row.main.unit)}, {part} of what is used"
            segments.append(Segment(x, _STACK * size / whole, min(colour, COLOURS), says))
            x += _STACK * size / whole
    return tuple(segments)


def _chosen(rows: Sequence[CoreRow]) -> list[list[CoreRow]]:
    """Return groups of cores that hold the same, in the order of the populations, the fullest first."""
    populations: dict[str, dict[tuple[object, ...], list[CoreRow]]] = {}
    for row in rows:
        key = (tuple(row.regions.items()), tuple((name, usage.used) for name, usage in row.memories.items()))
        populations.setdefault(row.population, {}).setdefault(key, []).append(row)
    chosen = []
    for alike in populations.values():
        groups = [sorted(group, key=lambda row: -row.main.fraction) for group in alike.values()]
        groups.sort(key=lambda group: -group[0].main.fraction)
        chosen += groups if len(groups) <= _OF_ONE else [*groups[:3], groups[len(groups) // 2], groups[-1]]
    if len(chosen) > _MOST:
        kept = sorted(chosen, key=lambda group: -group[0].main.fraction)[:_MOST]
        chosen = [group for group in chosen if group in kept]
    return chosen


def _note(group: Sequence[CoreRow]) -> str:
    """Return which cores a bar stands for."""
    if len(group) == 1:
        return f"neurons {neurons(group[0])}"
    return f"{several(len(group), 'slice')} alike"


def _spoken(region: str) -> str:
    """Return the name of a region as people write it."""
    return region.replace("_", " ")
