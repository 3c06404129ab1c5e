"""A user's own arrays: what is kept, what is mapped to [0, 1], and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosparse.data.arrays import load_npz, map_to_rates
from neurosparse.errors import BadInput, FileFault

RNG = np.random.default_rng(3)
Y = np.arange(50) % 5


def save(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "mine.npz"
    np.savez(path, **arrays)
    return path


def test_bytes_stay_bytes(tmp_path: Path) -> None:
    x = RNG.integers(0, 17, (50, 4, 2), dtype=np.uint8)
    x[0, 0, 0] = 16
    dataset = load_npz(save(tmp_path, x=x, y=Y, x_test=x[:7], y_test=Y[:7]), 0.2)
    assert dataset.name == "mine"
    assert [len(split) for split in dataset.splits.values()] == [40, 10, 7]
    assert (dataset.train.x.dtype, dataset.scale, dataset.n_features, dataset.n_classes) == (np.uint8, 1 / 16, 8, 5)
    np.testing.assert_array_equal(dataset.test.x, x[:7].reshape(7, 8))


def test_without_test_arrays_a_fixed_fifth_is_the_test_set(tmp_path: Path) -> None:
    x = np.arange(100, dtype=np.float32).reshape(50, 2) / 100
    path = save(tmp_path, x=x, y=Y)
    few, many = load_npz(path, 0.1), load_npz(path, 0.3)
    assert [len(split) for split in few.splits.values()] == [36, 4, 10]
    np.testing.assert_array_equal(few.test.x, many.test.x)
    assert np.bincount(few.test.y).tolist() == [2] * 5
    together = np.concatenate([split.x for split in few.splits.values()])
    np.testing.assert_array_equal(np.sort(together, axis=0), x)
    assert load_npz(path, 0.1).fingerprint == few.fingerprint


def test_the_training_samples_alone_decide_the_map(tmp_path: Path) -> None:
    x = RNG.uniform(-2, 2, (50, 3))
    x[0, 0], x[1, 1] = -3.0, 5.0
    x_test = np.array([[-3.0, 1.0, 5.0], [-100.0, 100.0, 0.0]])
    dataset = load_npz(save(tmp_path, x=x, y=Y, x_test=x_test, y_test=np.array([0, 1])), 0.1)
    assert (dataset.train.x.dtype, dataset.scale) == (np.float32, 1.0)
    np.testing.assert_allclose(dataset.test.x, [[0, 0.5, 1], [0, 1, 0.375]], atol=1e-7)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64, np.uint64])
def test_whole_numbers_in_a_byte_become_bytes(dtype: type) -> None:
    x = np.array([[0, 1], [1, 0]], dtype)
    train, test, scale = map_to_rates(x, x, "file")
    assert (train.dtype, test.dtype, scale) == (np.uint8, np.uint8, 1.0)
    np.testing.assert_array_equal(train, [[0, 1], [1, 0]])


def test_whole_numbers_beyond_a_byte_are_mapped() -> None:
    train, test, scale = map_to_rates(np.array([[-100, 300]]), np.array([[100, 10**12]]), "file")
    assert (train.dtype, test.dtype, scale) == (np.float32, np.float32, 1.0)
    assert (train.tolist(), test.tolist()) == ([[0.0, 1.0]], [[0.5, 1.0]])


@pytest.mark.parametrize("test_dtype", [np.int8, np.int64, np.uint64])
def test_test_bytes_are_cut_to_the_training_range(test_dtype: type) -> None:
    _, test, scale = map_to_rates(np.array([[0, 200]], np.uint8), np.array([[100, 7]], test_dtype), "file")
    assert (test.tolist(), scale) == ([[100, 7]], 1 / 200)
    _, test, _ = map_to_rates(np.array([[0, 100]]), np.array([[-5, 300]]), "file")
    assert test.tolist() == [[0, 100]]


numbers = st.one_of(st.floats(-1e300, 1e300), st.floats(0, 1))


@given(
    hnp.arrays(np.float64, (4, 3), elements=numbers),
    hnp.arrays(np.float64, (2, 3), elements=numbers),
    st.sampled_from([np.float64, np.float32, np.int64]),
)
def test_mapped_samples_lie_in_0_to_1_and_keep_their_order(x: np.ndarray, x_test: np.ndarray, dtype: type) -> None:
    limit = 1e30 if dtype == np.float32 else 1e15 if dtype == np.int64 else 1e300
    x, x_test = (np.clip(part, -limit, limit).astype(dtype) for part in (x, x_test))
    if x.min() == x.max():
        with pytest.raises(BadInput, match="same number everywhere"):
            map_to_rates(x, x_test, "file")
        return
    train, test, scale = map_to_rates(x, x_test, "file")
    for part in (train, test):
        assert part.dtype in (np.uint8, np.float32)
        assert part.flags.c_contiguous
        scaled = part * np.float32(scale)
        assert scaled.min() >= 0
        assert scaled.max() <= 1
    assert np.all(np.diff(train.ravel()[np.argsort(x.ravel(), kind="stable")].astype(np.float64)) >= 0)


def sequences(dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Return 50 sequences of two features and one to six steps, zero behind their ends, and their lengths."""
    lengths = 1 + np.arange(50) % 6
    x = RNG.integers(1, 10, (50, 2, 6)) * (np.arange(6) < lengths[:, None, None])
    return x.astype(dtype), lengths


