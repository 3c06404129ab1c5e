"""Scripts of described networks really run: simulators have every synapse, and spikes arrive when they should."""

import subprocess
import sys

import numpy as np
import pytest
from scripts import arrays_of, rewrite, run

from neurosparse.description.connectors import AllToAll, FixedProbability, FromList, OneToOne
from neurosparse.description.network import NetworkDescription, Population, Projection
from neurosparse.export.described.exporter import described_exporters
from neurosparse.export.described.values import Asked

EVIL = '"""\nimport os; os.abort()\n"""{{ 7 * 7 }}'
SIMULATORS = ("nest", "neuron", "brian2", "native")
# Brian2 works out the equations of IF_curr_alpha for ten seconds; PyNN gives it the same.
NETWORKS = {
    ("IF_curr_exp", "IF_cond_exp"): SIMULATORS,
    ("IF_curr_delta",): ("nest", "brian2", "native"),
    ("IF_curr_alpha",): ("nest", "neuron", "native"),
}
# Excitation that makes a cell fire and inhibition that keeps it from it, in any sign that a description may have.
WEIGHTS = {
    "IF_curr_exp": (0.1, -2.0), "IF_curr_alpha": (0.4, 8.0), "IF_cond_exp": (0.003, 0.02), "IF_curr_delta": (0.3, -6.0),
}  # fmt: skip
DELAYS = [7.0, 1.0, 12.0, 3.0, 3.4, 2.0, 0.2, 11.0]


def network(cells):
    """A list of echoes with a delay each, and for each cell type cells that noise excites, free or inhibited too."""
    everyone = np.arange(8, dtype=np.int32)
    shuffled = np.array([5, 2, 7, 0, 1, 6, 3, 4])
    echoes = FromList(everyone[shuffled], everyone[::-1][shuffled], np.full(8, 900.0), np.array(DELAYS)[shuffled])
    populations = [
        Population("in", 8, "SpikeSourceArray", spikes_per_step=3),
        Population(EVIL, 40, "SpikeSourcePoisson", rate=150.0),
        Population("echo", 8, records=("spikes", "v"), sampling=2.0),
    ]
    projections = [Projection("in", "echo", "excitatory", echoes)]
    for cell in cells:
        free, silent = f"free {cell}", f"silent {cell}"
        excites, inhibits = WEIGHTS[cell]
        populations += [Population(free, 5, cell, records=("v", "gsyn_exc")), Population(silent, 5, cell)]
        projections += [
            Projection(EVIL, free, "excitatory", AllToAll(excites, 15.0)),
            Projection(EVIL, silent, "excitatory", AllToAll(excites, 15.0)),
            Projection(EVIL, silent, "inhibitory", FixedProbability(0.9, inhibits, 15.0)),
            Projection(free, silent, "excitatory", OneToOne(0.0, 1.0), "some rule"),
            Projection(free, free, "excitatory", FixedProbability(0.0, 1.0, 1.0)),
        ]
    return NetworkDescription(tuple(populations), tuple(projections))


def simulate(folder, simulator, *arguments):
    flags = () if simulator == "native" else ("--backend", simulator)
    return run(folder / ("brian2" if simulator == "native" else "pynn"), *flags, *arguments)


@pytest.fixture(scope="module", params=NETWORKS, ids="+".join)
def seen(request, tmp_path_factory):
    """Where a network is exported, its cell types, and what each simulator recorded and said."""
    folder = tmp_path_factory.mktemp("described")
    for target in ("pynn", "brian2"):
        exporter = described_exporters.load(target)()
        exporter.export(network(request.param), folder / target, asked=Asked(steps=120, input_rate=40.0))
    found = {}
    for simulator in NETWORKS[request.param]:
        done = simulate(folder, simulator, "--record", str(folder / f"{simulator}.npz"))
        assert done.returncode == 0, done.stdout + done.stderr
        with np.load(folder / f"{simulator}.npz") as archive:
            found[simulator] = {name: archive[name] for name in archive.files}, done.stdout
    return folder, request.param, found


