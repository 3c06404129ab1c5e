"""The backward visit: input gradient, weight gradient, step, shrinkage, noise, zero crossing and compaction at once."""

from __future__ import annotations

import math

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.blocks import move
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rng import NOISE, normal, stream

# Slots visited at a time: their gradients stay in the first-level cache until they are applied.
_BLOCK = 1024


@kernel
def descend(slots, seen, x, dx, dy, law, moment, rows, died, width):
    """Visit every live slot of a range of rows once: push the gradient back, move the weight, drop the dead.

    Algorithm 1 of Bellec et al. 2018, lines 2 to 6, with theta = abs(w) and the connection's sign in the sign bit of w:
    ``theta <- theta - rate * dE/dtheta - shrink + noise * nu``; a connection whose theta falls below zero dies.
    Survivors move to the left end of the range while they are visited; the row starts follow them. In the gap behind
    them the weights are the overshoots of the dead, ``-theta``, in the order of their slots, and the targets are their
    columns j, or ``~j`` where the sign was negative.

    Parameters
    ----------
    slots : (row_start int64 (n_pre + 1,), target int32, weight float32, velocity float32)
        Rows of one projection; `velocity` is empty where there is no momentum.
    seen : (weight float32 (n_slots,), ceiling float32, levels float32)
        The weights that gradients are pushed back through, which may be `weight` itself, and how `x` was rectified (see
        `products.forward`).
    x : float32 (n_pre, batch)
    dx : float32 (n_pre, batch) or (0, 0)
        Becomes the gradient of the sums below where the gate of `x` is open (see `lanes.where_open`); empty where
        nobody asks (the first layer).
    dy : float32 (n_post, batch)
        Gradient of the mean loss with respect to the sums of the post neurons.
    law : (rate, shrink, noise, momentum, least), each float32
        eta; eta * alpha; sqrt(2 eta T); the part of the velocity kept; the least theta of a connection that does not
        die where it crosses zero: 0 where it keeps its sign, -inf where it goes on with the other.
    moment : (seed, step), each int64
        Name the random stream; the deviate of a connection is named by its slot.
    rows : (int64, int64)
        First row and the one after the last.
    died : int64 (n_cores,) or (0,)
        Counted up for the core of each connection that dies; empty where none does and a connection that crosses zero
        goes on with the other sign.
    width : int64
        Post neurons a core.

    Returns
    -------
    int64
        The slot after the last survivor.
    """
    row_start, target, _, _ = slots
    first, last = rows
    key = stream(moment[0], moment[1], NOISE)
    gradient = np.empty(_BLOCK, np.float32)
    dead = np.empty(_BLOCK, np.int64)
    lost = np.empty(_BLOCK, np.int32)
    noted = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.int32)
    start = row_start[first]
    row, gone = first, 0
    while row < last:
        # As many whole rows as a block holds, and at least one.
        upto = row + 1
        while upto < last and row_start[upto + 1] - start <= _BLOCK:
            upto += 1
        stop = row_start[upto]
        if stop - start > gradient.size:
            gradient = np.empty(stop - start, np.float32)
            dead = np.empty(stop - start, np.int64)
            lost = np.empty(stop - start, np.int32)
        if dy.shape[1] == WIDTH:
            _push_one(row_start, target, seen, x, dx, dy, row, upto, gradient)
        elif dy.shape[1] == 2 * WIDTH:
            _push_two(row_start, target, seen, x, dx, dy, row, upto, gradient)
        else:
            _push(row_start, target, seen, x, dx, dy, row, upto, gradient)
        gone, noted = settle(slots, law, key, (row, upto), start, gradient, (dead, lost), (gone, noted), died, width)
        row, start = upto, stop
    return note_dead(slots, start, gone, noted)


