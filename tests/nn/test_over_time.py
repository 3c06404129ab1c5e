import numpy as np
import pytest

from neurosparse.nn.activation import IDENTITY, RELU
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.over_time import Last, Max, Mean

FEATURES, STEPS, BATCH = 3, 5, 20
LENGTHS = np.random.default_rng(8).integers(0, STEPS + 1, BATCH)
LENGTHS[:3] = 0, 1, STEPS


def naive(kind, x, dy, lengths):
    """Return outputs and the gradient of `x` (features, steps, samples), one feature of one sample at a time."""
    y, dx = np.zeros((x.shape[0], x.shape[2])), np.zeros(x.shape)
    for feature in range(x.shape[0]):
        for sample, length in enumerate(lengths):
            if not length:
                continue
            values = x[feature, :length, sample].tolist()
            if kind is Mean:
                y[feature, sample] = sum(values) / length
                dx[feature, :length, sample] = dy[feature, sample] / length
                continue
            step = length - 1 if kind is Last else values.index(max(values))
            y[feature, sample] = values[step]
            dx[feature, step, sample] = dy[feature, sample]
    return y, dx


@pytest.mark.parametrize("kind", [Last, Mean, Max])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("below", [IDENTITY, RELU])
@pytest.mark.parametrize("seed", range(4))
def test_outputs_and_gradients_are_those_of_the_twin(kind, lengths, below, seed):
    generator = np.random.default_rng(seed)
    x, dx = buffer(FEATURES * STEPS, BATCH), buffer(FEATURES * STEPS, BATCH)
    y, dy = buffer(FEATURES, BATCH), buffer(FEATURES, BATCH)
    # Few different values: the largest often stands twice.
    x[:, :BATCH] = below(generator.integers(-3, 4, (x.shape[0], BATCH)).astype(np.float32))
    dy[:, :BATCH] = generator.normal(size=(FEATURES, BATCH))
    layer = kind((FEATURES, STEPS), BATCH, below, lengths)
    layer.forward(x, y, None)
    layer.backward(x, dx, y, dy, ())
    layer.backward(x, NOTHING, y, dy, ())
    sequence = x.reshape(FEATURES, STEPS, -1)[:, :, :BATCH]
    expected, slope = naive(kind, sequence, dy, [STEPS] * BATCH if lengths is None else lengths)
    np.testing.assert_allclose(y[:, :BATCH], expected, rtol=1e-6, atol=1e-6)
    slope = np.where(sequence > 0, slope, 0) if below is RELU else slope
    np.testing.assert_allclose(dx.reshape(FEATURES, STEPS, -1)[:, :, :BATCH], slope, rtol=1e-6)
    assert layer.shape == (FEATURES,)
    assert (layer.projections, layer.signals, layer.state()) == ((), (), {})


@pytest.mark.parametrize("kind", [Last, Mean, Max])
def test_lengths_are_read_anew(kind):
    lengths = np.full(BATCH, STEPS)
    layer = kind((FEATURES, STEPS), BATCH, IDENTITY, lengths)
    x, y = buffer(FEATURES * STEPS, BATCH), buffer(FEATURES, BATCH)
    x.reshape(FEATURES, STEPS, -1)[:] = np.arange(1.0, STEPS + 1)[:, None]
    layer.forward(x, y, None)
    assert y[0, 0] == {Last: STEPS, Mean: (STEPS + 1) / 2, Max: STEPS}[kind]
    lengths[:] = 2
    layer.forward(x, y, None)
    assert y[0, 0] == {Last: 2, Mean: 1.5, Max: 2}[kind]
    lengths[:] = 0
    layer.forward(x, y, None)
    assert not y[:, :BATCH].any()


def test_a_value_that_is_no_number_is_the_largest():
    x, y = buffer(3, BATCH), buffer(1, BATCH)
    for step in range(3):
        x[:] = np.array([1.0, -np.inf, 2.0])[:, None]
        x[step] = np.nan
        Max((1, 3), BATCH, IDENTITY).forward(x, y, None)
        assert np.isnan(y).all()
    x[:] = -np.inf
    Max((1, 3), BATCH, IDENTITY).forward(x, y, None)
    assert (y == -np.inf).all()
