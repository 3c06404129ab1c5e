"""Batches from samples: gather rows of a data set into the columns that the products read."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import ORDER, below, mask_for, stream

_TILE = 16


@kernel
def gather(samples, order, scale, x):
    """Write ``samples[order].T * scale`` to the first columns of `x`, and zero to the rest.

    Parameters
    ----------
    samples : uint8 or float32 (n_samples, n_features)
    order : int64 (n_chosen,)
        At most as many as `x` has columns.
    scale : float32
    x : float32 (n_features, batch)
    """
    n_features, batch = x.shape
    for begin in range(0, n_features, _TILE):
        # A tile of features at a time: its rows of x stay in the first-level cache while the samples stream by.
        end = min(begin + _TILE, n_features)
        for b in range(order.size):
            row = order[b]
            for i in range(begin, end):
                x[i, b] = np.float32(samples[row, i]) * scale
        for i in range(begin, end):
            for b in range(order.size, batch):
                x[i, b] = 0.0


@kernel
def shuffle(order, seed, epoch):
    """Put `order` into a random order, uniform over all orders (Fisher and Yates).

    Parameters
    ----------
    order : int64 (n,)
    seed, epoch : int64
        Name the random stream.
    """
    key = stream(seed, epoch, ORDER)
    index = np.uint64(0)
    for last in range(order.size - 1, 0, -1):
        chosen, index = below(key, index, last + 1, mask_for(last + 1))
        order[last], order[chosen] = order[chosen], order[last]
