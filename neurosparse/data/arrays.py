"""A user's own arrays: an npz with x and y, x_test and y_test where there are, and lengths of sequences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurosparse.data.checks import check_below, check_features, check_labels, check_pair, count_classes
from neurosparse.data.dataset import TEST_SEED, Dataset, Split, draw_stratified, split_validation
from neurosparse.data.npz import read_npz
from neurosparse.errors import BadInput

TEST_FRACTION = 0.2
LICENCE = "not stated"


def load_npz(path: Path, validation: float) -> Dataset:
    """Return the data set that an npz holds.

    Parameters
    ----------
    path : Path
        An npz with ``x`` (real numbers, shape (n_samples, ...)) and ``y`` (whole numbers from 0), and optionally
        ``x_test`` and ``y_test``. Without these, a fixed stratified 20 % of the samples becomes the test set. Samples
        are images (channels, height, width) where ``x`` has four axes; sequences (features, steps) where ``lengths``,
        and with ``x_test`` also ``lengths_test``, tell how many steps of each are valid; else rows of numbers.
    validation : float
        Fraction of the training samples to hold out for validation.

    Returns
    -------
    Dataset
        Named after the file. How samples are mapped to [0, 1]: see `map_to_rates`. Sequences of numbers that lie
        elsewhere stay as they are, for what stands behind their ends is 0.

    Raises
    ------
    FileFault
        The file is missing, truncated or damaged.
    BadInput
        An array is missing, of the wrong shape, or holds objects, NaN, infinity, or labels or lengths out of range.
    """
    where = str(path)
    arrays = read_npz(path, ("x", "y"), optional=("x_test", "y_test", "lengths", "lengths_test"))
    _check_together(arrays, where)
    shape = _shape(arrays, where)
    x, y = check_features(arrays["x"], "x", where), check_labels(arrays["y"], "y", where)
    check_pair(x, y, ("x", "y"), where)
    lengths = _lengths(arrays, "lengths", y, where)
    n_classes = count_classes(y, "y", where)
    if "x_test" in arrays:
        x_test, y_test = (
            check_features(arrays["x_test"], "x_test", where),
            check_labels(arrays["y_test"], "y_test", where),
        )
        check_pair(x_test, y_test, ("x_test", "y_test"), where)
        check_below(y_test, n_classes, "y_test", where)
        samples = (arrays["x"], arrays["x_test"]) if shape else (x, x_test)
        own, other = (" x ".join(map(str, part.shape[1:])) for part in samples)
        if own != other:
            raise BadInput(
                "'x' and 'x_test' differ in the shape of a sample",
                numbers={"x": own, "x_test": other},
                where=where,
            )
        lengths_test = _lengths(arrays, "lengths_test", y_test, where)
    else:
        test = draw_stratified(y, TEST_FRACTION, TEST_SEED)
        x, y, x_test, y_test = x[~test], y[~test], x[test], y[test]
        lengths, lengths_test = (None, None) if lengths is None else (lengths[~test], lengths[test])
    signed = lengths is not None and not _are_rates(x)
    if signed:
        x, x_test, scale = x.astype(np.float32), x_test.astype(np.float32), 1.0
    else:
        x, x_test, scale = map_to_rates(x, x_test, where)
    train, held_out = split_validation(x, y, validation, lengths=lengths)
    test_split = Split(x_test, y_test, lengths_test)
    return Dataset(path.stem, train, held_out, test_split, scale, n_classes, LICENCE, shape, signed)


def _check_together(arrays: Mapping[str, np.ndarray], where: str) -> None:
    """Raise BadInput where one array of a pair is there and the other is not."""
    pairs = [("x_test", "y_test")]
    if "lengths_test" in arrays or ("lengths" in arrays and "x_test" in arrays):
        pairs += [("lengths", "lengths_test"), ("x_test", "lengths_test")]
    for pair in pairs:
        there = [name for name in pair if name in arrays]
        if len(there) == 1:
            (missing,) = set(pair) - set(there)
            raise BadInput(f"there is {there[0]!r} but no {missing!r}", where=where, help="store both, or neither")


def _shape(arrays: Mapping[str, np.ndarray], where: str) -> tuple[int, ...]:
    """Return the shape of a sample; () where it is a row of numbers."""
    x = arrays["x"]
    if "lengths" in arrays and x.ndim != 3:
        raise BadInput(
            "only sequences have lengths",
            numbers={"shape of x": str(x.shape)},
            where=where,
            help="x of sequences has the shape (samples, features, steps)",
        )
    return x.shape[1:] if x.ndim == 4 or "lengths" in arrays else ()


def _lengths(arrays: Mapping[str, np.ndarray], name: str, y: np.ndarray, where: str) -> np.ndarray | None:
    """Return the lengths of sequences as int64, or None where there are none."""
    if name not in arrays:
        return None
    lengths = arrays[name]
    if lengths.shape != y.shape or lengths.dtype.kind not in "iu":
        raise BadInput(
            f"array {name!r} does not tell how many steps of each sample are valid",
            numbers={"shape": str(lengths.shape), "dtype": str(lengths.dtype), "samples": f"{len(y):,}"},
            where=where,
            help="one whole number a sample, from 1 to the steps of x",
        )
    return lengths.astype(np.int64)


def _are_rates(x: np.ndarray) -> bool:
    """Return whether `map_to_rates` takes these numbers without moving 0."""
    return bool(x.min() >= 0 and x.max() <= (1 if x.dtype.kind == "f" else 255))


def map_to_rates(x: np.ndarray, x_test: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Return training and test samples as uint8 or float32, and the scale that brings them into [0, 1].

    On a machine the input is coded as firing rates: these cannot be negative and have a highest value. So whole numbers
    from 0 to 255 stay bytes, with the highest of the training samples as 1; floats that lie in [0, 1] stay as they are;
    anything else is mapped affinely, the lowest number of all training samples to 0 and the highest to 1. One map for
    all features keeps their proportions. The training samples (those for validation among them) alone decide; a test
    sample that lies outside their range is cut to it.

    Parameters
    ----------
    x, x_test : ndarray of any real dtype, shape (n_samples, n_features)
        Finite.
    where : str
        The file, for the error.

    Returns
    -------
    x, x_test : ndarray of uint8 or float32, C-contiguous
    scale : float

    Raises
    ------
    BadInput
        All training numbers are the same, or lie too far apart for double precision, or one array holds floats and
        the other whole numbers: one of them was scaled and the other was not.
    """
    if (x.dtype.kind == "f") != (x_test.dtype.kind == "f"):
        raise BadInput(
            "'x' and 'x_test' do not hold the same kind of numbers",
            numbers={"x": str(x.dtype), "x_test": str(x_test.dtype)},
            where=where,
            help="store both as uint8, or both as float32, in the same unit",
        )
    low, high = x.min(), x.max()
    if low == high:
        raise BadInput(
            "array 'x' holds the same number everywhere",
            numbers={"value": f"{low}"},
            where=where,
            help="check how it was made",
        )
    if x.dtype.kind in "biu" and low >= 0 and high <= 255:
        x_test = np.clip(x_test, 0, high)
        return np.ascontiguousarray(x, np.uint8), np.ascontiguousarray(x_test, np.uint8), 1 / int(high)
    if x.dtype.kind == "f" and low >= 0 and high <= 1:
        x_test = np.clip(x_test, 0, 1)
        return np.ascontiguousarray(x, np.float32), np.ascontiguousarray(x_test, np.float32), 1.0
    low, span = float(low), float(high) - float(low)
    if not (np.isfinite(span) and span > 0):
        raise BadInput(
            "the numbers of array 'x' lie too far apart, or too near each other, for double precision",
            numbers={"lowest": f"{low}", "highest": f"{high}"},
            where=where,
            help="remove what cannot be a measurement",
        )
    x, x_test = (np.clip((part.astype(np.float64) - low) / span, 0, 1).astype(np.float32) for part in (x, x_test))
    return np.ascontiguousarray(x), np.ascontiguousarray(x_test), 1.0
