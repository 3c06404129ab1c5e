"""Weights and degrees, against a plain count."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from neurosparse.architecture.architecture import Architecture
from neurosparse.architecture.words import parse_layer
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.report.page.connections import connections

_SYNAPSES = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 8)),
    st.sampled_from([-1.5, -0.0, 0.0, 0.25, 2.0]),
    max_size=54,
)


def _network(synapses, shape=(6, 9)):
    pairs = sorted(synapses)
    weight = np.array([synapses[pair] for pair in pairs], np.float32)
    rows, columns = (np.array([pair[k] for pair in pairs], np.int32) for k in (0, 1))
    starts = np.searchsorted(rows, np.arange(shape[0] + 1)).astype(np.int64)
    matrix = csr_array((weight, columns, starts), shape=shape)
    return TrainedNetwork((TrainedProjection("p", "a", "b", matrix, np.zeros(shape[1], np.float32)),))


@given(_SYNAPSES, _SYNAPSES)
def test_all_is_counted(after, before):
    (found,) = connections(_network(after), _network(before))
    for synapses, state, side in ((after, found.end, "end"), (before, found.start, "start")):
        out, into = Counter(pre for pre, _ in synapses), Counter(post for _, post in synapses)
        assert state.synapses == len(synapses)
        assert state.inhibitory == sum(np.signbit(w) for w in synapses.values())
        assert state.magnitude == pytest.approx(np.mean([abs(w) for w in synapses.values()]) if synapses else 0)
        assert state.largest == max((abs(w) for w in synapses.values()), default=0)
        assert state.out_degree == (pytest.approx(len(synapses) / 6), max(out.values(), default=0))
        assert state.in_degree == (pytest.approx(len(synapses) / 9), max(into.values(), default=0))
        assert (state.sources, state.targets) == (6 - len(out), 9 - len(into))
        assert getattr(found.weights, side).sum() == len(synapses)
        # Few synapses: a bin holds one degree.
        assert getattr(found.out_degrees, side)[:10].tolist() == [
            sum(out[pre] == degree for pre in range(6)) for degree in range(found.out_degrees.edges.size - 1)
        ]
        assert getattr(found.in_degrees, side).sum() == 9


def test_the_delays_of_a_source_are_one_source():
    architecture = Architecture((2, 5), (parse_layer("lif:3:recurrent=no:input_delays=3"), parse_layer("mean")))
    synapses = {(0, 0): 1.0, (2, 1): 1.0, (2, 0): -1.0}  # of the first source, at the first and at the last delay
    network = replace(_network(synapses, (6, 3)), architecture=architecture)
    (found,) = connections(network, None)
    assert found.end.out_degree == (1.5, 3)
    assert found.end.sources == 1
    assert found.out_degrees.end.tolist() == [1, 0, 0, 1]


def test_wide_degrees_share_bins_and_none_is_lost():
    synapses = {(0, post): 1.0 for post in range(500)} | {(1, 7): 1.0}
    (found,) = connections(_network(synapses, (3, 500)), None)
    assert found.out_degrees.end.size <= 40
    assert found.out_degrees.end.sum() == 3
    assert found.out_degrees.end[0] == 2
    assert found.out_degrees.end[-1] == 1
    assert found.out_degrees.start is None
    assert found.start is None


def test_the_start_of_another_network_says_nothing():
    (found,) = connections(_network({(0, 0): 1.0}), _network({(0, 0): 1.0}, (6, 10)))
    assert found.start is None
