"""Signals through connections with delays: every delay of a source is a row of its own."""

from __future__ import annotations

import numpy as np


def delayed(x: np.ndarray, delays: int, batch: int, steps: tuple[int, int]) -> np.ndarray:
    """Return ``x[i]`` of d steps before as row ``i * delays + d``, zero before the first step.

    Parameters
    ----------
    x : ndarray of float32, shape (n, n_steps * batch)
    delays, batch : int
    steps : (int, int)
        The first step that is asked for, and the one after the last.

    Returns
    -------
    ndarray of float32, shape (n * delays, (steps[1] - steps[0]) * batch)
        A view of `x` where there is one delay; else `delays` times its memory.
    """
    begin, end = steps
    if delays == 1:
        return x[:, begin * batch : end * batch]
    rows = np.zeros((x.shape[0], delays, (end - begin) * batch), np.float32)
    for d in range(min(delays, end)):
        first = max(begin, d)
        rows[:, d, (first - begin) * batch :] = x[:, (first - d) * batch : (end - d) * batch]
    return rows.reshape(x.shape[0] * delays, (end - begin) * batch)


def undelayed(rows: np.ndarray, delays: int, batch: int, out: np.ndarray) -> None:
    """Write the gradient of x, given that of `delayed`: the sum over the delays.

    Parameters
    ----------
    rows : ndarray of float32, shape (n * delays, n_steps * batch)
    delays, batch : int
    out : ndarray of float32, shape (n, n_steps * batch)
        Written.
    """
    columns = out.shape[1]
    rows = rows.reshape(out.shape[0], delays, columns)
    out[:] = rows[:, 0]
    for d in range(1, min(delays, columns // batch)):
        out[:, : columns - d * batch] += rows[:, d, d * batch :]
