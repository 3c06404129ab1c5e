"""Sequences of unequal length: padded, never cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.data.sequences import check_lengths, pad
from neurosparse.errors import BadInput

steps_of_each = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@given(steps_of_each, st.integers(1, 4), st.integers(0, 3))
def test_every_sequence_comes_back_and_the_rest_is_zero(lengths: list[int], features: int, spare: int) -> None:
    sequences = [np.random.default_rng(k).random((features, steps)) + 1 for k, steps in enumerate(lengths)]
    steps = max(lengths) + spare
    x, found = pad(sequences, steps=steps if spare else None)
    assert found.tolist() == lengths
    check_lengths(x, found, (features, steps), "made")
    for row, sequence in zip(x.reshape(-1, features, steps), sequences, strict=True):
        np.testing.assert_array_equal(row[:, : sequence.shape[1]], sequence)
    assert np.count_nonzero(x) == sum(map(np.size, sequences))


def test_a_sequence_beyond_the_steps_asked_for_is_refused() -> None:
    with pytest.raises(BadInput, match="does not fit 4 steps") as fault:
        pad([np.ones((2, 3)), np.ones((2, 7)), np.ones((2, 5))], steps=4, where="my.h5")
    assert fault.value.numbers == {"such": "2 of 3", "first": "number 1 with 7 steps", "longest": "7"}
    assert fault.value.where == "my.h5"


def test_what_makes_no_table_is_refused() -> None:
    with pytest.raises(BadInput, match="no sequence"):
        pad([])
    with pytest.raises(BadInput, match="differ in features"):
        pad([np.ones((2, 3)), np.ones((3, 3))])
    with pytest.raises(BadInput, match="does not fit"):
        pad([np.ones((2, 0)), np.ones((2, 3))])
