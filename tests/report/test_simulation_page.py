"""Simulations on the page: every one with its verdict, its layers and a chart of each; names stay words."""

import re
from html.parser import HTMLParser

import pytest
from finished import finished
from simulated import simulated

from neurosparse.report.page.page import make_page, render

_RUN = finished((64, 300, 10), 900)
_FOUND = simulated(_RUN.network)
_STRANGE = "<script>alert('1')</script>\n$x_1$ & \"quotes\" {{ 7 * 7 }}"


def _page(*simulations):
    return make_page(*_RUN.parts, simulations)


class _Texts(HTMLParser):
    """The text of a page, and all tags and attribute values."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.values, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.values += [value or "" for _, value in attributes]

    def handle_data(self, data):
        self.words += data


def test_without_simulations_the_page_is_what_it_was():
    text = render(_page())
    assert text == render(make_page(*_RUN.parts))
    assert "In a simulator" not in text


def test_every_simulation_is_shown_with_a_chart_a_layer():
    page = _page(_FOUND, simulated(_RUN.network, backend="brian2", limit=1.0, steps=1))
    nest, brian2 = page.simulations
    assert nest.heading == "nest: 20 held-out samples of 16 steps"
    assert [chart.heading.split(",")[0] for chart in nest.charts] == ["input", "hidden1", "output"]
    assert nest.layers.lines == 4
    assert "pynn 0.13.0" in nest.emulated
    assert nest.agrees == _FOUND["agrees"]
    assert not brian2.agrees
    text = render(page)
    assert text.count('<p class="verdict') == 3
    assert f"{100 * _FOUND['agreement']:.1f} % of the decisions are those of the trained network" in text
    named = re.findall(r' id="([^"]*)"', text)
    assert len(set(named)) == len(named), "charts of two simulations share no id"
    assert render(_page(_FOUND)) == render(_page(_FOUND))


def test_a_name_keeps_its_capitals():
    parted = {**_FOUND, "parts_at": "Hidden A"}
    assert _page(parted).simulations[0].parted.startswith("Rates and activations part first at Hidden A (")


@pytest.mark.parametrize("strange", [_STRANGE, "'; drop", "]]>", "&lt;b&gt;"])
def test_names_stay_words(strange):
    layers = [{**layer, "name": strange} for layer in _FOUND["layers"]]
    versions = {strange: strange}
    page = _page({**_FOUND, "backend": strange, "versions": versions, "parts_at": strange, "layers": layers})
    text = render(page)
    found, plain = _Texts(text), _Texts(render(_page(_FOUND)))
    assert "<script" not in text
    assert found.tags == plain.tags, "no name became a tag"
    assert found.words.count(strange) >= 6
    assert sum(strange in value for value in found.values) >= 4, "labels of charts and tables"
