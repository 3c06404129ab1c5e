"""A report as one page of HTML that stands alone: what it shows as plain values, and the template that shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from neurosparse.archive import write_text
from neurosparse.errors import BadInput, FileFault
from neurosparse.hardware.profile import Profile
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping.layout import Plan
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.page.bars import Bars, bars
from neurosparse.report.page.chipmap import ChipMap, chip_map
from neurosparse.report.page.connections import Connections, connections
from neurosparse.report.page.figures import Chart, curves, histogram
from neurosparse.report.page.reasons import cause_table, compaction_table
from neurosparse.report.page.simulations import Simulated, simulated
from neurosparse.report.page.tables import (
    Table,
    configuration_table,
    connection_table,
    core_table,
    history_table,
    population_table,
    region_table,
    source_table,
)
from neurosparse.report.tables import CoreRow, fullest_core, memory_label, report_rows
from neurosparse.report.words import amount, cores_of, count_cores, neurons, percent, place, several
from neurosparse.units import format_percent

#: Up to so many cores their tables stand open.
_OPEN = 24


@dataclass(frozen=True)
class Page:
    """Everything the page shows.

    Attributes
    ----------
    title, machine : str
        What was trained on what, and the machine's full name.
    fits : bool
    key_figures : tuple of (str, str, str)
        Name, value and a remark.
    populations : Table
    cores : Table
    counted : str
        How many cores there are.
    cores_open : bool
        Whether these are few enough to stand open.
    map : ChipMap
    bars : Bars
    regions : Table
        The bars as a table.
    causes : Table or None
        Why each projection takes what it takes, where the machine's memory model tells.
    notes : tuple of str
        The same in sentences, where something stands out.
    compaction : Table or None
        What would be saved without the neurons that reach no output.
    training : tuple of Chart
    history : Table
    connections : tuple of (str, tuple of Chart)
        The histograms of each projection.
    connection_table : Table
    has_start : bool
        Whether the network before its first step is known.
    simulations : tuple of Simulated
        What simulators made of the network.
    configuration, sources : Table
    covers, does_not_cover : tuple of str
        What the machine's figures say and what they leave open, in sentences.
    """

    title: str
    machine: str
    fits: bool
    key_figures: tuple[tuple[str, str, str], ...]
    populations: Table
    cores: Table
    counted: str
    cores_open: bool
    map: ChipMap
    bars: Bars
    regions: Table
    causes: Table | None
    notes: tuple[str, ...]
    compaction: Table | None
    training: tuple[Chart, ...]
    history: Table
    connections: tuple[tuple[str, tuple[Chart, ...]], ...]
    connection_table: Table
    has_start: bool
    simulations: tuple[Simulated, ...]
    configuration: Table
    sources: Table
    covers: tuple[str, ...]
    does_not_cover: tuple[str, ...]


def render(page: Page) -> str:
    """Return the page as HTML: no script, nothing loaded from anywhere; equal pages give equal text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("neurosparse.report.page", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja").render(page=page)


def save_page(page: Page, path: Path) -> int:
    """Write the page to `path`, whole or not at all, and return its size in bytes.

    Raises
    ------
    BadInput
        Something else than a page stands there: it is left alone.
    FileFault
        The place cannot be written; what stood there before still stands.
    """
    if os.path.lexists(path) and not (path.is_file() and path.suffix.lower() in (".html", ".htm")):
        raise BadInput(f"{path.name} is there already and no page", where=str(path), help="name another file")
    text = render(page)
    write_text(path, text)
    return len(text.encode())


def make_page(
    document: Mapping[str, Any],
    plan: Plan,
    history: Sequence[Mapping[str, Any]],
    network: TrainedNetwork,
    initial: TrainedNetwork | None = None,
    simulations: Sequence[Mapping[str, Any]] = (),
) -> Page:
    """Return what there is to show of a finished run.

    Parameters
    ----------
    document : mapping
        Its report, schema ``neurosparse.report/2``.
    plan : Plan
        Names the machine and all its chips.
    history : sequence of mapping
        One row an epoch, as `neurosparse.train.events.EpochEnd`.
    network, initial : TrainedNetwork
        After the last step, and before the first where that is known.
    simulations : sequence of mapping
        Of this network, schema ``neurosparse.simulation/1``.

    Raises
    ------
    FileFault
        The report is not one of this plan.
    """
    rows = report_rows(document)
    told = [(row.population, row.start, row.stop, row.x, row.y, row.p) for row in rows]
    planned = [(core.population, core.start, core.stop, core.x, core.y, core.p) for core in plan.cores]
    if told != planned:
        raise FileFault(
            "the report does not belong to its plan: their cores differ",
            numbers={"in the report": several(len(told), "core"), "in the plan": several(len(planned), "core")},
            help="neurosparse check tells what is wrong with a run folder",
        )
    settings = document["configuration"]
    explanation = document.get("explanation")
    sizes = {population.name: population.size for population in plan.graph.populations}
    found = connections(network, initial)
    picture = bars(rows)
    return Page(
        title=f"{settings['data']['value']} on {document['profile']['name']}" if "data" in settings else "run",
        machine=plan.profile.title,
        fits=document["fits"],
        key_figures=_key_figures(document, rows, plan.profile),
        populations=population_table(rows),
        cores=core_table(rows),
        counted=count_cores(rows),
        cores_open=len(rows) <= _OPEN,
        map=chip_map(board_chips(plan.profile), rows),
        bars=picture,
        regions=region_table(picture),
        causes=cause_table(explanation),
        notes=tuple(explanation["notes"]) if explanation else (),
        compaction=compaction_table(document.get("compacted"), sizes, rows[0].main.unit),
        training=_training(history),
        history=history_table(history),
        connections=tuple((f"{p.name}: {p.pre} to {p.post}", _histograms(p)) for p in found),
        connection_table=connection_table(found),
        has_start=any(projection.start for projection in found),
        simulations=tuple(map(simulated, simulations)),
        configuration=configuration_table(settings),
        sources=source_table(plan.profile),
        covers=plan.profile.covers,
        does_not_cover=plan.profile.does_not_cover,
    )


def _key_figures(
    document: Mapping[str, Any], rows: Sequence[CoreRow], profile: Profile
) -> tuple[tuple[str, str, str], ...]:
    """Return the figures at the head of the page."""
    chips = board_chips(profile)
    synapses = document["synapses"]
    row = rows[fullest_core(rows)]
    memory, fraction = row.fullest
    known = [(name, value) for name, value in document["accuracy"].items() if value is not None]
    others = ", ".join(f"{name} {format_percent(value, 2)}" for name, value in known[:-1])
    if averaged := document.get("averaged"):
        together = format_percent(averaged["test"], 2)
        others += f"; mean prediction of {several(averaged['samples'], 'posterior sample')} {together}"
    there_are = sum(len(chip.application_cores) for chip in chips)
    cores = cores_of(rows)
    used_chips = len({(x, y) for x, y, _ in cores})
    return (
        *((f"{name} accuracy", format_percent(value, 2), others) for name, value in known[-1:]),
        ("synapses", f"{synapses['live']:,}", f"of {synapses['budget']:,} allowed; {document['biases']:,} biases"),
        ("steps over budget", f"{synapses['steps_over_budget']:,}", f"of {synapses['steps']:,}"),
        ("cores", f"{len(cores):,}", f"of {there_are:,}, on {used_chips:,} of {several(len(chips), 'chip')}"),
        (
            "fullest core",
            percent(fraction),
            f"of {memory_label(memory)}: {row.population} {neurons(row)}, {place(row)}",
        ),
        (
            f"{memory_label(next(iter(row.memories)))} in all",
            amount(sum(r.main.used for r in rows), row.main.unit),
            "used on all cores",
        ),
    )


def _training(history: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """Return the charts of loss, accuracy and rewiring."""
    if not history:
        return ()
    epochs = [int(row["epoch"]) for row in history]
    column = {name: [row[name] for row in history] for name in history[0]}

    def course(name: str, form: str) -> str:
        first, last = form.format(column[name][0]), form.format(column[name][-1])
        return f"{first} in epoch {epochs[0]}, {last} in epoch {epochs[-1]}"

    def both(name: str, form: str) -> str:
        return f"{name.capitalize()}. Training: {course(name, form)}. Validation: {course(f'validation_{name}', form)}."

    percents = [[100 * value for value in column[name]] for name in ("accuracy", "validation_accuracy")]
    loss, accuracy = both("loss", "{:.4g}"), both("accuracy", "{:.2%}")
    rewired = f"Connections rewired: {course('rewired', '{:,}')}, {sum(column['rewired']):,} in all."
    return (
        Chart("Loss", curves(epochs, [column["loss"], column["validation_loss"]], loss)),
        Chart(
            "Accuracy",
            curves(epochs, percents, accuracy, "{:.3g} %", zero=False),
        ),
        Chart("Connections rewired in an epoch", curves(epochs, [column["rewired"]], rewired)),
    )


def _histograms(projection: Connections) -> tuple[Chart, ...]:
    """Return the histograms of a projection."""
    name = projection.name
    return tuple(
        Chart(heading, histogram(counts, label, f"Histogram of the {heading.lower()} of {name}"))
        for heading, counts, label in (
            ("Weights", projection.weights, "weight"),
            ("Out-degrees", projection.out_degrees, f"synapses of a source, {projection.pre}"),
            ("In-degrees", projection.in_degrees, f"synapses of a target, {projection.post}"),
        )
    )
