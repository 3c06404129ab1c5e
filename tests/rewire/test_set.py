import math

import naive
import numpy as np
import pytest
from course import Course
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.rewire.set import SPREAD
from neurosparse.store.layout import shared_out


def learned(course):
    """Take a step without rewiring; the gaps are those of nobody."""
    rewire, course.rule.rewire = course.rule.rewire, lambda *_: 0
    course.step()
    course.rule.rewire = rewire


@given(
    seed=st.integers(0, 50),
    drop_fraction=st.sampled_from([0.1, 0.3, 1.0]),
    scope=st.sampled_from(["projection", "network"]),
)
def test_what_goes_is_the_smallest_positive_and_the_largest_negative(seed, drop_fraction, scope):
    course = Course("set", shared_out((12, 9, 4), (40, 20), scope), seed, drop_fraction=drop_fraction, rewire_every=1)
    learned(course)
    before = course.weights()
    course.rule.rewire(course.network.signals, 0.3, seed, 1)
    after = course.weights()
    classes = [(0, 1), (2, 3)]
    sizes = [0] * 4
    for (p, _, _), w in before.items():
        sizes[classes[p][0 if math.copysign(1, w) < 0 else 1]] += 1
    counts = [round(drop_fraction * size) for size in sizes]
    gone, ties = naive.smallest(before, np.array(classes), np.ones(2), counts)
    for tied, count in ties:
        assert len(tied) == count, "weights that were learned are all different"
        gone |= tied
    # One that went may have come back, but then with another weight.
    assert {place: w for place, w in after.items() if before.get(place) == w} == {
        place: w for place, w in before.items() if place not in gone
    }
    if scope == "projection":
        assert [course.store.live_of(p) for p in course.store.projections] == [40, 20]


def test_newborn_have_small_random_weights_of_both_signs():
    course = Course("set", shared_out((100, 100), (5_000,)), drop_fraction=0.5, rewire_every=1)
    learned(course)
    before = course.weights()
    assert course.rule.rewire(course.network.signals, 0.3, 1, 1) == pytest.approx(2_500, abs=1)
    born = np.array([w for place, w in course.weights().items() if before.get(place) != w])
    assert born.size > 2_400
    assert stats.kstest(born / SPREAD, stats.norm.cdf).pvalue > 1e-3


def test_it_rewires_every_so_many_steps_and_not_at_the_end():
    course = Course("set", shared_out((12, 9, 4), (40, 20)), steps=12)
    assert [course.step() > 0 for _ in range(12)] == [step in (3, 6, 9) for step in range(1, 13)]
    course = Course("set", shared_out((12, 9, 4), (40, 20)), steps=12, rewire_until=0.5)
    assert [course.step() > 0 for _ in range(12)] == [step == 3 for step in range(1, 13)]


def test_the_prior_is_there_where_it_is_asked_for_and_nothing_dies_of_it():
    course = Course("set", shared_out((12, 9, 4), (40, 20)), alpha=0.01)
    terms = course.rule.terms(0.5, 1)
    assert (terms.shrink, terms.noise, terms.dies) == (pytest.approx(0.005), 0.0, False)
