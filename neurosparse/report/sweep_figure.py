"""Accuracy over a setting as a figure for a paper: a line a series, error bars over seeds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, NullFormatter, NullLocator, StrMethodFormatter

from neurosparse.report.sweep import CONNECTIONS, PointResult, SweepResult, setting_text

_SIZE = (5.2, 3.6)
"""Inches."""

# Okabe and Ito, Color Universal Design (2008): told apart by the colour-blind; grey for yellow, too pale for a line.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#808080")
_MARKERS = "osD^vP*X"

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "neurosparse",
    "savefig.dpi": 200,
    "font.size": 9.0,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,
}

# What the numbers of a setting count, where its name alone does not say it.
_UNITS = {
    "connectivity": "% of all pairs of neurons",
    "budget": "of a core's memory",
    "synapses": "connections",
    "connections": "left at the end",
    "batch": "samples a step",
    "epochs": "passes",
    "validation": "% of the training data",
    "synapses_per_core": "connections",
    "neurons_per_core": "neurons",
    "max_fan_in": "connections of a neuron",
    "max_row_length": "connections of a source on a core",
}

#: Percent stands in the axis' unit, not at each tick.
_IN_PERCENT = ("connectivity", "validation")

#: So many values at most are written at the axis one by one.
_TICKS = 9


def sweep_figure(result: SweepResult, form: Literal["svg", "png"]) -> bytes:
    """Return the figure: accuracy on the test split (%) over `result.x`, mean and standard deviation over seeds.

    The axis of x is logarithmic where all its values are positive and span a decade or more; values that are no numbers
    stand side by side.

    Parameters
    ----------
    result : SweepResult
    form : {"svg", "png"}

    Returns
    -------
    bytes
        The file; equal results give equal bytes with the same version of matplotlib.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        _draw(figure.subplots(), result)
        file = io.BytesIO()
        nothing = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        figure.savefig(file, format=form, metadata=nothing)
    return file.getvalue()


def _draw(axes: Axes, result: SweepResult) -> None:
    """Draw every line, and what the axes are."""
    placed = [point for point in result.points if point.runs or result.x != CONNECTIONS]
    values = list(dict.fromkeys(_value(point, result.x) for point in placed))
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if numeric:
        values.sort()
    scale = 100 if result.x in _IN_PERCENT else 1
    place = {value: scale * value if numeric else index for index, value in enumerate(values)}
    lines: dict[str, list[PointResult]] = {}
    for point in result.points:
        lines.setdefault(result.label(point), []).append(point)
    for index, (label, points) in enumerate(lines.items()):
        drawn = [(place[_value(point, result.x)], point.test) for point in points if point.runs]
        drawn.sort(key=lambda mark: mark[0])
        heights = [100 * test.mean for _, test in drawn]
        bars = [100 * (test.sd or 0.0) for _, test in drawn]
        axes.errorbar(
            [x for x, _ in drawn],
            heights,
            yerr=bars if any(test.sd is not None for _, test in drawn) else None,
            label=label,
            color=_COLOURS[index % len(_COLOURS)],
            marker=_MARKERS[index % len(_MARKERS)],
            markersize=4,
            linewidth=1.3,
            capsize=2.5,
            elinewidth=1.0,
        )
    _scale(axes, result.x, values, list(place.values()), numeric)
    seeds = len(result.seeds)
    axes.set_ylabel(f"test accuracy (%){f', mean and s.d. of {seeds} seeds' if seeds > 1 else ''}")
    if result.title:
        axes.set_title(result.title)
    if result.series:
        axes.legend(title=", ".join(name.replace("_", " ") for name in result.series))


def _tick(x: str, value: Any) -> str:
    """Return how a value of the x axis is written there."""
    if x not in _IN_PERCENT:
        return setting_text(x, value)
    parts = value if isinstance(value, tuple) else (value,)
    return ",".join(setting_text(x, part).removesuffix("%") for part in parts)


def _value(point: PointResult, x: str) -> Any:
    """Return where along the axis a point stands; what is left is known of points with runs."""
    return point.weights if x == CONNECTIONS else point.values[x]


def _scale(axes: Axes, x: str, values: Sequence[Any], places: Sequence[float], numeric: bool) -> None:
    """Set scale, ticks and label of the x axis."""
    unit = _UNITS.get(x)
    axes.set_xlabel(x.replace("_", " ") + (f" ({unit})" if unit else ""))
    if numeric and values and min(values) > 0 and max(values) >= 10 * min(values):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    if not numeric:
        axes.margins(x=0.15)
    if not numeric or len(values) <= _TICKS:
        texts = [_tick(x, value) for value in values]
        axes.xaxis.set_major_locator(FixedLocator(list(places)))
        axes.xaxis.set_major_formatter(FixedFormatter(texts))
        axes.xaxis.set_minor_locator(NullLocator())
