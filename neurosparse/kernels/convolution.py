"""Products of sparse convolution kernels with images: a live weight is one vector operation over positions and batch.

An image is laid out in `planes`: padded with zeros, and cut into phases where the stride is above 1, so that what a
weight at (channel, row, column) of the kernel sees at all positions, one after the other, is one run of memory of its
channel. Rows of positions have the pitch of the planes: the places behind the last position of a row lie in between.
A tile of nothing else is passed over; in the others their sums are computed and never read, and their gradients are
zero. No matrix of patches exists: a tile of a run stays in registers while all channels out take from it.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rng import NOISE, stream
from neurosparse.kernels.rows import position
from neurosparse.kernels.update import note_dead, settle

# Columns at a time: four vectors stay in registers, and as many of every channel in the first-level cache.
TILE = 4 * WIDTH

# Slots whose gradients are summed up at a time, a vector each: they stay in the second-level cache.
_BLOCK = 1024


@kernel
def to_planes(x, planes, shape):
    """Copy images into their planes; what lies outside of the image is left as it is, zero.

    Parameters
    ----------
    x : float32 (channels * height * width, batch)
    planes : float32 (channels, at least stride * stride * rows * pitch * batch and a tile)
    shape : (height, width, stride, top, left, rows, pitch), each int64
        Of the image; of the convolution; rows and columns of padding before the image; of one plane.
    """
    height, width, stride, top, left, rows, pitch = shape
    batch = x.shape[1]
    for channel in range(planes.shape[0]):
        for i in range(height):
            for j in range(width):
                begin = _place(i + top, j + left, stride, rows, pitch) * batch
                for b in range(0, batch, WIDTH):
                    run = lanes.load(x, (channel * height + i) * width + j, b)
                    lanes.store(planes, channel, begin + b, run)


@kernel
def from_planes(planes, x, dx, shape, ceiling):
    """Copy the gradient of images out of their planes, where the gates of `x` are open (see `lanes.where_open`).

    Parameters
    ----------
    planes : float32, as `to_planes` takes it
    x, dx : float32 (channels * height * width, batch)
    shape
        As `to_planes` takes it.
    ceiling : float32
    """
    height, width, stride, top, left, rows, pitch = shape
    batch = x.shape[1]
    for channel in range(planes.shape[0]):
        for i in range(height):
            for j in range(width):
                begin = _place(i + top, j + left, stride, rows, pitch) * batch
                pixel = (channel * height + i) * width + j
                for b in range(0, batch, WIDTH):
                    back = lanes.load(planes, channel, begin + b)
                    lanes.store(dx, pixel, b, lanes.where_open(lanes.load(x, pixel, b), ceiling, back))


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
    shape : (height, width, pitch, rectify), each int64
        Of the output; the pitch of the planes; 0 where the sums are what is asked for.
    posts : (int64, int64)
        First channel out and the one after the last.
    """
    row_start, target = rows
    weight, ceiling, levels = seen
    height, width, pitch, rectify = shape
    first, last = posts
    batch, size = y.shape[1], begin.size
    whole = first == 0 and last == bias.size
    z = np.empty((last - first, TILE), np.float32)
    for tile in range(0, ((height - 1) * pitch + width) * batch, TILE):
        if not _has_positions(tile, batch, (height, width, pitch)):
            continue
        for j in range(first, last):
            b = lanes.spread(bias[j])
            for c in range(0, TILE, WIDTH):
                lanes.store(z, j - first, c, b)
        for i in range(row_start.size - 1):
            left, right = row_start[i], row_start[i + 1]
            if not whole:
                left, right = position(target, left, right, first), position(target, left, right, last)
            if left == right:
                continue
            channel, run = i // size, begin[i % size] + tile
            x0, x1 = lanes.load(planes, channel, run), lanes.load(planes, channel, run + WIDTH)
            x2, x3 = lanes.load(planes, channel, run + 2 * WIDTH), lanes.load(planes, channel, run + 3 * WIDTH)
            for slot in range(left, right):
                j, w = target[slot] - first, lanes.spread(weight[slot])
                lanes.store(z, j, 0, lanes.multiply_add(w, x0, lanes.load(z, j, 0)))
                lanes.store(z, j, WIDTH, lanes.multiply_add(w, x1, lanes.load(z, j, WIDTH)))
                lanes.store(z, j, 2 * WIDTH, lanes.multiply_add(w, x2, lanes.load(z, j, 2 * WIDTH)))
                lanes.store(z, j, 3 * WIDTH, lanes.multiply_add(w, x3, lanes.load(z, j, 3 * WIDTH)))
        for c in range(0, TILE, WIDTH):
            place, b = (tile + c) // batch, (tile + c) % batch
            i, k = place // pitch, place % pitch
            if i >= height or k >= width:
                continue
            for j in range(first, last):
                sums = lanes.load(z, j - first, c)
                if rectify and levels > np.float32(0.0):
                    sums = lanes.staircase(sums, ceiling, levels)
                elif rectify:
                    sums = lanes.positive_part(sums)
                lanes.store(y, (j * height + i) * width + k, b, sums)


