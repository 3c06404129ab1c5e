"""The smallest connections go, exactly as many as asked, whatever the rows, the ties and the segments are."""

import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.kernels.prune import count_below, count_classes, deviations, drop_smallest
from neurosparse.kernels.rewire import close_gaps

NO_VELOCITY = np.zeros(0, np.float32)
ONE = np.ones(1, np.float32)
TOGETHER = np.zeros((1, 2), np.int64)
# Many are equal, some are equal but for their sign, some are zero or as small as a float32 can be.
WEIGHTS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, -1e-45, 1e38]) | st.floats(-4, 4, width=32)


class Arena:
    """Two projections in one arena, each with its rows cut in two."""

    def __init__(self, parts, cuts, width=2, momentum=False):
        self.parts = parts
        row_start, target, weight, rows, cores = [np.zeros(1, np.int64)], [], [], 0, 0
        blocks = []
        for p in parts:
            start, columns, values = p.arrays()
            row_start.append(start[1:] + sum(map(len, target)))
            target.append(columns)
            weight.append(values)
            blocks.append((rows, rows + p.n_pre, p.n_post, width, cores))
            rows, cores = rows + p.n_pre, cores + -(-p.n_post // width)
        self.blocks = np.array(blocks)
        weight = np.concatenate(weight)
        velocity = np.arange(weight.size, dtype=np.float32) if momentum else NO_VELOCITY
        self.slots = np.concatenate(row_start), np.concatenate(target), weight, velocity
        edges = [(b[0], b[0] + min(cut, b[1] - b[0])) for b, cut in zip(self.blocks, cuts, strict=True)]
        self.segment_row = np.array([*(row for pair in edges for row in pair), rows])
        self.segment_end = self.slots[0][self.segment_row[1:]].copy()
        self.died = np.zeros((2, cores), np.int64)
        self.live = np.zeros(cores, np.int64)
        for place in self.read():
            self.live[self.blocks[place[0], 4] + place[2] // width] += 1

    @property
    def gaps(self):
        return self.segment_row, self.segment_end, self.died

    def read(self, values=None):
        row_start, target, weight, _ = self.slots
        found = {}
        for p, (first, last, *_) in enumerate(self.blocks):
            rows = naive.read_rows(row_start[first : last + 1], target, weight if values is None else values)
            found |= {(p, *pair): w for pair, w in rows.items()}
        return found

    def drop(self, classes, scale, counts, step=1, spread=0.0):
        law = np.array(classes), np.array(scale, np.float32), np.array(counts, np.int64)
        drop_smallest(self.slots, self.blocks, self.gaps, law, np.float32(spread), (3, step))

    def close(self):
        return close_gaps(self.slots, self.segment_row, self.segment_end, self.live, self.died)


@st.composite
def projections(draw):
    parts = []
    for _ in range(2):
        n_pre, n_post = draw(st.integers(1, 5)), draw(st.integers(1, 5))
        pairs = st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1))
        parts.append(naive.Rows(n_pre, n_post, draw(st.dictionaries(pairs, WEIGHTS, max_size=20))))
    return parts


CLASSES = {"projection": [(0, 0), (1, 1)], "sign": [(0, 1), (2, 3)], "network": [(0, 0), (0, 0)]}


@given(
    parts=projections(),
    cuts=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    kind=st.sampled_from(sorted(CLASSES)),
    scale=st.tuples(st.sampled_from([1.0, 0.3]), st.sampled_from([1.0, 2.0])),
    fraction=st.floats(0, 1),
    momentum=st.booleans(),
    seed=st.integers(0, 9),
)
def test_the_smallest_go_and_the_rest_stays(parts, cuts, kind, scale, fraction, momentum, seed):
    classes = CLASSES[kind]
    arena = Arena(parts, cuts, momentum=momentum)
    before, velocity = arena.read(), arena.read(arena.slots[3]) if momentum else None
    sizes = count_classes(arena.slots, arena.blocks, arena.gaps, np.array(classes))
    for c, size in enumerate(sizes):
        assert size == sum(classes[p][0 if math.copysign(1, w) < 0 else 1] == c for (p, _, _), w in before.items())
    counts = [round(fraction * size) for size in sizes]
    arena.drop(classes, scale, counts, seed)
    overshoot = arena.close()
    after = arena.read()
    assert overshoot.tolist() == [0.0] * sum(counts)
    gone, ties = naive.smallest(before, classes, scale, counts)
    died = set(before) - set(after)
    for tied, count in ties:
        assert len(died & tied) == count
        gone |= died & tied
    assert died == gone
    assert all(
        math.copysign(1, w) == math.copysign(1, before[place]) and w == before[place] for place, w in after.items()
    )
    if momentum:
        assert arena.read(arena.slots[3]) == {place: velocity[place] for place in after}
    again = np.zeros_like(arena.live)
    for p, _, j in after:
        again[arena.blocks[p, 4] + j // 2] += 1
    assert arena.live.tolist() == again.tolist()
    whole = Arena(parts, (0, 0))
    whole.drop(classes, scale, counts, seed)
    whole.close()
    assert whole.read() == after, "what goes does not depend on the segments"


def test_which_of_equal_connections_go_is_uniform():
    rows = naive.Rows(2, 3, {(i, j): (-1.0) ** j * 0.5 for i in range(2) for j in range(3)})
    seen = {}
    for step in range(3_000):
        arena = Arena([rows, naive.Rows(1, 1, {})], (1, 0))
        arena.drop(CLASSES["network"], (1.0, 1.0), [2], step)
        arena.close()
        gone = frozenset(pair for pair in rows.weight if (0, *pair) not in arena.read())
        seen[gone] = seen.get(gone, 0) + 1
    assert len(seen) == 15
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_gaps_hold_half_normal_sizes_for_the_newborn():
    rows = naive.Rows(100, 100, {(i, j): 1.0 for i in range(100) for j in range(100)})
    arena = Arena([rows, naive.Rows(1, 1, {})], (50, 0))
    arena.drop(CLASSES["network"], (1.0, 1.0), [9_000], spread=0.1)
    size = arena.close()
    assert size.min() >= 0
    assert stats.kstest(size / 0.1, stats.halfnorm.cdf).statistic < 0.02


@given(parts=projections(), size=st.sampled_from([0.0, 1e-45, 0.5, 1.0, 5.0]))
def test_counts_and_deviations_are_those_of_a_plain_look(parts, size):
    arena = Arena(parts, (0, 0))
    weights = arena.read()
    assert count_below(arena.slots, np.float32(size)) == sum(abs(w) < np.float32(size) for w in weights.values())
    found = deviations(arena.slots, arena.blocks)
    for p, rows in enumerate(parts):
        if rows.weight:
            values = np.array([np.float32(w) for w in rows.weight.values()], np.float64)
            assert found[p] == pytest.approx(values.std(), rel=1e-5, abs=1e-30)
        else:
            assert found[p] == 0
