"""Newborn under limits on rows and fan-in follow the exact law, by rejection and by the fallback alike."""

import naive
import numpy as np
import pytest
from scipy import stats

from neurosparse.kernels.limits import draw_within_limits
from neurosparse.kernels.rewire import ANEW, decoded
from neurosparse.limits import guaranteed_on_core, most_on_core

FREE = 2**31
NO_VELOCITY = np.zeros(0, np.float32)

# (shape, live synapses, neurons a core, capacity of each core, max row length, max fan-in, births)
LAWS = {
    "rows, one birth": ((2, 3), {(0, 0, 1), (0, 1, -1), (1, 2, 1)}, 3, [6], 1, None, 1),
    "rows, two births": ((2, 3), {(0, 0, 1)}, 3, [6], 1, None, 2),
    "rows on two cores": ((2, 4), {(0, 0, 1), (0, 1, -1), (1, 3, -1)}, 2, [4, 4], 1, None, 2),
    "rows of two": ((2, 4), {(0, 0, 1), (0, 1, 1), (1, 2, -1)}, 4, [8], 2, None, 2),
    "fan-in, one birth": ((3, 2), {(0, 0, 1), (1, 0, -1)}, 2, [6], None, 2, 1),
    "fan-in, two births": ((3, 3), {(0, 0, 1), (1, 1, -1)}, 2, [6, 3], None, 1, 1),
    "fan-in that fills up": ((3, 2), {(0, 0, 1)}, 2, [6], None, 2, 2),
    "rows and fan-in": ((3, 3), {(0, 0, 1), (1, 0, -1), (2, 2, 1)}, 3, [9], 1, 2, 2),
    "rows, fan-in and a full core": ((3, 4), {(0, 0, 1), (1, 0, -1), (1, 2, 1)}, 2, [2, 3], 1, 2, 1),
    "rows, fan-in and a core that fills up": ((3, 4), {(0, 0, 1), (1, 2, 1)}, 2, [2, 4], 1, 2, 2),
    "one free place among many full rows": (
        (40, 3),
        {(i, 0, 1) for i in range(40)} | {(i, 1, -1) for i in range(1, 40)},
        3,
        [120],
        1,
        None,
        1,
    ),
    "newborn that close a row and a column": ((2, 2), set(), 2, [4], 1, 1, 2),
    "only newborn pairs are left": ((1, 4), set(), 4, [4], 2, None, 3),
}


def drawn(shape, live, width, capacity, max_row_length, max_fan_in, births, step, patience):
    """Return the newborn as a set of (row, column, sign), and the counts a core afterwards."""
    row_start, target, weight = naive.Rows(*shape, {(i, j): float(sign) for i, j, sign in live}).arrays()
    weight = np.where(weight == 0, weight, weight * np.float32(0.0)) if step % 2 else weight  # signs at zero count too
    count = np.bincount([j // width for _, j, _ in live], minlength=len(capacity)).astype(np.int64)
    blocks, limits = np.array([(0, *shape, width, 0)]), np.array([(0, max_row_length or FREE, max_fan_in or FREE)])
    arrays = (row_start, target, weight, NO_VELOCITY)
    newborn = draw_within_limits(
        arrays, blocks, limits, (0, 1), count, np.array(capacity), births, (11, step, ANEW), patience
    )
    found = frozenset((row, column, 1 if positive else -1) for row, column, positive in map(decoded, newborn))
    return found, count


@pytest.mark.parametrize("patience", [64, 0], ids=["rejection", "fallback"])
@pytest.mark.parametrize("name", LAWS)
def test_newborn_follow_the_law_within_limits(name, patience):
    """Count the sets of newborn over many draws against the exact law of drawing one at a time."""
    shape, live, width, capacity, longest, widest, births = LAWS[name]
    law = naive.law_of_signed_births(shape, frozenset(live), width, capacity, longest, widest, births)
    draws = 60 * len(law) + 2_000
    seen = dict.fromkeys(law, 0)
    for step in range(draws):
        born, count = drawn(*LAWS[name], step, patience)
        seen[born] += 1  # a KeyError here is a set that the law forbids
        assert count.sum() == len(live) + births
    expected = [law[key] * draws for key in law]
    assert stats.chisquare(list(seen.values()), expected).pvalue > 1e-3


@pytest.mark.parametrize("patience", [64, 0])
def test_fewer_are_born_where_fewer_are_feasible(patience):
    born, _ = drawn((3, 3), {(0, 0, 1)}, 3, [9], None, 1, 9, 1, patience)
    assert {j for _, j, _ in born} == {1, 2}
    born, _ = drawn((2, 5), {(0, 0, 1)}, 5, [10], 1, None, 10, 1, patience)
    assert len(born) == 3
    assert drawn((2, 2), {(0, 0, 1), (1, 1, 1)}, 2, [4], None, 1, 2, 1, patience)[0] == frozenset()


@pytest.mark.parametrize("patience", [64, 0])
def test_two_projections_share_one_urn_within_their_own_limits(patience):
    row_start = np.array([0, 1, 1, 2, 2, 2], np.int64)  # a 2 x 3 projection, then a 3 x 2 one
    target, weight = np.array([1, 0], np.int32), np.array([1.0, -1.0], np.float32)
    blocks = np.array([(0, 2, 3, 3, 0), (2, 5, 2, 2, 1)])
    limits = np.array([(0, 1, FREE), (3, FREE, 1)])
    feasible = {(0, 0, 0), (0, 2, 0), *((1, j, s) for j in range(3) for s in (0, 1))}
    feasible |= {(i, 1, s) for i in (2, 3, 4) for s in (0, 1)}
    seen: dict[tuple[int, int, int], int] = {}
    for step in range(6_000):
        live = np.array([1, 1])
        arrays = (row_start, target, weight, NO_VELOCITY)
        (born,) = draw_within_limits(
            arrays, blocks, limits, (0, 2), live, np.array([6, 6]), 1, (5, step, ANEW), patience
        )
        seen[decoded(born)] = seen.get(decoded(born), 0) + 1
    assert set(seen) == feasible
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_a_large_draw_to_the_last_place_keeps_every_limit():
    """Rows and fan-ins up to what is guaranteed, most of them born in one call."""
    born, _ = drawn((200, 150), set(), 64, [10**6] * 3, 2, None, 2_400, 1, 64)
    parts = [(i, j // 64, s) for i, j, s in born]
    assert len(born) == 2_400 == len({(i, j) for i, j, _ in born})
    assert all(parts.count(part) == 2 for part in set(parts[:50]))


@pytest.mark.parametrize("patience", [64, 0])
def test_above_the_guarantee_a_draw_may_get_stuck_and_says_so(patience):
    sizes = {len(drawn((4, 3), set(), 3, [12], 1, 3, 8, step, patience)[0]) for step in range(300)}
    assert sizes == {guaranteed_on_core(4, 3, 12, 1, 3), most_on_core(4, 3, 12, 1, 3)} == {7, 8}