@kernel
def _has_positions(tile, batch, shape):
    """Return whether a vector of a tile lies at a position of the output, and not behind the last one of a row.

    Parameters
    ----------
    tile, batch : int64
        Its first column; columns of a place.
    shape : (height, width, pitch), each int64
    """
    height, width, pitch = shape
    for c in range(0, TILE, WIDTH):
        place = (tile + c) // batch
        if place // pitch < height and place % pitch < width:
            return True
    return False


@kernel
def _take_tile(dy, tile, shape, dz):
    """Copy a tile of the gradient of the sums of every channel to `dz`; zero where no position is.

    Parameters
    ----------
    dy : float32 (n_out * height * width, batch)
    tile : int64
        Its first column.
    shape : (height, width, pitch), each int64
    dz : float32 (n_out, TILE)
    """
    height, width, pitch = shape
    batch = dy.shape[1]
    zero = lanes.spread(np.float32(0.0))
    for c in range(0, TILE, WIDTH):
        place, b = (tile + c) // batch, (tile + c) % batch
        i, k = place // pitch, place % pitch
        is_inside = i < height and k < width
        for j in range(dz.shape[0]):
            lanes.store(dz, j, c, lanes.load(dy, (j * height + i) * width + k, b) if is_inside else zero)


@kernel
def push_back(rows, weight, begin, dy, dplanes, shape, channels):
    """Compute the gradient of what a range of channels shows the weights, in their planes.

    Parameters
    ----------
    rows : (row_start int64 (n_rows + 1,), target int32)
    weight : float32
        As the network sees them.
    begin : int64 (size * size,)
        As `convolve` takes it.
    dy : float32 (n_out * height * width, batch)
        Gradient of the sums.
    dplanes : float32, as the planes
    shape : (height, width, pitch), each int64
        Of the output; the pitch of the planes.
    channels : (int64, int64)
        First channel and the one after the last.
    """
    row_start, target = rows
    height, width, pitch = shape
    first, last = channels
    size = begin.size
    zero = lanes.spread(np.float32(0.0))
    dz = np.empty((dy.shape[0] // (height * width), TILE), np.float32)
    for channel in range(first, last):
        for c in range(0, dplanes.shape[1], WIDTH):
            lanes.store(dplanes, channel, c, zero)
    for tile in range(0, ((height - 1) * pitch + width) * dy.shape[1], TILE):
        if not _has_positions(tile, dy.shape[1], shape):
            continue
        _take_tile(dy, tile, shape, dz)
        for i in range(first * size, last * size):
            left, right = row_start[i], row_start[i + 1]
            if left == right:
                continue
            a0 = a1 = a2 = a3 = zero
            for slot in range(left, right):
                j, w = target[slot], lanes.spread(weight[slot])
                a0 = lanes.multiply_add(w, lanes.load(dz, j, 0), a0)
                a1 = lanes.multiply_add(w, lanes.load(dz, j, WIDTH), a1)
                a2 = lanes.multiply_add(w, lanes.load(dz, j, 2 * WIDTH), a2)
                a3 = lanes.multiply_add(w, lanes.load(dz, j, 3 * WIDTH), a3)
            channel, run = i // size, begin[i % size] + tile
            _add_to(dplanes, channel, run, a0)
            _add_to(dplanes, channel, run + WIDTH, a1)
            _add_to(dplanes, channel, run + 2 * WIDTH, a2)
            _add_to(dplanes, channel, run + 3 * WIDTH, a3)


@kernel
def _add_to(planes, channel, column, value):
    """Add a vector to what stands at a place of the planes."""
    lanes.store(planes, channel, column, lanes.add(value, lanes.load(planes, channel, column)))


@kernel
def descend_shared(slots, planes, begin, dy, shape, law, moment, rows, died, width):
    """Do as `update.descend` for weights that are shared over positions, without pushing back (see `push_back`).

    Parameters
    ----------
    slots, law, moment, rows, died, width
        As `update.descend` takes them.
    planes, begin, dy, shape
        As `convolve` and `push_back` take them.

    Returns
    -------
    int64
        The slot after the last survivor.
    """
    row_start, target, _, _ = slots
    first, last = rows
    high, wide, pitch = shape
    key = stream(moment[0], moment[1], NOISE)
    longest = _BLOCK
    for i in range(first, last):
        longest = max(longest, row_start[i + 1] - row_start[i])
    summed = np.empty((longest, WIDTH), np.float32)
    gradient = np.empty(longest, np.float32)
    scratch = np.empty(longest, np.int64), np.empty(longest, np.int32)
    noted = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.int32)
    dz = np.empty((dy.shape[0] // (high * wide), TILE), np.float32)
    zero = lanes.spread(np.float32(0.0))
    start = row_start[first]
    row, gone = first, 0
    while row < last:
        upto = row + 1
        while upto < last and row_start[upto + 1] - start <= _BLOCK:
            upto += 1
        stop = row_start[upto]
        for n in range(stop - start):
            lanes.store(summed, n, 0, zero)
        for tile in range(0, ((high - 1) * pitch + wide) * dy.shape[1], TILE):
            if not _has_positions(tile, dy.shape[1], shape):
                continue
            _take_tile(dy, tile, shape, dz)
            _add_products(row_start, target, planes, begin, dz, tile, (row, upto), summed)
        for n in range(stop - start):
            gradient[n] = lanes.total(lanes.load(summed, n, 0))
        gone, noted = settle(slots, law, key, (row, upto), start, gradient, scratch, (gone, noted), died, width)
        row, start = upto, stop
    return note_dead(slots, start, gone, noted)


@kernel
def _add_products(row_start, target, planes, begin, dz, tile, rows, summed):
    """Add what a tile of columns gives to the gradients of the slots of some rows, a vector for each slot."""
    first, last = rows
    size, start = begin.size, row_start[first]
    for i in range(first, last):
        left, right = row_start[i], row_start[i + 1]
        if left == right:
            continue
        channel, run = i // size, begin[i % size] + tile
        x0, x1 = lanes.load(planes, channel, run), lanes.load(planes, channel, run + WIDTH)
        x2, x3 = lanes.load(planes, channel, run + 2 * WIDTH), lanes.load(planes, channel, run + 3 * WIDTH)
        for slot in range(left, right):
            j = target[slot]
            a = lanes.multiply_add(x0, lanes.load(dz, j, 0), lanes.load(summed, slot - start, 0))
            b = lanes.multiply(x1, lanes.load(dz, j, WIDTH))
            a = lanes.multiply_add(x2, lanes.load(dz, j, 2 * WIDTH), a)
            b = lanes.multiply_add(x3, lanes.load(dz, j, 3 * WIDTH), b)
            lanes.store(summed, slot - start, 0, lanes.add(a, b))
