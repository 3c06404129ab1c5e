"""What compaction would save, core by core, against the cores as they are."""

import io

import numpy as np
from booked import PROFILE
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from neurosparse.graph import Graph, Population, Projection
from neurosparse.mapping.cost import Incoming, matrix_bytes
from neurosparse.mapping.plan import make_plan
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.report.compaction import compaction
from neurosparse.report.facts import facts
from neurosparse.report.terminal import print_report


def _network(sizes, counts, seed):
    """Return a plan for a chain of layers and a network of random synapses that is its own."""
    generator = np.random.default_rng(seed)
    names = [f"l{k}" for k in range(len(sizes))]
    populations = [Population(names[0], sizes[0], "SpikeSourceArray")]
    populations += [Population(name, size) for name, size in zip(names[1:], sizes[1:], strict=True)]
    planned, trained = [], []
    for k, count in enumerate(counts):
        pairs = sizes[k] * sizes[k + 1]
        chosen = np.sort(generator.choice(pairs, min(count, pairs), replace=False))
        weight = csr_array(
            (generator.normal(size=chosen.size).astype(np.float32), (chosen // sizes[k + 1], chosen % sizes[k + 1])),
            shape=(sizes[k], sizes[k + 1]),
        )
        planned.append(Projection(f"p{k}", names[k], names[k + 1], chosen.size))
        bias = np.zeros(sizes[k + 1], np.float32)
        trained.append(TrainedProjection(f"p{k}", names[k], names[k + 1], weight, bias))
    return make_plan(Graph(tuple(populations), tuple(planned)), PROFILE), TrainedNetwork(tuple(trained))


@given(
    st.tuples(st.integers(2, 90), st.integers(2, 600), st.integers(2, 40), st.integers(1, 5)),
    st.tuples(st.integers(1, 300), st.integers(1, 300), st.integers(1, 60)),
    st.integers(0, 99),
)
def test_no_core_takes_more_than_it_did(sizes, counts, seed):
    plan, network = _network(sizes, counts, seed)
    document = facts(plan, network, {}, [], {})
    found = compaction(plan, network)
    assert document["compacted"] == found
    cores = [core for core in document["cores"] if core["synapses"]["capacity"]]
    assert [(core["population"], core["slice"]) for core in found["cores"]] == [
        (core["population"], core["slice"]) for core in cores
    ]
    assert [core["whole"] for core in found["cores"]] == [core["regions"]["synaptic_matrix"] for core in cores]
    assert all(core["compacted"] <= core["whole"] for core in found["cores"])
    assert found["synapses"] <= network.synapses
    assert all(found["neurons"][name] <= size for name, size in zip(("l0", "l1", "l2", "l3"), sizes, strict=True))


def test_the_rows_of_sources_without_a_synapse_are_what_is_saved():
    plan, network = _network((100, 20, 3), (1, 1), 0)
    first, second = network.projections
    # Inputs 1 and 7 onto neuron 4, that one and neuron 5 onto output 2, all excitatory.
    into = csr_array((np.ones(2, np.float32), ([1, 7], [4, 4])), shape=(100, 20))
    out = csr_array((np.ones(2, np.float32), ([4, 5], [2, 2])), shape=(20, 3))
    plan = make_plan(
        Graph(plan.graph.populations, (Projection("p0", "l0", "l1", 2), Projection("p1", "l1", "l2", 2))), PROFILE
    )
    network = TrainedNetwork(
        (TrainedProjection("p0", "l0", "l1", into, first.bias), TrainedProjection("p1", "l1", "l2", out, second.bias))
    )
    found = compaction(plan, network)
    assert found["neurons"] == {"l0": 2, "l1": 2, "l2": 3}
    for core, (whole, left) in zip(found["cores"], ((100, 2), (20, 2)), strict=True):
        assert core["whole"] == matrix_bytes(PROFILE, [Incoming("", whole, whole, 1)])
        assert core["compacted"] == matrix_bytes(PROFILE, [Incoming("", left, left, 1)])

    file = io.StringIO()
    print_report(facts(plan, network, {}, [], {}), file)
    assert (
        "compacted (export --compact): l0 2 of 100, l1 2 of 20 neurons;"
        " synapses of l1 0-19 take 48 B instead of 1.6 KiB" in file.getvalue()
    )


def test_sizes_that_read_alike_are_not_told():
    plan, network = _network((400, 600), (400 * 600,), 0)
    document = facts(plan, network, {}, [], {})
    (core, *_) = document["compacted"]["cores"]
    document["compacted"] = {
        "neurons": {"l0": 399, "l1": 600},
        "cores": [core | {"whole": 73_732, "compacted": 73_728}],
    }
    file = io.StringIO()
    print_report(document, file)
    assert "compacted (export --compact): l0 399 of 400 neurons\n" in file.getvalue()
