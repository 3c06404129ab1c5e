"""Batches from samples: gather rows of a data set into the columns that the products read."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.blocks import transpose_tile
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rng import ORDER, below, mask_for, stream


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
    whole = n_features - n_features % WIDTH
    for sample in range(0, order.size, WIDTH):
        count = min(WIDTH, order.size - sample)
        for feature in range(0, whole, WIDTH):
            transpose_tile(samples, order, sample, count, feature, scale, x)
        for feature in range(whole, n_features):
            for b in range(sample, sample + count):
                x[feature, b] = np.float32(samples[order[b], feature]) * scale
            for b in range(sample + count, sample + WIDTH):
                x[feature, b] = 0.0
    for feature in range(n_features):
        for b in range((order.size + WIDTH - 1) // WIDTH * WIDTH, batch):
            x[feature, b] = 0.0


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
