"""Live paths against a walk over sets of pairs, and the law of births on them."""

from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.kernels.paths import count_on_paths, draw_on_paths, keep_to_paths
from neurosparse.kernels.rewire import ANEW, decoded

NO_VELOCITY = np.zeros(0, np.float32)
NO_LIMITS = np.empty((0, 3), np.int64)


class Chain:
    """A chain of projections as sets of live pairs, and the arrays that the kernels take."""

    def __init__(self, sizes, live, inputs, width=2, momentum=False):
        self.layers, self.live_pairs, self.on = list(pairwise(sizes)), live, inputs
        rows, core, blocks = 0, 0, []
        starts, targets, counts, posts = [0], [], [], 0
        for (n_pre, n_post), pairs in zip(self.layers, live, strict=True):
            blocks.append((rows, rows + n_pre, n_post, width, core))
            counts.append((0, 0, posts))
            for i in range(n_pre):
                columns = sorted(j for a, j in pairs if a == i)
                targets += columns
                starts.append(len(targets))
            rows, core, posts = rows + n_pre, core + -(-n_post // width), posts + n_post
        self.blocks = np.array(blocks, np.int64)
        weight = np.arange(1, len(targets) + 1, dtype=np.float32)
        velocity = weight * 2 if momentum else NO_VELOCITY
        self.slots = np.array(starts, np.int64), np.array(targets, np.int32), weight, velocity
        self.live = np.zeros(core, np.int64)
        for (_, _, _, _, first), pairs in zip(blocks, live, strict=True):
            for _, j in pairs:
                self.live[first + j // width] += 1
        self.ends = (
            np.array(inputs, np.uint8),
            np.zeros(rows, np.int32),
            np.zeros(posts, np.int32),
            np.array(counts, np.int64),
        )

    def open(self, p):
        """Return the rows and the posts that the kernels list for a projection."""
        _, rows, posts, counts = self.ends
        n_rows, n_posts, post0 = counts[p]
        row0 = self.blocks[p, 0]
        return set(rows[row0 : row0 + n_rows].tolist()), set(posts[post0 : post0 + n_posts].tolist())


@st.composite
def chains(draw):
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    live = []
    for n_pre, n_post in pairwise(sizes):
        pairs = [(i, j) for i in range(n_pre) for j in range(n_post)]
        live.append(set(draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True))))
    inputs = draw(st.lists(st.booleans(), min_size=sizes[0], max_size=sizes[0]))
    return Chain(sizes, live, inputs, draw(st.integers(1, 3)), draw(st.booleans()))


def each_its_own(chain):
    return np.array([(p, p + 1, 0) for p in range(len(chain.layers))])


