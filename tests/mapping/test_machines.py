"""What a plan for any machine guarantees holds for every network within its slots and limits, counted one by one."""

import json
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import SMALL, cut_down
from scipy.sparse import csr_array

from neurosparse.errors import BadInput, OverBudget
from neurosparse.graph import Graph, Population, Projection
from neurosparse.mapping.axon_lists import list_bytes
from neurosparse.mapping.layout import Plan
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedProjection
from neurosparse.report.occupancy import occupancy

_MACHINES = {name: cut_down(name) for name in SMALL}


@st.composite
def _graphs(draw):
    """Draw a chain of layers, perhaps with connections within a layer and back."""
    sizes = [draw(st.integers(1, most)) for most in (5, 7, 7, 4)]
    names = ("in", "a", "b", "out")
    populations = [Population("in", sizes[0], "SpikeSourceArray")]
    populations += [Population(name, size) for name, size in zip(names[1:], sizes[1:], strict=True)]
    ends = [("in", "a"), ("a", "b"), ("b", "out")]
    ends += [pair for pair in (("a", "a"), ("b", "a"), ("a", "out")) if draw(st.booleans())]
    pairs = {(pre, post): sizes[names.index(pre)] * sizes[names.index(post)] for pre, post in ends}
    projections = [
        Projection(f"{pre}-{post}", pre, post, draw(st.integers(1, min(4, n)))) for (pre, post), n in pairs.items()
    ]
    return Graph(tuple(populations), tuple(projections))


# As often as not the user asks for nothing.
_OPTIONS = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "neurons_per_core": st.integers(1, 5),
        "synapses_per_core": st.integers(1, 12),
        "max_row_length": st.integers(1, 3),
        "max_fan_in": st.integers(1, 4),
        "budget": st.just(0.5) | st.integers(4, 20),
    },
)


def _filled_up(plan, order, seed):
    """Return, for each projection, as many (pre, post, sign) as its slots and limits let in, one after another."""
    rng = np.random.default_rng(seed)
    network = {}
    for p in plan.graph.projections:
        n_pre, n_post = plan.graph.population(p.pre).size, plan.graph.population(p.post).size
        width, capacity = plan.width(p.post), plan.capacity(p.name)
        row_limit, fan_in_limit = plan.max_row_length(p.name), plan.max_fan_in(p.name)
        live, rows, fan_in, taken = Counter(), Counter(), Counter(), []
        pairs = [(pre, post) for pre in range(n_pre) for post in range(n_post)]
        if order == "anyhow":
            rng.shuffle(pairs)
        elif order == "columns":
            pairs.sort(key=lambda pair: pair[::-1])
        for pre, post in pairs:
            core = post // width
            signs = [
                bool(sign) for sign in rng.permutation(2) if row_limit is None or rows[pre, core, sign] < row_limit
            ]
            if signs and live[core] < capacity[core] and (fan_in_limit is None or fan_in[post] < fan_in_limit):
                live[core] += 1
                rows[pre, core, signs[0]] += 1
                fan_in[post] += 1
                taken.append((int(pre), int(post), signs[0]))
        network[p.name] = taken
    return network


def _occupancy(plan, projection, synapses):
    """Return where synapses lie, as a report counts them."""
    shape = plan.graph.population(projection.pre).size, plan.graph.population(projection.post).size
    synapses = sorted(synapses)
    weights = np.array([-1.0 if sign else 1.0 for *_, sign in synapses], np.float32)
    start = np.cumsum([0, *(sum(pre == k for pre, *_ in synapses) for k in range(shape[0]))])
    matrix = csr_array((weights, np.array([post for _, post, _ in synapses], np.int32), start), shape=shape)
    trained = TrainedProjection(
        projection.name, projection.pre, projection.post, matrix, np.zeros(shape[1], np.float32)
    )
    return occupancy(trained, plan.width(projection.post))


