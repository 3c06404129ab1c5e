"""The board as a picture: every chip at its place, every core shaded by how full it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from neurosparse.hardware.topology import Chip
from neurosparse.report.tables import CoreRow, memory_label
from neurosparse.report.words import amounts, neurons, percent, place, several

#: Fractions up to which a core has each of the shades, from empty to full; above the last it is too full.
STEPS = (0.01, 0.05, 0.2, 0.5, 0.8, 1.0)

_WIDTH = 860.0
_LABEL = 13.0
_GAP = 10.0
_LARGEST, _SMALLEST, _LETTER = 44.0, 4.0, 9.0

#: More cores than this on a chip are drawn as one box with the used ones in it.
_MOST_CELLS = 1024


@dataclass(frozen=True)
class CoreCell:
    """A core of the network: where it is drawn, its shade (index into `STEPS`, one more is too full), what it says.

    Populations that share a core divide its width.
    """

    x: float
    y: float
    width: float
    shade: int
    letter: str
    title: str


@dataclass(frozen=True)
class ChipFrame:
    """A chip: where it is drawn, which of the kinds of chip it is, what stands above it and what it says."""

    x: float
    y: float
    kind: int
    label: str
    title: str
    used: bool


@dataclass(frozen=True)
class EmptyCell:
    """A core without neurons: ``free``, of a ``monitor``, or ``missing`` on this chip."""

    x: float
    y: float
    state: str


@dataclass(frozen=True)
class ChipMap:
    """A picture of the board, in the units of its view box; y grows downwards.

    Attributes
    ----------
    width, height, cell, chip_width, chip_height : float
        The whole, the side of a core, and the frame of a chip.
    kinds : tuple of tuple of EmptyCell
        What the kinds of chip look like before anything is on them, from the corner of their frame.
    chips : tuple of ChipFrame
    cores : tuple of CoreCell
        In the order of the report.
    letters : tuple of (str, str)
        The letter of each population; none where there are more populations than letters, or no room for them.
    states : tuple of str
        Which states of empty cores are to be seen.
    memory, summary : str
    """

    width: float
    height: float
    cell: float
    chip_width: float
    chip_height: float
    kinds: tuple[tuple[EmptyCell, ...], ...]
    chips: tuple[ChipFrame, ...]
    cores: tuple[CoreCell, ...]
    letters: tuple[tuple[str, str], ...]
    states: tuple[str, ...]
    memory: str
    summary: str


def chip_map(chips: Sequence[Chip], rows: Sequence[CoreRow]) -> ChipMap:
    """Return the picture of a board.

    Parameters
    ----------
    chips : sequence of Chip
        All chips of the board; their coordinates are their places, unless they lie far apart or all in one line.
    rows : sequence of CoreRow
        The cores of the network.
    """
    most = max(chip.cores for chip in chips)
    columns = _columns(most)
    places, n_columns, n_rows = _places(chips)
    cell = min(_LARGEST, max(_SMALLEST, (_WIDTH / n_columns - _GAP) / columns))
    chip_width, chip_height = columns * cell, math.ceil(most / columns) * cell
    step_x, step_y = chip_width + _GAP, chip_height + _LABEL + _GAP

    def corner(k: int) -> tuple[float, float]:
        column, row = places[k]
        return column * step_x, row * step_y + _LABEL

    def inside(p: int) -> tuple[float, float]:
        return p % columns * cell, p // columns * cell

    index = {(chip.x, chip.y): k for k, chip in enumerate(chips)}
    names = list(dict.fromkeys(row.population for row in rows))
    letters = dict(zip(names, ascii_lowercase, strict=False)) if len(names) <= len(ascii_lowercase) else {}
    sharing = Counter((row.x, row.y, row.p) for row in rows)
    drawn: Counter[tuple[int, int, int]] = Counter()
    cores = []
    for row in rows:
        spot = (row.x, row.y, row.p)
        x, y = (a + b for a, b in zip(corner(index[row.x, row.y]), inside(row.p), strict=True))
        width = cell / sharing[spot]
        letter = letters.get(row.population, "") if width >= _LETTER else ""
        shade = sum(row.main.fraction > limit for limit in STEPS)
        cores.append(CoreCell(x + drawn[spot] * width, y, width, shade, letter, _says(row)))
        drawn[spot] += 1
    held = Counter((x, y) for x, y, _ in sharing)

    kinds = list(dict.fromkeys((chip.cores, chip.monitor_cores) for chip in chips))
    seen_cells = range(most if most <= _MOST_CELLS else 0)
    looks = tuple(tuple(EmptyCell(*inside(p), _state(p, *kind)) for p in seen_cells) for kind in kinds)
    frames = []
    for k, chip in enumerate(chips):
        x, y = corner(k)
        used = held[chip.x, chip.y]
        taken = f"{used} of {several(len(chip.application_cores), 'core')} used"
        frames.append(
            ChipFrame(
                x, y, kinds.index((chip.cores, chip.monitor_cores)), f"{chip.x}, {chip.y}",
                f"chip ({chip.x}, {chip.y}): {taken}", used > 0,
            )
        )  # fmt: skip
    monitors = sum(chip.monitor_cores for chip in chips)
    missing = sum(most - chip.cores for chip in chips)
    seen = [state for state in ("free", "monitor", "missing") if any(c.state == state for look in looks for c in look)]
    summary = (
        f"{several(len(chips), 'chip')} with {several(sum(chip.cores for chip in chips), 'core')}: "
        f"{several(len(sharing), 'core')} on {several(len(held), 'chip')} hold the network"
        + (f", {monitors:,} run monitors" if monitors else "")
        + (f"; {several(missing, 'core')} missing on chips with fewer than {most}" if missing else "")
    )
    return ChipMap(
        width=n_columns * step_x - _GAP,
        height=n_rows * step_y - _GAP,
        cell=cell,
        chip_width=chip_width,
        chip_height=chip_height,
        kinds=looks,
        chips=tuple(frames),
        cores=tuple(cores),
        letters=tuple((letter, name) for name, letter in letters.items() if letter in {core.letter for core in cores}),
        states=tuple(seen),
        memory=memory_label(next(iter(rows[0].memories))),
        summary=summary,
    )


def _columns(count: int) -> int:
    """Return how many of so many to draw beside each other: the least gaps, in a frame up to twice as wide as high."""
    low, high = math.ceil(math.sqrt(count)), max(1, math.ceil(math.sqrt(2 * count)))
    return min(range(low, high + 1), key=lambda columns: (-count % columns, -columns))


def _places(chips: Sequence[Chip]) -> tuple[list[tuple[int, int]], int, int]:
    """Return column and row of each chip, and how many of both there are; chip (0, 0) is at the bottom left."""
    xs, ys = sorted({chip.x for chip in chips}), sorted({chip.y for chip in chips})
    width, height = xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1
    if min(width, height) > 1 and width * height <= 2 * len(chips):
        return [(chip.x - xs[0], ys[-1] - chip.y) for chip in chips], width, height
    columns = _columns(len(chips))
    return [(k % columns, k // columns) for k in range(len(chips))], columns, math.ceil(len(chips) / columns)


def _state(p: int, cores: int, monitors: int) -> str:
    """Return what core `p` of a chip is before a network is on it."""
    if p >= cores:
        return "missing"
    return "monitor" if p < monitors else "free"


def _says(row: CoreRow) -> str:
    """Return what a core says of itself."""
    lines = [f"{row.population} {neurons(row)}, {place(row)}"]
    lines += [f"{memory_label(name)} {amounts(u)}, {percent(u.fraction)}" for name, u in row.memories.items()]
    if row.capacity:
        live = "" if row.live is None else f"{row.live:,} of "
        lines.append(f"{live}{row.capacity:,} synapses")
    return "\n".join(lines)
