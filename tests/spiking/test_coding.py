"""Regular spike trains carry the number they stand for."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.spiking.coding import CURRENT, poisson_spikes, regular_spikes


@given(st.floats(0.0, 1.0), st.integers(1, 300))
def test_count_is_the_nearest_whole_number(x, steps):
    count = sum(int(spikes[0]) for spikes in islice(regular_spikes(np.array([x])), steps))
    assert abs(count - x * steps) <= 0.5 + 1e-9


@given(st.floats(0.01, 1.0))
def test_intervals_differ_by_one_step_at_most(x):
    train = np.flatnonzero([spikes[0] for spikes in islice(regular_spikes(np.array([x])), 500)])
    intervals = np.diff(train)
    assert intervals.max() - intervals.min() <= 1


def test_extremes_are_silence_and_every_step():
    train = np.array(list(islice(regular_spikes(np.array([0.0, 1.0])), 20)))
    assert not train[:, 0].any()
    assert train[:, 1].all()


def test_random_spikes_depend_on_seed_and_sample_alone():
    x = np.random.default_rng(0).random((7, 3))
    together = np.array(list(islice(poisson_spikes(x, 5), 40)))
    raw = [np.random.PCG64([5, s]).random_raw(40 * 7).reshape(40, 7) for s in range(3)]
    drawn = np.stack([(r >> np.uint64(11)) * 2.0**-53 for r in raw], axis=2)
    assert np.array_equal(together, drawn < x)
    assert not np.array_equal(together, np.array(list(islice(poisson_spikes(x, 6), 40))))


def test_random_spikes_come_as_often_as_the_number_says():
    x = np.array([[0.0, 0.1], [0.5, 1.0]])
    mean = np.mean(list(islice(poisson_spikes(x, 0), 4000)), axis=0)
    assert mean == pytest.approx(x, abs=0.03)
    assert mean[0, 0] == 0.0
    assert mean[1, 1] == 1.0


def test_currents_send_no_spikes():
    assert not any(spikes.any() for spikes in islice(CURRENT.spikes(np.ones((2, 3))), 5))
