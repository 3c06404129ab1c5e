"""The backward visit: input gradient, weight gradient, step, shrinkage, noise, zero crossing and compaction at once."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rng import NOISE, WEIGHT, normal, stream


@kernel
def descend(slots, x, dx, dy, law, moment, rows, died, width):
    """Visit every live slot of a range of rows once: push the gradient back, move the weight, drop the dead.

    Algorithm 1 of Bellec et al. 2018, lines 2 to 6, with theta = abs(w) and the connection's sign in the sign bit of w:
    ``theta <- theta - rate * dE/dtheta - shrink + noise * nu``; a connection whose theta falls below zero dies.
    Survivors move to the left end of the range while they are visited; the row starts follow them.

    Parameters
    ----------
    slots : (row_start int64 (n_pre + 1,), target int32, weight float32, velocity float32)
        Rows of one projection; `velocity` is empty where there is no momentum.
    x : float32 (n_pre, batch)
    dx : float32 (n_pre, batch) or (0, 0)
        Becomes the gradient of the sums below, where `x` is rectified; empty where nobody asks (the first layer).
    dy : float32 (n_post, batch)
        Gradient of the mean loss with respect to the sums of the post neurons.
    law : (rate, shrink, noise, momentum), each float32
        eta; eta * alpha; sqrt(2 eta T); the part of the velocity kept.
    moment : (seed, step), each int64
        Name the random stream; the deviate of a connection is named by its slot.
    rows : (int64, int64)
        First row and the one after the last.
    died : int64 (n_cores,)
        Counted up for the core of each connection that dies.
    width : int64
        Post neurons a core.

    Returns
    -------
    int64
        The slot after the last survivor.
    """
    row_start, target, weight, velocity = slots
    rate, shrink, noise, momentum = law
    first, last = rows
    key = stream(moment[0], moment[1], NOISE)
    batch = dy.shape[1]
    push = dx.shape[0] > 0
    write = row_start[first]
    end = write
    for i in range(first, last):
        begin = end
        end = row_start[i + 1]
        row_start[i] = write
        if push:
            zero = lanes.spread(np.float32(0.0))
            for c in range(0, batch, WIDTH):
                lanes.store(dx, i, c, zero)
        for slot in range(begin, end):
            j = target[slot]
            w = weight[slot]
            acc = lanes.spread(np.float32(0.0))
            if push:
                wide = lanes.spread(w)
                for c in range(0, batch, WIDTH):
                    d = lanes.load(dy, j, c)
                    acc = lanes.multiply_add(lanes.load(x, i, c), d, acc)
                    lanes.store(dx, i, c, lanes.multiply_add(wide, d, lanes.load(dx, i, c)))
            else:
                for c in range(0, batch, WIDTH):
                    acc = lanes.multiply_add(lanes.load(x, i, c), lanes.load(dy, j, c), acc)
            gradient = lanes.total(acc)
            if velocity.size:
                gradient += momentum * velocity[slot]
            theta = abs(w) - rate * math.copysign(np.float32(1.0), w) * gradient - shrink
            if noise > 0:
                theta += noise * normal(key, np.uint64(slot))
            if theta < 0:
                died[j // width] += 1
                continue
            target[write] = j
            weight[write] = math.copysign(theta, w)
            if velocity.size:
                velocity[write] = gradient
            write += 1
        if push:
            for c in range(0, batch, WIDTH):
                lanes.store(dx, i, c, lanes.where_positive(lanes.load(x, i, c), lanes.load(dx, i, c)))
    return write


@kernel
def scatter_weights(slots, spread, seed, step):
    """Give every live connection of a projection a half-normal size, its sign kept.

    Parameters
    ----------
    slots : (row_start, target, weight, velocity)
        Rows of one projection.
    spread : float32
        Standard deviation of the normal distribution whose size is taken.
    seed, step : int64
        Name the random stream.
    """
    row_start, _, weight, _ = slots
    key = stream(seed, step, WEIGHT)
    for slot in range(row_start[0], row_start[row_start.size - 1]):
        weight[slot] = math.copysign(spread * normal(key, np.uint64(slot)), weight[slot])
