from functools import partial

import naive_lif
import numpy as np
import pytest
from tape import Node, backward

from neurosparse.errors import BadInput
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.layer import Law
from neurosparse.nn.leaky import Leaky
from neurosparse.nn.lif import Lif
from neurosparse.nn.lif_cell import LifCell
from neurosparse.nn.lif_checkpoints import CheckpointedLif
from neurosparse.nn.linear import Linear
from neurosparse.nn.losses import SoftmaxCrossEntropy
from neurosparse.nn.over_time import Last
from neurosparse.nn.workers import Workers
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore

FEATURES, STEPS, NEURONS, BATCH = 6, 12, 7, 20
LENGTHS = np.random.default_rng(8).integers(0, STEPS + 1, BATCH)
LENGTHS[:3] = 0, 1, STEPS
# Moves every weight by its gradient, and nothing else.
GRADIENT = Law(1.0, 0.0, 0.0, 0.0, 1, 1, dies=False)
FAST = {"tau_mem": 5.0, "tau_adapt": 8.0, "beta": 0.3}
CELLS = {
    "at once": LifCell(**FAST),
    "current": LifCell(**FAST, tau_syn=3.0),
    "refractory": LifCell(**FAST, refractory=2.0),
    "current, refractory": LifCell(**FAST, tau_syn=5.0, refractory=3.0),
}


def build(
    cell=CELLS["at once"], recurrent=True, delays=(1, 1), lengths=None, below=IDENTITY, *, n_adaptive=3, parts=1,
    momentum=False, seed=3, steps=STEPS, batch=BATCH, sizes=(FEATURES, NEURONS), live=0.7, gain=2.0,
    checkpoint_every=None, **options,
):  # fmt: skip
    features, neurons = sizes
    layouts = [
        unbounded(name, pre, neurons, int(live * pre * neurons))
        for name, pre in (("input", features * delays[0]), ("recurrent", neurons * delays[1]))[: 1 + recurrent]
    ]
    store = SynapseStore(Layout(tuple(layouts)), parts=parts, momentum=momentum)
    store.fill(seed)
    kind = Lif if checkpoint_every is None else partial(CheckpointedLif, checkpoint_every)
    layer = kind(
        store, store.projections, (features, steps), neurons, n_adaptive, cell, Workers(parts), batch, below, lengths,
        input_delays=delays[0], delays=delays[1], **options,
    )  # fmt: skip
    # A current brings its charge late and spread out.
    layer.initialise(gain * (1 if cell.tau_syn is None else 3), seed)
    layer.bias += np.random.default_rng(seed).normal(scale=0.1, size=neurons).astype(np.float32)
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


class Twin:
    """The layer in float64 on a tape."""

    def __init__(self, store, layer, x, lengths=None, delays=(1, 1), n_adaptive=3, cut=False):
        weights, self.live = dense(store)
        self.weights = [Node(w) for w in weights]
        self.bias = Node(layer.bias.astype(float)[:, None])
        features = x.shape[0] // STEPS
        self.xs = [Node(x.reshape(features, STEPS, -1)[:, t, :BATCH]) for t in range(STEPS)]
        lengths = np.full(BATCH, STEPS) if lengths is None else lengths
        self.keep = (np.arange(STEPS)[:, None] < lengths).astype(float)
        self.record = []
        recurrent = self.weights[1] if len(self.weights) == 2 else None
        self.spikes = naive_lif.lif(
            self.xs, self.weights[0], recurrent, self.bias, layer.cell, n_adaptive, self.keep, delays=delays, cut=cut,
            record=self.record,
        )  # fmt: skip

    @property
    def z(self):
        return np.stack([z.value for z in self.spikes], axis=1)

    def learn(self, dy, strength=0.0, target=0.0, dt=1.0):
        """Take the gradients of the sum of all spikes times `dy`, and of the regularisation of rates."""
        dy = dy.reshape(-1, STEPS, dy.shape[1])[:, :, :BATCH].astype(float)
        count = self.keep.sum() * dt
        extra = 2 * strength * (self.z.sum(axis=(1, 2)) / count - target) / (len(self.z) * count)
        loss = Node(0.0)
        for t, z in enumerate(self.spikes):
            weighting = dy[:, t] + extra[:, None]
            loss = loss + Node((z.value * weighting).sum(), ((z, lambda g, w=weighting: g * w),))
        backward(loss)


