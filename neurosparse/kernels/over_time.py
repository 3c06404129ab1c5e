"""From a sequence to one number a feature: weighted sums over time, and the maximum over time, forward and back.

Steps lie one after the other in the rows of a matrix, `batch` columns each.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH


@kernel
def weigh(x, share, y):
    """Compute ``y[f, b] = sum_t share[t, b] x[f, t, b]``, every sum over t upwards.

    Parameters
    ----------
    x : float32 (n_features, n_steps * batch)
    share : float32 (n_steps, batch)
    y : float32 (n_features, batch)
    """
    n_steps, batch = share.shape
    for f in range(y.shape[0]):
        for c in range(0, batch, WIDTH):
            acc = lanes.spread(np.float32(0.0))
            for t in range(n_steps):
                acc = lanes.multiply_add(lanes.load(share, t, c), lanes.load(x, f, t * batch + c), acc)
            lanes.store(y, f, c, acc)


@kernel
def weigh_back(x, share, dy, dx, ceiling):
    """Compute ``dx[f, t, b] = share[t, b] dy[f, b]`` where the gate of `x` is open (see `lanes.where_open`), else 0.

    Parameters
    ----------
    x, dx : float32 (n_features, n_steps * batch)
    share : float32 (n_steps, batch)
    dy : float32 (n_features, batch)
    ceiling : float32
        Of the activation that made `x`; less than zero where there was none.
    """
    n_steps, batch = share.shape
    for f in range(dy.shape[0]):
        for t in range(n_steps):
            for c in range(0, batch, WIDTH):
                here = t * batch + c
                value = lanes.multiply(lanes.load(share, t, c), lanes.load(dy, f, c))
                lanes.store(dx, f, here, lanes.where_open(lanes.load(x, f, here), ceiling, value))


@kernel
def find_largest(x, length, y, first):
    """Find the largest of the steps of each sample that count, and the first step that has it.

    Parameters
    ----------
    x : float32 (n_features, n_steps * batch)
    length : int32 (batch,)
        Steps that count.
    y : float32 (n_features, batch)
        Written: the largest value, NaN where there is one; 0 where no step counts.
    first : int32 (n_features, batch)
        Written: where it stands first; -1 where no step counts.
    """
    batch = y.shape[1]
    n_steps = x.shape[1] // batch
    for f in range(y.shape[0]):
        for c in range(batch):
            any_step = length[c] > 0
            y[f, c] = x[f, c] if any_step else np.float32(0.0)
            first[f, c] = 0 if any_step else -1
        for t in range(1, n_steps):
            for c in range(batch):
                value, best = x[f, t * batch + c], y[f, c]
                larger = (value > best) | ((value != value) & (best == best))
                larger &= t < length[c]
                y[f, c] = value if larger else best
                first[f, c] = t if larger else first[f, c]


@kernel
def pass_to_largest(x, first, dy, dx, ceiling):
    """Compute ``dx[f, t, b] = dy[f, b]`` where t is `first` and the gate of `x` is open, else 0.

    Parameters
    ----------
    x, dx : float32 (n_features, n_steps * batch)
    first : int32 (n_features, batch)
        As `find_largest` wrote it.
    dy : float32 (n_features, batch)
    ceiling : float32
        Of the activation that made `x`; less than zero where there was none.
    """
    batch = dy.shape[1]
    for f in range(dy.shape[0]):
        for t in range(x.shape[1] // batch):
            for c in range(batch):
                dx[f, t * batch + c] = dy[f, c] if first[f, c] == t else np.float32(0.0)
        for c in range(0, x.shape[1], WIDTH):
            lanes.store(dx, f, c, lanes.where_open(lanes.load(x, f, c), ceiling, lanes.load(dx, f, c)))
