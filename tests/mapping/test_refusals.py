"""Networks that do not go on a machine are refused with the numbers, and the advice holds."""

import re

import pytest

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import Graph, Population, Projection, feedforward
from neurosparse.hardware.library import load_profile, profile_names
from neurosparse.mapping.plan import make_plan
from neurosparse.shares import split_budget, total_pairs

_STATED = {"neurons_per_core": 128, "synapses_per_core": 2_000}


def _plan(machine, sizes, synapses, **options):
    return make_plan(feedforward(sizes, split_budget(sizes, synapses)), load_profile(machine), **options)


@pytest.mark.parametrize("name", profile_names())
def test_every_machine_plans_a_small_network(name):
    options = _STATED if name == "spinnaker2" else {}
    plan = _plan(name, (16, 100, 50, 8), 500, **options)
    assert sum(core.neurons for core in plan.cores if core.population != "input") == 158
    assert all(usage.fits for core in plan.cores for usage in core.memories.values())
    for projection in plan.graph.projections:
        assert projection.synapses <= plan.guaranteed(projection.name) <= sum(plan.capacity(projection.name))


@pytest.mark.parametrize(
    ("machine", "sizes", "synapses", "what", "numbers"),
    [
        ("loihi", (64, 140_000, 10), 1_000, "too few cores", ("138 cores", "128", "10")),
        ("loihi", (64, 1_024, 4_500, 10), 1_000, "too few outgoing axons", ("5,120 axons", "4,096", "1,024")),
        ("dynapse2", (64, 1_100, 10), 1_000, "too few tags", ("2,284 tags", "2,048", "236")),
        ("dynapse2", (784, 100, 10), 10_000, "cannot be guaranteed", ("synapses", "6,400 slots", "")),
        ("brainscales2", (64, 500, 20), 1_000, "too few cores", ("3 cores", "2", "1")),
        ("odin", (64, 300, 10), 1_000, "an address each", ("374 addresses", "256", "118")),
        ("xylo", (64, 100, 8), 1_000, "too many inputs", ("64 inputs", "16", "48")),
        ("xylo", (16, 1_001, 8), 1_000, "too many hidden neurons", ("1,001 hidden", "1,000", "1")),
        ("xylo", (16, 100, 10), 1_000, "too many output neurons", ("10 output", "8", "2")),
        ("xylo", (16, 600, 400, 8), 60_000, "cannot be guaranteed", ("synapses", "slots", "")),
    ],
)
def test_what_does_not_fit_is_refused_with_the_numbers(machine, sizes, synapses, what, numbers):
    with pytest.raises(OverBudget) as caught:
        _plan(machine, sizes, synapses)
    assert what in caught.value.what
    assert machine in caught.value.what
    told = caught.value.numbers
    assert numbers[0] in told["needs"]
    assert numbers[1] in told["there is"]
    assert numbers[2] in told["too much"]
    assert caught.value.help
    _follow(caught.value.help, machine, sizes, synapses)


def _follow(advice, machine, sizes, synapses):
    """Do what an error advises, where it names an option: it must fit then."""
    if match := re.search(r"--neurons-per-core (\d+)", advice):
        _plan(machine, sizes, synapses, neurons_per_core=int(match[1]))
    if match := re.search(r"--synapses (\d+)", advice):
        _plan(machine, sizes, int(match[1]))
        with pytest.raises(OverBudget):
            _plan(machine, sizes, int(match[1]) + 1)
    if match := re.search(r"connectivity (\S+)%", advice):
        _plan(machine, sizes, round(float(match[1]) / 100 * total_pairs(sizes)))


