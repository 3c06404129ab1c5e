"""The exported script really runs in NEST, NEURON and Brian2, decides as the network does, and notices when not.

NEURON's very first import compiles its cells, which takes some 20 seconds more.
"""

import re

import numpy as np
import pytest
from scipy.sparse import csr_array
from scripts import arrays_of, rewrite, run

from neurosparse.data.dataset import Dataset, Split
from neurosparse.export.pynn import PyNNExporter
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.spiking.coding import CODINGS
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.target import PYNN
from neurosparse.spiking.twin import Conversion, spiking_twin

BACKENDS = ("nest", "neuron", "brian2")


@pytest.mark.parametrize("backend", BACKENDS)
def test_decides_as_the_network_does(backend, folder):
    done = run(folder, "--backend", backend, "--record", str(folder / "seen.npz"))
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(re.findall(r"^(spiking accuracy|network accuracy|agreement) +([\d.]+)%", done.stdout, re.M))
    with np.load(folder / "seen.npz") as seen:
        decision, potential = seen["decision"], seen["potential"]
    arrays = arrays_of(folder)
    assert potential.shape == (100, 10)
    assert np.array_equal(decision, potential.argmax(axis=1))
    assert np.sum(decision == arrays["decision"]) >= 95
    assert float(told["agreement"]) == 100 * np.mean(decision == arrays["decision"])
    assert float(told["network accuracy"]) == 100 * np.mean(arrays["decision"] == arrays["label"])
    assert float(told["spiking accuracy"]) == 100 * np.mean(decision == arrays["label"])


def test_nest_equals_the_emulator(folder, exported, network, digits):
    done = run(folder, "--backend", "nest", "--samples", "25", "--record", str(folder / "seen.npz"))
    assert done.returncode == 0, done.stdout + done.stderr
    scales = activation_scales(network, digits.train.x * np.float32(digits.scale))
    spiking = convert(network, scales, exported.rate, exported.cell)
    emulated = emulate(spiking, arrays_of(folder)["sample"][:25], exported.steps).potential
    with np.load(folder / "seen.npz") as seen:
        assert seen["potential"] == pytest.approx(emulated, abs=1e-6)


@pytest.mark.parametrize("backend", ["nest", "brian2"])
def test_a_few_copies_at_a_time_are_as_good_as_all(backend, folder):
    """474 cells each: three of them at once make batches of 3, 3 and 1."""
    arguments = ("--backend", backend, "--samples", "7", "--steps", "40", "--record", str(folder / "seen.npz"))
    found = []
    for most in (48_000, 1_500):
        script = (folder / "network.py").read_text()
        (folder / "network.py").write_text(re.sub(r"MOST_AT_ONCE = [\d_]+", f"MOST_AT_ONCE = {most}", script, count=1))
        done = run(folder, *arguments)
        assert "agreement" in done.stdout, done.stdout + done.stderr
        with np.load(folder / "seen.npz") as seen:
            found.append({name: seen[name] for name in seen.files})
    at_once, in_batches = found
    assert len(at_once["potential"]) == 7
    for name, values in at_once.items():
        assert np.array_equal(in_batches[name], values), name


@pytest.mark.parametrize("backend", BACKENDS)
def test_notices_negated_weights(backend, folder):
    arrays = arrays_of(folder)
    changed = {}
    for part, sign in (("pre", 1), ("post", 1), ("weight", -1)):
        changed[f"layer3_excitatory_{part}"] = sign * arrays[f"layer3_inhibitory_{part}"]
        changed[f"layer3_inhibitory_{part}"] = sign * arrays[f"layer3_excitatory_{part}"]
    rewrite(folder, **changed)
    done = run(folder, "--backend", backend, "--samples", "40")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NO" in done.stdout
    assert "Traceback" not in done.stderr


def test_notices_inhibition_that_excites(folder):
    # Positive weights on the inhibitory receptor, in one layer: every simulator takes them without a word.
    rewrite(folder, layer2_inhibitory_weight=-arrays_of(folder)["layer2_inhibitory_weight"])
    done = run(folder, "--backend", "nest", "--samples", "40")
    assert done.returncode == 1, done.stdout + done.stderr


@pytest.fixture
def by_hand(tmp_path):
    """A network made by hand: cell 0 is on by itself and input 0 silences it, cell 1 follows input 1."""
    layers = (([[-2.0, 0.0], [0.0, 1.0]], [1.0, 0.0]), ([[1.0, -0.5], [0.0, 1.0]], [0.0, 0.0]))
    network = TrainedNetwork(
        tuple(
            TrainedProjection(
                f"p{k}", f"l{k}", f"l{k + 1}", csr_array(np.array(w, np.float32)), np.array(b, np.float32)
            )
            for k, (w, b) in enumerate(layers)
        )
    )
    x = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0, 0], [0.5, 0.5], [1, 0], [0, 1]], np.float32)
    split = Split(x, network.activations(x)[-1].argmax(axis=1))
    data = Dataset("by hand", split, split, split, 1.0, 2, "none")
    folder = PyNNExporter().export(network, data, tmp_path / "by hand", samples=8, asked=Conversion(steps=100)).folder
    sample = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0, 0], [0, 0], [1, 0], [0, 1]], np.float32)
    rewrite(folder, sample=sample)
    return folder


