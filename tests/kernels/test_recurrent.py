import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.recurrent import add_product, push_back


@st.composite
def steps(draw):
    """A small projection, and matrices of several steps; values exact in float32."""
    n_pre, n_post = draw(st.integers(1, 6)), draw(st.integers(1, 9))
    values = st.integers(-64, 64).map(lambda k: k / 16)
    pairs = st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1))
    rows = naive.Rows(n_pre, n_post, draw(st.dictionaries(pairs, values, max_size=30)))
    batch, n_steps = draw(st.sampled_from([16, 32, 48, 64, 80])), draw(st.integers(1, 3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = (generator.integers(-32, 32, (n_pre, n_steps * batch)) / 16).astype(np.float32)
    y = (generator.integers(-32, 32, (n_post, n_steps * batch)) / 16).astype(np.float32)
    return rows, x, y, batch, draw(st.integers(0, n_steps - 1)) * batch, draw(st.integers(0, n_steps - 1)) * batch


@given(steps(), st.integers(0, 9))
def test_add_product(case, cut):
    rows, x, y, batch, from_x, from_y = case
    expected = y.astype(float)
    expected[:, from_y : from_y + batch] += naive.sums(rows, np.zeros(rows.n_post), x[:, from_x : from_x + batch])
    parts, cut = y.copy(), min(cut, rows.n_post)
    add_product(rows.arrays(), x, y, (from_x, from_y, batch), (0, rows.n_post))
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-5)
    for posts in ((0, cut), (cut, rows.n_post)):
        add_product(rows.arrays(), x, parts, (from_x, from_y, batch), posts)
    np.testing.assert_array_equal(parts, y)


@given(steps(), st.integers(0, 6))
def test_push_back(case, cut):
    rows, _, y, batch, _, from_y = case
    dy = y[:, from_y : from_y + batch].copy()
    dx, parts = np.full((2, rows.n_pre, batch), np.nan, np.float32)
    cut = min(cut, rows.n_pre)
    push_back(rows.arrays(), dy, dx, (0, rows.n_pre))
    np.testing.assert_allclose(dx, naive.gradients(rows, np.ones_like(dx), dy)[1], rtol=1e-6, atol=1e-5)
    for pres in ((0, cut), (cut, rows.n_pre)):
        push_back(rows.arrays(), dy, parts, pres)
    np.testing.assert_array_equal(parts, dx)