@pytest.mark.parametrize("name", _MACHINES)
@given(_graphs(), _OPTIONS, st.sampled_from(["rows", "columns", "anyhow"]), st.integers(0, 99))
def test_no_network_within_slots_and_limits_takes_more_than_there_is(name, graph, options, order, seed):
    machine = _MACHINES[name]
    if machine.kind == "stated":
        options = {"neurons_per_core": 3, "synapses_per_core": 9} | options
    try:
        plan = make_plan(graph, machine, **options)
    except OverBudget as fault:
        assert fault.numbers
        assert fault.help
        return
    except BadInput as fault:
        assert name == "xylo", "it has no weights that leave the output"
        assert fault.help
        return
    network = _filled_up(plan, order, seed)
    for p in graph.projections:
        assert plan.guaranteed(p.name) <= len(network[p.name])
        assert p.synapses <= plan.guaranteed(p.name)
    found = {p.name: _occupancy(plan, p, network[p.name]) for p in graph.projections}
    for core, regions in zip(plan.cores, plan.filled(found), strict=True):
        assert all(usage.fits for usage in core.memories.values())
        assert sum(regions.values()) <= core.main.used <= core.main.available
    place, neurons = _places(plan)
    assert max(neurons.values()) <= options.get("neurons_per_core", max(neurons.values()))
    synapses = Counter(place[p.post, post] for p in graph.projections for _, post, _ in network[p.name])
    assert max(synapses.values()) <= options.get("synapses_per_core", max(synapses.values()))
    _COUNTS[name](plan, network)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def _columns(plan, network):
    """Return how many synapses each neuron has, of all projections."""
    return Counter((p.post, post) for p in plan.graph.projections for _, post, _ in network[p.name])


def _places(plan):
    """Return the place of every neuron on the machine, and the neurons of each place."""
    place = {
        (core.population, k): (core.x, core.y, core.p) for core in plan.cores for k in range(core.start, core.stop)
    }
    return place, Counter(place.values())


def _count_loihi(plan, network):
    machine = plan.profile
    place, neurons = _places(plan)
    width = {spot: count for spot, count in neurons.items()}
    lists, leaving = defaultdict(Counter), defaultdict(set)
    for p in plan.graph.projections:
        for pre, post, _ in network[p.name]:
            spot = place[p.post, post]
            lists[spot][p.name, pre] += 1
            if (p.pre, pre) in place:
                leaving[place[p.pre, pre]].add((p.name, pre, spot))
    for spot, sources in lists.items():
        assert len(sources) <= machine.axons.incoming
        assert sum(list_bytes(machine, n, width[spot]) for n in sources.values()) <= machine.axon_list.memory
    assert all(len(axons) <= machine.axons.outgoing for axons in leaving.values())
    assert max(neurons.values()) <= machine.cores.neurons
    assert len({core.population for core in plan.cores}) <= len(neurons), "no two populations on one core"


def _count_dynapse2(plan, network):
    machine = plan.profile
    place, neurons = _places(plan)
    assert max(_columns(plan, network).values()) <= machine.cam.entries
    inputs = plan.graph.population("in").size
    assert inputs + 2 * len(place) <= machine.tags.available
    chips = defaultdict(set)
    for p in plan.graph.projections:
        for pre, post, _ in network[p.name]:
            chips[p.pre, pre].add(place[p.post, post][0])
    for (population, _), reached in chips.items():
        assert len(reached) <= (machine.destinations.per_input if population == "in" else 1)
    assert max(neurons.values()) <= machine.cores.neurons
    assert all(x < machine.cores.chips and p < machine.cores.per_chip for x, _, p in neurons)


def _count_brainscales2(plan, network):
    _, neurons = _places(plan)
    assert max(_columns(plan, network).values()) <= plan.profile.array.rows
    assert max(neurons.values()) <= plan.profile.cores.neurons
    assert len(neurons) <= plan.profile.cores.per_chip


def _count_odin(plan, network):
    assert max(_columns(plan, network).values()) <= plan.profile.array.rows
    assert sum(population.size for population in plan.graph.populations) <= plan.profile.array.rows
    assert plan.places == ((0, 0, 0),)


def _count_xylo(plan, network):
    machine = plan.profile
    between = [p for p in plan.graph.projections if p.pre != "in" and p.post != "out"]
    fan_out = Counter((p.pre, pre) for p in between for pre, _, _ in network[p.name])
    assert sum(fan_out.values()) <= machine.between.weights
    assert max(fan_out.values(), default=0) <= machine.between.fan_out


def _count_spinnaker2(plan, network):
    place, neurons = _places(plan)
    synapses = Counter(place[p.post, post] for p in plan.graph.projections for _, post, _ in network[p.name])
    assert max(synapses.values()) <= plan.options.synapses_per_core
    assert max(neurons.values()) <= plan.options.neurons_per_core
    assert len(neurons) <= plan.profile.processors.per_chip


_COUNTS = {
    "loihi": _count_loihi,
    "dynapse2": _count_dynapse2,
    "brainscales2": _count_brainscales2,
    "odin": _count_odin,
    "xylo": _count_xylo,
    "spinnaker2": _count_spinnaker2,
}