def close(found, expected, tolerance=1e-4):
    """Whether two arrays agree relative to their largest number."""
    expected = np.asarray(expected)
    assert np.abs(found - expected).max(initial=0) <= tolerance * np.abs(expected).max(initial=1e-6)


def compare(store, layer, twin, before, dx=None):
    """Whether weights and biases moved by the gradients of the twin, and the input's is its own."""
    after, _ = dense(store)
    for old, new, node, live in zip(before, after, twin.weights, twin.live, strict=True):
        assert np.abs(node.gradient).max() > 1e-2
        close((old - new)[live], node.gradient[live])
        assert not new[~live].any()
    close(twin.bias.value[:, 0] - layer.bias, twin.bias.gradient[:, 0])
    if dx is not None:
        close(dx.reshape(-1, STEPS, dx.shape[1])[:, :, :BATCH], np.stack([x.gradient for x in twin.xs], axis=1))


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("delays", [(1, 1), (2, 3)])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("checkpoint_every", [None, 5])
def test_spikes_and_gradients_are_those_of_the_twin(kind, recurrent, delays, lengths, checkpoint_every):
    store, layer = build(CELLS[kind], recurrent, delays, lengths, checkpoint_every=checkpoint_every)
    x, dx, y, dy = signals(layer)
    twin = Twin(store, layer, x, lengths, delays)
    layer.forward(x, y, (1, 1))
    found = y.reshape(NEURONS, STEPS, -1)
    assert np.min([np.abs(height[ready > 0]).min() for _, height, ready in twin.record if ready.any()]) > 1e-5
    np.testing.assert_array_equal(found[:, :, :BATCH], twin.z)
    assert not found[:, :, BATCH:].any()
    assert 0.02 < twin.z.mean() < 0.6
    twin.learn(dy)
    layer.backward(x, dx, y, dy, (GRADIENT,) * len(layer.projections))
    compare(store, layer, twin, [node.value for node in twin.weights], dx)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("delays", [(1, 1), (2, 3)])
def test_eprop_is_the_gradient_without_recurrent_paths(kind, delays):
    store, layer = build(CELLS[kind], True, delays, LENGTHS, learning="eprop")
    x, dx, y, dy = signals(layer)
    twin = Twin(store, layer, x, LENGTHS, delays, cut=True)
    layer.forward(x, y, (1, 1))
    twin.learn(dy)
    layer.backward(x, dx, y, dy, (GRADIENT,) * 2)
    compare(store, layer, twin, [node.value for node in twin.weights])


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("delays", [(1, 1), (2, 3)])
def test_eprop_is_the_sum_of_learning_signals_times_eligibility_traces(kind, delays):
    """Eligibility vectors of every synapse, forward in time, as Bellec et al. 2020 have them (eqs. 22 to 25)."""
    store, layer = build(CELLS[kind], True, delays, LENGTHS, learning="eprop")
    x, dx, y, dy = signals(layer)
    twin = Twin(store, layer, x, LENGTHS, delays)
    layer.forward(x, y, (1, 1))
    layer.backward(x, dx, y, dy, (GRADIENT,) * 2)
    after, live = dense(store)
    learning_signal = dy.reshape(NEURONS, STEPS, -1)[:, :, :BATCH].astype(float)
    inputs = np.stack([node.value for node in twin.xs], axis=1)
    for k, (source, least) in enumerate(((inputs, 0), (twin.z, 1))):
        expected, _ = naive_lif.eprop(
            source, delays[k], least, twin.record, twin.z, learning_signal, layer.cell, n_adaptive=3
        )
        close((twin.weights[k].value - after[k])[live[k]], expected[live[k]])


