"""PyNN's FromFileConnector loads the connection lists as they stand, and they are those of the PyNN export."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from scripts import arrays_of

from neurosparse.errors import BadInput
from neurosparse.export.csv import CsvExporter
from neurosparse.export.exporter import exporters
from neurosparse.export.pynn import PyNNExporter
from neurosparse.nn.compact import compact
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.twin import Conversion

STEPS = Conversion(steps=64)
EVIL = '../../../etc/x"\n# columns = [__import__("os").abort()]\r\n\'<script>&amp;\\u0022/'

# What a user of PyNN writes, with nothing of ours but the files.
LOAD = """
import json, sys
from pathlib import Path

import numpy as np
import pyNN.nest as sim

folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
time = manifest["time"]
sim.setup(timestep=time["step"], min_delay=time["delay"], spike_precision="on_grid")
populations = [sim.Population(manifest["layers"][0]["size"], sim.SpikeSourceArray())]
for layer in manifest["layers"][1:]:
    _, i_offset, v_init = np.loadtxt(folder / layer["file"], ndmin=2).T
    post = sim.Population(layer["size"], sim.IF_curr_exp(**layer["cell"], i_offset=i_offset))
    post.initialize(v=v_init)
    populations.append(post)
seen = {}
for k, population in enumerate(populations[1:], start=1):
    seen[f"i_offset{k}"] = population.get("i_offset")
    seen[f"v_init{k}"] = population.initial_values["v"].evaluate(simplify=False)
for entry in manifest["projections"]:
    pre, post = populations[entry["pre"]], populations[entry["post"]]
    projection = sim.Projection(
        pre, post, sim.FromFileConnector(str(folder / entry["file"])), sim.StaticSynapse(),
        receptor_type=entry["receptor"],
    )
    rows = projection.get(["weight", "delay"], format="list") if projection.size() else []
    seen[f"layer{entry['post']}_{entry['receptor']}"] = np.reshape(np.array(rows, float), (-1, 4))
