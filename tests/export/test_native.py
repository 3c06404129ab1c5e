"""Networks that spike in training are handed over as they are: each spike is where it was, in every simulator."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from architectures import ends_for
from processes import neurosparse
from spiking_networks import STEPS, dataset, network

from neurosparse.errors import BadInput, OverBudget
from neurosparse.export.native import nir as native_nir
from neurosparse.export.native.brian2 import NativeBrian2
from neurosparse.export.native.nir import NativeNir
from neurosparse.export.native.pynn import NativePyNN
from neurosparse.spiking.fire import fire
from neurosparse.spiking.native import native

NETWORKS = {
    "adaptive, at once": "lif:30:adaptive=12:beta=0.5,leaky:10,mean",
    "currents, delays, refractory": "lif:30:tau_syn=5:delays=4:refractory=2,leaky:20,last",
    "two layers": "lif:20:delays=3,lif:16:recurrent=no,mean",
    "two layers of currents": "lif:20:tau_syn=4:refractory=1,lif:16:tau_syn=3:refractory=1:delays=2,leaky:5,mean",
    "late input": "lif:24:input_delays=5:tau_syn=4:refractory=1,"
    "lif:16:input_delays=3:tau_syn=3:refractory=1:delays=2,last",
    "later than the last step": "lif:20:input_delays=60:delays=60,mean",
    "the largest": "lif:25:refractory=3,leaky:8,max",
}


def run(folder, *arguments):
    """Return the exit code of an export's script and what it says, run where nothing of ours lies."""
    command = [sys.executable, str(folder / "network.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder.parent, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["spikes", "numbers"])
@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
def test_what_is_expected_is_what_the_network_does_as_it_learns(layers, kind):
    layered, trained = network(layers)
    data, spiking = dataset(kind), native(trained)
    layered.read(data.test.x, np.arange(12), 1.0, data.test.lengths)
    sums = layered.forward()[:, :12].T
    found = fire(spiking, data.test.x.reshape(12, *spiking.shape), data.test.lengths)
    for k, (spikes, own) in enumerate(zip(found.spikes, spiking.layers, strict=True)):
        expected = layered._x[k + 1].reshape(own.bias.size, STEPS, -1)[:, :, :12].transpose(2, 0, 1)
        assert 0.01 < spikes.mean() < 0.9
        np.testing.assert_array_equal(spikes, expected > 0)
    np.testing.assert_allclose(found.sums, sums, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("layers", "kind"),
    [
        ("adaptive, at once", "numbers"),
        ("currents, delays, refractory", "spikes"),
        ("two layers", "numbers"),
        ("late input", "numbers"),
        ("late input", "spikes"),
        ("later than the last step", "numbers"),
    ],
)
def test_every_spike_is_found_in_brian2(layers, kind, tmp_path):
    _, trained = network(NETWORKS[layers])
    summary = NativeBrian2().export(trained, dataset(kind), tmp_path / "brian2", samples=6)
    assert set(summary.files) == {"network.py", "network.npz", "manifest.json"}
    code, said = run(tmp_path / "brian2", "--record", str(tmp_path / "seen.npz"))
    assert code == 0, said
    assert "100.00% at their steps" in said
    with np.load(tmp_path / "seen.npz") as seen, np.load(tmp_path / "brian2" / "network.npz") as arrays:
        expected = np.unpackbits(arrays["layer1_spikes"], axis=2, count=STEPS)
        np.testing.assert_array_equal(seen["layer1_spikes"], expected)
        np.testing.assert_array_equal(seen["decision"], arrays["decision"])


@pytest.mark.parametrize(
    ("layers", "backend"),
    [
        ("two layers", "nest"),
        ("two layers of currents", "nest"),
        ("currents, delays, refractory", "neuron"),
        ("two layers of currents", "neuron"),
        ("late input", "nest"),
        ("late input", "neuron"),
    ],
)
def test_every_spike_is_found_through_pynn(layers, backend, tmp_path):
    _, trained = network(NETWORKS[layers])
    NativePyNN().export(trained, dataset(), tmp_path / "pynn", samples=4)
    code, said = run(tmp_path / "pynn", "--backend", backend, "--samples", "3")
    assert code == 0, said
    assert said.count("100.00% within 1 step") == NETWORKS[layers].count("lif:")


def test_a_wrong_weight_is_noticed(tmp_path):
    _, trained = network(NETWORKS["two layers"])
    folder = tmp_path / "brian2"
    NativeBrian2().export(trained, dataset(), folder, samples=4)
    script = (folder / "network.py").read_text()
    (folder / "network.py").write_text(script.replace("np.tile(weight, copies)", "np.tile(1.5 * weight, copies)"))
    code, said = run(folder)
    assert code == 1, said
    assert "NO)" in said


def test_a_layer_that_never_fires_is_as_expected(tmp_path):
    layered, _ = network("lif:20,lif:8,mean")
    for name, array in layered.state().items():
        if name == "bias1":
            array[:] = -100.0
    NativeBrian2().export(layered.trained(ends_for(layered.store)), dataset(), tmp_path / "brian2", samples=3)
    code, said = run(tmp_path / "brian2")
    assert "lif2: 0 spikes expected, 0 found, 100.00% at their steps" in said
    assert code == 0, said


def test_damaged_arrays_are_refused(tmp_path):
    _, trained = network(NETWORKS["two layers"])
    NativeBrian2().export(trained, dataset(), tmp_path / "brian2", samples=2)
    arrays = tmp_path / "brian2" / "network.npz"
    arrays.write_bytes(arrays.read_bytes()[:-10] + b"0123456789")
    code, said = run(tmp_path / "brian2")
    assert code == 3
    assert "network.npz is damaged or was changed" in said


def test_neuron_is_refused_what_it_cannot_run(tmp_path):
    for layers, says in (("lif:10,mean", "no IF_curr_delta"), ("lif:10:tau_syn=5,mean", "misses spikes")):
        _, trained = network(layers)
        NativePyNN().export(trained, dataset(), tmp_path / "pynn", samples=2, overwrite=True)
        code, said = run(tmp_path / "pynn", "--backend", "neuron")
        assert code == 3
        assert says in said


def _by_reading(folder, samples):
    """Return the spikes of each layer and the decisions of a NIR graph, by what its nodes, edges and metadata say."""
    import nir

    graph, shown = nir.read(folder / "network.nir"), np.load(folder / "samples.npz")
    x, length = shown["sample"][:samples].astype(float), shown["length"][:samples]
    into = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
    cells = [name for name in graph.nodes if name.endswith("_cells")]
    sent = {name: np.zeros((samples, graph.nodes[name].v_threshold.size, STEPS)) for name in cells}
    v, i, a, rest = ({name: np.zeros(sent[name].shape[:2]) for name in cells} for _ in range(4))
    trace, outputs = {}, []
    for t in range(STEPS):
        value = {"input": x[:, :, t]}
        for name, node in graph.nodes.items():
            kind = type(node).__name__
            if kind == "Delay":
                late, source = t - int(node.delay[0]), (sent | {"input": x})[into[name][0]]
                value[name] = source[:, :, late] if late >= 0 else 0.0 * source[:, :, 0]
        for name in _in_order(graph, into, value):
            node, arrived = graph.nodes[name], sum(value[one] for one in into[name])
            kind = type(node).__name__
            if kind in ("Affine", "Linear"):
                value[name] = arrived @ node.weight.T + (node.bias if kind == "Affine" else 0.0)
            elif kind == "LI":
                kappa = np.exp(-1 / node.tau)
                trace[name] = kappa * trace.get(name, 0.0) + (1 - kappa) * node.r * arrived
                value[name] = trace[name]
            elif kind in ("LIF", "CubaLIF"):
                told = node.metadata
                if kind == "LIF":
                    alpha = np.exp(-1 / node.tau)
                    moved = (1 - alpha) * node.r * arrived
                else:
                    alpha, decay = np.exp(-1 / node.tau_mem), np.exp(-1 / node.tau_syn)
                    k = node.tau_mem / (node.tau_mem - node.tau_syn) * (alpha - decay)
                    moved = k * i[name] + told["bias"]
                    i[name] = decay * i[name] + arrived
                ready = rest[name] == 0
                u = np.where(ready, alpha * v[name] + moved, node.v_reset)
                fires = ready & (u > node.v_threshold + told.get("beta", 0.0) * a[name])
                v[name] = np.where(fires, node.v_reset, u)
                a[name] = a[name] * np.exp(-1 / float(told.get("tau_adapt", 1.0))) + fires
                rest[name] = np.where(fires, int(told["refractory"]), np.maximum(rest[name] - 1, 0))
                value[name] = sent[name][:, :, t] = fires
        outputs.append(value["readout"])
    keep, outputs = np.arange(STEPS) < length[:, None], np.array(outputs)
    last = outputs[length - 1, np.arange(samples)]
    mean = (outputs.transpose(1, 0, 2) * keep[:, :, None]).sum(axis=1) / length[:, None]
    over = last if "last step" in graph.metadata["readout"] else mean
    return [sent[name] * keep[:, None] for name in cells], over.argmax(axis=1)


def _in_order(graph, into, known):
    """Return the nodes whose values follow in one step, each after those that it needs."""
    order, left = [], [name for name in graph.nodes if name not in known and name != "output"]
    while left:
        ready = [name for name in left if all(one in known or one in order for one in into[name])]
        assert ready, left
        order += ready
        left = [name for name in left if name not in ready]
    return order


@pytest.mark.parametrize("layers", ["adaptive, at once", "two layers", "currents, delays, refractory", "late input"])
def test_a_reader_of_the_nir_graph_finds_every_spike(layers, tmp_path):
    _, trained = network(NETWORKS[layers])
    NativeNir().export(trained, dataset(), tmp_path / "nir", samples=5)
    spikes, decision = _by_reading(tmp_path / "nir", 5)
    shown = np.load(tmp_path / "nir" / "samples.npz")
    for k, found in enumerate(spikes, start=1):
        np.testing.assert_array_equal(found, np.unpackbits(shown[f"layer{k}_spikes"], axis=2, count=STEPS))
    np.testing.assert_array_equal(decision, shown["decision"])


@pytest.mark.parametrize(
    ("exporter", "layers", "kind", "says"),
    [
        (NativePyNN(), "lif:10:adaptive=4,mean", "spikes", "adaptive threshold, which 4 of the 10 neurons"),
        (NativePyNN(), "lif:10,mean", "numbers", "PyNN's sources send spikes"),
        (NativeBrian2(), "lif:10:tau_mem=5:tau_syn=5,mean", "spikes", "where their two times differ"),
        (NativeNir(), "lif:10,max", "spikes", "no maximum over time"),
        (NativeBrian2(), "lif:10,mean,20", "spikes", "stands where"),
        (NativeBrian2(), "20,lif:10,mean", "spikes", "stands where"),
        (NativeBrian2(), "lif:10,lstm:8,last", "spikes", "stands where"),
    ],
)
def test_what_cannot_be_expressed_is_refused_before_anything_is_written(exporter, layers, kind, says, tmp_path):
    _, trained = network(layers)
    with pytest.raises(BadInput) as caught:
        exporter.export(trained, dataset(kind), tmp_path / "out", samples=2)
    assert says in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_samples_that_are_no_spikes_are_noticed_where_those_of_training_are(tmp_path):
    _, trained = network("lif:10,mean")
    data = dataset("spikes")
    test = replace(data.test, x=dataset("numbers").test.x)
    with pytest.raises(BadInput, match="PyNN's sources send spikes"):
        NativePyNN().export(trained, replace(data, test=test), tmp_path / "out", samples=2)


def test_dense_matrices_that_are_too_large_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(native_nir, "MOST_DENSE", 1000)
    _, trained = network("lif:10:delays=3,mean")
    with pytest.raises(OverBudget, match="too large"):
        NativeNir().export(trained, dataset(), tmp_path / "out", samples=2)


def test_the_spikes_of_a_run_are_handed_over_from_the_command_line(tmp_path):
    done = neurosparse(
        "train", "--data", "digits-rows", "--layers", "lif:30:adaptive=10", "--epochs", "2", "--profile", "spinnaker2",
        "--neurons-per-core", "1000", "--synapses-per-core", "10000", "--out", "run", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out = neurosparse("export", "run", "brian2", "--samples", "20", cwd=tmp_path)
    assert out.returncode == 0, out.stderr
    assert "20 samples of 8 steps" in out.stdout
    code, said = run(tmp_path / "run" / "export" / "brian2")
    assert code == 0, said
    manifest = json.loads((tmp_path / "run" / "export" / "brian2" / "manifest.json").read_text())
    assert manifest["layers"][0]["adaptive"] == 10
    assert manifest["samples"] == {"dataset": "digits-rows", "split": "test", "count": 20}
    for arguments, says in (
        (("export", "run", "brian2", "--steps", "5"), "is handed over as it is"),
        (("export", "run", "pynn"), "adaptive threshold"),
        (("export", "run", "csv"), "there is no exporter of spiking layers called 'csv'"),
        (("simulate", "run", "--backend", "brian2"), "neurosparse export run brian2"),
    ):
        refused = neurosparse(*arguments, cwd=tmp_path)
        assert refused.returncode == 2, refused.stderr
        assert says in refused.stderr
