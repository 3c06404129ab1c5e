"""Graphs: what they are made of, and what they refuse."""

import pytest

from neurosparse.errors import BadInput
from neurosparse.graph import Graph, Population, Projection, feedforward


def test_a_chain_is_named_from_input_to_output():
    graph = feedforward((5, 4, 3, 2), (6, 5, 4))
    assert [population.name for population in graph.populations] == ["input", "hidden1", "hidden2", "output"]
    assert [projection.name for projection in graph.projections] == [
        "input-hidden1",
        "hidden1-hidden2",
        "hidden2-output",
    ]
    assert graph.populations[0].model == "SpikeSourceArray"
    assert graph.populations[-1].records == ("v",)


@pytest.mark.parametrize(
    ("populations", "projections"),
    [
        ([("a", 0)], []),
        ([("a", 1), ("a", 2)], []),
        ([("a", 2), ("b", 2)], [("p", "a", "b", 5)]),
        ([("a", 2), ("b", 2)], [("p", "a", "b", -1)]),
        ([("a", 2)], [("p", "a", "x", 1)]),
        ([("a", 2)], [("p", "a", "a", 1), ("p", "a", "a", 1)]),
    ],
)
def test_graphs_without_sense_are_refused(populations, projections):
    with pytest.raises(BadInput):
        Graph(tuple(Population(*item) for item in populations), tuple(Projection(*item) for item in projections))
