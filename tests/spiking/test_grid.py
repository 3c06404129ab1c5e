"""Rounded weights are whole steps, a power of two, and nothing else of the network changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.grid import most_of, step_for
from neurosparse.spiking.grid import rounded


@given(st.floats(1e-30, 1e30), st.integers(1, 65535))
def test_the_step_is_the_least_power_of_two_that_reaches(largest, most):
    step = step_for(largest, most)
    assert np.frexp(step)[0] == 0.5
    assert step * most >= largest
    assert step / 2 * most < largest


def test_bits_with_and_without_a_sign():
    assert [most_of(bits) for bits in (1, 2, 4, 6, 8, 16)] == [1, 1, 7, 31, 127, 32767]
    assert [most_of(bits, signed=False) for bits in (3, 6)] == [7, 63]


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_weights_are_whole_steps_and_stay_synapses(bits, network):
    got = rounded(network, most_of(bits))
    for p, q in zip(network.projections, got.projections, strict=True):
        step = step_for(float(np.abs(p.weight.data).max()), most_of(bits))
        whole = q.weight.data / np.float32(step)
        assert np.array_equal(whole, np.rint(whole))
        assert np.abs(whole).max() <= most_of(bits)
        assert np.abs(p.weight.data - q.weight.data).max() <= step / 2
        assert np.array_equal(np.signbit(p.weight.data), np.signbit(q.weight.data))
        assert np.array_equal(p.weight.indices, q.weight.indices)
        assert np.array_equal(p.weight.indptr, q.weight.indptr)
        assert np.array_equal(p.bias, q.bias)


def test_rounding_twice_changes_nothing(network):
    once = rounded(network, 7)
    twice = rounded(once, 7)
    assert all(
        np.array_equal(p.weight.data, q.weight.data) for p, q in zip(once.projections, twice.projections, strict=True)
    )
