import numpy as np
import pytest
from scipy import stats

from neurosparse.kernels.dropout import drop_out, pass_back


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_as_many_are_silent_as_asked_and_the_others_keep_the_mean(rate):
    x = np.ones((400, 16), np.float32)
    drop_out(x, np.float32(rate), (7, 3), 0)
    silent = int((x == 0).sum())
    assert stats.binomtest(silent, x.size, rate).pvalue > 1e-3
    np.testing.assert_allclose(x[x > 0], 1 / (1 - rate), rtol=1e-6)
    # Neither rows nor columns share their fate.
    assert stats.chisquare((x == 0).sum(axis=0)).pvalue > 1e-3


def test_masks_differ_by_step_and_seed_and_are_named_by_the_neuron():
    def mask(seed, step, rows):
        x = np.ones((40, 16), np.float32)
        for first, last in rows:
            drop_out(x[first:last], np.float32(0.5), (seed, step), first)
        return x > 0

    whole = mask(1, 1, [(0, 40)])
    assert np.array_equal(whole, mask(1, 1, [(0, 13), (13, 40)]))
    for other in (mask(1, 2, [(0, 40)]), mask(2, 1, [(0, 40)])):
        assert 0.4 < (whole == other).mean() < 0.6


def test_the_gradient_is_scaled_as_the_activations_were():
    dx = np.full((3, 16), 2.0, np.float32)
    pass_back(dx, np.float32(0.2))
    np.testing.assert_allclose(dx, 2.5)
