"""Regular spike trains carry the number they stand for."""

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.spiking.coding import regular_spikes


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