@pytest.mark.parametrize("kind", ["at once", "refractory", "current"])
def test_eprop_of_neurons_without_recurrence_and_adaptation_is_backpropagation_through_time(kind):
    moved = []
    for learning in ("bptt", "eprop"):
        store, layer = build(CELLS[kind], False, lengths=LENGTHS, n_adaptive=0, learning=learning)
        x, _, y, dy = signals(layer)
        layer.forward(x, y, (1, 1))
        layer.backward(x, NOTHING, y, dy, (GRADIENT,))
        moved.append([store.weight, layer.bias])
    assert_same(*moved)


@pytest.mark.parametrize("kind", ["at once", "current"])
@pytest.mark.parametrize("input_delays", [1, 2])
@pytest.mark.parametrize("below", [IDENTITY, RELU, Activation("qcfs", 1.0, 4)])
def test_eprop_hands_down_the_effect_on_the_first_step_alone(kind, input_delays, below):
    store, layer = build(CELLS[kind], True, (input_delays, 1), LENGTHS, below, learning="eprop")
    x, dx, y, dy = signals(layer, rectified=below != IDENTITY)
    x[:] = np.minimum(below(x), 1) if below != IDENTITY else x
    twin = Twin(store, layer, x, LENGTHS, (input_delays, 1))
    layer.forward(x, y, (1, 1))
    layer.backward(x, dx, y, dy, (GRADIENT,) * 2)
    late = int(layer.cell.tau_syn is not None)
    slopes = np.stack([0.3 * np.maximum(0, 1 - np.abs(height)) * ready for _, height, ready in twin.record], axis=1)
    push = dy.reshape(NEURONS, STEPS, -1)[:, :, :BATCH] * slopes * (layer.cell.reach if late else 1.0)
    expected = np.zeros((FEATURES, STEPS, BATCH))
    for d in range(input_delays):
        weights = twin.weights[0].value[d::input_delays]
        for t in range(STEPS - d - late):
            expected[:, t] += weights @ push[:, t + d + late]
    if below != IDENTITY:
        expected *= ((x > 0) & (x < below.ceiling)).reshape(FEATURES, STEPS, -1)[:, :, :BATCH]
    close(dx.reshape(FEATURES, STEPS, -1)[:, :, :BATCH], expected)


@pytest.mark.parametrize("learning", ["bptt", "eprop"])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_rates_are_pulled_to_their_target(learning, lengths):
    cell = LifCell(tau_mem=10.0, dt=2.0, beta=0.3)
    store, layer = build(cell, lengths=lengths, learning=learning, rate_strength=500.0, rate_target=40.0)
    x, _, y, dy = signals(layer)
    twin = Twin(store, layer, x, lengths, cut=learning == "eprop")
    layer.forward(x, y, (1, 1))
    twin.learn(dy, 500.0, 0.04, cell.dt)
    rates = twin.z.sum(axis=(1, 2)) / twin.keep.sum() / cell.dt
    assert layer.rate_loss == pytest.approx(500 * np.square(rates - 0.04).mean())
    layer.backward(x, NOTHING, y, dy, (GRADIENT,) * 2)
    compare(store, layer, twin, [node.value for node in twin.weights])
    np.testing.assert_allclose(layer.tally(), 1000 * rates)
    assert not layer.tally().any()


def test_signals_are_what_the_gradients_of_all_pairs_are_made_of():
    store, layer = build(delays=(2, 3), lengths=LENGTHS)
    x, _, y, dy = signals(layer)
    before, live = dense(store)
    layer.forward(x, y, (1, 1))
    layer.backward(x, NOTHING, y, dy, (GRADIENT,) * 2)
    after, _ = dense(store)
    for k, (a, b) in enumerate(layer.signals):
        close((before[k] - after[k])[live[k]], (a @ b.T)[live[k]])


