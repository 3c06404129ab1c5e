"""Plans: who holds what, what they promise, and what they say when something does not fit."""

import json
import re
from collections import Counter
from dataclasses import replace
from importlib import resources

import pytest
from booked import NETWORKS, PROFILE, with_rows
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput, FileFault, OverBudget
from neurosparse.graph import Graph, Population, Projection, feedforward
from neurosparse.hardware.ledger import Usage
from neurosparse.hardware.parse import parse_profile
from neurosparse.hardware.topology import board_chips
from neurosparse.mapping.place import Load, place
from neurosparse.mapping.plan import Plan, make_plan
from neurosparse.shares import split_budget, total_pairs

_SIZES = (784, 300, 100, 10)
_GRAPH = feedforward(_SIZES, split_budget(_SIZES, 3_552))


def _chain(sizes, synapses, **options):
    return make_plan(feedforward(sizes, split_budget(sizes, synapses)), PROFILE, **options)


def _profile(**changes):
    """Return the profile with some of its figures changed: the text of each `old` becomes `new`."""
    text = resources.files("neurosparse.hardware_profiles").joinpath("spinnaker.toml").read_text(encoding="utf-8")
    for key, value in changes.items():
        text = re.sub(rf"(?m)^{key} = {{ value = [^,]+,", f"{key} = {{ value = {value},", text, count=1)
    return parse_profile(text, "changed")


def test_the_plan_of_the_paper_network():
    plan = make_plan(_GRAPH, PROFILE)
    slices = [(core.population, core.start, core.stop, core.x, core.y, core.p) for core in plan.cores]
    assert slices == [
        ("input", 0, 784, 0, 0, 3),
        ("hidden1", 0, 256, 0, 0, 4),
        ("hidden1", 256, 300, 0, 0, 5),
        ("hidden2", 0, 100, 0, 0, 6),
        ("output", 0, 10, 0, 0, 7),
    ]
    assert plan.chips == ((0, 0),)
    assert plan.capacity("input-hidden1") == (784 * 256, 784 * 44)
    assert plan.capacity("hidden2-output") == (1_000,)
    assert [plan.width(population.name) for population in _GRAPH.populations] == [784, 256, 100, 10]
    with pytest.raises(BadInput, match="no projection called 'x'"):
        plan.capacity("x")


def _found(**rows):
    """Return occupancies by projection with the longest rows given."""
    return {name.replace("_", "-"): with_rows(pair) for name, pair in rows.items()}


def test_a_filled_plan_is_what_the_tool_chain_booked():
    graph = replace(_GRAPH, populations=(*_GRAPH.populations[:-1], Population("output", 10, records=("spikes",))))
    plan = make_plan(graph, PROFILE)
    rows = _found(input_hidden1=(7, 8), hidden1_hidden2=(3, 5), hidden2_output=(1, 1))
    cores = NETWORKS["ff_784_p013"]["cores"]
    names = {"input": "in", "hidden1": "l1", "hidden2": "l2", "output": "l3"}
    for core, regions in zip(plan.cores, plan.filled(rows), strict=True):
        booked = cores[names[core.population]]["booked"]
        total = sum(fixed + 1000 * per_step for fixed, per_step in booked.values())
        assert sum(regions.values()) == total
        if core.population != "input":
            assert regions == {name: fixed + 1000 * per_step for name, (fixed, per_step) in booked.items()}


def test_a_sign_without_synapses_builds_nothing():
    plan = make_plan(_GRAPH, PROFILE)
    both = plan.filled(_found(input_hidden1=(2, 2), hidden1_hidden2=(1, 1), hidden2_output=(1, 1)))
    one = plan.filled(_found(input_hidden1=(2, 0), hidden1_hidden2=(1, 1), hidden2_output=(1, 1)))
    none = plan.filled(_found(input_hidden1=(0, 0), hidden1_hidden2=(0, 0), hidden2_output=(0, 0)))
    assert both[1]["population_table"] - one[1]["population_table"] == 4
    assert both[1]["synaptic_matrix"] - one[1]["synaptic_matrix"] == 784 * 5 * 4
    assert none[1]["synaptic_matrix"] == 8
    assert none[1]["population_table"] == 8