@kernel
def settle(slots, law, key, rows, start, gradient, scratch, gaps, died, width):
    """Move the weights of a block of rows down their gradients, drop the dead, and close up to the rows before.

    Parameters
    ----------
    slots, law, died, width
        As `descend` takes them.
    key : uint64
        The random stream of the step's noise.
    rows : (int64, int64)
        First row of the block and the one after the last.
    start : int64
        The first slot of the block, before anything moved.
    gradient : float32 (n,)
        Of the slots of the block; overwritten.
    scratch : (int64 (n,), int32 (n,))
    gaps : (gone, (overshoot float32, column int32))
        How many died in the rows before, and what is known of them.

    Returns
    -------
    int64, (float32, int32)
        `gaps` with those of this block.
    """
    row_start, target, weight, velocity = slots
    row, upto = rows
    gone, noted = gaps
    dead, lost = scratch
    stop = row_start[upto]
    _move(gradient, weight[start:stop], velocity[start:stop], law, key, np.uint64(start))
    if not died.size:
        _settle(gradient, weight[start:stop], law[4])
        return gone, noted
    theta = gradient[: stop - start]
    n_dead = _compact(theta, target, weight, velocity, start, start - gone, (dead, lost), died, width)
    noted = _note(noted, gone, theta, dead[:n_dead], lost, start)
    n = 0
    for i in range(row, upto):
        while n < n_dead and dead[n] < row_start[i]:
            n += 1
        row_start[i] -= gone + n
    return gone + n_dead, noted


@kernel
def note_dead(slots, end, gone, noted):
    """Write what is known of the dead behind the survivors of rows that end before slot `end`; return where."""
    _, target, weight, _ = slots
    write = end - gone
    weight[write:end] = noted[0][:gone]
    target[write:end] = noted[1][:gone]
    return write


@kernel
def _note(noted, count, theta, dead, lost, start):
    """Put overshoots and columns of a block's dead behind the `count` that are noted; the arrays may become longer."""
    overshoot, column = noted
    if count + dead.size > overshoot.size:
        overshoot = np.empty(2 * (count + dead.size), np.float32)
        column = np.empty(overshoot.size, np.int32)
        overshoot[:count] = noted[0][:count]
        column[:count] = noted[1][:count]
    for n in range(dead.size):
        overshoot[count + n] = -theta[dead[n] - start]
        column[count + n] = lost[n]
    return overshoot, column


@kernel
def _settle(theta, weight, least):
    """Give every connection of a block its new size, at least `least`; one below zero is one of the other sign."""
    for k in range(weight.size):
        weight[k] = math.copysign(np.float32(1.0), weight[k]) * max(theta[k], least)


@kernel
def _move(gradient, weight, velocity, law, key, start):
    """Turn each gradient into the new theta of its connection, in place: below zero it has died."""
    rate, shrink, noise, momentum, _ = law
    if velocity.size:
        for k in range(weight.size):
            gradient[k] += momentum * velocity[k]
            velocity[k] = gradient[k]
    for k in range(weight.size):
        w = weight[k]
        gradient[k] = abs(w) - math.copysign(rate, w) * gradient[k] - shrink
    if noise > np.float32(0.0):
        for k in range(weight.size):
            gradient[k] += noise * normal(key, start + np.uint64(k))


