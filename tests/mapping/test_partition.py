"""Populations cut as the tool chain cuts them."""

import pytest
from booked import NETWORKS, PROFILE
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import Graph, Population
from neurosparse.mapping.partition import cut, partition, slice_width


@pytest.mark.parametrize("name", NETWORKS)
def test_there_are_as_many_slices_as_the_tool_chain_made(name):
    network = NETWORKS[name]
    for population, size, model, _ in network["populations"]:
        graph = Graph((Population(population, size, model),), ())
        slices = partition(graph, PROFILE, network.get("neurons_per_core"))[0]
        assert len(slices) == len(network["cores"][population]["places"])


@given(st.integers(1, 5_000), st.integers(1, 300))
def test_slices_are_full_but_the_last_and_cover_all(size, limit):
    population = Population("a", size)
    width = slice_width(population, PROFILE, limit)
    slices = cut(population, width)
    assert width <= min(limit, 256, size)
    assert [part.start for part in slices] == list(range(0, size, width))
    assert slices[-1].stop == size
    assert all(part.neurons == width for part in slices[:-1])


def test_a_spike_source_is_not_cut():
    assert slice_width(Population("in", 4_000, "SpikeSourceArray"), PROFILE, 10) == 4_000


def test_more_slices_than_cores_are_refused():
    graph = Graph((Population("a", 760 * 256),), ())
    with pytest.raises(OverBudget, match="too few cores") as caught:
        partition(graph, PROFILE)
    assert caught.value.numbers == {"needs": "760 cores", "there is": "759", "too much": "1"}
    assert len(partition(Graph((Population("a", 759 * 256),), ()), PROFILE)[0]) == 759


def test_senseless_limits_and_unknown_cells_are_refused():
    with pytest.raises(BadInput, match="0 neurons on a core"):
        slice_width(Population("a", 10), PROFILE, 0)
    with pytest.raises(BadInput, match="no cell type on spinnaker called 'EIF_cond_exp_isfa_ista'"):
        slice_width(Population("a", 10, "EIF_cond_exp_isfa_ista"), PROFILE)
