"""Spikes say what the numbers said: events add up to the signal, the larger fires sooner, chance has its rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosparse.data.spikes import latency, poisson, threshold_crossing
from neurosparse.errors import BadInput

moves = hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 30)), elements=st.floats(-1, 1))
unit = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(0, 1))


@given(moves, st.floats(0.05, 3))
def test_events_add_up_to_a_signal_that_moves_slowly(steps: np.ndarray, threshold: float) -> None:
    signal = np.cumsum(steps, axis=1) * threshold * 0.999
    events = threshold_crossing(signal, threshold)
    assert events.dtype == np.uint8
    up, down = np.split(events.astype(int), 2)
    assert not (up & down).any()
    followed = threshold * np.cumsum(up - down, axis=1)
    assert np.abs(signal - followed).max() < threshold * (1 + 1e-9)


@given(moves, st.floats(0.05, 3), st.floats(-2, 2))
def test_crossings_are_those_of_one_feature_at_a_time(signal: np.ndarray, threshold: float, start: float) -> None:
    events = threshold_crossing(signal, threshold, start)
    for feature, row in enumerate(signal):
        level = start
        for t, value in enumerate(row):
            up, down = value - level >= threshold, value - level <= -threshold
            assert (events[feature, t], events[len(signal) + feature, t]) == (up, down)
            level += threshold if up else -threshold if down else 0


def test_a_mirrored_signal_swaps_up_and_down() -> None:
    signal = np.random.default_rng(0).normal(size=(3, 50))
    up, down = np.split(threshold_crossing(signal, 0.3), 2)
    np.testing.assert_array_equal(threshold_crossing(-signal, 0.3), np.concatenate([down, up]))


def test_after_a_jump_events_go_on_until_the_level_is_there() -> None:
    up, down = threshold_crossing(np.array([[0, 3.2, 3.2, 3.2, 3.2, 3.2]]), 1.0)
    assert (up.tolist(), down.tolist()) == ([0, 1, 1, 1, 0, 0], [0] * 6)


@given(unit, st.integers(1, 20))
def test_the_larger_fires_sooner_and_once(x: np.ndarray, steps: int) -> None:
    spikes = latency(x, steps)
    assert spikes.shape == (*x.shape, steps)
    np.testing.assert_array_equal(spikes.sum(axis=-1), x > 0)
    fired = x > 0
    when = spikes.argmax(axis=-1)[fired]
    assert np.all(np.diff(when[np.argsort(x[fired])]) <= 0)
    assert np.all(when[x[fired] == 1] == 0)
    # From the time the number comes back, to within a step.
    assert np.all(np.abs(1 - when / steps - x[fired]) <= 1 / steps + 1e-12)


@given(unit, st.integers(1, 20), st.integers(0, 2**40))
def test_chance_is_that_of_its_seed(x: np.ndarray, steps: int, seed: int) -> None:
    spikes = poisson(x, steps, seed)
    assert (spikes.shape, spikes.dtype) == ((*x.shape, steps), np.uint8)
    np.testing.assert_array_equal(spikes, poisson(x, steps, seed))
    assert not spikes[x == 0].any()
    assert spikes[x == 1].all()
    assert np.all(poisson(np.sqrt(x), steps, seed) >= spikes)


def test_chance_has_the_rate_of_the_number() -> None:
    x = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    found = poisson(x, 10_000, 3).mean(axis=1)
    # Five standard deviations of the mean of 10,000.
    assert np.all(np.abs(found - x) <= 5 * np.sqrt(x * (1 - x) / 10_000))
    assert (poisson(x, 50, 3) != poisson(x, 50, 4)).any()


@pytest.mark.parametrize("bad", [[1.5], [-0.1], [np.nan]])
def test_numbers_outside_0_and_1_are_refused(bad: list[float]) -> None:
    for code in (lambda x: latency(x, 5), lambda x: poisson(x, 5, 0)):
        with pytest.raises(BadInput, match="cannot be coded"):
            code(np.array(bad))


def test_no_step_and_no_threshold_are_refused() -> None:
    with pytest.raises(BadInput, match="cannot be coded"):
        latency(np.ones(2), 0)
    with pytest.raises(BadInput, match="cannot be coded"):
        threshold_crossing(np.ones((2, 2)), 0.0)
    with pytest.raises(BadInput, match="cannot be coded"):
        threshold_crossing(np.ones(2), 1.0)
