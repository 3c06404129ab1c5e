import math
from itertools import pairwise

import numpy as np
import pytest
from course import BATCH, Course
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.rewire import decoded
from neurosparse.store.layout import shared_out

SIZES = (12, 9, 4)


def candidates(course):
    """Return the candidates of each projection as (projection, pre, post)."""
    among, found = course.rule.candidates, []
    for p, part in zip(course.store.projections, among.parts, strict=True):
        heard = among.connection[part].tolist()
        found += [(p.index, row - p.rows[0], column) for row, column, _ in map(decoded, heard)]
    return found


def dense_gradients(course):
    """Return the gradient of every pair of every projection, as a dense network would have it."""
    return [x[:, :BATCH].astype(float) @ dy[:, :BATCH].astype(float).T for x, dy in course.network.signals]


@given(
    seed=st.integers(0, 30),
    listening=st.integers(1, 3),
    share=st.sampled_from([0.5, 1.0, 9.0]),
    scope=st.sampled_from(["projection", "network"]),
)
def test_the_newborn_are_the_candidates_with_the_largest_gradients(seed, listening, share, scope):
    """Against dense gradients, summed over the steps of listening; without the share of a sample, against all."""
    course = Course(
        "rigl", shared_out(SIZES, (40, 20), scope), seed, rewire_every=4, audition_steps=listening, candidates=share
    )
    total = [np.zeros((a, b)) for a, b in pairwise(SIZES)]
    for step in range(1, 5):
        rewire, course.rule.rewire = course.rule.rewire, lambda *_: 0
        course.step()
        course.rule.rewire = rewire
        if step > 4 - listening:
            total = [a + b for a, b in zip(total, dense_gradients(course), strict=True)]
        before = course.weights()
        born = course.rule.rewire(course.network.signals, 0.3, seed, step)
        assert (born > 0) == (step == 4)
        if step == 4 - 1 and listening > 1:
            asked = candidates(course)
    after = course.weights()
    # One that went may be back where the candidates did not suffice, but then at zero.
    newborn = {place for place, w in after.items() if before.get(place) != w}
    fraction = 0.3 / 2 * (1 + math.cos(math.pi * 4 / 12))
    assert born == round(fraction * 40) + round(fraction * 20)
    gone = {place for place, w in before.items() if after.get(place) != w}
    assert len(gone) == born
    for p in range(2):
        sizes = sorted(abs(w) for place, w in before.items() if place[0] == p)
        dead = [abs(before[place]) for place in gone if place[0] == p]
        assert sorted(dead) == sizes[: len(dead)]
    if listening == 1:
        asked = candidates(course)
    assert not set(asked) & set(before)
    if share == 9.0:
        assert len(asked) == sum(t.size for t in total) - 60, "all that are dormant"
    groups = [(0,), (1,)] if scope == "projection" else [(0, 1)]
    for group in groups:
        ranked = sorted((p for p in asked if p[0] in group), key=lambda p: -abs(total[p[0]][p[1:]]))
        ranked = [place for place in ranked if abs(total[place[0]][place[1:]]) > 1e-6]
        expected = sum(place[0] in group for place in newborn)
        best = set(ranked[:expected])
        here = {place for place in newborn if place[0] in group}
        if len(ranked) < expected:
            assert best <= here
            continue
        # Equal up to rounding may stand in any order.
        least = abs(total[ranked[expected - 1][0]][ranked[expected - 1][1:]]) if expected else 0
        assert all(abs(total[p[0]][p[1:]]) >= least * (1 - 1e-4) for p in here)
    for place in newborn & set(asked):
        assert after[place] == 0
        slope = total[place[0]][place[1:]]
        if abs(slope) > 1e-5:
            assert np.signbit(after[place]) == (slope > 0), "the sign that goes downhill"


def test_fewer_and_fewer_are_replaced_and_none_in_the_end():
    course = Course("rigl", shared_out(SIZES, (40, 20)), steps=40, rewire_until=0.75, audition_steps=1)
    born = [course.step() for _ in range(40)]
    at = {
        step: sum(round(0.15 * (1 + math.cos(math.pi * step / 30)) * n) for n in (40, 20)) for step in range(3, 30, 3)
    }
    assert born == [at.get(step, 0) for step in range(1, 41)]


def test_where_nothing_has_a_gradient_the_newborn_are_anywhere():
    course = Course("rigl", shared_out(SIZES, (40, 20)), rewire_every=1, audition_steps=1)
    rewire = course.rule.rewire
    course.rule.rewire = lambda signals, *told: rewire([(np.zeros_like(x), dy) for x, dy in signals], *told)
    assert course.step() > 0
    course.store.check()


def test_it_listens_no_longer_than_from_one_rewiring_to_the_next():
    course = Course("rigl", shared_out(SIZES, (40, 20)), rewire_every=2, audition_steps=50)
    assert [course.step() > 0 for _ in range(6)] == [False, True] * 3
    assert course.rule.terms(0.5, 1).shrink == pytest.approx(0.5 * 1e-3)
