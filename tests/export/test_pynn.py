"""The exported folder says exactly what the network is, leaks no name into code, and refuses what it cannot be."""

import ast
import hashlib
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.data.dataset import Split
from neurosparse.errors import BadInput
from neurosparse.export.pynn import PyNNExporter
from neurosparse.nn.activation import Activation
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.spiking.twin import Conversion


def read(folder):
    with np.load(folder / "network.npz", allow_pickle=False) as arrays:
        return json.loads((folder / "manifest.json").read_text()), {name: arrays[name] for name in arrays.files}


def test_lists_give_back_the_network(exported, network):
    manifest, arrays = read(exported.folder)
    rate, theta, before = manifest["scaling"]["rate"], manifest["scaling"]["theta"], 1.0
    for k, projection in enumerate(network.projections, start=1):
        layer = manifest["layers"][k]
        scale = layer["activation_scale"] / rate
        unit = before / scale * theta * layer["cell"]["cm"] / layer["cell"]["tau_syn_E"]
        dense = np.zeros(projection.weight.shape)
        for receptor, sign in (("excitatory", 1), ("inhibitory", -1)):
            pre, post, weight = (arrays[f"layer{k}_{receptor}_{part}"] for part in ("pre", "post", "weight"))
            assert np.all(sign * weight >= 0)
            assert np.all(np.diff(pre.astype(np.int64) * dense.shape[1] + post) > 0), "not sorted by (pre, post)"
            assert len(pre) == layer[receptor]
            dense[pre, post] = weight / unit
        assert dense == pytest.approx(projection.weight.toarray(), rel=1e-6)
        offset = arrays[f"layer{k}_i_offset"] * scale * manifest["time"]["step"] / (theta * layer["cell"]["cm"])
        assert offset == pytest.approx(projection.bias, rel=1e-6)
        before = scale


def test_unsorted_columns_are_sorted(digits, network, tmp_path):
    shuffled = []
    for p in network.projections:
        w = p.weight.copy()
        for row in range(w.shape[0]):
            part = slice(w.indptr[row], w.indptr[row + 1])
            w.indices[part], w.data[part] = w.indices[part][::-1].copy(), w.data[part][::-1].copy()
        shuffled.append(replace(p, weight=csr_array((w.data, w.indices, w.indptr), shape=w.shape)))
    for name, net in (("plain", network), ("shuffled", TrainedNetwork(tuple(shuffled)))):
        PyNNExporter().export(net, digits, tmp_path / name, samples=5, asked=Conversion(steps=20))
    assert (tmp_path / "plain" / "network.npz").read_bytes() == (tmp_path / "shuffled" / "network.npz").read_bytes()


def test_a_newborn_of_weight_zero_stays_in_the_list(digits, network, tmp_path):
    first = network.projections[0]
    weight = first.weight.copy()
    weight.data[:3] = 0.0
    PyNNExporter().export(
        TrainedNetwork((replace(first, weight=weight), *network.projections[1:])),
        digits,
        tmp_path / "x",
        asked=Conversion(steps=20),
    )
    manifest, _ = read(tmp_path / "x")
    assert sum(layer["excitatory"] + layer["inhibitory"] for layer in manifest["layers"][1:]) == network.synapses


def test_manifest_describes_the_files_and_the_samples(exported, network, digits):
    manifest, arrays = read(exported.folder)
    assert manifest["schema"] == "neurosparse.export.pynn/2"
    digest = hashlib.sha256((exported.folder / "network.npz").read_bytes()).hexdigest()
    assert manifest["arrays"]["sha256"] == digest
    assert [layer["size"] for layer in manifest["layers"]] == list(network.sizes)
    assert exported.files == {p.name: p.stat().st_size for p in exported.folder.iterdir()}
    decision = network.activations(arrays["sample"])[-1].argmax(axis=1)
    assert np.array_equal(arrays["decision"], decision)
    assert manifest["expected"]["network_accuracy"] == np.mean(decision == arrays["label"]) == exported.network_accuracy
    assert manifest["expected"]["agreement"] == exported.agreement >= exported.tolerance == 0.9
    shown = digits.test.x * np.float32(digits.scale)
    test = {(row.tobytes(), label) for row, label in zip(shown, digits.test.y, strict=True)}
    given = [(row.tobytes(), label) for row, label in zip(arrays["sample"], arrays["label"], strict=True)]
    assert len(given) == len(set(given)) == 100
    assert set(given) <= test


def test_the_expected_network_is_good(exported):
    assert exported.network_accuracy >= 0.94
    assert exported.spiking_accuracy >= 0.93


def test_equal_exports_have_equal_bytes(exported, network, digits, tmp_path):
    PyNNExporter().export(network, digits, tmp_path / "again")
    for name in exported.files:
        assert (tmp_path / "again" / name).read_bytes() == (exported.folder / name).read_bytes(), name


def test_nothing_is_chosen_on_test_data(exported, network, digits, tmp_path):
    rng = np.random.default_rng(0)
    other = Split(rng.permutation(digits.test.x), rng.permutation(digits.test.y))
    summary = PyNNExporter().export(network, replace(digits, test=other), tmp_path / "x")
    mine, hers = read(tmp_path / "x"), read(exported.folder)
    assert (summary.rate, summary.steps) == (exported.rate, exported.steps)
    assert mine[0]["layers"] == hers[0]["layers"]
    for name, array in hers[1].items():
        if name.startswith("layer"):
            assert np.array_equal(array, mine[1][name])


