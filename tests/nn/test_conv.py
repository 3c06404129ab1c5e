"""Convolutions, pooling and views of images: what they compute, and their gradients, against plain twins in float64."""

from unittest.mock import patch

import naive_images as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from neurosparse.architecture.architecture import architecture_of
from neurosparse.architecture.images import AveragePool as AverageSpec
from neurosparse.architecture.images import Conv as ConvSpec
from neurosparse.architecture.images import MaxPool as MaxSpec
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.activations import NOTHING, buffer
from neurosparse.nn.conv import Conv
from neurosparse.nn.layer import Law
from neurosparse.nn.layered import Layered
from neurosparse.nn.linear import Linear
from neurosparse.nn.pool import AveragePool, MaxPool
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection
from neurosparse.nn.unrolled import unrolled
from neurosparse.nn.views import Crop, Mirror, Pad
from neurosparse.nn.workers import Workers
from neurosparse.store.layout import Layout, unbounded
from neurosparse.store.store import SynapseStore

# A rate of a power of two, so that what a weight moved by is its gradient to the last bits.
_RATE = 2.0**-10
_LAW = Law(_RATE, 0.0, 0.0, 0.0, 1, 1, dies=False)
_SAMPLES = 3

geometries = st.tuples(
    st.integers(1, 3), st.integers(1, 7), st.integers(1, 7), st.integers(1, 5), st.integers(1, 3),
    st.sampled_from(["same", "valid"]),
).filter(lambda g: max(g[3], g[4]) <= min(g[1], g[2]))  # fmt: skip


def _conv(
    shape, spec, connectivity=0.5, *, parts=1, activation=IDENTITY, below=IDENTITY, workers=None, batch=16, **options
):  # fmt: skip
    (matrix,) = spec.matrices(shape)
    budget = max(1, round(connectivity * matrix.rows * matrix.columns))
    store = SynapseStore(Layout((unbounded("p", matrix.rows, matrix.columns, budget),)), parts=parts, **options)
    store.fill(5)
    biases = np.zeros(spec.channels, np.float32), np.zeros(spec.channels if store.velocity.size else 0, np.float32)
    layer = Conv(
        spec, shape, store, store.projections[0], biases, batch, activation, below, workers or Workers(1)
    )  # fmt: skip
    layer.initialise(1.0, 2)
    layer.bias[:] = np.random.default_rng(3).normal(size=spec.channels)
    return layer, store


def _kernel(layer, shape, size):
    """Return the kernel of a layer as float64 (channels, size, size, channels out), dense."""
    (p,) = layer.projections
    row = np.repeat(np.arange(p.n_pre), np.diff(p.slots[0]))
    kernel = np.zeros((p.n_pre, p.n_post))
    kernel[row, p.slots[1][: row.size]] = p.slots[2][: row.size]
    return kernel.reshape(shape[0], size, size, p.n_post), row


def _signals(shape, out, seed, batch=16):
    rng = np.random.default_rng(seed)
    x, y, dy = (buffer(int(np.prod(s)), batch) for s in (shape, out, out))
    x[:] = rng.normal(size=x.shape)
    dy[:, _samples(batch)] = rng.normal(size=(dy.shape[0], _SAMPLES))
    return x, y, dy


def _samples(batch):
    """Return samples from all over a batch: not all of them lie side by side."""
    return np.linspace(0, batch - 1, _SAMPLES).astype(int)


