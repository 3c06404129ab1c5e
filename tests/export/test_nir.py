"""A plain reader of the NIR graph counts the emulator's spikes; what cannot be written is refused before any work."""

import hashlib
import itertools
import json
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import nir
import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.errors import OverBudget, Unavailable
from neurosparse.export import nir as room
from neurosparse.export.exporter import exporters
from neurosparse.export.nir import MOST_DENSE, NirExporter, graph
from neurosparse.nn.compact import compact
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.spiking.cell import HARD_RESET
from neurosparse.spiking.coding import CURRENT, Coding
from neurosparse.spiking.convert import SpikingLayer, SpikingNetwork, activation_scales, convert
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.twin import Conversion

STEPS = 64
EVIL = "../a/b.c\"\n\r'<script>&amp;\\u0022\x00\u2603{{ 7 }}/"


def interpret(network, inputs, *, ignore_start=False, soft=False):
    """Run a graph as nir's docstrings read, step after step: a wave over its nodes in the order of its edges.

    Takes inputs of shape (steps, samples, features); returns the spikes that each IF sent, and what came out in all.
    """
    (source,) = [key for key, node in network.nodes.items() if isinstance(node, nir.Input)]
    onward = dict(network.edges)
    assert len(onward) == len(network.edges) == len(network.nodes) - 1
    n_samples = inputs.shape[1]
    v, counts, came_out = {}, {}, 0.0
    for key, node in network.nodes.items():
        if isinstance(node, nir.IF):
            start = np.zeros_like(node.r) if ignore_start else node.metadata["v_initial"]
            v[key] = np.repeat(start[None], n_samples, axis=0)
            counts[key] = np.zeros((n_samples, node.r.size), int)
    for signal in inputs:
        key = source
        while key in onward:
            key = onward[key]
            node = network.nodes[key]
            if isinstance(node, nir.Affine):
                signal = signal @ node.weight.T + node.bias
            elif isinstance(node, nir.IF):
                v[key] = v[key] + node.r * signal
                fired = v[key] > node.v_threshold
                v[key] = np.where(fired, v[key] - node.v_threshold if soft else node.v_reset, v[key])
                counts[key] += fired
                signal = fired.astype(float)
            else:
                assert isinstance(node, nir.Output)
                came_out = came_out + signal
    return counts, came_out


def shown(folder, n=20):
    with np.load(folder / "samples.npz") as archive:
        return {name: archive[name][:n] for name in ("sample", "label", "decision")}


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def twin_of(network, data, rate, coding=CURRENT):
    scales = activation_scales(network, data.train.x * np.float32(data.scale))
    return convert(network, scales, rate, HARD_RESET, coding)


def constant(x, steps=STEPS):
    return np.repeat(x[None].astype(float), steps, axis=0)


@pytest.fixture(scope="module")
def born(network):
    """The trained network, some of whose synapses were born just now."""
    first = network.projections[0]
    weight = first.weight.copy()
    weight.data[:4] = [0.0, -0.0, 0.0, -0.0]
    return TrainedNetwork((replace(first, weight=weight), *network.projections[1:]))


@pytest.fixture(scope="module")
def summary(born, digits, tmp_path_factory):
    return NirExporter().export(born, digits, tmp_path_factory.mktemp("nir") / "export", asked=Conversion(steps=STEPS))


def test_a_plain_reader_counts_the_spikes_of_the_emulator(summary, born, digits):
    samples = shown(summary.folder)
    counts, came_out = interpret(nir.read(summary.folder / "network.nir"), constant(samples["sample"]))
    expected = emulate(twin_of(born, digits, summary.rate), samples["sample"], STEPS)
    assert list(counts) == ["layer1_cells", "layer2_cells"]
    for counted, count in zip(counts.values(), expected.counts[1:], strict=True):
        assert np.array_equal(counted, count)
        assert count.sum() > 1000
    assert np.array_equal(np.argmax(came_out, axis=1), expected.decision)
    assert came_out == pytest.approx(expected.potential)


def test_the_manifest_expects_what_readers_find(summary):
    samples, manifest = shown(summary.folder, 100), manifest_of(summary.folder)
    read = nir.read(summary.folder / "network.nir")
    otherwise = manifest["expected_otherwise"]
    for reading, found in (
        ({}, manifest["expected"]),
        ({"ignore_start": True}, otherwise["cells start at 0"]),
        ({"soft": True}, otherwise["a spike takes v_threshold from v"]),
        ({"ignore_start": True, "soft": True}, otherwise["both"]),
    ):
        _, came_out = interpret(read, constant(samples["sample"]), **reading)
        decision = np.argmax(came_out, axis=1)
        assert np.mean(decision == samples["decision"]) == found["agreement"]
        assert np.mean(decision == samples["label"]) == found["spiking_accuracy"]
    assert (summary.agreement, summary.spiking_accuracy) == (
        manifest["expected"]["agreement"], manifest["expected"]["spiking_accuracy"],
    )  # fmt: skip