@pytest.mark.parametrize("input_delays", [1, 2])
@pytest.mark.parametrize("below", [RELU, Activation("qcfs", 1.0, 4)])
def test_the_gates_of_the_layer_below_are_closed(input_delays, below):
    gradients = []
    for made in (IDENTITY, below):
        _, layer = build(delays=(input_delays, 1), below=made)
        x, dx, y, dy = signals(layer, rectified=True)
        layer.forward(x, y, (1, 1))
        layer.backward(x, dx, y, dy, (GRADIENT,) * 2)
        gradients.append(dx)
    np.testing.assert_array_equal(gradients[1], np.where((x > 0) & (x < below.ceiling), gradients[0], 0))
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
@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("learning", ["bptt", "eprop"])
@pytest.mark.parametrize("delays", [(1, 1), (2, 3)])
@pytest.mark.parametrize("least", [0, 4_000_000])
def test_threads_do_not_change_a_bit(parts, recurrent, learning, delays, least, monkeypatch):
    monkeypatch.setattr(Workers, "MIN_WORK", least)
    sizes = {"features": 11, "steps": 8, "batch": 40}
    law = Law(0.02, 0.005, 0.05, 0.5, 7, 1)
    results = []
    for n in (1, parts):
        store, layer = build(
            CELLS["refractory"], recurrent, delays, np.resize(LENGTHS, 40).clip(max=8), parts=n, momentum=True,
            sizes=(11, 13), steps=8, batch=40, live=0.3, learning=learning, rate_strength=1.0,
        )  # fmt: skip
        results.append(train(layer, store, law, 6, **sizes))
        assert any(results[-1][3::4][:6]), "nothing was rewired, so nothing was tested"
        assert results[-1][0].any(), "nothing fired"
        store.check()
    assert_same(*results)


@pytest.mark.parametrize("checkpoint_every", [1, 2, 5, STEPS, 100])
@pytest.mark.parametrize(("parts", "batch"), [(1, BATCH), (2, BATCH), (1, 100)])
@pytest.mark.parametrize("learning", ["bptt", "eprop"])
@pytest.mark.parametrize(("recurrent", "delays"), [(False, (1, 1)), (True, (1, 1)), (True, (2, 4))])
@pytest.mark.parametrize("kind", ["at once", "current, refractory"])
def test_checkpoints_do_not_change_a_bit(
    kind, recurrent, delays, learning, parts, batch, checkpoint_every, monkeypatch
):
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    law = Law(0.02, 0.001, 0.005, 0.5, 7, 1)
    results = []
    for every in (None, checkpoint_every):
        store, layer = build(
            CELLS[kind], recurrent, delays, np.resize(LENGTHS, batch), RELU, parts=parts, momentum=True, batch=batch,
            learning=learning, rate_strength=1.0, checkpoint_every=every,
        )  # fmt: skip
        results.append(train(layer, store, law, 3, batch=batch))
        results[-1] += [layer.rate_loss, layer.tally()]
    assert results[0][0].any(), "nothing fired"
    assert_same(*results)


def step(clip, checkpoint_every=None, parts=1, learning="bptt"):
    """Return how far weights and biases are from before, and the gradient of the input."""
    store, layer = build(
        CELLS["current"], True, (2, 3), LENGTHS, RELU, parts=parts, clip=clip, checkpoint_every=checkpoint_every,
        learning=learning,
    )  # fmt: skip
    x, dx, y, dy = signals(layer, FEATURES, rectified=True)
    old = np.concatenate([store.weight, layer.bias])
    layer.forward(x, y, (1, 1))
    layer.backward(x, dx, y, dy, (GRADIENT,) * 2)
    return np.concatenate([store.weight, layer.bias]) - old, dx


@pytest.mark.parametrize("learning", ["bptt", "eprop"])
@pytest.mark.parametrize(("checkpoint_every", "parts"), [(None, 1), (5, 1), (None, 2)])
def test_gradients_are_clipped_by_their_norm(checkpoint_every, parts, learning):
    whole, dx = step(0.0, learning=learning)
    norm = np.linalg.norm(whole)
    clipped, same_dx = step(norm / 3, checkpoint_every, parts, learning)
    np.testing.assert_array_equal(dx, same_dx)
    np.testing.assert_allclose(clipped, whole / 3, atol=1e-5 * norm)
    for room in (2 * norm, 1e30):
        np.testing.assert_array_equal(step(room, checkpoint_every, parts, learning)[0], whole)


