"""Sequences of unequal length as rows of one table: padded with zeros, with how many steps of each are valid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosparse.errors import BadInput


def pad(
    sequences: Sequence[np.ndarray], *, steps: int | None = None, where: str = "sequences"
) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences as rows of the same length, zeros where one has ended.

    Parameters
    ----------
    sequences : sequence of ndarray, each of shape (features, its steps), of one dtype
    steps : int, optional
        Steps of every row; as many as the longest has unless given.
    where : str
        What they are, for the error.

    Returns
    -------
    x : ndarray, shape (n_samples, features * steps)
        Each row a (features, steps) in C order.
    lengths : ndarray of int64, shape (n_samples,)

    Raises
    ------
    BadInput
        There is no sequence, one has no step, they differ in features, or one is longer than `steps`: nothing is cut.
    """
    if not len(sequences):
        raise BadInput("there is no sequence", where=where)
    features = {len(sequence) for sequence in sequences}
    if len(features) > 1:
        raise BadInput(
            "sequences differ in features",
            numbers={"fewest": str(min(features)), "most": str(max(features))},
            where=where,
        )
    lengths = np.array([sequence.shape[1] for sequence in sequences], np.int64)
    steps = int(lengths.max()) if steps is None else steps
    if (bad := (lengths < 1) | (lengths > steps)).any():
        first = int(np.argmax(bad))
        raise BadInput(
            f"a sequence does not fit {steps:,} steps",
            numbers={"such": f"{np.count_nonzero(bad):,} of {len(lengths):,}"}
            | {"first": f"number {first} with {lengths[first]:,} steps", "longest": f"{lengths.max():,}"},
            where=where,
            help="nothing is cut off in silence: allow as many steps as the longest has, or make each step longer",
        )
    x = np.zeros((len(sequences), features.pop(), steps), sequences[0].dtype)
    for row, sequence in zip(x, sequences, strict=True):
        row[:, : sequence.shape[1]] = sequence
    return x.reshape(len(x), -1), lengths


def check_lengths(x: np.ndarray, lengths: np.ndarray, shape: tuple[int, ...], where: str) -> None:
    """Refuse lengths that the sequences of a table do not have.

    Parameters
    ----------
    x : ndarray, shape (n_samples, features * steps)
    lengths : ndarray of int64, shape (n_samples,)
    shape : tuple of int
        Of a sample: (features, steps).
    where : str

    Raises
    ------
    BadInput
        The samples are no sequences, a length is not 1 to steps, or a number beyond a sample's length is not 0.
    """
    if len(shape) != 2:
        raise BadInput(
            "only sequences have lengths",
            numbers={"shape of a sample": " x ".join(map(str, shape))},
            where=where,
            help="the shape of a sequence is (features, steps)",
        )
    steps = shape[1]
    if (bad := (lengths < 1) | (lengths > steps)).any():
        first = int(np.argmax(bad))
        raise BadInput(
            f"lengths are out of range 1 to {steps:,}",
            numbers={"bad": f"{np.count_nonzero(bad):,} of {len(bad):,}", "first": f"[{first}] = {lengths[first]}"},
            where=where,
        )
    busy = x.reshape(len(x), *shape).any(axis=1)
    beyond = np.arange(steps) >= lengths[:, None]
    spilt = np.flatnonzero((busy & beyond).any(axis=1))
    if spilt.size:
        first = int(spilt[0])
        raise BadInput(
            "the padding of a sequence is not zero",
            numbers={"bad": f"{spilt.size:,} of {len(x):,}"}
            | {"first": f"[{first}], of {lengths[first]:,} valid steps"},
            where=where,
            help="steps beyond the length of a sample hold 0",
        )
