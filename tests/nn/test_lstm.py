import naive_lstm
import numpy as np
import pytest

from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.layer import Law
from neurosparse.nn.lstm import LSTM
from neurosparse.nn.workers import Workers
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore

FEATURES, STEPS, UNITS, BATCH = 5, 7, 3, 20
LENGTHS = np.random.default_rng(8).integers(0, STEPS + 1, BATCH)
LENGTHS[:3] = 0, 1, STEPS
# Moves every weight by its gradient, and nothing else.
GRADIENT = Law(1.0, 0.0, 0.0, 0.0, 1, 1, dies=False)


def build(
    bidirectional=False, lengths=None, below=IDENTITY, *, parts=1, momentum=False, seed=3, sizes=(FEATURES, UNITS),
    steps=STEPS, batch=BATCH, live=0.6, checkpoint_every=None, clip=0.0,
):  # fmt: skip
    features, units = sizes
    layouts = [
        unbounded(f"{name}{k}", pre, 4 * units, max(int(live * pre * 4 * units), 1))
        for k in range(1 + bidirectional)
        for name, pre in (("input", features), ("recurrent", units))
    ]
    store = SynapseStore(Layout(tuple(layouts)), parts=parts, momentum=momentum)
    store.fill(seed)
    layer = LSTM(
        store, store.projections, (features, steps), units, bidirectional, Workers(parts), batch, below, lengths,
        checkpoint_every, clip,
    )  # fmt: skip
    layer.initialise(1.0, seed)
    layer.bias += np.random.default_rng(seed).normal(scale=0.3, size=layer.bias.size).astype(np.float32)
    return store, layer


def signals(layer, features=FEATURES, steps=STEPS, batch=BATCH, seed=0, rectified=False):
    """Return input, room for its gradient, room for the output, and a gradient of the output: two-dimensional."""
    generator = np.random.default_rng(seed)
    x, dx = buffer(features * steps, batch), buffer(features * steps, batch)
    y, dy = buffer(layer.shape[0] * steps, batch), buffer(layer.shape[0] * steps, batch)
    x[:, :batch] = generator.normal(size=(x.shape[0], batch))
    dy[:, :batch] = generator.normal(size=(dy.shape[0], batch))
    if rectified:
        np.maximum(x, 0, out=x)
    return x, dx, y, dy


def dense(store):
    """Return the weights of each projection in float64, written out, and where there is a connection."""
    matrices = []
    for p in store.projections:
        row_start, target, weight, _ = p.slots
        matrices.append((np.zeros((p.n_pre, p.n_post)), np.zeros((p.n_pre, p.n_post), bool)))
        for i in range(p.n_pre):
            row = slice(row_start[i], row_start[i + 1])
            matrices[-1][0][i, target[row]] = weight[row]
            matrices[-1][1][i, target[row]] = True
    return [m for m, _ in matrices], [live for _, live in matrices]


