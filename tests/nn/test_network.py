import numpy as np
import pytest

from neurosparse.archive import read_arrays, write_arrays
from neurosparse.errors import FileFault
from neurosparse.grid import on_grid
from neurosparse.kernels.dropout import drop_out
from neurosparse.kernels.losses import softmax_cross_entropy
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.activations import NOTHING
from neurosparse.nn.layer import Law
from neurosparse.nn.network import Network
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.nn.workers import Workers
from neurosparse.spiking.grid import rounded
from neurosparse.store.layout import shared_out
from neurosparse.store.store import SynapseStore

NAMES = ("a", "b", "c")
POPULATIONS = ("input", "hidden1", "hidden2", "output")
ENDS = tuple(zip(NAMES, POPULATIONS[:-1], POPULATIONS[1:], strict=True))


QCFS = Activation("qcfs", 1.0, 4)


def build(
    *, parts=1, momentum=False, seed=3, sizes=(12, 9, 7, 4), budgets=(40, 30, 14), batch=20, activation=RELU, most=None,
    **regular,
):  # fmt: skip
    store = SynapseStore(shared_out(sizes, budgets), parts=parts, momentum=momentum, most=most)
    store.fill(seed)
    network = Network(store, batch, Workers(parts), activation, **regular)
    network.initialise(1.0, seed)
    for layer in network.layers:
        layer.bias[:] = np.random.default_rng(seed).normal(scale=0.1, size=layer.bias.size)
    return network


def samples(n=20, features=12, classes=4, seed=0):
    generator = np.random.default_rng(seed)
    return generator.random((n, features), dtype=np.float32), generator.integers(0, classes, n)


def loss_in_float64(trained, x, y):
    """Return the mean loss of the network, written down once more in numpy."""
    for k, p in enumerate(trained.projections):
        x = x @ p.weight.toarray().astype(float) + p.bias
        x = np.maximum(x, 0) if k < len(trained.projections) - 1 else x
    x = x - x.max(axis=1, keepdims=True)
    return float((np.log(np.exp(x).sum(axis=1)) - x[np.arange(len(y)), y]).mean())


def test_gradients_are_finite_differences_of_the_loss():
    network = build()
    x, y = samples()
    before = network.trained(ENDS)
    rate, step = 1e-2, 1e-6
    network.read(x, np.arange(20), 1.0)
    network.learn(y, Law(rate, 0.0, 0.0, 0.0, 1, 1))
    assert network.store.died.sum() == 0, "a death would hide a gradient"
    after = network.trained(ENDS)
    for old, new in zip(before.projections, after.projections, strict=True):
        for values, moved in ((old.weight.data, new.weight.data), (old.bias, new.bias)):
            exact = values.copy()
            for k in range(values.size):
                # Perturb in float64: the twin casts nothing back.
                losses = []
                for sign in (1, -1):
                    shifted = exact.astype(float)
                    shifted[k] += sign * step
                    losses.append(loss_in_float64(replaced(before, old, values is old.bias, shifted), x, y))
                slope = (losses[0] - losses[1]) / (2 * step)
                assert (exact[k] - moved[k]) / rate == pytest.approx(slope, abs=3e-5, rel=1e-3)


def replaced(network, projection, is_bias, values):
    """Return `network` with the weights or biases of one projection replaced."""
    projections = []
    for p in network.projections:
        if p is projection:
            matrix = p.weight.astype(float)
            if not is_bias:
                matrix.data = values
            p = type(p)(p.name, p.pre, p.post, matrix, values if is_bias else p.bias)
        projections.append(p)
    return TrainedNetwork(tuple(projections))