@given(
    st.lists(st.integers(1, 1_500), min_size=2, max_size=4),
    st.floats(0.001, 1.0),
    st.none() | st.integers(1, 300),
    st.none() | st.integers(1, 100_000),
)
def test_a_plan_keeps_its_promises(sizes, connectivity, neurons_per_core, synapses_per_core):
    pairs = total_pairs(sizes)
    synapses = max(1, int(connectivity * pairs))
    try:
        plan = _chain(sizes, synapses, neurons_per_core=neurons_per_core, synapses_per_core=synapses_per_core)
    except OverBudget as fault:
        _retry(fault, sizes, synapses, neurons_per_core, synapses_per_core)
        return
    room = {(chip.x, chip.y): chip.application_sdram for chip in board_chips(PROFILE)}
    shares = Counter()
    for core in plan.cores:
        assert next(iter(core.memories)) == "sdram"
        assert all(usage.fits for usage in core.memories.values())
        shares[core.x, core.y] += core.main.available
        if synapses_per_core is not None:
            assert sum(core.slots.values()) <= synapses_per_core
        if neurons_per_core is not None and core.population != "input":
            assert core.neurons <= neurons_per_core
    assert all(size <= room[xy] for xy, size in shares.items())
    for projection in plan.graph.projections:
        assert projection.synapses <= sum(plan.capacity(projection.name))
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def _retry(fault, sizes, synapses, neurons_per_core, synapses_per_core):
    """Check that what an error message proposes does fit."""
    assert set(fault.numbers) == {"needs", "there is", "too much"}
    assert fault.help
    options = {"neurons_per_core": neurons_per_core, "synapses_per_core": synapses_per_core}
    if found := re.search(r"--synapses (\d+)", fault.help):
        assert _chain(sizes, int(found[1]), **options)
    if found := re.search(r"--neurons-per-core (\d+)", fault.help):
        assert _chain(sizes, synapses, **{**options, "neurons_per_core": int(found[1])})


def test_too_many_synapses_are_refused_with_what_would_fit():
    with pytest.raises(
        OverBudget, match="projection 'input-output' cannot be guaranteed to fit on the cores of spinnaker"
    ) as caught:
        _chain((4_000, 4_000), 160_000)
    numbers = {name: int(value.split()[0].replace(",", "")) for name, value in caught.value.numbers.items()}
    assert numbers["needs"] - numbers["there is"] == numbers["too much"]
    most = int(re.search(r"--synapses (\d+)", caught.value.help)[1])
    assert most == numbers["there is"]
    assert sum(_chain((4_000, 4_000), most).capacity("input-output")) == most
    neurons = int(re.search(r"--neurons-per-core (\d+)", caught.value.help)[1])
    assert _chain((4_000, 4_000), 160_000, neurons_per_core=neurons)
    with pytest.raises(OverBudget):
        _chain((4_000, 4_000), 160_000, neurons_per_core=neurons + 1)


def test_the_users_own_limit_is_named():
    with pytest.raises(OverBudget) as caught:
        make_plan(_GRAPH, PROFILE, synapses_per_core=1_000)
    assert "--synapses-per-core" in caught.value.help
    assert caught.value.numbers["there is"] == "2,000 slots"


def test_too_many_timesteps_are_refused_with_how_many_fit():
    with pytest.raises(OverBudget, match="population 'input' does not fit on a chip") as caught:
        make_plan(_GRAPH, PROFILE, timesteps=100_000)
    steps = int(re.search(r"--timesteps (\d+)", caught.value.help)[1])
    assert make_plan(_GRAPH, PROFILE, timesteps=steps)
    with pytest.raises(OverBudget):
        make_plan(_GRAPH, PROFILE, timesteps=steps + 1)


def test_too_little_dtcm_is_refused_with_how_many_neurons_fit():
    small = _profile(heap=15_000)
    with pytest.raises(OverBudget, match=r"population 'hidden1' .* too little DTCM") as caught:
        make_plan(_GRAPH, small)
    assert caught.value.numbers["needs"] == "23.2 KiB"
    neurons = int(re.search(r"--neurons-per-core (\d+)", caught.value.help)[1])
    assert make_plan(_GRAPH, small, neurons_per_core=neurons)
    with pytest.raises(OverBudget, match="too little DTCM"):
        make_plan(_GRAPH, small, neurons_per_core=neurons + 1)
    with pytest.raises(OverBudget) as caught:
        make_plan(_GRAPH, _profile(heap=1_000))
    assert caught.value.help == "not even one neuron fits on a core"


