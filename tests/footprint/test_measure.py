"""Measuring networks: the model against a plain count, its limits, and the words of its refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.description.connectors import AllToAll, FixedProbability, FromList, OneToOne
from neurosparse.description.network import NetworkDescription, Population, Projection
from neurosparse.errors import BadInput, OverBudget
from neurosparse.export import packing
from neurosparse.footprint.explain import explain
from neurosparse.footprint.measure import measure
from neurosparse.footprint.whatif import what_if
from neurosparse.hardware.library import load_profile

PROFILE = load_profile("spinnaker")


def listed(source, target, weight=1.0, delay=1.0):
    source, target = np.asarray(source, np.int32), np.asarray(target, np.int32)
    return FromList(source, target, np.full(source.size, float(weight)), np.full(source.size, float(delay)))


def between(connector, n_pre=10, n_post=300, **changes):
    populations = (Population("a", n_pre, "SpikeSourceArray"), Population("b", n_post, **changes))
    return NetworkDescription(populations, (Projection("a", "b", "excitatory", connector),))


@st.composite
def sorted_lists(draw):
    n_pre, n_post = draw(st.integers(1, 40)), draw(st.integers(1, 60))
    width = draw(st.integers(1, 64))
    pairs = draw(st.lists(st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1)), max_size=120))
    return n_pre, n_post, width, sorted(pairs)


@given(sorted_lists())
@settings(max_examples=80, deadline=None)
def test_rows_are_as_long_as_a_plain_count_says(case):
    n_pre, n_post, width, pairs = case
    connector = listed([pre for pre, _ in pairs], [post for _, post in pairs])
    footprint = measure(between(connector, n_pre, n_post, neurons_per_core=width), PROFILE)
    width = min(width, n_post, 256)
    counts = {}
    for pre, post in pairs:
        counts[pre, post // width] = counts.get((pre, post // width), 0) + 1
    projection = footprint.projections[0]
    longest = max(counts.values(), default=0)
    assert (projection.undelayed.booked, projection.undelayed.longest) == (longest, longest)
    assert projection.synapses == len(pairs)
    assert projection.unconnected == n_pre - len({pre for pre, _ in pairs})
    assert projection.lost == 0
    if pairs:
        assert counts[projection.undelayed.source, projection.undelayed.core] == longest
    assert sum(core.neurons for core in footprint.cores_of("b")) == n_post


@given(sorted_lists(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_packed_bytes_hold_every_synapse_that_is_not_lost(case, random):
    n_pre, n_post, width, pairs = case
    random.shuffle(pairs)
    connector = listed([pre for pre, _ in pairs], [post for _, post in pairs])
    footprint = measure(between(connector, n_pre, n_post, neurons_per_core=width), PROFILE)
    projection, written = footprint.projections[0], 0
    for core in footprint.cores_of("b"):
        words = packing.synaptic_matrix(footprint, core)
        assert words.nbytes == projection.matrix_bytes
        assert words.nbytes <= core.matrix
        assert len(packing.population_table(footprint, "b")) == core.booked["population_table"].fixed
        if words.size:
            rows = words.reshape(n_pre, 3 + projection.undelayed.booked)
            written += int(rows[:, 1].sum())
            np.testing.assert_array_equal((rows[:, 3:] != 0).sum(axis=1), rows[:, 1])
    assert written == len(pairs) - projection.lost


def test_one_hub_makes_every_row_as_long_and_the_reason_is_told():
    source = [*range(1, 10), *[0] * 200]
    target = [*range(9), *range(200)]
    connector = listed(np.sort(source), np.asarray(target)[np.argsort(source, kind="stable")])
    cause = explain(measure(between(connector), PROFILE))[0]
    assert (cause.row, cause.source, cause.core) == (200, 0, 0)
    assert cause.bytes == 10 * 4 * (3 + 200)
    assert cause.padding == 4 * (10 * 200 * 2 - 209)
    assert cause.filled == pytest.approx(209 / 4000)


def test_a_list_that_is_not_sorted_by_source_costs_what_sorting_saves():
    rng = np.random.default_rng(3)
    source, target = rng.integers(0, 50, 2000), rng.integers(0, 600, 2000)
    by_target = np.argsort(target, kind="stable")
    cause = explain(measure(between(listed(source[by_target], target[by_target]), 50, 600), PROFILE))[0]
    by_source = np.lexsort((target, source))
    ordered = explain(measure(between(listed(source[by_source], target[by_source]), 50, 600), PROFILE))[0]
    assert cause.bytes > cause.sorted_bytes == ordered.bytes == ordered.sorted_bytes


def test_few_inputs_leave_finer_weights():
    few = measure(between(listed(range(4), [0] * 4, 1.9)), PROFILE)
    many = measure(between(listed(range(200), [0] * 200, 1.9), 200), PROFILE)
    assert explain(few)[0].weight_step == 2.0**-12
    assert explain(many)[0].weight_step == 2.0**-6


def test_rules_are_measured_and_those_that_draw_give_bounds():
    assert measure(between(AllToAll(1.0, 1.0), 10, 300), PROFILE).projections[0].undelayed.booked == 256
    assert measure(between(OneToOne(1.0, 1.0), 300, 300), PROFILE).projections[0].undelayed.booked == 1
    bound = measure(between(FixedProbability(0.1, 1.0, 1.0), 100, 300), PROFILE)
    assert 26 < bound.projections[0].undelayed.booked < 80
    assert explain(bound)[0].synapses is None
    with pytest.raises(BadInput, match="drawn by the tool chain"):
        packing.synaptic_matrix(bound, bound.cores_of("b")[0])


def test_a_row_that_is_too_long_names_its_source_and_what_fits():
    source = np.repeat(np.arange(3), [5, 400, 5])
    target = np.concatenate([np.arange(5), np.tile(np.arange(200), 2), np.arange(5)])
    with pytest.raises(OverBudget, match="neuron 1 of 'a' has 400 onto core 0 of 'b'") as caught:
        measure(between(listed(source, target), 3, 300), PROFILE)
    assert caught.value.numbers == {"needs": "400 synapses", "there is": "256 a row", "too much": "144"}
    assert caught.value.help.endswith("--neurons-per-core 128")
    measure(between(listed(source, target), 3, 300, neurons_per_core=128), PROFILE)
    with pytest.raises(OverBudget):
        measure(between(listed(source, target), 3, 300, neurons_per_core=129), PROFILE)


def test_a_delay_beyond_reach_names_its_projection():
    connector = listed([0, 1], [0, 1], delay=400.0)
    with pytest.raises(BadInput, match="beyond what spinnaker reaches") as caught:
        measure(between(connector), PROFILE)
    assert caught.value.where == "projections[0]"
    assert caught.value.numbers == {"needs": "400 ms", "there is": "288 ms", "too much": "112 ms"}
    measure(between(listed([0, 1], [0, 1], delay=288.0)), PROFILE)


def test_stages_of_two_lengths_are_refused_beforehand():
    populations = (Population("a", 10), Population("b", 300), Population("c", 40))
    projections = tuple(
        Projection("a", post, "excitatory", listed([0], [0], delay=delay))
        for post, delay in (("b", 60.0), ("c", 200.0))
    )
    with pytest.raises(BadInput, match="stages of two lengths"):
        measure(NetworkDescription(populations, projections), PROFILE)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": "EIF_cond_exp_isfa_ista"}, "no cell type on spinnaker"),
        ({"records": ("w",)}, "no variable to record"),
        ({"sampling": 1.5}, "sampled every 1.5 ms"),
    ],
)
def test_what_the_machine_does_not_know_is_refused(changes, told):
    with pytest.raises(BadInput, match=told):
        measure(between(listed([0], [0]), **changes), PROFILE)


def test_more_boards_are_taken_as_needed_or_refused():
    network = NetworkDescription((Population("a", 256 * 800),), ())
    assert measure(network, PROFILE).boards == 3
    with pytest.raises(OverBudget, match="does not fit on 1 board") as caught:
        measure(network, PROFILE, boards=1)
    assert caught.value.numbers == {"needs": "800 cores", "there is": "759", "too much": "41"}
    assert "--boards 3" in caught.value.help
    with pytest.raises(OverBudget, match="does not fit on 2 boards") as caught:
        measure(network, PROFILE, boards=2)
    needs = {"needs": "3 boards", "there is": "2", "too much": "1", "for": "50 chips (800 cores)"}
    assert caught.value.numbers == needs
    with pytest.raises(OverBudget, match="does not fit on 1,200 boards"):
        measure(NetworkDescription((Population("a", 2**31 - 1),), ()), PROFILE)
    assert measure(network, PROFILE, boards=3).boards == 3


def test_what_would_be_otherwise_holds_when_it_is_done():
    rng = np.random.default_rng(5)
    source = np.sort(rng.integers(0, 200, 3000))
    network = between(listed(source, rng.integers(0, 300, 3000)), 200, 300)
    footprint = measure(network, PROFILE)
    otherwise = what_if(footprint, None)
    assert [w.neurons for w in otherwise.widths] == [256, 128, 64, 32, 16, 8]
    for width in otherwise.widths:
        again = measure(between(network.projections[0].connector, 200, 300, neurons_per_core=width.neurons), PROFILE)
        assert (width.cores, width.chips) == (len(again.cores), len(again.chips))
        assert width.largest == max(core.memories["sdram"].used for core in again.cores)
    for limit in otherwise.limits:
        kept = {}
        for pre, post in zip(source, network.projections[0].connector.target, strict=True):
            kept[pre, post // 256] = kept.get((pre, post // 256), 0) + 1
        assert limit.moved == sum(max(0, count - limit.limit) for count in kept.values())
        assert limit.bytes == 200 * 4 * (3 + limit.limit) < limit.before
    room = otherwise.rooms[0]
    assert room.now == 200 * 2 * footprint.projections[0].undelayed.booked
    assert room.row == 256


def test_a_memory_that_overflows_is_told_though_the_tool_chain_does_not_ask():
    sources = tuple(Population(f"s{k}", 4, "SpikeSourceArray") for k in range(200))
    target = Population("b", 256, records=("spikes", "v", "gsyn_exc", "gsyn_inh"))
    projections = tuple(Projection(p.name, "b", "excitatory", listed([0], [0], delay=30.0)) for p in sources)
    footprint = measure(NetworkDescription((*sources, target), projections), PROFILE)
    core = footprint.overflowing
    assert core is footprint.cores_of("b")[0]
    assert core.memories["sdram"].fits
    assert not core.memories["dtcm"].fits
    assert measure(NetworkDescription((*sources[:3], target), projections[:3]), PROFILE).overflowing is None
