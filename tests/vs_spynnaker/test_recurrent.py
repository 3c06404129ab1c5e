"""Recurrent spiking layers with delays on the real tool chain: what our plan books is what it books and writes."""

import json

import pytest
from recurrent import drawn, plan_of
from vectors import compare
from vs_spynnaker.virtual_board import run_tool_chain

from neurosparse.description.files import write_network
from neurosparse.footprint.measure import measure
from neurosparse.footprint.trained import described
from neurosparse.report.occupancy import occupancies

#: Delays within 16 slots and beyond, within all the ring buffers reach, and held back in one stage and in two.
NETWORKS = {
    "16 slots, two layers": ("28x28,lif:100:delays=8:tau_syn=5,lif:30:delays=16,leaky:20,last,10", {}),
    "64 slots": ("28x28,lif:60:delays=40,10", {"neurons_per_core": 25}),
    "one stage": ("28x28,lif:100:delays=100,10", {}),
    "one stage, two cores": ("28x28,lif:300:delays=40:tau_syn=5,10", {}),
    "late input": ("8x8,lif:40:input_delays=20:delays=3,lif:30:input_delays=100:tau_syn=5,leaky:20,last,10", {}),
    "late input held back": ("8x8,lif:300:input_delays=40,lif:100:input_delays=100,10", {}),
    "two stages, two cores": ("28x28,lif:300:delays=80,10", {"neurons_per_core": 150}),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """By name: our plan, what it says of a network that fills it, its footprint, and what the tool chain says."""
    folder = tmp_path_factory.mktemp("recurrent")
    ours, paths = [], []
    for k, (layers, limits) in enumerate(NETWORKS.values()):
        architecture, plan = plan_of(layers, **limits)
        network = drawn(architecture, plan)
        weights = [p.weight for p in network.projections]
        description = described(plan.graph, weights, neurons_per_core=plan.options.neurons_per_core)
        paths.append(folder / f"network{k}.json")
        write_network(paths[-1], description)
        document = json.loads(paths[-1].read_text()) | {"runtime": 1000, "board_version": 5}
        paths[-1].write_text(json.dumps(document))
        filled = plan.filled(occupancies(plan, network))
        ours.append((plan, filled, measure(description, plan.profile)))
    theirs = run_tool_chain(paths)
    return dict(zip(NETWORKS, zip(ours, theirs, strict=True), strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_core_books_and_writes_what_the_plan_says(name, runs):
    (plan, filled, footprint), theirs = runs[name]
    assert not theirs["error"], theirs["error"]
    comparison = compare(footprint, theirs)
    assert not comparison.differences, "\n".join(comparison.differences)
    assert {"synblocks_canonical_sha256", "PopTable.sha256", "ring_buffer_bytes_dtcm"} <= set(comparison.fields)
    booked = {
        (core["app_vertex"], *core["slice"], core["x"], core["y"], core["p"]): core["sdram_total_at_plan"]
        for core in theirs["machine_vertices"]
    }
    told = {
        (core.population, core.start, core.stop - 1, core.x, core.y, core.p): sum(regions.values())
        for core, regions in zip(plan.cores, filled, strict=True)
    }
    assert told == booked
    assert theirs["silently_dropped_synapses"] == 0


def test_the_networks_reach_what_they_are_named_after(runs):
    stages = {name: max(p["n_delay_stages"] for p in theirs["projections"]) for name, (_, theirs) in runs.items()}
    assert list(stages.values()) == [0, 0, 1, 1, 0, 1, 2]
    slots = {name: max(p.delay_slots for p in ours[2].populations) for name, (ours, _) in runs.items()}
    assert list(slots.values()) == [16, 64, 64, 32, 128, 64, 32]
