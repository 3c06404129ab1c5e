"""Rules that start from all connections: what is left, and of which size."""

import numpy as np
import pytest
from course import Course
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.store.layout import shared_out

DENSE = shared_out((12, 9, 4), (108, 36))


@given(seed=st.integers(0, 30), rewire_every=st.integers(1, 12), rewire_until=st.sampled_from([0.1, 0.5, 1.0]))
def test_pruning_leaves_what_is_asked_in_even_rounds(seed, rewire_every, rewire_until):
    course = Course(
        "pruning", DENSE, seed, steps=24, rewire_every=rewire_every, rewire_until=rewire_until, final_connectivity=0.125
    )
    last = round(24 * rewire_until)
    rounds = max(1, last // rewire_every)
    live = [144]
    for _ in range(24):
        course.step()
        live.append(course.store.n_live)
    left = sorted({*live}, reverse=True)
    assert left == [round(144 * 0.125 ** (k / rounds)) for k in range(rounds + 1)]
    assert live[last] == live[-1] == 18
    assert live[last - 1] > 18
    changes = np.flatnonzero(np.diff(live)) + 1
    assert changes[-1] == last
    assert np.ptp(np.diff([0, *changes])) <= 1


def test_pruning_drops_what_is_small_for_its_projection():
    course = Course("pruning", DENSE, rewire_every=1, final_connectivity=0.5, rewire_until=1 / 12)
    rewire, course.rule.rewire = course.rule.rewire, lambda *_: 0
    course.step()
    before = course.weights()
    rewire(course.network.signals, 0.3, 1, 1)
    after = course.weights()
    assert len(after) == 72
    spread = [np.std([w for place, w in before.items() if place[0] == p]) for p in range(2)]
    size = {place: abs(w) / spread[place[0]] for place, w in before.items()}
    assert max(size[place] for place in before if place not in after) <= min(size[place] for place in after) * (
        1 + 1e-6
    )
    assert all(after[place] == before[place] for place in after)


def test_l1_shrinkage_takes_its_share_and_what_crosses_zero_is_gone():
    course = Course("l1_shrinkage", DENSE, alpha=0.05, steps=60)
    assert course.rule.terms(0.5, 1).shrink == pytest.approx(0.025)
    assert course.rule.terms(0.5, 1).dies
    signs = {place: np.signbit(w) for place, w in course.weights().items()}
    for _ in range(60):
        course.step()
    left = course.weights()
    assert 0 < len(left) < 72
    assert all(np.signbit(w) == signs[place] for place, w in left.items())


def test_a_prior_that_is_too_strong_leaves_nothing_and_breaks_nothing():
    course = Course("l1_shrinkage", DENSE, alpha=10.0)
    for _ in range(5):
        course.step()
        course.store.check(exact=False)
    assert course.store.n_live == 0