def twin(x, weights, bias, lengths, units=UNITS):
    """Return the outputs of one or both directions, the other direction last."""
    parts = []
    for k in range(len(weights) // 2):
        own = bias[4 * units * k : 4 * units * (k + 1)]
        parts.append(naive_lstm.lstm(x, weights[2 * k], weights[2 * k + 1], own, lengths, bool(k)))
    return np.concatenate(parts)


def lengths_of(lengths):
    return [STEPS] * BATCH if lengths is None else lengths.tolist()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_forward_equals_the_twin(bidirectional, lengths):
    store, layer = build(bidirectional, lengths)
    x, _, y, _ = signals(layer)
    layer.forward(x, y, None)
    weights, _ = dense(store)
    expected = twin(
        x.reshape(FEATURES, STEPS, -1)[:, :, :BATCH].astype(float), weights, layer.bias, lengths_of(lengths)
    )
    found = y.reshape(layer.shape[0], STEPS, -1)[:, :, :BATCH]
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert layer.shape == (UNITS * (1 + bidirectional), STEPS)
    if lengths is not None:
        for sample, length in enumerate(lengths):
            assert not found[:, length:, sample].any()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("checkpoint_every", [None, 1, 3])
def test_gradients_are_finite_differences(bidirectional, lengths, checkpoint_every):
    """Of weights of every projection, biases and input, for a loss that is a random weighting of all outputs."""
    store, layer = build(bidirectional, lengths, checkpoint_every=checkpoint_every)
    x, dx, y, dy = signals(layer)
    weights, live = dense(store)
    bias = layer.bias.astype(float)
    layer.forward(x, y, (1, 1))
    layer.backward(x, dx, y, dy, (GRADIENT,) * len(weights))
    after, _ = dense(store)
    inputs = x.reshape(FEATURES, STEPS, -1)[:, :, :BATCH].astype(float)
    weighting = dy.reshape(layer.shape[0], STEPS, -1)[:, :, :BATCH].astype(float)

    def loss():
        return float((twin(inputs, weights, bias, lengths_of(lengths)) * weighting).sum())

    def slope(array, place, step=1e-5):
        here = array[place]
        losses = []
        for sign in (1, -1):
            array[place] = here + sign * step
            losses.append(loss())
        array[place] = here
        return (losses[0] - losses[1]) / (2 * step)

    generator = np.random.default_rng(5)
    for before, then, there in zip(weights, after, live, strict=True):
        for place in generator.permutation(np.argwhere(there))[:12]:
            place = tuple(place)
            assert before[place] - then[place] == pytest.approx(slope(before, place), abs=2e-5, rel=1e-4)
        assert not then[~there].any()
    for j in range(bias.size):
        assert bias[j] - layer.bias[j] == pytest.approx(slope(bias, j), abs=2e-5, rel=1e-4)
    found = dx.reshape(FEATURES, STEPS, -1)
    for place in generator.permutation(np.argwhere(np.ones_like(inputs)))[:40]:
        place = tuple(place)
        assert found[place] == pytest.approx(slope(inputs, place), abs=2e-5, rel=1e-4)


def test_signals_are_what_the_gradients_of_all_pairs_are_made_of():
    store, layer = build(True, LENGTHS)
    x, _, y, dy = signals(layer)
    weights, live = dense(store)
    layer.forward(x, y, (1, 1))
    layer.backward(x, NOTHING, y, dy, (GRADIENT,) * 4)
    after, _ = dense(store)
    for before, then, there, (a, b) in zip(weights, after, live, layer.signals, strict=True):
        np.testing.assert_allclose((before - then)[there], (a @ b.T)[there], atol=2e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_gates_of_the_layer_below_are_closed(bidirectional):
    gradients = []
    for below in (IDENTITY, RELU):
        _, layer = build(bidirectional, below=below)
        x, dx, y, dy = signals(layer, rectified=True)
        layer.forward(x, y, (1, 1))
        layer.backward(x, dx, y, dy, (GRADIENT,) * len(layer.projections))
        gradients.append(dx)
    np.testing.assert_array_equal(gradients[1], np.where(x > 0, gradients[0], 0))
    assert gradients[0][x <= 0].any()


def train(layer, store, law, count, **sizes):
    """Take some steps and return what they leave."""
    found = []
    for step in range(1, count + 1):
        x, dx, y, dy = signals(layer, seed=step, **sizes)
        layer.forward(x, y, (law.seed, step))
        layer.backward(x, dx, y, dy, (law._replace(step=step),) * len(layer.projections))
        found += [y, dx, store.died.sum(axis=0).copy(), store.replace_dead(law.seed, step)]
    return [*found, *(array.copy() for array in (*store.slots, store.live, layer.bias, layer.bias_velocity))]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_threads_do_not_change_a_bit(parts, bidirectional, monkeypatch):
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    sizes = {"features": 11, "steps": 6, "batch": 20}
    law = Law(0.02, 0.001, 0.005, 0.5, 7, 1)
    results = []
    for n in (1, parts):
        store, layer = build(
            bidirectional, LENGTHS.clip(max=6), parts=n, momentum=True, sizes=(11, 13), steps=6, live=0.3
        )
        results.append(train(layer, store, law, 8, **sizes))
        assert results[-1][3] > 0, "nothing was rewired, so nothing was tested"
        store.check()
    assert_same(*results)


@pytest.mark.parametrize("checkpoint_every", [1, 2, 4, 7, 100])
@pytest.mark.parametrize(("parts", "batch"), [(1, BATCH), (2, BATCH), (1, 100)])
def test_checkpoints_do_not_change_a_bit(checkpoint_every, parts, batch, monkeypatch):
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    law = Law(0.02, 0.001, 0.005, 0.5, 7, 1)
    results = []
    for every in (None, checkpoint_every):
        lengths = np.resize(LENGTHS, batch)
        store, layer = build(True, lengths, parts=parts, momentum=True, batch=batch, checkpoint_every=every)
        results.append(train(layer, store, law, 6, batch=batch))
    assert_same(*results)


def step(clip, checkpoint_every=None, parts=1):
    """Return how far the weights of each direction with its biases, and the input's gradient, are from before."""
    store, layer = build(True, LENGTHS, parts=parts, checkpoint_every=checkpoint_every, clip=clip)
    x, dx, y, dy = signals(layer)
    weight, bias = store.weight.copy(), layer.bias.copy()
    layer.forward(x, y, (1, 1))
    layer.backward(x, dx, y, dy, (GRADIENT,) * 4)
    second = store.projections[2].slots[0][0]
    by_weight = (store.weight - weight)[:second], (store.weight - weight)[second:]
    by_bias = np.split(layer.bias - bias, 2)
    return [np.concatenate(pair) for pair in zip(by_weight, by_bias, strict=True)], dx


@pytest.mark.parametrize(("checkpoint_every", "parts"), [(None, 1), (3, 1), (None, 2)])
def test_gradients_are_clipped_by_the_norm_of_each_direction(checkpoint_every, parts):
    whole, dx = step(0.0)
    norms = sorted(np.linalg.norm(moved) for moved in whole)
    clip = (norms[0] + norms[1]) / 2
    clipped, same_dx = step(clip, checkpoint_every, parts)
    np.testing.assert_array_equal(dx, same_dx)
    for moved, other in zip(whole, clipped, strict=True):
        np.testing.assert_allclose(other, moved * min(1.0, clip / np.linalg.norm(moved)), atol=1e-5)
        assert np.linalg.norm(other) <= clip * (1 + 1e-5)
    assert norms[0] < clip < norms[1]


def test_a_full_length_is_no_length():
    results = []
    for lengths in (None, np.full(BATCH, STEPS)):
        store, layer = build(True, lengths)
        results.append(train(layer, store, Law(0.02, 0.0, 0.0, 0.0, 7, 1), 3))
    assert_same(*results)


def test_no_gradient_flows_from_where_a_sample_has_ended():
    results = []
    for size in (0.0, 100.0):
        store, layer = build(True, LENGTHS)
        x, dx, y, dy = signals(layer)
        ended = np.arange(STEPS)[:, None] >= LENGTHS
        dy.reshape(-1, STEPS, dy.shape[1])[:, :, :BATCH][:, ended] = size
        layer.forward(x, y, (1, 1))
        layer.backward(x, dx, y, dy, (GRADIENT,) * 4)
        results.append([dx, store.weight, layer.bias])
        assert not dx.reshape(-1, STEPS, dy.shape[1])[:, :, :BATCH][:, ended].any()
    assert_same(*results)


def test_one_step_is_enough():
    store, layer = build(steps=1)
    train(layer, store, Law(0.1, 0.0, 0.0, 0.0, 7, 1), 3, steps=1)
    store.check()


def test_the_dead_are_noted_as_anywhere_else():
    store, layer = build(momentum=True)
    p = store.projections[1]
    row_start, target, weight, _ = p.slots
    slot = row_start[0]
    column = target[slot]
    weight[slot] = 1e-12 * np.sign(weight[slot])
    x, dx, y, dy = signals(layer)
    layer.forward(x, y, (1, 1))
    still = Law(0.0, 1e-9, 0.0, 0.0, 1, 1)
    layer.backward(x, dx, y, dy, (still, still))
    assert store.died.sum() == store.died[0][p.cores].sum() == 1
    end = store.segment_end[p.index]
    assert end == row_start[-1] - 1
    assert target[end] in (column, ~column)
    assert store.replace_dead(1, 1) == 1
    store.check()


def test_forget_gates_begin_open():
    store, _ = build()
    layer = LSTM(store, store.projections, (FEATURES, STEPS), UNITS, False, Workers(1), BATCH, IDENTITY)
    np.testing.assert_array_equal(layer.bias.reshape(4, UNITS), [[0] * UNITS, [1] * UNITS, [0] * UNITS, [0] * UNITS])
    assert layer.state().keys() == {"bias"}
    assert layer.state()["bias"] is layer.bias


def test_first_weights_have_the_variance_of_one_over_the_fan_in():
    store, _ = build(sizes=(300, 50), live=0.4, steps=1)
    for p in store.projections:
        weight = store.weight[p.slots[0][0] : p.slots[0][-1]]
        assert weight.var() + weight.mean() ** 2 == pytest.approx(p.n_post / weight.size, rel=0.1)


def test_projections_of_another_size_are_refused():
    store, _ = build()
    with pytest.raises(BadInput, match="needs other projections"):
        LSTM(store, store.projections, (FEATURES, STEPS), UNITS + 1, False, Workers(1), BATCH, IDENTITY)
    with pytest.raises(BadInput, match="needs other projections"):
        LSTM(store, store.projections, (FEATURES, STEPS), UNITS, True, Workers(1), BATCH, IDENTITY)
    with pytest.raises(BadInput, match="at least 1"):
        LSTM(store, store.projections, (FEATURES, STEPS), UNITS, False, Workers(1), BATCH, IDENTITY, None, 0)
