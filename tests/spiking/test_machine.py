"""What a machine will do with a network is said before it is exported, with the arithmetic that it has."""

import numpy as np
import pytest

from neurosparse.graph import feedforward
from neurosparse.hardware.library import load_profile
from neurosparse.mapping.plan import make_plan
from neurosparse.shares import split_budget
from neurosparse.spiking.emulate import emulate
from neurosparse.spiking.machine import predict
from neurosparse.spiking.target import PYNN, SOFT
from neurosparse.spiking.twin import Conversion, spiking_twin


def plan_for(network, profile, **limits):
    graph = feedforward(network.sizes, split_budget(network.sizes, network.synapses))
    return make_plan(graph, load_profile(profile), **limits)


@pytest.fixture(scope="module")
def twin(network, digits):
    return spiking_twin(network, digits, PYNN, Conversion(steps=96))


def test_spinnaker_decides_as_exact_numbers_do(twin, digits, network):
    x = digits.test.x[:100] * np.float32(digits.scale)
    predicted = predict(twin, plan_for(network, "spinnaker"), x)
    assert predicted.machine == "spinnaker"
    assert predicted.arithmetic == "16-bit weights, s16.15 state"
    exact = emulate(twin.spiking, x, 96)
    assert np.mean(predicted.outcome.decision == exact.decision) >= 0.97
    assert not np.array_equal(predicted.outcome.potential, exact.potential)


def test_a_machine_of_few_bits_rounds_weights(twin, digits, network):
    x = digits.test.x[:100] * np.float32(digits.scale)
    predicted = predict(twin, plan_for(network, "loihi"), x)
    assert predicted.arithmetic == "8-bit weights"
    exact = emulate(twin.spiking, x, 96)
    assert np.mean(predicted.outcome.decision == exact.decision) >= 0.97
    assert not np.array_equal(predicted.outcome.potential, exact.potential)


def test_soft_reset_is_not_what_spinnaker_has(network, digits):
    soft = spiking_twin(network, digits, SOFT, Conversion(steps=16))
    assert predict(soft, plan_for(network, "spinnaker"), digits.test.x[:2] * np.float32(digits.scale)) is None