def test_too_few_cores_are_refused():
    with pytest.raises(OverBudget, match="too few cores") as caught:
        _chain((784, 20_000, 10), 10_000, neurons_per_core=20)
    assert caught.value.help == "256 neurons per core fit:  --neurons-per-core 256"
    with pytest.raises(OverBudget, match="too few cores") as caught:
        _chain((784, 1_000_000, 10), 10_000)
    assert caught.value.help == "make the layers smaller"


@pytest.mark.parametrize("options", [{"neurons_per_core": 0}, {"synapses_per_core": 0}, {"timesteps": 0}])
def test_senseless_limits_are_refused(options):
    with pytest.raises(BadInput, match="make no sense"):
        make_plan(_GRAPH, PROFILE, **options)


def test_several_projections_share_a_core():
    graph = Graph(
        (Population("a", 3_000, "SpikeSourceArray"), Population("b", 3_000), Population("c", 600)),
        (Projection("ac", "a", "c", 300), Projection("bc", "b", "c", 100), Projection("cc", "c", "c", 0)),
    )
    plan = make_plan(graph, PROFILE)
    for core in plan.cores[-3:]:
        assert set(core.slots) == {"ac", "bc", "cc"}
        assert core.main.fits
        assert core.slots["ac"] >= 100
        assert core.slots["bc"] >= 34


# In the second, the output is the sixteenth core of its chip: the one that the tool chain's idea of full is about.
@pytest.mark.parametrize("sizes", [(1_000, 3_000, 2_000, 10), (100, 14 * 256, 15 * 256, 10)])
def test_the_places_do_not_depend_on_how_much_training_fills(sizes):
    plan = _chain(sizes, 500)
    empty = [(core.x, core.y, core.p) for core in plan.cores]
    loads = [
        Load(population.name, tuple(core.main.available for core in plan.cores if core.population == population.name))
        for population in plan.graph.populations
    ]
    full = [(spot.x, spot.y, spot.p) for group in place(loads, PROFILE) for spot in group]
    assert full == empty


def _paths(value, path=()):
    """Yield the path of every value inside a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


_DOCUMENT = json.loads(json.dumps(_chain((20, 8, 3), 40).to_json()))
_PATHS = [path for path in _paths(_DOCUMENT) if path and "sources" not in path and "title" not in path]


@given(st.sampled_from(_PATHS), st.sampled_from([None, "x", -1, [], {}, 1.5, True]) | st.just("delete"))
def test_a_damaged_plan_is_a_file_fault_or_means_the_same(path, patch):
    document = json.loads(json.dumps(_DOCUMENT))
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    if patch == "delete":
        del inside[path[-1]]
    else:
        inside[path[-1]] = patch
    try:
        plan = Plan.from_json(document)
    except FileFault:
        return
    assert [core.neurons for core in plan.cores] == [20, 8, 3]
    assert plan.profile.fingerprint == _DOCUMENT["profile"]["fingerprint"]


@pytest.mark.parametrize(
    "nonsense", [None, 3, [], {}, {"schema": "neurosparse.report/2"}, {"schema": "neurosparse.plan/2"}]
)
def test_what_is_no_plan_is_refused(nonsense):
    with pytest.raises(FileFault):
        Plan.from_json(nonsense)


def test_faults_of_a_plan_are_named():
    document = json.loads(json.dumps(_DOCUMENT))
    document["cores"][1]["stop"] = 7
    with pytest.raises(FileFault, match="do not hold the populations"):
        Plan.from_json(document)
    document["cores"][1]["slots"]["input-hidden1"] = -1
    document["cores"][1]["stop"] = 8
    with pytest.raises(FileFault, match="fewer than no"):
        Plan.from_json(document)
    document["cores"][1]["stop"] = "seven"
    with pytest.raises(FileFault, match=r"cores\.1\.stop"):
        Plan.from_json(document)
    changed = json.loads(json.dumps(_DOCUMENT))
    changed["profile"]["figures"]["row"]["header_words"] = 4
    with pytest.raises(FileFault, match="fingerprint"):
        Plan.from_json(changed)


def test_equal_plans_give_equal_documents():
    assert json.dumps(make_plan(_GRAPH, PROFILE).to_json()) == json.dumps(make_plan(_GRAPH, PROFILE).to_json())


def test_a_share_is_a_pair():
    core = make_plan(_GRAPH, PROFILE).cores[0]
    assert core.main == core.memories["sdram"] == Usage(3_726 + 3_214 * 1_000, core.main.available)
    assert "dtcm" not in core.memories
