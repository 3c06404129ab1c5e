"""The kernels round the live weights of every projection as the slow twin does, to the bit."""

import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.kernels.grid import largest_sizes, to_grid
from neurosparse.store.layout import shared_out
from neurosparse.store.store import SynapseStore

WEIGHT = st.floats(-100, 100, width=32) | st.integers(-130, 130).map(lambda k: k / 2)


def bits(weights):
    """Return the bit patterns: signed zeros differ."""
    return np.array(weights, np.float32).view(np.uint32).tolist()


@given(st.lists(WEIGHT, min_size=17, max_size=17), st.sampled_from([7, 31, 127]))
def test_what_is_seen_is_on_the_grid(weights, most):
    store = SynapseStore(shared_out((6, 5, 4), (9, 8)), most=most)
    store.fill(1)
    store.weight[:] = weights
    store.look()
    assert bits(store.seen) == bits(naive.on_grid(weights[:9], most) + naive.on_grid(weights[9:], most))
    assert bits(store.weight) == bits(weights)


def test_slots_that_are_not_live_count_for_nothing():
    blocks = np.array([[0, 2, 5, 5, 0], [2, 3, 5, 5, 1]])
    row_start = np.array([0, 1, 2, 2])
    weight, seen = np.array([0.25, -3.0, 9.0], np.float32), np.full(3, 7.0, np.float32)
    largest = np.full(2, np.nan, np.float32)
    largest_sizes(row_start, blocks, weight, largest)
    assert largest.tolist() == [3.0, 0.0]
    to_grid(row_start, blocks, weight, np.array([1.0, 1.0], np.float32), seen)
    assert bits(seen) == bits([0.0, -3.0, 7.0])


def test_what_is_no_number_is_seen_as_it_is():
    """A step that diverges must be told by its loss, not by the rounding."""
    store = SynapseStore(shared_out((6, 5, 4), (9, 8)), most=127)
    store.fill(1)
    store.weight[[0, 9]] = np.nan, -np.inf
    store.look()
    assert np.isnan(store.seen[0])
    assert store.seen[9] == -np.inf