@patch("neurosparse.nn.geometry._FEW", 20)  # small kernels, of which some have all samples side by side
@settings(max_examples=40)
@given(geometries, st.integers(1, 4), st.floats(0.05, 1.0), st.sampled_from([16, 48, 64]))
def test_a_convolution_and_its_gradients_are_those_of_the_plain_twin(geometry, n_out, connectivity, batch):
    channels, height, width, size, stride, padding = geometry
    shape, spec = (channels, height, width), ConvSpec(n_out, size, stride, padding)
    layer, store = _conv(shape, spec, connectivity, batch=batch)
    kernel, row = _kernel(layer, shape, size)
    bias, target, before = layer.bias.copy(), store.target.copy(), store.weight.copy()
    x, y, dy = _signals(shape, spec.shape(shape), 7, batch)
    dx = np.full_like(x, 9.0)
    layer.forward(x, y)
    layer.backward(x, dx, y, dy, [_LAW])
    store.replace_dead(1, 1)
    by_weight, by_bias = np.zeros_like(kernel), np.zeros(n_out)
    for b in _samples(batch):
        image = x[:, b].reshape(shape).astype(np.float64)
        out = naive.convolution(image, kernel, bias, stride, padding)
        np.testing.assert_allclose(y[:, b], out.ravel(), rtol=1e-4, atol=1e-5)
        gradient = dy[:, b].reshape(out.shape).astype(np.float64)
        # The loss is linear in x, in the kernel and in the bias: a difference of one is the derivative.
        by_bias += gradient.sum(axis=(1, 2))
        for place in np.ndindex(*shape):
            moved = np.zeros(shape)
            moved[place] = 1.0
            found = np.vdot(gradient, naive.convolution(moved, kernel, np.zeros(n_out), stride, padding))
            np.testing.assert_allclose(dx[:, b].reshape(shape)[place], found, rtol=1e-3, atol=1e-4)
        for place in np.ndindex(channels, size, size):
            one = np.zeros((channels, size, size, n_out))
            one[place] = 1.0
            response = naive.convolution(image, one, np.zeros(n_out), stride, padding)
            by_weight[place] += (gradient * response).sum(axis=(1, 2))
    moved = (before - store.weight) / _RATE
    np.testing.assert_allclose(moved, by_weight.reshape(-1, n_out)[row, target], rtol=1e-2, atol=2e-3)
    np.testing.assert_allclose((bias - layer.bias) / _RATE, by_bias, rtol=1e-2, atol=2e-3)


@pytest.mark.parametrize("batch", [16, 96])
@pytest.mark.parametrize("stride", [1, 2])
def test_kernels_of_many_channels_are_passed_in_groups(stride, batch):
    """More rows, channels, slots and samples than are taken at a time, and a row of positions of more than a tile."""
    shape, spec = (20, 6, 11), ConvSpec(19, 5, stride)
    layer, store = _conv(shape, spec, 0.6, batch=batch)
    assert store.n_live > 4096
    kernel, row = _kernel(layer, shape, 5)
    bias, target, before = layer.bias.copy(), store.target.copy(), store.weight.copy()
    x, y, dy = _signals(shape, spec.shape(shape), 7, batch)
    dx = np.full_like(x, 9.0)
    layer.forward(x, y)
    layer.backward(x, dx, y, dy, [_LAW])
    moved, is_live = np.zeros((20 * 25, 19)), np.zeros((20 * 25, 19))
    moved[row, target], is_live[row, target] = (before - store.weight) / _RATE, 1.0
    rng = np.random.default_rng(8)
    way, image_way = is_live.reshape(kernel.shape) * rng.normal(size=kernel.shape), rng.normal(size=(*shape, _SAMPLES))
    by_weight, by_image, nothing = 0.0, np.zeros(_SAMPLES), np.zeros(19)
    for n, b in enumerate(_samples(batch)):
        image = x[:, b].reshape(shape).astype(np.float64)
        out = naive.convolution(image, kernel, bias, stride, "same")
        np.testing.assert_allclose(y[:, b], out.ravel(), rtol=1e-4, atol=1e-4)
        gradient = dy[:, b].reshape(out.shape).astype(np.float64)
        by_image[n] = np.vdot(gradient, naive.convolution(image_way[..., n], kernel, nothing, stride, "same"))
        by_weight += np.vdot(gradient, naive.convolution(image, way, nothing, stride, "same"))
    pushed = (dx[:, _samples(batch)] * image_way.reshape(-1, _SAMPLES)).sum(axis=0)
    np.testing.assert_allclose(pushed, by_image, rtol=1e-3)
    np.testing.assert_allclose(np.vdot(moved, way.reshape(moved.shape)), by_weight, rtol=1e-3)