def test_regular_spikes_come_in_as_the_manifest_says(network, digits, tmp_path):
    NirExporter().export(network, digits, tmp_path / "x", asked=Conversion(steps=STEPS, coding="regular"))
    x, manifest = shown(tmp_path / "x")["sample"].astype(float), manifest_of(tmp_path / "x")
    until = [np.floor(0.5 + x * n) for n in range(STEPS + 1)]
    counts, _ = interpret(
        nir.read(tmp_path / "x" / "network.nir"),
        np.array([after - before for before, after in itertools.pairwise(until)]),
    )
    twin = twin_of(network, digits, manifest["scaling"]["rate"], Coding("regular"))
    assert manifest["input"]["values"].startswith("in step n, from 1, floor(1/2 + x * n)")
    for counted, count in zip(counts.values(), emulate(twin, x, STEPS).counts[1:], strict=True):
        assert np.array_equal(counted, count)


def test_weights_are_dense_with_exact_zeros_and_no_synapse_more(summary, born, digits):
    read, twin = nir.read(summary.folder / "network.nir"), twin_of(born, digits, summary.rate)
    for k, layer in enumerate(manifest_of(summary.folder)["layers"][1:], start=1):
        node, synapses = read.nodes[f"layer{k}"], twin.layers[k - 1].weight
        assert node.weight.dtype == node.bias.dtype == np.float64
        assert np.array_equal(node.weight, synapses.toarray().T)
        assert np.count_nonzero(node.weight) == layer["excitatory"] + layer["inhibitory"] - layer["zeros"]
        assert layer["excitatory"] + layer["inhibitory"] == synapses.nnz
    assert manifest_of(summary.folder)["layers"][1]["zeros"] == 4 + np.count_nonzero(
        born.projections[0].weight.data[4:] == 0
    )


def test_a_cell_spikes_at_its_threshold():
    # 5 mV to start with and 5 mV a step: exactly the threshold, which NIR's cells have to pass.
    first = SpikingLayer(csr_array([[5.0]]), np.zeros(1), np.full(1, 5.0))
    last = SpikingLayer(csr_array([[1.0]]), np.zeros(1), np.zeros(1))
    pair = SpikingNetwork(HARD_RESET, (first, last), (1.0, 1.0), 1.0, CURRENT)
    one = np.ones((1, 1))
    counts, _ = interpret(graph(pair), constant(one, 5))
    assert counts["layer1_cells"].item() == emulate(pair, one, 5).counts[1].item() == 3


def test_the_graph_says_what_it_means(summary):
    read, manifest = nir.read(summary.folder / "network.nir"), manifest_of(summary.folder)
    assert read.metadata == manifest["graph"] | {"input": manifest["input"]["values"]}
    assert "v_initial" in read.metadata["initial"]
    for entry in manifest["layers"][1:-1]:
        synapses, cells = (read.nodes[key] for key in entry["nodes"])
        assert isinstance(synapses, nir.Affine)
        assert np.array_equal(cells.metadata["v_initial"], np.full(entry["size"], manifest["scaling"]["theta"] / 2))
        for name, value in entry["cell"].items():
            assert np.array_equal(getattr(cells, name), np.full(entry["size"], value))
    keys = [*itertools.chain.from_iterable(entry["nodes"] for entry in manifest["layers"]), "output"]
    assert sorted(read.nodes) == sorted(keys)
    assert sorted(read.edges) == sorted(itertools.pairwise(keys))
    assert set(summary.files) == {path.name for path in summary.folder.iterdir()}
    for name, file in manifest["files"].items():
        assert file["sha256"] == hashlib.sha256((summary.folder / name).read_bytes()).hexdigest()


def test_names_stay_in_the_manifest_and_equal_exports_have_equal_bytes(summary, born, digits, tmp_path):
    named = TrainedNetwork(tuple(replace(p, name=EVIL, pre=EVIL, post=EVIL) for p in born.projections))
    NirExporter().export(named, digits, tmp_path / "evil", asked=Conversion(steps=STEPS))
    assert {layer["name"] for layer in manifest_of(tmp_path / "evil")["layers"]} == {EVIL}
    assert sorted(path.name for path in (tmp_path / "evil").iterdir()) == sorted(summary.files)
    for name in ("network.nir", "samples.npz"):
        assert (tmp_path / "evil" / name).read_bytes() == (summary.folder / name).read_bytes()