@kernel
def _compact(theta, target, weight, velocity, start, write, dead, died, width):
    """Move the survivors of a block to where slot `write` begins, and note the slots of the dead.

    Parameters
    ----------
    theta : float32 (n,)
        New sizes of the connections in the slots from `start` on.
    dead : (int64 (n,), int32 (n,))
        Written: the slots of the dead, ascending, and their columns, or ``~column`` where the sign was negative.
    died : int64 (n_cores,)
        Counted up.

    Returns
    -------
    int64
        How many died.
    """
    n_dead = 0
    k = 0
    while k < theta.size:
        begin = start + k
        if k + WIDTH <= theta.size and not lanes.any_below_zero(lanes.load_run(theta, k)):
            move(target, write, begin, begin + WIDTH)
            lanes.store_run(weight, write, lanes.with_sign(lanes.load_run(theta, k), lanes.load_run(weight, begin)))
            if velocity.size:
                move(velocity, write, begin, begin + WIDTH)
            write += WIDTH
            k += WIDTH
            continue
        for slot in range(begin, start + min(k + WIDTH, theta.size)):
            j = target[slot]
            if theta[slot - start] < np.float32(0.0):
                died[j // width] += 1
                dead[0][n_dead] = slot
                dead[1][n_dead] = ~j if math.copysign(np.float32(1.0), weight[slot]) < np.float32(0.0) else j
                n_dead += 1
                continue
            target[write] = j
            weight[write] = math.copysign(theta[slot - start], weight[slot])
            if velocity.size:
                velocity[write] = velocity[slot]
            write += 1
        k += WIDTH
    return n_dead


@kernel
def _push_one(row_start, target, seen, x, dx, dy, first, last, gradient):
    """Fill `gradient` and ``dx`` for some rows, where the batch is one vector: x[i] and dx[i] stay in registers."""
    weight, ceiling, _ = seen
    base = row_start[first]
    for i in range(first, last):
        here = lanes.load(x, i, 0)
        back = lanes.spread(np.float32(0.0))
        for slot in range(row_start[i], row_start[i + 1]):
            d = lanes.load(dy, target[slot], 0)
            gradient[slot - base] = lanes.total(lanes.multiply(here, d))
            back = lanes.multiply_add(lanes.spread(weight[slot]), d, back)
        if dx.shape[0]:
            lanes.store(dx, i, 0, lanes.where_open(here, ceiling, back))


@kernel
def _push_two(row_start, target, seen, x, dx, dy, first, last, gradient):
    """Do as `_push_one`, where the batch is two vectors."""
    weight, ceiling, _ = seen
    base = row_start[first]
    for i in range(first, last):
        here, here2 = lanes.load(x, i, 0), lanes.load(x, i, WIDTH)
        back = back2 = lanes.spread(np.float32(0.0))
        for slot in range(row_start[i], row_start[i + 1]):
            d, d2 = lanes.load(dy, target[slot], 0), lanes.load(dy, target[slot], WIDTH)
            gradient[slot - base] = lanes.total(lanes.multiply_add(here, d, lanes.multiply(here2, d2)))
            w = lanes.spread(weight[slot])
            back, back2 = lanes.multiply_add(w, d, back), lanes.multiply_add(w, d2, back2)
        if dx.shape[0]:
            lanes.store(dx, i, 0, lanes.where_open(here, ceiling, back))
            lanes.store(dx, i, WIDTH, lanes.where_open(here2, ceiling, back2))


@kernel
def _push(row_start, target, seen, x, dx, dy, first, last, gradient):
    """Do as `_push_one`, for a batch of any number of vectors."""
    weight, ceiling, _ = seen
    base = row_start[first]
    batch = dy.shape[1]
    push = dx.shape[0] > 0
    zero = lanes.spread(np.float32(0.0))
    for i in range(first, last):
        if push:
            for c in range(0, batch, WIDTH):
                lanes.store(dx, i, c, zero)
        for slot in range(row_start[i], row_start[i + 1]):
            j = target[slot]
            acc = zero
            if push:
                w = lanes.spread(weight[slot])
                for c in range(0, batch, WIDTH):
                    d = lanes.load(dy, j, c)
                    acc = lanes.multiply_add(lanes.load(x, i, c), d, acc)
                    lanes.store(dx, i, c, lanes.multiply_add(w, d, lanes.load(dx, i, c)))
            else:
                for c in range(0, batch, WIDTH):
                    acc = lanes.multiply_add(lanes.load(x, i, c), lanes.load(dy, j, c), acc)
            gradient[slot - base] = lanes.total(acc)
        if push:
            for c in range(0, batch, WIDTH):
                lanes.store(dx, i, c, lanes.where_open(lanes.load(x, i, c), ceiling, lanes.load(dx, i, c)))