def test_gates_of_rectified_inputs_are_closed_on_the_way_back():
    shape, spec = (2, 5, 6), ConvSpec(3, 3)
    layer, _ = _conv(shape, spec, below=RELU)
    x, y, dy = _signals(shape, spec.shape(shape), 1)
    np.maximum(x, 0, out=x)
    dx = np.full_like(x, 9.0)
    layer.forward(x, y)
    layer.backward(x, dx, y, dy, [_LAW])
    assert (dx[x == 0] == 0).all()
    seen = _samples(16)
    assert (dx[:, seen][x[:, seen] > 0] != 0).any()


@pytest.mark.parametrize("activation", [RELU, Activation("qcfs", 1.0, 4)], ids=["relu", "qcfs"])
def test_a_convolution_has_the_activations_of_other_layers(activation):
    shape, spec = (2, 5, 6), ConvSpec(3, 3)
    layer, _ = _conv(shape, spec, activation=activation)
    plain, _ = _conv(shape, spec)
    x, y, _ = _signals(shape, spec.shape(shape), 1)
    sums = np.zeros_like(y)
    layer.forward(x, y)
    plain.forward(x, sums)
    np.testing.assert_array_equal(y, activation(sums))


def test_weights_that_are_rounded_are_seen_rounded():
    shape, spec = (2, 5, 6), ConvSpec(3, 3)
    layer, store = _conv(shape, spec, most=7)
    store.look()
    assert len(set(np.abs(store.seen[: store.n_live]).tolist())) <= 8
    kernel, row = _kernel(layer, shape, 3)
    seen = kernel.reshape(-1, 3)
    seen[row, store.target[: row.size]] = store.seen[: row.size]
    x, y, _ = _signals(shape, spec.shape(shape), 1)
    layer.forward(x, y)
    found = naive.convolution(x[:, 0].reshape(shape).astype(np.float64), kernel, layer.bias, 1, "same")
    np.testing.assert_allclose(y[:, 0], found.ravel(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("parts", [2, 3, 11])  # more than there are channels in, and out
@pytest.mark.parametrize(("size", "stride"), [(3, 1), (3, 2), (6, 1)])
def test_parts_and_threads_change_no_bit(parts, size, stride, monkeypatch):
    monkeypatch.setattr(Workers, "MIN_WORK", 0)
    shape, spec = (4, 6, 7), ConvSpec(8, size, stride)
    found = []
    for n in (1, parts):
        layer, store = _conv(
            shape, spec, 0.4, parts=n, activation=RELU, below=RELU, workers=Workers(2), momentum=True, batch=96
        )  # fmt: skip
        x, y, dy = _signals(shape, spec.shape(shape), 1, 96)
        np.maximum(x, 0, out=x)
        dx = np.zeros_like(x)
        born = 0
        for step in range(1, 9):
            layer.forward(x, y)
            layer.backward(x, dx, y, dy, [Law(0.01, 1e-3, 1e-2, 0.9, 1, step)])
            born += store.replace_dead(1, step)
            store.check()
        assert born > 0
        found.append((y, dx, layer.bias, *store.slots))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_kernel_of_one_is_a_fully_connectable_layer_at_every_position():
    """The same slots and the same steps: deaths, noise, momentum and births agree to the bit."""
    shape, spec = (12, 1, 1), ConvSpec(9, 1)
    layer, store = _conv(shape, spec, 0.4, activation=RELU, momentum=True)
    twin_store = SynapseStore(store.layout, momentum=True)
    twin_store.fill(5)
    bias = layer.bias.copy(), np.zeros(9, np.float32)
    twin = Linear(twin_store, twin_store.projections[0], bias, True, RELU, Workers(1), IDENTITY)
    twin.initialise(1.0, 2)
    x, y, dy = _signals(shape, (9, 1, 1), 1)
    other = np.zeros_like(y)
    for step in range(1, 30):
        law = Law(0.01, 1e-2, 1e-2, 0.9, 1, step)
        layer.forward(x, y)
        twin.forward(x, other)
        np.testing.assert_allclose(y, other, rtol=1e-6, atol=1e-6)
        layer.backward(x, NOTHING, y, dy, [law])
        twin.backward(x, NOTHING, other, dy, [law])
        assert store.replace_dead(1, step) == twin_store.replace_dead(1, step)
    np.testing.assert_array_equal(store.row_start, twin_store.row_start)
    np.testing.assert_array_equal(store.target, twin_store.target)
    np.testing.assert_allclose(store.weight, twin_store.weight, rtol=1e-5)


@settings(max_examples=40)
@given(geometries, st.sampled_from(["max", "mean"]), st.booleans(), st.integers(1, 4))
def test_pooling_and_its_gradient_are_those_of_the_plain_twin(geometry, kind, is_rectified, parts):
    channels, height, width, size, stride, padding = geometry
    shape = channels, height, width
    spec = (MaxSpec if kind == "max" else AverageSpec)(size, stride, padding)
    layer = (MaxPool if kind == "max" else AveragePool)(
        spec, shape, RELU if is_rectified else IDENTITY, Workers(1), parts
    )  # fmt: skip
    x, y, dy = _signals(shape, spec.shape(shape), 11)
    if is_rectified:
        np.maximum(x, 0, out=x)
    dx = np.full_like(x, 9.0)
    layer.forward(x, y)
    layer.backward(x, dx, y, dy, [])
    for b in _samples(16):
        image = x[:, b].reshape(shape).astype(np.float64)
        out = naive.pooled(image, size, stride, padding, max if kind == "max" else np.mean)
        np.testing.assert_allclose(y[:, b].reshape(out.shape), out, rtol=1e-5, atol=1e-6)
        back = np.zeros(shape)
        for at, places in naive.windows(image, size, stride, padding):
            gradient = dy[:, b].reshape(out.shape)[at]
            if kind == "max":
                back[max(places, key=lambda place: (image[place], [-p for p in place]))] += gradient
            else:
                for place in places:
                    back[place] += gradient / len(places)
        if is_rectified:
            back[image == 0] = 0.0
        np.testing.assert_allclose(dx[:, b].reshape(shape), back, rtol=1e-5, atol=1e-6)


def test_parts_of_images_are_drawn_while_learning_and_the_centre_otherwise():
    shape, size = (2, 6, 7), 4
    layer = Crop(size, shape, 64, 0)
    x, y = buffer(84, 64), buffer(32, 64)
    x[:] = np.arange(84)[:, None]
    images = x[:, 0].reshape(shape)
    layer.forward(x, y)
    np.testing.assert_array_equal(y, np.tile(images[:, 1:5, 1:5].reshape(-1, 1), 64))
    layer.forward(x, y, (1, 5))
    seen = set()
    for b in range(64):
        part = y[:, b].reshape(2, size, size)
        top, left = divmod(int(part[0, 0, 0]), 7)
        np.testing.assert_array_equal(part, images[:, top : top + size, left : left + size])
        seen.add((top, left))
    assert seen == {(top, left) for top in range(3) for left in range(4)}
    again = y.copy()
    layer.forward(x, y, (1, 5))
    np.testing.assert_array_equal(y, again)
    layer.forward(x, y, (1, 6))
    assert (y != again).any()
    dx = np.full_like(x, 9.0)
    layer.backward(x, dx, y, y, [])
    np.testing.assert_array_equal(
        dx, np.where(np.isin(x, y), x, 0) * [[(v in y[:, b]) for b in range(64)] for v in x[:, 0]]
    )


def test_zeros_lie_around_images_and_take_no_gradient():
    x, y, dy = _signals((2, 3, 4), (2, 7, 8), 1)
    dx = np.full_like(x, 9.0)
    layer = Pad(2, (2, 3, 4), 16)
    layer.forward(x, y)
    layer.backward(x, dx, y, dy, ())
    around = np.pad(x.reshape(2, 3, 4, -1), ((0, 0), (2, 2), (2, 2), (0, 0)))
    np.testing.assert_array_equal(y, around.reshape(y.shape))
    np.testing.assert_array_equal(dx, dy.reshape(2, 7, 8, -1)[:, 2:5, 2:6].reshape(dx.shape))


def test_half_of_the_images_are_mirrored_while_learning():
    shape = (2, 3, 4)
    layer = Mirror(shape, 256, 1)
    x, y = buffer(24, 256), buffer(24, 256)
    x[:] = np.arange(24)[:, None]
    layer.forward(x, y)
    np.testing.assert_array_equal(x, y)
    layer.forward(x, y, (1, 5))
    images, seen = x[:, 0].reshape(shape), y.T.reshape(256, *shape)
    is_mirrored = (seen == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (is_mirrored | (seen == images).all(axis=(1, 2, 3))).all()
    assert 90 < is_mirrored.sum() < 166
    dx = np.full_like(x, 9.0)
    layer.backward(x, dx, y, y, [])
    np.testing.assert_array_equal(dx, x)


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ((2, 6, 7), ("conv:3:3", 7)),
        ((2, 6, 6), ("centre:0.3", "pad:2", "crop:7", "mirror", "conv:3:3:stride=2", "pad:1", "conv:4:3")),
        ((2, 9, 9), ("crop:7", "mirror", "centre:0.3", "conv:3:3:stride=2", "conv:4:3:padding=valid")),
        ((1, 8, 8), ("conv:4:3", "avgpool:3:stride=2", "conv:5:3:padding=valid", "avgpool:2", 7)),
        ((3, 7, 5), ("avgpool:2", "centre:0.2", 9)),
    ],
)  # fmt: skip
def test_an_unrolled_network_computes_the_same_with_every_synapse_by_itself(shape, layers):
    architecture = architecture_of(shape, layers, 5)
    layouts = [
        unbounded(f"p{k}", m.rows, m.columns, max(1, round(0.4 * m.rows * m.columns)))
        for k, m in enumerate(architecture.matrices)
    ]
    store = SynapseStore(Layout(tuple(layouts)))
    store.fill(3)
    network = Layered(architecture, store, 20)
    network.initialise(1.0, 1)
    rng = np.random.default_rng(0)
    for layer in network.layers:
        for bias in layer.biases:
            bias[:] = 0.1 * rng.normal(size=bias.size)
    store.weight[::7] = 0.0
    x = rng.random((20, int(np.prod(shape))), np.float32)
    network.read(x, np.arange(20), 1.0)
    found = network.forward()[:, :20].copy()
    chain = unrolled(network.trained([(f"p{k}", f"n{k}", f"n{k + 1}") for k in range(len(layouts))]))
    np.testing.assert_allclose(chain.activations(x)[-1], found.T, rtol=1e-4, atol=1e-5)
    # A weight of zero is a synapse at all of its positions, as any other.
    store.weight[::7] = 1.0
    full = unrolled(network.trained([(f"p{k}", f"n{k}", f"n{k + 1}") for k in range(len(layouts))]))
    assert [p.weight.nnz for p in chain.projections] == [p.weight.nnz for p in full.projections]
    assert chain.sizes[0] == x.shape[1]


def test_a_zero_keeps_its_sign_where_a_part_of_the_image_is_read():
    architecture = architecture_of((1, 3, 3), ("crop:2", "avgpool:1"), 2)
    weight = csr_array((np.array([-0.0, 0.0, -1.0, -0.0], np.float32), [0, 1, 0, 1], [0, 2, 2, 2, 4]), shape=(4, 2))
    own = TrainedProjection("input-output", "input", "output", weight, np.zeros(2, np.float32))
    (whole,) = unrolled(TrainedNetwork((own,), architecture)).projections
    assert whole.weight.shape == (9, 2)
    np.testing.assert_array_equal(np.signbit(whole.weight.data), [True, False, True, True])