def spikes(facts, k):
    """Return (ms, neuron) of each spike of a population, sorted."""
    times = np.round(facts[f"population{k}_spike_time"], 6).tolist()
    return sorted(zip(times, facts[f"population{k}_spike_neuron"].tolist(), strict=True))


def test_every_simulator_has_every_synapse(seen):
    _, cells, found = seen
    for _, told in found.values():
        assert told.count("synapses as in manifest.json? yes") == 1
        assert "NO" not in told
        lines = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in told.splitlines() if len(line.split()) > 2}
        assert lines["in-echo excitatory"] == ["8", "8"]
        assert lines[ascii(f"{EVIL}-free {cells[0]} excitatory")] == ["200", "200"]
        assert lines[f"free {cells[0]}-free {cells[0]} excitatory"] == ["0", "0"]


def test_all_simulators_get_the_same_input_at_its_rate(seen):
    _, _, found = seen
    expected = {0: 8 * 120 * 0.040, 1: 40 * 120 * 0.150}
    for k, mean in expected.items():
        first = spikes(found["nest"][0], k)
        assert abs(len(first) - mean) <= 5 * np.sqrt(mean)
        assert (min(first)[0], max(first)[0]) >= (2.0, 100.0)
        for facts, told in found.values():
            assert spikes(facts, k) == first
            assert f"{len(first):,}" in told
    together = np.unique([when for when, _ in spikes(found["nest"][0], 0)], return_counts=True)[1]
    assert together.max() <= 3


def test_a_spike_arrives_after_the_delay_of_its_own_synapse(seen):
    _, _, found = seen
    for simulator, (facts, _) in found.items():
        sent, echoed = spikes(facts, 0), spikes(facts, 2)
        checked = 0
        for neuron, delay in enumerate(DELAYS):
            first = min((when for when, n in sent if n == neuron), default=None)
            heard = min((when for when, n in echoed if n == 7 - neuron), default=None)
            if first is None or first > 100:
                continue
            checked += 1
            latency = heard - first - max(1, round(delay))
            # So strong a current takes the cell over its threshold in the step after its arrival; NEURON's are shorter.
            assert 0 < latency <= 0.3 if simulator == "neuron" else latency == 1.0, (simulator, neuron)
        assert checked >= 5


def test_inhibition_inhibits_and_excitation_excites(seen):
    _, cells, found = seen
    for facts, _ in found.values():
        for k, _ in enumerate(cells):
            assert len(spikes(facts, 3 + 2 * k)) >= 15
            assert spikes(facts, 4 + 2 * k) == []


def test_simulators_agree_spike_by_spike(seen):
    _, cells, found = seen
    for k, cell in enumerate(cells):
        nest, native = (spikes(found[simulator][0], 3 + 2 * k) for simulator in ("nest", "native"))
        for simulator, (facts, _) in found.items():
            mine = spikes(facts, 3 + 2 * k)
            # NEST integrates conductances in steps of its own choice, NEURON all cells in shorter ones.
            assert len(mine) == pytest.approx(len(nest), rel=0.2), (simulator, cell)
            if simulator == "brian2" or (simulator == "nest" and cell != "IF_cond_exp"):
                assert mine == native, (simulator, cell)


def test_native_potentials_are_those_of_nest(seen):
    _, cells, found = seen
    for k, cell in enumerate(cells):
        if cell in ("IF_curr_exp", "IF_curr_alpha"):
            nest, native = (found[name][0][f"population{3 + 2 * k}_v"] for name in ("nest", "native"))
            assert native == pytest.approx(nest[: len(native)], abs=1e-9)
            assert np.ptp(native) > 10


def test_what_is_recorded_comes_every_so_many_steps(seen):
    _, cells, found = seen
    for simulator, (facts, _) in found.items():
        assert facts["population2_v"].shape[1] == 8
        assert facts["population2_v"].shape[0] in (61, 62)
        has_potential = (simulator, cells) != ("nest", ("IF_curr_delta",))
        assert ("population3_v" in facts) == has_potential
        if "IF_cond_exp" in cells:
            assert facts["population5_gsyn_exc"].max() > 0.01


