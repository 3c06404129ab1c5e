import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.kernels import rng

words = st.integers(0, 2**64 - 1)


@given(words, words)
def test_bits_is_splitmix64(key, index):
    got = int(rng.bits(np.uint64(key), np.uint64(index)))
    assert got == naive.splitmix64(key, index)


def test_streams_of_different_names_differ():
    names = [(s, t, w) for s in range(4) for t in range(-2, 4) for w in range(5)]
    assert len({int(rng.stream(*name)) for name in names}) == len(names)


def test_normal_has_the_moments_and_shape_of_a_normal():
    key = np.uint64(12345)
    n = 200_000
    values = np.array([rng.normal(key, np.uint64(k)) for k in range(n)])
    assert abs(values.mean()) < 4 / np.sqrt(n)
    assert abs(values.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs(stats.kurtosis(values)) < 4 * np.sqrt(24 / n) + 0.01
    assert stats.kstest(values, "norm").pvalue > 1e-3


@given(words, st.integers(1, 2**62))
def test_below_stays_below(key, bound):
    mask = rng.mask_for(bound)
    assert int(mask) >= bound - 1
    assert int(mask) + 1 < 2 * max(bound, 1) or bound == 1
    value, _ = rng.below(np.uint64(key), np.uint64(0), bound, np.uint64(mask))
    assert 0 <= value < bound


def test_below_is_uniform():
    index, counts = np.uint64(0), np.zeros(11)
    mask = np.uint64(rng.mask_for(11))
    for _ in range(22_000):
        value, index = rng.below(np.uint64(7), np.uint64(index), 11, mask)
        counts[value] += 1
    assert stats.chisquare(counts).pvalue > 1e-3
