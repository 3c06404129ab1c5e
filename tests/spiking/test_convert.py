"""Weights and biases arrive in the units of the cell, and rates follow activations."""

from itertools import islice

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.spiking.cell import Cell
from neurosparse.spiking.coding import CURRENT
from neurosparse.spiking.convert import activation_scales, convert
from neurosparse.spiking.emulate import present


def chain(*layers: tuple[list[list[float]], list[float]]) -> TrainedNetwork:
    """Return a network from dense weights and biases."""
    return TrainedNetwork(
        tuple(
            TrainedProjection(
                f"p{k}", f"l{k}", f"l{k + 1}", csr_array(np.array(w, np.float32)), np.array(b, np.float32)
            )
            for k, (w, b) in enumerate(layers)
        )
    )


def test_units_by_hand():
    # Layer 1: full scale 4 at a quarter spike a step, so one spike stands for 16. Layer 2: full scale 8, so for 32.
    network = chain(([[2.0, -1.0]], [0.5, 0.0]), ([[3.0], [0.25]], [-1.0]))
    spiking = convert(network, (4.0, 8.0), 0.25, Cell(threshold=10.0, capacitance=1.0, tau_synapse=5.0))
    first, second = spiking.layers
    assert first.weight.toarray() == pytest.approx(np.array([[2.0, -1.0]]) / 16 * 10 / 5)
    assert first.offset == pytest.approx(np.array([0.5, 0.0]) / 16 * 10)
    assert second.weight.toarray() == pytest.approx(np.array([[3.0], [0.25]]) * 16 / 32 * 10 / 5)
    assert second.offset == pytest.approx(np.array([-1.0]) / 32 * 10)


def test_conversion_leaves_the_network_alone(network):
    before = [p.weight.data.copy() for p in network.projections]
    convert(network, (1.0, 2.0, 3.0), 0.5)
    assert all(np.array_equal(b, p.weight.data) for b, p in zip(before, network.projections, strict=True))


def test_scales_are_percentiles_of_each_layer(network, digits):
    x = digits.train.x * np.float32(digits.scale)
    layers = network.activations(x)
    assert activation_scales(network, x) == pytest.approx([np.percentile(np.abs(a), 99.9) for a in layers])


def test_a_silent_layer_has_scale_one():
    network = chain(([[1.0]], [-5.0]), ([[1.0]], [0.0]))
    assert activation_scales(network, np.ones((3, 1), np.float32)) == (1.0, 1.0)


def test_membrane_of_the_readout_follows_the_network():
    # The readout integrates what the network computes: rate * theta * logit / scale a step, less its leak. Slow firing
    # keeps small what the hard reset throws away, about half of what arrives in a step.
    network = chain(([[0.8, 0.3], [-0.4, 0.5]], [0.1, 0.05]), ([[1.0, -0.5], [-0.7, 0.9]], [0.02, -0.03]))
    x = np.random.default_rng(0).random((50, 2), dtype=np.float32)
    spiking = convert(network, activation_scales(network, x), 0.05)
    potential = next(islice(present(spiking, x), 1999, None))
    logits = network.activations(x)[-1].T
    steady = logits / spiking.scales[-1] * 0.05 * 10.0 * 500.0 * (1 - np.exp(-2000 / 500))
    assert np.abs(potential - steady).max() < 0.06 * np.abs(steady).max()


def test_the_readout_never_reaches_its_threshold(network, digits):
    x = np.ones((1, 64), np.float32)
    spiking = convert(network, activation_scales(network, digits.train.x * np.float32(digits.scale)), 1.0)
    highest = max(float(potential.max()) for potential in islice(present(spiking, x), 300))
    assert highest < spiking.silent_threshold(300)
    # A network that drives its readout as hard as synapses can still stays below it.
    straight = convert(chain(([[5.0], [3.0]], [2.0])), (1.0,), 1.0)
    highest = max(float(p.max()) for p in islice(present(straight, np.ones((1, 2), np.float32)), 300))
    assert 0.5 * straight.silent_threshold(300) < highest < straight.silent_threshold(300)


def test_what_constant_currents_bring_before_spikes_arrive_is_taken_from_the_start():
    network = chain(([[2.0]], [0.5]), ([[1.0]], [0.25]))
    cell = Cell(threshold=10.0, tau_synapse=5.0, start=2.0, delay=1.0)
    first, second = convert(network, (1.0, 1.0), 1.0, cell).layers
    assert first.initial == pytest.approx(5.0 - 0.5 * 10 * (2 + 5))
    assert second.initial == pytest.approx(0.0 - 0.25 * 10 * (2 + 5 + 1 + 5))
    first, second = convert(network, (1.0, 1.0), 1.0, cell, CURRENT).layers
    assert first.initial == pytest.approx(5.0)
    assert second.initial == pytest.approx(-0.25 * 10 * (1 + 5))
