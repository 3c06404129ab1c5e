"""The learning step of weights that are shared over the positions of an image: one visit of the live slots.

The gradient of a weight is summed up over all positions, a tile of them at a time: what a row of the kernel sees of it
stays in registers while the row's slots take from the gradients of their channels.
"""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.convolution import TILE, tiles
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH
from neurosparse.kernels.rng import NOISE, stream
from neurosparse.kernels.update import note_dead, settle

# Slots whose gradients are summed up at a time, a vector each: they stay in the second-level cache.
_BLOCK = 4096


@kernel
def descend_shared(slots, planes, begin, dplanes, shape, law, moment, rows, died, width):
    """Do as `update.descend` for weights that are shared over positions, without pushing back (see `push_back`).

    Parameters
    ----------
    slots, law, moment, rows, died, width
        As `update.descend` takes them.
    planes, begin, dplanes
        As `convolve` and `push_back` take them.
    shape : (height, width, batch, abreast, pitch, area, back_pitch, back_area, back_begin), each int64
        Of the output; of the planes, and of those of the gradient, as `convolve` and `push_back` take them; where in
        the latter a channel's first position lies.

    Returns
    -------
    int64
        The slot after the last survivor.
    """
    row_start, target, _, _ = slots
    first, last = rows
    high, wide, batch, abreast, pitch, area, back_pitch, back_area, back_begin = shape
    columns = wide * abreast
    key = stream(moment[0], moment[1], NOISE)
    longest = _BLOCK
    for i in range(first, last):
        longest = max(longest, row_start[i + 1] - row_start[i])
    summed = tiles((longest * WIDTH - 1) // TILE + 1).reshape(-1, WIDTH)
    gradient = np.empty(longest, np.float32)
    scratch = np.empty(longest, np.int64), np.empty(longest, np.int32)
    noted = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.int32)
    dz = tiles(dplanes.shape[0])
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
        for block in range(batch // abreast):
            for i in range(high):
                seen = block * area + i * pitch * abreast
                shown = block * back_area + i * back_pitch * abreast + back_begin
                for column in range(0, columns, TILE):
                    _take_tile(dplanes, shown + column, columns - column, dz)
                    _add_products(row_start, target, planes, begin, dz, seen + column, (row, upto), summed)
        for n in range(stop - start):
            gradient[n] = lanes.total(lanes.load(summed, n, 0))
        gone, noted = settle(slots, law, key, (row, upto), start, gradient, scratch, (gone, noted), died, width)
        row, start = upto, stop
    return note_dead(slots, start, gone, noted)


@kernel
def _take_tile(dplanes, begin, columns, dz):
    """Copy a tile of the gradient of the sums of every channel to `dz`; zero behind so many columns."""
    zero = lanes.spread(np.float32(0.0))
    for j in range(dz.shape[0]):
        for c in range(0, TILE, WIDTH):
            lanes.store(dz, j, c, lanes.load(dplanes, j, begin + c) if c < columns else zero)


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
        x4, x5 = lanes.load(planes, channel, run + 4 * WIDTH), lanes.load(planes, channel, run + 5 * WIDTH)
        x6, x7 = lanes.load(planes, channel, run + 6 * WIDTH), lanes.load(planes, channel, run + 7 * WIDTH)
        for slot in range(left, right):
            j = target[slot]
            a = lanes.multiply_add(x0, lanes.load(dz, j, 0), lanes.load(summed, slot - start, 0))
            b = lanes.multiply(x1, lanes.load(dz, j, WIDTH))
            a = lanes.multiply_add(x2, lanes.load(dz, j, 2 * WIDTH), a)
            b = lanes.multiply_add(x3, lanes.load(dz, j, 3 * WIDTH), b)
            a = lanes.multiply_add(x4, lanes.load(dz, j, 4 * WIDTH), a)
            b = lanes.multiply_add(x5, lanes.load(dz, j, 5 * WIDTH), b)
            a = lanes.multiply_add(x6, lanes.load(dz, j, 6 * WIDTH), a)
            b = lanes.multiply_add(x7, lanes.load(dz, j, 7 * WIDTH), b)
            lanes.store(summed, slot - start, 0, lanes.add(a, b))
