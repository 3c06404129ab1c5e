import numpy as np
import pytest

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.squash import sigmoid, tanh


@kernel
def squashed(a, s, t):
    for c in range(0, a.size, lanes.WIDTH):
        here = lanes.load_run(a, c)
        lanes.store_run(s, c, sigmoid(here))
        lanes.store_run(t, c, tanh(here))


def both(values):
    a = np.zeros(-(-len(values) // 16) * 16, np.float32)
    a[: len(values)] = values
    s, t = np.empty_like(a), np.empty_like(a)
    squashed(a, s, t)
    return s[: len(values)], t[: len(values)]


def exact(values):
    a = np.asarray(values, np.float32).astype(float)
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-a)), np.tanh(a)


@pytest.mark.parametrize("reach", [1e-3, 0.1, 1.0, 10.0, 100.0, 1e4, 3e38])
def test_every_size_of_sum(reach):
    values = np.linspace(-reach, reach, 400_000).astype(np.float32)
    for found, expected in zip(both(values), exact(values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-7)
        assert (np.diff(found) >= -2e-7).all()


def test_tanh_is_as_exact_near_zero_as_float32_is():
    values = np.concatenate([np.logspace(-44, 0, 4000), -np.logspace(-44, 0, 4000)]).astype(np.float32)
    found = both(values)[1]
    normal = np.abs(values) > 1e-37
    np.testing.assert_allclose(found[normal], exact(values)[1][normal], rtol=5e-7, atol=0)
    np.testing.assert_allclose(found[~normal], exact(values)[1][~normal], rtol=0, atol=1e-44)


def test_bounds_and_what_is_no_number():
    s, t = both([0.0, -0.0, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(t[:4], [0.0, 0.0, 1.0, -1.0])
    assert np.signbit(t[:2]).tolist() == [False, True]
    np.testing.assert_array_equal(s[:3], [0.5, 0.5, 1.0])
    assert 0 <= s[3] < 1e-37
    assert np.isnan([s[4], t[4]]).all()
