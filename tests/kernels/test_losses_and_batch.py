import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.kernels.batch import gather, shuffle
from neurosparse.kernels.losses import softmax_cross_entropy
from neurosparse.nn.activations import NOTHING, buffer


@given(st.integers(1, 6), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_softmax_cross_entropy(n_classes, n_samples, seed):
    generator = np.random.default_rng(seed)
    logit, dlogit = buffer(n_classes, n_samples), buffer(n_classes, n_samples)
    logit[:] = generator.normal(scale=5, size=logit.shape)
    dlogit[:] = 7
    label = generator.integers(0, n_classes, n_samples)
    loss, right = softmax_cross_entropy(logit, label, dlogit, np.float32(0.0))
    expected, gradient = naive.softmax_cross_entropy(logit[:, :n_samples], label)
    assert loss == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert right == (logit[:, :n_samples].argmax(axis=0) == label).sum()
    np.testing.assert_allclose(dlogit[:, :n_samples], gradient, atol=1e-6)
    assert not dlogit[:, n_samples:].any()
    assert softmax_cross_entropy(logit, label, NOTHING, np.float32(0.0))[0] == pytest.approx(loss)


def test_a_logit_that_is_no_number_makes_the_loss_no_number():
    logit = buffer(3, 4)
    logit[1, 2] = np.nan
    assert np.isnan(softmax_cross_entropy(logit, np.zeros(4, np.int64), buffer(3, 4), np.float32(0.0))[0])


@given(st.sampled_from([np.uint8, np.float32]), st.integers(1, 40), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_gather(dtype, n_features, n_chosen, seed):
    generator = np.random.default_rng(seed)
    samples = generator.integers(0, 255, (9, n_features)).astype(dtype)
    order = generator.integers(0, 9, n_chosen)
    x = buffer(n_features, 20)
    x[:] = 3
    gather(samples, order, np.float32(0.5), x)
    np.testing.assert_array_equal(x[:, :n_chosen], samples[order].T.astype(np.float32) * np.float32(0.5))
    assert not x[:, n_chosen:].any()


def test_shuffle_draws_every_order_equally_often():
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(6_000):
        order = np.arange(4)
        shuffle(order, seed, 1)
        counts[tuple(order)] = counts.get(tuple(order), 0) + 1
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_smoothing_moves_the_aim_of_the_gradient_and_not_the_loss():
    logit, label = buffer(3, 2), np.array([2, 0])
    logit[:, :2] = [[0.5, 1.0], [0.0, -1.0], [2.0, 0.0]]
    plain, smooth = buffer(3, 2), buffer(3, 2)
    loss = softmax_cross_entropy(logit, label, plain, np.float32(0.0))
    assert softmax_cross_entropy(logit, label, smooth, np.float32(0.3)) == loss
    aim = np.full((3, 2), 0.3 / 3)
    aim[label, [0, 1]] += 0.7
    mass = np.exp(logit[:, :2]) / np.exp(logit[:, :2]).sum(axis=0)
    np.testing.assert_allclose(smooth[:, :2], (mass - aim) / 2, rtol=1e-5, atol=1e-6)
    assert not smooth[:, 2:].any()
