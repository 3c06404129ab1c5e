"""Two reports: every change is told, and what is worse is known."""

import copy
import json
import math

import pytest
from finished import finished
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.report.compare import ACCURACY, Figure, compare

_BASE = finished((64, 300, 10), 900).document


def _changed(change):
    document = copy.deepcopy(_BASE)
    change(document)
    return document


def _figures(candidate, base=_BASE):
    return {figure.name: figure for figure in compare(base, candidate).figures}


def test_a_run_is_no_worse_than_itself():
    found = compare(_BASE, _BASE)
    assert found.settings == ()
    assert all(figure.change == 0 == figure.relative for figure in found.figures)
    assert found.over(0.0) == ()


def test_the_figures_are_those_of_the_report():
    figures = {name: figure.base for name, figure in _figures(_BASE).items()}
    cores = _BASE["cores"]
    sdram = [core["memories"]["sdram"]["used"] for core in cores]
    matrix = [core["regions"].get("synaptic_matrix", 0) for core in cores]
    assert figures["test accuracy"] == 0.9412
    assert (figures["synapses"], figures["biases"], figures["steps over budget"]) == (900, 310, 0)
    assert (figures["cores"], figures["chips"]) == (4, 1)
    assert (figures["SDRAM, fullest core"], figures["SDRAM, all cores"]) == (max(sdram), sum(sdram))
    assert figures["DTCM, fullest core"] == cores[1]["memories"]["dtcm"]["used"]
    assert (figures["synaptic matrix, fullest core"], figures["synaptic matrix, all cores"]) == (
        max(matrix),
        sum(matrix),
    )
    rows = _BASE["synapses"]["projections"][1]["longest_row"]
    assert figures["longest row, hidden1-output inhibitory"] == rows["inhibitory"]


def _accuracy(document, value):
    document["accuracy"]["test"] = value


@pytest.mark.parametrize(("candidate", "over"), [(0.9412, []), (0.9312, []), (0.9311, ["test accuracy"]), (1.0, [])])
def test_accuracies_are_judged_in_points(candidate, over):
    found = compare(_BASE, _changed(lambda document: _accuracy(document, candidate)))
    assert [figure.name for figure in found.over(0.01)] == over


@pytest.mark.parametrize(("live", "over"), [(909, []), (910, ["synapses"]), (100, [])])
def test_counts_are_judged_relatively(live, over):
    found = compare(_BASE, _changed(lambda document: document["synapses"].update(live=live)))
    assert [figure.name for figure in found.over(0.01)] == over


def test_more_than_nothing_is_over_any_limit():
    candidate = _changed(lambda document: document["synapses"].update(steps_over_budget=1))
    figure = _figures(candidate)["steps over budget"]
    assert (figure.change, figure.relative, figure.loss) == (1, None, math.inf)
    assert compare(_BASE, candidate).over(1.0) == (figure,)


def test_a_network_that_no_longer_fits_is_over_any_limit():
    candidate = _changed(lambda document: document.update(fits=False))
    assert [figure.name for figure in compare(_BASE, candidate).over(1.0)] == ["fits"]
    assert compare(candidate, _BASE).over(0.0) == ()


def test_what_one_run_lacks_is_told_and_not_judged():
    def without_dtcm(document):
        for core in document["cores"]:
            core["memories"].pop("dtcm", None)

    for pair in ((_BASE, _changed(without_dtcm)), (_changed(without_dtcm), _BASE)):
        found = compare(*pair)
        figure = next(f for f in found.figures if f.name == "DTCM, all cores")
        assert None in (figure.base, figure.candidate)
        assert figure.change is None
        assert found.over(0.0) == ()


def test_a_memory_of_another_unit_is_another_figure():
    def in_entries(document):
        for core in document["cores"]:
            core["memories"]["sdram"]["unit"] = "entries"

    found = [f for f in compare(_BASE, _changed(in_entries)).figures if f.name == "SDRAM, all cores"]
    assert [(f.unit, f.candidate is None, f.base is None) for f in found] == [
        ("bytes", True, False),
        ("entries", False, True),
    ]


def test_settings_that_differ_are_named():
    def other(document):
        document["configuration"]["seed"] = {"value": 8, "from": "--seed"}
        document["configuration"]["layers"]["from"] = "--layers"
        document["configuration"]["tau"] = {"value": 1.0, "from": "default"}

    assert compare(_BASE, _changed(other)).settings == (("seed", 7, 8), ("tau", None, 1.0))


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.sampled_from(["bytes", ACCURACY]), st.sampled_from(["higher", "lower"]))
def test_of_two_that_differ_one_is_worse(a, b, unit, worse):
    there, back = Figure("x", unit, worse, a, b), Figure("x", unit, worse, b, a)
    assert (there.loss > 0) + (back.loss > 0) == (a != b)
    if there.loss > 0:
        assert (b > a) == (worse == "higher")
        assert not there.exceeds(there.loss)
        assert there.exceeds(0.0)


def test_a_comparison_is_json():
    candidate = _changed(lambda document: document["synapses"].update(steps_over_budget=2, live=990))
    document = json.loads(json.dumps(compare(_BASE, candidate).to_json(0.05), allow_nan=False))
    assert document["schema"] == "neurosparse.comparison/1"
    assert document["over"] == ["synapses", "steps over budget"]
    told = {figure["name"]: figure for figure in document["figures"]}
    assert told["synapses"]["change"] == 90
    assert told["synapses"]["relative"] == pytest.approx(0.1)
    assert told["steps over budget"]["relative"] is None
    assert "over" not in compare(_BASE, candidate).to_json()
