"""The exported script on the real tool chain: the digits network is mapped, and its cores book what we say they do."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import spiking_networks
from scipy.sparse import csr_array
from vs_spynnaker.virtual_board import interpreter

from neurosparse.config import configure
from neurosparse.description.network import NetworkDescription, Population
from neurosparse.export.native.pynn import NativePyNN
from neurosparse.export.pynn import PyNNExporter
from neurosparse.footprint.measure import measure
from neurosparse.footprint.trained import described
from neurosparse.graph import feedforward
from neurosparse.hardware.library import load_profile
from neurosparse.mapping.cost import total
from neurosparse.nn.unrolled import unrolled
from neurosparse.run.training import start
from neurosparse.spiking.coding import CODINGS
from neurosparse.spiking.native import native
from neurosparse.spiking.twin import Conversion

# Runs the script as it stands, and afterwards asks the tool chain what it has booked for every core.
OBSERVE = """
import json, os, runpy, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import tool_chain
os.environ["HOME"] = os.getcwd()
Path(".spynnaker.cfg").touch()
Path("spynnaker.cfg").write_text(tool_chain.CONFIGURATION.format(board_version=5))
script, sys.argv = sys.argv[2], [sys.argv[2], "--backend", "spiNNaker", *sys.argv[3:]]
try:
    runpy.run_path(script, run_name="__main__")
except SystemExit as end:
    code = end.code
from spynnaker.pyNN.data import SpynnakerDataView as View
steps = View.get_plan_n_timestep()
cores = []
for place in View.iterate_placemements():
    if place.vertex.app_vertex is not None and tool_chain.is_application(place.vertex):
        facts = tool_chain.core_facts(place, steps, [])
        cores.append([*facts["slice"], facts["sdram_fixed"], facts["sdram_total_at_plan"]])
Path("seen.json").write_text(json.dumps({"code": code, "steps": steps, "cores": cores}))
"""


def observed(script, work, *arguments):
    """Run an exported script on the virtual board; return what the tool chain booked, and that it ran to its end."""
    work.mkdir()
    command = [interpreter(), "-W", "ignore", "-c", OBSERVE, str(Path(__file__).parent), str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=work, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads((work / "seen.json").read_text())
    assert seen["code"] == 3
    assert "was mapped, but a virtual board runs nothing" in done.stderr
    return seen


def booked(footprint):
    """Return what each core books, as the tool chain tells it."""
    return sorted(
        [core.start, core.stop - 1, total(core.booked, 0), total(core.booked, footprint.timesteps)]
        for core in footprint.cores
    )


def description(folder):
    """Return the network of an export for its first sample: populations, lists of both signs, what is recorded."""
    manifest = json.loads((folder / "manifest.json").read_text())
    with np.load(folder / "network.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    sizes = [layer["size"] for layer in manifest["layers"]]
    weights = []
    for k, shape in enumerate(pairwise(sizes), start=1):
        parts = [
            np.concatenate([arrays[f"layer{k}_{receptor}_{part}"] for receptor in ("excitatory", "inhibitory")])
            for part in ("weight", "pre", "post")
        ]
        weights.append(csr_array((parts[0], (parts[1], parts[2])), shape=shape))
    network = described(feedforward(sizes, [matrix.nnz for matrix in weights]), weights)
    if manifest["input"]["coding"] == "current":  # no input, and no projection from it
        projections = tuple(p for p in network.projections if p.pre != "input")
        return NetworkDescription(network.populations[1:], projections)
    source = network.populations[0]
    once = Population(source.name, source.size, source.model, spikes_per_step=at_once(manifest, arrays))
    return NetworkDescription((once, *network.populations[1:]), network.projections)


def at_once(manifest, arrays):
    """Return how many inputs of the first sample spike in the same step, at most."""
    x, steps = arrays["sample"][0].astype(float), manifest["time"]["steps"]
    if manifest["input"]["coding"] == "regular":
        fired = np.diff(np.floor(0.5 + x[:, None] * np.arange(steps + 1))) > 0
    else:
        raw = np.random.PCG64([manifest["input"]["seed"], 0]).random_raw(steps * x.size)
        fired = x[:, None] > (raw >> np.uint64(11)).reshape(steps, -1).T * 2.0**-53
    return int(fired.sum(axis=0).max())


@pytest.mark.parametrize("coding", CODINGS)
def test_the_exported_script_maps_and_its_cores_book_what_the_plan_says(coding, network, digits, tmp_path):
    asked = Conversion(steps=64, coding=coding)
    folder = PyNNExporter().export(network, digits, tmp_path / "export", samples=3, asked=asked).folder
    seen = observed(folder / "network.py", tmp_path / "work", "--samples", "1")
    footprint = measure(description(folder), load_profile("spinnaker"), timesteps=seen["steps"])
    assert booked(footprint) == sorted(seen["cores"])
    assert not any(projection.lost for projection in footprint.projections)


def test_a_convolution_books_what_its_report_says_with_every_synapse_by_itself(digits, tmp_path):
    layers = {"layers": "conv:8:3,avgpool:2,30", "connectivity": "30%", "momentum": 0.9, "learning_rate": 0.05}
    run = start(configure({**layers, "epochs": 5}), tmp_path / "run")
    for _ in run.events():
        pass
    asked = Conversion(steps=64)
    network = unrolled(run.folder.trained())
    folder = PyNNExporter().export(network, digits, tmp_path / "export", samples=3, asked=asked).folder
    seen = observed(folder / "network.py", tmp_path / "work", "--samples", "1")
    footprint = measure(description(folder), load_profile("spinnaker"), timesteps=seen["steps"])
    assert booked(footprint) == sorted(seen["cores"])
    # The export records every population and has sources of its own: of the neurons of the report, the matrices.
    told = sorted(
        core["regions"]["synaptic_matrix"] for core in run.folder.report()["cores"] if core["synapses"]["live"]
    )
    found = sorted(core.booked["synaptic_matrix"].fixed for core in footprint.cores if "synaptic_matrix" in core.booked)
    assert told == found


@pytest.mark.parametrize(
    "layers", ["lif:30:delays=20:input_delays=9,mean", "lif:20:tau_syn=4,lif:16:tau_syn=3:delays=3,leaky:5,mean"]
)
def test_spiking_layers_are_mapped_with_their_delays(layers, tmp_path):
    _, trained = spiking_networks.network(layers)
    folder = NativePyNN().export(trained, spiking_networks.dataset(), tmp_path / "export", samples=2).folder
    seen = observed(folder / "network.py", tmp_path / "work", "--samples", "1")
    first = {stop + 1 for begin, stop, *_ in seen["cores"] if begin == 0}
    assert first >= set(native(trained).sizes[:-1])
