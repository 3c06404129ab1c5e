"""The tables of the page: every figure that its drawings show, in words, and what they were made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from neurosparse.hardware.profile import Profile
from neurosparse.report.page.bars import Bars
from neurosparse.report.page.connections import Connections, State
from neurosparse.report.tables import CoreRow, memory_label, memory_names
from neurosparse.report.words import amount, cores_of, figure_at, in_a_line, neurons, percent

#: Lines of the history at most; of more epochs every second, third, ... is shown, and the last.
_EPOCHS = 200


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    caption : str
    columns : tuple of (str, bool)
        Heading, and whether the column holds figures.
    parts : tuple of (str, tuple of tuple of str)
        Lines, headed by their first cell, in parts; a part has a heading of its own unless it is empty.
    """

    caption: str
    columns: tuple[tuple[str, bool], ...]
    parts: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]

    @property
    def wide(self) -> bool:
        """Say whether the table is too wide for paper in letters of the usual size."""
        return len(self.columns) > 13

    @property
    def lines(self) -> int:
        """Return the number of lines."""
        return sum(len(lines) for _, lines in self.parts)


def plain_table(caption: str, columns: tuple[tuple[str, bool], ...], lines: Iterable[tuple[str, ...]]) -> Table:
    """Return a table of one part."""
    return Table(caption, columns, (("", tuple(lines)),))


def population_table(rows: Sequence[CoreRow]) -> Table:
    """Return a line a population: its cores, and the fullest of them in each memory."""
    memories = memory_names(rows)
    lines = []
    for name, group in groupby(rows, key=lambda row: row.population):
        cores = list(group)
        line = [
            name,
            f"{sum(core.neurons for core in cores):,}",
            f"{len(cores_of(cores)):,}",
            f"{len({(x, y) for x, y, _ in cores_of(cores)}):,}",
            f"{sum(core.live or 0 for core in cores):,}",
            f"{sum(core.capacity for core in cores):,}",
        ]
        for memory in memories:
            known = [core for core in cores if memory in core.memories]
            if known:
                usage = max((core.memories[memory] for core in known), key=lambda usage: usage.fraction)
                line += [amount(usage.used, usage.unit), amount(usage.available, usage.unit), percent(usage.fraction)]
            else:
                line += ["not stated", "", ""]
        fullest = max(cores, key=lambda core: core.main.fraction)
        lines.append((*line, _holds(fullest)))
    return plain_table(
        "Populations, with the fullest core of each",
        (
            ("population", False),
            *((name, True) for name in ("neurons", "cores", "chips", "synapses", "slots")),
            *_memory_columns(memories),
            ("mostly", False),
        ),
        lines,
    )


def core_table(rows: Sequence[CoreRow]) -> Table:
    """Return a line a core, in parts by population."""
    memories = memory_names(rows)
    parts = []
    for name, group in groupby(rows, key=lambda row: row.population):
        lines = []
        for core in group:
            cells = [neurons(core), f"{core.x}, {core.y}", str(core.p)]
            cells += ["" if core.live is None else f"{core.live:,}", f"{core.capacity:,}"]
            for memory in memories:
                usage = core.memories.get(memory)
                cells += (
                    [amount(usage.used, usage.unit), amount(usage.available, usage.unit), percent(usage.fraction)]
                    if usage
                    else ["not stated", "", ""]
                )
            lines.append((*cells, _holds(core)))
        parts.append((name, tuple(lines)))
    columns = (
        ("neurons", True),
        *((heading, True) for heading in ("chip", "core", "synapses", "slots")),
        *_memory_columns(memories),
        ("mostly", False),
    )
    return Table("Every core", columns, tuple(parts))


def _memory_columns(memories: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Return three columns a memory."""
    return tuple((name, True) for memory in memories for name in (memory_label(memory), "limit", "used"))


def _holds(core: CoreRow) -> str:
    """Return what takes the most of a core's first memory."""
    return f"{core.holds.replace('_', ' ')}, {percent(core.regions[core.holds] / max(1, core.main.used))}"


def region_table(figure: Bars) -> Table:
    """Return the bars as a table: a line a bar, a column a region."""
    used = [sum(bar.regions) for bar in figure.bars]
    return plain_table(
        f"{figure.memories[0]} by region, {figure.unit}",
        (("population", False), ("cores", False), *((name, True) for name in figure.regions), ("in all", True)),
        (
            (bar.name, bar.note, *(f"{size:,}" for size in bar.regions), f"{total:,}")
            for bar, total in zip(figure.bars, used, strict=True)
        ),
    )


def history_table(history: Sequence[Mapping[str, Any]]) -> Table:
    """Return a line an epoch, or an epoch in so many where they are very many."""
    every = -(-len(history) // _EPOCHS)
    kept = [row for k, row in enumerate(history, 1) if every <= 1 or k % every == 0 or k in (1, len(history))]
    lines = tuple(
        (
            f"{row['epoch']:,}",
            f"{row['loss']:.4f}",
            f"{row['validation_loss']:.4f}",
            f"{100 * row['accuracy']:.2f} %",
            f"{100 * row['validation_accuracy']:.2f} %",
            f"{row['rewired']:,}",
            f"{row['live']:,}",
            f"{row['rate']:.4g}",
        )
        for row in kept
    )
    shown = "Epochs" if every <= 1 else f"Every {every} epochs, the first and the last"
    headings = (
        "epoch", "loss", "validation loss", "accuracy", "validation accuracy", "rewired", "live", "learning rate",
    )  # fmt: skip
    return plain_table(shown, tuple((heading, True) for heading in headings), lines)


_STATES: tuple[tuple[str, Callable[[State], str]], ...] = (
    ("synapses", lambda s: f"{s.synapses:,}"),
    ("inhibitory", lambda s: percent(s.inhibitory / max(1, s.synapses))),
    ("|weight|", lambda s: f"{s.magnitude:.3f}, up to {s.largest:.3f}"),
    ("out-degree", lambda s: f"{s.out_degree[0]:.2f}, up to {s.out_degree[1]:,}"),
    ("sources without", lambda s: f"{s.sources:,}"),
    ("in-degree", lambda s: f"{s.in_degree[0]:.2f}, up to {s.in_degree[1]:,}"),
    ("targets without", lambda s: f"{s.targets:,}"),
)


def connection_table(projections: Sequence[Connections]) -> Table:
    """Return the state of each projection at the start, where it is known, and at the end."""
    lines = []
    for p in projections:
        for when, state in (("start", p.start), ("end", p.end)):
            if state is not None:
                lines.append((p.name, when, *(write(state) for _, write in _STATES)))
    return plain_table(
        "Connections, weights and degrees",
        (("projection", False), ("at", False), *((heading, True) for heading, _ in _STATES)),
        lines,
    )


def configuration_table(settings: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return every setting with its value and its origin."""
    return plain_table(
        "Settings",
        (("setting", False), ("value", False), ("from", False)),
        ((name, _setting(entry["value"]), str(entry["from"])) for name, entry in settings.items()),
    )


def _setting(value: Any) -> str:
    """Return the value of a setting as it would be given."""
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def source_table(profile: Profile) -> Table:
    """Return every figure of a machine with its source."""
    figures = profile.model_dump(mode="json", by_alias=True)
    return plain_table(
        f"Figures of {profile.name}, fingerprint {profile.fingerprint[:16]}",
        (("figure", False), ("value", True), ("source", False)),
        ((key, in_a_line(figure_at(figures, key)), source) for key, source in profile.sources.items()),
    )
