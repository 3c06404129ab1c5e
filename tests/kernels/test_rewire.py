import math

import naive
import numpy as np
import pytest
from scipy import stats

from neurosparse.kernels.rewire import ANEW, close_gaps, decoded, draw_newborn, grow

NO_VELOCITY = np.zeros(0, np.float32)
AT_ZERO = np.zeros(0, np.float32)

# (shape, live pairs, neurons a core, capacity of each core, births)
LAWS = {
    "one birth": ((3, 4), {(0, 1), (2, 3)}, 4, [12], 1),
    "two births": ((2, 3), {(0, 0), (1, 2)}, 3, [6], 2),
    "nearly full": ((2, 3), {(0, 0), (0, 1), (1, 0)}, 3, [6], 2),
    "a core that fills up": ((2, 4), {(0, 0)}, 2, [2, 3], 3),
    "a core that is full": ((2, 4), {(0, 0), (1, 1)}, 2, [2, 4], 2),
    "one core with room among many": ((4, 12), {(0, 0), (3, 0)}, 1, [3] + [0] * 11, 1),
    "a nearly full core among full ones": (
        (5, 80),
        {(0, 0), (1, 0), (2, 1)} | {(i, j) for i in range(2) for j in range(2, 80)},
        2,
        [6] + [4] * 39,
        2,
    ),
    "a small last core": ((3, 3), {(0, 2)}, 2, [2, 2], 2),
}


@pytest.mark.parametrize("name", LAWS)
def test_newborn_follow_the_law_of_algorithm_1(name):
    """Count the sets of newborn over many draws against the exact law of drawing one at a time."""
    shape, live, width, capacity, births = LAWS[name]
    law = naive.law_of_births(shape, frozenset(live), width, capacity, births)
    row_start, target, weight = naive.Rows(*shape, dict.fromkeys(live, 1.0)).arrays()
    blocks = np.array([(0, shape[0], shape[1], width, 0)])
    count = np.bincount([j // width for _, j in live], minlength=len(capacity))
    draws = 60 * len(law) + 2_000
    seen = dict.fromkeys(law, 0)
    for step in range(draws):
        after = count.copy()
        newborn = draw_newborn(
            (row_start, target, weight, NO_VELOCITY),
            blocks,
            (0, 1),
            after,
            np.array(capacity),
            births,
            (11, step, ANEW),
        )
        pairs = frozenset(decoded(pair)[:2] for pair in newborn)
        assert len(pairs) == births
        seen[pairs] += 1  # a KeyError here is a set that the law forbids
        assert after.sum() == count.sum() + births
    expected = [law[key] * draws for key in law]
    assert stats.chisquare(list(seen.values()), expected).pvalue > 1e-3


def test_two_projections_share_one_urn():
    """A global budget draws over the dormant pairs of all projections, as the paper does."""
    row_start = np.array([0, 1, 1, 2, 2, 2], np.int64)  # a 2 x 3 projection, then a 3 x 2 one
    target, weight = np.array([1, 0], np.int32), np.ones(2, np.float32)
    blocks = np.array([(0, 2, 3, 3, 0), (2, 5, 2, 2, 1)])
    seen: dict[tuple[int, int], int] = {}
    for step in range(6_000):
        live = np.array([1, 1])
        (pair,) = draw_newborn(
            (row_start, target, weight, NO_VELOCITY), blocks, (0, 2), live, np.array([6, 6]), 1, (5, step, ANEW)
        )
        place = decoded(pair)[:2]
        seen[place] = seen.get(place, 0) + 1
    dormant = {(i, j) for i in (0, 1) for j in range(3)} | {(i, j) for i in (2, 3, 4) for j in range(2)}
    assert set(seen) == dormant - {(0, 1), (2, 0)}
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_fewer_are_born_where_fewer_are_feasible():
    row_start, target, weight = naive.Rows(2, 2, {(0, 0): 1.0}).arrays()
    live = np.array([1, 0])
    blocks = np.array([(0, 2, 2, 1, 0)])
    newborn = draw_newborn(
        (row_start, target, weight, NO_VELOCITY), blocks, (0, 1), live, np.array([1, 1]), 3, (1, 1, ANEW)
    )
    assert [decoded(pair)[1] for pair in newborn] == [1]
    assert live.tolist() == [1, 1]


@pytest.mark.parametrize("momentum", [False, True])
def test_close_and_grow_are_a_sorted_merge(momentum):
    generator = np.random.default_rng(3)
    for trial in range(200):
        n_pre, n_post = generator.integers(1, 9, 2)
        pairs = [(i, j) for i in range(n_pre) for j in range(n_post)]
        slots = int(generator.integers(1, len(pairs) + 1))
        chosen = sorted(pairs[k] for k in generator.permutation(len(pairs))[:slots])
        rows = naive.Rows(n_pre, n_post, {pair: float(generator.normal()) for pair in chosen})
        row_start, target, weight = rows.arrays()
        velocity = weight * 2 if momentum else NO_VELOCITY
        # Leave gaps as two threads leave them: each half of the rows is compacted to its own left end.
        cut = int(generator.integers(0, n_pre + 1))
        dead = {pair for pair in chosen if generator.random() < 0.3}
        ends = []
        for first, last in ((0, cut), (cut, n_pre)):
            write = row_start[first]
            end = write
            for i in range(first, last):
                begin, end = end, row_start[i + 1]
                row_start[i] = write
                for slot in range(begin, end):
                    if (i, int(target[slot])) not in dead:
                        target[write], weight[write] = target[slot], weight[slot]
                        if momentum:
                            velocity[write] = velocity[slot]
                        write += 1
            ends.append(write)
        arrays = (row_start, target, weight, velocity)
        live, died = np.array([slots]), np.array([[len(dead)], [0]])
        close_gaps(arrays, np.array([0, cut, n_pre]), np.array(ends), live, died)
        survivors = {pair: w for pair, w in rows.weight.items() if pair not in dead}
        assert naive.read_rows(row_start, target, weight) == pytest.approx(survivors)
        assert live[0] == len(survivors)
        assert not died.any()

        blocks = np.array([(0, n_pre, n_post, n_post, 0)])
        newborn = draw_newborn(arrays, blocks, (0, 1), live, np.array([n_pre * n_post]), len(dead), (1, trial, ANEW))
        grow(arrays, newborn, AT_ZERO)
        born = {decoded(pair)[:2] for pair in newborn}
        assert len(born) == len(dead)
        found = naive.read_rows(row_start, target, weight)
        assert found == pytest.approx({**survivors, **dict.fromkeys(born, 0.0)})
        if momentum:
            expected = {**{p: 2 * w for p, w in survivors.items()}, **dict.fromkeys(born, 0.0)}
            assert naive.read_rows(row_start, target, velocity) == pytest.approx(expected)


def test_signs_of_the_newborn_are_fair_and_grow_as_drawn():
    positive = 0
    for step in range(400):
        row_start, target, weight = np.zeros(11, np.int64), np.zeros(10, np.int32), np.ones(10, np.float32)
        arrays, live = (row_start, target, weight, NO_VELOCITY), np.array([0])
        newborn = draw_newborn(arrays, np.array([(0, 10, 2, 2, 0)]), (0, 1), live, np.array([20]), 10, (9, step, ANEW))
        grow(arrays, newborn, AT_ZERO)
        signs = [decoded(pair)[2] for pair in newborn]
        assert not weight.any()
        assert [math.copysign(1, w) > 0 for w in weight] == [sign == 1 for sign in signs]
        positive += sum(signs)
    assert stats.binomtest(positive, 4_000).pvalue > 1e-3
