"""Small data sets in the official IDX format, made for a test."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx_bytes(array: np.ndarray) -> bytes:
    """Return the bytes of an IDX file: magic number, sizes, data."""
    assert array.dtype == np.uint8
    return bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_idx_folder(folder: Path, *, n_train: int = 40, n_test: int = 20, gzipped: bool = True) -> list[np.ndarray]:
    """Write the four files of a data set of ten classes, and return their arrays in the order of NAMES."""
    rng = np.random.default_rng(7)
    arrays = []
    for count in (n_train, n_test):
        arrays += [rng.integers(0, 256, (count, 4, 3), dtype=np.uint8), (np.arange(count) % 10).astype(np.uint8)]
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(NAMES, arrays, strict=True):
        data = idx_bytes(array)
        (folder / (f"{name}.gz" if gzipped else name)).write_bytes(gzip.compress(data, mtime=0) if gzipped else data)
    return arrays
