"""Normalisation over the batch: against a plain twin in float64, its gradient by differences, and folded away."""

import numpy as np
import pytest
from architectures import ends_for, store_for
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.architecture.architecture import architecture_of
from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.activations import buffer
from neurosparse.nn.layer import Law
from neurosparse.nn.layered import Layered
from neurosparse.nn.norm import EPSILON, Norm
from neurosparse.nn.unrolled import unrolled
from neurosparse.nn.workers import Workers

_LAW = Law(2.0**-6, 0.0, 0.0, 0.0, 1, 1)


def _norm(channels, samples, *, activation=IDENTITY, parts=1, momentum=False):
    lengths = np.zeros(32, np.int64)
    lengths[:samples] = 1
    return Norm(channels, activation, momentum, lengths, Workers(parts), parts)


def _sums(channels, positions, samples, seed=1):
    rng = np.random.default_rng(seed)
    x = buffer(channels * positions, 32)
    x[:] = 9.0  # what stands where no sample is must not count
    x[:, :samples] = rng.normal(1.0, 2.0, size=(channels * positions, samples))
    return x


def _plain(x, channels, shift):
    rows = x.reshape(channels, -1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    return (centred / np.sqrt(rows.var(axis=1, keepdims=True) + EPSILON) + shift[:, None]).reshape(x.shape)


@settings(max_examples=40)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 32), st.integers(1, 3))
def test_it_normalises_each_channel_over_positions_and_samples(channels, positions, samples, parts):
    layer, x = _norm(channels, samples, parts=parts), _sums(channels, positions, samples)
    y = np.zeros_like(x)
    layer.state()["norm_shift"][:] = np.arange(channels) - 1
    layer.forward(x, y, (1, 1))
    expected = _plain(x[:, :samples].astype(np.float64), channels, np.arange(channels) - 1.0)
    np.testing.assert_allclose(y[:, :samples], expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(2, 32), st.integers(1, 3))
def test_its_gradient_is_that_of_the_plain_twin_by_differences(channels, positions, samples, parts):
    layer, x = _norm(channels, samples, parts=parts), _sums(channels, positions, samples)
    y, dx, dy = np.zeros_like(x), np.full_like(x, 7.0), np.zeros_like(x)
    dy[:, :samples] = np.random.default_rng(2).normal(size=(x.shape[0], samples))
    layer.forward(x, y, (1, 1))
    layer.backward(x, dx, y, dy, [_LAW])
    plain = x[:, :samples].astype(np.float64)
    step = 1e-5
    for place in list(np.ndindex(*plain.shape))[:: max(1, plain.size // 12)]:
        moved = np.zeros_like(plain)
        moved[place] = step
        ahead, behind = (_plain(plain + sign * moved, channels, np.zeros(channels)) for sign in (1, -1))
        slope = np.vdot(dy[:, :samples], ahead - behind) / (2 * step)
        np.testing.assert_allclose(dx[place], slope, rtol=1e-3, atol=2e-3)
    assert (dx[:, samples:] == 0).all()
    by_channel = dy.reshape(channels, -1).sum(axis=1)
    np.testing.assert_allclose(-layer.state()["norm_shift"] / _LAW.rate, by_channel, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", [RELU, Activation("qcfs", 1.0, 4)], ids=["relu", "qcfs"])
def test_it_has_the_activations_of_other_layers(activation):
    x = _sums(3, 2, 32)
    y, sums = np.zeros_like(x), np.zeros_like(x)
    _norm(3, 32, activation=activation).forward(x, y, (1, 1))
    _norm(3, 32).forward(x, sums, (1, 1))
    np.testing.assert_array_equal(y, activation(sums))


def test_evaluating_takes_the_moments_of_many_batches_and_changes_nothing():
    layer = _norm(3, 32)
    y = buffer(6, 32)
    for step in range(1000):
        layer.forward(_sums(3, 2, 32, seed=step), y, (1, step))
    before = {name: array.copy() for name, array in layer.state().items()}
    np.testing.assert_allclose(before["norm_mean"], 1.0, atol=0.1)
    np.testing.assert_allclose(before["norm_variance"], 4.0, atol=0.4)
    x = _sums(3, 2, 32)
    layer.forward(x, y)
    np.testing.assert_allclose(y, (x - 1.0) / 2.0, atol=0.3)
    for name, array in layer.state().items():
        np.testing.assert_array_equal(array, before[name])


def _trained(layers, momentum, input_=(2, 6, 6)):
    architecture = architecture_of(input_, layers, 5)
    store = store_for(architecture, momentum=momentum > 0)
    network = Layered(architecture, store, 20)
    network.initialise(1.0, 7)
    rng = np.random.default_rng(0)
    x, y = rng.random((60, int(np.prod(input_))), np.float32), rng.integers(0, 5, 60)
    for step in range(1, 40):
        network.read(x, np.arange(20) + 20 * (step % 3), 1.0)
        network.learn(y[np.arange(20) + 20 * (step % 3)], Law(0.05, 1e-4, 0.0, momentum, 1, step))
        store.replace_dead(1, step)
    network.read(x, np.arange(20), 1.0)
    return network, x[:20], network.forward()[:, :20].T.copy()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("layers", [("conv:4:3", "norm", "avgpool:2", 12, "norm"), (12, "norm", 8)], ids=str)
def test_it_is_in_the_weights_of_the_trained_network_and_computes_the_same(layers, momentum):
    network, x, expected = _trained(layers, momentum)
    assert all(np.abs(array).sum() > 0 for array in network.state().values() if array.size)
    trained = network.trained(ends_for(network.store))
    assert trained.synapses == network.store.n_live
    assert "norm" not in str(trained.architecture)
    np.testing.assert_allclose(unrolled(trained).activations(x)[-1], expected, rtol=1e-3, atol=1e-4)


def test_a_network_whose_norms_fold_away_is_a_chain():
    network, x, expected = _trained((12, "norm", 8), 0.0, (10,))
    trained = network.trained(ends_for(network.store))
    assert trained.architecture is None
    np.testing.assert_allclose(trained.activations(x)[-1], expected, rtol=1e-3, atol=1e-4)


def test_it_keeps_the_signs_of_connections():
    network, *_ = _trained((12, "norm", 8), 0.0, (10,))
    trained = network.trained(ends_for(network.store))
    for own, folded in zip(network.store.projections, trained.projections, strict=True):
        row_start, _, weight, _ = own.slots
        np.testing.assert_array_equal(np.sign(weight[row_start[0] : row_start[-1]]), np.sign(folded.weight.data))


@pytest.mark.parametrize("layers", [("norm", 10), ("maxpool:2", "norm", 10), (10, "norm", "norm")], ids=str)
def test_a_norm_without_sums_before_it_is_refused(layers):
    with pytest.raises(BadInput, match="norm, normalises the sums of the layer before it"):
        architecture_of((1, 4, 4), layers, 3)


def test_sequences_are_not_normalised():
    with pytest.raises(BadInput, match="gets a sequence"):
        architecture_of((4, 7), (10, "norm"), 3)


def test_weights_on_a_grid_are_not_normalised():
    architecture = architecture_of((10,), (12, "norm"), 3)
    with pytest.raises(BadInput, match="grid of steps"):
        Layered(architecture, store_for(architecture, most=7), 20)
