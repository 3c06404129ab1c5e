"""Counter-based random numbers: (seed, step, what, index) names a number, in any order and on any thread.

A stream is a 64-bit key; its number `index` is the SplitMix64 output at that index (Steele, Lea, Flood: "Fast
splittable pseudorandom number generators", OOPSLA 2014). Keys are derived by mixing, so streams of different
(seed, step, what) are unrelated.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from neurosparse.kernels.jit import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_ONE = np.uint64(1)
_S11 = np.uint64(11)

# What a stream is for.
NOISE, BIRTH, SIGN, WEIGHT, ORDER, PATH, DROP, TIE, SIZE, WALK, SURFACE, LAYER, VIEW = range(13)

_QUANTILE_BITS = 12
_INDEX_MASK = np.uint64((1 << _QUANTILE_BITS) - 1)
_SECOND_INDEX = np.uint64(_QUANTILE_BITS)


def _quantiles() -> np.ndarray:
    """Return the midpoint quantiles of the normal distribution, scaled so that a sum of two has unit variance."""
    count = 1 << _QUANTILE_BITS
    normal = NormalDist()
    values = np.array([normal.inv_cdf((k + 0.5) / count) for k in range(count)])
    return (values / np.sqrt(2.0 * np.mean(values**2))).astype(np.float32)


_QUANTILE = _quantiles()


@kernel
def bits(key, index):
    """Return number `index` of stream `key`: 64 random bits.

    Parameters
    ----------
    key : uint64
    index : uint64

    Returns
    -------
    uint64
    """
    z = key + (index + _ONE) * _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return z ^ (z >> _S31)


@kernel
def stream(seed, step, what):
    """Return the key of the stream for `what` at `step` of the run seeded with `seed`.

    Parameters
    ----------
    seed, step, what : int64
        `what` is one of NOISE, BIRTH, SIGN, WEIGHT, ORDER, PATH, DROP, TIE, SIZE, WALK, SURFACE, LAYER, VIEW.

    Returns
    -------
    uint64
    """
    return bits(bits(bits(np.uint64(seed), np.uint64(what)), np.uint64(step)), np.uint64(0))


@kernel
def uniform(key, index):
    """Return number `index` of stream `key` as a float64 uniform on (0, 1]."""
    return (np.float64(bits(key, index) >> _S11) + 1.0) * 2.0**-53


@kernel
def normal(key, index):
    """Return number `index` of stream `key` as a normal deviate of mean 0 and variance 1.

    The sum of two deviates of a 4,096-point normal: mean and variance are exact, the excess kurtosis is -0.004,
    and no value lies beyond 5.2. That is what stochastic gradient noise needs, at a tenth of the time of a
    logarithm and a cosine.

    Returns
    -------
    float32
    """
    z = bits(key, index)
    return _QUANTILE[z & _INDEX_MASK] + _QUANTILE[(z >> _SECOND_INDEX) & _INDEX_MASK]


@kernel
def below(key, index, bound, mask):
    """Return a whole number uniform on 0..bound-1, and the index of the next unused draw of the stream.

    Draws under a mask are rejected until one lies below the bound, so that the law is exact (a remainder or a
    scaled product is not); fewer than two are needed on average.

    Parameters
    ----------
    key, index : uint64
    bound : int64
        At least 1.
    mask : uint64
        The smallest 2**n - 1 that is at least ``bound - 1``.

    Returns
    -------
    int64, uint64
    """
    while True:
        value = np.int64(bits(key, index) & mask)
        index += _ONE
        if value < bound:
            return value, index


@kernel
def mask_for(bound):
    """Return the smallest 2**n - 1 that is at least ``bound - 1``, as uint64."""
    mask = np.uint64(0)
    while np.int64(mask) < bound - 1:
        mask = (mask << _ONE) | _ONE
    return mask