def test_a_compacted_network_decides_alike(network, digits, tmp_path):
    small = compact(network)
    NirExporter().export(network, digits, tmp_path / "x", asked=Conversion(steps=STEPS), compacted=small)
    manifest, samples = manifest_of(tmp_path / "x"), shown(tmp_path / "x", 100)
    assert [layer["neurons"] for layer in manifest["layers"]] == [kept.tolist() for kept in small.kept.values()]
    _, came_out = interpret(nir.read(tmp_path / "x" / "network.nir"), constant(samples["sample"]))
    assert np.mean(np.argmax(came_out, axis=1) == samples["decision"]) == manifest["expected"]["agreement"]


def wide(n):
    """A network of n x n x 10 neurons and three synapses."""
    first = csr_array(([1.0, -1.0], ([0, n - 1], [n - 1, 0])), shape=(n, n), dtype=np.float32)
    last = csr_array(([1.0], ([0], [0])), shape=(n, 10), dtype=np.float32)
    return TrainedNetwork(
        (
            TrainedProjection("wide", "input", "hidden", first, np.zeros(n, np.float32)),
            TrainedProjection("wide", "hidden", "output", last, np.zeros(10, np.float32)),
        )
    )


def test_refuses_dense_matrices_that_are_too_large_before_they_exist():
    network = wide(100_000)
    tracemalloc.start()
    try:
        with pytest.raises(OverBudget, match=r"projection 'wide' alone would be 74\.5 GiB") as caught:
            NirExporter().check(network)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert list(caught.value.numbers.values()) == ["74.5 GiB", "256.0 MiB", "74.3 GiB"]
    assert "csv" in caught.value.help


def test_what_just_fits_is_not_refused():
    n = int((MOST_DENSE / 8 + 25) ** 0.5 - 5)  # n * n + 10 * n weights
    NirExporter().check(wide(n))
    with pytest.raises(OverBudget):
        NirExporter().check(wide(n + 1))


def test_refusals_come_before_any_work(network, digits, tmp_path, monkeypatch):
    monkeypatch.setattr("neurosparse.spiking.twin.choose", lambda *_, **__: pytest.fail("work was started"))
    monkeypatch.setattr(room, "MOST_DENSE", 1000)
    with pytest.raises(OverBudget, match="too large"):
        NirExporter().export(network, digits, tmp_path / "x")
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(Unavailable, match="cannot import the package nir") as caught:
        NirExporter().export(network, digits, tmp_path / "x")
    assert caught.value.help == "pip install 'neurosparse[nir]'"
    assert not (tmp_path / "x").exists()


MISSING = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("nir", "h5py"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from neurosparse.errors import Unavailable
from neurosparse.export.exporter import exporters

exporter = exporters.load("nir")()
try:
    exporter.check(None)
except Unavailable as fault:
    print(fault)
"""


def test_a_missing_package_is_named_with_what_installs_it():
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == (
        "error[unavailable]: cannot import the package nir: No module named 'nir'\n"
        "help: pip install 'neurosparse[nir]'\n"
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ignore_start", [False, True], ids=["started as the metadata says", "started at 0"])
def test_norse_counts_the_same_spikes(summary, ignore_start):
    norse = pytest.importorskip("norse.torch", reason="norse brings torch, which is no part of the tests")
    torch, nirtorch = pytest.importorskip("torch"), pytest.importorskip("nirtorch")
    read, x = nir.read(summary.folder / "network.nir"), shown(summary.folder)["sample"]
    counts, came_out = interpret(read, constant(x), ignore_start=ignore_start)
    net, state, total = norse.from_nir(read), None, 0.0
    if not ignore_start:
        starts = {key: torch.tensor(read.nodes[key].metadata["v_initial"], dtype=torch.float32) for key in counts}
        state = nirtorch.graph_executor.GraphExecutorState(
            {key: (norse.IAFFeedForwardState(v.repeat(len(x), 1)),) for key, v in starts.items()}
        )
    sent = dict.fromkeys(counts, 0)
    with torch.no_grad():
        for _ in range(STEPS):
            out, state = net(torch.tensor(x), state)
            total = total + out.numpy()
            sent = {key: seen + state.cache[key].numpy() for key, seen in sent.items()}
    for key, count in counts.items():
        assert np.array_equal(sent[key], count)
    assert total == pytest.approx(came_out, rel=1e-3, abs=1e-3)


def test_is_in_the_table():
    assert exporters.load("nir") is NirExporter
