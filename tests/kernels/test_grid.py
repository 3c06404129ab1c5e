import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels import grid
from neurosparse.spiking.grid import most_of, step_for

SIZES = st.floats(0.0, 2.0**20, width=32).filter(lambda w: w == 0.0 or w > 2.0**-60)
WEIGHTS = st.lists(SIZES.flatmap(lambda w: st.sampled_from([w, -w])), max_size=20)


@given(WEIGHTS, st.sampled_from([2, 4, 6, 8, 16]))
def test_to_grid_rounds_one_projection_to_whole_steps(weights, bits):
    most, n = most_of(bits), len(weights)
    weight = np.array([7.0, *weights, 9.0], np.float32)
    written = np.full(n + 2, 5.0, np.float32)
    # The rows of a projection in the middle of an arena.
    row_start = np.array([1, 1 + n // 2, 1 + n], np.int64)
    grid.to_grid((row_start, np.zeros(n + 2, np.int32), weight, np.zeros(0, np.float32)), written, most)
    expected = np.array(naive.on_grid(weight[1:-1].tolist(), most), np.float32)
    np.testing.assert_array_equal(written, np.concatenate([[5.0], expected, [5.0]]))
    np.testing.assert_array_equal(np.signbit(written[1:-1]), np.signbit(weight[1:-1]))
    np.testing.assert_array_equal(weight[[0, -1]], [7.0, 9.0])


@given(SIZES, st.integers(1, 40_000))
def test_the_step_is_that_of_exports(largest, most):
    assert grid.step_for(np.float32(largest), most) == step_for(float(np.float32(largest)), most)
