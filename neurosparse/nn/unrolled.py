"""A network of layers as a chain of weight matrices, every synapse by itself: what spiking machines hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from neurosparse.architecture import images
from neurosparse.architecture.images import padding_before
from neurosparse.architecture.layer import Dense, Shape
from neurosparse.architecture.layers import no_synapses
from neurosparse.nn.trained import TrainedNetwork, TrainedProjection


@dataclass
class _Between:
    """What lies between the neurons of the last projection and the next one: linear, without neurons of its own.

    Attributes
    ----------
    map : csr_array of float32, shape (n_neurons, n_now), or None
        None where nothing changes.
    offset : ndarray of float32, shape (n_now,)
    """

    map: csr_array | None
    offset: np.ndarray

    @classmethod
    def nothing(cls, neurons: int) -> _Between:
        """Return what changes nothing."""
        return cls(None, np.zeros(neurons, np.float32))

    def then(self, weight: csr_array) -> tuple[csr_array, np.ndarray]:
        """Return this and another linear map after it, as one map and what the constants come to."""
        whole = weight if self.map is None else _product(self.map, weight)
        return whole, np.asarray(self.offset @ weight, np.float32)


def unrolled(network: TrainedNetwork) -> TrainedNetwork:
    """Return a network as a chain of projections between neurons, that computes the same up to rounding.

    A shared weight becomes a synapse at every position where both its ends lie inside the image. What is linear and
    has no neurons of its own (a part of the image, a constant less, means of windows) goes into the weights and biases
    of the next layer.

    Raises
    ------
    BadInput
        A layer is no sum of inputs followed by an activation, or is one at each step of a sequence.
    """
    architecture = network.architecture
    if architecture is None:
        return network
    between = _Between.nothing(math.prod(architecture.input))
    projections: list[TrainedProjection] = []
    left = iter(network.projections)
    for k, layer in enumerate(architecture.layers):
        shape = architecture.signals[k].shape
        if isinstance(layer, images.Conv | Dense) and len(shape) != 2:
            projection = next(left)
            weight, bias = projection.weight, projection.bias
            if isinstance(layer, images.Conv):
                weight = convolution_matrix(weight, layer, shape)
                bias = np.repeat(bias, weight.shape[1] // bias.size)
            whole, constant = between.then(weight)
            activation = network.activation(len(projections))
            pre = projections[-1].post if projections else projection.pre
            projections.append(replace(projection, pre=pre, weight=whole, bias=bias + constant, activation=activation))
            between = _Between.nothing(bias.size)
        elif isinstance(layer, images.Centre):
            between.offset = between.offset - np.float32(layer.value)
        elif isinstance(layer, images.Pad):
            between = _Between(*between.then(_pad_matrix(layer, shape)))
        elif isinstance(layer, images.Crop):
            between = _Between(*between.then(_crop_matrix(layer, shape)))
        elif isinstance(layer, images.AveragePool):
            between = _Between(*between.then(_mean_matrix(layer, shape)))
        elif not isinstance(layer, images.Mirror):
            raise no_synapses(layer, "a network with others has no export")
    return TrainedNetwork(tuple(projections))


def _product(before: csr_array, weight: csr_array) -> csr_array:
    """Return the product of two maps with a synapse wherever a path leads, be its weight zero: scipy drops those.

    A zero is negative where all its paths are, as the weights of newborn connections are zeros with a sign.
    """
    ones, other = (_with_data(m, np.ones_like(m.data)) for m in (before, weight))
    pattern = csr_array(ones @ other)
    pattern.sort_indices()
    data = _values_at(pattern, csr_array(before @ weight))
    negative = _values_at(pattern, csr_array(ones @ _with_data(weight, np.signbit(weight.data).astype(np.float32))))
    data[(data == 0) & (negative == pattern.data)] = -0.0
    row_start, target = pattern.indptr.astype(np.int64), pattern.indices.astype(np.int32)
    return csr_array((data, target, row_start), shape=pattern.shape)


def _with_data(matrix: csr_array, data: np.ndarray) -> csr_array:
    """Return a matrix with other numbers at the same places."""
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _values_at(pattern: csr_array, value: csr_array) -> np.ndarray:
    """Return the numbers of a matrix at the places of another, float32, zero where it has none."""
    value.sort_indices()
    keys = [np.repeat(np.arange(m.shape[0]), np.diff(m.indptr)) * m.shape[1] + m.indices for m in (pattern, value)]
    data = np.zeros(pattern.nnz, np.float32)
    data[np.searchsorted(*keys)] = value.data
    return data


def convolution_matrix(kernel: csr_array, layer: images.Conv, shape: Shape) -> csr_array:
    """Return the synapses of a convolution, from every number of an image to every number of the next.

    Parameters
    ----------
    kernel : csr_array of float32, shape (channels * size * size, channels out)
        A live weight that is zero is a synapse too.
    layer : Conv
    shape : tuple of int
        (channels, height, width) of the image.

    Returns
    -------
    csr_array of float32, shape (channels * height * width, channels out * height out * width out)
    """
    _, height, width = shape
    channels_out, high, wide = layer.shape(shape)
    row = np.repeat(np.arange(kernel.shape[0]), np.diff(kernel.indptr))
    channel, dy, dx = np.unravel_index(row, (shape[0], layer.kernel, layer.kernel))
    top, left = (padding_before(side, layer.kernel, layer.stride, layer.padding) for side in (height, width))
    sources, targets, weights = [], [], []
    for i in range(high):
        for j in range(wide):
            y, x = i * layer.stride + dy - top, j * layer.stride + dx - left
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            sources.append(((channel * height + y) * width + x)[inside])
            targets.append(((kernel.indices.astype(np.int64) * high + i) * wide + j)[inside])
            weights.append(kernel.data[inside])
    size = math.prod(shape), channels_out * high * wide
    return _matrix(np.concatenate(sources), np.concatenate(targets), np.concatenate(weights), size)


def _middle(whole: Shape, part: Shape) -> np.ndarray:
    """Return which numbers of an image are those of a part in its middle, in their order."""
    (top, high), (left, wide) = (((side - own) // 2, own) for side, own in zip(whole[1:], part[1:], strict=True))
    return np.arange(math.prod(whole)).reshape(whole)[:, top : top + high, left : left + wide].ravel()


def _pad_matrix(layer: images.Pad, shape: Shape) -> csr_array:
    """Return the map from an image to its place among zeros."""
    whole = layer.shape(shape)
    target = _middle(whole, shape)
    return _matrix(np.arange(target.size), target, np.ones(target.size, np.float32), (target.size, math.prod(whole)))


def _crop_matrix(layer: images.Crop, shape: Shape) -> csr_array:
    """Return the map from an image to its centre."""
    kept = _middle(shape, layer.shape(shape))
    return _matrix(kept, np.arange(kept.size), np.ones(kept.size, np.float32), (math.prod(shape), kept.size))


def _mean_matrix(layer: images.AveragePool, shape: Shape) -> csr_array:
    """Return the map from an image to the means of its windows."""
    _, height, width = shape
    _, high, wide = layer.shape(shape)
    stride = layer.stride or layer.size
    top, left = (padding_before(side, layer.size, stride, layer.padding) for side in (height, width))
    places = np.arange(math.prod(shape)).reshape(shape)
    sources, targets, weights = [], [], []
    after = np.arange(shape[0] * high * wide).reshape(shape[0], high, wide)
    for i in range(high):
        for j in range(wide):
            rows = slice(max(i * stride - top, 0), i * stride - top + layer.size)
            columns = slice(max(j * stride - left, 0), j * stride - left + layer.size)
            window = places[:, rows, columns].reshape(shape[0], -1)
            sources.append(window.ravel())
            targets.append(np.repeat(after[:, i, j], window.shape[1]))
            weights.append(np.full(window.size, 1.0 / window.shape[1], np.float32))
    size = math.prod(shape), after.size
    return _matrix(np.concatenate(sources), np.concatenate(targets), np.concatenate(weights), size)


def _matrix(source: np.ndarray, target: np.ndarray, weight: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Return compressed rows of some synapses, of which no two join the same neurons; zeros stay."""
    order = np.lexsort((target, source))
    row_start = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=shape[0]), out=row_start[1:])
    return csr_array((weight[order], target[order].astype(np.int32), row_start), shape=shape)
