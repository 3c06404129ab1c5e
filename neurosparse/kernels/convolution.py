"""Products of sparse convolution kernels with images: a live weight is one vector operation over positions and batch.

An image is laid out in `planes`: padded with zeros, and cut into phases where the stride is above 1, so that what a
weight at (channel, row, column) of the kernel sees at the positions of a row, one after the other, is one run of memory
of its channel. The way back is the same product: what a pixel is shown lies in runs of the planes of the gradient. No
matrix of patches exists: the sums of a tile of positions stay in registers while the weights that count are passed.

Of a batch only some samples, `abreast`, lie side by side in a run; planes of others lie behind. Neighbours see much the
same pixels, so that many positions of a few samples need less of the first-level cache than one position of many.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import HELD, WIDTH

# Columns at a time.
TILE = 8 * WIDTH

# Rows of the kernel, or channels of the gradient, whose weights are passed at a time: what a tile sees through them
# stays in the first-level cache while all sums take from it, and there are enough of them to make up for the visit.
_ROWS = 16 * HELD
_CHANNELS = HELD


@kernel
def to_planes(x, planes, shape, channels):
    """Copy a range of channels of images into their planes; what lies outside of the image is left as it is, zero.

    Parameters
    ----------
    x : float32 (channels * height * width, batch)
    planes : float32 (channels, at least stride * stride * rows * pitch * batch and a tile)
    shape : (height, width, stride, top, left, rows, pitch, abreast), each int64
        Of the image; of the convolution; rows and columns of padding before the image; of one plane; the samples that
        lie side by side, whole vectors of them and a divisor of the batch.
    channels : (int64, int64)
        First channel and the one after the last.
    """
    height, width, stride, top, left, rows, pitch, abreast = shape
    area = stride * stride * rows * pitch * abreast
    for channel in range(channels[0], channels[1]):
        for i in range(height):
            for j in range(width):
                begin = _place(i + top, j + left, stride, rows, pitch) * abreast
                for b in range(0, x.shape[1], WIDTH):
                    run = lanes.load(x, (channel * height + i) * width + j, b)
                    lanes.store(planes, channel, b // abreast * area + begin + b % abreast, run)


@kernel
def _place(i, j, stride, rows, pitch):
    """Return which place of its channel's planes a pixel of the padded image has."""
    return ((i % stride * stride + j % stride) * rows + i // stride) * pitch + j // stride


@kernel
def convolve(rows, seen, bias, planes, begin, y, shape, posts):
    """Compute ``y[j] = f(bias[j] + sum over live weights of w * what it sees)`` for a range of channels.

    Every sum runs over rows upwards, so that the result does not depend on how the range is split.

    Parameters
    ----------
    rows : (row_start int64 (n_rows + 1,), target int32)
        A row is (channel, row, column) of the kernel; a target is a channel out.
    seen : (weight float32, ceiling float32, levels float32)
        As `products.forward` takes it.
    bias : float32 (n_out,)
    planes : float32 (channels, ...)
    begin : int64 (size * size,)
        Where in its channel's planes the run of each (row, column) of the kernel begins.
    y : float32 (n_out * height * width, batch)
        Written for the range of channels.
    shape : (height, width, abreast, pitch, area, rectify), each int64
        Of the output; samples side by side; of the planes, and how much of a channel's so many samples take; 0 where
        the sums are what is asked for.
    posts : (int64, int64)
        First channel out and the one after the last.
    """
    row_start, target = rows
    weight, ceiling, levels = seen
    height, width, abreast, pitch, area, rectify = shape
    first, last = posts
    count, columns = last - first, width * abreast
    key = np.full(row_start[-1], -1, np.int32)
    run = np.empty(key.size, np.int64)
    groups = (row_start.size - 2) // _ROWS + 1
    for i in range(row_start.size - 1):
        here = i // begin.size * planes.shape[1] + begin[i % begin.size]
        for slot in range(row_start[i], row_start[i + 1]):
            if first <= target[slot] < last:
                key[slot] = i // _ROWS * count + target[slot] - first
                run[slot] = here
    passed = _in_order(key, run, weight, groups * count)
    z = tiles(count)
    for sample in range(0, y.shape[1], abreast):
        for i in range(height):
            begins = sample // abreast * area + i * pitch * abreast
            for column in range(0, columns, TILE):
                for j in range(first, last):
                    b = lanes.spread(bias[j])
                    for c in range(0, TILE, WIDTH):
                        lanes.store(z, j - first, c, b)
                _add_products(passed, (0, groups * count), planes, begins + column, z)
                for j in range(first, last):
                    for c in range(0, min(TILE, columns - column), WIDTH):
                        sums = lanes.load(z, j - first, c)
                        if rectify and levels > np.float32(0.0):
                            sums = lanes.staircase(sums, ceiling, levels)
                        elif rectify:
                            sums = lanes.positive_part(sums)
                        position, b = (column + c) // abreast, (column + c) % abreast
                        lanes.store(y, (j * height + i) * width + position, sample + b, sums)


@kernel
def push_back(rows, weight, back, dplanes, x, dx, shape, channels):
    """Compute the gradient of a range of channels of the image, where the gates of `x` are open.

    Parameters
    ----------
    rows : (row_start int64 (n_rows + 1,), target int32)
    weight : float32
        As the network sees them.
    back : (phase int64 (size * size,), begin int64 (size * size,))
        Which phase of an image each (row, column) of the kernel sees, and where in the planes of the gradient the run
        begins that it shows to the places of this phase.
    dplanes : float32 (n_out, ...)
        The gradient of the sums, laid out as `to_planes` does.
    x, dx : float32 (channels * height * width, batch)
        The image, and its gradient: written for the range of channels.
    shape : (height, width, stride, top, left, abreast, pitch, area, ceiling)
        Of the image; of the convolution; padding before the image; of `dplanes` as `convolve` takes them, each int64;
        the ceiling of `lanes.where_open`, float32.
    channels : (int64, int64)
        First channel and the one after the last.
    """
    row_start, target = rows
    phase, begin = back
    height, width, stride, top, left, abreast, pitch, area, ceiling = shape
    first, last = channels
    count, size = last - first, begin.size
    start = row_start[first * size]
    key = np.empty(row_start[last * size] - start, np.int32)
    run = np.empty(key.size, np.int64)
    groups = (dplanes.shape[0] - 1) // _CHANNELS + 1
    for i in range(first * size, last * size):
        for slot in range(row_start[i], row_start[i + 1]):
            group = phase[i % size] * groups + target[slot] // _CHANNELS
            key[slot - start] = group * count + i // size - first
            run[slot - start] = target[slot] * dplanes.shape[1] + begin[i % size]
    passed = _in_order(key, run, weight[start:], stride * stride * groups * count)
    z = tiles(count)
    zero = lanes.spread(np.float32(0.0))
    for sample in range(0, x.shape[1], abreast):
        for i in range(height):
            row = i + top
            for side in range(min(stride, width)):
                # The pixels side, side + stride, ... of a row lie one after the other in their phase.
                at = row % stride * stride + (side + left) % stride
                keys = at * groups * count, (at + 1) * groups * count
                columns = ((width - side - 1) // stride + 1) * abreast
                begins = sample // abreast * area + (row // stride * pitch + (side + left) // stride) * abreast
                for column in range(0, columns, TILE):
                    for channel in range(count):
                        for c in range(0, TILE, WIDTH):
                            lanes.store(z, channel, c, zero)
                    _add_products(passed, keys, dplanes, begins + column, z)
                    for channel in range(first, last):
                        for c in range(0, min(TILE, columns - column), WIDTH):
                            j, b = side + (column + c) // abreast * stride, sample + (column + c) % abreast
                            pixel = (channel * height + i) * width + j
                            pushed = lanes.load(z, channel - first, c)
                            lanes.store(dx, pixel, b, lanes.where_open(lanes.load(x, pixel, b), ceiling, pushed))


@kernel
def tiles(count):
    """Return room for `count` tiles, each on a cache-line boundary: float32 (count, TILE)."""
    raw = np.empty(count * TILE + WIDTH, np.float32)
    skip = -raw.ctypes.data % 64 // 4
    return raw[skip : skip + count * TILE].reshape(count, TILE)


@kernel
def _in_order(key, run, weight, n_keys):
    """Put slots in the order of their keys, and else as they are; those below zero are left out.

    Returns
    -------
    start : int64 (n_keys + 1,)
        The first slot of each key, in the order.
    run : int64 (n,)
    weight : float32 (n,)
    """
    start = np.zeros(n_keys + 2, np.int64)
    for k in key:
        if k >= 0:
            start[k + 2] += 1
    for k in range(2, n_keys + 2):
        start[k] += start[k - 1]
    ordered, weights = np.empty(start[-1], np.int64), np.empty(start[-1], np.float32)
    for slot in range(key.size):
        if key[slot] >= 0:
            n = start[key[slot] + 1]
            start[key[slot] + 1] += 1
            ordered[n], weights[n] = run[slot], weight[slot]
    return start[: n_keys + 1], ordered, weights


@kernel
def _add_products(passed, keys, planes, column, z):
    """Add to each of some sums, key after key, what its weights see of a tile.

    Parameters
    ----------
    passed : (start, run, weight)
        As `_in_order` returns them; key k is one of sum ``k % n``.
    keys : (int64, int64)
        The first key and the one after the last, multiples of n.
    planes : float32 (channels, ...)
    column : int64
        Where in every run the tile begins.
    z : float32 (n, TILE)
    """
    start, run, weight = passed
    flat = planes.reshape(planes.size)
    for base in range(keys[0], keys[1], z.shape[0]):
        for j in range(z.shape[0]):
            slots = start[base + j], start[base + j + 1]
            if slots[0] == slots[1]:
                continue
            if HELD == 8:
                _add_eight(run, weight, slots, flat, column, z, j)
            else:
                _add_four(run, weight, slots, flat, column, z, j, 0)
                _add_four(run, weight, slots, flat, column, z, j, 4 * WIDTH)


@kernel
def _add_eight(run, weight, slots, flat, column, z, j):
    """Add to sum j what the weights in some slots see of a tile."""
    a0, a1 = lanes.load(z, j, 0), lanes.load(z, j, WIDTH)
    a2, a3 = lanes.load(z, j, 2 * WIDTH), lanes.load(z, j, 3 * WIDTH)
    a4, a5 = lanes.load(z, j, 4 * WIDTH), lanes.load(z, j, 5 * WIDTH)
    a6, a7 = lanes.load(z, j, 6 * WIDTH), lanes.load(z, j, 7 * WIDTH)
    for n in range(slots[0], slots[1]):
        here, w = run[n] + column, lanes.spread(weight[n])
        a0 = lanes.multiply_add(w, lanes.load_run(flat, here), a0)
        a1 = lanes.multiply_add(w, lanes.load_run(flat, here + WIDTH), a1)
        a2 = lanes.multiply_add(w, lanes.load_run(flat, here + 2 * WIDTH), a2)
        a3 = lanes.multiply_add(w, lanes.load_run(flat, here + 3 * WIDTH), a3)
        a4 = lanes.multiply_add(w, lanes.load_run(flat, here + 4 * WIDTH), a4)
        a5 = lanes.multiply_add(w, lanes.load_run(flat, here + 5 * WIDTH), a5)
        a6 = lanes.multiply_add(w, lanes.load_run(flat, here + 6 * WIDTH), a6)
        a7 = lanes.multiply_add(w, lanes.load_run(flat, here + 7 * WIDTH), a7)
    lanes.store(z, j, 0, a0)
    lanes.store(z, j, WIDTH, a1)
    lanes.store(z, j, 2 * WIDTH, a2)
    lanes.store(z, j, 3 * WIDTH, a3)
    lanes.store(z, j, 4 * WIDTH, a4)
    lanes.store(z, j, 5 * WIDTH, a5)
    lanes.store(z, j, 6 * WIDTH, a6)
    lanes.store(z, j, 7 * WIDTH, a7)


@kernel
def _add_four(run, weight, slots, flat, column, z, j, c):
    """Add to half of sum j, from column c of a tile on, what the weights in some slots see."""
    a0, a1 = lanes.load(z, j, c), lanes.load(z, j, c + WIDTH)
    a2, a3 = lanes.load(z, j, c + 2 * WIDTH), lanes.load(z, j, c + 3 * WIDTH)
    for n in range(slots[0], slots[1]):
        here, w = run[n] + (column + c), lanes.spread(weight[n])
        a0 = lanes.multiply_add(w, lanes.load_run(flat, here), a0)
        a1 = lanes.multiply_add(w, lanes.load_run(flat, here + WIDTH), a1)
        a2 = lanes.multiply_add(w, lanes.load_run(flat, here + 2 * WIDTH), a2)
        a3 = lanes.multiply_add(w, lanes.load_run(flat, here + 3 * WIDTH), a3)
    lanes.store(z, j, c, a0)
    lanes.store(z, j, c + WIDTH, a1)
    lanes.store(z, j, c + 2 * WIDTH, a2)
    lanes.store(z, j, c + 3 * WIDTH, a3)