def test_arrays_of_four_axes_are_images(tmp_path: Path) -> None:
    x = RNG.random((50, 3, 4, 5), dtype=np.float32)
    dataset = load_npz(save(tmp_path, x=x, y=Y, x_test=x[:5], y_test=Y[:5]), 0.1)
    assert dataset.shape == (3, 4, 5)
    np.testing.assert_array_equal(dataset.test.x, x[:5].reshape(5, -1))


@pytest.mark.parametrize("kind", ["bytes", "signed", "rates"])
def test_sequences_keep_their_zeros_and_their_lengths(tmp_path: Path, kind: str) -> None:
    x, lengths = sequences()
    x = {"bytes": x.astype(np.uint8), "signed": x * (-1) ** np.arange(6), "rates": x / 9}[kind]
    dataset = load_npz(save(tmp_path, x=x, y=Y, lengths=lengths), 0.1)
    assert (dataset.shape, dataset.signed) == ((2, 6), kind == "signed")
    assert dataset.scale == (1 / 9 if kind == "bytes" else 1.0)
    found = {}
    for split in dataset.splits.values():
        assert split.lengths is not None
        found |= {row.tobytes(): length for row, length in zip(split.x, split.lengths, strict=True)}
    assert found == {row.tobytes(): n for row, n in zip(x.reshape(50, -1).astype(split.x.dtype), lengths, strict=True)}


def test_lengths_of_test_samples_go_with_these(tmp_path: Path) -> None:
    x, lengths = sequences()
    dataset = load_npz(
        save(tmp_path, x=x, y=Y, lengths=lengths, x_test=x[:7], y_test=Y[:7], lengths_test=lengths[:7]), 0.1
    )
    np.testing.assert_array_equal(dataset.test.lengths, lengths[:7])


def test_numbers_too_far_apart_are_refused() -> None:
    with pytest.raises(BadInput, match="too far apart"):
        map_to_rates(np.array([[-1.7e308, 1.7e308]]), np.zeros((1, 2)), "file")


X = RNG.random((50, 3), dtype=np.float32)
S, N = sequences()
NAN = X.copy()
NAN[4, 1] = np.nan


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": X}, "no array called 'y'"),
        ({"x": X, "y": Y[:-1]}, "labels in y 49"),
        ({"x": NAN, "y": Y}, "x[4, 1] = nan"),
        ({"x": X, "y": Y, "x_test": NAN, "y_test": Y}, "x_test[4, 1] = nan"),
        ({"x": X, "y": Y - 1}, "y[0] = -1"),
        ({"x": X, "y": Y + 0.5}, "y[0] = 0.5"),
        ({"x": X, "y": Y * 0}, "one class only"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y + 1}, "y_test[4] = 5"),
        ({"x": X, "y": Y, "x_test": X}, "no 'y_test'"),
        ({"x": X, "y": Y, "y_test": Y}, "no 'x_test'"),
        ({"x": X, "y": Y, "x_test": X[:, :2], "y_test": Y}, "x 3   x_test 2"),
        ({"x": X, "y": Y, "x_test": X[:3], "y_test": Y}, "samples in x_test 3"),
        ({"x": X, "y": Y, "x_test": X[:0], "y_test": Y[:0]}, "(0, 3)"),
        ({"x": X, "y": Y, "x_test": (X * 255).astype(np.uint8), "y_test": Y}, "same kind"),
        ({"x": X * 0, "y": Y}, "same number everywhere"),
        ({"x": X[:, 0], "y": Y}, "(50,)"),
        ({"x": X, "y": np.eye(50)}, "(50, 50)"),
        ({"x": X, "y": np.arange(50)}, "too few samples"),
        ({"x": X, "y": Y, "lengths": Y + 1}, "only sequences have lengths"),
        ({"x": S, "y": Y, "lengths": N[:-1]}, "shape (49,)"),
        ({"x": S, "y": Y, "lengths": N + 0.5}, "dtype float64"),
        ({"x": S, "y": Y, "lengths": N, "x_test": S, "y_test": Y}, "no 'lengths_test'"),
        ({"x": S, "y": Y, "x_test": S, "y_test": Y, "lengths_test": N}, "no 'lengths'"),
        ({"x": S, "y": Y, "lengths": N, "lengths_test": N}, "no 'x_test'"),
        (
            {"x": S, "y": Y, "lengths": N, "x_test": S[:, :, :5], "y_test": Y, "lengths_test": N},
            "x 2 x 6   x_test 2 x 5",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, arrays: dict, said: str) -> None:
    path = save(tmp_path, **arrays)
    with pytest.raises(BadInput) as fault:
        load_npz(path, 0.1)
    assert said in str(fault.value)
    assert fault.value.where == str(path) or "too few" in said
    assert fault.value.exit_code == 2


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match=r"no file mine\.npz"):
        load_npz(tmp_path / "mine.npz", 0.1)


@pytest.mark.parametrize(
    ("x", "lengths", "said"),
    [
        (S, N + 1, "out of range 1 to 6"),
        (S, N - 1, "out of range 1 to 6"),
        (S + 1, N, "padding"),
        (S * -99, N, "scale"),
    ],
)
def test_sequences_that_make_no_sense_are_refused(
    tmp_path: Path, x: np.ndarray, lengths: np.ndarray, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        load_npz(save(tmp_path, x=x, y=Y, lengths=lengths), 0.1)
