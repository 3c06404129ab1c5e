import numpy as np
import pytest

from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.leaky import Leaky

FEATURES, STEPS, BATCH = 3, 6, 20
LENGTHS = np.arange(BATCH) % (STEPS + 1)
KAPPA = np.exp(-2.0 / 7.0)


def naive_leaky(x, lengths):
    y = np.zeros(x.shape)
    for sample, length in enumerate(lengths):
        for t in range(length):
            y[:, t, sample] = KAPPA * (y[:, t - 1, sample] if t else 0) + (1 - KAPPA) * x[:, t, sample]
    return y


def signals():
    generator = np.random.default_rng(1)
    arrays = [buffer(FEATURES * STEPS, BATCH) for _ in range(4)]
    for array in (arrays[0], arrays[3]):
        array[:, :BATCH] = generator.normal(size=(array.shape[0], BATCH))
    return arrays


def by_step(array):
    return array.reshape(FEATURES, STEPS, -1)[:, :, :BATCH]


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_output_and_gradient_equal_the_twin(lengths):
    layer = Leaky((FEATURES, STEPS), 7.0, 2.0, BATCH, IDENTITY, lengths)
    x, dx, y, dy = signals()
    layer.forward(x, y)
    counted = [STEPS] * BATCH if lengths is None else lengths
    np.testing.assert_allclose(by_step(y), naive_leaky(by_step(x), counted), atol=1e-6)
    layer.backward(x, dx, y, dy, [])
    # The map is linear: its transpose is what takes gradients back.
    for _ in range(5):
        other = np.random.default_rng(2).normal(size=by_step(x).shape)
        through = (naive_leaky(other, counted) * by_step(dy)).sum()
        assert (other * by_step(dx)).sum() == pytest.approx(through, abs=1e-5)
    layer.backward(x, NOTHING, y, dy, [])
    assert layer.shape == (FEATURES, STEPS)


def test_the_gates_of_the_layer_below_are_closed():
    found = []
    for below in (IDENTITY, RELU):
        x, dx, y, dy = signals()
        np.maximum(x, 0, out=x)
        layer = Leaky((FEATURES, STEPS), 7.0, 2.0, BATCH, below)
        layer.forward(x, y)
        layer.backward(x, dx, y, dy, [])
        found.append(dx)
    np.testing.assert_array_equal(found[1], np.where(x > 0, found[0], 0))


@pytest.mark.parametrize(("tau", "dt"), [(0.0, 1.0), (5.0, 0.0), (5.0, np.inf), (np.nan, 1.0)])
def test_times_that_make_no_sense_are_refused(tau, dt):
    with pytest.raises(BadInput, match="time constant"):
        Leaky((FEATURES, STEPS), tau, dt, BATCH, IDENTITY)
