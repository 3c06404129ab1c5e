"""A network of any layers: as a chain to the bit where it is one, and whole in its file."""

import numpy as np
import pytest
from architectures import ends_for, store_for

from neurosparse.architecture.architecture import architecture_of
from neurosparse.archive import read_arrays, write_arrays
from neurosparse.errors import BadInput, FileFault
from neurosparse.nn.activation import RELU, Activation
from neurosparse.nn.layer import Law
from neurosparse.nn.layered import Layered
from neurosparse.nn.network import Network
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.nn.workers import Workers


def _samples(n, features, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((n, features), np.float32), rng.integers(0, 5, n)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("activation", [RELU, Activation("qcfs", 1.0, 4)], ids=["relu", "qcfs"])
def test_a_chain_learns_to_the_bit_as_in_one_call(activation, parts, momentum, monkeypatch):
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    architecture = architecture_of((12,), (30, 20), 5)
    dropout = (0.3, 0.0, 0.0) if activation.levels else (0.3, 0.2, 0.1)
    options = {"dropout": dropout, "preconditioner": (1.0, 0.5, 2.0), "smoothing": 0.1}
    networks = []
    for make in (Network, lambda *given, **named: Layered(architecture, *given, **named)):
        store = store_for(architecture, momentum=momentum > 0, parts=parts if make is not Network else 1)
        network = make(store, 20, Workers(2), activation, **options)
        network.initialise(1.0, 7)
        x, y = _samples(60, 12)
        for step in range(1, 13):
            part = np.arange(20) + 20 * (step % 3)
            network.read(x, part, 1.0)
            network.learn(y[part], Law(0.05, 1e-3, 1e-3, momentum, 1, step))
            store.replace_dead(1, step)
        networks.append(network)
    one, layered = networks
    for a, b in zip(one.store.slots, layered.store.slots, strict=True):
        np.testing.assert_array_equal(a, b)
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, layered.state()[name])
    assert one.evaluate(x, y, 1.0) == layered.evaluate(x, y, 1.0)
    assert one.biases == layered.biases == 55
    assert one.sizes[:: len(one.sizes) - 1] == layered.sizes


def test_a_constant_less_is_a_bias():
    architecture = architecture_of((12,), ("centre:0.25", 30), 5)
    store = store_for(architecture)
    network = Layered(architecture, store, 20)
    network.initialise(1.0, 7)
    x, y = _samples(20, 12)
    network.read(x, np.arange(20), 1.0)
    found = network.forward()[:, :20].copy()
    trained = network.trained(ends_for(store))
    first, last = trained.projections
    hidden = np.maximum((x - np.float32(0.25)) @ first.weight + first.bias, 0)
    np.testing.assert_allclose(found.T, hidden @ last.weight + last.bias, rtol=1e-5, atol=1e-6)
    loss = network.evaluate(x, y, 1.0)[0]
    network.read(x, np.arange(20), 1.0)
    network.learn(y, Law(0.1, 0.0, 0.0, 0.0, 1, 1))
    store.replace_dead(1, 1)
    assert network.evaluate(x, y, 1.0)[0] < loss


def test_a_network_of_layers_survives_its_file(tmp_path):
    architecture = architecture_of((12,), ("centre:0.25", 30), 5)
    store = store_for(architecture)
    network = Layered(architecture, store, 20)
    network.initialise(1.0, 7)
    trained = network.trained(ends_for(store))
    trained.save(tmp_path / "network.npz")
    again = TrainedNetwork.load(tmp_path / "network.npz")
    assert again.architecture == architecture
    for p, q in zip(trained.projections, again.projections, strict=True):
        assert (p.weight != q.weight).nnz == 0
        np.testing.assert_array_equal(p.bias, q.bias)
    header, arrays = read_arrays(tmp_path / "network.npz", "neurosparse.trained/3")
    header["layers"][0] = "centre:x"
    write_arrays(tmp_path / "network.npz", header, arrays)
    with pytest.raises(FileFault, match="not a trained network"):
        TrainedNetwork.load(tmp_path / "network.npz")


def test_the_shift_of_a_norm_moves_by_the_factor_of_the_sums_before_it():
    architecture = architecture_of((12,), (30, "norm"), 5)
    shifts = []
    for factors in ((1.0, 1.0), (0.25, 1.0)):
        store = store_for(architecture)
        network = Layered(architecture, store, 20, preconditioner=factors)
        network.initialise(1.0, 7)
        x, y = _samples(20, 12)
        network.read(x, np.arange(20), 1.0)
        network.learn(y, Law(0.1, 0.0, 0.0, 0.0, 1, 1, dies=False))
        shifts.append(network.state()["norm_shift1"].copy())
    assert np.abs(shifts[0]).max() > 0
    np.testing.assert_allclose(shifts[1], 0.25 * shifts[0], rtol=1e-5)


@pytest.mark.parametrize("rate", [0.0, 0.4])
@pytest.mark.parametrize(
    "between",
    ["pad:1", "crop:5", "mirror", "maxpool:2", "avgpool:2", "norm", "norm,pad:1", "norm,crop:5", "norm,maxpool:2"],
)
def test_what_stands_between_two_convolutions_passes_the_gradient_back(between, rate):
    _check_first_gradient(("conv:6:3", *between.split(","), "conv:5:3", 20), (0.0, rate, rate, 0.0))