sim.end()
np.savez(sys.argv[2], **seen)
"""


def loaded(folder):
    """Load an export in NEST and return what it holds."""
    record = folder.parent / "loaded.npz"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD, str(folder), str(record)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with np.load(record) as archive:
        return {name: archive[name] for name in archive.files}


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


@pytest.fixture(scope="module")
def both(network, digits, tmp_path_factory):
    """The digits network, whose second projection only excites, and has no list to inhibit with."""
    second = network.projections[1]
    weight = csr_array((np.abs(second.weight.data), second.weight.indices, second.weight.indptr), second.weight.shape)
    some = TrainedNetwork((network.projections[0], replace(second, weight=weight), network.projections[2]))
    root = tmp_path_factory.mktemp("csv")
    return [
        exporter().export(some, digits, root / exporter.name, asked=STEPS) for exporter in (CsvExporter, PyNNExporter)
    ]


def test_pynn_loads_what_the_pynn_export_holds(both):
    csv, pynn = both
    got, arrays = loaded(csv.folder), arrays_of(pynn.folder)
    lengths = {}
    for k in (1, 2, 3):
        assert got[f"i_offset{k}"] == pytest.approx(arrays[f"layer{k}_i_offset"], rel=1e-12)
        assert np.array_equal(got[f"v_init{k}"], arrays[f"layer{k}_v_init"])
        for receptor, sign in (("excitatory", 1), ("inhibitory", -1)):
            rows = got[f"layer{k}_{receptor}"]
            i, j, weight, delay = rows[np.lexsort((rows[:, 1], rows[:, 0]))].T
            pre, post, expected = (arrays[f"layer{k}_{receptor}_{part}"] for part in ("pre", "post", "weight"))
            assert np.array_equal(i, pre)
            assert np.array_equal(j, post)
            assert weight == pytest.approx(expected, rel=1e-12)  # NEST holds pA
            assert np.all(sign * weight >= 0)
            assert np.all(delay == 1.0)
            lengths[k, receptor] = len(rows)
    assert lengths.pop((2, "inhibitory")) == 0
    assert min(lengths.values()) > 10


def test_the_text_is_the_arrays_to_the_last_bit(both):
    csv, pynn = both
    manifest, arrays = manifest_of(csv.folder), arrays_of(pynn.folder)
    for entry in manifest["projections"]:
        lines = (csv.folder / entry["file"]).read_text().splitlines()
        assert lines[0] == '# columns = ["i", "j", "weight", "delay"]'
        assert len(lines) == 1 + entry["synapses"]
        rows = np.array([line.split(" ") for line in lines[1:]], float).reshape(-1, 4)
        for column, part in enumerate(("pre", "post", "weight")):
            assert np.array_equal(rows[:, column], arrays[f"layer{entry['post']}_{entry['receptor']}_{part}"])
        assert set(rows[:, 3]) <= {manifest["time"]["delay"]}
        assert np.all(np.diff(rows[:, 0] * manifest["layers"][entry["post"]]["size"] + rows[:, 1]) > 0)
    for k, layer in enumerate(manifest["layers"][1:], start=1):
        i, offset, initial = np.loadtxt(csv.folder / layer["file"]).T
        assert np.array_equal(i, np.arange(layer["size"]))
        assert np.array_equal(offset, arrays[f"layer{k}_i_offset"])
        assert np.array_equal(initial, arrays[f"layer{k}_v_init"])


def test_manifest_says_the_same_as_that_of_pynn_and_what_the_files_are(both):
    csv, pynn = both
    manifest, other = manifest_of(csv.folder), manifest_of(pynn.folder)
    assert manifest["schema"] == "neurosparse.export.csv/1"
    for part in ("units", "cell_type", "choice", "samples", "expected"):
        assert manifest[part] == other[part]
    assert manifest["scaling"].items() >= other["scaling"].items()
    for mine, hers in zip(manifest["layers"], other["layers"], strict=True):
        assert mine.items() >= hers.items()
    assert manifest["time"].items() <= other["time"].items()
    assert (csv.steps, csv.rate, csv.cell, csv.agreement) == (pynn.steps, pynn.rate, pynn.cell, pynn.agreement)
    assert csv.files == {path.name: path.stat().st_size for path in csv.folder.iterdir()}
    assert set(manifest["files"]) == set(csv.files) - {"manifest.json"}
    for name, file in manifest["files"].items():
        content = (csv.folder / name).read_bytes()
        assert file == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    named = {p["file"] for p in manifest["projections"]} | {layer["file"] for layer in manifest["layers"][1:]}
    assert named == set(manifest["files"])


def test_names_never_become_files_or_text(both, network, digits, tmp_path):
    named = TrainedNetwork(tuple(replace(p, name=EVIL, pre=EVIL, post=EVIL) for p in network.projections))
    for name, net in (("evil", named), ("plain", network)):
        CsvExporter().export(net, digits, tmp_path / name, asked=STEPS)
    manifest = manifest_of(tmp_path / "evil")
    assert {p["name"] for p in manifest["projections"]} == {layer["name"] for layer in manifest["layers"]} == {EVIL}
    assert sorted(p.name for p in (tmp_path / "evil").iterdir()) == sorted(both[0].files)
    for name in manifest["files"]:
        assert (tmp_path / "evil" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
    evil, plain = loaded(tmp_path / "evil"), loaded(tmp_path / "plain")
    assert all(np.array_equal(evil[name], plain[name]) for name in plain)


def test_a_newborn_of_weight_zero_keeps_its_sign(network, digits, tmp_path):
    first = network.projections[0]
    weight = first.weight.copy()
    weight.data[:4] = [0.0, -0.0, 0.0, -0.0]
    born = TrainedNetwork((replace(first, weight=weight), *network.projections[1:]))
    CsvExporter().export(born, digits, tmp_path / "x", asked=STEPS)
    signs = {}
    for receptor in ("excitatory", "inhibitory"):
        rows = np.loadtxt(tmp_path / "x" / f"projection1_{receptor}.csv")
        signs[receptor] = np.signbit(rows[rows[:, 2] == 0, 2]).tolist()
    assert signs == {"excitatory": [False] * 2, "inhibitory": [True] * 2}
    assert sum(p["synapses"] for p in manifest_of(tmp_path / "x")["projections"]) == network.synapses


def test_a_compacted_network_names_its_neurons(network, digits, tmp_path):
    compacted = compact(network)
    CsvExporter().export(network, digits, tmp_path / "x", asked=STEPS, compacted=compacted)
    layers = manifest_of(tmp_path / "x")["layers"]
    assert [layer["neurons"] for layer in layers] == [kept.tolist() for kept in compacted.kept.values()]
    assert [layer["size"] for layer in layers] == list(compacted.network.sizes)


def test_a_list_of_one_row_is_told_of(network, digits, tmp_path):
    first = network.projections[0]
    one = np.zeros(first.weight.shape, np.float32)
    one[5, 7] = -1.0
    alone = TrainedNetwork((replace(first, weight=csr_array(one)), *network.projections[1:]))
    told = CsvExporter().export(alone, digits, tmp_path / "x", asked=STEPS).told
    assert "PyNN 0.13 cannot load projection1_inhibitory.csv: it fails on files of one row" in told
    assert np.loadtxt(tmp_path / "x" / "projection1_inhibitory.csv", ndmin=2).shape == (1, 4)
    # The day that this loads, the line may go.
    with pytest.raises(AssertionError, match="too many indices"):
        loaded(tmp_path / "x")


def test_equal_exports_have_equal_bytes(network, digits, tmp_path):
    first, again = (CsvExporter().export(network, digits, tmp_path / name, asked=STEPS) for name in ("a", "b"))
    for name in first.files:
        assert (first.folder / name).read_bytes() == (again.folder / name).read_bytes(), name


def test_refuses_before_any_work(both, network, digits, tmp_path, monkeypatch):
    monkeypatch.setattr("neurosparse.spiking.twin.choose", lambda *_, **__: pytest.fail("work was started"))
    bias = np.full(10, np.inf, np.float32)
    spoilt = TrainedNetwork((*network.projections[:2], replace(network.projections[2], bias=bias)))
    for message, net, options in (
        ("not finite", spoilt, {}),
        ("cannot put 0 held-out samples", network, {"samples": 0}),
        ("the network has no layers", TrainedNetwork(()), {}),
    ):
        with pytest.raises(BadInput, match=message):
            CsvExporter().export(net, digits, tmp_path / "x", **options)
    with pytest.raises(BadInput, match="an export is there already") as caught:
        CsvExporter().export(network, digits, both[0].folder)
    assert "--overwrite" in caught.value.help
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.csv").write_text("years of work")
    with pytest.raises(BadInput, match="holds more than an export"):
        CsvExporter().export(network, digits, tmp_path / "mine", overwrite=True)


def test_overwrite_replaces_an_export(network, digits, tmp_path):
    for samples in (3, 5):
        CsvExporter().export(network, digits, tmp_path / "x", overwrite=True, samples=samples, asked=STEPS)
    assert manifest_of(tmp_path / "x")["samples"]["count"] == 5


def test_is_in_the_table():
    assert exporters.load("csv") is CsvExporter
