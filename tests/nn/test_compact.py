"""Compaction leaves out what reaches nothing, and no output changes by a bit."""

from dataclasses import replace
from itertools import pairwise

import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from neurosparse.nn.activation import IDENTITY, Activation
from neurosparse.nn.compact import compact, effective
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection


def chain(layers, biases=None):
    """Return a network from one dictionary {(pre, post): weight} and the sizes (n_pre, n_post) a layer."""
    projections = []
    for k, ((n_pre, n_post), synapses) in enumerate(layers):
        pairs = sorted(synapses)
        row_start = np.searchsorted([i for i, _ in pairs], np.arange(n_pre + 1)).astype(np.int64)
        target = np.array([j for _, j in pairs], np.int32)
        weight = np.array([synapses[pair] for pair in pairs], np.float32)
        matrix = csr_array((weight, target, row_start), shape=(n_pre, n_post))
        bias = np.arange(n_post, dtype=np.float32) / 7 if biases is None else biases[k]
        projections.append(TrainedProjection(f"p{k}", f"l{k}", f"l{k + 1}", matrix, bias))
    return TrainedNetwork(tuple(projections))


@st.composite
def networks(draw):
    sizes = draw(st.lists(st.integers(1, 9), min_size=2, max_size=5))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.0, 0.1, 0.3, 0.7]))
    layers = []
    for a, b in pairwise(sizes):
        pairs = [(i, j) for i in range(a) for j in range(b) if generator.random() < density]
        layers.append(((a, b), {pair: generator.choice([0.0, generator.normal()]) for pair in pairs}))
    return chain(layers, [generator.normal(size=b).astype(np.float32) for _, b in (shape for shape, _ in layers)])


def reaching(network):
    """Return, layer by layer, the neurons from which a path of synapses leads to an output, found by walking."""
    found = [set(range(network.sizes[-1]))]
    for p in reversed(network.projections):
        found.insert(
            0,
            {
                i
                for i in range(p.weight.shape[0])
                if set(p.weight.indices[slice(*p.weight.indptr[i : i + 2])]) & found[0]
            },
        )
    return found


@given(networks(), st.none() | st.integers(1, 5))
def test_outputs_stay_the_same_to_the_last_bit(network, width):
    names = [p.pre for p in network.projections[1:]]
    small = compact(network, None if width is None else dict.fromkeys(names, width))
    x = np.random.default_rng(1).random((20, network.sizes[0]), dtype=np.float32)
    whole, part = network.activations(x), small.network.activations(x[:, small.inputs])
    assert np.array_equal(whole[-1], part[-1])
    assert list(small.kept) == [network.projections[0].pre, *(p.post for p in network.projections)]
    assert small.network.sizes == tuple(kept.size for kept in small.kept.values())
    for p in small.network.projections:
        assert p.weight.has_canonical_format
        assert p.weight.dtype == np.float32


@given(networks())
def test_what_stays_is_what_reaches_an_output(network):
    small = compact(network)
    for kept, found in zip(small.kept.values(), reaching(network), strict=True):
        assert set(kept) == (found or {0})


@given(networks(), st.integers(1, 4))
def test_no_neuron_moves_to_another_core(network, width):
    widths = {p.pre: width for p in network.projections[1:]}
    for name, kept in compact(network, widths).kept.items():
        if name in widths:
            assert np.array_equal(np.arange(kept.size) // width, kept // width)


def test_a_neuron_that_only_its_bias_moves_stays():
    network = chain([((2, 3), {(0, 0): 1.0, (1, 1): 2.0}), ((3, 2), {(0, 0): 1.0, (2, 1): -1.0})])
    small = compact(network)
    assert {name: kept.tolist() for name, kept in small.kept.items()} == {"l0": [0], "l1": [0, 2], "l2": [0, 1]}
    # Input 1 leads to neuron 1 alone, which reaches nothing; neuron 2 has no input and a bias.
    assert small.network.synapses == 3
    assert small.network.projections[0].bias.tolist() == [0.0, np.float32(2 / 7)]


def test_a_newborn_of_weight_zero_is_a_synapse():
    small = compact(chain([((2, 1), {(1, 0): -0.0}), ((1, 1), {(0, 0): 0.0})]))
    assert small.inputs.tolist() == [1]
    assert np.signbit(small.network.projections[0].weight.data).tolist() == [True]


def test_what_is_left_keeps_its_activation():
    network = chain([((2, 3), {(0, 0): 1.0, (1, 1): 2.0}), ((3, 2), {(0, 0): 1.0, (2, 1): -1.0})])
    first, last = network.projections
    stepped = TrainedNetwork((replace(first, activation=Activation("qcfs", 2.0, 4)), last))
    small = compact(stepped)
    assert small.network.activation(0) == Activation("qcfs", 2.0, 4)
    assert small.network.activation(1) == IDENTITY


def test_one_neuron_stays_where_nothing_reaches():
    small = compact(chain([((3, 2), {(0, 0): 1.0}), ((2, 2), {})]))
    assert small.network.sizes == (1, 1, 2)
    assert small.network.synapses == 0


@given(st.data())
def test_effective_synapses_lie_on_a_path_from_an_input_to_an_output(data):
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    layers = []
    for n_pre, n_post in pairwise(sizes):
        pairs = [(i, j) for i in range(n_pre) for j in range(n_post)]
        layers.append(((n_pre, n_post), dict.fromkeys(data.draw(st.lists(st.sampled_from(pairs), unique=True)), 0.0)))
    live = [set(synapses) for _, synapses in layers]
    rows, posts = naive.paths([shape for shape, _ in layers], live, [True] * sizes[0])
    expected = [sum(i in rows[k] and j in posts[k] for i, j in pairs) for k, pairs in enumerate(live)]
    assert list(effective(chain(layers))) == expected