def test_sums_of_timesteps_that_are_no_whole_numbers_stay_on_the_grid(tmp_path):
    rng = np.random.default_rng(0)
    ends = (rng.integers(0, n, 200).astype(np.int32) for n in (20, 30))
    one = FromList(*ends, 3 * rng.random(200), 0.1 * rng.integers(1, 40, 200))
    populations = (Population("in", 20, "SpikeSourceArray"), Population("out", 30))
    small_steps = NetworkDescription(populations, (Projection("in", "out", "excitatory", one),), timestep=0.1)
    found = []
    for target, simulator in (("pynn", "nest"), ("brian2", "native")):
        exporter = described_exporters.load(target)()
        exporter.export(small_steps, tmp_path / target, asked=Asked(steps=1000, input_rate=100.0))
        assert simulate(tmp_path, simulator, "--record", str(tmp_path / "seen.npz")).returncode == 0
        with np.load(tmp_path / "seen.npz") as archive:
            found.append([spikes(archive, k) for k in (0, 1)])
    assert found[0] == found[1]
    assert min(map(len, found[0])) >= 100


def test_the_seed_decides_the_input(seen, tmp_path):
    folder, _, found = seen
    for name, arguments in (("again", ()), ("other", ("--seed", "1"))):
        assert simulate(folder, "nest", *arguments, "--record", str(tmp_path / f"{name}.npz")).returncode == 0
    with np.load(tmp_path / "again.npz") as again, np.load(tmp_path / "other.npz") as other:
        assert all(np.array_equal(again[name], values) for name, values in found["nest"][0].items())
        for k in (0, 1, 3):
            assert spikes(other, k) != spikes(again, k)


@pytest.fixture
def small(tmp_path):
    """A network of one list, exported to be spoilt."""
    one = FromList(np.array([0, 0], np.int32), np.array([0, 1], np.int32), np.ones(2), np.ones(2))
    populations = (Population("a", 1, "SpikeSourceArray"), Population("b", 2))
    for target in ("pynn", "brian2"):
        described_exporters.load(target)().export(
            NetworkDescription(populations, (Projection("a", "b", "excitatory", one),)), tmp_path / target
        )
    return tmp_path


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_notices_a_synapse_that_is_not_there(simulator, small):
    folder = small / ("brian2" if simulator == "native" else "pynn")
    rewrite(folder, **{name: values[:1] for name, values in arrays_of(folder).items() if name != "header"})
    done = simulate(small, simulator, "--steps", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "synapses as in manifest.json? NO" in done.stdout


@pytest.mark.parametrize("target", ["pynn", "brian2"])
def test_a_tampered_archive_is_refused(target, small):
    content = bytearray((small / target / "network.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (small / target / "network.npz").write_bytes(content)
    done = simulate(small, "native" if target == "brian2" else "nest")
    assert (done.returncode, done.stdout) == (3, "")
    assert "sha256" in done.stderr


def test_a_cell_type_that_a_back_end_lacks_is_named_before_any_work(tmp_path):
    izhikevich = NetworkDescription((Population("pulse", 2, "Izhikevich"),), ())
    described_exporters.load("pynn")().export(izhikevich, tmp_path / "pynn")
    done = simulate(tmp_path, "neuron")
    assert (done.returncode, done.stdout) == (2, "")
    assert "neuron cannot run this network: population 'pulse' is of Izhikevich" in done.stderr
    done = simulate(tmp_path, "spiNNaker")
    assert done.returncode == 3
    assert "pip install sPyNNaker" in done.stderr


@pytest.mark.parametrize(("option", "value"), [("--steps", "0"), ("--seed", "-1")])
def test_wrong_questions_are_answered_before_any_work(option, value, small):
    done = simulate(small, "nest", option, value)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{option} must be at least" in done.stderr


def test_brian2_that_is_not_installed_is_named(small):
    code = f"import runpy, sys; sys.modules['brian2'] = None; runpy.run_path({str(small / 'brian2/network.py')!r}, "
    command = [sys.executable, "-c", f"{code}run_name='__main__')"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "Brian2 cannot be loaded" in done.stderr
