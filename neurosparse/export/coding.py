"""Numbers to spikes: regular trains, with no randomness in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def regular_spikes(x: np.ndarray) -> Iterator[np.ndarray]:
    """Yield, step after step without end, which inputs spike.

    Spikes are equally spaced: up to step `n` there are ``floor(1/2 + x * n)``, the count of a perfect integrator that
    starts half full, which is the nearest whole number to ``x * n``.

    Parameters
    ----------
    x : ndarray of float64
        Spikes a step, in [0, 1].

    Yields
    ------
    ndarray of bool, same shape
    """
    before, step = np.floor(0.5 + x * 0), 0
    while True:
        step += 1
        after = np.floor(0.5 + x * step)
        yield after > before
        before = after
