"""Dropout: every activation is silenced with some probability, and those that are not are louder in return."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import DROP, bits, stream

_LANES = np.uint64(4)
_BITS = np.uint64(16)
_LOW = np.uint64(0xFFFF)


@kernel
def drop_out(x, rate, moment, first):
    """Silence each activation with probability `rate`, to 16 bits, and divide the others by ``1 - rate``.

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15:1929 (2014), in the
    form that leaves the mean as it is.

    Parameters
    ----------
    x : float32 (n, batch)
        Changed in place; the batch is a multiple of 4.
    rate : float32
        In [0, 1).
    moment : (seed, step), each int64
        Name the random stream.
    first : int64
        The number of the first neuron: which draws of the stream are used.
    """
    n, batch = x.shape
    key = stream(moment[0], moment[1], DROP)
    silent = np.uint64(rate * np.float32(65536.0))
    gain = np.float32(1.0) / (np.float32(1.0) - rate)
    a_row = np.uint64(batch) // _LANES
    for i in range(n):
        begin = np.uint64(first + i) * a_row
        for group in range(batch // 4):
            z = bits(key, begin + np.uint64(group))
            for lane in range(4):
                x[i, 4 * group + lane] *= gain if z & _LOW >= silent else np.float32(0.0)
                z >>= _BITS


@kernel
def pass_back(dx, rate):
    """Divide the gradient of what `drop_out` left by ``1 - rate``, in place; where it silenced, the gate is closed."""
    gain = np.float32(1.0) / (np.float32(1.0) - rate)
    for i in range(dx.shape[0]):
        for b in range(dx.shape[1]):
            dx[i, b] *= gain
