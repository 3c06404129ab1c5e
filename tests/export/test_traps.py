"""What lies in wait in the simulators, seen to be there, and that an exported script walks around it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from neurosparse.export.script import render

SCRIPT = render("pynn_network.py.jinja", schema="none", sizes="", synapses="")

PROBE = """
import importlib.util, json, sys, time as clock
import numpy as np
backend = sys.argv[2]
spec = importlib.util.spec_from_file_location("network", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
TIME = {"step": 1.0, "step_neuron": 0.1, "delay": 1.0}
CELL = dict(v_rest=0.0, v_reset=0.0, v_thresh=1e6, cm=1.0, tau_m=1e9, tau_refrac=0.0, tau_syn_E=2.0, tau_syn_I=2.0)
seen = {}

def end(receptor, weight, whole=True, time=TIME, count=1):
    # Potentials at the end, mV, of cells that one spike reaches through so many synapses of one weight, nA.
    sim = script.start(backend, time)
    pre = sim.Population(count, sim.SpikeSourceArray(spike_times=[3.0]))
    post = sim.Population(count, sim.IF_curr_exp(**CELL))
    post.initialize(v=0.0)
    post.record("v")
    one = np.arange(count)
    rows = np.column_stack([one, one[::-1], weight * (1.0 + one)])
    begin = clock.perf_counter()
    own = sim.FromListConnector(rows, column_names=["weight"])
    connector = script.connector(sim, backend, rows, time["delay"]) if whole else own
    synapse = sim.StaticSynapse(weight=0.0, delay=time["delay"])
    sim.Projection(pre, post, connector, synapse, receptor_type=receptor)
    seen["seconds"] = clock.perf_counter() - begin
    sim.run(100.0)
    found = post.get_data().segments[-1].analogsignals[0].magnitude[-1].tolist()
    sim.end()
    return found

seen["excites"] = end("excitatory", 1.0)[0]
seen["inhibits"] = end("inhibitory", -1.0)[0]
seen["trap"] = end("inhibitory", 1.0)[0]
seen["whole"] = end("excitatory", 1.0, count=12)
seen["whole seconds"] = seen["seconds"]
seen["list"] = end("excitatory", 1.0, whole=False, count=12)
seen["list seconds"] = seen["seconds"]
if backend == "neuron":
    seen["coarse"] = end("excitatory", 1.0, time=TIME | {"step_neuron": 1.0})[0]
    seen["corrected"] = end("excitatory", script.neuron_weight(0.1, 2.0))[0]
    coarse = TIME | {"step_neuron": 1.0}
    seen["coarse corrected"] = end("excitatory", script.neuron_weight(1.0, 2.0), time=coarse)[0]
if backend == "nest":
    import pyNN.nest as sim
    def refused(spike, **options):
        sim.setup(timestep=1.0, min_delay=1.0, **options)
        try:
            sim.Population(2, sim.SpikeSourceArray(spike_times=[spike]))
            sim.Population(2, sim.IF_curr_exp(**CELL))
            sim.run(5.0)
        except Exception as fault:
            return str(fault)
        return ""
    seen["off the grid"] = refused(3.0, spike_precision="off_grid")  # what PyNN sets of itself
    seen["at the shortest delay"] = refused(1.0, spike_precision="on_grid")
    seen["after it"] = refused(2.0, spike_precision="on_grid")
print("seen " + json.dumps(seen))
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("traps") / "network.py"
    path.write_text(SCRIPT, "utf-8")
    return path


@pytest.fixture(scope="module", params=["nest", "neuron", "brian2"])
def seen(request, script):
    """What a back end does, all in one process: its name, and facts."""
    command = [sys.executable, "-c", PROBE, str(script), request.param]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=script.parent, check=False)
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout.rpartition("seen ")[2])


def test_a_negative_weight_inhibits_and_a_positive_one_excites_on_any_receptor(seen):
    _, facts = seen
    assert facts["excites"] > 1.9
    assert facts["inhibits"] == pytest.approx(-facts["excites"], rel=1e-9)
    assert facts["trap"] == pytest.approx(facts["excites"], rel=1e-9)


def test_synapses_made_at_once_are_those_of_the_list(seen):
    backend, facts = seen
    assert facts["whole"] == pytest.approx(facts["list"], rel=1e-9)
    assert np.all(np.diff(facts["whole"]) < 0), "each synapse has its own weight and target"
    if backend == "brian2":
        assert facts["whole seconds"] < facts["list seconds"] / 3


def test_neuron_brings_too_much_charge_and_the_script_the_right_one(seen):
    backend, facts = seen
    if backend != "neuron":
        return
    charge = 2.0  # mV: 1 nA for 2 ms on 1 nF
    for name, ratio in (("excites", 0.1 / 2.0), ("coarse", 1.0 / 2.0)):
        assert facts[name] == pytest.approx(charge * ratio / -np.expm1(-ratio), rel=1e-6)
    assert facts["corrected"] == pytest.approx(charge, rel=1e-6)
    assert facts["coarse corrected"] == pytest.approx(charge, rel=1e-6)


def test_nest_refuses_off_grid_cells_and_spikes_at_its_shortest_delay(seen):
    backend, facts = seen
    if backend != "nest":
        return
    assert facts["off the grid"]
    assert facts["at the shortest delay"]
    assert facts["after it"] == ""


def test_nothing_is_built_on_sonata():
    assert "sonata" not in SCRIPT.lower()


PACKAGES = {"nest": "nest-simulator", "neuron": "neuron", "brian2": "brian2", "spiNNaker": "sPyNNaker"}


@pytest.mark.parametrize("backend", PACKAGES)
def test_a_back_end_that_is_not_installed_is_named_with_what_to_install(backend, script):
    hidden = f"import runpy, sys; sys.modules[{backend!r}] = sys.modules['pyNN.spiNNaker'] = None;"
    code = f"{hidden} runpy.run_path({str(script)!r})['start']({backend!r}, {{}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    assert f"pip install {PACKAGES[backend]}" in done.stderr
