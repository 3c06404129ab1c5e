"""The forward product of a projection and its bias gradient: one visit of the live slots, rows of batch numbers.

Activations are laid out (neurons, batch), the batch contiguous and padded to a multiple of `lanes.WIDTH`.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rows import position


@kernel
def forward(row_start, target, seen, bias, x, y, rectify, posts):
    """Compute ``y[j] = bias[j] + sum_i w_ij x[i]`` for a range of post neurons, rectified if asked.

    Every sum runs over i upwards, so that the result does not depend on how the range is split.

    Parameters
    ----------
    row_start : int64 (n_pre + 1,)
    target : int32 (n_slots,)
    seen : (weight float32 (n_slots,), ceiling float32, levels float32)
        Weights, and how outputs are rectified: clipped at the ceiling and rounded to one of so many levels above zero
        (see `lanes.staircase`); an infinite ceiling and no levels are a rectifier alone.
    bias : float32 (n_post,)
    x : float32 (n_pre, batch)
    y : float32 (n_post, batch)
        Written for the range of `posts` alone.
    rectify : bool
    posts : (int64, int64)
        First post neuron and the one after the last.
    """
    first, last = posts
    weight, ceiling, levels = seen
    batch = x.shape[1]
    for j in range(first, last):
        b = lanes.spread(bias[j])
        for c in range(0, batch, WIDTH):
            lanes.store(y, j, c, b)
    whole = first == 0 and last == y.shape[0]
    for i in range(row_start.size - 1):
        begin, end = row_start[i], row_start[i + 1]
        if not whole:
            begin, end = position(target, begin, end, first), position(target, begin, end, last)
        if batch == WIDTH:
            here = lanes.load(x, i, 0)
            for slot in range(begin, end):
                j = target[slot]
                lanes.store(y, j, 0, lanes.multiply_add(lanes.spread(weight[slot]), here, lanes.load(y, j, 0)))
        elif batch == 2 * WIDTH:
            here, here2 = lanes.load(x, i, 0), lanes.load(x, i, WIDTH)
            for slot in range(begin, end):
                j = target[slot]
                w = lanes.spread(weight[slot])
                lanes.store(y, j, 0, lanes.multiply_add(w, here, lanes.load(y, j, 0)))
                lanes.store(y, j, WIDTH, lanes.multiply_add(w, here2, lanes.load(y, j, WIDTH)))
        else:
            for slot in range(begin, end):
                j = target[slot]
                w = lanes.spread(weight[slot])
                for c in range(0, batch, WIDTH):
                    lanes.store(y, j, c, lanes.multiply_add(w, lanes.load(x, i, c), lanes.load(y, j, c)))
    if not rectify:
        return
    if levels > np.float32(0.0):
        for j in range(first, last):
            for c in range(0, batch, WIDTH):
                lanes.store(y, j, c, lanes.staircase(lanes.load(y, j, c), ceiling, levels))
        return
    for j in range(first, last):
        for c in range(0, batch, WIDTH):
            lanes.store(y, j, c, lanes.positive_part(lanes.load(y, j, c)))


@kernel
def descend_bias(bias, velocity, dy, rate, momentum):
    """Move each bias down its gradient, the sum of its row of `dy`.

    Parameters
    ----------
    bias : float32 (n_post,)
    velocity : float32 (n_post,) or (0,)
        Empty where there is no momentum.
    dy : float32 (n_post, batch)
        Gradient of the mean loss with respect to the sum that each neuron computes.
    rate, momentum : float32
    """
    for j in range(bias.size):
        acc = lanes.load(dy, j, 0)
        for c in range(WIDTH, dy.shape[1], WIDTH):
            acc = lanes.add(acc, lanes.load(dy, j, c))
        gradient = lanes.total(acc)
        if velocity.size:
            gradient += momentum * velocity[j]
            velocity[j] = gradient
        bias[j] -= rate * gradient