@pytest.mark.parametrize(
    ("machine", "sizes"),
    [
        ("spinnaker", (4_000, 4_000, 10)), ("dynapse2", (300, 100, 10)), ("xylo", (16, 500, 400, 8)),
        ("xylo", (16, 600, 400, 8)),
    ],
)  # fmt: skip
def test_the_connectivity_that_is_advised_fits(machine, sizes):
    pairs = total_pairs(sizes)
    with pytest.raises(OverBudget) as caught:
        _plan(machine, sizes, pairs // 2)
    assert "connectivity" in caught.value.help
    _follow(caught.value.help, machine, sizes, pairs // 2)


def test_inputs_of_dynapse2_reach_one_chip():
    def graph(far):
        return Graph(
            (Population("input", 64, "SpikeSourceArray"), Population("near", 900), Population("far", far)),
            (Projection("input-near", "input", "near", 100), Projection("input-far", "input", "far", 100)),
        )

    machine = load_profile("dynapse2")
    assert {core.x for core in make_plan(graph(62), machine).cores} == {0}
    # Slices of 130 leave room for one on a core of 256: 900 neurons take seven cores of the four of a chip.
    with pytest.raises(OverBudget, match="cannot reach all its targets") as caught:
        make_plan(graph(62), machine, neurons_per_core=130)
    assert caught.value.numbers == {"needs": "2 chips", "there is": "1 destination a sender", "too much": "1"}


def test_fan_in_is_shared_out_among_projections():
    graph = Graph(
        (Population("a", 500, "SpikeSourceArray"), Population("b", 100), Population("c", 50)),
        (Projection("a-c", "a", "c", 900), Projection("b-c", "b", "c", 300), Projection("a-b", "a", "b", 10)),
    )
    plan = make_plan(graph, load_profile("dynapse2"))
    assert [plan.max_fan_in(name) for name in ("a-c", "b-c", "a-b")] == [48, 16, 64]
    assert plan.capacity("a-c") == (48 * 50,)
    user = make_plan(graph, load_profile("dynapse2"), max_fan_in=20)
    assert [user.max_fan_in(name) for name in ("a-c", "b-c", "a-b")] == [20, 16, 20]
    assert plan.max_row_length("a-c") is None


def test_a_machine_binds_nothing_where_all_pairs_fit():
    plan = _plan("dynapse2", (64, 100, 10), 500)
    assert [plan.max_fan_in(p.name) for p in plan.graph.projections] == [None, 64]
    plan = _plan("brainscales2", (300, 100, 10), 500)
    assert [plan.max_fan_in(p.name) for p in plan.graph.projections] == [256, None]


def test_sparsity_saves_nothing_in_whole_matrices():
    sparse, dense = (_plan("xylo", (16, 300, 8), n) for n in (10, 7_200))
    assert [core.memories for core in sparse.cores] == [core.memories for core in dense.cores]
    assert [core.main.used for core in sparse.cores] == [16 * 300, 300 * 8]
    assert "sparsity saves nothing" in load_profile("xylo").covers[0]


def test_between_hidden_neurons_of_xylo_the_fan_out_binds():
    plan = _plan("xylo", (16, 300, 200, 8), 2_000)
    assert [plan.max_row_length(p.name) for p in plan.graph.projections] == [None, 32, None]
    assert plan.capacity("hidden1-hidden2") == (300 * 64,)


def test_xylo_has_no_way_past_its_hidden_neurons():
    with pytest.raises(BadInput, match="no weights for projection 'input-output'"):
        _plan("xylo", (16, 8), 20)


def test_spinnaker2_says_what_it_does_not_know():
    with pytest.raises(BadInput, match="no source states it") as caught:
        _plan("spinnaker2", (64, 100, 10), 500)
    assert "--neurons-per-core N --synapses-per-core M" in caught.value.help
    with pytest.raises(OverBudget, match="too few cores"):
        _plan("spinnaker2", (64, 20_000, 10), 500, **_STATED)


def test_spinn3_is_as_spinnaker_but_for_its_board():
    small, large = load_profile("spinn3"), load_profile("spinnaker")
    assert small.model_dump(exclude={"board", "name", "title", "sources"}) == large.model_dump(
        exclude={"board", "name", "title", "sources"}
    )
    sizes = (784, 300, 100, 10)
    assert [core.regions for core in _plan("spinn3", sizes, 3_552).cores] == [
        core.regions for core in _plan("spinnaker", sizes, 3_552).cores
    ]
    with pytest.raises(OverBudget, match="too few cores"):
        _plan("spinn3", (784, 70 * 256, 10), 3_552)