def test_forward_equals_the_trained_value():
    network = build()
    x, y = samples(37)
    trained = network.trained(ENDS)
    network.read(x, np.arange(20), 1.0)
    np.testing.assert_allclose(network.forward()[:, :20].T, trained.activations(x[:20])[-1], rtol=1e-5, atol=1e-5)
    loss, accuracy = network.evaluate(x, y, 1.0)
    assert loss == pytest.approx(loss_in_float64(trained, x, y), rel=1e-5)
    assert accuracy == (trained.activations(x)[-1].argmax(axis=1) == y).mean()


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize("momentum", [False, True])
@pytest.mark.parametrize(
    ("activation", "most", "regular"),
    [
        (RELU, None, {}),
        (QCFS, None, {}),
        (RELU, 127, {}),
        (QCFS, 7, {}),
        (RELU, None, {"dropout": (0.1, 0.3, 0.5), "smoothing": 0.1}),
        (RELU, None, {"preconditioner": (0.7, 1.3, 0.1)}),
    ],
)
def test_threads_do_not_change_a_bit(parts, momentum, activation, most, regular, monkeypatch):
    """The same training in one part and in several, with the parts really on other threads."""
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    sizes, budgets = (40, 30, 20, 5), (300, 150, 40)
    networks = [
        build(parts=n, momentum=momentum, sizes=sizes, budgets=budgets, activation=activation, most=most, **regular)
        for n in (1, parts)
    ]
    for step in range(1, 30):
        x, y = samples(20, 40, 5, seed=step)
        results = []
        for network in networks:
            network.read(x, np.arange(20), 1.0)
            loss, right = network.learn(y, Law(0.2, 0.01, 0.02, 0.5 if momentum else 0.0, 7, step))
            results.append((loss, right, network.store.replace_dead(7, step)))
        assert results[0] == results[1]
        assert results[0][2] > 0, "nothing was rewired, so nothing was tested"
        for a, b in zip(networks[0].store.slots, networks[1].store.slots, strict=True):
            np.testing.assert_array_equal(a, b)
        assert networks[0].store.live.tolist() == networks[1].store.live.tolist()
        for a, b in zip(networks[0].layers, networks[1].layers, strict=True):
            np.testing.assert_array_equal(a.bias, b.bias)


def test_dropout_is_of_training_alone_and_its_gradient_is_that_of_the_masked_network():
    """With all weights still, a step moves the biases by the gradient of the loss under the step's own masks."""
    rates, sizes = (0.2, 0.4), (12, 9, 4)
    network = build(sizes=sizes, budgets=(60, 30), batch=16, dropout=rates)
    plain = build(sizes=sizes, budgets=(60, 30), batch=16)
    x, y = samples(16)
    for one in (network, plain):
        one.read(x, np.arange(16), 1.0)
    np.testing.assert_array_equal(network.forward(), plain.forward())
    trained = network.trained(ENDS)
    masks = []
    for size, rate, first in zip(sizes, rates, (0, 12), strict=False):
        masks.append(np.ones((size, 16), np.float32))
        drop_out(masks[-1], np.float32(rate), (7, 1), first)
    first, second = ((p.weight.toarray().astype(float), p.bias.astype(float)[:, None]) for p in trained.projections)
    hidden = np.maximum(first[0].T @ (x.T * masks[0]) + first[1], 0) * masks[1]
    logit = second[0].T @ hidden + second[1]
    mass = np.exp(logit - logit.max(axis=0))
    delta = mass / mass.sum(axis=0)
    delta[y, np.arange(16)] -= 1
    below = (second[0] @ (delta / 16)) * masks[1] * (hidden > 0)
    network.read(x, np.arange(16), 1.0)
    network.learn(y, Law(0.5, 0.0, 0.0, 0.0, 7, 1, dies=False))
    np.testing.assert_allclose(network.layers[1].bias, second[1][:, 0] - 0.5 * delta.sum(axis=1) / 16, atol=1e-5)
    np.testing.assert_allclose(network.layers[0].bias, first[1][:, 0] - 0.5 * below.sum(axis=1), atol=1e-5)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("law", "powers"),
    [
        (Law(0.1, 0.0, 0.0, 0.0, 7, 1, dies=False), 1.0),
        (Law(0.1, 0.02, 0.0, 0.0, 7, 1, dies=False), 1.0),
        (Law(0.0, 0.0, 0.05, 0.0, 7, 1, dies=False), 0.5),
    ],
)
def test_a_preconditioner_scales_gradient_prior_and_variance_of_the_noise(parts, law, powers):
    factors = (4.0, 0.25, 9.0)
    x, y = samples()
    moved = []
    for preconditioner in (None, factors):
        network = build(parts=parts, preconditioner=preconditioner)
        before = network.store.weight.astype(float), [layer.bias.astype(float) for layer in network.layers]
        network.read(x, np.arange(20), 1.0)
        network.learn(y, law)
        sizes = [network.store.weight[a:b] - before[0][a:b] for a, b in ((0, 40), (40, 70), (70, 84))]
        moved.append((sizes, [layer.bias - b for layer, b in zip(network.layers, before[1], strict=True)]))
    for k, factor in enumerate(factors):
        assert np.abs(moved[0][0][k]).max() > 1e-4
        np.testing.assert_allclose(moved[1][0][k], factor**powers * moved[0][0][k], atol=2e-6)
        np.testing.assert_allclose(moved[1][1][k], factor * moved[0][1][k], atol=2e-6)


