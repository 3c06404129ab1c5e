"""The image: files that hold the very bytes of the model, and the network they stand for."""

import hashlib
import json

import numpy as np
import pytest

from neurosparse.description.files import read_network
from neurosparse.errors import BadInput
from neurosparse.export.image import ImageExporter
from neurosparse.footprint.measure import measure
from neurosparse.graph import feedforward
from neurosparse.hardware.library import load_profile
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.compact import compact
from neurosparse.spiking.twin import Conversion

PROFILE = load_profile("spinnaker")

SHORT = Conversion(steps=16)


@pytest.fixture
def planned(network):
    return make_plan(feedforward(network.sizes, [p.weight.nnz for p in network.projections]), PROFILE)


def test_every_file_holds_what_the_model_counts(network, digits, planned, tmp_path):
    summary = ImageExporter().export(network, digits, tmp_path / "image", plan=planned, asked=SHORT)
    manifest = json.loads((tmp_path / "image" / "manifest.json").read_text())
    footprint = measure(read_network(tmp_path / "image" / "network.json"), PROFILE)
    synapses = 0
    for entry in manifest["cores"]:
        core = next(c for c in footprint.cores if [c.x, c.y, c.p] == [*entry["chip"], entry["core"]])
        for name, told in entry["files"].items():
            data = (tmp_path / "image" / name).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (told["bytes"], told["sha256"])
            assert summary.files[name] == len(data)
            if name.endswith("table.bin"):
                assert len(data) == core.booked["population_table"].fixed
            else:
                assert len(data) <= core.matrix
                last = entry["matrices"][-1]
                assert len(data) == last["offset"] + last["rows"] * (3 + last["synapses_a_row"]) * 4
                words = np.frombuffer(data, "<u4")
                for block in entry["matrices"]:
                    start = block["offset"] // 4
                    size = block["rows"] * (3 + block["synapses_a_row"])
                    rows = words[start : start + size].reshape(block["rows"], -1)
                    synapses += int(rows[:, 1].sum())
                    assert not rows[:, [0, 2]].any()
    assert synapses == network.synapses
    assert {core.population for core in footprint.cores if core.matrix} == {e["population"] for e in manifest["cores"]}


def test_a_compacted_image_is_smaller_and_says_which_neurons_it_has(network, digits, planned, tmp_path):
    compacted = compact(network)
    whole = ImageExporter().export(network, digits, tmp_path / "whole", plan=planned, asked=SHORT)
    small = ImageExporter().export(network, digits, tmp_path / "small", plan=planned, asked=SHORT, compacted=compacted)
    packed = [sum(size for name, size in s.files.items() if name.endswith("matrix.bin")) for s in (whole, small)]
    kept = json.loads((tmp_path / "small" / "manifest.json").read_text())["neurons"]
    assert {name: len(neurons) for name, neurons in kept.items()} == {n: k.size for n, k in compacted.kept.items()}
    if compacted.network.sizes == network.sizes:
        assert packed[1] == packed[0]
    else:
        assert packed[1] < packed[0]


def test_without_rows_there_is_no_image(network, digits, tmp_path):
    with pytest.raises(BadInput, match="there is no plan"):
        ImageExporter().export(network, digits, tmp_path / "image")
    assert not (tmp_path / "image").exists()


def test_an_image_that_is_there_is_not_replaced(network, digits, planned, tmp_path):
    ImageExporter().export(network, digits, tmp_path / "image", plan=planned, asked=SHORT)
    with pytest.raises(BadInput, match="there already"):
        ImageExporter().export(network, digits, tmp_path / "image", plan=planned, asked=SHORT)
    ImageExporter().export(network, digits, tmp_path / "image", plan=planned, asked=SHORT, overwrite=True)
