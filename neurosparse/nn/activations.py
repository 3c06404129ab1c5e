"""Buffers for activations: neurons by batch, the batch padded to whole vectors, rows on cache-line boundaries."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.lanes import WIDTH

_CACHE_LINE = 64

#: What a kernel is given where nobody asks for a gradient.
NOTHING = np.zeros((0, 0), np.float32)


def padded(batch: int) -> int:
    """Return `batch` rounded up to whole vectors."""
    return -(-batch // WIDTH) * WIDTH


def buffer(neurons: int, batch: int) -> np.ndarray:
    """Return zeros of float32, shape (neurons, padded(batch)), every row on a cache-line boundary."""
    shape = (neurons, padded(batch))
    size = 4 * shape[0] * shape[1]
    raw = np.zeros(size + _CACHE_LINE, np.uint8)
    skip = -raw.ctypes.data % _CACHE_LINE
    return raw[skip : skip + size].view(np.float32).reshape(shape)
