import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.spikes import add_lanes, add_spikes, gather_back, push_spikes
from neurosparse.nn.activations import NOTHING
from neurosparse.nn.delays import delayed, undelayed

OPEN = (np.float32(-1.0), np.float32(0.0))


@st.composite
def steps(draw):
    """A small projection with delays, sparse signals of several steps, and gradients; values exact in float32."""
    n_pre, n_post, delays = draw(st.integers(1, 5)), draw(st.integers(1, 9)), draw(st.integers(1, 3))
    values = st.integers(-64, 64).map(lambda k: k / 16)
    pairs = st.tuples(st.integers(0, n_pre * delays - 1), st.integers(0, n_post - 1))
    rows = naive.Rows(n_pre * delays, n_post, draw(st.dictionaries(pairs, values, max_size=30)))
    batch, n_steps = draw(st.sampled_from([16, 32, 48])), draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = (generator.integers(-32, 32, (n_pre, n_steps * batch)) / 16).astype(np.float32)
    x *= generator.random(x.shape) < draw(st.sampled_from([0.03, 0.5, 1.0]))
    dy = (generator.integers(-32, 32, (n_post, n_steps * batch)) / 16).astype(np.float32)
    return rows, x, dy, delays, batch, draw(st.integers(0, n_steps - 1))


@given(steps(), st.integers(0, 1), st.integers(0, 9))
def test_add_spikes(case, least, cut):
    rows, x, _, delays, batch, step = case
    cut = min(cut, rows.n_post)
    sums = np.ones((rows.n_post, batch), np.float32)
    expected, parts = sums.astype(float), sums.copy()
    for (row, j), w in rows.weight.items():
        sent = step - least - row % delays
        if sent >= 0:
            expected[j] += w * x[row // delays, sent * batch : (sent + 1) * batch]
    add_spikes(rows.arrays(), x, sums, step, (delays, least), (0, rows.n_post))
    np.testing.assert_array_equal(sums, expected)
    for posts in ((0, cut), (cut, rows.n_post)):
        add_spikes(rows.arrays(), x, parts, step, (delays, least), posts)
    np.testing.assert_array_equal(parts, sums)
    add_spikes(rows.arrays(), x, parts, step, (0, least), (0, rows.n_post))
    np.testing.assert_array_equal(parts, sums)


@given(steps())
def test_gather_back(case):
    rows, x, dy, delays, batch, step = case
    n_steps = x.shape[1] // batch
    later = np.full((delays + 1, rows.n_post, batch), np.nan, np.float32)
    for t in range(step + 1, min(step + 1 + delays, n_steps)):
        later[t % (delays + 1)] = dy[:, t * batch : (t + 1) * batch]
    below, expected = np.full((2, x.shape[0], batch), np.nan, np.float32)
    expected[:] = 0
    for (row, j), w in rows.weight.items():
        arrived = step + 1 + row % delays
        expected[row // delays] += (
            np.float32(w) * dy[j, arrived * batch : (arrived + 1) * batch] if (arrived < n_steps) else np.float32(0)
        )
    gather_back(rows.arrays(), later, below, step, (delays, n_steps), (0, x.shape[0]))
    np.testing.assert_array_equal(below, expected)


@given(steps(), st.booleans())
def test_push_spikes(case, push):
    rows, x, dy, delays, batch, _ = case
    x = delayed(x, delays, batch, (0, x.shape[1] // batch))
    row_start, target, weight = rows.arrays()
    expected, below = naive.gradients(rows, x, dy, np.ones(x.shape, bool))
    gradient, sums = np.empty(target.size, np.float32), np.zeros((target.size, WIDTH), np.float32)
    dx = np.full_like(x, np.nan) if push else NOTHING
    push_spikes(row_start, target, (weight, *OPEN), x, dx, dy, (0, rows.n_pre), sums)
    add_lanes(sums, gradient)
    np.testing.assert_allclose(gradient, [expected[pair] for pair in sorted(rows.weight)], rtol=1e-6, atol=1e-4)
    if push:
        np.testing.assert_allclose(dx, below, rtol=1e-6, atol=1e-5)


@given(steps())
def test_delayed_and_undelayed_are_each_other_s_transpose(case):
    _, x, _, delays, batch, _ = case
    wide = delayed(x, delays, batch, (0, x.shape[1] // batch))
    other = np.random.default_rng(1).integers(-9, 9, wide.shape).astype(np.float32)
    back = np.empty_like(x)
    undelayed(other, delays, batch, back)
    assert (wide * other).sum(dtype=float) == (x * back).sum(dtype=float)
