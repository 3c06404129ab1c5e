"""Line charts and histograms as SVG that takes its colours and its fonts from the page around it."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neurosparse.report.page.connections import Counts

# Matplotlib draws with these; the page says what they are, in the light and in the dark.
_INK, _MUTED, _LINE, _FIRST, _SECOND, _SOFT = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
_COLOURS = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _FIRST: "var(--first)",
    _SECOND: "var(--second)",
    _SOFT: "var(--soft)",
}

_SIZE = (3.9, 2.05)
"""Inches; at 72 points an inch the view box."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 8.0,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "text.color": _INK,
    "xtick.color": _LINE,
    "xtick.labelcolor": _MUTED,
    "ytick.color": _LINE,
    "ytick.labelcolor": _MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "path.simplify": True,
}


@dataclass(frozen=True)
class Chart:
    """A drawing with its heading."""

    heading: str
    svg: str


def curves(
    epochs: Sequence[int], lines: Sequence[Sequence[float]], says: str, form: str = "{:,g}", zero: bool = True
) -> str:
    """Return a chart of values over epochs.

    Parameters
    ----------
    epochs : sequence of int
    lines : sequence of sequence of float
        One or two lines, a value an epoch; the first is drawn through, the second dashed.
    says : str
        What is to be seen, for those who do not see it.
    form : str
        How the values are written at the axis.
    zero : bool
        Whether the axis begins at 0.

    Returns
    -------
    str
        An ``svg`` element; equal input gives equal text.
    """

    def draw(axes: Axes) -> None:
        marker = "o" if len(epochs) <= 10 else None
        for line, colour, dashes in zip(lines, (_FIRST, _SECOND), ("-", (0, (4, 2))), strict=False):
            axes.plot(epochs, line, color=colour, linestyle=dashes, linewidth=1.4, marker=marker, markersize=3)
        axes.set_xlabel("epoch", loc="right")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: form.format(value)))
        if len(epochs) == 1:
            axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
        if zero:
            axes.set_ylim(bottom=0, top=None if any(any(line) for line in lines) else 1)

    return _svg(draw, says)


def histogram(counts: Counts, label: str, says: str) -> str:
    """Return a histogram: filled what is at the end, as a dashed line what was at the start.

    Parameters
    ----------
    counts : Counts
    label : str
        What is counted, written below.
    says : str
        What is to be seen, for those who do not see it.

    Returns
    -------
    str
        An ``svg`` element; equal input gives equal text.
    """

    def draw(axes: Axes) -> None:
        axes.stairs(counts.end, counts.edges, fill=True, facecolor=_SOFT, edgecolor=_FIRST, linewidth=1.0)
        if counts.start is not None:
            axes.stairs(counts.start, counts.edges, color=_SECOND, linewidth=1.1, linestyle=(0, (3, 1.5)))
        axes.set_xlabel(label, loc="right")
        axes.set_xlim(float(counts.edges[0]), float(counts.edges[-1]))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=float(counts.edges[0]) == -0.5))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))

    return _svg(draw, says)


def followed(groups: Sequence[tuple[float, float, float, float]], says: str) -> str:
    """Return a chart of how measured values follow exact ones: middle and spread, and dashed where both are equal.

    Parameters
    ----------
    groups : sequence of (float, float, float, float)
        The exact value, by which they ascend, and the low, middle and high of what was measured of it.
    says : str
        What is to be seen, for those who do not see it.

    Returns
    -------
    str
        An ``svg`` element; equal input gives equal text.
    """

    def draw(axes: Axes) -> None:
        exact, low, middle, high = zip(*groups, strict=True)
        axes.fill_between(exact, low, high, facecolor=_SOFT, linewidth=0)
        axes.plot(exact, middle, color=_FIRST, linewidth=1.4, marker="o", markersize=2.5)
        axes.plot(exact, exact, color=_SECOND, linewidth=1.1, linestyle=(0, (3, 1.5)))
        axes.set_xlabel("activation", loc="right")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))

    return _svg(draw, says)


def _svg(draw: Callable[[Axes], None], says: str) -> str:
    """Return what `draw` puts on axes as an ``svg`` element without width, height, ids and colours of its own."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        # Markers have ids: of the page's many figures no two may share one.
        matplotlib.rcParams.update({**_STYLE, "svg.hashsalt": says})
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        file = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return _bare(file.getvalue(), says)


def _shorter(tag: re.Match[str]) -> str:
    """Return a tag with two decimals in its numbers; what stands between tags is what a figure says."""
    return re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found.group()):.2f}", tag.group())


def _bare(text: str, says: str) -> str:
    """Return the drawing alone: no prologue, metadata, clipping, global style or idle ids; short numbers."""
    body = text[text.index("<svg") : text.rindex("</svg>")]
    box = re.search(r'viewBox="([^"]*)"', body)
    body = body[body.index(">") + 1 :]
    used = set(re.findall(r'href="#([^"]*)"', body))
    for pattern, new in (
        (r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>|<clipPath.*?</clipPath>", ""),
        (r' clip-path="[^"]*"| transform="rotate\(-?0 [^"]*"', ""),
        (r'<path d="[^"]*" style="fill: none"/>', ""),
        (r"\s+", " "),
        (r"> <", "><"),
        (r"(?:<(g|defs)/>|<(g|defs)></\2>)", ""),
        (r"<[^>]*>", _shorter),
        (r' id="([^"]*)"', lambda found: found.group() if found.group(1) in used else ""),
        (r"font-family: [^;\"]*", "font-family: inherit"),
        ("|".join(_COLOURS), lambda found: _COLOURS[found.group()]),
    ):
        body = re.sub(pattern, new, body, flags=re.DOTALL)
    view = box.group(1) if box else ""
    return f'<svg viewBox="{view}" role="img" aria-label="{html.escape(says)}">{body.strip()}</svg>'
