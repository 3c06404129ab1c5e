"""Splits and data sets as values, and the stratified draw of what is held out."""

from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.data.dataset import Dataset, Split, draw_stratified, split_validation
from neurosparse.errors import BadInput


def make_dataset(dtype: type = np.uint8, scale: float = 1 / 8) -> Dataset:
    x = (np.arange(36).reshape(12, 3) % 9).astype(dtype)
    y = np.arange(12) % 3
    train, validation = split_validation(x, y, 0.25)
    return Dataset("made", train, validation, Split(x[:4], y[:4]), scale, n_classes=3, licence="none")


def test_a_dataset_says_what_it_holds() -> None:
    dataset = make_dataset()
    assert (dataset.n_features, dataset.n_classes) == (3, 3)
    assert [len(split) for split in dataset.splits.values()] == [9, 3, 4]
    with pytest.raises(FrozenInstanceError):
        dataset.name = "other"


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((2, 3)), np.zeros(2, np.int64)),
        (np.zeros((2, 3), np.uint8), np.zeros(2, np.int32)),
        (np.zeros((2, 3), np.uint8), np.zeros(3, np.int64)),
        (np.zeros((2, 3), np.uint8), np.zeros((2, 1), np.int64)),
        (np.zeros(3, np.uint8), np.zeros(3, np.int64)),
        (np.zeros((3, 2), np.uint8).T, np.zeros(2, np.int64)),
        (np.zeros((0, 3), np.uint8), np.zeros(0, np.int64)),
        (np.zeros((2, 3), object), np.zeros(2, np.int64)),
    ],
)
def test_a_split_of_other_arrays_is_refused(x: np.ndarray, y: np.ndarray) -> None:
    with pytest.raises(BadInput):
        Split(x, y)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"test": Split(np.zeros((1, 4), np.uint8), np.zeros(1, np.int64))}, "4 features"),
        ({"test": Split(np.zeros((1, 3), np.float32), np.zeros(1, np.int64))}, "float32"),
        ({"test": Split(np.zeros((1, 3), np.uint8), np.array([3]))}, "out of range 0 to 2"),
        ({"validation": Split(np.zeros((1, 3), np.uint8), np.array([-1]))}, "lowest -1"),
        ({"scale": 1.0}, "leave [0, 1]"),
        ({"scale": -1.0}, "leave [0, 1]"),
        ({"scale": float("nan")}, "leave [0, 1]"),
    ],
)
def test_splits_that_do_not_belong_together_are_refused(change: dict, said: str) -> None:
    with pytest.raises(BadInput) as fault:
        replace(make_dataset(), **change)
    assert said in str(fault.value)


def test_floats_that_are_not_finite_are_refused() -> None:
    dataset = make_dataset(np.float32)
    x = dataset.test.x.copy()
    x[1, 1] = np.nan
    with pytest.raises(BadInput, match=r"leave \[0, 1\]"):
        replace(dataset, test=Split(x, dataset.test.y))


def test_every_byte_scaled_by_its_highest_stays_in_range() -> None:
    for high in range(1, 256):
        assert np.float32(high) * np.float32(1 / high) <= 1


def test_the_fingerprint_is_of_bytes_dtypes_and_shapes() -> None:
    dataset = make_dataset()
    assert dataset.fingerprint == make_dataset().fingerprint
    digest = hashlib.sha256()
    for split in (dataset.train, dataset.validation, dataset.test):
        digest.update(f"|u1{split.x.shape}".encode() + split.x.tobytes())
        digest.update(f"<i8{split.y.shape}".encode() + split.y.astype("<i8").tobytes())
    assert dataset.fingerprint == digest.hexdigest()


def test_the_fingerprint_sees_every_change() -> None:
    dataset = make_dataset()
    pixel, label = dataset.train.x.copy(), dataset.test.y.copy()
    pixel[0, 0] += 1
    label[0] = 2
    changed = [
        replace(dataset, train=Split(pixel, dataset.train.y)),
        replace(dataset, test=Split(dataset.test.x, label)),
        replace(dataset, train=dataset.validation, validation=dataset.train),
        make_dataset(np.float32),
    ]
    assert len({each.fingerprint for each in (dataset, *changed)}) == 5


labels = st.lists(st.integers(0, 6), min_size=2, max_size=80).map(lambda values: np.array(values, np.int64))