def test_a_norm_below_zero_is_refused():
    for clip in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="cannot be clipped at a norm"):
            build(clip=clip)


def test_a_full_length_is_no_length():
    results = []
    for lengths in (None, np.full(BATCH, STEPS)):
        store, layer = build(CELLS["current"], lengths=lengths)
        results.append(train(layer, store, Law(0.02, 0.0, 0.0, 0.0, 7, 1), 3))
    assert_same(*results)


def test_no_gradient_flows_from_where_a_sample_has_ended():
    results = []
    for size in (0.0, 100.0):
        store, layer = build(CELLS["current"], lengths=LENGTHS)
        x, dx, y, dy = signals(layer)
        ended = np.arange(STEPS)[:, None] >= LENGTHS
        dy.reshape(-1, STEPS, dy.shape[1])[:, :, :BATCH][:, ended] = size
        layer.forward(x, y, (1, 1))
        layer.backward(x, dx, y, dy, (GRADIENT,) * 2)
        results.append([dx, store.weight, layer.bias])
        assert not dx.reshape(-1, STEPS, dy.shape[1])[:, :, :BATCH][:, ended].any()
        assert not y.reshape(-1, STEPS, dy.shape[1])[:, :, :BATCH][:, ended].any()
    assert_same(*results)


@pytest.mark.parametrize("delays", [(1, 1), (2, 3)])
@pytest.mark.parametrize("learning", ["bptt", "eprop"])
def test_one_step_is_enough(delays, learning):
    store, layer = build(delays=delays, steps=1, learning=learning)
    train(layer, store, Law(0.1, 0.0, 0.0, 0.0, 7, 1), 3, steps=1)
    store.check()


def test_what_is_no_number_does_not_become_silence():
    _, layer = build()
    x, _, y, _ = signals(layer)
    x[0, 0] = np.nan
    layer.forward(x, y)
    assert np.isnan(y.reshape(NEURONS, STEPS, -1)[:, 0, 0]).any()


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


def test_state_and_biases_are_the_arrays_themselves():
    _, layer = build()
    assert layer.state().keys() == {"bias"}
    assert layer.state()["bias"] is layer.biases[0] is layer.bias
    assert [bias.size for bias in layer.biases] == [NEURONS, 0]
    _, layer = build(recurrent=False, momentum=True)
    assert [array.shape for array in layer.state().values()] == [(NEURONS,), (NEURONS,)]
    assert len(layer.biases) == len(layer.signals) == 1


def test_first_weights_have_the_variance_of_one_over_the_fan_in():
    store, _ = build(sizes=(300, 50), live=0.4, steps=1, gain=1.0)
    for p in store.projections:
        weight = store.weight[p.slots[0][0] : p.slots[0][-1]]
        assert weight.var() + weight.mean() ** 2 == pytest.approx(p.n_post / weight.size, rel=0.1)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"neurons": NEURONS + 1}, "needs other projections"),
        ({"delays": 2}, "needs other projections"),
        ({"input_delays": 0}, "at least one"),
        ({"n_adaptive": NEURONS + 1}, "cannot be adaptive"),
        ({"learning": "hebb"}, "known: bptt, eprop"),
        ({"every": 0}, "cannot be kept every 0 steps"),
    ],
)
def test_what_makes_no_sense_is_refused(options, what):
    store, _ = build()
    kind = partial(CheckpointedLif, options.pop("every")) if "every" in options else Lif
    neurons, n_adaptive = options.pop("neurons", NEURONS), options.pop("n_adaptive", 0)
    with pytest.raises(BadInput, match=what):
        kind(
            store, store.projections, (FEATURES, STEPS), neurons, n_adaptive, LifCell(), Workers(1), BATCH, IDENTITY,
            **options,
        )  # fmt: skip


