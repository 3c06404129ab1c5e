"""Views of images, each sample by itself: a part of it, or its mirror image."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels.jit import kernel
from neurosparse.kernels.rng import VIEW, below, bits, mask_for, stream


@kernel
def draw_parts(corner, moment, layer, room):
    """Draw where the part of each sample begins, uniform over all places.

    Parameters
    ----------
    corner : int64 (2, batch)
        Written: row and column.
    moment : (seed, step), each int64
        Name the random stream.
    layer : int64
        Which layer of the network draws.
    room : (int64, int64)
        Rows and columns that are left over.
    """
    key = bits(stream(moment[0], moment[1], VIEW), np.uint64(layer))
    index = np.uint64(0)
    for b in range(corner.shape[1]):
        for axis in range(2):
            corner[axis, b], index = below(key, index, room[axis] + 1, mask_for(room[axis] + 1))


@kernel
def draw_sides(is_mirrored, moment, layer):
    """Draw which samples are mirrored, each with probability 1/2.

    Parameters
    ----------
    is_mirrored : bool (batch,)
        Written.
    moment, layer
        As `draw_parts` takes them.
    """
    key = bits(stream(moment[0], moment[1], VIEW), np.uint64(layer))
    for b in range(is_mirrored.size):
        is_mirrored[b] = bits(key, np.uint64(b)) & np.uint64(1)


@kernel
def view(x, y, corner, is_mirrored, shape):
    """Copy a part of each image, or its mirror image.

    Parameters
    ----------
    x : float32 (channels * height * width, batch)
    y : float32 (channels * high * wide, batch)
        Written.
    corner : int64 (2, batch)
        The row and the column where the part of each sample begins.
    is_mirrored : bool (batch,)
        Whether left and right of the part are exchanged.
    shape : (height, width, high, wide), each int64
    """
    height, width, high, wide = shape
    for channel in range(y.shape[0] // (high * wide)):
        for i in range(high):
            for j in range(wide):
                out = (channel * high + i) * wide + j
                for b in range(y.shape[1]):
                    column = corner[1, b] + (wide - 1 - j if is_mirrored[b] else j)
                    y[out, b] = x[(channel * height + corner[0, b] + i) * width + column, b]


@kernel
def view_back(dx, dy, corner, is_mirrored, shape):
    """Copy the gradient of what `view` showed to where it came from; zero elsewhere."""
    height, width, high, wide = shape
    dx[:] = 0.0
    for channel in range(dy.shape[0] // (high * wide)):
        for i in range(high):
            for j in range(wide):
                out = (channel * high + i) * wide + j
                for b in range(dy.shape[1]):
                    column = corner[1, b] + (wide - 1 - j if is_mirrored[b] else j)
                    dx[(channel * height + corner[0, b] + i) * width + column, b] = dy[out, b]
