"""A data set as a value: three splits of samples and labels, checked when made."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurosparse.data.sequences import check_lengths
from neurosparse.errors import BadInput

VALIDATION_SEED = 0
TEST_SEED = 1
SIGNED_LIMIT = 100
"""How far from 0 a scaled sample of signed data may be: standardised numbers are a few units, a fault is more."""


@dataclass(frozen=True, eq=False)
class Split:
    """Samples and their labels.

    Attributes
    ----------
    x : ndarray of uint8 or float32, shape (n_samples, n_features), C-contiguous
    y : ndarray of int64, shape (n_samples,)
    lengths : ndarray of int64, shape (n_samples,), optional
        Of sequences: how many steps of each sample are valid; those beyond are padding. None where all of them are.

    Raises
    ------
    BadInput
        An array has another dtype, shape or layout, holds no sample, or the arrays differ in samples.
    """

    x: np.ndarray
    y: np.ndarray
    lengths: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check dtypes, shapes and lengths."""
        if self.x.dtype not in (np.uint8, np.float32) or self.x.ndim != 2 or not self.x.flags.c_contiguous:
            raise BadInput(
                "the samples of a split are C-contiguous rows of uint8 or float32",
                numbers={"dtype": str(self.x.dtype), "shape": str(self.x.shape)},
            )
        if self.y.dtype != np.int64 or self.y.shape != self.x.shape[:1]:
            raise BadInput(
                "the labels of a split are int64, one a sample",
                numbers={"dtype": str(self.y.dtype), "shape": str(self.y.shape), "samples": f"{len(self.x):,}"},
            )
        if self.lengths is not None and (self.lengths.dtype != np.int64 or self.lengths.shape != self.y.shape):
            raise BadInput(
                "the lengths of a split are int64, one a sample",
                numbers={"dtype": str(self.lengths.dtype), "shape": str(self.lengths.shape)}
                | {"samples": f"{len(self.x):,}"},
            )
        if self.x.size == 0:
            raise BadInput("a split is empty", numbers={"shape": str(self.x.shape)})

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set: what is trained on, what is chosen on, and what is reported, once.

    Attributes
    ----------
    name : str
        No path: it stands in reports.
    train, validation, test : Split
    scale : float
        Above 0; ``x * float32(scale)`` lies in [0, 1], or is finite and within [-100, 100] where `signed`.
    n_classes : int
        Labels are 0 to ``n_classes - 1``.
    licence : str
        The terms of the data and whom to name.
    shape : tuple of int
        Of a sample, whose row holds it in C order: (n_features,) flat, which it is unless given; (features, steps) a
        sequence, all steps of a feature side by side; (channels, height, width) an image.
    signed : bool
        Whether samples may be negative and need not stay below 1. Such data cannot be coded as firing rates.

    Raises
    ------
    BadInput
        The splits differ in features or dtype, the shape has other numbers than a sample, a label or a length is out
        of range, the padding of a sequence is not zero, or a scaled sample leaves its range.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    scale: float
    n_classes: int
    licence: str
    shape: tuple[int, ...] = ()
    signed: bool = False

    def __post_init__(self) -> None:
        """Check that the splits belong together and lie in range."""
        if not self.shape:
            object.__setattr__(self, "shape", (self.n_features,))
        if len(self.shape) > 3 or min(self.shape) < 1 or math.prod(self.shape) != self.n_features:
            raise BadInput(
                "the shape of a sample is not that of its numbers",
                numbers={"shape": " x ".join(map(str, self.shape)), "numbers in a sample": f"{self.n_features:,}"},
                where=self.name,
                help="(n,) flat, (features, steps) for a sequence, (channels, height, width) for an image",
            )
        for part, split in self.splits.items():
            where = f"{self.name}, {part}"
            if split.x.shape[1] != self.n_features or split.x.dtype != self.train.x.dtype:
                raise BadInput(
                    f"the {part} samples are unlike those for training",
                    numbers={"train": f"{self.n_features:,} features of {self.train.x.dtype}"}
                    | {part: f"{split.x.shape[1]:,} features of {split.x.dtype}"},
                    where=where,
                )
            if split.y.min() < 0 or split.y.max() >= self.n_classes:
                raise BadInput(
                    f"labels are out of range 0 to {self.n_classes - 1}",
                    numbers={"lowest": str(split.y.min()), "highest": str(split.y.max())},
                    where=where,
                )
            low, high = (np.float32(value) * np.float32(self.scale) for value in (split.x.min(), split.x.max()))
            lowest, highest = (-SIGNED_LIMIT, SIGNED_LIMIT) if self.signed else (0, 1)
            # Written so that NaN, which compares as false, is refused too.
            if not (self.scale > 0 and low >= lowest and high <= highest):
                raise BadInput(
                    f"scaled samples leave [{lowest}, {highest}]",
                    numbers={"scale": f"{self.scale}", "lowest": f"{low}", "highest": f"{high}"},
                    where=where,
                    help="scale them before: standardised numbers are a few units" if self.signed else "",
                )
            if split.lengths is not None:
                check_lengths(split.x, split.lengths, self.shape, where)

    @property
    def splits(self) -> dict[str, Split]:
        """Return the three splits by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def n_features(self) -> int:
        """Return how many numbers a sample is: the product of its shape."""
        return self.train.x.shape[1]

    @cached_property
    def fingerprint(self) -> str:
        """Return the SHA-256 (hexadecimal) of the bytes, dtypes and shapes of all arrays, computed on first use.

        How a sequence is cut into steps changes what it means, so its shape counts, and so do lengths that are not
        full. That an image has rows does not: a flat network sees the same numbers.
        """
        digest = hashlib.sha256()
        if len(self.shape) == 2:
            digest.update(f"sequence{self.shape}".encode())
        for split in self.splits.values():
            padded = split.lengths is not None and bool((split.lengths < self.shape[-1]).any())
            for array in (split.x, split.y, split.lengths if padded else None):
                if array is None:
                    continue
                # Little-endian, so that the same data has the same fingerprint on every machine.
                digest.update(f"{array.dtype.newbyteorder('<').str}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)
        return digest.hexdigest()


def draw_stratified(y: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Return which samples a held-out part takes, every class in proportion.

    Parameters
    ----------
    y : ndarray of int64, shape (n_samples,)
        Labels from 0.
    fraction : float
        Share of the samples to hold out, above 0 and below 1. The count is rounded to the nearest, at least 1; what is
        left over after rounding down in every class goes to the classes with the largest remainders. No class gives
        its last sample.
    seed : int
        Seed of PCG64, whose raw stream NumPy keeps the same in all versions (NEP 19); its shuffles it does not.

    Returns
    -------
    ndarray of bool, shape (n_samples,)

    Raises
    ------
    BadInput
        The fraction is not between 0 and 1, or no class has a sample to give.
    """
    if not 0.0 < fraction < 1.0:
        raise BadInput(f"cannot hold out a fraction of {fraction} of the samples", help="above 0 and below 1, like 0.1")
    counts = np.bincount(y)
    givable = np.maximum(counts - 1, 0)
    quota = fraction * counts
    take = np.minimum(quota.astype(np.int64), givable)
    left = max(1, round(fraction * len(y))) - int(take.sum())
    by_remainder = np.argsort(take - quota, kind="stable")
    take[by_remainder[(take < givable)[by_remainder]][: max(left, 0)]] += 1
    if not take.any():
        raise BadInput(
            "too few samples to hold some out",
            numbers={"samples": f"{len(y):,}", "classes": f"{np.count_nonzero(counts):,}"},
            help="at least one class needs two samples",
        )
    order = np.lexsort((np.random.PCG64(seed).random_raw(len(y)), y))
    rank = np.arange(len(y)) - (np.cumsum(counts) - counts)[y[order]]
    held_out = np.zeros(len(y), dtype=bool)
    held_out[order[rank < take[y[order]]]] = True
    return held_out


def split_validation(
    x: np.ndarray,
    y: np.ndarray,
    fraction: float = 0.1,
    seed: int = VALIDATION_SEED,
    lengths: np.ndarray | None = None,
) -> tuple[Split, Split]:
    """Return what to train on and what to choose on.

    The seed has nothing to do with that of training: all runs choose on the same samples. Both parts keep the order
    that the samples came in.

    Parameters
    ----------
    x : ndarray of uint8 or float32, shape (n_samples, n_features)
    y : ndarray of int64, shape (n_samples,)
    fraction, seed
        See `draw_stratified`.
    lengths : ndarray of int64, shape (n_samples,), optional
        Valid steps of each sample; they go along.

    Returns
    -------
    train, validation : Split

    Raises
    ------
    BadInput
        See `draw_stratified`.
    """
    held_out = draw_stratified(y, fraction, seed)
    train, validation = (
        Split(x[part], y[part], None if lengths is None else lengths[part]) for part in (~held_out, held_out)
    )
    return train, validation
