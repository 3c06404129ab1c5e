"""Leaky integration of every feature over the steps of a sequence, and its adjoint.

Steps lie one after the other in the rows of all matrices, `batch` columns each. Where a step does not count (`keep` is
0) output and gradient are zero.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH


@kernel
def integrate(x, keep, kappa, y):
    """Compute ``y[t] = kappa y[t - 1] + (1 - kappa) x[t]`` from zero.

    Parameters
    ----------
    x, y : float32 (n_features, n_steps * batch)
    keep : float32 (n_steps, batch)
    kappa : float32
    """
    n_steps, batch = keep.shape
    old, new = lanes.spread(kappa), lanes.spread(np.float32(1.0) - kappa)
    for f in range(y.shape[0]):
        for c in range(0, batch, WIDTH):
            value = lanes.spread(np.float32(0.0))
            for t in range(n_steps):
                here = t * batch + c
                value = lanes.multiply_add(old, value, lanes.multiply(new, lanes.load(x, f, here)))
                value = lanes.multiply(value, lanes.load(keep, t, c))
                lanes.store(y, f, here, value)


@kernel
def integrate_back(x, keep, kappa, dy, dx, ceiling):
    """Compute the gradient of `x` from that of `y`, where the gate of `x` is open (see `lanes.where_open`), else 0.

    Parameters
    ----------
    x, keep, kappa
        As `integrate` takes them.
    dy, dx : float32 (n_features, n_steps * batch)
    ceiling : float32
        Of the activation that made `x`; less than zero where there was none.
    """
    n_steps, batch = keep.shape
    old, new = lanes.spread(kappa), lanes.spread(np.float32(1.0) - kappa)
    for f in range(dy.shape[0]):
        for c in range(0, batch, WIDTH):
            value = lanes.spread(np.float32(0.0))
            for t in range(n_steps - 1, -1, -1):
                here = t * batch + c
                value = lanes.multiply_add(old, value, lanes.load(dy, f, here))
                value = lanes.multiply(value, lanes.load(keep, t, c))
                lanes.store(dx, f, here, lanes.where_open(lanes.load(x, f, here), ceiling, lanes.multiply(new, value)))
