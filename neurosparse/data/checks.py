"""The door for arrays that come from outside: real numbers, whole labels, and a fault that names its place."""

from __future__ import annotations

import numpy as np

from neurosparse.errors import BadInput


def check_features(x: np.ndarray, name: str, where: str) -> np.ndarray:
    """Return the features of `x` as one row a sample, after looking at every number.

    Parameters
    ----------
    x : ndarray, shape (n_samples, ...)
        Any real dtype; what stands behind the first axis is flattened.
    name, where : str
        What the array is called and the file that it comes from, for the error.

    Returns
    -------
    ndarray, shape (n_samples, n_features)
        Of the dtype of `x`.

    Raises
    ------
    BadInput
        `x` does not hold real numbers, has fewer than two axes, no sample or no feature, or holds NaN or infinity.
    """
    if x.dtype.kind not in "biuf":
        raise BadInput(
            f"array {name!r} does not hold real numbers",
            numbers={"dtype": str(x.dtype)},
            where=where,
            help="store it as uint8 or float32",
        )
    if x.ndim < 2 or x.size == 0:
        raise BadInput(
            f"array {name!r} is not a table of samples and features",
            numbers={"shape": str(x.shape)},
            where=where,
            help="the first axis counts the samples, the others their features; neither may be empty",
        )
    if x.dtype.kind == "f" and not (finite := np.isfinite(x)).all():
        place = np.unravel_index(int(np.argmin(finite)), x.shape)
        raise BadInput(
            f"array {name!r} holds numbers that are not finite",
            numbers={"bad": f"{finite.size - np.count_nonzero(finite):,} of {finite.size:,}"}
            | {"first": f"{name}[{', '.join(map(str, place))}] = {x[place]}"},
            where=where,
            help="remove these samples, or put a number in place of what is missing",
        )
    return x.reshape(len(x), -1)


def check_labels(y: np.ndarray, name: str, where: str) -> np.ndarray:
    """Return the labels of `y` as int64, after looking at every one.

    Parameters
    ----------
    y : ndarray, shape (n_samples,)
        Whole numbers from 0, of any real dtype.
    name, where : str
        What the array is called and the file that it comes from, for the error.

    Raises
    ------
    BadInput
        `y` has not one axis, is empty, or holds something else than whole numbers from 0.
    """
    if y.ndim != 1 or y.size == 0 or y.dtype.kind not in "biuf":
        raise BadInput(
            f"array {name!r} is not a list of labels",
            numbers={"shape": str(y.shape), "dtype": str(y.dtype)},
            where=where,
            help="one whole number a sample, counted from 0; y.argmax(axis=1) makes it from one-hot rows",
        )
    # 2**31 labels are out of the question and would not survive the conversion from uint64 or float.
    good = (y >= 0) & (y < 2**31)
    if y.dtype.kind == "f":
        good &= y == np.floor(y)
    if not good.all():
        first = int(np.argmin(good))
        raise BadInput(
            f"array {name!r} holds labels that are out of range",
            numbers={"bad": f"{good.size - np.count_nonzero(good):,} of {good.size:,}"}
            | {"first": f"{name}[{first}] = {y[first]}"},
            where=where,
            help="labels are whole numbers from 0 to the number of classes less one",
        )
    return y.astype(np.int64)


def check_below(y: np.ndarray, n_classes: int, name: str, where: str) -> None:
    """Refuse labels that are not below `n_classes`.

    Raises
    ------
    BadInput
        With the first label that is out of range and its index.
    """
    if y.max() >= n_classes:
        first = int(np.argmax(y >= n_classes))
        raise BadInput(
            f"array {name!r} holds labels that are out of range",
            numbers={"classes": f"{n_classes} (0 to {n_classes - 1})", "first": f"{name}[{first}] = {y[first]}"},
            where=where,
            help="every class must be among the training samples",
        )


def check_pair(x: np.ndarray, y: np.ndarray, names: tuple[str, str], where: str) -> None:
    """Refuse features and labels that do not pair off.

    Raises
    ------
    BadInput
        With both lengths.
    """
    if len(x) != len(y):
        raise BadInput(
            f"{names[0]!r} and {names[1]!r} do not pair off",
            numbers={f"samples in {names[0]}": f"{len(x):,}", f"labels in {names[1]}": f"{len(y):,}"},
            where=where,
            help="every sample needs one label",
        )


def count_classes(y: np.ndarray, name: str, where: str) -> int:
    """Return how many classes the training labels speak of: the highest label and one.

    A class below the highest may be without a sample (a subset of a larger data set); its output neuron stays quiet.

    Raises
    ------
    BadInput
        There is one class only, or there are more classes than samples: a label is a typing error, or not a label.
    """
    n_classes = int(y.max()) + 1
    if np.all(y == y[0]):
        raise BadInput(
            f"array {name!r} holds one class only",
            numbers={"label": str(y[0]), "samples": f"{len(y):,}"},
            where=where,
            help="a classifier needs two classes at least",
        )
    if n_classes > len(y):
        raise BadInput(
            f"array {name!r} holds labels that are out of range",
            numbers={"samples": f"{len(y):,}", "highest": f"{name}[{int(np.argmax(y))}] = {n_classes - 1}"},
            where=where,
            help="labels count the classes from 0, and every class needs samples: "
            "np.unique(y, return_inverse=True)[1] renumbers them",
        )
    return n_classes
