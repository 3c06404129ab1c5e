"""Numbers as spikes over time: events where a signal crosses a threshold, time to the first spike, chance."""

from __future__ import annotations

import numpy as np

from neurosparse.errors import BadInput


def threshold_crossing(signal: np.ndarray, threshold: float, start: np.ndarray | float = 0.0) -> np.ndarray:
    """Return where each feature of a sequence goes up or down by a threshold (send on delta).

    A level follows the signal: where the signal lies a threshold or more above it, there is an event up and the level
    rises by a threshold; below it, down. One event a step at most, so after a jump events go on until the level has
    caught up. ``start + threshold * cumsum(up - down)`` is less than a threshold away from a signal that never moves by
    more than one a step and starts that near.

    Parameters
    ----------
    signal : ndarray of any real dtype, shape (features, steps)
    threshold : float
        Above 0.
    start : ndarray, shape (features,), or float
        The level before the first step.

    Returns
    -------
    ndarray of uint8, shape (2 * features, steps)
        0 or 1: first the events up of every feature, then those down.

    Raises
    ------
    BadInput
        The threshold is not above 0, or the signal is no (features, steps).
    """
    if not threshold > 0 or signal.ndim != 2:
        raise BadInput(
            "a sequence cannot be coded by crossings",
            numbers={"threshold": str(threshold), "shape": str(signal.shape)},
            help="a threshold above 0, and a signal of (features, steps)",
        )
    features, steps = signal.shape
    level = np.empty(features)
    level[:] = start
    events = np.zeros((2, features, steps), np.uint8)
    for t in range(steps):
        distance = signal[:, t] - level
        up, down = distance >= threshold, distance <= -threshold
        events[0, :, t], events[1, :, t] = up, down
        level += threshold * (up.astype(np.float64) - down)
    return events.reshape(2 * features, steps)


def latency(x: np.ndarray, steps: int) -> np.ndarray:
    """Return one spike a number, the sooner the larger it is (time to first spike).

    1 fires at the first step, and what is larger than 0 at the last at least; 0 never fires.

    Parameters
    ----------
    x : ndarray of any real dtype, shape (...)
        In [0, 1].
    steps : int
        At least 1.

    Returns
    -------
    ndarray of uint8, shape (..., steps)
        0 or 1.

    Raises
    ------
    BadInput
        A number lies outside [0, 1], or there is no step.
    """
    _check(x, steps)
    when = np.minimum(((1 - np.asarray(x, np.float64)) * steps).astype(np.int64), steps - 1)
    return ((np.arange(steps) == when[..., None]) & (np.asarray(x) > 0)[..., None]).astype(np.uint8)


def poisson(x: np.ndarray, steps: int, seed: int) -> np.ndarray:
    """Return spikes by chance: at each step with the probability that the number is (Bernoulli, the discrete Poisson).

    Parameters
    ----------
    x : ndarray of any real dtype, shape (...)
        In [0, 1]: the probability of a spike at a step; 0 never fires and 1 always does.
    steps : int
        At least 1.
    seed : int
        Seed of PCG64, whose raw stream NumPy keeps the same in all versions (NEP 19).

    Returns
    -------
    ndarray of uint8, shape (..., steps)
        0 or 1.

    Raises
    ------
    BadInput
        A number lies outside [0, 1], or there is no step.
    """
    _check(x, steps)
    raw = np.random.PCG64(seed).random_raw(np.size(x) * steps).reshape(*np.shape(x), steps)
    # The upper 53 bits as a number from 0 to below 1.
    return ((raw >> np.uint64(11)) * 2.0**-53 < np.asarray(x, np.float64)[..., None]).astype(np.uint8)


def _check(x: np.ndarray, steps: int) -> None:
    """Refuse what cannot be coded."""
    # Written so that NaN, which compares as false, is refused too.
    if steps < 1 or (np.size(x) and not (np.min(x) >= 0 and np.max(x) <= 1)):
        raise BadInput(
            "numbers cannot be coded as spikes",
            numbers={"steps": str(steps)}
            | ({"lowest": str(np.min(x)), "highest": str(np.max(x))} if np.size(x) else {}),
            help="numbers in [0, 1], and one step at least",
        )
