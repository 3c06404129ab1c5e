import math

import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.products import descend_bias, forward
from neurosparse.kernels.rng import NOISE, normal, stream
from neurosparse.kernels.update import descend
from neurosparse.nn.activation import Activation
from neurosparse.nn.activations import NOTHING, buffer

NO_VELOCITY = np.zeros(0, np.float32)
NO_CEILING = (np.float32(np.inf), np.float32(0.0))


def seen(rows, ceiling=NO_CEILING):
    """Return row_start, target and what the products see."""
    row_start, target, weight = rows.arrays()
    return row_start, target, (weight, *ceiling)


@st.composite
def layers(draw):
    """A small projection, its input and the gradient from above; values exact in float32."""
    n_pre, n_post = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    values = st.integers(-64, 64).map(lambda k: k / 16)
    weight = draw(
        st.dictionaries(st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1)), values, max_size=30)
    )
    # Signed zeros are connections too: a newborn's sign lives in its zero.
    rows = naive.Rows(n_pre, n_post, weight)
    batch = draw(st.sampled_from([1, 16, 20, 33]))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    x, dy = buffer(n_pre, batch), buffer(n_post, batch)
    x[:, :batch] = np.maximum(generator.integers(-32, 32, (n_pre, batch)) / 16, 0)
    dy[:, :batch] = generator.integers(-32, 32, (n_post, batch)) / 16
    bias = (generator.integers(-32, 32, n_post) / 16).astype(np.float32)
    return rows, x, dy, bias, seed


@given(layers(), st.booleans())
def test_forward(layer, rectify):
    rows, x, _, bias, _ = layer
    y = buffer(rows.n_post, x.shape[1])
    forward(*seen(rows), bias, x, y, rectify, (0, rows.n_post))
    np.testing.assert_allclose(y, naive.forward(rows, bias, x, rectify), rtol=1e-6, atol=1e-5)


def made_of(z, ceiling, levels):
    """Return what the kernel makes of the sums `z` alone: neurons without an input, whose bias is the sum."""
    row_start, target, weight = naive.Rows(1, z.size, {}).arrays()
    y = buffer(z.size, 1)
    sight = (weight, np.float32(ceiling), np.float32(levels))
    forward(row_start, target, sight, z, buffer(1, 1), y, True, (0, z.size))
    return y[:, 0].copy()


def gates(x, ceiling):
    """Return whether the gradient passes each output: a zero that lets it pass is -0."""
    return ((x != 0) | np.signbit(x)) & (x < np.float32(ceiling))


SUMS = st.floats(-(2.0**99), 2.0**99, width=32) | st.integers(-40, 40).map(lambda k: k / 16)
# At 1 the size of a level is rounded up with 3 levels, and down with 41: there 41 of them are less than 1.
LEVELS = st.sampled_from([1, 3, 8, 41, 1024])


@given(st.lists(SUMS, min_size=1, max_size=40), st.sampled_from([0.1, 0.7, 1.0, 2.0]), LEVELS)
def test_levels_and_gates_are_those_of_the_twin(sums, ceiling, levels):
    """To the bit: at, just below and just above every edge of a level, and far beyond the ceiling."""
    edges = (np.arange(-1, levels + 2) - 0.5) * ceiling / levels
    z = np.array([*sums, *edges, 2 * ceiling], np.float32)
    z = np.concatenate([z, np.nextafter(z, np.float32(np.inf)), np.nextafter(z, np.float32(-np.inf))])
    expected = [naive.qcfs(float(value), ceiling, levels) for value in z]
    found = made_of(z, ceiling, levels)
    np.testing.assert_array_equal(found, np.array([value for value, _ in expected], np.float32))
    np.testing.assert_array_equal(gates(found, ceiling), [passes for _, passes in expected])
    np.testing.assert_array_equal(found, Activation("qcfs", ceiling, levels)(z))


