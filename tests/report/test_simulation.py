"""The document of a simulation: one shape, to be written and read, and a damaged one is told."""

import json
from pathlib import Path

import numpy as np
import pytest
from finished import finished
from simulated import simulated

from neurosparse.errors import FileFault
from neurosparse.report.layers import HEADS, layer_lines, parted
from neurosparse.report.simulation import Decisions, check_simulation

_NETWORK = finished((64, 300, 10), 900).network
_FOUND = simulated(_NETWORK)
_PATH = Path("nest.json")


def test_what_is_written_can_be_read():
    again = json.loads(json.dumps(_FOUND, allow_nan=False))
    assert again == _FOUND
    check_simulation(again, _PATH)
    assert (again["schema"], again["samples"], again["steps"]) == ("neurosparse.simulation/1", 20, 16)
    assert [layer["name"] for layer in again["layers"]] == ["input", "hidden1", "output"]
    assert again["emulator"] == {"accuracy": again["accuracy"]["spiking"], "alike": 1.0, "spikes_apart": 0}
    assert again["agreement"] == again["layers"][-1]["agreement"]


def test_equal_simulations_give_equal_documents():
    assert simulated(_NETWORK) == _FOUND
    assert simulated(_NETWORK, seed=2) != _FOUND


def test_the_limit_decides_and_reaching_it_is_enough():
    agreement = _FOUND["agreement"]
    assert agreement > 0
    assert simulated(_NETWORK, limit=agreement)["agrees"]
    assert not simulated(_NETWORK, limit=np.nextafter(agreement, 2))["agrees"]


def test_decisions_are_judged_by_labels_and_by_the_network():
    decisions = Decisions(np.array([0, 1, 2, 3]), np.array([0, 1, 1, 1]))
    assert decisions.judged(np.array([0, 1, 2, 1])) == (0.75, 0.75)
    assert decisions.judged(decisions.network) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: d.pop("network"), "network: Field required"),
        (lambda d: d.update(schema="neurosparse.simulation/0"), "schema: Input should be"),
        (lambda d: d.update(path="/home"), "path: Extra inputs"),
        (lambda d: d["layers"][1].update(correlation=float("nan")), r"layers.1.correlation: .*finite"),
        (lambda d: d["layers"][0]["firing"].update(spikes="many"), "layers.0.firing.spikes"),
        (lambda d: d["layers"][0].update(follows=[]), "layers.0.follows"),
        (lambda d: d.update(layers=[]), "layers"),
    ],
)
def test_a_damaged_document_is_told(damage, said):
    document = json.loads(json.dumps(_FOUND))
    damage(document)
    with pytest.raises(FileFault, match=said):
        check_simulation(document, _PATH)
    with pytest.raises(FileFault, match="is damaged"):
        check_simulation([document], _PATH)


def test_lines_of_layers_hold_every_figure_and_their_sum():
    firing = {"silent": 0.5, "inactive": 0.25, "saturated": None, "mean_rate": 0.125, "spikes": 1000.0, "events": 5.25}
    layers = [
        {"name": "in", "neurons": 1200, "correlation": None, "agreement": 1.0, "firing": firing},
        {"name": "a", "neurons": 2, "correlation": 0.5, "agreement": 0.5, "firing": {**firing, "saturated": 0.1}},
        {"name": "out", "neurons": 3, "correlation": 1.0, "agreement": 0.75, "firing": None},
    ]
    first, second, third, last = layer_lines(layers)
    costs = ("0.1250", "1,000.0", "5.2")
    assert first == ("in", "1,200", "constant", "100.0 %", "50.0 %", "25.0 %", "", *costs)
    assert second == ("a", "2", "0.500", "50.0 %", "50.0 %", "25.0 %", "10.0 %", *costs)
    assert third == ("out", "3", "1.000", "75.0 %", *("",) * 6)
    assert last == ("a sample, in all", *("",) * 7, "2,000.0", "10.5")
    assert len(HEADS) == len(first)


def test_where_they_part_is_said_with_the_criterion():
    assert parted(_FOUND) == "rates and activations part nowhere: no correlation below 0.9"
    said = parted({**_FOUND, "parts_at": "Hidden 1"})
    assert said == "rates and activations part first at Hidden 1 (correlation below 0.9)"


def test_the_first_layer_that_parts_is_named():
    """In a single step an input spikes or not: what lies in between is lost at once."""
    document = simulated(_NETWORK, steps=1)
    assert document["layers"][0]["correlation"] < 0.9
    assert document["parts_at"] == "input"
    assert _FOUND["parts_at"] is None
