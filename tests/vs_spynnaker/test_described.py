"""The script of a described network on the real tool chain: its cores book what the plan of that description says."""

import numpy as np
import pytest
from vs_spynnaker.test_exported import booked, observed

from neurosparse.description.connectors import AllToAll, FromList, OneToOne
from neurosparse.description.network import NetworkDescription, Population, Projection
from neurosparse.export.described.exporter import described_exporters
from neurosparse.export.described.values import Asked
from neurosparse.footprint.measure import measure
from neurosparse.hardware.library import load_profile


def network(cell, weight):
    """Every kind of source, connector and setting that a description has and a plan covers."""
    pairs = np.arange(0, 90 * 70, 7)
    delay = 1.0 + pairs % 5
    one = FromList((pairs // 70).astype(np.int32), (pairs % 70).astype(np.int32), np.full(len(pairs), weight), delay)
    populations = (
        Population("in", 90, "SpikeSourceArray", spikes_per_step=0),
        Population("noise", 70, "SpikeSourcePoisson", rate=10.0),
        Population("a", 70, cell, records=("spikes", "v"), sampling=2.0, neurons_per_core=32),
        Population("b", 30, cell),
    )
    projections = (
        Projection("in", "a", "excitatory", one),
        Projection("noise", "a", "inhibitory", OneToOne(weight, 2.0)),
        Projection("a", "b", "excitatory", AllToAll(weight, 3.0)),
    )
    return NetworkDescription(populations, projections)


@pytest.mark.parametrize(
    ("cell", "weight"),
    [("IF_curr_exp", 0.5), ("IF_curr_alpha", 0.5), ("IF_curr_delta", 2.0), ("IF_cond_exp", 0.01), ("Izhikevich", 3.0)],
)
def test_the_script_maps_and_its_cores_book_what_the_plan_says(cell, weight, tmp_path):
    described = network(cell, weight)
    exporter = described_exporters.load("pynn")()
    folder = exporter.export(described, tmp_path / "export", asked=Asked(steps=50)).folder
    seen = observed(folder / "network.py", tmp_path / "work")
    footprint = measure(described, load_profile("spinnaker"), timesteps=seen["steps"])
    assert booked(footprint) == sorted(seen["cores"])
