"""Rounding to the grid is what exact fractions say, and what is on the grid stays there."""

import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.grid import on_grid, step_for

WEIGHTS = st.lists(st.floats(-(2.0**99), 2.0**99, width=32), max_size=30)
MOST = st.sampled_from([1, 7, 31, 127, 32767])


@given(WEIGHTS, MOST)
def test_weights_are_rounded_as_fractions_are(weights, most):
    found = on_grid(np.array(weights, np.float32), most)
    assert found.dtype == np.float32
    # Equal lists do not tell signed zeros apart.
    assert [(w, math.copysign(1, w)) for w in found.tolist()] == [
        (w, math.copysign(1, w)) for w in naive.on_grid(weights, most)
    ]


@given(WEIGHTS, MOST)
def test_rounding_twice_changes_nothing(weights, most):
    once = on_grid(np.array(weights, np.float32), most)
    assert on_grid(once, most).tolist() == once.tolist()


@pytest.mark.parametrize("most", [7, 127])
@pytest.mark.parametrize("exponent", [-140, -20, 0, 30])
def test_the_step_at_a_power_of_two_is_exact(most, exponent):
    edge = most * 2.0**exponent
    assert step_for(edge, most) == 2.0**exponent
    assert step_for(math.nextafter(edge, math.inf), most) == 2.0 ** (exponent + 1)


@pytest.mark.parametrize("largest", [0.0, math.inf, math.nan])
def test_where_there_is_nothing_to_reach_the_step_is_one(largest):
    assert step_for(largest, 127) == 1.0
