"""Networks trained with quantisation-clip-floor-shift need no more steps than levels."""

from dataclasses import replace

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from neurosparse.config import configure
from neurosparse.nn.activation import Activation
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.run.training import start
from neurosparse.spiking.cell import SOFT_RESET
from neurosparse.spiking.coding import CURRENT
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.target import SOFT
from neurosparse.spiking.twin import Conversion, spiking_twin

LEVELS = 8


@pytest.fixture(scope="module")
def clipped(network):
    """The trained network with its activations clipped and in levels."""
    qcfs = Activation("qcfs", 2.0, LEVELS)
    hidden = tuple(replace(p, activation=qcfs) for p in network.projections[:-1])
    return TrainedNetwork((*hidden, network.projections[-1]))


def test_the_full_scale_is_the_ceiling(clipped, digits):
    x = digits.train.x[:50] * np.float32(digits.scale)
    assert activation_scales(clipped, x)[:-1] == (2.0, 2.0)


def test_the_first_layer_counts_its_levels(clipped, digits):
    x = digits.validation.x[:50] * np.float32(digits.scale)
    spiking = convert(clipped, activation_scales(clipped, x), 1.0, SOFT_RESET, CURRENT)
    counts = emulate(spiking, x, LEVELS).counts[1]
    first = clipped.projections[0]
    z = x.astype(float) @ first.weight.toarray().astype(float) + first.bias
    level = z * LEVELS / 2.0 + 0.5
    # A sum on the very edge of a level may fall on either side of it.
    inside = np.abs(level - np.rint(level)) > 1e-6
    np.testing.assert_array_equal(counts[inside], np.clip(np.floor(level), 0, LEVELS)[inside])
    assert set(np.unique(counts)) == set(range(LEVELS + 1))


@given(st.data(), st.sampled_from([1, 2, 4, 8, 16]), st.sampled_from([0.5, 1.0, 4.0]))
def test_any_first_layer_counts_exactly_what_it_computes(data, levels, ceiling):
    """Weights, biases and inputs are multiples of 1/16, so that every sum is exact and edges of steps are hit."""
    sixteenths = st.integers(-48, 48).map(lambda k: k / 16)
    weight = np.array(data.draw(st.lists(st.tuples(*[sixteenths] * 5), min_size=3, max_size=3)), np.float32)
    bias = np.array(data.draw(st.tuples(*[sixteenths] * 5)), np.float32)
    x = np.array(data.draw(st.lists(st.tuples(*[st.integers(0, 16).map(lambda k: k / 16)] * 3), min_size=1)))
    network = TrainedNetwork(
        (
            TrainedProjection("a", "in", "hidden", csr_array(weight), bias, Activation("qcfs", ceiling, levels)),
            TrainedProjection("b", "hidden", "out", csr_array(np.ones((5, 1), np.float32)), np.zeros(1, np.float32)),
        )
    )
    scales = activation_scales(network, x.astype(np.float32))
    assert scales[0] == ceiling
    outcome = emulate(convert(network, scales, 1.0, SOFT_RESET, CURRENT), x, levels)
    sums = x @ weight.astype(float) + bias
    counts = [[round(naive.qcfs(z, ceiling, levels)[0] * levels / ceiling) for z in row] for row in sums]
    assert outcome.counts[1].tolist() == counts
    assert (network.activations(x.astype(np.float32))[0] * levels / ceiling).tolist() == counts


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_a_trained_network_decides_alike_in_as_many_steps_as_it_has_levels(tmp_path, digits, weights):
    flags = {"activation": "qcfs", "levels": 8, "weights": weights, "epochs": 15}
    run = start(configure(flags), tmp_path / "run")
    for _ in run.events():
        pass
    network = run.folder.trained()
    x, y = digits.validation.x * np.float32(digits.scale), digits.validation.y
    scales = activation_scales(network, digits.train.x * np.float32(digits.scale))
    decision = emulate(convert(network, scales, 1.0, SOFT_RESET, CURRENT), x, 8).decision
    trained = network.activations(x)[-1].argmax(axis=1)
    assert (trained == y).mean() > 0.95
    assert (decision == trained).mean() > 0.97
    assert (decision == y).mean() > (trained == y).mean() - 0.02


def test_as_many_steps_as_levels_are_tried(network, digits):
    hidden = tuple(replace(p, activation=Activation("qcfs", 2.0, 3)) for p in network.projections[:-1])
    three = TrainedNetwork((*hidden, network.projections[-1]))
    asked = Conversion(allowed_loss=0.5)
    assert spiking_twin(three, digits, SOFT, asked).chosen.steps == 3
    assert spiking_twin(network, digits, SOFT, asked).chosen.steps == SOFT.candidates.steps[0]