@pytest.mark.parametrize("parts", [1, 2])
def test_where_every_pair_is_to_be_connected_signs_change_and_nobody_dies(parts):
    network = build(sizes=(12, 9, 4), budgets=(50, 36), parts=parts)
    before = network.store.weight[50:].copy()
    for step in range(1, 40):
        x, y = samples(20, seed=step)
        network.read(x, np.arange(20), 1.0)
        network.learn(y, Law(0.5, 0.02, 0.05, 0.0, 7, step))
        network.store.replace_dead(7, step)
        assert network.store.born[1] == 0
        network.store.check()
    assert (np.signbit(before) != np.signbit(network.store.weight[50:])).any()


@pytest.mark.parametrize(("activation", "most"), [(QCFS, None), (RELU, 7), (QCFS, 7)])
def test_what_is_handed_over_is_what_training_sees(activation, most):
    network = build(activation=activation, most=most, sizes=(40, 30, 20, 5), budgets=(300, 150, 40))
    for step in range(1, 20):
        x, y = samples(20, 40, 5, seed=step)
        network.read(x, np.arange(20), 1.0)
        network.learn(y, Law(0.2, 0.01, 0.02, 0.0, 7, step))
        network.store.replace_dead(7, step)
        assert network.store.n_live == 490
    trained = network.trained(ENDS)
    assert [trained.activation(k) for k in range(3)] == [activation, activation, IDENTITY]
    network.read(x, np.arange(20), 1.0)
    np.testing.assert_allclose(network.forward()[:, :20].T, trained.activations(x)[-1], rtol=1e-5, atol=1e-5)
    hidden = np.concatenate([layer.ravel() for layer in trained.activations(x)[:-1]])
    if activation is QCFS:
        assert set(hidden.tolist()) == {0.0, 0.25, 0.5, 0.75, 1.0}
    if most:
        again = rounded(trained, most)
        for p, q in zip(trained.projections, again.projections, strict=True):
            np.testing.assert_array_equal(p.weight.data, q.weight.data)
        assert not np.array_equal(network.store.weight, network.store.seen), "what learns is not rounded"
        np.testing.assert_array_equal(np.signbit(network.store.weight), np.signbit(network.store.seen))
        assert network.store.nbytes == build(sizes=(40, 30, 20, 5), budgets=(300, 150, 40)).store.nbytes + 4 * 490


def test_a_clipped_network_learns():
    network = build(activation=QCFS, most=127, sizes=(12, 20, 4), budgets=(120, 60))
    x, y = samples(20)
    losses = []
    for step in range(1, 200):
        network.read(x, np.arange(20), 1.0)
        losses.append(network.learn(y, Law(0.2, 0.0, 0.0, 0.0, 7, step))[0])
        network.store.replace_dead(7, step)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("activation", [RELU, QCFS])
def test_a_trained_network_survives_its_file(activation, tmp_path):
    trained = build(activation=activation).trained(ENDS)
    trained.save(tmp_path / "network.npz")
    again = TrainedNetwork.load(tmp_path / "network.npz")
    assert again.sizes == trained.sizes == (12, 9, 7, 4)
    assert again.synapses == 84
    for a, b in zip(trained.projections, again.projections, strict=True):
        assert (a.name, a.pre, a.post) == (b.name, b.pre, b.post)
        np.testing.assert_array_equal(a.weight.indices, b.weight.indices)
        np.testing.assert_array_equal(a.weight.data, b.weight.data)
        np.testing.assert_array_equal(a.bias, b.bias)
    assert [again.activation(k) for k in range(3)] == [activation, activation, IDENTITY]