def test_constants_of_a_cell():
    assert LifCell(tau_mem=10.0, tau_syn=5.0).reach == pytest.approx(2 * (np.exp(-0.1) - np.exp(-0.2)))
    assert LifCell(tau_mem=10.0, tau_syn=10.0).reach == pytest.approx(np.exp(-0.1) / 10)
    assert LifCell(tau_mem=10.0, tau_syn=10.0 + 1e-9).reach == pytest.approx(np.exp(-0.1) / 10)
    assert LifCell(tau_mem=np.inf, tau_syn=5.0).reach == pytest.approx(1 - np.exp(-0.2))
    assert LifCell(tau_mem=np.inf).alpha == 1.0
    assert LifCell(tau_mem=10.0, tau_syn=1e-3).reach == pytest.approx(np.exp(-0.1), rel=1e-3)
    assert LifCell(tau_mem=5.0, tau_syn=10.0).reach == pytest.approx(np.exp(-0.1) - np.exp(-0.2))
    assert LifCell(tau_mem=1e-3, tau_syn=5.0).reach == pytest.approx(1e-3 / 4.999 * np.exp(-0.2))
    assert LifCell(refractory=3.0, dt=0.5).rests == 6
    for wrong in (
        {"tau_mem": 0.0}, {"tau_syn": -1.0}, {"tau_syn": np.inf}, {"dt": np.inf}, {"tau_adapt": np.nan}, {"beta": -0.1},
        {"refractory": 1.5}, {"dampening": np.inf},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            LifCell(**wrong)


@pytest.mark.parametrize("learning", ["bptt", "eprop"])
@pytest.mark.parametrize("cell", [LifCell(beta=0.1), LifCell(tau_syn=5.0, refractory=1.0)])
def test_a_network_of_spiking_neurons_learns_what_was_at_the_beginning(learning, cell):
    """Which of four inputs fires in the first steps of a sequence, asked of the last ones, with rewiring."""
    steps, neurons, batch = 30, 40, 32
    layouts = [
        unbounded(name, pre, post, budget)
        for name, pre, post, budget in (
            ("input", 8, neurons, 200), ("recurrent", neurons, neurons, 300), ("out", neurons, 4, 80)
        )
    ]  # fmt: skip
    store = SynapseStore(Layout(tuple(layouts)))
    store.fill(2)
    workers, p = Workers(1), store.projections
    lif = Lif(store, p[:2], (8, steps), neurons, 20, cell, workers, batch, IDENTITY, learning=learning)
    biases = np.zeros(4, np.float32), np.zeros(0, np.float32)
    out = Linear(store, p[2], biases, False, IDENTITY, workers, IDENTITY)
    leaky, last = Leaky((4, steps), 10.0, 1.0, batch, IDENTITY), Last((4, steps), batch, IDENTITY)
    layers = lif, out, leaky, last
    for layer in layers:
        layer.initialise(1.0 if cell.tau_syn is None else 2.0, 2)
    sizes = 8 * steps, neurons * steps, 4 * steps, 4 * steps, 4
    signal, gradient = [buffer(n, batch) for n in sizes], [NOTHING, *(buffer(n, batch) for n in sizes[1:])]
    loss, losses, births = SoftmaxCrossEntropy(0.0), [], 0
    for step in range(1, 301):
        generator = np.random.default_rng(step)
        label = generator.integers(0, 4, batch)
        spikes = generator.random((8, steps, batch)) < 0.02
        for sample, k in enumerate(label):
            spikes[2 * k : 2 * k + 2, :10, sample] |= generator.random((2, 10)) < 0.5
        signal[0][:] = spikes.reshape(-1, batch)
        for layer, x, y in zip(layers, signal[:-1], signal[1:], strict=True):
            layer.forward(x, y, (1, step))
        losses.append(loss(signal[-1], label, gradient[-1])[0])
        law = Law(0.3, 1e-5, 0.0, 0.0, 1, step)
        for k in range(3, -1, -1):
            laws = (law,) * len(layers[k].projections)
            layers[k].backward(signal[k], gradient[k], signal[k + 1], gradient[k + 1], laws)
        births += store.replace_dead(1, step)
    assert np.mean(losses[-20:]) < 0.6 * np.mean(losses[:20])
    assert births > 10
    assert np.isfinite(lif.tally()).all()
