"""The native Brian2 script spikes as the emulator does, neuron by neuron, and notices when it does not."""

import ast
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from scripts import arrays_of, rewrite, run

from neurosparse.data.dataset import Dataset, Split
from neurosparse.errors import BadInput
from neurosparse.export.brian2 import Brian2Exporter
from neurosparse.export.exporter import exporters
from neurosparse.nn.compact import compact
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.spiking.cell import SOFT_RESET
from neurosparse.spiking.coding import CURRENT, Coding
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.twin import Conversion

STEPS = 32
EVIL = "\"\"\"\nimport os; os.abort()\n'''{{ 7 * 7 }}{% endif %}<script>\\u0022"


@pytest.fixture(scope="module")
def native(network, digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("native") / "export"
    return Brian2Exporter().export(network, digits, folder, asked=Conversion(steps=STEPS))


@pytest.fixture
def folder(native, tmp_path):
    """A copy of the export elsewhere, free to be spoilt."""
    elsewhere = tmp_path / "a copy"
    elsewhere.mkdir()
    for name in native.files:
        (elsewhere / name).write_bytes((native.folder / name).read_bytes())
    return elsewhere


def seen(folder, *arguments):
    """Run the script and return what it saw."""
    record = folder.parent / "seen.npz"
    record.unlink(missing_ok=True)
    done = run(folder, *arguments, "--record", str(record))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    with np.load(record) as archive:
        return {name: archive[name] for name in archive.files}


def emulated(network, data, folder, samples, steps, coding=CURRENT):
    scales = activation_scales(network, data.train.x * np.float32(data.scale))
    rate = json.loads((folder / "manifest.json").read_text())["scaling"]["rate"]
    return emulate(convert(network, scales, rate, SOFT_RESET, coding), arrays_of(folder)["sample"][:samples], steps)


def assert_equal(got, outcome):
    assert sum(name.startswith("counts") for name in got) == len(outcome.counts)
    for k, count in enumerate(outcome.counts):
        assert got[f"counts{k}"].dtype == np.int64
        assert np.array_equal(got[f"counts{k}"], count)
    assert got["potential"] == pytest.approx(outcome.potential, rel=1e-9, abs=1e-9)
    assert np.array_equal(got["decision"], outcome.decision)


@pytest.mark.parametrize("target", ["numpy", "cython", "cpp_standalone"])
def test_spikes_as_the_emulator_does(target, native, network, digits):
    got = seen(native.folder, "--target", target, "--samples", "20")
    outcome = emulated(network, digits, native.folder, 20, STEPS)
    assert [int(count.sum() > 500) for count in outcome.counts] == [0, 1, 1]
    assert_equal(got, outcome)


@pytest.mark.parametrize("coding", ["regular", "poisson"])
def test_spiking_inputs_too(coding, network, digits, tmp_path):
    asked = Conversion(steps=24, coding=coding, seed=3)
    folder = Brian2Exporter().export(network, digits, tmp_path / "x", samples=20, asked=asked).folder
    outcome = emulated(network, digits, folder, 20, 24, Coding(coding, 3))
    assert outcome.counts[0].sum() > 500
    whole = seen(folder)
    assert_equal(whole, outcome)
    # What is drawn for a sample is the same when samples are shown in parts.
    show_at_a_time(folder, 7)
    assert_equal(seen(folder), outcome)


def show_at_a_time(folder, copies):
    """Have a script show so many samples at a time."""
    layers = json.loads((folder / "manifest.json").read_text())["layers"]
    one = sum(layer["size"] + layer.get("excitatory", 0) + layer.get("inhibitory", 0) for layer in layers)
    script = (folder / "network.py").read_text()
    assert "MOST_AT_A_TIME = 5_000_000\n" in script
    (folder / "network.py").write_text(script.replace("= 5_000_000\n", f"= {copies * one}\n"))


@pytest.mark.parametrize(("target", "copies"), [("numpy", 1), ("numpy", 8), ("cpp_standalone", 6)])
def test_samples_shown_in_parts_end_alike(target, copies, folder, network, digits):
    show_at_a_time(folder, copies)
    got = seen(folder, "--target", target, "--samples", "10" if copies > 1 else "3")
    assert_equal(got, emulated(network, digits, folder, len(got["decision"]), STEPS))


def test_steps_may_be_asked_for_anew(native, network, digits):
    for steps in (1, 9, 100):
        got = seen(native.folder, "--samples", "5", "--steps", str(steps))
        assert_equal(got, emulated(network, digits, native.folder, 5, steps))


def test_says_what_it_found(native, network):
    done = run(native.folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    arrays = arrays_of(native.folder)
    told = done.stdout.splitlines()
    assert told[0] == f"brian2: 100 samples, {STEPS} steps each"
    assert [line.split("  ")[0] for line in told[1:]] == ["spiking accuracy", "network accuracy", "agreement"]
    assert f"{np.mean(arrays['decision'] == arrays['label']):.1%}" in told[2]
    assert f"{native.agreement:.1%}" in told[3]
    assert f"(expected {native.spiking_accuracy:.1%} of all)" in told[1]


def by_hand(tmp_path, layers, x, steps, **changed):
    """Export a network made by hand, whose samples and arrays are then exchanged."""
    network = TrainedNetwork(
        tuple(
            TrainedProjection(
                f"p{k}", f"l{k}", f"l{k + 1}", csr_array(np.array(w, np.float32)), np.array(b, np.float32)
            )
            for k, (w, b) in enumerate(layers)
        )
    )
    x = np.array(x, np.float32)
    split = Split(x, network.activations(x)[-1].argmax(axis=1))
    data = Dataset("by hand", split, split, split, 1.0, network.sizes[-1], "none")
    export = Brian2Exporter().export(network, data, tmp_path / "by hand", samples=len(x), asked=Conversion(steps=steps))
    rewrite(export.folder, **({"sample": x} | changed))
    return export.folder


def test_inhibition_inhibits_and_no_sample_leaks_into_the_next(tmp_path):
    # Cell 0 is on by itself and input 0 silences it, cell 1 follows input 1. Cell 0 excites output 0 and inhibits 1.
    layers = (([[-2.0, 0.0], [0.0, 1.0]], [1.0, 0.0]), ([[1.0, -0.5], [0.0, 1.0]], [0.0, 0.0]))
    folder = by_hand(tmp_path, layers, [[0, 0], [1, 0], [0, 1], [1, 1], [0, 0], [1, 0]], 50)
    nothing, silenced, follows, both, again, silenced_again = seen(folder)["potential"]
    assert nothing[0] > 100
    assert nothing[1] == pytest.approx(-nothing[0] / 2)
    assert silenced == pytest.approx([0, 0])
    assert follows[1] > nothing[1] + 100
    assert both[0] == pytest.approx(0)
    assert both[1] > 100
    assert np.array_equal(nothing, again)
    assert np.array_equal(silenced, silenced_again)


def test_what_overshoots_the_threshold_is_kept(tmp_path):
    # 7 of 8 thresholds a step from 0: n steps send floor(7n / 8) spikes. A hard reset would send n / 2.
    layers = (([[1.0]], [0.0]), ([[1.0, 0.5]], [0.0, 0.0]))
    drive = {"layer1_i_offset": np.array([8.75]), "layer1_v_init": np.array([0.0])}
    folder = by_hand(tmp_path, layers, [[0.0], [0.0]], 20, **drive)
    for steps in (15, 39, 63):
        assert seen(folder, "--steps", str(steps))["counts1"].tolist() == [[7 * steps // 8]] * 2


def test_a_spike_a_step_is_the_most_and_none_comes_late(tmp_path):
    # Two and a half thresholds a step: what waits above the threshold at the end is not sent after it.
    layers = (([[1.0]], [0.0]), ([[1.0]], [0.0]), ([[1.0, 0.5]], [0.0, 0.0]))
    drive = {"layer1_i_offset": np.array([25.0]), "layer2_weight": np.array([25.0])}
    folder = by_hand(tmp_path, layers, [[0.0], [0.0]], 20, **drive)
    got = seen(folder)
    assert got["counts1"].tolist() == got["counts2"].tolist() == [[20], [20]]
    weight = arrays_of(folder)["layer3_weight"]
    assert got["potential"] == pytest.approx(np.tile(20 * weight, (2, 1)))


def test_whole_fractions_of_a_threshold_meet_it_when_they_should(tmp_path):
    # Cell k is driven by k / 16 of a threshold a step; the second layer gets whole sixteenths with each spike.
    n, rng = 16, np.random.default_rng(0)
    weight = rng.integers(-12, 16, (n, n)) / 16.0
    layers = ((np.eye(n), np.zeros(n)), (np.ones((n, n)), np.zeros(n)), (np.eye(n), np.zeros(n)))
    folder = by_hand(
        tmp_path, layers, np.eye(n), 64, sample=np.zeros((n, n), np.float32),
        layer1_i_offset=np.arange(1, n + 1) * 10 / 16, layer2_weight=(weight * 10.0).ravel(),
    )  # fmt: skip
    got = seen(folder, "--samples", "1")
    v1, v2, counts = np.full(n, 8), np.full(n, 8), np.zeros((2, n), int)
    for _ in range(64):  # in sixteenths of a threshold, whole numbers
        v1 += np.arange(1, n + 1)
        fired1 = v1 >= 16
        v1 -= 16 * fired1
        v2 += (fired1 @ np.rint(weight * 16)).astype(int)
        fired2 = v2 >= 16
        v2 -= 16 * fired2
        counts += [fired1, fired2]
    assert got["counts1"][0].tolist() == counts[0].tolist()
    assert got["counts2"][0].tolist() == counts[1].tolist()


def test_a_layer_without_synapses_and_a_network_of_one_layer_run(tmp_path, digits, network):
    first, *others = network.projections
    empty = replace(others[0], weight=csr_array(others[0].weight.shape, dtype=np.float32))
    for name, net in (
        ("empty", TrainedNetwork((first, empty, *others[1:]))),
        ("one", TrainedNetwork((replace(first, weight=first.weight[:, :10], bias=first.bias[:10]),))),
    ):
        for coding in ("current", "regular"):
            folder = tmp_path / name / coding
            Brian2Exporter().export(net, digits, folder, samples=5, asked=Conversion(steps=16, coding=coding))
            assert_equal(seen(folder), emulated(net, digits, folder, 5, 16, Coding(coding)))


def test_a_compacted_network_spikes_as_the_whole_one(network, digits, tmp_path, native):
    compacted = compact(network)
    asked = Conversion(steps=STEPS)
    folder = Brian2Exporter().export(network, digits, tmp_path / "x", asked=asked, compacted=compacted).folder
    layers = json.loads((folder / "manifest.json").read_text())["layers"]
    assert [layer["neurons"] for layer in layers] == [kept.tolist() for kept in compacted.kept.values()]
    small, whole = seen(folder, "--samples", "20"), seen(native.folder, "--samples", "20")
    assert np.array_equal(small["counts2"], whole["counts2"][:, compacted.kept[layers[2]["name"]]])
    assert small["potential"] == pytest.approx(whole["potential"], rel=1e-9, abs=1e-9)


def test_lists_are_signed_and_sorted(native, network):
    arrays, manifest = arrays_of(native.folder), json.loads((native.folder / "manifest.json").read_text())
    before = 1.0
    for k, projection in enumerate(network.projections, start=1):
        pre, post, weight = (arrays[f"layer{k}_{part}"] for part in ("pre", "post", "weight"))
        assert np.all(np.diff(pre.astype(np.int64) * projection.weight.shape[1] + post) > 0)
        scale = manifest["layers"][k]["activation_scale"] / manifest["scaling"]["rate"]
        dense = np.zeros(projection.weight.shape)
        dense[pre, post] = weight / (before / scale * manifest["scaling"]["theta"])
        assert dense == pytest.approx(projection.weight.toarray(), rel=1e-6)
        assert manifest["layers"][k]["excitatory"] == np.sum(~np.signbit(weight))
        assert manifest["layers"][k]["inhibitory"] == np.sum(np.signbit(weight)) > 0
        before = scale
    assert manifest["units"] == {
        "time": "ms", "potential": "mV", "current": "nA", "capacitance": "nF", "weight": "mV"
    }  # fmt: skip
    assert "v_thresh" not in manifest["layers"][-1]["cell"]


def test_notices_negated_weights(folder):
    arrays = arrays_of(folder)
    rewrite(folder, layer3_weight=-arrays["layer3_weight"])
    done = run(folder, "--samples", "40")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NO" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_tampered_archive_is_refused(folder):
    content = bytearray((folder / "network.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "network.npz").write_bytes(content)
    done = run(folder)
    assert done.returncode == 3
    assert "sha256" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "fortran"], "invalid choice"),
        (["--samples", "101"], "between 1 and 100"),
        (["--samples", "0"], "between 1 and 100"),
        (["--steps", "0"], "between 1 and 512"),
        (["--steps", "513"], "between 1 and 512"),
    ],
)
def test_wrong_questions_are_answered_before_any_work(native, arguments, message):
    done = run(native.folder, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_a_missing_compiler_is_said(target, native, tmp_path):
    done = run(native.folder, "--target", target, PATH=str(tmp_path), CXX="")
    assert done.returncode == 3
    assert "needs a C++ compiler" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_never_become_code(digits, network, tmp_path, native):
    named = TrainedNetwork(tuple(replace(p, name=EVIL, pre=EVIL, post=EVIL) for p in network.projections))
    Brian2Exporter().export(named, digits, tmp_path / "x", asked=Conversion(steps=STEPS))
    assert (tmp_path / "x" / "network.py").read_bytes() == (native.folder / "network.py").read_bytes()
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["layers"][1]["name"] == EVIL
    assert run(tmp_path / "x", "--samples", "20").returncode == 0


def test_the_script_needs_the_standard_library_numpy_and_brian2_alone(native):
    tree = ast.parse((native.folder / "network.py").read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) == {"numpy", "brian2"}


def test_equal_exports_have_equal_bytes(native, network, digits, tmp_path):
    Brian2Exporter().export(network, digits, tmp_path / "again", asked=Conversion(steps=STEPS))
    for name in native.files:
        assert (tmp_path / "again" / name).read_bytes() == (native.folder / name).read_bytes(), name


def test_refuses_before_any_work(network, digits, native, tmp_path, monkeypatch):
    monkeypatch.setattr("neurosparse.spiking.twin.choose", lambda *_, **__: pytest.fail("work was started"))
    bad = network.projections[1].weight.copy()
    bad.data[7] = np.nan
    spoilt = TrainedNetwork(
        (network.projections[0], replace(network.projections[1], weight=bad), network.projections[2])
    )
    for message, net, options in (
        ("not finite", spoilt, {}),
        ("cannot put 360 held-out samples", network, {"samples": 360}),
        ("the network has no layers", TrainedNetwork(()), {}),
    ):
        with pytest.raises(BadInput, match=message):
            Brian2Exporter().export(net, digits, tmp_path / "x", **options)
    with pytest.raises(BadInput, match="an export is there already") as caught:
        Brian2Exporter().export(network, digits, native.folder)
    assert "--overwrite" in caught.value.help
    assert list(tmp_path.iterdir()) == []


def test_overwrite_replaces_an_export(folder, network, digits):
    Brian2Exporter().export(network, digits, folder, overwrite=True, samples=3, asked=Conversion(steps=20))
    assert json.loads((folder / "manifest.json").read_text())["samples"]["count"] == 3


def test_is_in_the_table():
    assert exporters.load("brian2") is Brian2Exporter


def test_hard_reset_erases_what_arrives_in_the_spiking_step_and_soft_reset_does_not():
    # In Brian2 synapses come between threshold and reset. The cell is sent 10 mV at steps 0 and 1; what comes at step 1
    # arrives in the very step in which the first makes it spike.
    script = """
import brian2
from brian2 import ms, mV

brian2.prefs.codegen.target = "numpy"
brian2.defaultclock.dt = 1 * ms
for reset in ("v -= theta", "v = 0*mV"):
    source = brian2.SpikeGeneratorGroup(1, [0, 0], [0, 1] * ms)
    cell = brian2.NeuronGroup(1, "v : volt", threshold="v >= theta", reset=reset, namespace={"theta": 10 * mV})
    joined = brian2.Synapses(source, cell, on_pre="v_post += 10*mV")
    joined.connect()
    count = brian2.SpikeMonitor(cell, record=False)
    brian2.Network(source, cell, joined, count).run(5 * ms)
    print(count.count[0])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["2", "1"]
