"""Drawings: the same for the same figures, in the page's own colours, referring to nothing outside."""

import re
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

from neurosparse.report.page.connections import Counts
from neurosparse.report.page.figures import curves, followed, histogram

_EPOCHS = list(range(1, 61))
_CURVES = curves(_EPOCHS, [[1 / k for k in _EPOCHS], [2 / k for k in _EPOCHS]], "Loss falls")
_COUNTS = Counts(np.arange(6) - 0.5, np.array([3, 1, 4, 1, 5]), np.array([2, 7, 1, 8, 2]))
_HISTOGRAM = histogram(_COUNTS, "synapses of a source", 'Degrees of "a" & b')
_FOLLOWED = followed([(0, 0, 0, 1), (1, 0.5, 1, 1.5), (3, 1, 2, 3)], "Rates of 'a' <b> & $c$")
_FEW = curves([1, 2], [[0.5, 0.25]], "Rewired")


def _parsed(text):
    """Return the drawing as a tree; a page needs no declared name space, a parser does."""
    return ET.fromstring(text.replace("<svg ", '<svg xmlns:xlink="x" ', 1))


@pytest.mark.parametrize("text", [_CURVES, _HISTOGRAM, _FOLLOWED, _FEW])
def test_a_drawing_is_whole_and_plain(text):
    tree = _parsed(text)
    assert tree.attrib["role"] == "img"
    assert not re.search(r"url\(|http|<style|<script|clip|metadata", text)
    assert not re.search(r"#[0-9a-f]{6}", text), "no colour of its own"
    assert "DejaVu" not in text
    referred = {value.removeprefix("#") for e in tree.iter() for name, value in e.attrib.items() if "href" in name}
    assert referred == {e.attrib["id"] for e in tree.iter() if "id" in e.attrib}
    assert len(text) < 8_000


def test_a_label_is_escaped():
    assert _parsed(_HISTOGRAM).attrib["aria-label"] == 'Degrees of "a" & b'
    assert _parsed(_FOLLOWED).attrib["aria-label"] == "Rates of 'a' <b> & $c$"


def test_equal_figures_give_equal_drawings_whatever_matplotlib_is_set_to():
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.grid": False}):
        assert histogram(_COUNTS, "synapses of a source", 'Degrees of "a" & b') == _HISTOGRAM
        assert matplotlib.rcParams["font.size"] == 30, "and it is left as it was"
    assert curves([1, 2], [[0.5, 0.25]], "Rewired") == _FEW


def test_a_curve_goes_through_its_values():
    """Heights are in proportion to the values: the axis begins at 0."""
    path = next(e for e in _parsed(_CURVES).iter() if "stroke: var(--first)" in e.attrib.get("style", ""))
    points = np.array([float(n) for n in re.findall(r"-?[\d.]+", path.attrib["d"])]).reshape(-1, 2)
    heights = points[:, 1]
    floor = heights[0] + (heights[0] - heights[1]) * -2  # at 1 and 1/2
    assert (floor - heights) / (floor - heights[0]) == pytest.approx([1 / k for k in _EPOCHS], abs=0.01)


def test_labels_have_every_decimal_of_their_ticks():
    labels = [e.text for e in _parsed(curves([1, 2], [[0.02, 0.011]], "Loss falls")).iter() if e.tag.endswith("text")]
    assert {"0.005", "0.015"} <= set(labels)


def test_a_histogram_shows_start_and_end():
    styles = [e.attrib.get("style", "") for e in _parsed(_HISTOGRAM).iter()]
    assert sum("fill: var(--soft)" in style for style in styles) == 1
    assert sum("stroke-dasharray" in style for style in styles) == 1
    alone = histogram(Counts(_COUNTS.edges, _COUNTS.end, None), "x", "Only the end of it")
    assert "stroke-dasharray" not in alone


def test_what_follows_is_drawn_beside_what_it_follows():
    """The line of the medians and the dashed one meet at 0 and 1; at 3 the medians are a third too low."""
    points = {}
    for e in _parsed(_FOLLOWED).iter():
        style = e.attrib.get("style", "")
        for name in ("first", "second"):
            if f"stroke: var(--{name})" in style and "M" in e.attrib.get("d", "") and "fill: none" in style:
                points[name] = np.array([float(n) for n in re.findall(r"-?[\d.]+", e.attrib["d"])]).reshape(-1, 2)
    median, exact = points["first"], points["second"]
    assert median[:2] == pytest.approx(exact[:2], abs=0.01)
    assert median[2, 0] == pytest.approx(exact[2, 0], abs=0.01)
    assert (exact[0, 1] - median[2, 1]) / (exact[0, 1] - exact[2, 1]) == pytest.approx(2 / 3, abs=0.01)
    assert "fill: var(--soft)" in _FOLLOWED


def test_a_single_epoch_and_flat_lines_can_be_drawn():
    assert "<use" in curves([1], [[0.5]], "One epoch alone")
    assert _parsed(curves([1, 2, 3], [[0.0, 0.0, 0.0]], "Nothing was rewired")).tag == "svg"
    assert _parsed(followed([(0, 0, 0, 0)], "A layer that is silent, as it should be")).tag == "svg"
    assert _parsed(histogram(Counts(np.array([-0.5, 0.5]), np.array([0]), None), "x", "No neuron")).tag == "svg"
