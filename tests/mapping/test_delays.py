"""Recurrent projections and delays in a plan: what is booked, what is sure to fit, and what is refused."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from recurrent import drawn, plan_of
from scipy.sparse import csr_array

from neurosparse.errors import OverBudget
from neurosparse.footprint.measure import measure
from neurosparse.footprint.trained import described
from neurosparse.mapping.cost import booked_bytes
from neurosparse.mapping.delays import Delays
from neurosparse.mapping.plan import Plan
from neurosparse.report.occupancy import occupancies

NETWORKS = [
    ("8x8,lif:40,10", {}),
    ("8x8,lif:40:recurrent=no:tau_syn=5,10", {}),
    ("28x28,lif:100:delays=8,10", {}),
    ("28x28,lif:100:delays=16:tau_syn=5,lif:30:delays=3,leaky:20,last,10", {}),
    ("8x8,lif:100:delays=64,10", {"synapses_per_core": 30_000}),
    ("8x8,lif:100:delays=65,10", {}),
    ("8x8,lif:100:delays=100,10", {}),
    ("8x8,lif:300:delays=40,10", {}),
    ("8x8,lif:300:delays=80,10", {"neurons_per_core": 150}),
    ("28x28,lif:100:input_delays=6,10", {}),
    ("8x8,lif:300:input_delays=40,lif:100:input_delays=100,10", {}),
    ("8x8,lif:40:input_delays=20:delays=3,lif:30:input_delays=100:recurrent=no:tau_syn=5,leaky:20,last,10", {}),
    ("8x8,lif:60:delays=20,10", {"max_row_length": 2, "neurons_per_core": 25}),
]


@pytest.mark.parametrize(("layers", "limits"), NETWORKS)
def test_whatever_the_slots_hold_fits_and_is_booked_as_measured(layers, limits):
    """With a few synapses, and with as many as are sure to fit: cores, places and every region of each."""
    few = 0.005
    _, plan = plan_of(layers, few, **limits)
    sure = tuple(plan.guaranteed(p.name) / plan.graph.pairs(p) for p in plan.graph.projections)
    for connectivity in (few, tuple(math.floor(part * 100) / 100 for part in sure)):
        architecture, plan = plan_of(layers, connectivity, **limits)
        network = drawn(architecture, plan)
        filled = plan.filled(occupancies(plan, network))
        weights = [p.weight for p in network.projections]
        footprint = measure(
            described(plan.graph, weights, neurons_per_core=plan.options.neurons_per_core), plan.profile
        )
        assert not any(p.lost for p in footprint.projections)
        for core, regions, booked in zip(plan.cores, filled, footprint.cores, strict=True):
            place = core.population, core.start, core.stop, core.x, core.y, core.p
            assert place == (booked.population, booked.start, booked.stop, booked.x, booked.y, booked.p)
            assert regions == booked_bytes(booked.booked, 1000)
            assert sum(regions.values()) <= core.main.used <= core.main.available
            if "dtcm" in core.memories:
                assert booked.memories["dtcm"].used <= core.memories["dtcm"].used
        assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_populations_and_projections_have_their_names_and_cells():
    _, plan = plan_of("28x28,lif:100:delays=8:tau_syn=5,lif:30:recurrent=no,leaky:20,last,10")
    assert [(p.name, p.size, p.model, p.records) for p in plan.graph.populations] == [
        ("input", 28, "SpikeSourceArray", ()),
        ("lif1", 100, "IF_curr_exp", ()),
        ("lif2", 30, "IF_curr_delta", ()),
        ("output", 10, "IF_curr_delta", ("v",)),
    ]
    assert [(p.name, p.pre, p.post, p.delays) for p in plan.graph.projections] == [
        ("input-lif1", "input", "lif1", 1),
        ("lif1-lif1", "lif1", "lif1", 8),
        ("lif1-lif2", "lif1", "lif2", 1),
        ("lif2-output", "lif2", "output", 1),
    ]


def test_rows_that_delays_share_bind_and_short_ones_do_not():
    _, plan = plan_of("28x28,lif:100:delays=8,10")
    assert [plan.max_row_length(p.name) for p in plan.graph.projections] == [None, 32, None]
    assert plan.capacity("lif1-lif1") == (800 * 64,)
    _, plan = plan_of("28x28,lif:30:delays=8,10")
    assert plan.max_row_length("lif1-lif1") is None
    assert plan.capacity("lif1-lif1") == (30 * 8 * 30,)


def test_a_delay_extension_is_booked_only_where_a_connection_needs_it():
    architecture, plan = plan_of("8x8,lif:100:delays=65,10")
    network = drawn(architecture, plan)
    own = network.projections[1]
    near = csr_array(own.weight.multiply((np.arange(own.weight.shape[0]) % 65 < 3)[:, None]))
    near.eliminate_zeros()
    network = replace(network, projections=(network.projections[0], replace(own, weight=near), network.projections[2]))
    assert 0 < near.nnz < own.weight.nnz
    filled = plan.filled(occupancies(plan, network))
    footprint = measure(described(plan.graph, [p.weight for p in network.projections]), plan.profile)
    assert plan.cores[-1].population == "lif1_delayed"
    assert [core.population for core in footprint.cores] == ["input", "lif1", "output"]
    assert sum(filled[-1].values()) == 0
    assert [sum(regions.values()) for regions in filled[:-1]] == [
        sum(booked_bytes(core.booked, 1000).values()) for core in footprint.cores
    ]


@pytest.mark.parametrize(
    ("longest", "slots", "stages", "in_a_row"),
    [(1, 64, 0, 1), (8, 64, 0, 8), (64, 64, 0, 64), (65, 64, 1, 64), (128, 64, 1, 65), (129, 64, 2, 66)],
)
def test_stages_and_delays_that_share_a_row(longest, slots, stages, in_a_row):
    delays = Delays(longest, slots)
    assert (delays.stages, delays.in_a_row) == (stages, in_a_row)


@pytest.mark.parametrize(
    ("layers", "says", "there_is"),
    [
        ("8x8,lif:100:delays=700,10", "ring buffers reach 64, and a delay extension has 8 stages", "319"),
        ("8x8,lif:100:delays=400,10", "337 delays would share a synaptic row, which holds 256", "319"),
        ("8x8,lif:300:delays=80,10", "a last core that is not full, it loses synapses", "64"),
        ("8x8,lif:256:delays=300,10", "ring buffers reach 32, and a delay extension has 8 stages", "287"),
    ],
)
def test_delays_that_are_too_long_are_refused_with_what_fits(layers, says, there_is):
    with pytest.raises(OverBudget, match=says) as caught:
        plan_of(layers)
    assert caught.value.numbers["there is"] == there_is
    plan_of(re.sub(r"delays=\d+", f"delays={there_is}", layers), 0.001)
    if match := re.search(r"--neurons-per-core (\d+)", caught.value.help):
        plan_of(layers, neurons_per_core=int(match[1]))
    else:
        assert caught.value.help == f"delays of up to {there_is} fit"


def test_a_population_held_back_for_two_projections_is_refused():
    with pytest.raises(OverBudget, match="two projections from 'lif1' have delays beyond the ring buffers"):
        plan_of("8x8,lif:300:delays=40,lif:300:input_delays=40,10")
