import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.recurrent import add_product, push_back
from neurosparse.kernels.through_time import add_steps, descend_steps, push_steps
from neurosparse.nn.activations import NOTHING

OPEN = (np.float32(-1.0), np.float32(0.0))


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


@given(steps(), st.booleans(), st.booleans(), st.integers(0, 6))
def test_push_steps(case, turned, push, cut):
    """One step at a time, all at once, and in two ranges of rows: the same bits."""
    rows, x, dy, batch, _, _ = case
    row_start, target, weight = rows.arrays()
    tile, n_steps, cut = -batch if turned else batch, x.shape[1] // batch, min(cut, rows.n_pre)
    expected, below = naive.gradients(rows, x, dy, np.ones(x.shape, bool))
    results = []
    for pieces in ([slice(0, n_steps)], [slice(n, n + 1) for n in range(n_steps)][:: -1 if turned else 1]):
        for ranges in ([(0, rows.n_pre)], [(cut, rows.n_pre), (0, cut)]):
            gradient, dx = np.zeros(weight.size, np.float32), np.zeros_like(x) if push else NOTHING
            for piece in pieces:
                columns = slice(piece.start * batch, piece.stop * batch)
                back = dx[:, columns] if push else dx
                for own in ranges:
                    sums = gradient[row_start[own[0]] :]
                    here = x[:, columns], back, dy[:, columns]
                    push_steps(row_start, target, (weight, *OPEN), *here, own, sums, tile)
            results.append((gradient, dx))
    np.testing.assert_allclose(results[0][0], [expected[pair] for pair in sorted(rows.weight)], rtol=1e-5, atol=1e-3)
    if push:
        np.testing.assert_allclose(results[0][1], below, rtol=1e-5, atol=1e-4)
    for gradient, dx in results[1:]:
        np.testing.assert_array_equal(gradient, results[0][0])
        np.testing.assert_array_equal(dx, results[0][1])


@given(steps(), st.booleans())
def test_gradients_that_were_gathered_move_weights_as_those_of_a_visit_step_by_step(case, turned):
    rows, x, dy, batch, _, _ = case
    tile = -batch if turned else batch
    law = tuple(np.float32(value) for value in (0.05, 0.01, 0.0, 0.0, -np.inf))
    results = []
    for gathered in (False, True):
        row_start, target, weight = rows.arrays()
        sight, died = (weight, *OPEN), np.zeros(rows.n_post, np.int64)
        here, gradient = (x, NOTHING, dy), np.zeros(0, np.float32)
        if gathered:
            gradient = np.zeros(weight.size, np.float32)
            push_steps(row_start, target, sight, *here, (0, rows.n_pre), gradient, tile)
            here = NOTHING, NOTHING, NOTHING
        slots = row_start, target, weight, np.zeros(0, np.float32)
        end = descend_steps(slots, sight, *here, tile, gradient, law, (1, 1), (0, rows.n_pre), died, 1)
        results.append((end, *slots, died))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@given(steps(), st.booleans())
def test_add_steps(case, turned):
    _, _, dy, batch, _, _ = case
    sums = np.full((dy.shape[0], 16), 0.5, np.float32)
    add_steps(dy, sums, -batch if turned else batch)
    np.testing.assert_allclose(sums[:, 0], 0.5 + dy.astype(float).sum(axis=1), rtol=1e-5, atol=1e-4)
    assert (sums[:, 1:] == 0.5).all()
