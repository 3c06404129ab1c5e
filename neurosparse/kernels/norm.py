"""Normalisation of sums over a batch, channel by channel, and the way back.

The numbers of a channel, all positions of all samples, lie one after the other in a row, the batch contiguous. Columns
without a sample (`keep` is 0) do not count.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH


@kernel
def measure(x, keep, mean, variance, channels):
    """Compute mean and variance of a range of channels over positions and samples.

    Parameters
    ----------
    x : float32 (n_channels, n_positions * batch)
    keep : float32 (1, batch)
        1 where there is a sample, else 0.
    mean, variance : float32 (n_channels,)
        Written for the range.
    channels : (int64, int64)
        The first channel and the one after the last.
    """
    first, last = channels
    batch = keep.shape[1]
    share = np.float32(1.0) / (keep.sum() * np.float32(x.shape[1] // batch))
    for channel in range(first, last):
        acc = lanes.spread(np.float32(0.0))
        for begin in range(0, x.shape[1], batch):
            for b in range(0, batch, WIDTH):
                acc = lanes.multiply_add(lanes.load(keep, 0, b), lanes.load(x, channel, begin + b), acc)
        mean[channel] = lanes.total(acc) * share
        less, acc = lanes.spread(-mean[channel]), lanes.spread(np.float32(0.0))
        for begin in range(0, x.shape[1], batch):
            for b in range(0, batch, WIDTH):
                apart = lanes.multiply(lanes.load(keep, 0, b), lanes.add(lanes.load(x, channel, begin + b), less))
                acc = lanes.multiply_add(apart, apart, acc)
        variance[channel] = lanes.total(acc) * share


@kernel
def normalise(x, scale, offset, seen, y, channels):
    """Compute ``y = f(scale x + offset)`` for a range of channels.

    Parameters
    ----------
    x, y : float32 (n_channels, n_positions * batch)
    scale, offset : float32 (n_channels,)
    seen : (rectify int64, ceiling float32, levels float32)
        0 where the sums are what is asked for; as `lanes.staircase` takes them, levels 0 for a plain rectifier.
    channels : (int64, int64)
    """
    first, last = channels
    rectify, ceiling, levels = seen
    for channel in range(first, last):
        a, b = lanes.spread(scale[channel]), lanes.spread(offset[channel])
        for c in range(0, x.shape[1], WIDTH):
            value = lanes.multiply_add(a, lanes.load(x, channel, c), b)
            if rectify and levels > np.float32(0.0):
                value = lanes.staircase(value, ceiling, levels)
            elif rectify:
                value = lanes.positive_part(value)
            lanes.store(y, channel, c, value)


@kernel
def normalise_back(x, keep, mean, scale, dy, dx, channels):
    """Compute the gradient of `x` from that of the normalised sums, mean and variance being those of the batch.

    Parameters
    ----------
    x, keep, channels
        As `measure` takes them.
    mean, scale : float32 (n_channels,)
        Of the batch; `scale` is one over the standard deviation.
    dy : float32, as `x`
        Zero where there is no sample.
    dx : float32, as `x`
        Written for the range of channels.
    """
    first, last = channels
    batch = keep.shape[1]
    share = np.float32(1.0) / (keep.sum() * np.float32(x.shape[1] // batch))
    for channel in range(first, last):
        less, size = lanes.spread(-mean[channel]), lanes.spread(scale[channel])
        level, slope = lanes.spread(np.float32(0.0)), lanes.spread(np.float32(0.0))
        for c in range(0, x.shape[1], WIDTH):
            back = lanes.load(dy, channel, c)
            level = lanes.add(back, level)
            slope = lanes.multiply_add(back, lanes.add(lanes.load(x, channel, c), less), slope)
        level = lanes.spread(-lanes.total(level) * share)
        # What the variance takes back: the gradient along the normalised sums, in units of `x`.
        slope = lanes.spread(-lanes.total(slope) * share * scale[channel] * scale[channel])
        for begin in range(0, x.shape[1], batch):
            for b in range(0, batch, WIDTH):
                apart = lanes.add(lanes.load(x, channel, begin + b), less)
                back = lanes.multiply_add(slope, apart, lanes.add(level, lanes.load(dy, channel, begin + b)))
                back = lanes.multiply(lanes.load(keep, 0, b), lanes.multiply(size, back))
                lanes.store(dx, channel, begin + b, back)
