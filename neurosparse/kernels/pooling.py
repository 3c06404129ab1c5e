"""Maxima and means of the windows of images, and the way back."""

from __future__ import annotations

import numpy as np

from neurosparse.kernels import lanes
from neurosparse.kernels.gates import close_gates
from neurosparse.kernels.jit import kernel
from neurosparse.kernels.lanes import WIDTH


@kernel
def _window(i, size, stride, before, side):
    """Return the first place of window `i` along a side that lies inside the image, and the one after the last."""
    begin = i * stride - before
    return max(begin, 0), min(begin + size, side)


@kernel
def max_pool(x, y, shape, channels):
    """Compute the largest number of every window, for a range of channels.

    Parameters
    ----------
    x : float32 (channels * height * width, batch)
    y : float32 (channels * high * wide, batch)
        Written.
    shape : (height, width, high, wide, size, stride, top, left), each int64
        Of the image, of the output, of a window, and of the padding before the image.
    channels : (int64, int64)
        First channel and the one after the last.
    """
    height, width, high, wide, size, stride, top, left = shape
    for channel in range(channels[0], channels[1]):
        for i in range(high):
            row, row_end = _window(i, size, stride, top, height)
            for j in range(wide):
                column, column_end = _window(j, size, stride, left, width)
                out = (channel * high + i) * wide + j
                for b in range(0, y.shape[1], WIDTH):
                    most = lanes.load(x, (channel * height + row) * width + column, b)
                    for k in range(row, row_end):
                        for m in range(column, column_end):
                            here = lanes.load(x, (channel * height + k) * width + m, b)
                            most = lanes.choose(lanes.at_least(most, here), most, here)
                    lanes.store(y, out, b, most)


@kernel
def max_pool_back(x, dx, y, dy, shape, ceiling, channels):
    """Give the gradient of every window to its first largest number, where the gates of `x` are open.

    Parameters
    ----------
    x, y, shape, channels
        As `max_pool` takes and left them.
    dx : float32, as `x`
        Written.
    dy : float32, as `y`
    ceiling : float32
        See `lanes.where_open`.
    """
    height, width, high, wide, size, stride, top, left = shape
    zero = lanes.spread(np.float32(0.0))
    for channel in range(channels[0], channels[1]):
        # The gradient of a channel stays in the second-level cache until its gates are closed.
        dx[channel * height * width : (channel + 1) * height * width] = 0.0
        for i in range(high):
            row, row_end = _window(i, size, stride, top, height)
            for j in range(wide):
                column, column_end = _window(j, size, stride, left, width)
                out = (channel * high + i) * wide + j
                for b in range(0, y.shape[1], WIDTH):
                    most, left_over = lanes.load(y, out, b), lanes.load(dy, out, b)
                    for k in range(row, row_end):
                        for m in range(column, column_end):
                            pixel = (channel * height + k) * width + m
                            is_largest = lanes.at_least(lanes.load(x, pixel, b), most)
                            given = lanes.choose(is_largest, left_over, zero)
                            left_over = lanes.choose(is_largest, zero, left_over)
                            lanes.store(dx, pixel, b, lanes.add(lanes.load(dx, pixel, b), given))
        close_gates(x, dx, (channel * height * width, (channel + 1) * height * width), ceiling)


@kernel
def average_pool(x, y, shape, channels):
    """Compute the mean of what lies inside the image of every window; parameters as `max_pool` takes them."""
    height, width, high, wide, size, stride, top, left = shape
    for channel in range(channels[0], channels[1]):
        for i in range(high):
            row, row_end = _window(i, size, stride, top, height)
            for j in range(wide):
                column, column_end = _window(j, size, stride, left, width)
                out = (channel * high + i) * wide + j
                share = np.float32(1.0) / np.float32((row_end - row) * (column_end - column))
                y[out] = 0.0
                for k in range(row, row_end):
                    for m in range(column, column_end):
                        pixel = (channel * height + k) * width + m
                        for b in range(y.shape[1]):
                            y[out, b] += share * x[pixel, b]


@kernel
def average_pool_back(x, dx, dy, shape, ceiling, channels):
    """Share the gradient of every window out over its numbers; parameters as `max_pool_back` takes them."""
    height, width, high, wide, size, stride, top, left = shape
    for channel in range(channels[0], channels[1]):
        dx[channel * height * width : (channel + 1) * height * width] = 0.0
        for i in range(high):
            row, row_end = _window(i, size, stride, top, height)
            for j in range(wide):
                column, column_end = _window(j, size, stride, left, width)
                out = (channel * high + i) * wide + j
                share = np.float32(1.0) / np.float32((row_end - row) * (column_end - column))
                for k in range(row, row_end):
                    for m in range(column, column_end):
                        pixel = (channel * height + k) * width + m
                        for b in range(dy.shape[1]):
                            dx[pixel, b] += share * dy[out, b]
        close_gates(x, dx, (channel * height * width, (channel + 1) * height * width), ceiling)