def test_names_never_become_code(digits, network, tmp_path, exported):
    evil = '"""\nimport os; os.abort()\n"""{{ 7 * 7 }}{% endif %}<script>\\u0022'
    named = TrainedNetwork(tuple(replace(p, name=evil, pre=evil, post=evil) for p in network.projections))
    PyNNExporter().export(named, digits, tmp_path / "x", asked=Conversion(steps=20))
    assert (tmp_path / "x" / "network.py").read_bytes() == (exported.folder / "network.py").read_bytes()
    assert read(tmp_path / "x")[0]["layers"][1]["name"] == evil


def test_the_script_needs_the_standard_library_numpy_and_pynn_alone(exported):
    tree = ast.parse((exported.folder / "network.py").read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    roots = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    # brian2, nest, neuron and spinn_utilities come with the back end of that name and are imported for it alone.
    assert roots == {"numpy", "pyNN", "brian2", "nest", "neuron", "spinn_utilities"}


def spoilt(network, k, **changes):
    projections = list(network.projections)
    projections[k] = replace(projections[k], **changes)
    return TrainedNetwork(tuple(projections))


def refusals(network, digits):
    weight = network.projections[1].weight.copy()
    weight.data[7] = np.nan
    bias = np.full(10, np.inf, np.float32)
    narrow = Split(digits.test.x[:, :30].copy(), digits.test.y)
    below = Split(digits.train.x.astype(np.float32) - 1, digits.train.y)
    unsafe = object.__new__(type(digits))  # past the data set's own checks
    for name, value in vars(digits).items():
        object.__setattr__(unsafe, name, value)
    object.__setattr__(unsafe, "train", below)
    return {
        "'hidden1-hidden2' holds weights or biases that are not finite": (
            spoilt(network, 1, weight=weight),
            digits,
            {},
        ),
        "'hidden2-output' holds weights or biases that are not finite": (spoilt(network, 2, bias=bias), digits, {}),
        "does not join its layers": (spoilt(network, 1, weight=network.projections[2].weight), digits, {}),
        "the network has no layers": (TrainedNetwork(()), digits, {}),
        "was not trained on digits": (
            network,
            replace(digits, train=narrow, validation=narrow, test=narrow, shape=()),
            {},
        ),
        "inputs become firing rates": (network, unsafe, {}),
        "cannot put 360 held-out samples": (network, digits, {"samples": 360}),
        "cannot put 0 held-out samples": (network, digits, {"samples": 0}),
        "cannot show a sample for 0 time steps": (network, digits, {"steps": 0}),
        "cannot show a sample for 1,000,000 time steps": (network, digits, {"steps": 1_000_000}),
    }


def test_refuses_before_any_work(network, digits, tmp_path, monkeypatch):
    monkeypatch.setattr("neurosparse.spiking.twin.choose", lambda *_, **__: pytest.fail("work was started"))
    for message, (net, data, options) in refusals(network, digits).items():
        steps = options.pop("steps", None)
        with pytest.raises(BadInput, match=message) as caught:
            PyNNExporter().export(net, data, tmp_path / "x", asked=Conversion(steps=steps), **options)
        assert caught.value.numbers or "no layers" in message
        assert list(tmp_path.iterdir()) == []


def test_refuses_an_export_that_is_there(exported, network, digits, monkeypatch):
    monkeypatch.setattr("neurosparse.spiking.twin.choose", lambda *_, **__: pytest.fail("work was started"))
    with pytest.raises(BadInput, match="an export is there already") as caught:
        PyNNExporter().export(network, digits, exported.folder)
    assert "--overwrite" in caught.value.help


def test_overwrite_replaces_an_export(folder, network, digits):
    PyNNExporter().export(network, digits, folder, overwrite=True, samples=3, asked=Conversion(steps=20))
    assert read(folder)[0]["samples"]["count"] == 3


def test_an_activation_that_no_rate_stands_for_is_refused_with_its_layer(digits, network, tmp_path):
    first = replace(network.projections[0], activation=Activation("identity"))
    with pytest.raises(BadInput, match=f"PyNN cannot express layer '{first.post}'") as caught:
        PyNNExporter().export(TrainedNetwork((first, *network.projections[1:])), digits, tmp_path / "x")
    assert caught.value.help == "it can express relu, qcfs there"
    assert not (tmp_path / "x").exists()


def test_says_when_no_number_of_steps_loses_as_little_as_asked(digits, network, tmp_path):
    coarse = PyNNExporter().export(network, digits, tmp_path / "x", samples=5, asked=Conversion(weight_bits=2))
    assert coarse.chosen_agreement < 0.99
    first = coarse.told[0]
    assert first.startswith("no number of steps that was tried loses at most 0.1 % of the decisions on validation")
    assert first.endswith(f"the best loses {100 * (1 - coarse.chosen_agreement):.1f} %")
    asked = Conversion(steps=coarse.steps, weight_bits=2)
    assert not PyNNExporter().export(network, digits, tmp_path / "y", samples=5, asked=asked).told[0].startswith("no")