def test_what_is_no_number_stays_none():
    z = np.array([np.nan, np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(made_of(z, 2.0, 8), np.array([np.nan, 2, 0], np.float32))
    np.testing.assert_array_equal(made_of(z, np.inf, 0), np.array([np.nan, np.inf, 0], np.float32))


@given(layers(), st.sampled_from([0.5, 1.0, 4.0]), st.sampled_from([1, 4, 8]))
def test_forward_clips_to_levels(layer, ceiling, levels):
    rows, x, _, bias, _ = layer
    y = buffer(rows.n_post, x.shape[1])
    forward(*seen(rows, (np.float32(ceiling), np.float32(levels))), bias, x, y, True, (0, rows.n_post))
    for z, out in zip(naive.sums(rows, bias, x).flat, y.flat, strict=True):
        assert (out, gates(out, ceiling)) == naive.qcfs(z, ceiling, levels)


@given(layers(), st.integers(0, 9), st.booleans(), st.sampled_from([NO_CEILING, (np.float32(2.0), np.float32(8.0))]))
def test_forward_in_two_ranges_is_the_same_to_the_bit(layer, cut, rectify, ceiling):
    rows, x, _, bias, _ = layer
    cut = min(cut, rows.n_post)
    whole, parts = buffer(rows.n_post, x.shape[1]), buffer(rows.n_post, x.shape[1])
    forward(*seen(rows, ceiling), bias, x, whole, rectify, (0, rows.n_post))
    forward(*seen(rows, ceiling), bias, x, parts, rectify, (0, cut))
    forward(*seen(rows, ceiling), bias, x, parts, rectify, (cut, rows.n_post))
    np.testing.assert_array_equal(whole, parts)


@given(layers(), st.sampled_from([0.0, 0.5]))
def test_descend_bias(layer, momentum):
    rows, _, dy, bias, _ = layer
    velocity = np.full(rows.n_post if momentum else 0, 0.25, np.float32)
    gradient = dy.astype(float).sum(axis=1) + (momentum * 0.25 if momentum else 0.0)
    expected = bias - 0.1 * gradient
    descend_bias(bias, velocity, dy, np.float32(0.1), np.float32(momentum))
    np.testing.assert_allclose(bias, expected, rtol=1e-5, atol=1e-5)
    if momentum:
        np.testing.assert_allclose(velocity, gradient, rtol=1e-5, atol=1e-5)


@given(
    layers(),
    st.sampled_from([0.0, 0.05, 0.5]),
    st.sampled_from([0.0, 0.03]),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([0.0, 0.5]),
    st.booleans(),
    st.integers(1, 9),
    st.sampled_from([np.inf, 1.0]),
)
def test_descend(layer, rate, shrink, noise, momentum, push, width, ceiling):
    rows, x, dy, _, seed = layer
    row_start, target, weight = rows.arrays()
    pairs = sorted(rows.weight)
    velocity = (np.arange(len(pairs)) / 8).astype(np.float32) if momentum else NO_VELOCITY
    dx = buffer(rows.n_pre, x.shape[1]) if push else NOTHING
    died = np.zeros(-(-rows.n_post // width), np.int64)
    key = np.uint64(stream(seed, 3, NOISE))
    nu = {pair: float(normal(key, np.uint64(slot))) for slot, pair in enumerate(pairs)}
    law = (rate, shrink, noise, momentum)
    old_velocity = dict(zip(pairs, velocity.tolist(), strict=True)) if momentum else None
    weights, velocities, dead = naive.descend(rows, x, dy, law, nu, old_velocity)
    undecided = _near_zero(rows, x, dy, law, nu, old_velocity)

    law32 = tuple(np.float32(value) for value in (*law, -np.inf))
    slots = (row_start, target, weight, velocity)
    sight = (weight, np.float32(ceiling), np.float32(0.0))
    end = descend(slots, sight, x, dx, dy, law32, (seed, 3), (0, rows.n_pre), died, width)

    gap, row_start[-1] = weight[end : row_start[-1]].copy(), end
    survivors = naive.read_rows(row_start, target, weight)
    assert set(survivors) - undecided == set(weights) - undecided
    # What the dead leave in the gap: how far below zero they fell, in the order of their slots.
    overshoot = _overshoots(rows, x, dy, law, nu, old_velocity, [pair for pair in pairs if pair not in survivors])
    np.testing.assert_allclose(gap, overshoot, rtol=1e-4, atol=1e-4)
    assert died.sum() == len(pairs) - end
    for pair in set(survivors) & set(weights):
        np.testing.assert_allclose(survivors[pair], weights[pair], rtol=1e-4, atol=1e-4)
        assert np.signbit(survivors[pair]) == np.signbit(np.float32(rows.weight[pair]))
    for core in range(died.size):
        gone = {pair for pair in dead - undecided if pair[1] // width == core}
        maybe = {pair for pair in undecided if pair[1] // width == core}
        assert len(gone) <= died[core] <= len(gone) + len(maybe)
    if momentum:
        kept = naive.read_rows(row_start, target, velocity)
        for pair in set(kept) & set(velocities):
            np.testing.assert_allclose(kept[pair], velocities[pair], rtol=1e-4, atol=1e-4)
    if push:
        _, expected = naive.gradients(rows, x, dy, (x > 0) & (x < ceiling))
        np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-4)


@given(layers(), st.sampled_from([1.0, 2.0]), st.sampled_from([1, 4, 41]))
def test_the_gradient_passes_where_the_gate_of_the_layer_below_is_open(layer, ceiling, levels):
    rows, _, dy, _, seed = layer
    z = (np.random.default_rng(seed).integers(-32, 64, (rows.n_pre, dy.shape[1])) / 16).astype(np.float32)
    x = np.stack([made_of(column, ceiling, levels) for column in z.T.copy()], axis=1)
    row_start, target, sight = seen(rows, (np.float32(ceiling), np.float32(levels)))
    dx, still = buffer(rows.n_pre, dy.shape[1]), tuple(np.float32(0.0) for _ in range(5))
    slots = (row_start, target, sight[0], NO_VELOCITY)
    descend(slots, sight, x.copy(), dx, dy, still, (1, 1), (0, rows.n_pre), np.zeros(rows.n_post, np.int64), 1)
    passes = np.array([[naive.qcfs(value, ceiling, levels)[1] for value in row] for row in z])
    np.testing.assert_allclose(dx, naive.gradients(rows, x, dy, passes)[1], rtol=1e-5, atol=1e-4)


@given(layers(), st.sampled_from([-1.0, -np.inf]))
def test_below_a_ceiling_of_less_than_zero_every_gate_is_open(layer, ceiling):
    """Whatever made the input: it is no activation, and may be negative, zero or infinite."""
    rows, x, dy, _, seed = layer
    x[:] = np.random.default_rng(seed).choice(np.array([-1.5, -0.0, 0.0, 2.0, np.inf], np.float32), x.shape)
    row_start, target, sight = seen(rows, (np.float32(ceiling), np.float32(0.0)))
    dx, still = buffer(rows.n_pre, dy.shape[1]), tuple(np.float32(0.0) for _ in range(5))
    slots = (row_start, target, sight[0], NO_VELOCITY)
    expected = naive.gradients(rows, np.zeros_like(x), dy, np.ones(x.shape, bool))[1]
    descend(slots, sight, x, dx, dy, still, (1, 1), (0, rows.n_pre), np.zeros(0, np.int64), 1)
    np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-4)


@given(layers())
def test_descend_pushes_back_through_what_is_seen_and_moves_what_learns(layer):
    rows, x, dy, _, _ = layer
    row_start, target, weight = rows.arrays()
    other = naive.Rows(rows.n_pre, rows.n_post, {pair: 2.0 * w + 1.0 for pair, w in rows.weight.items()})
    dx, died = buffer(rows.n_pre, x.shape[1]), np.zeros(rows.n_post, np.int64)
    sight = (other.arrays()[2], *NO_CEILING)
    still = tuple(np.float32(0.0) for _ in range(5))
    slots = (row_start, target, weight, NO_VELOCITY)
    end = descend(slots, sight, x, dx, dy, still, (1, 1), (0, rows.n_pre), died, 1)
    np.testing.assert_allclose(dx, naive.gradients(other, x, dy)[1], rtol=1e-5, atol=1e-4)
    assert end == len(rows.weight)
    assert naive.read_rows(row_start, target, weight) == rows.weight


@given(layers(), st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.3]), st.booleans())
def test_where_nobody_dies_a_weight_changes_its_sign_or_stays_at_zero(layer, rate, shrink, keeps_signs):
    rows, x, dy, _, _ = layer
    row_start, target, weight = rows.arrays()
    before = row_start.copy()
    law = tuple(np.float32(value) for value in (rate, shrink, 0.0, 0.0, 0.0 if keeps_signs else -np.inf))
    sight = (weight.copy(), *NO_CEILING)
    end = descend(
        (row_start, target, weight, NO_VELOCITY), sight, x, NOTHING, dy, law, (1, 1), (0, rows.n_pre),
        np.zeros(0, np.int64), 1,
    )  # fmt: skip
    assert end == len(rows.weight)
    assert np.array_equal(row_start, before)
    gradient, _ = naive.gradients(rows, x, dy)
    expected = {pair: w - rate * gradient[pair] - math.copysign(shrink, w) for pair, w in rows.weight.items()}
    if keeps_signs:
        expected = {pair: max(math.copysign(1, rows.weight[pair]) * w, 0.0) for pair, w in expected.items()}
        expected = {pair: math.copysign(size, rows.weight[pair]) for pair, size in expected.items()}
    found = naive.read_rows(row_start, target, weight)
    if keeps_signs:
        assert all(math.copysign(1, found[pair]) == math.copysign(1, w) for pair, w in rows.weight.items())
    np.testing.assert_allclose([found[pair] for pair in expected], list(expected.values()), rtol=1e-4, atol=1e-4)


def _overshoots(rows, x, dy, law, nu, velocity, dead):
    """Return -theta of some connections after the step."""
    rate, shrink, noise, momentum = law
    gradient, _ = naive.gradients(rows, x, dy)
    found = []
    for pair in dead:
        w = rows.weight[pair]
        g = gradient[pair] + (momentum * velocity[pair] if velocity is not None else 0.0)
        found.append(-(abs(w) - rate * math.copysign(1.0, w) * g - shrink + noise * nu[pair]))
    return found


def _near_zero(rows, x, dy, law, nu, velocity):
    """Return the connections so near to zero after the step that rounding decides on their death."""
    rate, shrink, noise, momentum = law
    gradient, _ = naive.gradients(rows, x, dy)
    near = set()
    for pair, w in rows.weight.items():
        g = gradient[pair] + (momentum * velocity[pair] if velocity else 0.0)
        theta = abs(w) - rate * np.copysign(1.0, w) * g - shrink + noise * nu[pair]
        if abs(theta) < 1e-4:
            near.add(pair)
    return near
