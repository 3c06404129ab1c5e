"""The memory model equals what the real tool chain booked, region by region."""

from dataclasses import replace

import pytest
from booked import NETWORKS, PROFILE, incoming, width
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.mapping import cost
from neurosparse.mapping.dtcm import dtcm_usage

_NEURONS = [
    (name, population, records)
    for name, network in NETWORKS.items()
    for population, _, model, records in network["populations"]
    if model == "IF_curr_exp"
]
_SOURCES = [
    (name, population, size)
    for name, network in NETWORKS.items()
    for population, size, model, _ in network["populations"]
    if model == "SpikeSourceArray"
]
_LIF = PROFILE.neuron_models["IF_curr_exp"]


@pytest.mark.parametrize(("name", "population", "records"), _NEURONS)
def test_every_region_of_a_core_of_neurons_is_what_was_booked(name, population, records):
    network = NETWORKS[name]
    regions = cost.neuron_core(PROFILE, _LIF, width(network, population), incoming(network, population), records)
    booked = network["cores"][population]["booked"]
    assert {region: list(booking) for region, booking in regions.items()} == booked


@pytest.mark.parametrize(("name", "population", "size"), _SOURCES)
def test_a_spike_source_is_what_was_booked(name, population, size):
    regions = cost.source_core(PROFILE.source_models["SpikeSourceArray"], size)
    total = [sum(booking.fixed for booking in regions.values()), sum(booking.per_step for booking in regions.values())]
    assert total == NETWORKS[name]["cores"][population]["booked"]["total"]


@pytest.mark.parametrize(("name", "population", "records"), _NEURONS)
def test_the_ring_buffers_are_what_the_tool_chain_computed(name, population, records):
    network = NETWORKS[name]
    cores = network["cores"][population]
    found = cost.ring_buffer_bytes(PROFILE, _LIF, width(network, population), cores["longest_delay"])
    assert found == cores["ring_buffers"]


def test_totals_of_a_network_from_the_documentation():
    network = NETWORKS["ff_784_p013"]
    totals = {}
    for population, size, model, records in network["populations"]:
        if model == "IF_curr_exp":
            regions = cost.neuron_core(
                PROFILE, _LIF, width(network, population), incoming(network, population), records
            )
        else:
            regions = cost.source_core(PROFILE.source_models[model], size)
        totals[population] = sum(cost.booked_bytes(regions, 1000).values())
    assert totals == {"in": 3726 + 3214 * 1000, "l1": 201_392, "l2": 82_404, "l3": 9_756 + 8 * 1000}


@pytest.mark.parametrize(("values", "bits"), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (256, 8), (257, 9)])
def test_bits_of_an_index(values, bits):
    assert cost.n_bits(values) == bits


def test_dtcm_is_the_sum_of_its_allocations():
    sources = [cost.Incoming("a", 784, 784, 7), cost.Incoming("a", 784, 784, 8)]
    ring, neurons, keys, table = 2_048, 256 * (32 + 4 + 24), 256 * 4, 20 + 2 * 4
    buffers, queue, recording, bits = 2 * 1_032, 1_040, 4 * 2 * 256, 4 + 100
    # ring, 3 structs, keys, entries, addresses, 2 row buffers, queue, 4 recordables, pointers, 1 filter
    mallocs = 1 + 3 + 1 + 1 + 1 + 2 + 1 + 4 + 1 + 1
    usage = dtcm_usage(PROFILE, _LIF, 256, sources, [], 1)
    assert usage.used == ring + neurons + keys + table + buffers + queue + recording + bits + 8 * mallocs
    assert usage.available == 60_820


def test_bit_fields_count_only_as_far_as_they_fit():
    few = [cost.Incoming("a", 10, 10, 1)]
    many = [cost.Incoming("a", 10_000_000, 256, 1)]
    assert dtcm_usage(PROFILE, _LIF, 256, many, [], 1).fits
    assert dtcm_usage(PROFILE, _LIF, 256, many, [], 1).used < dtcm_usage(PROFILE, _LIF, 256, few, [], 1).used


def test_longer_delays_take_more_ring_buffers_up_to_all_the_bits():
    sizes = [cost.ring_buffer_bytes(PROFILE, _LIF, 256, delay) for delay in (1, 2, 3, 16, 32, 1000)]
    assert sizes == [2_048, 2_048, 4_096, 16_384, 32_768, 32_768]


def test_a_row_beyond_the_longest_is_refused():
    with pytest.raises(BadInput, match="synaptic row from 'a' is longer"):
        cost.matrix_bytes(PROFILE, [cost.Incoming("a", 10, 10, 257)])


def test_a_matrix_beyond_all_addresses_is_refused():
    with pytest.raises(BadInput, match="beyond what the population table"):
        cost.matrix_bytes(PROFILE, [cost.Incoming("a", 300_000, 300_000, 256), cost.Incoming("b", 1, 1, 1)])


def test_unknown_models_and_variables_are_told():
    with pytest.raises(BadInput, match="no cell type on spinnaker called 'IF_cur_exp'") as caught:
        cost.neuron_model(PROFILE, "IF_cur_exp")
    assert "did you mean 'IF_curr_exp'?" in str(caught.value)
    with pytest.raises(BadInput, match="no variable to record called 'w'"):
        cost.neuron_core(PROFILE, _LIF, 10, [], ["w"])


@given(
    st.integers(1, 3_000),
    st.integers(1, 300),
    st.integers(0, 256),
    st.integers(0, 256),
    st.integers(0, 64),
    st.integers(0, 8),
)
def test_the_bound_holds_for_any_division_between_the_signs(n_pre, block, excitatory, inhibitory, before, stages):
    earlier = [cost.Incoming("before", before, before, 1)] if before else []
    start = cost.matrix_bytes(PROFILE, earlier)
    # Behind a delay extension the same synapses may count once more, in every stage.
    pair = [
        cost.Incoming("a", n_pre, block, row, stages, row if stages else 0) for row in (excitatory, inhibitory)
    ]  # fmt: skip
    added = cost.matrix_bytes(PROFILE, earlier + pair) - start
    bound = cost.matrix_bound(PROFILE, n_pre, block, excitatory + inhibitory, stages)
    assert added <= bound
    # It is a bound for the alignment alone: a word short of 16 bytes for each block of each sign.
    if excitatory and inhibitory:
        assert bound - added <= 2 * -(-n_pre // min(block, n_pre)) * 12 * (1 + bool(stages))


@given(st.integers(1, 2_000), st.integers(1, 300), st.integers(0, 255))
def test_more_synapses_never_take_fewer_bytes(n_pre, block, row):
    shorter = cost.Incoming("a", n_pre, block, row)
    assert cost.matrix_bytes(PROFILE, [shorter]) <= cost.matrix_bytes(PROFILE, [replace(shorter, row=row + 1)])
