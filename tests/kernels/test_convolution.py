"""The inner loops of convolutions: processors with many wide registers take one, others the other."""

import numpy as np

from neurosparse.kernels.convolution import TILE, _add_eight, _add_four, tiles
from neurosparse.kernels.lanes import WIDTH


def test_a_tile_at_once_and_in_halves_are_the_same_and_the_plain_sum():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=20 * TILE).astype(np.float32)
    run = rng.integers(0, 18 * TILE, 30)
    weight = rng.normal(size=run.size).astype(np.float32)
    at_once, halves = tiles(3), tiles(3)
    at_once[:] = halves[:] = rng.normal(size=(3, TILE))
    slots, column = (5, 28), 7
    seen = np.stack([flat[begin + column : begin + column + TILE] for begin in run]).astype(np.float64)
    wanted = at_once.astype(np.float64)
    wanted[1] += weight[5:28] @ seen[5:28]
    _add_eight(run, weight, slots, flat, column, at_once, 1)
    for c in (0, 4 * WIDTH):
        _add_four(run, weight, slots, flat, column, halves, 1, c)
    np.testing.assert_array_equal(at_once, halves)
    np.testing.assert_allclose(at_once, wanted, rtol=1e-4, atol=1e-4)