@pytest.mark.parametrize("between", ["centre:0.1", "norm,centre:0.1"])
def test_a_constant_less_between_two_convolutions_passes_the_gradient_back(between):
    _check_first_gradient(("conv:6:3", *between.split(","), "conv:5:3", 20), (0.0, 0.0, 0.4, 0.0))


def _check_first_gradient(layers, dropout):
    """Along the gradient of the first weights the loss rises by its square: with other gates, it would not."""
    architecture = architecture_of((2, 8, 8), layers, 5)
    store = store_for(architecture, 0.6)
    network = Layered(architecture, store, 32, dropout=dropout)
    network.initialise(1.0, 7)
    x, y = _samples(32, 128)
    network.read(x, np.arange(32), 1.0)
    weight, n_live = store.weight, store.live_of(store.projections[0])
    state = {"weight": weight, **network.state()}
    before = {name: array.copy() for name, array in state.items()}

    def put_back():
        for name, array in state.items():
            array[:] = before[name]

    def loss_at(distance):
        weight[:n_live] += np.float32(distance) * gradient
        sums = network.forward((3, 1))
        found = network.loss(sums, y, np.empty_like(sums))[0]
        put_back()
        return found

    rate = 1e-2
    network.learn(y, Law(rate, 0.0, 0.0, 0.0, 3, 1, dies=False))
    gradient = (before["weight"][:n_live] - weight[:n_live]) / np.float32(rate)
    put_back()
    distance = 5e-4 / np.linalg.norm(gradient)
    rise = (loss_at(distance) - loss_at(-distance)) / (2 * distance)
    assert rise == pytest.approx(float(gradient @ gradient), rel=0.03)


def test_layers_do_not_share_draws_of_dropout(monkeypatch):
    """Weights of a convolution have fewer rows than its image has numbers: where its rows end, its draws do not."""
    architecture = architecture_of((2, 6, 6), ("conv:3:3", "maxpool:2", "conv:4:3", 20), 5)
    network = Layered(architecture, store_for(architecture), 20, dropout=(0.5, 0.5, 0.5, 0.5))
    drawn = []
    monkeypatch.setattr(
        "neurosparse.nn.layered.drop_out",
        lambda x, rate, moment, first: drawn.extend(range(first, first + x.shape[0])),
    )
    network.initialise(1.0, 7)
    network.read(_samples(20, 72)[0], np.arange(20), 1.0)
    network.forward((1, 1))
    assert drawn == list(range(72 + 27 + 36 + 20))


def test_a_store_for_another_network_is_refused():
    store = store_for(architecture_of((12,), (30,), 5))
    with pytest.raises(BadInput, match="the store is for"):
        Layered(architecture_of((12,), (31,), 5), store, 20)


def test_every_kind_of_layer_can_be_built_and_learns():
    """One network of each kind, on noise with labels: the loss falls."""
    for shape, layers in (
        ((2, 6, 6), ("crop:5", "mirror", "centre:0.5", "conv:8:3", "pad:1", "maxpool:2", "conv:8:3", "avgpool:2", 20)),
        ((4, 6), ("lstm:12",)),
        ((4, 6), ("bilstm:12", "mean", 20)),
        ((4, 6), (20, "lstm:12:checkpoint_every=2", "max")),
    ):
        architecture = architecture_of(shape, layers, 5)
        store = store_for(architecture, momentum=True)
        network = Layered(architecture, store, 20)
        network.initialise(1.0, 7)
        x, y = _samples(20, int(np.prod(shape)))
        lengths = np.arange(20) % shape[-1] + 1 if len(shape) == 2 else None
        first = network.evaluate(x, y, 1.0, lengths)[0]
        for step in range(1, 200):
            network.read(x, np.arange(20), 1.0, lengths)
            network.learn(y, Law(0.1, 1e-5, 0.0, 0.9, 1, step))
            store.replace_dead(1, step)
        store.check()
        assert network.evaluate(x, y, 1.0, lengths)[0] < 0.8 * first, layers


def test_what_stands_behind_the_end_of_a_sequence_does_not_count():
    architecture = architecture_of((4, 6), ("bilstm:12", "mean", 20), 5)
    store = store_for(architecture)
    network = Layered(architecture, store, 20)
    network.initialise(1.0, 7)
    x, _ = _samples(20, 24)
    lengths = np.arange(20) % 6 + 1
    network.read(x, np.arange(20), 1.0, lengths)
    found = network.forward()[:, :20].copy()
    behind = (np.arange(6) >= lengths[:, None])[:, None].repeat(4, axis=1).reshape(20, -1)
    network.read(np.where(behind, np.float32(0.5), x), np.arange(20), 1.0, lengths)
    np.testing.assert_array_equal(network.forward()[:, :20], found)
    network.read(x, np.arange(20), 1.0)
    assert (network.forward()[:, :20] != found).any()