@pytest.mark.parametrize("backend", BACKENDS)
def test_inhibition_inhibits_and_no_sample_leaks_into_the_next(backend, by_hand):
    done = run(by_hand, "--backend", backend, "--record", str(by_hand / "seen.npz"))
    assert "agreement" in done.stdout, done.stdout + done.stderr
    with np.load(by_hand / "seen.npz") as seen:
        nothing, silenced, follows, both, again, once_more, silenced_again, follows_again = seen["potential"]
    # Of itself cell 0 excites output 0 and inhibits output 1 by half as much.
    assert nothing[0] > 50
    assert nothing[1] == pytest.approx(-nothing[0] / 2, rel=1e-6)
    # Input 0 inhibits cell 0: after the spike of its start, if any, both outputs stay at rest.
    assert np.all(np.abs(silenced) < 0.1 * nothing[0])
    # Input 1 adds to output 1 what cell 0 takes from it, and more.
    assert follows[1] > nothing[1] + 50
    assert both[1] > 50
    # Equal samples end equally, whatever was shown before; NEURON sums events of one time in no fixed order.
    for first, *others in ((nothing, again, once_more), (silenced, silenced_again), (follows, follows_again)):
        for other in others:
            assert other == pytest.approx(first, rel=1e-9, abs=1e-9)


def test_a_tampered_archive_is_refused(folder):
    content = bytearray((folder / "network.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "network.npz").write_bytes(content)
    done = run(folder, "--backend", "nest")
    assert done.returncode == 3
    assert "sha256" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--backend"),
        (["--backend", "nset"], "invalid choice"),
        (["--backend", "nest", "--samples", "101"], "between 1 and 100"),
        (["--backend", "nest", "--samples", "0"], "between 1 and 100"),
        (["--backend", "nest", "--steps", "0"], "between 1 and"),
    ],
)
def test_wrong_questions_are_answered_before_any_work(folder, arguments, message):
    done = run(folder, *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_missing_back_end_is_said(folder):
    done = run(folder, "--backend", "spiNNaker")
    assert done.returncode == 3
    assert "pyNN.spiNNaker cannot be loaded" in done.stderr


@pytest.mark.parametrize("backend", ["nest", "brian2"])
@pytest.mark.parametrize("coding", CODINGS)
def test_potentials_and_spikes_of_every_coding_are_the_emulators(coding, backend, network, digits, tmp_path):
    asked = Conversion(steps=64, coding=coding, seed=3)
    # PyNN takes a second for a sample in Brian2.
    samples = 20 if backend == "nest" else 6
    folder = PyNNExporter().export(network, digits, tmp_path / "export", samples=samples, asked=asked).folder
    with np.load(folder / "network.npz") as archive:
        sample = archive["sample"]
    emulated = emulate(spiking_twin(network, digits, PYNN, asked).spiking, sample, 64)
    done = run(folder, "--backend", backend, "--record", str(folder / "seen.npz"))
    assert "agreement" in done.stdout, done.stdout + done.stderr
    with np.load(folder / "seen.npz") as seen:
        assert seen["potential"] == pytest.approx(emulated.potential, abs=1e-6)
        assert np.array_equal(seen["decision"], emulated.decision)
        assert set(seen.files) == {"potential", "decision", "counts0", "counts1", "counts2"}
        for k, counts in enumerate(emulated.counts):
            assert seen[f"counts{k}"].dtype == np.int64
            assert np.array_equal(seen[f"counts{k}"], counts)


@pytest.mark.parametrize("coding", CODINGS)
def test_neuron_takes_every_coding_sample_by_sample(coding, network, digits, tmp_path):
    asked = Conversion(steps=64, coding=coding, seed=3)
    folder = PyNNExporter().export(network, digits, tmp_path / "export", samples=20, asked=asked).folder
    with np.load(folder / "network.npz") as archive:
        sample = archive["sample"]
    emulated = emulate(spiking_twin(network, digits, PYNN, asked).spiking, sample, 64)
    done = run(folder, "--backend", "neuron", "--record", str(folder / "seen.npz"))
    assert "agreement" in done.stdout, done.stdout + done.stderr
    with np.load(folder / "seen.npz") as seen:
        assert np.sum(seen["decision"] == emulated.decision) >= 19
        assert np.array_equal(seen["counts0"], emulated.counts[0])
        # Its neurons spike between the steps of the others, and more often the shorter synaptic currents are.
        for k in (1, 2):
            apart = np.abs(seen[f"counts{k}"] - emulated.counts[k])
            assert np.all(apart <= 3 + emulated.counts[k] / 3)
            assert apart.sum() <= 0.25 * emulated.counts[k].sum()


@pytest.mark.parametrize("backend", BACKENDS)
def test_layers_that_never_fire_are_counted_too(backend, folder):
    arrays = arrays_of(folder)
    driving = ("weight", "i_offset", "v_init")
    rewrite(folder, **{name: 0 * values for name, values in arrays.items() if name.endswith(driving)})
    done = run(folder, "--backend", backend, "--samples", "3", "--steps", "8", "--record", str(folder / "seen.npz"))
    assert done.returncode == 1, done.stdout + done.stderr
    with np.load(folder / "seen.npz") as seen:
        assert seen["counts0"].sum() > 0
        for k in (1, 2):
            assert seen[f"counts{k}"].dtype == np.int64
            assert not seen[f"counts{k}"].any()


@pytest.mark.parametrize("place", ["nowhere/seen.npz", "."])
def test_a_record_that_cannot_be_written_is_told_before_any_work(place, folder):
    done = run(folder, "--backend", "nest", "--record", str(folder / place))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("network.py: --record ")
    assert done.stderr.endswith("cannot be written\n")


@pytest.mark.parametrize("manifest", ["{", "[]", "{}", None])
def test_a_damaged_export_is_told_in_a_line(manifest, folder):
    (folder / "manifest.json").unlink()
    if manifest is not None:
        (folder / "manifest.json").write_text(manifest)
    done = run(folder, "--backend", "nest")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("network.py: manifest.json or network.npz is missing or damaged")
    assert len(done.stderr.splitlines()) == 1