def test_a_file_from_before_there_were_activations_is_one_of_rectifiers(tmp_path):
    path = tmp_path / "network.npz"
    build().trained(ENDS).save(path)
    header, arrays = read_arrays(path, "neurosparse.trained/2")
    for projection in header["projections"]:
        del projection["activation"]
    write_arrays(path, header | {"schema": "neurosparse.trained/1"}, arrays)
    assert [TrainedNetwork.load(path).activation(k) for k in range(3)] == [RELU, RELU, IDENTITY]
    write_arrays(path, header, arrays)
    with pytest.raises(FileFault, match="activation"):
        TrainedNetwork.load(path)


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "tanh"}, {"kind": "qcfs", "ceiling": -1, "levels": 4}, {"kind": "qcfs", "ceiling": 1.0, "levels": 2.5},
        {}, None, "relu",
    ],
)  # fmt: skip
def test_an_activation_that_makes_no_sense_is_a_damaged_file(told, tmp_path):
    path = tmp_path / "network.npz"
    build().trained(ENDS).save(path)
    header, arrays = read_arrays(path, "neurosparse.trained/2")
    header["projections"][0]["activation"] = told
    write_arrays(path, header, arrays)
    with pytest.raises(FileFault, match="not a trained network"):
        TrainedNetwork.load(path)


def test_initial_weights_have_the_variance_of_he():
    network = build(sizes=(300, 200, 10), budgets=(20_000, 1_000))
    for layer, p in zip(network.layers, network.store.projections, strict=True):
        weight = network.store.weight[p.slots[0][0] : p.slots[0][-1]]
        assert weight.var() + weight.mean() ** 2 == pytest.approx(2 * layer.n_outputs / weight.size, rel=0.1)
        assert abs(np.signbit(weight).mean() - 0.5) < 0.06


def test_rounded_weights_are_what_every_product_sees():
    """The gradient is that of the rounded network; it moves the weights themselves, straight through."""
    network = build(most=7)
    x, y = samples()
    rounded = network.trained(ENDS)
    plain = build()
    for p, projection in zip(plain.store.projections, rounded.projections, strict=True):
        slots = slice(p.slots[0][0], p.slots[0][-1])
        np.testing.assert_array_equal(projection.weight.data, on_grid(plain.store.weight[slots], 7))
        plain.store.weight[slots] = projection.weight.data
    before, start = network.store.weight.copy(), plain.store.weight.copy()
    assert (before != start).mean() > 0.5
    assert network.evaluate(x, y, 1.0) == plain.evaluate(x, y, 1.0)
    law = Law(1e-2, -0.5, 0.0, 0.0, 1, 1)  # every connection grows by 0.5: a death would move the others
    for each in (network, plain):
        each.read(x, np.arange(20), 1.0)
    assert network.learn(y, law) == plain.learn(y, law)
    assert network.store.died.sum() == plain.store.died.sum() == 0
    np.testing.assert_allclose(network.store.weight - before, plain.store.weight - start, rtol=0, atol=1e-6)
    for a, b in zip(network.layers, plain.layers, strict=True):
        np.testing.assert_array_equal(a.bias, b.bias)


def test_a_gradient_nobody_asks_for_is_not_computed():
    network = build()
    assert network._dx[0] is NOTHING
    assert softmax_cross_entropy(network.forward(), np.zeros(3, np.int64), NOTHING, np.float32(0.0))[0] > 0


@pytest.mark.parametrize("name", ["p0_weight", "p1_bias"])
@pytest.mark.parametrize("kind", ["complex64", "float64", "int32"])
def test_numbers_of_another_kind_are_a_damaged_file(name, kind, tmp_path):
    path = tmp_path / "network.npz"
    build().trained(ENDS).save(path)
    header, arrays = read_arrays(path, "neurosparse.trained/2")
    write_arrays(path, header, arrays | {name: arrays[name].astype(kind)})
    with pytest.raises(FileFault, match=f"{kind}.*not float32|not float32"):
        TrainedNetwork.load(path)
