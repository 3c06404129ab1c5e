"""A user's own arrays: an npz with x and y, and x_test and y_test where there are."""

from __future__ import annotations

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
        An npz with ``x`` (real numbers, shape (n_samples, ...), flattened a sample) and ``y`` (whole numbers from 0),
        and optionally ``x_test`` and ``y_test``. Without these, a fixed stratified 20 % of the samples becomes the
        test set.
    validation : float
        Fraction of the training samples to hold out for validation.

    Returns
    -------
    Dataset
        Named after the file. How samples are mapped to [0, 1]: see `map_to_rates`.

    Raises
    ------
    FileFault
        The file is missing, truncated or damaged.
    BadInput
        An array is missing, of the wrong shape, or holds objects, NaN, infinity, or labels out of range.
    """
    where = str(path)
    arrays = read_npz(path, ("x", "y"), optional=("x_test", "y_test"))
    if ("x_test" in arrays) != ("y_test" in arrays):
        there, missing = ("x_test", "y_test") if "x_test" in arrays else ("y_test", "x_test")
        raise BadInput(f"there is {there!r} but no {missing!r}", where=where, help="store both, or neither")
    x, y = check_features(arrays["x"], "x", where), check_labels(arrays["y"], "y", where)
    check_pair(x, y, ("x", "y"), where)
    n_classes = count_classes(y, "y", where)
    if "x_test" in arrays:
        x_test, y_test = (
            check_features(arrays["x_test"], "x_test", where),
            check_labels(arrays["y_test"], "y_test", where),
        )
        check_pair(x_test, y_test, ("x_test", "y_test"), where)
        check_below(y_test, n_classes, "y_test", where)
        if x_test.shape[1] != x.shape[1]:
            raise BadInput(
                "'x' and 'x_test' differ in features",
                numbers={"x": f"{x.shape[1]:,}", "x_test": f"{x_test.shape[1]:,}"},
                where=where,
            )
    else:
        test = draw_stratified(y, TEST_FRACTION, TEST_SEED)
        x, y, x_test, y_test = x[~test], y[~test], x[test], y[test]
    x, x_test, scale = map_to_rates(x, x_test, where)
    train, held_out = split_validation(x, y, validation)
    return Dataset(path.stem, train, held_out, Split(x_test, y_test), scale, n_classes, LICENCE)


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
