"""Auditions against dense gradients, and who is taken from the queues."""

import math

import naive
import numpy as np
import pytest
from scipy import stats

from neurosparse.kernels.audition import listen, rank, take_best
from neurosparse.kernels.rewire import ANEW, DALE, FIXED, coded, decoded, sign_of

NO_VELOCITY = np.zeros(0, np.float32)
NO_LIMITS = np.empty((0, 3), np.int64)


@pytest.mark.parametrize("batch", [16, 48])
def test_scores_are_the_sums_of_the_dense_gradient(batch):
    generator = np.random.default_rng(batch)
    x = generator.normal(size=(7, batch)).astype(np.float32)
    dy = generator.normal(size=(5, batch)).astype(np.float32)
    pairs = [(i, j) for i in range(7) for j in range(5) if (i + j) % 3]
    candidate = np.array([coded(100 + i, j, 0) for i, j in pairs])
    score = np.ones(len(pairs), np.float32)
    listen(candidate, score, 100, x, dy)
    listen(candidate, score, 100, x, 2 * dy)
    dense = 3 * x.astype(float) @ dy.T.astype(float)
    np.testing.assert_allclose(score, [1 + dense[pair] for pair in pairs], rtol=1e-4, atol=1e-4)


def test_the_largest_come_first_with_the_sign_that_falls_downhill():
    candidate = np.array([coded(0, k, 0) for k in range(4)])
    score = np.array([0.5, -2.0, 0.0, 1.0], np.float32)
    rank(candidate, score, (1, 1, ANEW))
    assert [decoded(c)[1:] for c in candidate[:3]] == [(1, 1), (3, 0), (0, 0)]
    assert score.tolist() == [2.0, 1.0, 0.5, 0.0]


@pytest.mark.parametrize("signs", [FIXED, DALE])
def test_a_candidate_whose_sign_is_fixed_the_other_way_scores_nothing(signs):
    moment = 3, 9, signs
    pairs = [(i, j) for i in range(6) for j in range(6)]
    candidate = np.array([coded(i, j, 0) for i, j in pairs])
    gradient = dict(zip(pairs, np.random.default_rng(1).normal(size=36).astype(np.float32), strict=True))
    score = np.array(list(gradient.values()))
    rank(candidate, score, moment)
    for entry, size in zip(candidate, score, strict=True):
        row, column, is_positive = decoded(entry)
        assert is_positive == sign_of(moment, row, column)
        downhill = gradient[row, column] < 0
        assert size == (abs(gradient[row, column]) if downhill == is_positive else 0.0)


def test_signs_are_fair_fixed_for_a_pair_or_for_a_source():
    pairs = [(row, column) for row in range(60) for column in range(60)]
    for signs in (ANEW, FIXED):
        positive = [sign_of((4, 1, signs), *pair) for pair in pairs]
        assert stats.binomtest(sum(positive), len(pairs)).pvalue > 1e-3
        later = [sign_of((4, 2, signs), *pair) for pair in pairs]
        assert (later == positive) == (signs == FIXED)
    rows = [{sign_of((4, step, DALE), row, column) for column in range(9) for step in range(9)} for row in range(200)]
    assert all(len(row) == 1 for row in rows)
    assert stats.binomtest(sum(row.pop() for row in rows), 200).pvalue > 1e-3


def taken(live, queue, births, capacity, limits=NO_LIMITS, span=(0, 2)):
    """Take from the queues of a 3 x 2 and a 2 x 2 projection, each post neuron on a core of its own."""
    rows = naive.Rows(5, 2, dict.fromkeys(live, 1.0)).arrays()
    blocks = np.array([(0, 3, 2, 1, 0), (3, 5, 2, 1, 2)])
    count = np.zeros(4, np.int64)
    for i, j in live:
        count[(0 if i < 3 else 2) + j] += 1
    candidate = np.array([coded(i, j, 1) for part in queue for (i, j), _ in part], np.int64)
    score = np.array([size for part in queue for _, size in part], np.float32)
    first, scale = len(queue[0]), np.full(2, 0.5, np.float32)
    place = np.array([[0, first], [first, len(candidate)]])
    newborn, sizes = np.zeros(births, np.int64), np.zeros(births, np.float32)
    n = take_best(
        (*rows, NO_VELOCITY), blocks, limits, (candidate, score, place, scale), span, count,
        np.array(capacity), births, newborn, sizes,
    )  # fmt: skip
    assert count.sum() == len(live) + n
    return [decoded(pair)[:2] for pair in newborn[:n]], sizes[:n].tolist(), place


QUEUE = [[((0, 1), 4.0), ((1, 0), 2.0), ((2, 1), 1.0)], [((3, 0), 3.0), ((4, 1), 0.0)]]


def test_the_best_of_all_queues_is_born_first_and_begins_with_its_part_of_the_score():
    pairs, sizes, place = taken({(0, 0)}, QUEUE, 3, [9] * 4)
    assert pairs == [(0, 1), (3, 0), (1, 0)]
    assert sizes == [2.0, 1.5, 1.0]
    assert place[:, 0].tolist() == [2, 4]


def test_who_is_live_scores_nothing_or_finds_a_full_core_is_passed_over():
    pairs, _, _ = taken({(0, 1)}, QUEUE, 9, [9] * 4)
    assert pairs == [(3, 0), (1, 0), (2, 1)]
    pairs, _, _ = taken({(0, 0)}, QUEUE, 9, [9, 1, 9, 9], span=(0, 1))
    assert pairs == [(0, 1), (1, 0)]
    fan_in_of_one = np.array([(0, 2**31, 1), (2, 2**31, 9)])
    pairs, _, _ = taken({(0, 0)}, QUEUE, 9, [9] * 4, fan_in_of_one)
    assert pairs == [(0, 1), (3, 0)]


def test_an_empty_queue_gives_nobody():
    assert taken({(0, 0)}, [[], []], 2, [9] * 4)[0] == []


def test_nan_gradients_do_not_hang():
    candidate, score = np.array([coded(0, 0, 0), coded(0, 1, 0)]), np.array([math.nan, 1.0], np.float32)
    rank(candidate, score, (1, 1, ANEW))
    assert sorted(decoded(c)[1] for c in candidate) == [0, 1]
