import numpy as np
import pytest
from course import Course
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.rewire.dsr import FIRST_THRESHOLD
from neurosparse.shares import share_out
from neurosparse.store.layout import Layout, ProjectionLayout, shared_out


@given(seed=st.integers(0, 50), threshold=st.sampled_from([1e-9, 0.05, 0.2, 0.5, 100.0]))
def test_all_below_one_threshold_go_and_as_many_are_born_where_most_survive(seed, threshold):
    course = Course("dsr", shared_out((12, 9, 4), (50, 25), "network"), seed, rewire_every=1)
    rewire, course.rule.rewire = course.rule.rewire, lambda *_: 0
    course.step()
    before = course.weights()
    course.rule.state()["threshold"][:] = threshold
    dropped = rewire(course.network.signals, 0.3, seed, 1)
    after = course.weights()
    gone = {place for place, w in before.items() if abs(w) < np.float32(threshold)}
    assert dropped == len(gone)
    assert {place: after[place] for place in before if place not in gone} == {
        place: w for place, w in before.items() if place not in gone
    }
    assert all(w == 0 for place, w in after.items() if place not in before)
    survivors = [sum(place[0] == p for place in set(before) - gone) for p in range(2)]
    births = share_out(dropped, [n + 1 for n in survivors], [12 * 9 - survivors[0], 9 * 4 - survivors[1]])
    counts = [course.store.live_of(p) for p in course.store.projections]
    assert counts == [n + born for n, born in zip(survivors, births, strict=True)]
    assert sum(counts) == 75
    # 0.3 of 75 are asked for, give or take a tenth.
    expected = threshold * (0.5 if dropped > 1.1 * 22.5 else 2 if dropped < 0.9 * 22.5 else 1)
    assert course.rule.state()["threshold"][0] == pytest.approx(expected)


def test_the_threshold_finds_its_height_and_budget_moves():
    course = Course("dsr", shared_out((30, 20, 8), (200, 100), "network"), steps=150, rewire_every=2, drop_fraction=0.1)
    assert course.rule.state()["threshold"][0] == FIRST_THRESHOLD
    born = [course.step() for _ in range(150)]
    assert np.mean([n for n in born[100:] if n]) == pytest.approx(30, rel=0.5)
    counts = [course.store.live_of(p) for p in course.store.projections]
    assert sum(counts) == 300
    assert counts != [200, 100]
    course.store.check()


def test_what_a_full_core_cannot_take_goes_elsewhere():
    parts = ProjectionLayout("a", 20, 6, 30, 3, (15, 15)), ProjectionLayout("b", 6, 20, 30, 20, (120,))
    course = Course("dsr", Layout(parts, "network"), steps=40, rewire_every=1)
    for _ in range(40):
        course.step()
        course.store.check()
    assert course.store.n_live == 60
    assert course.store.live_of(course.store.projections[0]) <= 30


def test_a_threshold_above_or_below_everything_comes_back():
    course = Course("dsr", shared_out((12, 9, 4), (50, 25), "network"), steps=400, rewire_every=1)
    for value in (1e-12, 1e12):
        course.rule.state()["threshold"][:] = value
        for _ in range(190):
            course.step()
            course.store.check()
        assert 1e-4 < course.rule.state()["threshold"][0] < 10
