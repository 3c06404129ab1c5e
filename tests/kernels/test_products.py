import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.products import descend_bias, forward
from neurosparse.kernels.rng import NOISE, normal, stream
from neurosparse.kernels.update import descend
from neurosparse.nn.activation import IDENTITY, RELU, Activation
from neurosparse.nn.activations import NOTHING, buffer

NO_VELOCITY = np.zeros(0, np.float32)


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


activations = st.sampled_from([IDENTITY, RELU]) | st.builds(
    Activation, st.just("qcfs"), st.sampled_from([0.1, 1.0, 3.0, 4.0]), st.sampled_from([1, 3, 8, 1024])
)


@given(layers(), activations)
def test_forward(layer, activation):
    """The sums are those of the twin; what is made of a sum is, to the bit, what the twin makes of it."""
    rows, x, _, bias, _ = layer
    sums, y = buffer(rows.n_post, x.shape[1]), buffer(rows.n_post, x.shape[1])
    forward(*rows.arrays(), bias, x, sums, IDENTITY.numbers(), (0, rows.n_post))
    np.testing.assert_allclose(sums, naive.forward(rows, bias, x), rtol=1e-6, atol=1e-5)
    forward(*rows.arrays(), bias, x, y, activation.numbers(), (0, rows.n_post))
    np.testing.assert_array_equal(y, activation(sums))


@given(layers(), st.integers(0, 9), activations)
def test_forward_in_two_ranges_is_the_same_to_the_bit(layer, cut, activation):
    rows, x, _, bias, _ = layer
    cut = min(cut, rows.n_post)
    whole, parts = buffer(rows.n_post, x.shape[1]), buffer(rows.n_post, x.shape[1])
    forward(*rows.arrays(), bias, x, whole, activation.numbers(), (0, rows.n_post))
    forward(*rows.arrays(), bias, x, parts, activation.numbers(), (0, cut))
    forward(*rows.arrays(), bias, x, parts, activation.numbers(), (cut, rows.n_post))
    np.testing.assert_array_equal(whole, parts)


def made_of(z, activation):
    """Return what the kernel makes of the sums `z` alone: neurons without an input, whose bias is the sum."""
    row_start, target, weight = naive.Rows(1, z.size, {}).arrays()
    y = buffer(z.size, 1)
    forward(row_start, target, weight, z, buffer(1, 1), y, activation.numbers(), (0, z.size))
    return y[:, 0].copy()


SUMS = st.floats(-(2.0**99), 2.0**99, width=32) | st.integers(-40, 40).map(lambda k: k / 16)


@given(st.lists(SUMS, min_size=1, max_size=40), st.sampled_from([0.1, 0.7, 1.0, 2.0]), st.sampled_from([1, 3, 8, 1024]))
def test_steps_and_gates_are_those_of_the_twin(sums, ceiling, levels):
    """At, just below and just above every edge of a step, too; a zero with an open gate is known by its sign."""
    edges = (np.arange(-1, levels + 2) - 0.5) * ceiling / levels
    z = np.array([*sums, *edges], np.float32)
    z = np.concatenate([z, np.nextafter(z, np.float32(np.inf)), np.nextafter(z, np.float32(-np.inf))])
    expected = [naive.qcfs(float(value), ceiling, levels) for value in z]
    found = made_of(z, Activation("qcfs", ceiling, levels))
    np.testing.assert_array_equal(found, np.array([value for value, _ in expected], np.float32))
    gate = ((found != 0) | np.signbit(found)) & (found < np.float32(ceiling))
    np.testing.assert_array_equal(gate, [is_open for _, is_open in expected])


def test_what_is_no_number_stays_none():
    z = np.array([np.nan, np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(made_of(z, Activation("qcfs", 2.0, 8)), np.array([np.nan, 2, 0], np.float32))
    np.testing.assert_array_equal(made_of(z, RELU), np.array([np.nan, np.inf, 0], np.float32))


@given(layers(), st.sampled_from([1.0, 2.0]), st.sampled_from([1, 4, 8]), st.booleans())
def test_the_gradient_passes_where_the_gate_is_open(layer, ceiling, levels, apart):
    """`x` is what the layer below made of its sums, and the gradient goes back by the weights that were seen."""
    rows, _, dy, _, seed = layer
    z = np.random.default_rng(seed).integers(-32, 64, (rows.n_pre, dy.shape[1])) / 16
    below = [[naive.qcfs(value, ceiling, levels) for value in row] for row in z]
    x = np.stack([made_of(row.astype(np.float32), Activation("qcfs", ceiling, levels)) for row in z.T], axis=1)
    row_start, target, weight = rows.arrays()
    seen_rows = naive.Rows(rows.n_pre, rows.n_post, {pair: np.round(w) for pair, w in rows.weight.items()})
    seen = seen_rows.arrays()[2] if apart else weight
    before = seen.copy()
    dx = buffer(rows.n_pre, dy.shape[1])
    law = tuple(np.float32(value) for value in (0.5, 0.05, 0.0, 0.0))
    signals = (np.ascontiguousarray(x), dx, dy)
    descend(
        (row_start, target, weight, NO_VELOCITY), seen, signals, np.float32(ceiling), law, (seed, 3), (0, rows.n_pre),
        np.zeros(1, np.int64), rows.n_post,
    )  # fmt: skip
    gate = np.array([[is_open for _, is_open in row] for row in below])
    _, expected = naive.gradients(rows, x, dy, gate, seen_rows if apart else rows)
    np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-4)
    if apart:
        np.testing.assert_array_equal(seen, before)


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
)
def test_descend(layer, rate, shrink, noise, momentum, push, width):
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

    law32 = tuple(np.float32(value) for value in law)
    slots = (row_start, target, weight, velocity)
    end = descend(slots, weight, (x, dx, dy), np.float32(np.inf), law32, (seed, 3), (0, rows.n_pre), died, width)

    row_start[-1] = end
    survivors = naive.read_rows(row_start, target, weight)
    assert set(survivors) - undecided == set(weights) - undecided
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
        _, expected = naive.gradients(rows, x, dy)
        np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-4)


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