@given(labels, st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_a_draw_is_stratified_and_leaves_every_class_a_sample(y: np.ndarray, fraction: float, seed: int) -> None:
    counts = np.bincount(y)
    if counts.max() < 2:
        with pytest.raises(BadInput, match="too few samples"):
            draw_stratified(y, fraction, seed)
        return
    held_out = draw_stratified(y, fraction, seed)
    taken = np.bincount(y[held_out], minlength=len(counts))
    givable = np.maximum(counts - 1, 0)
    assert np.all(taken <= givable)
    assert np.all(taken >= np.minimum(np.floor(fraction * counts), givable))
    assert np.all(taken <= np.floor(fraction * counts) + 1)
    if np.all(np.ceil(fraction * counts) <= givable):
        assert held_out.sum() == max(1, round(fraction * len(y)))


def test_a_draw_depends_on_the_seed_and_the_labels_alone() -> None:
    y = np.repeat(np.arange(10), 30)
    first = draw_stratified(y, 0.1, 0)
    np.testing.assert_array_equal(first, draw_stratified(y, 0.1, 0))
    assert (first != draw_stratified(y, 0.1, 1)).any()
    # Pinned: a run that is resumed under another version of NumPy must choose on the same samples.
    assert np.flatnonzero(first)[:6].tolist() == [3, 11, 20, 48, 53, 59]


def test_every_sample_is_drawn_as_often_as_any_other() -> None:
    y = np.arange(40) % 2
    drawn = sum(draw_stratified(y, 0.25, seed).astype(int) for seed in range(2000))
    # 2,000 draws of probability 1/4: mean 500, standard deviation 19.4; five of them on either side.
    assert drawn.min() > 403
    assert drawn.max() < 597


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_fraction_outside_0_and_1_is_refused(fraction: float) -> None:
    with pytest.raises(BadInput, match="fraction"):
        draw_stratified(np.array([0, 0, 1, 1]), fraction, 0)


def test_the_validation_split_keeps_every_sample_once_and_in_order() -> None:
    x = np.arange(200, dtype=np.float32).reshape(100, 2)
    train, validation = split_validation(x, np.arange(100) % 4)
    assert (len(train), len(validation)) == (90, 10)
    for split in (train, validation):
        np.testing.assert_array_equal(split.y, split.x[:, 0] / 2 % 4)
        assert np.all(np.diff(split.x[:, 0]) > 0)
    np.testing.assert_array_equal(np.sort(np.concatenate([train.x, validation.x]), axis=0), x)


SEQUENCE = np.arange(1, 25, dtype=np.uint8).reshape(4, 6)
Y = np.array([0, 1, 0, 1])


def sequences(lengths: list[int] | None = None, **change: object) -> Dataset:
    """Return four sequences of two features and three steps, zero beyond the lengths."""
    x = SEQUENCE.copy().reshape(4, 2, 3)
    for row, length in zip(x, lengths or [], strict=bool(lengths)):
        row[:, length:] = 0
    split = Split(x.reshape(4, 6), Y, None if lengths is None else np.array(lengths))
    return replace(Dataset("made", split, split, split, 1 / 255, 2, "none", (2, 3)), **change)


def test_a_shape_is_flat_unless_told() -> None:
    assert make_dataset().shape == (3,)
    assert sequences().shape == (2, 3)
    assert sequences(shape=(1, 3, 2)).n_features == 6


@pytest.mark.parametrize("shape", [(7,), (2, 4), (1, 2, 4), (1, 1, 2, 3), (-2, -3), (0, 6)])
def test_a_shape_of_other_numbers_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="shape of a sample") as fault:
        sequences(shape=shape)
    assert "numbers in a sample 6" in str(fault.value)


@pytest.mark.parametrize(
    ("lengths", "shape", "said"),
    [
        ([1, 0, 3, 3], (2, 3), "[1] = 0"),
        ([1, 2, 3, 4], (2, 3), "[3] = 4"),
        ([1, 2, 3, 3], (6,), "only sequences"),
        ([1, 2, 3, 3], (1, 2, 3), "only sequences"),
    ],
)
def test_lengths_that_a_sequence_cannot_have_are_refused(lengths: list[int], shape: tuple, said: str) -> None:
    with pytest.raises(BadInput) as fault:
        sequences(lengths, shape=shape)
    assert said in str(fault.value)


def test_padding_that_is_not_zero_is_refused() -> None:
    good = sequences([3, 2, 1, 3]).train
    x = good.x.copy()
    x[1, 5] = 1
    with pytest.raises(BadInput, match="padding") as fault:
        sequences([3, 2, 1, 3], test=replace(good, x=x))
    assert "[1], of 2 valid steps" in str(fault.value)


@pytest.mark.parametrize("lengths", [np.ones(3, np.int64), np.ones(4, np.int32), np.ones((4, 1), np.int64)])
def test_lengths_of_another_kind_are_refused(lengths: np.ndarray) -> None:
    with pytest.raises(BadInput, match="lengths of a split are int64"):
        Split(SEQUENCE, Y, lengths)


def test_signed_samples_need_only_be_near() -> None:
    x = np.array([[-3.0, 100.0]], np.float32)
    split = Split(x, np.array([0]))
    signed = Dataset("made", split, split, split, 1.0, 2, "none", signed=True)
    assert signed.signed
    for change in ({"signed": False}, {"scale": 1.1}):
        with pytest.raises(BadInput, match="leave"):
            replace(signed, **change)
    for bad in (np.nan, np.inf, -101.0):
        with pytest.raises(BadInput, match=r"leave \[-100, 100\]"):
            replace(signed, test=Split(np.array([[0, bad]], np.float32), np.array([0])))


def test_the_fingerprint_sees_how_a_sequence_is_cut_but_not_how_an_image_is() -> None:
    flat, image = sequences(shape=(6,)), sequences(shape=(1, 2, 3))
    assert flat.fingerprint == image.fingerprint
    cuts = (flat, sequences(), sequences(shape=(3, 2)), sequences(shape=(1, 6)))
    assert len({data.fingerprint for data in cuts}) == 4


def test_the_fingerprint_sees_lengths_that_are_not_full() -> None:
    assert sequences([3, 3, 3, 3]).fingerprint == sequences().fingerprint
    padded = sequences([3, 2, 1, 3])
    # The same numbers, all of them valid.
    full = replace(padded, **{part: replace(split, lengths=None) for part, split in padded.splits.items()})
    assert padded.fingerprint != full.fingerprint


def test_lengths_go_along_when_samples_are_held_out() -> None:
    x = np.arange(200, dtype=np.float32).reshape(100, 2)
    train, validation = split_validation(x, np.arange(100) % 4, lengths=np.arange(100))
    for split in (train, validation):
        np.testing.assert_array_equal(split.lengths, split.x[:, 0] / 2)