@given(chains(), st.booleans())
def test_what_lies_on_no_path_is_released_as_far_as_there_is_room_on_paths(chain, together):
    rows, posts = naive.paths(chain.layers, chain.live_pairs, chain.on)
    groups = np.array([(0, len(chain.layers), 0)]) if together else each_its_own(chain)
    stays = []
    for first, last, _ in groups:
        on = [{(i, j) for i, j in chain.live_pairs[p] if i in rows[p] and j in posts[p]} for p in range(first, last)]
        room = sum(len(rows[p]) * len(posts[p]) - len(on[p - first]) for p in range(first, last))
        for p in range(first, last):
            off = sorted(chain.live_pairs[p] - on[p - first])
            stays.append(on[p - first] | set(off[room:]))
            room = max(room - len(off), 0)
    released = keep_to_paths(chain.slots, chain.blocks, groups, chain.live, chain.ends)
    row_start, target, weight, velocity = chain.slots
    kept = 0
    for p, (row0, row1, _, width, core0) in enumerate(chain.blocks):
        expected = stays[p]
        found = naive.read_rows(row_start[row0 : row1 + 1], target, weight)
        assert set(found) == expected
        assert chain.open(p) == (rows[p], posts[p])
        for _, j in expected:
            chain.live[core0 + j // width] -= 1
        kept += len(expected)
        # Survivors keep their weights, which rise with their places.
        assert list(found.values()) == sorted(found.values())
    assert released == sum(map(len, chain.live_pairs)) - kept
    assert not chain.live.any()
    assert row_start[-1] == kept
    if velocity.size:
        np.testing.assert_array_equal(velocity[:kept], 2 * weight[:kept])


@given(chains())
def test_connections_on_paths_are_counted(chain):
    rows, posts = naive.paths(chain.layers, chain.live_pairs, [True] * len(chain.on))
    expected = [sum(i in rows[p] and j in posts[p] for i, j in pairs) for p, pairs in enumerate(chain.live_pairs)]
    assert count_on_paths(chain.slots[0], chain.slots[1], chain.blocks).tolist() == expected


def test_a_second_look_finds_nothing_more_to_release():
    chain = Chain((3, 3, 2), [{(0, 0), (1, 1), (2, 2)}, {(0, 0), (2, 1)}], [True, True, False])
    assert keep_to_paths(chain.slots, chain.blocks, each_its_own(chain), chain.live, chain.ends) == 3
    assert keep_to_paths(chain.slots, chain.blocks, each_its_own(chain), chain.live, chain.ends) == 0


def births(chain, step, births, span, capacity, limits=NO_LIMITS, both=True):
    live = chain.live.copy()
    drawn = draw_on_paths(
        chain.slots, chain.blocks, limits, chain.ends, span, live, capacity, births, (5, step, ANEW), both
    )
    assert live.sum() == chain.live.sum() + drawn.size
    assert (live <= capacity).all()
    return frozenset(decoded(pair)[:2] for pair in drawn)


def prepared(width=2):
    """Return a chain whose paths leave 3 rows x 2 posts and 2 x 2 open, some of them live."""
    live = [{(0, 0), (1, 0), (0, 3), (3, 3)}, {(0, 0), (3, 1), (0, 1)}]
    chain = Chain((4, 4, 2), live, [True, True, False, True], width)
    assert keep_to_paths(chain.slots, chain.blocks, each_its_own(chain), chain.live, chain.ends) == 0
    assert chain.open(0) == ({0, 1, 3}, {0, 3})
    assert chain.open(1) == ({0, 3}, {0, 1})
    return chain


@pytest.mark.parametrize("number", [1, 2])
def test_births_are_uniform_over_the_dormant_pairs_on_paths(number):
    chain = prepared()
    feasible = {(1, 3), (3, 0), (4 + 3, 0)}  # rows of the second projection are counted on
    seen = {}
    for step in range(3_000):
        born = births(chain, step, number, (0, 2), np.full(chain.live.size, 99))
        assert len(born) == number
        seen[born] = seen.get(born, 0) + 1
    assert set().union(*seen) == feasible
    assert len(seen) == 3
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_full_cores_and_full_neurons_take_nobody():
    chain = prepared(width=2)
    capacity = np.array([2, 99, 99])  # posts 0 and 1 of the first projection are on a full core
    assert births(chain, 1, 5, (0, 1), capacity) == {(1, 3)}
    fan_in = np.array([(0, 2**31, 2), (4, 2**31, 2)])
    assert births(chain, 1, 5, (0, 1), np.full(3, 99), fan_in) == set()
    assert births(chain, 1, 5, (0, 2), np.full(3, 99), fan_in) == {(7, 0)}


def test_nobody_is_born_where_no_path_is_open():
    chain = Chain((2, 2, 2), [set(), set()], [True, True])
    keep_to_paths(chain.slots, chain.blocks, each_its_own(chain), chain.live, chain.ends)
    assert births(chain, 1, 3, (0, 1), np.full(2, 99)) == set()


def test_where_one_end_is_enough_newborn_begin_new_paths():
    chain = prepared()
    both = {(i, j) for i in (0, 1, 3) for j in (0, 3)}
    one = {(i, j) for i in range(4) for j in range(4) if i in (0, 1, 3) or j in (0, 3)}
    seen = {}
    for step in range(6_000):
        (pair,) = births(chain, step, 1, (0, 1), np.full(chain.live.size, 99), both=False)
        seen[pair] = seen.get(pair, 0) + 1
    assert set(seen) == one - chain.live_pairs[0]
    weight = np.array([1.0 + (pair in both) for pair in seen])
    assert stats.chisquare(list(seen.values()), 6_000 * weight / weight.sum()).pvalue > 1e-3
