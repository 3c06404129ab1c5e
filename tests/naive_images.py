"""Plain twins of layers of images, one sample and one number at a time, in float64."""

import numpy as np


def padding(size, window, stride, kind):
    """Return how many rows of zeros lie before a side, as TensorFlow pads, and how many places a window has."""
    if kind == "valid":
        return 0, (size - window) // stride + 1
    places = -(-size // stride)
    return max((places - 1) * stride + window - size, 0) // 2, places


def convolution(x, kernel, bias, stride, kind):
    """Return the sums of a convolution; x (channels, height, width), kernel (channels, size, size, channels out)."""
    channels, height, width = x.shape
    size, n_out = kernel.shape[1], kernel.shape[3]
    (top, high), (left, wide) = (padding(side, size, stride, kind) for side in (height, width))
    y = np.zeros((n_out, high, wide))
    for j in range(n_out):
        for i in range(high):
            for k in range(wide):
                y[j, i, k] = bias[j]
                for c in range(channels):
                    for a in range(size):
                        for b in range(size):
                            row, column = i * stride + a - top, k * stride + b - left
                            if 0 <= row < height and 0 <= column < width:
                                y[j, i, k] += x[c, row, column] * kernel[c, a, b, j]
    return y


def windows(x, size, stride, kind):
    """Yield (channel, i, j) and the places of what lies inside the image of every window."""
    channels, height, width = x.shape
    (top, high), (left, wide) = (padding(side, size, stride, kind) for side in (height, width))
    for c in range(channels):
        for i in range(high):
            for j in range(wide):
                rows = range(max(i * stride - top, 0), min(i * stride - top + size, height))
                columns = range(max(j * stride - left, 0), min(j * stride - left + size, width))
                yield (c, i, j), [(c, row, column) for row in rows for column in columns]


def pooled(x, size, stride, kind, how):
    """Return the largest (``max``) or the mean of every window."""
    found = {at: how([x[place] for place in places]) for at, places in windows(x, size, stride, kind)}
    y = np.zeros(tuple(side + 1 for side in max(found)))
    for at, value in found.items():
        y[at] = value
    return y
