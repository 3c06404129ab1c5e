"""The checks at the door: each fault names the array, the numbers and the first bad place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosparse.data.checks import check_below, check_features, check_labels, check_pair, count_classes
from neurosparse.errors import BadInput


def test_features_are_flattened_and_kept() -> None:
    x = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    flat = check_features(x, "x", "file")
    assert flat.shape == (2, 12)
    assert flat.dtype == np.int16
    np.testing.assert_array_equal(flat[1], np.arange(12, 24))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named_with_its_index(bad: float) -> None:
    x = np.zeros((3, 4, 5), np.float32)
    x[1, 2, 3] = x[2, 0, 0] = bad
    with pytest.raises(BadInput) as fault:
        check_features(x, "x", "my.npz")
    assert fault.value.numbers == {"bad": "2 of 60", "first": f"x[1, 2, 3] = {np.float32(bad)}"}
    assert fault.value.where == "my.npz"


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.floats(width=64)))
def test_features_pass_only_when_all_are_finite(x: np.ndarray) -> None:
    if np.isfinite(x).all():
        np.testing.assert_array_equal(check_features(x, "x", "file").ravel(), x.ravel())
    else:
        with pytest.raises(BadInput, match="not finite"):
            check_features(x, "x", "file")


@pytest.mark.parametrize(
    "x",
    [
        np.zeros(5),
        np.zeros((0, 4)),
        np.zeros((4, 0)),
        np.array([[1, 2]], dtype=object),
        np.array([["a", "b"]]),
        np.zeros((2, 2), complex),
    ],
)
def test_what_is_no_table_of_real_numbers_is_refused(x: np.ndarray) -> None:
    with pytest.raises(BadInput) as fault:
        check_features(x, "x_test", "file")
    assert "'x_test'" in fault.value.what
    assert {"dtype", "shape"} & set(fault.value.numbers)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint64, np.float32, bool])
def test_labels_become_int64(dtype: type) -> None:
    y = check_labels(np.array([1, 0, 1], dtype=dtype), "y", "file")
    assert y.dtype == np.int64
    assert y.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("bad", "shown"),
    [(-1, "-1"), (0.5, "0.5"), (np.nan, "nan"), (np.inf, "inf"), (2.0**40, "1099511627776.0")],
)
def test_a_bad_label_is_named_with_its_index(bad: float, shown: str) -> None:
    y = np.array([0, 1, bad, bad])
    with pytest.raises(BadInput) as fault:
        check_labels(y, "y", "file")
    assert fault.value.numbers["bad"] == "2 of 4"
    assert fault.value.numbers["first"].startswith("y[2] = ")
    assert float(fault.value.numbers["first"].split(" = ")[1]) == pytest.approx(float(shown), nan_ok=True)


def test_a_label_too_large_for_int64_is_refused() -> None:
    with pytest.raises(BadInput, match="out of range"):
        check_labels(np.array([0, 2**64 - 1], np.uint64), "y", "file")


@pytest.mark.parametrize("y", [np.eye(3), np.array([], int), np.array(["0", "1"]), np.array([0, 1], dtype=object)])
def test_what_is_no_list_of_labels_is_refused(y: np.ndarray) -> None:
    with pytest.raises(BadInput, match="not a list of labels"):
        check_labels(y, "y", "file")


def test_labels_beyond_the_classes_are_named() -> None:
    check_below(np.array([0, 2]), 3, "y", "file")
    with pytest.raises(BadInput) as fault:
        check_below(np.array([0, 2, 5, 7]), 3, "y_test", "file")
    assert fault.value.numbers == {"classes": "3 (0 to 2)", "first": "y_test[2] = 5"}


def test_lengths_that_differ_are_both_shown() -> None:
    with pytest.raises(BadInput) as fault:
        check_pair(np.zeros((1200, 2)), np.zeros(1199), ("x", "y"), "file")
    assert fault.value.numbers == {"samples in x": "1,200", "labels in y": "1,199"}


def test_classes_are_counted_to_the_highest_label() -> None:
    assert count_classes(np.array([0, 3, 3, 0]), "y", "file") == 4


def test_one_class_is_refused() -> None:
    with pytest.raises(BadInput, match="one class only"):
        count_classes(np.array([1, 1, 1]), "y", "file")


def test_more_classes_than_samples_are_refused() -> None:
    with pytest.raises(BadInput) as fault:
        count_classes(np.array([0, 1, 1990]), "y", "file")
    assert fault.value.numbers == {"samples": "3", "highest": "y[2] = 1990"}
